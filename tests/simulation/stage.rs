//! What the agent, its providers and the hand that leads them share: the machine, the truth, the weather, the story.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use daypass_core::clock::Reading;
use daypass_core::{Clock, Time};
use tokio::sync::Notify;

use crate::conduct::Conduct;
use crate::machine::Machine;
use crate::story::Story;
use crate::truth::{Given, Truth};
use crate::weather::Origin;

/// Where in a call the agent is to be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The request is about to be sent: what was to be written down before is written down.
    Begun,
    /// The provider has acted, its answer is under way.
    Acted,
    /// The answer has just come in: what it brings is handed to the vault and nobody has been told.
    Answered,
}

/// The stage.
pub(crate) struct Stage {
    pub(crate) seed: u64,
    pub(crate) machine: Machine,
    scene: Mutex<Scene>,
    /// The machine woke up: whoever waits for a moment of true time looks again.
    pub(crate) woke: Notify,
    /// The agent is to be killed now.
    pub(crate) struck: Notify,
}

/// What is on it.
pub(crate) struct Scene {
    pub(crate) truth: Truth,
    /// What the agent was given, in order.
    pub(crate) given: Vec<Given>,
    pub(crate) origins: Vec<Origin>,
    pub(crate) conduct: Conduct,
    pub(crate) story: Story,
    /// Kill the agent when a call comes to this phase, so many calls from now.
    pub(crate) strike: Option<(Phase, u32)>,
    /// How many calls are under way, and how many there were.
    pub(crate) under_way: u32,
    pub(crate) calls: u64,
    /// How many calls of each account there were: each rolls dice of its own.
    pub(crate) calls_of: Vec<u64>,
    /// Since when the vault takes nothing that it is given.
    pub(crate) vault_shut: Option<Time>,
    /// Tokens handed out.
    pub(crate) served: u64,
}

impl Stage {
    pub(crate) fn new(seed: u64, aloud: bool) -> Self {
        let scene = Scene {
            truth: Truth::new(),
            given: Vec::new(),
            origins: Vec::new(),
            conduct: Conduct::default(),
            story: Story::new(aloud),
            strike: None,
            under_way: 0,
            calls: 0,
            calls_of: Vec::new(),
            vault_shut: None,
            served: 0,
        };
        let (woke, struck) = (Notify::new(), Notify::new());
        Self { seed, machine: Machine::new(), scene: Mutex::new(scene), woke, struck }
    }

    pub(crate) fn scene(&self) -> MutexGuard<'_, Scene> {
        self.scene.lock().unwrap()
    }

    /// True time.
    pub(crate) fn now(&self) -> Time {
        self.machine.truth()
    }

    pub(crate) fn tell(&self, event: impl AsRef<str>) {
        let age = self.machine.age();
        self.scene().story.tell(age, event.as_ref());
    }

    pub(crate) fn breaks(&self, law: &str, how: &str) {
        let age = self.machine.age();
        self.scene().story.breaks(age, law, how);
        // Whoever leads the world looks up.
        self.struck.notify_one();
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.scene().story.broken.is_some()
    }

    /// Waits until this moment of true time: sleep of the machine brings it nearer.
    pub(crate) async fn until(&self, moment: Time) {
        loop {
            let woke = self.woke.notified();
            let left = daypass_core::clock::until(self.now(), moment);
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = woke => {}
            }
        }
    }

    /// Whether the agent is to be killed here; whoever asks then never goes on.
    pub(crate) fn strikes(&self, phase: Phase) -> bool {
        let mut scene = self.scene();
        let Some((at, calls)) = &mut scene.strike else { return false };
        if *at != phase {
            return false;
        }
        if *calls > 0 {
            *calls -= 1;
            return false;
        }
        scene.strike = None;
        drop(scene);
        self.tell(format!("the agent is killed: {phase:?}"));
        self.struck.notify_one();
        true
    }

    /// A moment in which everything that is due comes to rest.
    pub(crate) async fn breathe(&self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
    }
}

/// The machine's clocks, as the agent reads them.
pub(crate) struct MachineClock(pub(crate) std::sync::Arc<Stage>);

impl Clock for MachineClock {
    fn now(&self) -> Time {
        self.0.machine.now()
    }

    fn reading(&self) -> Reading {
        self.0.machine.reading()
    }

    fn boot(&self) -> Option<String> {
        self.0.machine.boot()
    }
}
