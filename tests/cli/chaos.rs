//! Agents, tray apps and commands, started and killed at random, many at once: there is one agent at any time, whoever is
//! not killed gets an answer, and nothing is lost.
//!
//! `DAYPASS_CHAOS_ROUNDS` says how many rounds, `DAYPASS_CHAOS_SEED` which chances are drawn; the test prints both.

mod actor;
mod plan;
mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daypass_test_support::program::{Installation, Outcome};
use tokio::time::Instant;

use self::actor::Done;
use self::plan::{Act, Chances};
use crate::with_authority;

/// How many rounds there are where nobody says otherwise: about half a minute's worth.
const ROUNDS: u64 = 10;
/// How many processes are started and ended side by side.
const ACTORS: u64 = 8;
/// The accounts: a credential that creates sessions shown once, one that is rotated with every use, one that is neither.
const ACCOUNTS: [(&str, &str); 3] = [("antiraid", "raid"), ("discovr", "tv"), ("pocketpaw", "paw")];
/// How long what was killed at its start may take to leave nothing behind.
const SETTLED: Duration = Duration::from_secs(60);

#[test]
fn agents_trays_and_commands_that_are_killed_at_random_never_disagree() {
    let rounds = setting("DAYPASS_CHAOS_ROUNDS").unwrap_or(ROUNDS);
    let seed = setting("DAYPASS_CHAOS_SEED").unwrap_or(1);
    println!("chaos: {rounds} rounds, seed {seed}");
    let (home, authority) = with_authority();
    for (provider, name) in ACCOUNTS {
        authority.connect(&home, provider, name);
    }
    let kept = home.run(&["session", "create", "raid", "--name", "kept", "--json"]).json();
    let kept = ["token", "raid", "--session", kept["id"].as_str().unwrap()];
    let kept_token = home.run(&kept).ok();

    let begun = Instant::now();
    let mut tally = BTreeMap::new();
    for round in 0..rounds {
        for done in storm(&home, seed, round) {
            *tally.entry(done.told()).or_insert(0) += 1;
        }
        watch::settle(&home, authority.process.pid(), SETTLED);
        for (_, name) in ACCOUNTS {
            token(&home.run(&["token", name]), &format!("round {round}, {name}"));
        }
        let accounts = home.run(&["account", "list", "--json"]).json();
        assert_eq!(accounts.as_array().unwrap().len(), ACCOUNTS.len(), "round {round}: {accounts:#}");
        assert_eq!(home.run(&kept).ok(), kept_token, "round {round}");
    }
    for (_, name) in ACCOUNTS {
        token(&home.run(&["token", name, "--fresh"]), name);
    }
    assert_eq!(home.run(&["agent", "--stop"]).ok(), "The agent has ended.\n");
    watch::nobody_is_left(&home, authority.process.pid(), SETTLED);
    println!("chaos: {:.1} s; {tally:#?}", begun.elapsed().as_secs_f64());
    assert!(tally.keys().any(|told| told.starts_with("token: 0")), "no command had time for an answer");
}

/// One round: every actor plays its part, while somebody looks that there is one agent at most.
fn storm(home: &Installation, seed: u64, round: u64) -> Vec<Done> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| watch::one_agent(home, &over));
        let actors: Vec<_> = (0..ACTORS)
            .map(|actor| {
                let part = Act::part(&mut Chances::new(seed, round * ACTORS + actor));
                scope.spawn(move || part.into_iter().map(|act| actor::play(home, act)).collect::<Vec<_>>())
            })
            .collect();
        let ended: Vec<_> = actors.into_iter().map(|actor| actor.join()).collect();
        over.store(true, Ordering::Release);
        // There was one agent at any time.
        watch.join().unwrap();
        // Every actor got what it was owed.
        ended.into_iter().flat_map(|done| done.unwrap()).collect()
    })
}

/// A token on a line of its own.
#[track_caller]
fn token(outcome: &Outcome, of: &str) {
    let line = outcome.stdout.strip_suffix('\n').unwrap_or_default();
    assert!(outcome.code == 0 && !line.is_empty() && !line.contains(char::is_whitespace), "{of}: {outcome:?}");
}

/// A number that the environment gives.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}
