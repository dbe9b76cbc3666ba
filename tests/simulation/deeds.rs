//! What can happen in a world: one deed after the other, as the dice fall.

use std::time::Duration;

use chrono::TimeDelta;
use daypass_agent::{Agent, Happening};
use daypass_api::ErrorCode;
use daypass_api::request::{CreateSession, TokenRequest};
use daypass_core::clock;

use crate::laws;
use crate::stage::Phase;
use crate::truth::{Death, Kind};
use crate::upstream::apart;
use crate::weather::Weather;
use crate::world::{End, World};

/// Something that happens.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// Nothing, for seconds or minutes.
    Idle,
    /// The machine sleeps.
    Sleep,
    /// The whole machine is paused, with all its clocks.
    Pause,
    /// The wall clock is set.
    SetClock,
    /// Somebody reads a token, or several at once do.
    Read,
    /// Somebody asks for the sessions.
    List,
    /// Somebody creates a session.
    Create,
    /// Somebody revokes or forgets one.
    Revoke,
    /// Somebody revokes all.
    RevokeAll,
    /// Something begins to go wrong at a provider.
    Weather,
    /// The network goes away, and comes back.
    Outage,
    /// A credential or session is revoked without the agent.
    Elsewhere,
    /// The agent is told to stop.
    Stop,
    /// The agent is killed.
    Kill,
    /// It will be killed in the middle of a call.
    KillInCall,
    /// The vault cannot be written for a while.
    ShutVault,
    /// A user connects what needs it again.
    Mend,
}

/// The longest that a reader waits: a call and what follows from it, with the machine awake.
const READERS_PATIENCE: Duration = Duration::from_secs(26);

const DEEDS: [(u32, Deed); 17] = [
    (16, Deed::Idle),
    (14, Deed::Sleep),
    (5, Deed::Pause),
    (7, Deed::SetClock),
    (28, Deed::Read),
    (4, Deed::List),
    (6, Deed::Create),
    (4, Deed::Revoke),
    (3, Deed::RevokeAll),
    (14, Deed::Weather),
    (5, Deed::Outage),
    (2, Deed::Elsewhere),
    (3, Deed::Stop),
    (3, Deed::Kill),
    (4, Deed::KillInCall),
    (3, Deed::ShutVault),
    (4, Deed::Mend),
];

impl World {
    /// The next thing that happens; the end of this life of the agent, where it brings that.
    pub(crate) async fn deed(&mut self, agent: &Agent) -> Option<End> {
        match self.dice.weighed(&DEEDS) {
            Deed::Idle => {
                let span = self.dice.magnitude(1.0, 2400.0);
                return self.wait(span).await;
            }
            Deed::Sleep => return self.sleep(agent).await,
            Deed::Pause => return self.pause(agent).await,
            Deed::SetClock => {
                self.set_the_wall_clock();
                self.hear_soon(agent, Happening::ClockSet, 1.5);
            }
            Deed::Read => self.read(agent),
            Deed::List => self.list(agent),
            Deed::Create => self.create(agent),
            Deed::Revoke => self.revoke(agent),
            Deed::RevokeAll => self.revoke_all(agent),
            Deed::Weather => self.weather(),
            Deed::Outage => return self.outage(agent).await,
            Deed::Elsewhere => self.revoked_elsewhere(),
            Deed::Stop => return self.stop(agent).await,
            Deed::Kill => {
                self.stage.tell("the agent is killed");
                return Some(End::Killed);
            }
            Deed::KillInCall => {
                let phase = self.dice.pick(&[Phase::Begun, Phase::Acted, Phase::Answered]);
                self.stage.scene().strike = Some((phase, self.dice.below(3) as u32));
            }
            Deed::ShutVault => return self.shut_the_vault().await,
            Deed::Mend => self.mend(agent),
        }
        let span = self.dice.magnitude(0.01, 90.0);
        self.wait(span).await
    }

    /// Lets time pass with all that happens in it, unless the agent is to be killed before.
    pub(crate) async fn wait(&mut self, span: Duration) -> Option<End> {
        let stage = self.stage.clone();
        let struck = tokio::select! {
            () = tokio::time::sleep(span) => false,
            () = stage.struck.notified() => true,
        };
        match (stage.is_broken(), struck) {
            (true, _) => Some(End::World),
            (false, true) => Some(End::Killed),
            (false, false) => None,
        }
    }

    /// The host tells the agent, mostly, and a little later.
    fn hear_soon(&mut self, agent: &Agent, happening: Happening, within: f64) {
        if !self.dice.happens(0.7) {
            return;
        }
        let (agent, stage, after) = (agent.clone(), self.stage.clone(), self.dice.seconds(0.0, within));
        self.users.spawn(async move {
            tokio::time::sleep(after).await;
            stage.tell(format!("the agent hears: {happening:?}"));
            if happening == Happening::NetworkUp {
                stage.scene().conduct.network_came_up();
            }
            agent.hear(happening);
        });
    }

