//! Whoever plays a part in the chaos: starts a process, does to it what is planned, and judges how it ended.

use std::io::Read;
use std::process::{Child, Stdio};
use std::time::Duration;

use daypass_test_support::program::Installation;
use daypass_test_support::wait;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

use super::plan::{Act, Fate};

/// In this time everybody has ended who was not killed, on a machine that is busy: a command waits for a starter, an agent
/// that ends, and one that starts.
const BOUND: Duration = Duration::from_secs(60);
/// How often a process is looked at.
const PACE: Duration = Duration::from_millis(5);
/// The highest exit code that the help lists.
const LAST_CODE: i32 = 7;

/// How an act ended.
#[derive(Debug)]
pub(super) struct Done {
    command: &'static str,
    /// `None` where a signal ended it.
    code: Option<i32>,
    said: String,
}

impl Done {
    /// In short, with no number in it that differs from run to run.
    pub(super) fn told(&self) -> String {
        let said: String = self.said.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
        let code = self.code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
        format!("{}: {code} {}", self.command, said.lines().next_back().unwrap_or_default())
    }
}

/// Plays one act.
pub(super) fn play(home: &Installation, act: Act) -> Done {
    let nothing = |command| Done { command, code: None, said: String::new() };
    match act {
        Act::Rest(time) => {
            wait::pause(time);
            nothing("(rest)")
        }
        Act::Agent(fate) => {
            let (after, signal) = end_of(fate);
            wait::pause(after);
            // Whoever was last the agent: it may be gone, and is never anybody but ours, as ids are not used again so soon.
            if let Some(pid) = home.agent_pid().filter(|pid| is_ours(home, *pid)) {
                send(pid, signal);
            }
            nothing("(the agent)")
        }
        Act::Command(arguments, fate) => {
            let mut command = home.command(arguments);
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let code = until_it_ends(&mut child, arguments, fate);
            let (mut stdout, mut stderr) = (String::new(), String::new());
            child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
            child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
            judge(arguments, fate, code, &stdout, &stderr);
            Done { command: arguments[0], code, said: stderr }
        }
    }
}

/// What a process is ended by, and when: never, where it lives.
fn end_of(fate: Fate) -> (Duration, Signal) {
    match fate {
        Fate::Lives => (BOUND, Signal::KILL),
        Fate::Ended(after) => (after, Signal::TERM),
        Fate::Killed(after) => (after, Signal::KILL),
    }
}

fn until_it_ends(child: &mut Child, arguments: &[&str], fate: Fate) -> Option<i32> {
    let begun = Instant::now();
    let (after, signal) = end_of(fate);
    let mut sent = false;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if begun.elapsed() >= after && !sent && fate != Fate::Lives {
            send(child.id(), signal);
            sent = true;
        }
        if begun.elapsed() >= BOUND + after {
            let _ = child.kill();
            panic!("{arguments:?} ({fate:?}) has not ended within {BOUND:?}");
        }
        wait::pause(PACE);
    }
}

/// A right answer, a documented exit code, or the end that was planned.
fn judge(arguments: &[&str], fate: Fate, code: Option<i32>, stdout: &str, stderr: &str) {
    let told = format!("{arguments:?} ({fate:?}) ended with {code:?}, stdout {stdout:?}, stderr {stderr:?}");
    assert!(!stderr.contains("panicked") && !stderr.contains("os error"), "{told}");
    match (code, arguments) {
        (None, _) => assert_ne!(fate, Fate::Lives, "{told}"),
        (Some(0), ["token", ..]) => {
            let token = stdout.strip_suffix('\n').unwrap_or_default();
            assert!(!token.is_empty() && !token.contains(char::is_whitespace), "{told}");
        }
        (Some(0), [.., "--json"]) => assert!(serde_json::from_str::<serde_json::Value>(stdout).is_ok(), "{told}"),
        (Some(0), _) => {}
        (Some(code), _) => {
            assert!((1..=LAST_CODE).contains(&code), "{told}");
            let sentence = stderr.lines().next_back().unwrap_or_default();
            assert!(sentence.starts_with("daypass: ") && sentence.ends_with('.'), "{told}");
        }
    }
}

fn is_ours(home: &Installation, pid: u32) -> bool {
    super::watch::ours(home).iter().any(|process| process.pid == pid)
}

fn send(pid: u32, signal: Signal) {
    // It may have ended in this moment.
    let _ = kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal);
}
