//! What can be wrong with a token or an expiry. Every variant says what causes it, and can be compared.

use crate::Time;

/// Why a token is not accepted, or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The token is longer than [`crate::token::MAX_TOKEN_BYTES`].
    #[error("the token is longer than 8 KiB")]
    TooLong,
    /// The token does not have the form that was asked for: wrong number of parts, bad base64, bad JSON, bad digits, a
    /// header that demands an extension.
    #[error("the token is malformed")]
    Malformed,
    /// The JWT names another algorithm than HS256, `none` included (RFC 8725 section 3.1).
    #[error("the token names an algorithm that is not accepted")]
    WrongAlgorithm,
    /// The signature or message authentication code does not belong to this content and key.
    #[error("the token's signature is wrong")]
    WrongSignature,
    /// There is no `exp`, although every session token must have one.
    #[error("the token has no expiry")]
    NoExpiry,
    /// The expiry is negative, not a number, or further away than [`crate::expiry::MAX_LIFE`].
    #[error("the token's expiry is absurd")]
    AbsurdExpiry,
    /// The token was good until `at`; a token is expired when `now >= exp` (RFC 7519 section 4.1.4).
    #[error("the token expired at {at}")]
    Expired {
        /// When it expired.
        at: Time,
    },
    /// The token becomes good at `from` only: its `nbf` has not come (RFC 7519 section 4.1.5).
    #[error("the token is not valid before {from}")]
    NotYetValid {
        /// When it becomes valid.
        from: Time,
    },
    /// The key is too short to sign or verify with (RFC 7518 section 3.2: at least 32 bytes for HS256).
    #[error("the key is too short")]
    WeakKey,
}

/// Why an expiry cannot be read from an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    /// The answer has no expiry where its definition says that one stands.
    #[error("the answer has no expiry")]
    Missing,
    /// The value is of the wrong kind or not readable in its notation.
    #[error("the expiry is not readable")]
    Unreadable,
    /// The expiry is not after the moment at which the request was sent.
    #[error("the expiry is in the past")]
    Past,
}
