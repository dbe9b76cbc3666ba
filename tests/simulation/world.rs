//! One world: a machine, its agent in all its lives, and the hand that leads them.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use daypass_agent::{Agent, KeySource, Setup};
use daypass_api::Home;
use daypass_api::request::AddAccount;
use daypass_core::Secret;
use daypass_providers::Catalog;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::conduct::hard_threshold;
use crate::dice::{AgentChance, Dice};
use crate::stage::{MachineClock, Stage};
use crate::truth::{Kind, Party};
use crate::upstream::{Providers, apart};
use crate::weather::Origin;
use crate::{healing, laws};

/// How many addresses each provider has: accounts share them.
const ADDRESSES: usize = 2;

/// What came of a world.
pub(crate) struct Outcome {
    pub(crate) broken: Option<String>,
    pub(crate) tail: String,
    pub(crate) digest: u64,
    pub(crate) age: Duration,
    pub(crate) calls: u64,
    pub(crate) served: u64,
    pub(crate) agents: u32,
    /// How long it was waited before attempts without a living token, and how long at most.
    pub(crate) waited: (Duration, Duration),
}

/// How a life of the agent ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The world is over.
    World,
    /// It was told to stop, and did.
    Stopped,
    /// It is to be killed.
    Killed,
}

/// The world.
pub(crate) struct World {
    pub(crate) stage: Arc<Stage>,
    pub(crate) dice: Dice,
    dir: TempDir,
    pub(crate) home: Home,
    key: PathBuf,
    providers: Arc<Providers>,
    chance: Arc<AgentChance>,
    /// How many deeds are left until everything heals.
    pub(crate) deeds: u32,
    pub(crate) agents: u32,
    pub(crate) revision: u64,
    /// What users do at the moment.
    pub(crate) users: JoinSet<()>,
}

/// Runs the world of `seed` to its end, or until a law is broken.
pub(crate) fn run(seed: u64, aloud: bool) -> Outcome {
    let mut world = World::new(seed, aloud);
    loop {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        // A task like all others: the future of `block_on` takes turns with them as the threads happen to be scheduled.
        let life = runtime.spawn(async move {
            world.stage.machine.runs();
            let end = world.live().await;
            if end == End::Killed {
                // Some of what is just being stored is stored, and nobody hears of it.
                for _ in 0..world.dice.below(6) {
                    tokio::task::yield_now().await;
                }
            }
            world.stage.machine.rests();
            (world, end)
        });
        let end;
        (world, end) = runtime.block_on(life).unwrap();
        if end == End::Killed {
            world.leave_as_a_crash_does();
        }
        drop(runtime);
        world.users = JoinSet::new();
        if end == End::World || world.stage.is_broken() {
            return world.outcome();
        }
        world.agent_is_down(end);
    }
}

/// The built-in providers, and one whose refresh tokens are used up.
fn catalog() -> Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/simulation");
    CATALOG.get_or_init(|| Catalog::load(std::path::Path::new(here)).0).clone()
}

/// A scratch folder in memory where there is such a thing: a disk would be the slowest part by far.
fn scratch() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    dir.unwrap()
}

impl World {
    fn new(seed: u64, aloud: bool) -> Self {
        let dir = scratch();
        let key = dir.path().join("key");
        std::fs::write(&key, [9; 32]).unwrap();
        let stage = Arc::new(Stage::new(seed, aloud));
        let mut dice = Dice::of(seed, &[0x3021d]);
        {
            let mut scene = stage.scene();
            for address in 0..Kind::ALL.len() * ADDRESSES {
                let kind = Kind::ALL[address / ADDRESSES];
                let limited = matches!(kind, Kind::PocketPaw | Kind::Discover) && dice.happens(0.5);
                let (per_second, says_how_long) = (limited.then_some(1.0), dice.happens(0.5));
                scene.origins.push(Origin { per_second, says_how_long, ..Origin::default() });
            }
        }
        Self {
            home: Home::under(&dir.path().join("home-0")),
            providers: Arc::new(Providers(stage.clone())),
            chance: Arc::new(AgentChance::new(seed)),
            stage,
            deeds: 8 + dice.below(30) as u32,
            dice,
            dir,
            key,
            agents: 0,
            revision: 0,
            users: JoinSet::new(),
        }
    }

    pub(crate) fn setup(&self) -> Setup {
        Setup {
            home: self.home.clone(),
            clock: Arc::new(MachineClock(self.stage.clone())),
            chance: self.chance.clone(),
            key: KeySource::KeyFile(self.key.clone()),
            catalog: catalog(),
            upstream: self.providers.clone(),
            machine: "machine".to_owned(),
            version: "0.0.0-simulated",
        }
    }

