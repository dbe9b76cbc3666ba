//! Fail points: where a test kills the real process, to see that nothing is lost between two durable steps.
//!
//! Only a debug build has them. `DAYPASS_KILL_AT=NAME` kills the process (SIGKILL, so that nothing is tidied up) when it
//! comes to the point of this name for the first time; `NAME:3` when it comes there for the third time.

/// The process ends here, if it was told to.
#[cfg(debug_assertions)]
pub(crate) fn point(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static PASSED: AtomicU32 = AtomicU32::new(0);

    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("DAYPASS_KILL_AT").ok()?;
        let (name, times) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), times.parse().unwrap_or(1)))
    });
    let Some((_, times)) = wanted.as_ref().filter(|(wanted, _)| wanted == name) else { return };
    if PASSED.fetch_add(1, Ordering::AcqRel) + 1 == *times {
        // A process may always kill itself.
        let _ = kill_process(getpid(), Signal::KILL);
    }
}

/// The process ends here, if it was told to: never, in a release build.
#[cfg(not(debug_assertions))]
pub(crate) fn point(_name: &str) {}