    async fn sleep(&mut self, agent: &Agent) -> Option<End> {
        if self.dice.happens(0.5) {
            agent.hear(Happening::GoesToSleep);
        }
        // Whatever was just decided begins before.
        self.stage.breathe().await;
        let span = self.dice.magnitude(60.0, 260_000.0);
        self.stage.machine.sleep(span);
        if self.dice.happens(0.1) {
            self.set_the_wall_clock();
        }
        self.stage.tell(format!("the machine slept for {span:?}"));
        let (awake, now) = (self.stage.machine.awake(), self.stage.now());
        self.stage.scene().conduct.woke(awake);
        self.stage.woke.notify_waiters();
        self.hear_soon(agent, Happening::Woke, 2.0);
        if self.dice.happens(0.5) {
            // The network takes its time.
            let until = now + self.dice.magnitude(0.5, 60.0);
            for origin in &mut self.stage.scene().origins {
                origin.weather.get_or_insert((Weather::Unplugged, 1.0, until));
            }
            self.hear_soon(agent, Happening::NetworkUp, 60.0);
        }
        let span = self.dice.magnitude(0.1, 120.0);
        self.wait(span).await
    }

    /// Pauses the machine, as whoever runs it may: nobody in it sees that, until its wall clock is put forward.
    async fn pause(&mut self, agent: &Agent) -> Option<End> {
        self.stage.breathe().await;
        let span = self.dice.magnitude(2.1, 260_000.0);
        self.stage.machine.pause(span);
        {
            let mut scene = self.stage.scene();
            scene.conduct.paused(span);
            scene.truth.paused(span, self.stage.now());
        }
        self.stage.tell(format!("the machine was paused for {span:?}"));
        self.stage.woke.notify_waiters();
        if self.dice.happens(0.5) {
            let span = self.dice.magnitude(0.1, 120.0);
            if let Some(end) = self.wait(span).await {
                return Some(end);
            }
        }
        self.catch_up();
        self.hear_soon(agent, Happening::ClockSet, 1.5);
        let span = self.dice.magnitude(0.01, 90.0);
        self.wait(span).await
    }

    /// The wall clock is put forward by what passed unseen.
    pub(crate) fn catch_up(&self) {
        let by = self.stage.machine.catch_up();
        if !by.is_zero() {
            self.stage.tell(format!("the wall clock is put forward by the {by:?} that passed unseen"));
        }
    }

    pub(crate) fn set_the_wall_clock(&mut self) {
        if !self.stage.machine.caught_up() {
            return;
        }
        let span = TimeDelta::from_std(self.dice.magnitude(2.1, 260_000.0)).unwrap();
        let step = if self.dice.happens(0.5) { span } else { -span };
        self.stage.machine.set_wall(step);
        self.stage.tell(format!("the wall clock is set by {}", apart(step)));
    }

    fn weather(&mut self) {
        let now = self.stage.now();
        let mut scene = self.stage.scene();
        let weather = self.dice.pick(&Weather::ALL);
        let likely = self.dice.pick(&[0.3, 0.6, 1.0]);
        let lasts = self.dice.magnitude(5.0, 3600.0);
        let origin = self.dice.below(scene.truth.parties.len());
        let origin = scene.truth.parties[origin].origin;
        scene.origins[origin].weather = Some((weather, likely, now + lasts));
        drop(scene);
        self.stage.tell(format!("at provider {origin}: {weather:?}, {likely} of the calls, for {lasts:?}"));
    }

    async fn outage(&mut self, agent: &Agent) -> Option<End> {
        let lasts = self.dice.magnitude(1.0, 3600.0);
        let until = self.stage.now() + lasts;
        for origin in &mut self.stage.scene().origins {
            origin.weather = Some((Weather::Unplugged, 1.0, until));
        }
        self.stage.tell(format!("the network is away for {lasts:?}"));
        if let Some(end) = self.wait(lasts).await {
            return Some(end);
        }
        self.hear_soon(agent, Happening::NetworkUp, 2.0);
        let span = self.dice.magnitude(0.1, 30.0);
        self.wait(span).await
    }

    fn revoked_elsewhere(&mut self) {
        let mut scene = self.stage.scene();
        let party = self.dice.below(scene.truth.parties.len());
        let name = scene.truth.parties[party].name.clone();
        let all = self.dice.happens(0.5);
        if all {
            scene.truth.kill_credentials(party, Death::Elsewhere);
        }
        if scene.truth.parties[party].kind == Kind::PocketPaw || self.dice.happens(0.5) {
            scene.truth.kill_credentials(party, Death::Elsewhere);
            scene.truth.kill_sessions(party, Death::Elsewhere);
        } else if let Some(current) = scene.truth.parties[party].current {
            scene.truth.opened[current].dead.get_or_insert(Death::Elsewhere);
        }
        drop(scene);
        self.stage.tell(format!("{name} is revoked elsewhere, its credential too: {all}"));
    }

