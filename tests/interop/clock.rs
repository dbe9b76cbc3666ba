//! The real time: real peers live in it.

use daypass_core::{Clock, Time};

pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "a real peer's tokens live by the real clock")]
    fn now(&self) -> Time {
        chrono::Utc::now()
    }
}
