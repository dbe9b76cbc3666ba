//! What it costs to plan one wake-up: the real planner over crowds of many sizes, beside planning everybody anew.

use std::hint::black_box;
use std::time::Duration;

use daypass_core::fresh::{self, Facts, Life, Plan, RefreshKind};
use daypass_core::gate::Landing;
use daypass_core::planner::Planner;
use daypass_core::{Time, clock};
use tokio::time::Instant;

use crate::report::Row;
use crate::sample::Sample;

/// The sizes of the crowds.
const FEW: u32 = 10;
const MANY: u32 = 1_000;
const CROWD: u32 = 100_000;
const PROVIDERS: u32 = 4;
const ROUNDS: usize = 7;
/// How many refreshes are planned in a round.
const REFRESHES: u32 = 20_000;
/// How long a token lives: that of Discovr's.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// Times the three crowds in turns, and the planning of everybody anew.
pub(crate) fn run() -> anyhow::Result<Vec<Row>> {
    let mut crowds = [FEW, MANY, CROWD].map(|size| (Crowd::new(size), Sample::default()));
    let mut anew = Sample::default();
    for _ in 0..ROUNDS {
        for (crowd, sample) in &mut crowds {
            sample.add(crowd.plan());
        }
        anew.add(crowds[1].0.plan_everybody());
    }
    let [(_, few), (_, many), (_, crowd)] = &crowds;
    let row = |size: &str, sample: &Sample| Row::alone(&format!("planning a wake-up, {size} accounts"), "ns", sample);
    Ok(vec![
        row("10", few),
        row("1 000", many).beside("10 accounts", few).ratio_at_most(4.0),
        row("1 000", many).beside("everybody anew", &anew),
        // Logarithmic: ten thousand times as many, and a few times the work.
        row("100 000", crowd).beside("10 accounts", few).ratio_at_most(4.0),
    ])
}

/// A planner of accounts whose tokens end one after another.
struct Crowd {
    facts: Vec<Facts>,
    planner: Planner<u32, u32>,
    now: Time,
}

impl Crowd {
    /// `size` accounts, the ends of their tokens spread evenly.
    fn new(size: u32) -> Self {
        let now = Time::UNIX_EPOCH;
        let mut planner = Planner::default();
        let begun = |account| clock::earlier(now, LIFE.mul_f64(0.5) * account / size);
        let facts = (0..size).map(|account| warm(begun(account))).collect();
        (0..size).for_each(|account| planner.touch(account));
        let mut crowd = Self { facts, planner, now };
        crowd.wake();
        crowd
    }

    /// Plans until [`REFRESHES`] have begun; nanoseconds for one wake-up.
    fn plan(&mut self) -> f64 {
        let (mut refreshes, mut wakes) = (0, 0_u64);
        let start = Instant::now();
        while refreshes < REFRESHES {
            if let Some(at) = self.planner.next() {
                self.now = self.now.max(at);
            }
            wakes += 1;
            refreshes += self.wake();
        }
        start.elapsed().as_secs_f64() * 1e9 / wakes as f64
    }

    /// One wake-up, and each refresh that begins with it brings a new token: how many these were.
    fn wake(&mut self) -> u32 {
        let facts = &self.facts;
        let look = |account: u32| Some((facts[account as usize], account % PROVIDERS));
        let begun = self.planner.wake(self.now, look);
        let count = begun.len() as u32;
        for account in begun {
            self.facts[account as usize] = warm(self.now);
            self.planner.landed(&(account % PROVIDERS), self.now, self.now, Landing::Success);
            self.planner.touch(account);
        }
        count
    }

    /// What a loop over all accounts would do at each wake-up; nanoseconds.
    fn plan_everybody(&self) -> f64 {
        let start = Instant::now();
        let wakes = 1_000_000 / self.facts.len();
        for _ in 0..wakes {
            let mut next = Time::MAX_UTC;
            for facts in &self.facts {
                if let Plan::Wait(at) = fresh::plan(black_box(self.now), facts) {
                    next = next.min(at);
                }
            }
            black_box(next);
        }
        start.elapsed().as_secs_f64() * 1e9 / wakes as f64
    }
}

/// An account that is kept warm, its token asked for at `sent_at`.
fn warm(sent_at: Time) -> Facts {
    let life = Life {
        sent_at,
        expires_at: clock::later(sent_at, LIFE),
        hint: None,
        kind: RefreshKind::OpensNew,
        doubtful: false,
    };
    Facts { life: Some(life), jitter: 0.5, warm: true, ..Facts::default() }
}
