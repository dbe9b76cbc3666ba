//! The freshness planner: where a token stands in its life, what a reader gets, and when the next refresh starts.
//!
//! Pure functions over plain facts. The loop around them only executes.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{Time, clock};

/// The longest soft threshold where a refresh opens a new session: doing so has side effects, so it is done late.
pub const MAX_SOFT_NEW: Duration = Duration::from_secs(15 * 60);
/// The longest soft threshold where a refresh renews the same session.
pub const MAX_SOFT_RENEW: Duration = Duration::from_secs(4 * 60 * 60);
/// The shortest hard threshold, unless half the soft one is shorter still.
pub const MIN_HARD: Duration = Duration::from_secs(10);
/// The longest hard threshold.
pub const MAX_HARD: Duration = Duration::from_secs(5 * 60);
/// A server's hint is believed up to this part of the life. With the jitter on top a token then still rests for a tenth
/// of its life; a hint as long as the life would have it refreshed without end.
pub const MAX_HINT: f64 = 0.8;
/// Jitter moves the start of a refresh ahead by up to this part of the soft threshold.
pub const JITTER: f64 = 0.1;
/// The longest wait between two attempts by back-off alone: half of the minute within which a token is to be fresh again
/// when what was wrong has healed. The other half is for the attempt that was under way then, and for standing in line.
pub const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// In the background, while the token lives, a failed refresh rests at least this long, or a tenth of the life.
pub const MAX_REST: Duration = Duration::from_secs(30);
/// The longest `Retry-After` that is honoured: a server that writes more has written nonsense, and would lock us out.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What a refresh does at the provider; it decides how early it is worth doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshKind {
    /// It opens a new session beside the old one.
    OpensNew,
    /// It gets a new token for the same session or grant.
    Renews,
}

/// The life of one held session token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// When the request for it was sent, by our clock.
    pub sent_at: Time,
    /// When it dies, by our clock.
    pub expires_at: Time,
    /// How long before its end the server asks for a refresh, where it says so.
    pub hint: Option<Duration>,
    /// What a refresh of it does.
    pub kind: RefreshKind,
    /// Whether time may have passed that no clock has seen, so that it may have ended already: see [`Life::shifted`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubtful: bool,
}

/// Where a token stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Serve it.
    Fresh,
    /// Inside the soft threshold: serve it at once, and refresh in the background.
    Stale,
    /// Inside the hard threshold: wait for the refresh; serve it if that fails.
    Urgent,
    /// `now >= expires_at`: never serve it.
    Expired,
}

/// How long before its end a token becomes stale (`soft`) and urgent (`hard`); `hard <= soft / 2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// The soft threshold S.
    pub soft: Duration,
    /// The hard threshold H.
    pub hard: Duration,
}

impl Life {
    /// The whole life T, counted from the moment the request was sent.
    pub fn length(&self) -> Duration {
        clock::until(self.sent_at, self.expires_at)
    }

    /// The same life by a wall clock that was set by `step`: what is left of it is what was left, as far as is known.
    ///
    /// A step ahead may be a wrong clock that was put right, or the time for which a virtual machine stood still with all
    /// its clocks. So a step that is longer than the hard threshold makes the life doubtful. Less is covered by what every
    /// reader keeps in hand anyway.
    pub fn shifted(self, step: TimeDelta) -> Self {
        let moved = |at| clock::shifted(at, step);
        let ahead = step.to_std().unwrap_or_default();
        let doubtful = self.doubtful || ahead > self.thresholds().hard;
        Self { sent_at: moved(self.sent_at), expires_at: moved(self.expires_at), doubtful, ..self }
    }

    /// What is left of it at `now`; zero when it is dead.
    pub fn remaining(&self, now: Time) -> Duration {
        clock::until(now, self.expires_at)
    }

    /// S is the server's hint (at most [`MAX_HINT`] of the life, zero is none), else T/3 with a cap by kind; H is T/10
    /// clamped to [`MIN_HARD`] … [`MAX_HARD`], at most S/2.
    pub fn thresholds(&self) -> Thresholds {
        let length = self.length();
        let cap = match self.kind {
            RefreshKind::OpensNew => MAX_SOFT_NEW,
            RefreshKind::Renews => MAX_SOFT_RENEW,
        };
        let hint = self.hint.filter(|hint| !hint.is_zero());
        let soft = hint.map_or_else(|| (length / 3).min(cap), |hint| hint.min(length.mul_f64(MAX_HINT)));
        let hard = (length / 10).clamp(MIN_HARD, MAX_HARD).min(soft / 2);
        Thresholds { soft, hard }
    }

    /// Whether what is left of it cannot be told: it is doubtful, or the clock has been turned back to before the token was
    /// asked for, by more than its hard threshold.
    ///
    /// Less is covered by what every reader keeps in hand anyway.
    fn is_unsure(&self, now: Time) -> bool {
        self.doubtful || clock::until(now, self.sent_at) > self.thresholds().hard
    }

    /// Where the token stands at `now`; urgent too where what is left of it cannot be told.
    pub fn freshness(&self, now: Time) -> Freshness {
        let Thresholds { soft, hard } = self.thresholds();
        match self.remaining(now) {
            Duration::ZERO => Freshness::Expired,
            _ if self.is_unsure(now) => Freshness::Urgent,
            left if left <= hard => Freshness::Urgent,
            left if left <= soft => Freshness::Stale,
            _ => Freshness::Fresh,
        }
    }

    /// When the background refresh starts: `expires_at − S·(1 + 0.1·jitter)`, for a `jitter` drawn from `[0, 1)`.
    pub fn refresh_at(&self, jitter: f64) -> Time {
        let early = self.thresholds().soft.mul_f64(1.0 + JITTER * part(jitter));
        clock::earlier(self.expires_at, early)
    }
}

