//! A home of its own for every test, with a clock and chance that the test holds in its hand.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use daypass_agent::{Agent, KeySource, Notice, Setup, Upstream};
use daypass_api::request::{AddAccount, TokenRequest};
use daypass_api::view::{AccountView, TokenView};
use daypass_api::{ApiError, Home};
use daypass_core::clock::Reading;
use daypass_core::{Chance, Clock, Secret, Time};
use daypass_providers::Catalog;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::script::Script;

/// The clocks of a machine whose time is tokio's (pausable) time. It can be put to sleep, and its wall clock can be set.
pub(crate) struct TestClock {
    began: Instant,
    /// How long it has slept, in seconds.
    slept: AtomicU64,
    /// By how much its wall clock was set, in seconds.
    set: AtomicI64,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { began: Instant::now(), slept: AtomicU64::new(0), set: AtomicI64::new(0) })
    }

    /// The machine has slept: the wall clock and the boot-time clock went on, the timer and the awake clock did not.
    pub(crate) fn sleep(&self, seconds: u64) {
        self.slept.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The wall clock is set ahead, or back: no other clock moves.
    pub(crate) fn set(&self, seconds: i64) {
        self.set.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        self.reading().wall
    }

    fn reading(&self) -> Reading {
        let awake = self.began.elapsed();
        let since_boot = awake + Duration::from_secs(self.slept.load(Ordering::SeqCst));
        let began = Time::from_timestamp(1_800_000_000, 0).unwrap();
        let wall = began + since_boot + chrono::TimeDelta::seconds(self.set.load(Ordering::SeqCst));
        Reading { wall, since_boot, awake }
    }

    fn boot(&self) -> Option<String> {
        Some("the-only-boot".to_owned())
    }
}

/// SplitMix64 from a fixed seed: the same run every time, and evenly spread.
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(7)))
    }
}

impl Chance for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A home with a key file, and what an agent in it is made of.
pub(crate) struct Bed {
    pub(crate) dir: TempDir,
    pub(crate) home: Home,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) script: Arc<Script>,
    pub(crate) key: KeySource,
    pub(crate) catalog: Catalog,
    pub(crate) chance: Arc<Seeded>,
}

impl Bed {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = TestClock::new();
        let key = dir.path().join("key");
        std::fs::write(&key, [9; 32]).unwrap();
        Self {
            home: Home::under(dir.path()),
            script: Script::new(clock.clone()),
            clock,
            key: KeySource::KeyFile(key),
            catalog: Catalog::built_in(),
            chance: Seeded::new(),
            dir,
        }
    }

    /// What an agent is made of that asks `upstream`.
    pub(crate) fn setup(&self, upstream: Arc<dyn Upstream>) -> Setup {
        Setup {
            home: self.home.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            key: self.key.clone(),
            catalog: self.catalog.clone(),
            upstream,
            machine: "testbed".to_owned(),
            version: "0.0.0-test",
        }
    }

    /// An agent that asks the script.
    pub(crate) async fn agent(&self) -> Agent {
        Agent::start(self.setup(self.script.clone())).await.unwrap()
    }

    /// An agent with one account called `work` at `provider`, connected without a check.
    pub(crate) async fn connected(&self, provider: &str) -> Agent {
        let agent = self.agent().await;
        agent.add_account(AddAccount { check: false, ..account(provider, "work") }).await.unwrap();
        agent
    }

    /// The bytes of the vault and of all files beside it.
    pub(crate) fn stored_bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.home.data_dir()).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files.into_iter().flat_map(|file| std::fs::read(file).unwrap()).collect()
    }
}

/// A request to connect an account whose credential the script takes.
pub(crate) fn account(provider: &str, name: &str) -> AddAccount {
    let params = if provider == "discovr" {
        BTreeMap::from([("profile_id".to_owned(), "p1".to_owned())])
    } else {
        BTreeMap::new()
    };
    AddAccount {
        provider: provider.to_owned(),
        name: name.to_owned(),
        base_url: Some("http://127.0.0.1:9".to_owned()),
        params,
        credential: Some(Secret::new(format!("credential-of-{name}"))),
        command: None,
        check: true,
        life: None,
        pinned: false,
    }
}

/// The token of `work`, as any reader gets it.
pub(crate) async fn read(agent: &Agent) -> Result<TokenView, ApiError> {
    agent.token("work", TokenRequest::default()).await
}

/// A token of `work` that is new.
pub(crate) async fn read_fresh(agent: &Agent) -> Result<TokenView, ApiError> {
    agent.token("work", TokenRequest { fresh: true, ..TokenRequest::default() }).await
}

/// The account `work`.
pub(crate) fn work(agent: &Agent) -> AccountView {
    agent.account("work").unwrap()
}

/// Lets `seconds` of (paused) time pass, with all that happens in them.
pub(crate) async fn pass(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

/// Lets what is under way come to rest: half a second in which nothing else is due.
pub(crate) async fn settle_down() {
    pass(0.5).await;
}

/// Every notice so far.
pub(crate) fn notices(receiver: &mut tokio::sync::broadcast::Receiver<Notice>) -> Vec<Notice> {
    std::iter::from_fn(|| receiver.try_recv().ok()).collect()
}
