//! Who kills the agent, whichever it is, at random moments.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daypass_test_support::program::Installation;
use daypass_test_support::wait;
use rustix::process::{Pid, Signal, kill_process};

use crate::chances::Chances;

/// The longest that an agent is left alone after the last one was killed, in milliseconds.
const LONGEST_LIFE: u64 = 3000;

/// Kills until `done`, and answers how often.
pub(crate) fn kill(home: &Installation, chances: &mut Chances, done: &AtomicBool) -> usize {
    let mut kills = 0;
    while !done.load(Ordering::Acquire) {
        wait::pause(Duration::from_millis(chances.below(LONGEST_LIFE)));
        if let Some(agent) = agent(home)
            && kill_process(agent, Signal::KILL).is_ok()
        {
            kills += 1;
        }
    }
    kills
}

/// The agent of this home; what the lock names may have ended, and its number been given to another.
fn agent(home: &Installation) -> Option<Pid> {
    let pid = home.agent_pid()?;
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let ours = format!("DAYPASS_HOME={}", home.root().display());
    let is_ours = environment.split(|byte| *byte == 0).any(|entry| entry == ours.as_bytes());
    let is_agent = arguments.split(|byte| *byte == 0).nth(1) == Some(b"agent");
    Pid::from_raw(i32::try_from(pid).ok()?).filter(|_| is_ours && is_agent)
}
