//! Rotation that cannot lose a session: what is written down before a call, and how an open intent is settled.
//!
//! The journal keeps an [`Intent`] durably before the call is made, and ends it in the same transaction that stores
//! what the call brought. An intent that is still open on start means that the answer, if there was one, is lost.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::session::Session;

/// What a call is about to do whose answer is shown only once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Intent {
    /// Open a session whose token is shown only once.
    Create {
        /// The name it is created under, by which it is found again in the provider's list.
        name: String,
        /// The session that it replaces: revoked only after the new one is stored.
        replaces: Option<String>,
        /// Whether the name was made up for this very creation, so that nothing else bears it.
        #[serde(default)]
        unique: bool,
    },
    /// Replace the credential itself; the old one dies with the call.
    Regenerate,
    /// Use up a single-use refresh token for its successor (RFC 9700 section 4.14.2).
    Renew,
    /// Revoke this session. A token of it that is still held may be dead from then on; to revoke again is harmless.
    Revoke {
        /// The provider's id of the session.
        id: String,
    },
}

impl Intent {
    /// Whether the next mint tells what became of it: it shows which of two secrets is alive.
    pub fn is_told_by_a_mint(&self) -> bool {
        match self {
            Self::Regenerate | Self::Renew => true,
            Self::Create { .. } | Self::Revoke { .. } => false,
        }
    }
}

/// What to do on start about an intent that never ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Try again with the old secret: it still works, or the provider will say that it does not. What was to be revoked
    /// is revoked again.
    RetryWithOld,
    /// Ask the provider for its list first, then settle again with it.
    AskForList,
    /// These sessions are ours and their tokens are lost: show them as orphans.
    Orphans(Vec<String>),
    /// The call never took effect.
    NothingHappened,
}

/// Settles `intent`, written at `begun_at`.
///
/// `listed` is the provider's list where it has been asked, `can_list` whether it can be; `held` are the ids whose
/// tokens we have. A session is taken for ours when it bears the intent's name, and is not held. Where a user chose the
/// name it must not have been created before the intent either (a minute is allowed for clocks that differ).
pub fn settle(
    intent: &Intent,
    begun_at: Time,
    can_list: bool,
    listed: Option<&[Session]>,
    held: &[&str],
) -> Settlement {
    let Intent::Create { name, unique, .. } = intent else { return Settlement::RetryWithOld };
    let Some(listed) = listed else {
        return if can_list { Settlement::AskForList } else { Settlement::RetryWithOld };
    };
    let earliest = crate::clock::earlier(begun_at, std::time::Duration::from_secs(60));
    let orphans: Vec<String> = listed
        .iter()
        .filter(|session| session.name.as_deref() == Some(name) && !held.contains(&session.id.as_str()))
        .filter(|session| session.created_at.is_none_or(|at| *unique || at >= earliest))
        .map(|session| session.id.clone())
        .collect();
    if orphans.is_empty() { Settlement::NothingHappened } else { Settlement::Orphans(orphans) }
}
