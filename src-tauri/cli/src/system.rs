//! The one real clock and the one real source of chance; everything below takes them as arguments.

use daypass_core::{Chance, Clock, Time};

/// The machine's wall clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the SystemClock that the lint speaks of")]
    fn now(&self) -> Time {
        chrono::Utc::now()
    }
}

/// The operating system's random generator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemChance;

impl Chance for SystemChance {
    #[expect(clippy::disallowed_methods, reason = "this is the SystemChance that the lint speaks of")]
    #[expect(clippy::expect_used, reason = "without chance there is no safe way on, and no caller could do better")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
