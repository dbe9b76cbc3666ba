//! The token formats: HS256 JWT ([`jwt`]), access tokens with a public key ([`access`]), PocketPaw's stamped HMAC token
//! ([`stamped`]), opaque random tokens ([`opaque`]); and how the keys of access tokens follow each other ([`ring`]).

pub mod access;
pub mod jwt;
pub mod opaque;
pub mod ring;
pub mod stamped;

use crate::{Secret, Time, TokenError};

/// The longest token that is read or verified: 8 KiB. Longer ones are refused before any work is done on them.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The expiry that a token carries in itself, whatever its form; `None` for an opaque token or one that cannot be read.
///
/// Nothing is verified: a client has no key. It is only for planning when to refresh.
pub fn expiry_inside(token: &Secret) -> Option<Time> {
    jwt::peek(token).ok().and_then(|claims| claims.expires_at).or_else(|| stamped::peek(token).ok())
}

/// Refuses a token over [`MAX_TOKEN_BYTES`].
fn check_length(token: &Secret) -> Result<(), TokenError> {
    if token.expose().len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLong);
    }
    Ok(())
}
