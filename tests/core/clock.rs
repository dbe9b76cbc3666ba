//! Instants and spans, written short.

use std::time::Duration;

use daypass_core::Time;
use daypass_core::fresh::{Life, RefreshKind};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// Noon of a day, `seconds` later or earlier.
pub(crate) fn noon(seconds: i64) -> Time {
    Time::from_timestamp(1_767_268_800 + seconds, 0).unwrap()
}

/// An instant as RFC 3339 writes it.
pub(crate) fn at(text: &str) -> Time {
    text.parse().unwrap()
}

/// The life of a token that was asked for at noon, and lives for `length`; a refresh opens a new session.
pub(crate) fn life(length: Duration) -> Life {
    Life { sent_at: noon(0), expires_at: noon(0) + length, hint: None, kind: RefreshKind::OpensNew, doubtful: false }
}

/// The same, where a refresh renews.
pub(crate) fn renewed(length: Duration) -> Life {
    Life { kind: RefreshKind::Renews, ..life(length) }
}
