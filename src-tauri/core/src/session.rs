//! Sessions: what a provider opened, and how we stand to it.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::fresh::{Freshness, Life};

/// A session as a provider tells of it. It never holds the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The provider's id; where it gives none, the fingerprint of the token.
    pub id: String,
    /// The name that a user gave it.
    pub name: Option<String>,
    /// The provider's own word for its kind: `login`, `app_login`, `api`, …
    pub kind: Option<String>,
    /// When it was created, as far as is known.
    pub created_at: Option<Time>,
    /// When it ends, as far as is known; never for a session that only its provider can end.
    pub expires_at: Option<Time>,
}

/// How we stand to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// We have its token.
    Held,
    /// The provider lists it; we have no token of it.
    Foreign,
    /// Ours by the journal, but its token was lost before it was stored.
    Orphan,
}

/// The one word that a user sees for the state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Held and fresh.
    Fresh,
    /// Held, and near enough to its end to be refreshed in the background.
    Stale,
    /// Held, and so near its end that a reader waits for the refresh.
    Urgent,
    /// Past its end.
    Expired,
    /// Not held, and alive.
    Foreign,
    /// Ours, but its token was lost.
    Orphan,
}

impl SessionState {
    /// The state at `now` of a session that ends at `expires_at`; `life` is that of the held token.
    ///
    /// Expired wins over all: a dead session is dead whoever opened it (`now >= expires_at`).
    pub fn of(standing: Standing, life: Option<&Life>, expires_at: Option<Time>, now: Time) -> Self {
        let end = life.map(|life| life.expires_at).or(expires_at);
        if end.is_some_and(|end| now >= end) {
            return Self::Expired;
        }
        match (standing, life.map(|life| life.freshness(now))) {
            (Standing::Orphan, _) => Self::Orphan,
            (Standing::Foreign, _) => Self::Foreign,
            (Standing::Held, None | Some(Freshness::Fresh)) => Self::Fresh,
            (Standing::Held, Some(Freshness::Stale)) => Self::Stale,
            (Standing::Held, Some(Freshness::Urgent)) => Self::Urgent,
            (Standing::Held, Some(Freshness::Expired)) => Self::Expired,
        }
    }
}
