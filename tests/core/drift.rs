//! What two readings of the clocks tell, whatever happened between them.

use std::time::Duration;

use chrono::TimeDelta;
use daypass_core::Time;
use daypass_core::clock::Reading;
use daypass_core::drift::{Drift, SHORTEST_SLEEP, SMALLEST_STEP};
use proptest::prelude::*;

fn reading(wall: i64, since_boot: u64, awake: u64) -> Reading {
    Reading {
        wall: Time::from_timestamp_millis(wall).unwrap(),
        since_boot: Duration::from_millis(since_boot),
        awake: Duration::from_millis(awake),
    }
}

#[test]
fn time_that_just_goes_on_is_no_drift() {
    let (before, after) = (reading(1_000_000, 500, 400), reading(1_030_000, 30_500, 30_400));
    assert_eq!(Drift::between(&before, &after), Drift::default());
    assert_eq!(Drift::between(&before, &before), Drift::default());
}

#[test]
fn a_process_that_was_stopped_for_hours_has_seen_neither_sleep_nor_step() {
    let hours = 7 * 3_600_000;
    let after = reading(1_000_000 + hours, 500 + hours as u64, 400 + hours as u64);
    assert_eq!(Drift::between(&reading(1_000_000, 500, 400), &after), Drift::default());
}

proptest! {
    #[test]
    fn a_sleep_and_a_step_are_told_apart(
        awake in 0_u64..100_000_000, slept in 0_u64..1_000_000_000, step in -1_000_000_000_i64..1_000_000_000,
    ) {
        let before = reading(1_800_000_000_000, 5_000_000, 4_000_000);
        let after = reading(
            1_800_000_000_000 + (awake + slept) as i64 + step, 5_000_000 + awake + slept, 4_000_000 + awake,
        );
        let (slept, step) = (Duration::from_millis(slept), TimeDelta::milliseconds(step));
        let drift = Drift::between(&before, &after);
        prop_assert_eq!(drift.slept, Some(slept).filter(|slept| *slept >= SHORTEST_SLEEP));
        prop_assert_eq!(drift.step, Some(step).filter(|step| step.abs().to_std().unwrap() >= SMALLEST_STEP));
    }

    #[test]
    fn no_reading_overflows_anything(wall in any::<i32>(), boot in any::<u64>(), awake in any::<u64>()) {
        let wild = reading(i64::from(wall), boot, awake);
        let end = Reading { wall: Time::MAX_UTC, since_boot: Duration::MAX, awake: Duration::ZERO };
        let start = Reading { wall: Time::MIN_UTC, since_boot: Duration::ZERO, awake: Duration::MAX };
        for (one, other) in [(wild, end), (end, start), (start, end), (start, wild)] {
            let _ = Drift::between(&one, &other);
        }
    }
}
