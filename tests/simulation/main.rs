//! Many seeded worlds in virtual time: the real agent and vault, scripted providers, and a machine on which everything
//! goes wrong that can. The laws are checked after every step.
//!
//! `make simulate SEED=1234` tells the story of one world event by event, `make simulate SEEDS=1000000` runs many.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "in a test a panic is the answer, and a story is told")]

mod conduct;
mod deeds;
mod dice;
mod healing;
mod laws;
mod machine;
mod reading;
mod stage;
mod story;
mod truth;
mod upstream;
mod weather;
mod world;

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many worlds `make test` runs.
const SEEDS: u64 = 10_000;
/// How many threads run them.
const THREADS: usize = 2;
/// After so many broken worlds no others are begun: they would say the same.
const ENOUGH: u64 = 20;
/// How many of them are told of at length.
const TOLD: usize = 3;

/// What all worlds came to.
#[derive(Default)]
struct Sum {
    worlds: u64,
    age: Duration,
    calls: u64,
    served: u64,
    agents: u64,
    waited: (Duration, Duration),
    broken: Vec<String>,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().filter(|text| !text.is_empty()).map(|text| text.parse().unwrap())
}

/// Says something that the test runner does not keep to itself.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[test]
fn the_laws_hold_in_every_world() {
    if let Some(seed) = number("DAYPASS_SEED") {
        let outcome = world::run(seed, true);
        assert_eq!(outcome.broken, None, "the world of seed {seed}");
        return;
    }
    let first = number("DAYPASS_FIRST_SEED").unwrap_or(0);
    let seeds = first..first + number("DAYPASS_SEEDS").unwrap_or(SEEDS);
    let enough = number("DAYPASS_ENOUGH").unwrap_or(ENOUGH);
    let next = AtomicU64::new(seeds.start);
    let sum = Mutex::new(Sum::default());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || sum.lock().unwrap().broken.len() as u64 >= enough {
                        return;
                    }
                    let outcome = world::run(seed, false);
                    sum.lock().unwrap().add(seed, outcome);
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap();
    let hours = sum.age.as_secs() / 3600;
    say(&format!(
        "simulated {hours} hours in {} worlds: {} agents, {} calls of providers, {} tokens served",
        sum.worlds, sum.agents, sum.calls, sum.served
    ));
    assert!(sum.broken.is_empty(), "{}", sum.broken.join("\n"));
    // Chance decides each of these waits; all of them together must come to half of what they may be at most.
    let (waited, at_most) = sum.waited;
    let part = waited.as_secs_f64() / at_most.as_secs_f64();
    assert!(at_most < Duration::from_secs(3600) || part > 0.4, "attempts come too soon: after {part:.2} of their span");
}

#[test]
fn a_seed_tells_one_story() {
    for seed in 0..20 {
        let [one, other] = [(); 2].map(|()| world::run(seed, false).digest);
        assert_eq!(one, other, "the world of seed {seed}");
    }
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: world::Outcome) {
        self.worlds += 1;
        self.age += outcome.age;
        self.calls += outcome.calls;
        self.served += outcome.served;
        self.agents += u64::from(outcome.agents);
        self.waited.0 += outcome.waited.0;
        self.waited.1 += outcome.waited.1;
        if let Some(law) = outcome.broken {
            let tail = if self.broken.len() < TOLD { outcome.tail } else { String::new() };
            self.broken.push(format!("{tail}seed {seed} broke a law: {law} (make simulate SEED={seed})"));
        }
    }
}
