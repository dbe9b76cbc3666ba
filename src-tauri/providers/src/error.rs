//! Why a provider did not do what was asked, as far as the caller must know to act.

use std::time::Duration;

use daypass_core::Phrase;

/// A failed call. The messages are for people and never hold a secret, nor text of the answer beyond its error code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The credential (or grant) was refused: asking again with it will not help. Caused by the statuses and codes
    /// that the definition names, 401 among them.
    #[error("{message}")]
    Refused {
        /// One sentence.
        message: Phrase,
    },
    /// What was to be revoked does not exist any more.
    #[error("it is already gone")]
    AlreadyGone,
    /// 429: the whole provider is to be left alone.
    #[error("the provider asks for a pause")]
    RateLimited {
        /// How long, where it says so.
        retry_after: Option<Duration>,
    },
    /// The provider is there, and cannot answer now (408, 5xx).
    #[error("{message}")]
    TryLater {
        /// One sentence.
        message: Phrase,
        /// How long to wait, where it says so.
        retry_after: Option<Duration>,
    },
    /// No answer: not reachable, a time-out, TLS to a wrong name, a cut connection.
    #[error("{message}")]
    Offline {
        /// One sentence.
        message: Phrase,
        /// Whether the request may have been acted on although no answer came.
        maybe_done: bool,
    },
    /// The provider understood, and says no for a reason that is not the credential (400, 403, 422).
    #[error("{message}")]
    Rejected {
        /// One sentence.
        message: Phrase,
    },
    /// The answer cannot be used: not JSON, over 8 MiB, no token, an expiry in the past, a redirect elsewhere.
    #[error("{message}")]
    BadAnswer {
        /// One sentence.
        message: Phrase,
    },
    /// The definition has no such operation, or the provider takes no such wish.
    #[error("{message}")]
    NotSupported {
        /// One sentence.
        message: Phrase,
    },
    /// A parameter is missing or wrong, or the base URL is not allowed.
    #[error("{message}")]
    BadRequest {
        /// One sentence.
        message: Phrase,
    },
}
