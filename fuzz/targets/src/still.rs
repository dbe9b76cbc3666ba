//! Time and chance that are the same in every run, and a runtime without a network.

use std::future::Future;

use daypass_core::{Chance, Clock, Time};

/// The moment at which every input is looked at: 2026-01-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_767_225_600;

/// [`NOW`], as a clock that stands still.
pub(crate) struct Still;

impl Clock for Still {
    fn now(&self) -> Time {
        now()
    }
}

/// Chance that always falls the same way.
pub(crate) struct Even;

impl Chance for Even {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

/// [`NOW`], as an instant.
pub(crate) fn now() -> Time {
    Time::from_timestamp(NOW, 0).unwrap()
}

/// Runs `work` on this thread, its waits in no time at all.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(work))
}
