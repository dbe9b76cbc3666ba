//! The doors through which time and chance come into the house.

use std::time::Duration;

use crate::Time;

/// A source of the current wall-clock time.
///
/// The core itself never calls it: its functions take `now`. Hosts pass one `SystemClock` down, tests pass a clock
/// that they turn by hand.
pub trait Clock: Send + Sync + 'static {
    /// The current wall-clock time, in UTC.
    fn now(&self) -> Time;

    /// All clocks of the machine, read together. A host that has only a wall clock answers one by which neither a sleep
    /// nor a jump can be seen.
    fn reading(&self) -> Reading {
        let wall = self.now();
        let since = until(Time::UNIX_EPOCH, wall);
        Reading { wall, since_boot: since, awake: since }
    }

    /// Which boot of the machine this is; `None` where that cannot be told.
    fn boot(&self) -> Option<String> {
        None
    }
}

/// The clocks of a machine at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock: it may be set, forward or back.
    pub wall: Time,
    /// Time since the machine was booted, sleep included (`CLOCK_BOOTTIME`): nobody sets it.
    pub since_boot: Duration,
    /// The same without the time that the machine slept (`CLOCK_MONOTONIC`).
    pub awake: Duration,
}

/// A source of unpredictable bytes.
///
/// Hosts pass the operating system's generator down, tests pass a seeded one.
pub trait Chance: Send + Sync + 'static {
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// A number drawn evenly from `[0, 1)`, with 53 bits of chance.
    fn unit(&self) -> f64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        (u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// `at + span`, or the last representable instant where that would overflow.
pub fn later(at: Time, span: Duration) -> Time {
    chrono::TimeDelta::from_std(span).ok().and_then(|delta| at.checked_add_signed(delta)).unwrap_or(Time::MAX_UTC)
}

/// `at - span`, or the first representable instant where that would overflow.
pub fn earlier(at: Time, span: Duration) -> Time {
    chrono::TimeDelta::from_std(span).ok().and_then(|delta| at.checked_sub_signed(delta)).unwrap_or(Time::MIN_UTC)
}

/// `at`, moved by `step` forward or back. The first and the last representable instant stand for always and never, and
/// stay.
pub fn shifted(at: Time, step: chrono::TimeDelta) -> Time {
    if at == Time::MIN_UTC || at == Time::MAX_UTC {
        return at;
    }
    let end = if step < chrono::TimeDelta::zero() { Time::MIN_UTC } else { Time::MAX_UTC };
    at.checked_add_signed(step).unwrap_or(end)
}

/// The time from `from` until `to`: zero where `to` has passed.
pub fn until(from: Time, to: Time) -> Duration {
    to.signed_duration_since(from).to_std().unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(later(Time::MAX_UTC, Duration::from_secs(1)), Time::MAX_UTC);
        assert_eq!(later(Time::UNIX_EPOCH, Duration::MAX), Time::MAX_UTC);
        assert_eq!(earlier(Time::MIN_UTC, Duration::from_secs(1)), Time::MIN_UTC);
        assert_eq!(earlier(Time::UNIX_EPOCH, Duration::MAX), Time::MIN_UTC);
        assert_eq!(until(Time::MAX_UTC, Time::MIN_UTC), Duration::ZERO);
        assert_eq!(shifted(Time::UNIX_EPOCH, chrono::TimeDelta::MAX), Time::MAX_UTC);
        assert_eq!(shifted(Time::UNIX_EPOCH, chrono::TimeDelta::MIN), Time::MIN_UTC);
        assert_eq!(shifted(Time::MAX_UTC, chrono::TimeDelta::hours(-1)), Time::MAX_UTC);
    }
}
