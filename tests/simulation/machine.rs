//! The machine that the agent runs on: true time, and the three clocks by which a program knows it.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use chrono::TimeDelta;
use daypass_core::clock::Reading;
use daypass_core::{Clock, Time, clock};
use tokio::time::Instant;

/// True time goes on whatever the machine does: with tokio's paused time while an agent runs, by hand otherwise.
///
/// The boot clock tells it exactly, but for a pause of the whole machine, as a virtual one knows it: no clock sees that.
/// The awake clock, and with it every timer, stands while the machine sleeps. The wall clock is as wrong as it was set.
pub(crate) struct Machine(Mutex<Moments>);

struct Moments {
    /// True time when `running` began, or now where nothing runs.
    base: Time,
    running: Option<Instant>,
    began: Time,
    booted: Time,
    boot: u32,
    slept_since_boot: Duration,
    paused_since_boot: Duration,
    /// How much time no clock has seen, and how much of it the wall clock was not put forward by yet.
    unseen: Duration,
    behind: Duration,
    /// When it was, by the awake clock, for as long as it is not sure that the agent knows.
    put_forward_at: Option<Duration>,
    wrong_by: TimeDelta,
    /// When the wall clock was set last, by the awake clock.
    set_at: Option<Duration>,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let base = Time::from_timestamp(1_800_000_000, 0).unwrap();
        let booted = base - TimeDelta::hours(1);
        Self(Mutex::new(Moments {
            base,
            running: None,
            began: base,
            booted,
            boot: 1,
            slept_since_boot: Duration::ZERO,
            paused_since_boot: Duration::ZERO,
            unseen: Duration::ZERO,
            behind: Duration::ZERO,
            put_forward_at: None,
            wrong_by: TimeDelta::zero(),
            set_at: None,
        }))
    }

    fn moments(&self) -> MutexGuard<'_, Moments> {
        self.0.lock().unwrap()
    }

    /// True time.
    pub(crate) fn truth(&self) -> Time {
        self.moments().truth()
    }

    /// How much of it has passed in this world.
    pub(crate) fn age(&self) -> Duration {
        let moments = self.moments();
        clock::until(moments.began, moments.truth())
    }

    /// How long the machine has been awake since it was booted.
    pub(crate) fn awake(&self) -> Duration {
        self.moments().awake()
    }

    /// By how much the wall clock is ahead of true time.
    pub(crate) fn wrong_by(&self) -> TimeDelta {
        self.moments().wrong_by
    }

    /// From here on time goes with that of the runtime that this is called in.
    pub(crate) fn runs(&self) {
        self.moments().running = Some(Instant::now());
    }

    /// The runtime ends. Called while it is still there.
    pub(crate) fn rests(&self) {
        let mut moments = self.moments();
        moments.base = moments.truth();
        moments.running = None;
    }

    /// Lets time pass while nothing runs.
    pub(crate) fn pass(&self, span: Duration) {
        let mut moments = self.moments();
        moments.base += span;
        moments.put_forward_at = moments.put_forward_at.map(|at| at + span);
    }

    /// The machine sleeps: timers stand, true time does not.
    pub(crate) fn sleep(&self, span: Duration) {
        let mut moments = self.moments();
        moments.base += span;
        moments.slept_since_boot += span;
    }

    /// The whole machine is paused: true time goes on, and no clock does.
    pub(crate) fn pause(&self, span: Duration) {
        let mut moments = self.moments();
        moments.base += span;
        moments.paused_since_boot += span;
        moments.unseen += span;
        moments.behind += span;
        moments.wrong_by -= TimeDelta::from_std(span).unwrap();
    }

    /// How much time no clock has seen since the world began.
    pub(crate) fn unseen(&self) -> Duration {
        self.moments().unseen
    }

    /// For how long the machine was paused without that anybody has put its wall clock forward since.
    pub(crate) fn behind(&self) -> Duration {
        self.moments().behind
    }

    /// The wall clock is put forward by what passed unseen. Answers how much that was.
    pub(crate) fn catch_up(&self) -> Duration {
        let behind = std::mem::take(&mut self.moments().behind);
        if !behind.is_zero() {
            self.set_wall(TimeDelta::from_std(behind).unwrap());
            let mut moments = self.moments();
            moments.put_forward_at = Some(moments.awake());
        }
        behind
    }

    /// Whether an agent that looks at the clocks twice a minute has seen and written down what passed unseen: were the
    /// wall clock set back before, nobody ever could.
    pub(crate) fn caught_up(&self) -> bool {
        let moments = self.moments();
        let waits = moments.put_forward_at.is_some_and(|at| moments.awake() < at + Duration::from_secs(32));
        moments.behind.is_zero() && !waits
    }

    /// Somebody sets the wall clock.
    pub(crate) fn set_wall(&self, step: TimeDelta) {
        let mut moments = self.moments();
        moments.wrong_by += step;
        moments.set_at = Some(moments.awake());
    }

    /// Whether whoever looks at the clocks twice a minute knows how the wall clock was set.
    pub(crate) fn setting_is_known(&self) -> bool {
        let moments = self.moments();
        moments.set_at.is_none_or(|at| moments.awake().saturating_sub(at) > Duration::from_secs(61))
    }

    /// The machine is switched off and on again.
    pub(crate) fn reboot(&self, off_for: Duration) {
        let mut moments = self.moments();
        moments.base += off_for;
        moments.booted = moments.base;
        moments.boot += 1;
        (moments.slept_since_boot, moments.paused_since_boot) = (Duration::ZERO, Duration::ZERO);
        (moments.set_at, moments.put_forward_at) = (None, None);
    }
}

impl Moments {
    fn truth(&self) -> Time {
        self.running.map_or(self.base, |began| self.base + began.elapsed())
    }

    fn since_boot(&self) -> Duration {
        clock::until(self.booted, self.truth()).saturating_sub(self.paused_since_boot)
    }

    fn awake(&self) -> Duration {
        self.since_boot().saturating_sub(self.slept_since_boot)
    }
}

impl Clock for Machine {
    fn now(&self) -> Time {
        let moments = self.moments();
        moments.truth() + moments.wrong_by
    }

    fn reading(&self) -> Reading {
        let moments = self.moments();
        let truth = moments.truth();
        Reading { wall: truth + moments.wrong_by, since_boot: moments.since_boot(), awake: moments.awake() }
    }

    fn boot(&self) -> Option<String> {
        Some(format!("boot-{}", self.moments().boot))
    }
}