    /// One life of the agent.
    async fn live(&mut self) -> End {
        self.agents += 1;
        self.revision = 0;
        {
            let mut scene = self.stage.scene();
            scene.conduct.begin_anew();
            let now = self.stage.now();
            for opened in &mut scene.truth.opened {
                // Of the promises of an earlier life no agent knows more than what is usual.
                let usual = opened.life.map(|life| now + hard_threshold(life.length(), false));
                opened.promised = opened.promised.min(usual);
            }
            for session in 0..scene.truth.opened.len() {
                // Only that every credential was refused is stored.
                let party = scene.truth.opened[session].party;
                scene.truth.opened[session].known_dead &= !scene.truth.can_open(party, now);
            }
            scene.truth.parties.iter_mut().for_each(|there| (there.connecting, there.replacing) = (false, false));
        }
        let locked = self.agents > 1 && self.dice.happens(0.12);
        if locked {
            self.lose_the_key();
        }
        self.stage.tell(format!("the agent starts, its clock {} wrong", apart(self.stage.machine.wrong_by())));
        let agent = match Agent::start_in_turn(self.setup()).await {
            Ok(agent) => agent,
            Err(error) => {
                self.stage.breaks("an agent starts whatever is wrong", &error.message);
                return End::World;
            }
        };
        if self.agents == 1 {
            self.connect_everybody(&agent).await;
        }
        // A face that watches has snapshots drawn all the while.
        let _face = self.dice.happens(0.3).then(|| agent.watch());
        let mut notices = agent.notices();
        laws::picture(&self.stage, &agent, &mut self.revision);
        if locked {
            self.find_the_key(&agent).await;
        }
        while self.deeds > 0 {
            self.deeds -= 1;
            if let Some(end) = self.deed(&agent).await {
                return end;
            }
            self.stage.breathe().await;
            laws::picture(&self.stage, &agent, &mut self.revision);
            laws::noticed(&self.stage, &mut notices);
            if self.stage.is_broken() {
                return End::World;
            }
        }
        healing::heal(self, &agent).await
    }

    async fn connect_everybody(&mut self, agent: &Agent) {
        let count = 1 + self.dice.below(3) + if self.dice.happens(0.25) { self.dice.below(9) } else { 0 };
        for index in 0..count {
            let request = self.stranger(index);
            let (name, checked) = (request.name.clone(), request.check);
            self.stage.tell(format!("{name} is connected, checked: {checked}"));
            if let Err(error) = agent.add_account(request.clone()).await {
                // Only the provider's own rate limit speaks against it.
                let again = agent.add_account(AddAccount { check: false, ..request }).await;
                if let Err(again) = again {
                    self.stage.breaks("an account can be connected", &format!("{name}: {error}, then {again}"));
                }
            }
            let mut scene = self.stage.scene();
            scene.truth.parties[index].connected = true;
            scene.truth.parties[index].credentials[0].held = true;
        }
    }

    /// One more account at some provider, and the request that connects it.
    fn stranger(&mut self, index: usize) -> AddAccount {
        let address = self.dice.below(Kind::ALL.len() * ADDRESSES);
        let kind = Kind::ALL[address / ADDRESSES];
        let life = match self.dice.below(10) {
            0 => self.dice.magnitude(30.0, 300.0),
            1..=4 => Duration::from_secs(1800),
            5 => self.dice.magnitude(300.0, 86_400.0),
            6 | 7 => Duration::from_secs(86_400),
            _ => self.dice.magnitude(86_400.0, 7.0 * 86_400.0),
        };
        let life = Duration::from_secs(life.as_secs());
        let chosen = matches!(kind, Kind::AntiRaid | Kind::Discover);
        let pinned = self.dice.happens(0.6);
        let name = format!("{}-{index}", kind.name());
        let lives = self.credential_life(kind);
        let now = self.stage.now();
        let mut scene = self.stage.scene();
        scene.calls_of.push(0);
        scene.conduct.another();
        scene.truth.parties.push(Party {
            name: name.clone(),
            kind,
            origin: address,
            life,
            credentials: Vec::new(),
            current: None,
            signed_out: false,
            pinned,
            connected: false,
            connecting: false,
            resting: false,
            served_at: None,
            replacing: false,
            created: Vec::new(),
        });
        let credential = scene.truth.new_credential(index, now, lives);
        drop(scene);
        self.connection(index, credential, chosen.then_some(life.as_secs()), pinned)
    }

    /// The request that connects an account, or mends it.
    pub(crate) fn connection(
        &mut self,
        party: usize,
        credential: String,
        life: Option<u64>,
        pinned: bool,
    ) -> AddAccount {
        let scene = self.stage.scene();
        let there = &scene.truth.parties[party];
        let profile = (there.kind == Kind::Discovr).then(|| ("profile_id".to_owned(), "p1".to_owned()));
        AddAccount {
            provider: there.kind.name().to_owned(),
            name: there.name.clone(),
            base_url: Some(format!("http://127.0.0.1:{}", 9000 + there.origin)),
            params: profile.into_iter().collect(),
            credential: Some(Secret::new(credential)),
            command: None,
            check: self.dice.happens(0.3),
            life,
            pinned,
        }
    }

