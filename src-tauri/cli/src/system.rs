//! The one real clock and the one real source of chance; everything below takes them as arguments.

use daypass_core::{Chance, Clock, Time};

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the SystemClock that the lint speaks of")]
    fn now(&self) -> Time {
        chrono::Utc::now()
    }

    #[cfg(target_os = "linux")]
    fn reading(&self) -> daypass_core::clock::Reading {
        linux::reading()
    }

    #[cfg(target_os = "linux")]
    fn boot(&self) -> Option<String> {
        linux::boot()
    }
}

/// The clocks that Linux has beside the one on the wall.
#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use daypass_core::Time;
    use daypass_core::clock::Reading;
    use rustix::time::{ClockId, Timespec, clock_gettime};

    /// Between the first and the last clock of one reading no more than this shall pass: it would look like a drift.
    const CLOSE: Duration = Duration::from_millis(1);
    /// How often they are read for that. A machine that is busier than this is told apart from a jump by its size.
    const ATTEMPTS: u32 = 5;

    /// All three clocks, read within [`CLOSE`] where the machine lets us.
    ///
    /// The boot-time clock is read first and last: it is the one that nobody sets and no sleep stops, so that what it ran
    /// in between is how far the others may be apart.
    pub(super) fn reading() -> Reading {
        let (mut best, mut apart) = attempt();
        for _ in 1..ATTEMPTS {
            if apart <= CLOSE {
                break;
            }
            let (reading, spread) = attempt();
            if spread < apart {
                (best, apart) = (reading, spread);
            }
        }
        best
    }

    fn attempt() -> (Reading, Duration) {
        let since_boot = span(clock_gettime(ClockId::Boottime));
        let wall = clock_gettime(ClockId::Realtime);
        let awake = span(clock_gettime(ClockId::Monotonic));
        let apart = span(clock_gettime(ClockId::Boottime)).saturating_sub(since_boot);
        // The kernel keeps its wall clock within what an instant can be.
        let wall = Time::from_timestamp(wall.tv_sec, nanoseconds(wall)).unwrap_or(Time::UNIX_EPOCH);
        (Reading { wall, since_boot, awake }, apart)
    }

    /// Neither clock is ever below zero.
    fn span(at: Timespec) -> Duration {
        Duration::new(u64::try_from(at.tv_sec).unwrap_or(0), nanoseconds(at))
    }

    fn nanoseconds(at: Timespec) -> u32 {
        u32::try_from(at.tv_nsec).unwrap_or(0)
    }

    /// The id that the kernel gives each boot (random(4)).
    pub(super) fn boot() -> Option<String> {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(id.trim().to_owned()).filter(|id| !id.is_empty())
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Duration;

    use daypass_core::clock::until;
    use daypass_core::drift::Drift;

    use super::*;

    #[test]
    fn a_reading_has_the_clocks_of_the_kernel() {
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        let before = SystemClock.now();
        let reading = SystemClock.reading();
        assert!(reading.wall >= before && until(before, reading.wall) < Duration::from_secs(60), "{reading:?}");
        // proc(5): the time since the boot, sleep included.
        assert!((reading.since_boot.as_secs_f64() - uptime).abs() < 60.0, "{reading:?} against {uptime}");
        assert!(reading.awake <= reading.since_boot + Duration::from_millis(100), "{reading:?}");
    }

    #[test]
    fn clocks_that_nobody_touched_have_not_drifted() {
        let first = SystemClock.reading();
        for _ in 0..1000 {
            assert_eq!(Drift::between(&first, &SystemClock.reading()), Drift::default());
        }
    }

    #[test]
    fn a_boot_has_one_name() {
        let boot = SystemClock.boot().unwrap();
        assert!(boot.len() == 36 && boot.bytes().filter(|byte| *byte == b'-').count() == 4, "{boot}");
        assert_eq!(SystemClock.boot(), Some(boot));
    }
}
