//! The end of a world: every fault heals, and then all must be well.

use std::time::Duration;

use daypass_agent::Agent;
use daypass_api::request::TokenRequest;
use daypass_core::clock;

use crate::laws;
use crate::truth::Kind;
use crate::weather::Weather;
use crate::world::{End, World};

/// Every warm account is fresh within this much awake time, and a call that just begins then may end.
const FRESH_WITHIN: Duration = Duration::from_secs(62);
/// A settlement that failed is tried again after a minute.
const SETTLED_WITHIN: Duration = Duration::from_secs(65);
/// How often a provider's own rate limit may put the moment off.
const PUT_OFF: u32 = 6;

/// Heals everything, and looks.
pub(crate) async fn heal(world: &mut World, agent: &Agent) -> End {
    let stage = world.stage.clone();
    stage.tell("everything heals");
    {
        let mut scene = stage.scene();
        scene.strike = None;
        scene.origins.iter_mut().for_each(|origin| origin.weather = None);
    }
    world.mend_the_vault();
    if let Some(end) = world.wait(Duration::from_millis(1)).await {
        return end;
    }
    // Calls that are under way end, each within 20 s, and what users wait for.
    while let Ok(Some(_)) = tokio::time::timeout(Duration::from_secs(120), world.users.join_next()).await {}
    come_to_rest(world).await;
    let mut put_off = 0;
    loop {
        wait_out_the_pauses(world).await;
        if world.wait(FRESH_WITHIN).await.is_some() {
            return End::World;
        }
        let now = stage.now();
        let paused = stage.scene().conduct.paused_until().is_some_and(|until| until + FRESH_WITHIN > now);
        if !paused || put_off == PUT_OFF {
            break;
        }
        put_off += 1;
    }
    laws::picture(&stage, agent, &mut world.revision);
    laws::all_fresh(&stage, agent);
    stage.tell("everything was fresh");
    if world.wait(SETTLED_WITHIN).await.is_some() {
        return End::World;
    }
    list_everything(world, agent).await;
    // What the lists brought to light is acted on.
    come_to_rest(world).await;
    laws::nothing_lost(&stage, agent, "when all is well");
    laws::history(&stage, agent).await;
    laws::journal_closed(&stage, &world.home.vault_file());
    laws::picture(&stage, agent, &mut world.revision);
    if stage.is_broken() || world.agents > 1 && world.dice.happens(0.6) {
        return End::World;
    }
    nothing_is_lost_by_a_stop(world, agent).await
}

/// Waits until no call is under way.
async fn come_to_rest(world: &mut World) {
    loop {
        let before = world.stage.scene().calls;
        tokio::time::sleep(Duration::from_millis(30)).await;
        let scene = world.stage.scene();
        if scene.under_way == 0 && scene.calls == before || scene.story.broken.is_some() {
            return;
        }
    }
}

/// Waits until nobody asks to be left alone any more.
async fn wait_out_the_pauses(world: &mut World) {
    let now = world.stage.now();
    let Some(until) = world.stage.scene().conduct.paused_until() else { return };
    let left = clock::until(now, until);
    if left > Duration::from_secs(90) {
        world.stage.machine.sleep(left);
        let awake = world.stage.machine.awake();
        world.stage.scene().conduct.woke(awake);
        world.stage.woke.notify_waiters();
        world.stage.tell(format!("the machine slept through the pause of {left:?}"));
    } else {
        tokio::time::sleep(left).await;
    }
}

async fn list_everything(world: &mut World, agent: &Agent) {
    let stage = world.stage.clone();
    let listing: Vec<(usize, String)> = {
        let scene = stage.scene();
        let parties = scene.truth.parties.iter().enumerate().filter(|(_, there)| there.kind == Kind::AntiRaid);
        parties.map(|(party, there)| (party, there.name.clone())).collect()
    };
    for (party, name) in listing {
        stage.scene().conduct.reader_comes(party);
        let listed = agent.sessions(&name).await.map(|sessions| sessions.len()).map_err(|error| error.code);
        let now = stage.now();
        stage.scene().conduct.reader_goes(party, now);
        stage.tell(format!("{name}: sessions: {listed:?}"));
    }
}

/// Stops the idle agent, which has nothing to wait for, and starts it without a network: what it held it still holds.
async fn nothing_is_lost_by_a_stop(world: &mut World, agent: &Agent) -> End {
    let stage = world.stage.clone();
    come_to_rest(world).await;
    let held: Vec<(String, String)> =
        agent.snapshot().accounts.iter().filter_map(|view| Some((view.name.clone(), view.current.clone()?))).collect();
    let began = stage.now();
    agent.stop().await;
    let took = clock::until(began, stage.now());
    if took > Duration::from_secs(1) {
        stage.breaks("no work is left when all is idle", &format!("stopping took {took:?}"));
    }
    let never = stage.now() + Duration::from_secs(1_000_000);
    stage.scene().origins.iter_mut().for_each(|origin| origin.weather = Some((Weather::Unplugged, 1.0, never)));
    stage.scene().conduct.begin_anew();
    stage.tell("the agent starts again, without a network");
    let again = match Agent::start_in_turn(world.setup()).await {
        Ok(agent) => agent,
        Err(error) => {
            stage.breaks("an agent starts whatever is wrong", &error.message);
            return End::World;
        }
    };
    world.agents += 1;
    world.revision = 0;
    laws::picture(&stage, &again, &mut world.revision);
    laws::nothing_lost(&stage, &again, "after a restart");
    for (name, id) in held {
        let view = again.account(&name).ok().and_then(|view| view.current);
        if view.as_ref() != Some(&id) {
            stage.breaks("nothing stored ever disappears", &format!("{name} held {id}, and now holds {view:?}"));
        }
    }
    let parties: Vec<String> = stage.scene().truth.parties.iter().map(|there| there.name.clone()).collect();
    for (party, name) in parties.iter().enumerate() {
        let request = TokenRequest::default();
        stage.scene().conduct.reader_comes(party);
        if let Ok(view) = again.token(name, request.clone()).await {
            laws::served(&stage, party, &request, &view);
        }
        let now = stage.now();
        stage.scene().conduct.reader_goes(party, now);
    }
    again.stop().await;
    End::World
}
