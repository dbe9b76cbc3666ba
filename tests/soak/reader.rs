//! A reader: one command after the other, each judged by what the server says of its token right after.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use daypass_test_support::program::Outcome;
use serde_json::Value;
use tokio::time::Instant;

use crate::chances::Chances;
use crate::fleet::{Fleet, Member};

/// How long a token is to live after it was handed out.
const MIN_TTL: Duration = Duration::from_secs(5);

/// What all readers have seen.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Sessions whose token was printed, by account.
    sessions: Mutex<HashSet<(String, String)>>,
    reads: AtomicUsize,
    cut_off: AtomicUsize,
    told_to_wait: AtomicUsize,
    late: AtomicUsize,
    lost: Mutex<Vec<String>>,
}

impl Tally {
    /// How many new sessions came in place of others, as far as a reader has seen them.
    pub(crate) fn rotations(&self) -> usize {
        let sessions = self.sessions.lock().unwrap();
        let accounts: HashSet<&str> = sessions.iter().map(|(account, _)| account.as_str()).collect();
        sessions.len() - accounts.len()
    }

    /// How many tokens were printed.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    /// How many commands were told that their agent ended under them.
    pub(crate) fn cut_off(&self) -> usize {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// How many commands were told that the provider has not answered.
    pub(crate) fn told_to_wait(&self) -> usize {
        self.told_to_wait.load(Ordering::Relaxed)
    }

    /// How many tokens were refused, but only after they had lived for as long as they were to.
    pub(crate) fn late(&self) -> usize {
        self.late.load(Ordering::Relaxed)
    }

    /// What must not have been.
    pub(crate) fn lost(&self) -> Vec<String> {
        self.lost.lock().unwrap().clone()
    }

    fn lose(&self, what: String) {
        self.lost.lock().unwrap().push(what);
    }
}

/// Reads until there were enough rotations.
pub(crate) fn read(fleet: &Fleet, chances: &mut Chances, tally: &Tally, rotations: usize) {
    while tally.rotations() < rotations && tally.lost().is_empty() {
        let member = &fleet.members[chances.below(fleet.members.len() as u64) as usize];
        let min_ttl = MIN_TTL.as_secs().to_string();
        let mut arguments = vec!["token", member.name.as_str(), "--json", "--min-ttl", &min_ttl];
        if chances.below(2) == 0 {
            arguments.push("--fresh");
        }
        let asked = Instant::now();
        let outcome = fleet.home.run(&arguments);
        judge(member, outcome, asked, tally);
    }
}

/// Judges one command that was started at `asked`.
fn judge(member: &Member, outcome: Outcome, asked: Instant, tally: &Tally) {
    let sentence = outcome.stderr.trim_end();
    match outcome.code {
        0 => {}
        1 if sentence.starts_with("daypass: The agent ") => drop(tally.cut_off.fetch_add(1, Ordering::Relaxed)),
        5 => drop(tally.told_to_wait.fetch_add(1, Ordering::Relaxed)),
        _ => tally.lose(format!("{}: {outcome:?}", member.name)),
    }
    if outcome.code != 0 {
        return;
    }
    tally.reads.fetch_add(1, Ordering::Relaxed);
    let view: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let text = |key: &str| view[key].as_str().unwrap();
    let accepted = member.accepts(text("token"));
    tally.sessions.lock().unwrap().insert((member.name.clone(), text("session_id").to_owned()));
    if accepted {
        return;
    }
    // It was handed out after it was asked for, so it lives at least for this long from then.
    let lives = Duration::from_secs(view["remaining_seconds"].as_u64().unwrap());
    if asked.elapsed() < lives.min(MIN_TTL) {
        let (id, arguments) = (text("session_id"), outcome.stderr.as_str());
        tally.lose(format!("{}: the token of {id} was refused after {:?}; {arguments}", member.name, asked.elapsed()));
    } else {
        tally.late.fetch_add(1, Ordering::Relaxed);
    }
}
