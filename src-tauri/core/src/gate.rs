//! The gate of one provider: how many background refreshes may be under way there, and when the next one may begin.
//!
//! An account knows of its own failures ([`crate::fresh::Failure`]). What a landing says of the provider as a whole is
//! kept here, so that a crowd of accounts behaves like one polite client:
//!
//! - At most [`LANES`] refreshes are under way. Those that a reader waits for count, and are not held back.
//! - A 429 closes the gate for as long as the server asked, for everybody. It is no failure of the account that met it.
//!   After it refreshes begin one [`FIRST_PACE`] apart; every further 429 doubles that, every success takes an eighth off.
//! - While the provider cannot be reached it is probed by one account at a time, with the back-off of a failed refresh
//!   that has no token left. The first answer of any kind lets the others go.

use std::time::Duration;

use chrono::TimeDelta;

use crate::fresh::Failure;
use crate::{Time, clock};

/// The most refreshes that are under way at one provider in the background.
pub const LANES: u32 = 4;
/// How far apart refreshes begin after a 429: the one a second that the strictest known provider allows.
pub const FIRST_PACE: Duration = Duration::from_secs(1);
/// The furthest apart that 429s alone push them.
pub const SLOWEST_PACE: Duration = Duration::from_secs(16);
/// A pace quicker than this is none.
const QUICKEST_PACE: Duration = Duration::from_millis(125);

/// What the end of a refresh says of its provider.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Landing {
    /// It brought a token.
    Success,
    /// The provider answered, with something else.
    Answered,
    /// The provider answered 429, and wants to be left alone for this long.
    Limited(Duration),
    /// The provider could not be reached; with a number drawn from `[0, 1)` for the back-off.
    Offline(f64),
    /// Nothing: it failed on our side.
    Unknown,
}

/// What is known of one provider at this moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gate {
    flying: u32,
    last_begun: Option<Time>,
    pace: Duration,
    limited_at: Option<Time>,
    closed_until: Option<Time>,
    offline: Option<Offline>,
}

/// A provider that could not be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Offline {
    count: u32,
    since: Time,
    probe_at: Time,
}

impl Gate {
    /// A refresh begins, whoever it is for.
    pub fn begin(&mut self, now: Time) {
        self.flying += 1;
        self.last_begun = Some(now);
    }

    /// The refresh that began at `begun` ends.
    pub fn land(&mut self, begun: Time, now: Time, landing: Landing) {
        self.flying = self.flying.saturating_sub(1);
        match landing {
            Landing::Success => {
                self.offline = None;
                self.pace = self.pace * 7 / 8;
                if self.pace < QUICKEST_PACE {
                    self.pace = Duration::ZERO;
                }
            }
            Landing::Answered => self.offline = None,
            Landing::Limited(wait) => {
                self.offline = None;
                // Those that were in the air together were turned away together: that is one answer, not many.
                if self.limited_at.is_none_or(|at| begun >= at) {
                    self.limited_at = Some(now);
                    self.pace = (self.pace * 2).clamp(FIRST_PACE, SLOWEST_PACE);
                }
                self.close(now, wait);
            }
            Landing::Offline(jitter) => self.could_not_be_reached(begun, now, jitter),
            Landing::Unknown => {}
        }
    }

    /// Closes the gate for `wait`, unless it is closed for longer.
    pub fn close(&mut self, now: Time, wait: Duration) {
        self.closed_until = self.closed_until.max(Some(clock::later(now, wait)));
    }

    /// Until when the provider is to be left alone, by everybody.
    pub fn closed_until(&self, now: Time) -> Option<Time> {
        self.closed_until.filter(|until| *until > now)
    }

    /// When a provider that could not be reached is probed next.
    pub fn probe_at(&self) -> Option<Time> {
        self.offline.map(|offline| offline.probe_at)
    }

    /// A network came up: a provider that could not be reached is probed after `wait`.
    pub fn network_up(&mut self, now: Time, wait: Duration) {
        if let Some(offline) = &mut self.offline {
            offline.count = 0;
            offline.probe_at = offline.probe_at.min(clock::later(now, wait));
        }
    }

    /// The soonest moment for the next refresh in the background; `None` until one of those under way has ended.
    pub fn opens_at(&self) -> Option<Time> {
        let lanes = if self.offline.is_some() { 1 } else { LANES };
        if self.flying >= lanes {
            return None;
        }
        let paced = self.last_begun.filter(|_| !self.pace.is_zero()).map(|at| clock::later(at, self.pace));
        let probe = self.offline.map(|offline| offline.probe_at);
        Some([self.closed_until, paced, probe].into_iter().flatten().fold(Time::MIN_UTC, Time::max))
    }

    /// Whether it knows nothing that a new one would not.
    pub fn is_idle(&self, now: Time) -> bool {
        self.flying == 0 && self.pace.is_zero() && self.offline.is_none() && self.closed_until(now).is_none()
    }

    /// The wall clock was set by `step`: what remained of every wait remains.
    pub fn shift(&mut self, step: TimeDelta) {
        for at in [&mut self.last_begun, &mut self.limited_at, &mut self.closed_until].into_iter().flatten() {
            *at = clock::shifted(*at, step);
        }
        if let Some(offline) = &mut self.offline {
            offline.since = clock::shifted(offline.since, step);
            offline.probe_at = clock::shifted(offline.probe_at, step);
        }
    }

    fn could_not_be_reached(&mut self, begun: Time, now: Time, jitter: f64) {
        let count = match &self.offline {
            // It was in the air already when that was found out.
            Some(offline) if begun < offline.since => return,
            Some(offline) => offline.count.saturating_add(1),
            None => 1,
        };
        let failure = Failure { count, at: now, retry_after: None, jitter };
        self.offline = Some(Offline { count, since: now, probe_at: failure.next_attempt(None) });
    }
}
