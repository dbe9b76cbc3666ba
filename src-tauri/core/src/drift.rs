//! Drift: what two readings of a machine's clocks tell of the time between them: whether it slept, and whether its wall
//! clock was set.

use std::time::Duration;

use chrono::TimeDelta;

use crate::clock::Reading;

/// A sleep shorter than this needs no grace: the network does not go away for it.
pub const SHORTEST_SLEEP: Duration = Duration::from_secs(5);
/// A wall clock that is nudged by less than this was disciplined (NTP slews), not set.
pub const SMALLEST_STEP: Duration = Duration::from_secs(2);

/// What happened to the clocks between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drift {
    /// How long the machine slept, where that was at least [`SHORTEST_SLEEP`].
    pub slept: Option<Duration>,
    /// By how much the wall clock was set, forward or back, where that was at least [`SMALLEST_STEP`].
    pub step: Option<TimeDelta>,
}

impl Drift {
    /// Compares a reading with an earlier one of the same boot.
    ///
    /// The machine slept for as long as the boot-time clock ran and the awake clock did not. The wall clock was set by
    /// what it ran more, or less, than the boot-time clock.
    pub fn between(earlier: &Reading, later: &Reading) -> Self {
        let by_boot = later.since_boot.saturating_sub(earlier.since_boot);
        let by_awake = later.awake.saturating_sub(earlier.awake);
        let slept = by_boot.saturating_sub(by_awake);
        let by_wall = later.wall.signed_duration_since(earlier.wall);
        let step = by_wall - TimeDelta::from_std(by_boot).unwrap_or(TimeDelta::MAX);
        Self {
            slept: (slept >= SHORTEST_SLEEP).then_some(slept),
            step: (step.abs().to_std().unwrap_or(Duration::MAX) >= SMALLEST_STEP).then_some(step),
        }
    }
}
