//! What a user may want to be told of when no window is open.

use daypass_core::Time;

/// Something that happened to an account. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Only the user can help now: the credential was refused. Told once until it is mended.
    NeedsYou {
        /// The account's name.
        account: String,
        /// One sentence on why.
        message: String,
    },
    /// A refresh succeeded after attempts that had failed for long enough to matter.
    Recovered {
        /// The account's name.
        account: String,
        /// When the new token dies.
        expires_at: Option<Time>,
    },
    /// Sessions were revoked or forgotten at the user's wish.
    Revoked {
        /// The account's name.
        account: String,
        /// One sentence on what it did.
        message: String,
    },
}