    /// A stop lets what is under way come to its end.
    pub(crate) async fn stop(&mut self, agent: &Agent) -> Option<End> {
        self.stage.tell("the agent is told to stop");
        agent.stop().await;
        self.stage.tell("the agent has stopped");
        Some(End::Stopped)
    }

    /// For a while nothing can be written into the vault.
    async fn shut_the_vault(&mut self) -> Option<End> {
        self.stage.tell("the vault cannot be written");
        let now = self.stage.now();
        self.stage.scene().vault_shut.get_or_insert(now);
        let triggers: String = ["account", "session", "journal", "vault"]
            .iter()
            .flat_map(|table| ["INSERT", "UPDATE", "DELETE"].map(|verb| (table, verb)))
            .map(|(table, verb)| {
                format!(
                    "CREATE TRIGGER IF NOT EXISTS full_{table}_{verb} BEFORE {verb} ON {table}
                     BEGIN SELECT RAISE(ABORT, 'full'); END;"
                )
            })
            .collect();
        self.by_hand(&triggers);
        let span = self.dice.magnitude(0.5, 600.0);
        let end = self.wait(span).await;
        if end.is_none() {
            self.mend_the_vault();
            // What waited is stored within half a minute.
            let end = self.wait(Duration::from_secs(31)).await;
            self.stage.scene().given.clear();
            return end;
        }
        end
    }

    /// The vault can be written again.
    pub(crate) fn mend_the_vault(&mut self) {
        if !self.home.vault_file().exists() {
            return;
        }
        let names: String = ["account", "session", "journal", "vault"]
            .iter()
            .flat_map(|table| ["INSERT", "UPDATE", "DELETE"].map(|verb| (table, verb)))
            .map(|(table, verb)| format!("DROP TRIGGER IF EXISTS full_{table}_{verb};"))
            .collect();
        if self.stage.scene().vault_shut.take().is_some() {
            self.by_hand(&names);
            self.stage.tell("the vault can be written again");
        }
    }

    fn by_hand(&self, sql: &str) {
        let db = rusqlite::Connection::open(self.home.vault_file()).unwrap();
        db.execute_batch(sql).unwrap();
    }

    fn somebody(&mut self) -> (usize, String) {
        let scene = self.stage.scene();
        let party = self.dice.below(scene.truth.parties.len());
        (party, scene.truth.parties[party].name.clone())
    }

    /// Lets a user do something with an account, on the side.
    fn user(&mut self, party: usize, does: impl Future<Output = String> + Send + 'static) {
        let stage = self.stage.clone();
        self.users.spawn(async move {
            stage.scene().conduct.reader_comes(party);
            let told = does.await;
            let now = stage.now();
            stage.scene().conduct.reader_goes(party, now);
            stage.tell(told);
        });
    }

    fn read(&mut self, agent: &Agent) {
        let readers = if self.dice.happens(0.2) { 2 + self.dice.below(6) } else { 1 };
        let (party, name) = self.somebody();
        for _ in 0..readers {
            let request = TokenRequest {
                min_ttl: self.dice.happens(0.3).then(|| self.dice.magnitude(1.0, 4000.0).as_secs()),
                fresh: self.dice.happens(0.1),
                session: self.further_session(party),
            };
            let (agent, stage, name) = (agent.clone(), self.stage.clone(), name.clone());
            self.user(party, async move {
                let began = stage.machine.awake();
                let answer = agent.token(&name, request.clone()).await;
                let waited = stage.machine.awake().saturating_sub(began);
                if waited > READERS_PATIENCE {
                    stage.breaks("a reader is answered in time", &format!("{name}: after {waited:?}"));
                }
                match answer {
                    Ok(view) => {
                        laws::served(&stage, party, &request, &view);
                        format!("{name}: a reader goes")
                    }
                    Err(error) => {
                        laws::keeps_secrets(&stage, &error.message);
                        format!("{name}: a reader gets nothing: {:?}, {}", error.code, error.message)
                    }
                }
            });
        }
    }

    /// Now and then a reader asks for one of the sessions beside the current one.
    fn further_session(&mut self, party: usize) -> Option<String> {
        if !self.dice.happens(0.3) {
            return None;
        }
        let scene = self.stage.scene();
        let created = &scene.truth.parties[party].created;
        (!created.is_empty()).then(|| scene.truth.opened[self.dice.pick(created)].id.clone())
    }

    fn list(&mut self, agent: &Agent) {
        let (party, name) = self.somebody();
        let agent = agent.clone();
        self.user(party, async move {
            let listed = agent.sessions(&name).await.map(|sessions| sessions.len()).map_err(|error| error.code);
            format!("{name}: sessions: {listed:?}")
        });
    }

