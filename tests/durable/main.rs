//! The authority as a server of its own, killed (SIGKILL) a hundred times under load: what it had answered holds.
//!
//! `DAYPASS_DURABLE_KILLS` says how many kills, `DAYPASS_DURABLE_SEED` which chances are drawn; the test prints both. Each
//! dialect has workers that note what they were told: a session that was answered exists after the kill, one whose end was
//! answered stays ended, and a refresh token that was answered goes on. What was cut off before its answer may be either, so
//! nothing is claimed of it.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod antiraid;
mod chances;
mod discover;
mod discovr;
mod ledger;
mod line;
mod native;
mod pocketpaw;

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use daypass_test_support::program::{Authority, Installation};
use serde_json::Value;
use tokio::time::Instant;

use crate::chances::Chances;
use crate::ledger::Much;
use crate::line::{Cut, End, Line};

/// How many kills there are where nobody says otherwise: about a minute's worth.
const KILLS: u64 = 100;
/// The most answers between a start and the kill.
const MOST_ANSWERS: u64 = 150;
/// The longest that the kill comes after its answer, in microseconds: some commits.
const MOST_DELAY: u64 = 4000;
/// The life of every session, in seconds: none ends by itself while the test runs.
const LIFE: u64 = 86_400;

/// One who works in one dialect, and remembers what it was told.
trait Worker: Send {
    /// Does something that changes what is stored; notes it once it is answered.
    fn act(&mut self, line: &Line<'_>, chances: &mut Chances) -> Result<(), Cut>;

    /// Holds the authority to what it answered: to what is new since the last time, or to all.
    fn check(&mut self, line: &Line<'_>, much: Much) -> Result<(), Cut>;

    /// What is done now and then while no kill threatens, as its answer cannot be asked for again.
    fn rest(&mut self, _line: &Line<'_>) -> Result<(), Cut> {
        Ok(())
    }

    /// How many facts it holds the authority to.
    fn facts(&self) -> usize;
}

#[test]
fn what_was_answered_holds_however_often_the_authority_is_killed() {
    let kills = setting("DAYPASS_DURABLE_KILLS").unwrap_or(KILLS);
    let seed = setting("DAYPASS_DURABLE_SEED").unwrap_or(1);
    println!("durable: {kills} kills, seed {seed}");
    let home = Installation::new(env!("CARGO_BIN_EXE_daypass"));
    let mut chances = Chances::new(seed, 0);
    let (mut authority, mut workers, begun) = (start(&home), Vec::new(), Instant::now());
    workers.extend(all(&authority.demo));
    for kill in 1..=kills {
        println!("durable: after {} kills", kill - 1);
        check(&mut workers, &authority.url, Much::New);
        if kill % 10 == 1 {
            each(&mut workers, &authority.url, |worker, line| worker.rest(line).unwrap());
        }
        load(&mut workers, &mut authority, &mut chances, seed.wrapping_add(kill));
        authority = start(&home);
    }
    check(&mut workers, &authority.url, Much::All);
    let facts: usize = workers.iter().map(|worker| worker.facts()).sum();
    println!("durable: {facts} facts held after {kills} kills, {:.1} s", begun.elapsed().as_secs_f64());
    assert!(workers.iter().all(|worker| worker.facts() > 0), "a dialect had no load");
}

/// The workers: several of a dialect, so that their writes meet in one transaction.
fn all(demo: &Value) -> Vec<Box<dyn Worker>> {
    let mut workers: Vec<Box<dyn Worker>> = vec![Box::new(pocketpaw::Paw::new(demo))];
    for _ in 0..2 {
        workers.push(Box::new(discovr::Player::new(demo)));
        workers.push(Box::new(antiraid::Raider::new(demo)));
        workers.push(Box::new(discover::Shop::new(demo)));
    }
    for _ in 0..3 {
        workers.push(Box::new(native::Client::new(demo)));
    }
    workers
}

fn start(home: &Installation) -> Authority {
    Authority::start_at(home, "127.0.0.1:0", Some(LIFE))
}

/// Lets every worker act until it is cut off, which happens after a drawn number of answers.
fn load(workers: &mut [Box<dyn Worker>], authority: &mut Authority, chances: &mut Chances, seed: u64) {
    let answer = 1 + chances.below(MOST_ANSWERS);
    // Most often at once: what others were told in that moment is then as young as can be.
    let delay = Duration::from_micros(chances.below(MOST_DELAY) * u64::from(chances.below(4) == 0));
    let line = Line::doomed(&authority.url, End { pid: authority.process.pid(), answer, delay });
    std::thread::scope(|scope| {
        for (worker, number) in workers.iter_mut().zip(1..) {
            let (line, mut chances) = (&line, Chances::new(seed, number));
            scope.spawn(move || while worker.act(line, &mut chances).is_ok() {});
        }
    });
    assert_eq!(authority.process.ended().signal(), Some(9));
}

/// Lets every worker look for what it was told. Each start begins with no failures counted, and the looks at what has ended
/// stay below its limit.
fn check(workers: &mut [Box<dyn Worker>], url: &str, much: Much) {
    each(workers, url, |worker, line| worker.check(line, much).unwrap());
}

fn each(workers: &mut [Box<dyn Worker>], url: &str, what: impl Fn(&mut dyn Worker, &Line<'_>) + Sync) {
    let (line, what) = (Line::new(url), &what);
    std::thread::scope(|scope| {
        for worker in workers {
            let line = &line;
            scope.spawn(move || what(&mut **worker, line));
        }
    });
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}
