//! Fail points: where a test kills the real process, to see that nothing is lost between two durable steps.
//!
//! Only a debug build has them. `DAYPASS_KILL_AT=NAME` kills the process (SIGKILL, so that nothing is tidied up) when it
//! comes to the point of this name for the first time; `NAME:3` when it comes there for the third time.

/// Every point there is, in the order in which a life passes them. A test of the house sees that each stands in the code,
/// and that a test kills there.
#[cfg(debug_assertions)]
const POINTS: [&str; 32] = [
    // The vault's file.
    "vault.keyed",
    "vault.making",
    "vault.backed-up",
    "vault.migrating",
    "save.unfinished",
    // Accounts come.
    "sign-in.approved",
    "connect.answered",
    "connect.stored",
    "import.unfinished",
    "import.stored",
    // A session is opened or renewed.
    "intent.written",
    "intent.ended",
    "mint.answered",
    "mint.stored",
    "renew.answered",
    "create.stored",
    "refusal.stored",
    // Its predecessor goes.
    "retire.due",
    "retire.answered",
    "retire.stored",
    // What was left open is settled.
    "settle.due",
    "settle.listed",
    "settle.stored",
    "finish.due",
    "finish.answered",
    "finish.stored",
    // Sessions are revoked.
    "revoke.answered",
    "revoke.stored",
    "one-by-one.answered",
    "one-by-one.stored",
    "revoke-all.answered",
    "revoke-all.stored",
];

/// The process ends here, if it was told to.
#[cfg(debug_assertions)]
pub(crate) fn point(name: &'static str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static PASSED: AtomicU32 = AtomicU32::new(0);

    debug_assert!(POINTS.contains(&name), "{name} is not listed");
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("DAYPASS_KILL_AT").ok()?;
        let (name, times) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), times.parse().unwrap_or(1)))
    });
    let Some((_, times)) = wanted.as_ref().filter(|(wanted, _)| wanted == name) else { return };
    if PASSED.fetch_add(1, Ordering::AcqRel) + 1 == *times {
        crate::system::kill();
    }
}

/// The process ends here, if it was told to: never, in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn point(_name: &'static str) {}
