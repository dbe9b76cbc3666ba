//! What the machine's clocks have told the agent: whether it slept, and how its wall clock was set.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use daypass_core::clock::Reading;
use daypass_core::drift::Drift;
use daypass_core::{Time, clock};

/// After waking the network gets this long, and up to [`GRACE_SPREAD`] more, drawn for each account.
const GRACE: Duration = Duration::from_secs(3);
/// See [`GRACE`].
const GRACE_SPREAD: Duration = Duration::from_secs(2);
/// What waited for a network begins within this time after one came up.
pub(crate) const NETWORK_SPREAD: Duration = Duration::from_secs(3);
/// A machine that said that it goes to sleep, and is still awake after this time, has thought better of it.
const GOES_TO_SLEEP: Duration = Duration::from_secs(30);

/// The clocks, as they were read last.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    last: Option<Reading>,
    anchor: Anchor,
    calm: Option<Calm>,
    /// The machine is about to sleep: nothing new begins until it woke, or has been awake until then.
    sleepy_until: Option<Duration>,
}

/// By which setting of the wall clock instants were written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// How often the clock was set since the agent started.
    pub(crate) settings: u32,
    /// By how much it was ahead of the time since the boot.
    pub(crate) wall_minus_boot: TimeDelta,
    /// Which boot, where that can be told.
    pub(crate) boot: Option<Arc<str>>,
}

/// A time in which nothing begins in the background, with an end of its own for every account.
#[derive(Debug, Clone, Copy)]
struct Calm {
    from: Time,
    spread: Duration,
    /// A network came up meanwhile.
    has_network: bool,
}

impl Calm {
    fn after_waking(now: Time) -> Self {
        Self { from: clock::later(now, GRACE), spread: GRACE_SPREAD, has_network: false }
    }
}

impl Clocks {
    /// Clocks that were not read yet, in this boot of the machine.
    pub(crate) fn new(boot: Option<String>) -> Self {
        Self { anchor: Anchor { boot: boot.map(Arc::from), ..Anchor::default() }, ..Self::default() }
    }

    /// Takes a reading in, and answers what it tells of the time since the last one.
    pub(crate) fn take_in(&mut self, reading: Reading) -> Drift {
        let Some(last) = self.last.replace(reading) else {
            let since_boot = TimeDelta::from_std(reading.since_boot).unwrap_or(TimeDelta::MAX);
            self.anchor.wall_minus_boot = reading.wall.signed_duration_since(Time::UNIX_EPOCH) - since_boot;
            return Drift::default();
        };
        let drift = Drift::between(&last, &reading);
        if let Some(step) = drift.step {
            self.anchor.settings = self.anchor.settings.saturating_add(1);
            self.anchor.wall_minus_boot = self.anchor.wall_minus_boot.checked_add(&step).unwrap_or(TimeDelta::MAX);
            if let Some(calm) = &mut self.calm {
                calm.from = clock::shifted(calm.from, step);
            }
            // A virtual machine that stood still: the lives that this makes doubtful do not all begin anew at once.
            if step > TimeDelta::zero() && self.running_calm(reading.wall).is_none() {
                self.calm = Some(Calm::after_waking(reading.wall));
            }
        }
        if drift.slept.is_some() {
            self.woke();
        }
        drift
    }

    /// The machine is about to sleep.
    pub(crate) fn goes_to_sleep(&mut self) {
        self.sleepy_until = self.last.map(|last| last.awake + GOES_TO_SLEEP);
    }

    /// Whether nothing new is to be begun because the machine is about to sleep.
    pub(crate) fn is_about_to_sleep(&self) -> bool {
        self.last.zip(self.sleepy_until).is_some_and(|(last, until)| last.awake < until)
    }

    /// The machine has just woken up.
    pub(crate) fn woke(&mut self) {
        self.sleepy_until = None;
        self.calm = self.last.map(|last| Calm::after_waking(last.wall));
    }

    /// A network came up at `now`: what waited for it is spread, by the calm that runs already where there is one. Answers
    /// whether this is the first since that calm began.
    ///
    /// A calm is never made longer: networks that come and go all the time would have it last for ever.
    pub(crate) fn network_up(&mut self, now: Time) -> bool {
        if let Some(calm) = self.running_calm(now) {
            return !std::mem::replace(&mut calm.has_network, true);
        }
        self.calm = Some(Calm { from: now, spread: NETWORK_SPREAD, has_network: true });
        true
    }

    /// The calm that has not run out at `now` for every account.
    fn running_calm(&mut self, now: Time) -> Option<&mut Calm> {
        self.calm.as_mut().filter(|calm| clock::later(calm.from, calm.spread) > now)
    }

    /// By which setting of the wall clock the state's instants are.
    pub(crate) fn anchor(&self) -> Anchor {
        self.anchor.clone()
    }

    /// Until when an account begins nothing in the background; `spread` is drawn from `[0, 1)` for it.
    pub(crate) fn calm_until(&self, spread: f64) -> Option<Time> {
        self.calm.map(|calm| clock::later(calm.from, calm.spread.mul_f64(spread.clamp(0.0, 1.0))))
    }
}

impl Anchor {
    /// By how much instants by `earlier` are to be moved to be by this one.
    pub(crate) fn since(&self, earlier: &Self) -> TimeDelta {
        self.wall_minus_boot.checked_sub(&earlier.wall_minus_boot).unwrap_or(TimeDelta::MAX)
    }
}