    fn create(&mut self, agent: &Agent) {
        let (party, name) = self.somebody();
        let (agent, stage) = (agent.clone(), self.stage.clone());
        let named = self.dice.happens(0.5).then(|| format!("by hand {}", self.dice.below(4)));
        let request = CreateSession { name: named, life: None };
        self.user(party, async move {
            match agent.create_session(&name, request).await {
                Ok(view) if view.current => format!("{name}: {} is created, and is the current one", view.id),
                Ok(view) => {
                    let mut scene = stage.scene();
                    let made = scene.truth.opened.iter().rposition(|opened| opened.id == view.id);
                    scene.truth.parties[party].created.extend(made);
                    format!("{name}: {} is created", view.id)
                }
                Err(error) => format!("{name}: nothing is created: {:?}", error.code),
            }
        });
    }

    fn revoke(&mut self, agent: &Agent) {
        let (party, name) = self.somebody();
        let Ok(view) = agent.account(&name) else { return };
        if view.sessions.is_empty() {
            return;
        }
        let session = self.dice.pick(&view.sessions);
        let forget = self.dice.happens(0.3);
        let (agent, stage) = (agent.clone(), self.stage.clone());
        let mut scene = stage.scene();
        let truth = &mut scene.truth;
        truth.parties[party].created.retain(|created| truth.opened[*created].id != session.id);
        truth.parties[party].resting |= session.current;
        if let Some(known) = truth.opened.iter_mut().find(|known| known.id == session.id) {
            known.forgotten |= forget;
            known.to_revoke |= !forget;
        }
        drop(scene);
        self.user(party, async move {
            let done = agent.revoke_session(&name, &session.id, forget).await;
            if done.is_ok() && session.current {
                let mut scene = stage.scene();
                scene.truth.parties[party].resting = true;
                scene.truth.parties[party].current = None;
                scene.conduct.token_dropped(party);
            }
            let done = done.map(|_| ()).map_err(|error| error.code);
            format!("{name}: revoking {}, to forget it only: {forget}: {done:?}", session.id)
        });
    }

    fn revoke_all(&mut self, agent: &Agent) {
        let (party, name) = self.somebody();
        let (agent, stage) = (agent.clone(), self.stage.clone());
        {
            let mut scene = stage.scene();
            scene.truth.parties[party].created.clear();
            scene.truth.parties[party].resting = true;
        }
        stage.tell(format!("{name}: everything is to be revoked"));
        self.user(party, async move {
            let done = agent.revoke_all(&name).await.map(|_| ()).map_err(|error| error.code);
            let mut scene = stage.scene();
            let there = &mut scene.truth.parties[party];
            there.created.clear();
            (there.resting, there.replacing) = (true, false);
            if done.is_ok() {
                there.current = None;
                there.signed_out |= matches!(there.kind, Kind::AntiRaid | Kind::Discovr);
                scene.conduct.another_credential(party);
            }
            format!("{name}: everything was revoked: {done:?}")
        });
    }

    /// A user connects an account again that needs it.
    fn mend(&mut self, agent: &Agent) {
        let needy = agent.snapshot().accounts.iter().find_map(|view| {
            let problem = view.problem.as_ref()?;
            (problem.code == ErrorCode::NeedsSignIn).then(|| view.name.clone())
        });
        let Some(name) = needy else { return };
        let now = self.stage.now();
        let scene = self.stage.scene();
        let Some(party) = scene.truth.parties.iter().position(|there| there.name == name) else { return };
        let (kind, pinned) = (scene.truth.parties[party].kind, scene.truth.parties[party].pinned);
        drop(scene);
        let lives = self.credential_life(kind);
        let credential = self.stage.scene().truth.new_credential(party, now, lives);
        let newest = self.stage.scene().truth.parties[party].credentials.len() - 1;
        let request = self.connection(party, credential, None, pinned);
        let (agent, stage) = (agent.clone(), self.stage.clone());
        stage.tell(format!("{name} is connected again"));
        stage.scene().truth.parties[party].connecting = true;
        self.user(party, async move {
            let done = agent.add_account(request).await.map(|_| ()).map_err(|error| (error.code, error.message));
            let mut scene = stage.scene();
            scene.truth.parties[party].connecting = false;
            if done.is_ok() {
                scene.conduct.another_credential(party);
                let at = clock::later(stage.now(), Duration::ZERO);
                let there = &mut scene.truth.parties[party];
                there.credentials[newest].held = true;
                (there.signed_out, there.resting, there.current) = (false, true, None);
                scene.given.push(crate::truth::Given { at, party, session: None, credential: Some(newest) });
            }
            format!("{name}: connected again: {done:?}")
        });
    }
}