    /// How long a credential lives.
    pub(crate) fn credential_life(&mut self, kind: Kind) -> Option<Duration> {
        match kind {
            Kind::AntiRaid if self.dice.happens(0.4) => Some(Duration::from_secs(3600)),
            Kind::AntiRaid | Kind::Discovr | Kind::Ring => Some(Duration::from_secs(90 * 86_400)),
            Kind::PocketPaw | Kind::Discover => None,
        }
    }

    fn lose_the_key(&self) {
        self.stage.tell("the key of the vault is not there");
        std::fs::rename(&self.key, self.key.with_extension("gone")).unwrap();
    }

    /// The key comes back, and the agent finds it without being told.
    async fn find_the_key(&mut self, agent: &Agent) {
        tokio::time::sleep(self.dice.magnitude(0.1, 200.0)).await;
        std::fs::rename(self.key.with_extension("gone"), &self.key).unwrap();
        self.stage.tell("the key of the vault is back");
        tokio::time::sleep(Duration::from_secs(31)).await;
        if agent.snapshot().vault != daypass_api::view::VaultView::Open {
            let how = format!("{:?}", agent.snapshot().vault);
            self.stage.breaks("an unlocked vault is found without a restart", &how);
        }
    }

    /// Puts aside what a crash leaves on the disk, and takes it from there.
    fn leave_as_a_crash_does(&mut self) {
        let left = Home::under(&self.dir.path().join(format!("home-{}", self.agents)));
        std::fs::create_dir_all(left.data_dir()).unwrap();
        for file in std::fs::read_dir(self.home.data_dir()).unwrap() {
            let file = file.unwrap();
            let name = file.file_name();
            // The index of the journal is in the memory of the process that is gone.
            if file.file_type().unwrap().is_file() && !name.to_string_lossy().ends_with("-shm") {
                std::fs::copy(file.path(), left.data_dir().join(name)).unwrap();
            }
        }
        self.home = left;
        self.what_was_not_stored();
    }

    /// What the agent was given and may not have stored is not surely held.
    fn what_was_not_stored(&self) {
        let (now, awake) = (self.stage.now(), self.stage.machine.awake());
        let mut scene = self.stage.scene();
        let moment = now - Duration::from_millis(2);
        let since = scene.vault_shut.map_or(moment, |shut| shut.min(moment));
        for there in &mut scene.truth.parties {
            // The moments of last use are stored once a minute, when the keeper looks up.
            if there.served_at.is_some_and(|(_, at)| awake.saturating_sub(at) < Duration::from_secs(92)) {
                (there.served_at, there.resting) = (None, true);
            }
        }
        let unsure: Vec<_> = scene.given.iter().filter(|given| given.at >= since).copied().collect();
        for given in unsure {
            let party = &mut scene.truth.parties[given.party];
            if let Some(credential) = given.credential {
                party.credentials[credential].held = false;
            }
            if party.current == given.session {
                party.current = None;
            }
            party.created.retain(|created| Some(*created) != given.session);
        }
        scene.given.clear();
    }

    /// What happens while no agent is there.
    fn agent_is_down(&mut self, end: End) {
        let stage = self.stage.clone();
        // What only an earlier boot knew of the clock nobody knows after it, unless it was written down.
        let known = stage.machine.setting_is_known() && stage.machine.caught_up();
        let known = known && stage.scene().vault_shut.is_none();
        self.mend_the_vault();
        self.catch_up();
        stage.scene().strike = None;
        let span = self.dice.magnitude(0.05, if end == End::Killed { 3600.0 } else { 40_000.0 });
        stage.machine.pass(span);
        if self.dice.happens(0.2) {
            let slept = self.dice.magnitude(60.0, 100_000.0);
            stage.machine.sleep(slept);
        }
        if known && self.dice.happens(0.15) {
            let off = self.dice.magnitude(5.0, 3600.0);
            stage.machine.reboot(off);
            stage.tell("the machine was switched off and on again");
        } else if self.dice.happens(0.25) {
            self.set_the_wall_clock();
        }
        stage.tell(format!("no agent for {span:?}"));
    }

    fn outcome(&self) -> Outcome {
        let age = self.stage.machine.age();
        let scene = self.stage.scene();
        Outcome {
            broken: scene.story.broken.clone(),
            tail: scene.story.tail(),
            digest: scene.story.digest,
            age,
            calls: scene.calls,
            served: scene.served,
            agents: self.agents,
            waited: scene.conduct.waited,
        }
    }
}