/// A number from outside as a part of one; what is not a number is none.
fn part(number: f64) -> f64 {
    if number.is_nan() { 0.0 } else { number.clamp(0.0, 1.0) }
}

/// What a reader gets at once, and what it has to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serve {
    /// The held token, and nothing else happens.
    Now,
    /// The held token, although it lives shorter than was asked for: that is longer than a new one would live.
    NowThoughShort,
    /// The held token, while a refresh goes on in the background.
    NowAndRefresh,
    /// The token of a refresh; if that fails, the held one with its remaining life.
    RefreshOrLast,
    /// The token of a refresh, or an error.
    Refresh,
}

/// What a reader at `now` gets who needs a token that lives for at least `min_ttl` (`None`: the hard threshold).
///
/// `fresh` asks for a new token whatever the old one is worth; the old one is then not a substitute.
pub fn serve(now: Time, life: Option<&Life>, min_ttl: Option<Duration>, fresh: bool) -> Serve {
    let Some(life) = life.filter(|_| !fresh) else { return Serve::Refresh };
    let freshness = life.freshness(now);
    if freshness == Freshness::Expired {
        return Serve::Refresh;
    }
    let enough = match min_ttl {
        Some(min_ttl) => !life.doubtful && life.remaining(now) >= min_ttl,
        None => freshness < Freshness::Urgent,
    };
    let out_of_reach = min_ttl.is_some_and(|min_ttl| min_ttl >= life.length());
    match (enough, freshness) {
        (false, Freshness::Fresh) if out_of_reach => Serve::NowThoughShort,
        (false, _) => Serve::RefreshOrLast,
        (true, Freshness::Fresh) => Serve::Now,
        (true, _) => Serve::NowAndRefresh,
    }
}

/// A refresh that failed, and may be tried again. A 429 is none: it says nothing of the account, and [`crate::gate`]
/// holds the whole provider back for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failure {
    /// How many attempts have failed in a row; at least 1.
    pub count: u32,
    /// When the last one ended.
    pub at: Time,
    /// How long the server asked us to wait (RFC 9110 section 10.2.3).
    pub retry_after: Option<Duration>,
    /// Drawn from `[0, 1)` once for this failure.
    pub jitter: f64,
}

impl Failure {
    /// How long after [`Failure::at`] the next attempt in the background may come.
    ///
    /// Full jitter under a ceiling that doubles from 1 s to [`MAX_BACKOFF`]; `Retry-After` is a floor; while the token
    /// lives so is [`MAX_REST`], or T/10 where that is shorter.
    pub fn wait(&self, life: Option<&Life>) -> Duration {
        let ceiling = Duration::from_secs(1 << self.count.saturating_sub(1).min(6)).min(MAX_BACKOFF);
        let backoff = ceiling.mul_f64(part(self.jitter));
        let rest = life
            .filter(|life| life.remaining(self.at) > Duration::ZERO)
            .map_or(Duration::ZERO, |life| (life.length() / 10).min(MAX_REST));
        backoff.max(rest).max(self.told_to_wait().unwrap_or_default())
    }

    /// The soonest moment for the next attempt in the background.
    pub fn next_attempt(&self, life: Option<&Life>) -> Time {
        clock::later(self.at, self.wait(life))
    }

    /// Until when the server forbids another attempt, whoever asks for it.
    pub fn forbidden_until(&self) -> Option<Time> {
        self.told_to_wait().map(|wait| clock::later(self.at, wait))
    }

    fn told_to_wait(&self) -> Option<Duration> {
        self.retry_after.map(|wait| wait.min(MAX_RETRY_AFTER))
    }
}

/// What the planner must know of one account.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Facts {
    /// The life of the current session's token; `None` where there is none.
    pub life: Option<Life>,
    /// Drawn from `[0, 1)` once for this token.
    pub jitter: f64,
    /// Whether the account is pinned or was used recently; only such accounts are refreshed in the background.
    pub warm: bool,
    /// Whether a refresh is owed whatever the token is worth, and whoever uses it: only its outcome tells what an earlier
    /// call did whose answer was lost.
    pub owed: bool,
    /// Whether a refresh is under way.
    pub in_flight: bool,
    /// Whether the credential was refused: only the user can help.
    pub needs_sign_in: bool,
    /// The failure since the last success.
    pub failure: Option<Failure>,
    /// Until when nothing may be asked: the provider's cool-down after a 429, or the grace after waking from sleep.
    pub not_before: Option<Time>,
}

/// What the keeper does about one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Nothing is to be done until the facts change.
    Rest,
    /// Look again at this moment.
    Wait(Time),
    /// Start a refresh now.
    Refresh,
}

/// What to do at `now` about an account with these facts.
pub fn plan(now: Time, facts: &Facts) -> Plan {
    if facts.in_flight || facts.needs_sign_in || !(facts.warm || facts.owed) {
        return Plan::Rest;
    }
    let due = match &facts.life {
        Some(life) if !facts.owed && !life.is_unsure(now) => life.refresh_at(facts.jitter),
        Some(_) | None => now,
    };
    // A clock that was turned back must not make a wait longer than it was meant to be.
    let retry = facts.failure.map(|failure| {
        let life = facts.life.as_ref();
        failure.next_attempt(life).min(clock::later(now, failure.wait(life)))
    });
    let at = [retry, facts.not_before].into_iter().flatten().fold(due, Time::max);
    if at <= now { Plan::Refresh } else { Plan::Wait(at) }
}
