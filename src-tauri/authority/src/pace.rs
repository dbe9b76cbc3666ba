//! How often a device may ask whether it is signed in (RFC 8628 section 3.5).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use daypass_core::{Time, clock};

use crate::model::Digest;
use crate::service::{DEVICE_CODE_LIFE, POLL_EVERY};

/// By how much the interval grows with each question that comes too soon, as the RFC says.
const LONGER: Duration = Duration::from_secs(5);

/// What is borne: timers and networks are not exact, and a device that means to keep the interval keeps it.
const SLACK: Duration = Duration::from_millis(500);

/// How many devices are remembered before those are forgotten whose code is over.
const MANY: usize = 2048;

/// When each waiting device last asked.
#[derive(Default)]
pub(crate) struct Pace(Mutex<HashMap<Digest, Asked>>);

#[derive(Clone, Copy)]
struct Asked {
    at: Time,
    interval: Duration,
}

impl Pace {
    /// Notes that the device with this code asks at `now`, and answers whether that is too soon: then its interval has
    /// grown. To be asked for codes that wait to be approved, of which there are not too many.
    pub(crate) fn is_hasty(&self, code: Digest, now: Time) -> bool {
        // What is behind the lock is plain values: a panic elsewhere cannot have left them half written.
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if devices.len() >= MANY {
            devices.retain(|_, asked| clock::until(asked.at, now) < DEVICE_CODE_LIFE);
        }
        let Some(asked) = devices.get_mut(&code) else {
            devices.insert(code, Asked { at: now, interval: POLL_EVERY });
            return false;
        };
        let hasty = clock::until(asked.at, now) + SLACK < asked.interval;
        if hasty {
            asked.interval += LONGER;
        }
        asked.at = now;
        hasty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Time {
        Time::from_timestamp_millis(1_900_000_000_000 + millis).unwrap()
    }

    #[test]
    fn who_keeps_the_interval_is_never_hasty() {
        let pace = Pace::default();
        for n in 0..5 {
            assert!(!pace.is_hasty(Digest([1; 32]), at(n * 5_000)));
            assert!(!pace.is_hasty(Digest([2; 32]), at(n * 5_000 + 1)), "another device");
            assert!(!pace.is_hasty(Digest([3; 32]), at(n * 4_500)), "nearly");
        }
    }

    #[test]
    fn each_question_that_comes_too_soon_makes_the_interval_five_seconds_longer() {
        let (pace, code) = (Pace::default(), Digest([1; 32]));
        for (millis, hasty) in [
            (0, false),
            (4_000, true),
            (13_000, true),
            (28_000, false),
            (43_000, false),
            (57_000, true),
            (77_000, false),
        ] {
            assert_eq!(pace.is_hasty(code, at(millis)), hasty, "{millis}");
        }
    }

    #[test]
    fn devices_whose_code_is_over_are_forgotten() {
        let pace = Pace::default();
        for n in 0..MANY {
            let mut code = [0; 32];
            code[..8].copy_from_slice(&n.to_le_bytes());
            pace.is_hasty(Digest(code), at(0));
        }
        pace.is_hasty(Digest([255; 32]), at(600_000));
        assert_eq!(pace.0.lock().unwrap().len(), 1);
    }
}
