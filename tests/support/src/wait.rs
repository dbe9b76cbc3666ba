//! Waiting on a real condition with a deadline; nothing in the tests sleeps for a time that somebody guessed.

use std::sync::mpsc;
use std::time::Duration;

use tokio::time::Instant;

/// How often a condition is looked at that cannot be waited on.
const PACE: Duration = Duration::from_millis(20);

/// Asks `probe` until it answers something.
///
/// # Panics
/// Where it has not within `deadline`; `what` says what was waited for.
#[track_caller]
pub fn until<T>(what: &str, deadline: Duration, probe: impl FnMut() -> Option<T>) -> T {
    match within(deadline, probe) {
        Some(value) => value,
        None => panic!("waited {deadline:?} in vain for {what}"),
    }
}

/// Asks `probe` until it answers something, or `None` where it has not within `deadline`.
pub fn within<T>(deadline: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(value) = probe() {
            return Some(value);
        }
        if Instant::now() >= end {
            return None;
        }
        pause(PACE);
    }
}

/// Lets other processes run between two looks at what cannot be waited on.
pub fn pause(time: Duration) {
    let (_keep, nothing) = mpsc::channel::<()>();
    let _ = nothing.recv_timeout(time);
}
