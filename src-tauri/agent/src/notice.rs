//! What a user may want to be told of when no window is open: one notice for one incident, never more.

use daypass_api::Sentence;
use daypass_core::Time;

/// Something that happened. Never holds a secret.
///
/// Whoever shows notices lets a later one of the same kind take the place of an earlier one; [`Notice::Recovered`] takes
/// the place of [`Notice::Trouble`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Only the user can help now: credentials were refused. Told once until they are mended.
    NeedsYou {
        /// The names of the accounts that need the user at this moment, and were not told of before; at least one.
        accounts: Vec<String>,
        /// One sentence on why, or on what to do where there are several.
        message: Sentence,
    },
    /// Tokens run out, since refreshing has failed for a minute or more.
    Trouble {
        /// The names of the accounts; at least one.
        accounts: Vec<String>,
        /// One sentence on why.
        message: Sentence,
    },
    /// Trouble that had been told is over.
    Recovered {
        /// The names of the accounts; at least one.
        accounts: Vec<String>,
        /// When the new token dies, where it is one account.
        expires_at: Option<Time>,
    },
    /// The vault has been out of order for a minute or more, or only the user can open it.
    Vault {
        /// One sentence on what to do.
        message: Sentence,
    },
    /// Sessions were revoked or forgotten at the user's wish.
    Revoked {
        /// The account's name.
        account: String,
        /// One sentence on what it did.
        message: Sentence,
    },
}
