//! The wall clock that is set, as the kernel tells of it.
//!
//! A timer on the wall clock with `TFD_TIMER_CANCEL_ON_SET` (timerfd_create(2)) is cancelled whenever that clock jumps:
//! because somebody set it, and also after a sleep, over which the kernel puts it forward. So one timer tells of both, and
//! of waking where there is no logind.

use std::os::fd::OwnedFd;

use daypass_agent::{Agent, Happening};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// Tells `agent` of every jump. It ends only where the kernel has no such timer.
pub(super) async fn watch(agent: &Agent) {
    let Ok(timer) = timer().and_then(super::awaited) else { return };
    while let Ok(mut ready) = timer.readable().await {
        if was_set(timer.get_ref()) {
            agent.hear(Happening::ClockSet);
        }
        ready.clear_ready();
    }
}

/// A timer that never expires, and is cancelled when the wall clock jumps.
fn timer() -> std::io::Result<OwnedFd> {
    const NONE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
    // It is about being cancelled, so it shall not expire: the end of all time.
    const END: Timespec = Timespec { tv_sec: i64::MAX, tv_nsec: 0 };
    let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    timerfd_settime(&timer, flags, &Itimerspec { it_interval: NONE, it_value: END })?;
    Ok(timer)
}

/// Whether the timer was cancelled since it was last asked. It need not be armed again: only the news is taken from it.
fn was_set(timer: &OwnedFd) -> bool {
    rustix::io::read(timer, &mut [0; 8]) == Err(Errno::CANCELED)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    // The machine's clock is not a test's to set, so the jump itself is not seen here: what is seen is that the kernel took
    // the timer as it is meant.
    #[test]
    fn the_kernel_keeps_a_timer_that_a_jump_cancels() {
        let timer = timer().unwrap();
        assert!(!was_set(&timer), "nobody sets the clock now");
        let told = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", timer.as_raw_fd())).unwrap();
        let line =
            |name: &str| told.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default();
        // CLOCK_REALTIME; TFD_TIMER_ABSTIME and TFD_TIMER_CANCEL_ON_SET, in octal (proc(5)).
        assert_eq!((line("clockid:"), line("settime flags:")), ("0", "03"), "{told}");
        assert!(!line("it_value:").starts_with("(0, 0)"), "it is armed: {told}");
    }
}
