//! Who looks on: that one process at most has the vault open, and that nobody is left when all is over.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daypass_test_support::process::{self, Process};
use daypass_test_support::program::Installation;
use daypass_test_support::wait;

/// Between two looks.
const PACE: Duration = Duration::from_millis(10);

/// The processes of this home: its authority, its agents and its commands.
pub(super) fn ours(home: &Installation) -> Vec<Process> {
    let key = format!("DAYPASS_HOME={}\0", home.root().display());
    let ours = |process: &Process| {
        process.program == "daypass" && process.environment().windows(key.len()).any(|part| part == key.as_bytes())
    };
    process::all().into_iter().filter(ours).collect()
}

/// Looks again and again, until it is over, that no two processes have the vault open.
pub(super) fn one_agent(home: &Installation, over: &AtomicBool) {
    let vault = home.vault_file();
    while !over.load(Ordering::Acquire) {
        let mut holder: Option<Process> = None;
        for process in ours(home).into_iter().filter(|process| has_open(process, &vault)) {
            if let Some(first) = &holder {
                // One may have followed the other while we looked. What the first still has open, it had all the time.
                assert!(!has_open(first, &vault), "{first:?} and {process:?} have the vault open at once");
            }
            holder = Some(process);
        }
        wait::pause(PACE);
    }
}

fn has_open(process: &Process, file: &Path) -> bool {
    let Ok(open) = std::fs::read_dir(format!("/proc/{}/fd", process.pid)) else { return false };
    open.flatten().any(|entry| std::fs::read_link(entry.path()).is_ok_and(|to| to == file))
}

/// Waits until whoever was being started has started, and whoever was ending has ended: one agent at most is left.
pub(super) fn settle(home: &Installation, authority: u32, deadline: Duration) {
    let settled = || {
        let left: Vec<_> = ours(home).into_iter().filter(|process| process.pid != authority).collect();
        (left.is_empty() || left.len() == 1 && Some(left[0].pid) == home.agent_pid()).then_some(())
    };
    wait::until("one agent at most", deadline, settled);
}

/// Waits until nobody but the authority is left.
pub(super) fn nobody_is_left(home: &Installation, authority: u32, deadline: Duration) {
    let left = || ours(home).into_iter().filter(|process| process.pid != authority).collect::<Vec<_>>();
    if wait::within(deadline, || left().is_empty().then_some(())).is_none() {
        panic!("these are left: {:#?}", left());
    }
}
