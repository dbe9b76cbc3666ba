//! Rotating refresh tokens that cannot lose a session: which generation of a session's refresh token is good for what.
//!
//! A session has one lineage of refresh tokens, numbered from 0. One generation is *in use*; at most one *successor* was
//! issued and has not been used. Whoever presents generation `m` and is let in is always answered generation `m + 1`,
//! byte for byte the same each time ([`chain`]). So there are exactly these transitions, with `n` in use:
//!
//! | presented | what it means | what happens |
//! | --- | --- | --- |
//! | `n + 1`, issued | the answer arrived | the successor takes effect: `n + 1` is in use, `n + 2` is issued |
//! | `n` | a first refresh, one of many at once, or a retry whose answer was lost | `n + 1` is issued, if it was not |
//! | `n - 1` | whoever holds it failed to save `n` | `n` again; nothing else changes |
//! | older | two hold what one should (RFC 9700 section 4.14.2) | the session ends, for good |
//! | not issued | not one of ours, or the store was restored | refused; nothing changes |
//!
//! That a retry with the previous token succeeds is what the FAPI 2.0 Security Profile asks of rotation. Its price: a thief who
//! keeps step with the owner is found out only when one of both falls two steps behind. What bounds it is the absolute
//! life, [`Terms::life`].

pub mod chain;
mod scopes;
pub mod seed;

use std::time::Duration;

pub use scopes::Scopes;

use crate::{Time, clock};

/// How long a session may live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The absolute life, counted from the opening: no use makes it longer.
    pub life: Duration,
    /// The idle life: the session ends when nothing was refreshed for so long.
    pub idle: Duration,
}

/// Why a session ended. The first reason stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Its holder or its user ended it.
    Revoked,
    /// A refresh token was presented that is older than a failure to save explains.
    Reused,
    /// Its absolute life is over.
    Expired,
    /// It was not used for its idle life.
    Idle,
}

impl End {
    /// The one word for it, in a store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Reused => "reused",
            Self::Expired => "expired",
            Self::Idle => "idle",
        }
    }

    /// What the word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Revoked, Self::Reused, Self::Expired, Self::Idle].into_iter().find(|end| end.word() == word)
    }

    /// The reason as one sentence, for an answer and a log.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Revoked => "The session was revoked",
            Self::Reused => "An old refresh token was used again, so the session was ended: sign in again",
            Self::Expired => "The session has reached the end of its life: sign in again",
            Self::Idle => "The session was not used for too long: sign in again",
        }
    }
}

/// How a presented generation stood to the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The successor, presented for the first time: it is in use now.
    Forward,
    /// The one in use.
    Same,
    /// One behind: its holder failed to save the one in use.
    Behind,
}

/// What a refresh brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The generation to answer: always the one after that which was presented.
    pub generation: u32,
    /// What the new access token may do.
    pub scopes: Scopes,
    /// How the presented generation stood.
    pub step: Step,
}

/// Why a refresh is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The session has ended: now, or before.
    #[error("{}", .0.sentence())]
    Ended(End),
    /// This generation was never issued.
    #[error("The refresh token is not known")]
    Unknown,
    /// More is asked for than the session may do; nothing has changed.
    #[error("A scope is not among those of the session")]
    Scope,
}

/// Where the refresh tokens of one session stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lineage {
    /// The generation in use.
    pub generation: u32,
    /// Whether its successor was issued.
    pub issued: bool,
    /// What the session may do. It never grows.
    pub scopes: Scopes,
    /// The end of the absolute life: the session is over when `now >= expires_at`.
    pub expires_at: Time,
    /// The idle life.
    pub idle: Duration,
    /// When it was opened or last refreshed; never moves back.
    pub used_at: Time,
    /// Why it ended, if it did.
    pub ended: Option<End>,
}

/// When a session is over at the latest: one whose absolute life ends at `expires_at`, which was opened or last refreshed at
/// `used_at`, and has the life `idle` without that.
pub fn over_at(expires_at: Time, used_at: Time, idle: Duration) -> Time {
    expires_at.min(clock::later(used_at, idle))
}

impl Lineage {
    /// A lineage whose generation 0 is handed out at `now`.
    pub fn open(terms: Terms, scopes: Scopes, now: Time) -> Self {
        let expires_at = clock::later(now, terms.life);
        Self { generation: 0, issued: false, scopes, expires_at, idle: terms.idle, used_at: now, ended: None }
    }

    /// Why the session is over at `now`, if it is.
    pub fn end_at(&self, now: Time) -> Option<End> {
        self.ended.or_else(|| {
            if now >= self.expires_at { Some(End::Expired) } else { (now >= self.idle_at()).then_some(End::Idle) }
        })
    }

    /// When the session is over at the latest, if it is not used any more.
    pub fn over_at(&self) -> Time {
        over_at(self.expires_at, self.used_at, self.idle)
    }

    /// Whether no token was used yet, and the session lives at `now`: what opened it may be answered again.
    pub fn is_untouched(&self, now: Time) -> bool {
        self.generation == 0 && !self.issued && self.end_at(now).is_none()
    }

    fn idle_at(&self) -> Time {
        clock::later(self.used_at, self.idle)
    }

    /// Presents `generation` at `now` and asks for `asked`, or for all that the session may do.
    ///
    /// What is asked narrows this one access token; the session keeps its scopes (RFC 6749 section 6). An end by time is
    /// written down when it is noticed, so that a clock that is turned back revives nothing.
    ///
    /// # Errors
    /// Every variant of [`Refusal`]. Only [`Refusal::Ended`] may have changed the lineage.
    pub fn present(&mut self, generation: u32, asked: Option<&Scopes>, now: Time) -> Result<Renewal, Refusal> {
        if let Some(end) = self.end_at(now) {
            return Err(Refusal::Ended(self.end(end)));
        }
        let step = match i64::from(generation) - i64::from(self.generation) {
            1 if self.issued => Step::Forward,
            0 => Step::Same,
            -1 => Step::Behind,
            ahead if ahead > 0 => return Err(Refusal::Unknown),
            _ => return Err(Refusal::Ended(self.end(End::Reused))),
        };
        // The last number has no successor; a refresh a second would need 136 years to come there.
        let next = generation.checked_add(1).ok_or(Refusal::Unknown)?;
        let scopes = asked.unwrap_or(&self.scopes);
        if !self.scopes.include(scopes) {
            return Err(Refusal::Scope);
        }
        let scopes = scopes.clone();
        match step {
            Step::Forward => self.generation = generation,
            Step::Same => self.issued = true,
            Step::Behind => {}
        }
        self.used_at = self.used_at.max(now);
        Ok(Renewal { generation: next, scopes, step })
    }

    /// Ends the session because of `end`, unless it had ended before; answers why it ended.
    pub fn end(&mut self, end: End) -> End {
        *self.ended.get_or_insert(end)
    }
}
