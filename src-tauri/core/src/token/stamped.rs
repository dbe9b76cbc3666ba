//! PocketPaw's stamped token: an expiry in decimal Unix seconds and its HMAC-SHA256 under the master token.
//!
//! Documented as `session:<exp>:<hmac>`, observed as `<exp>:<hmac>`; both are read, either can be written. The master
//! token is the key and the decimal expiry the message, so the session token is worth as much as the master's secrecy.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::check_length;
use crate::expiry::MAX_LIFE;
use crate::{Secret, Time, TokenError, clock};

/// Which of the two forms to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `session:<exp>:<hmac>`, as PocketPaw documents it.
    Documented,
    /// `<exp>:<hmac>`, as its servers 0.3.0 to 0.4.18 write it.
    Bare,
}

const PREFIX: &str = "session:";

/// Signs `expires_at` (whole seconds) under `master`.
///
/// # Errors
/// [`TokenError::AbsurdExpiry`] for an instant before 1970, [`TokenError::WeakKey`] for an empty master.
pub fn sign(master: &Secret, expires_at: Time, form: Form) -> Result<Secret, TokenError> {
    let exp = u64::try_from(expires_at.timestamp()).map_err(|_| TokenError::AbsurdExpiry)?;
    let message = exp.to_string();
    let code = HEXLOWER.encode(&authenticate(master, &message)?.finalize().into_bytes());
    Ok(Secret::new(match form {
        Form::Documented => format!("{PREFIX}{message}:{code}"),
        Form::Bare => format!("{message}:{code}"),
    }))
}

/// Checks `token` against `master` at `now`, and answers its expiry.
///
/// Accepts both forms. The code is compared in constant time, before the expiry is looked at. Valid while
/// `now <= exp`, as observed on the real server (unlike a JWT), and while that is no further away than [`MAX_LIFE`].
///
/// # Errors
/// [`TokenError::TooLong`], [`TokenError::Malformed`], [`TokenError::AbsurdExpiry`], [`TokenError::WrongSignature`],
/// [`TokenError::Expired`], [`TokenError::WeakKey`].
pub fn verify(master: &Secret, token: &Secret, now: Time) -> Result<Time, TokenError> {
    let (message, code) = split(token)?;
    let code = HEXLOWER.decode(code.as_bytes()).map_err(|_| TokenError::Malformed)?;
    authenticate(master, message)?.verify_slice(&code).map_err(|_| TokenError::WrongSignature)?;
    let at = instant(message)?;
    if now > at {
        return Err(TokenError::Expired { at });
    }
    if at > clock::later(now, MAX_LIFE) {
        return Err(TokenError::AbsurdExpiry);
    }
    Ok(at)
}

/// The expiry written in `token`, unverified.
///
/// # Errors
/// [`TokenError::TooLong`], [`TokenError::Malformed`], [`TokenError::AbsurdExpiry`].
pub fn peek(token: &Secret) -> Result<Time, TokenError> {
    let (message, _) = split(token)?;
    instant(message)
}

/// The decimal expiry and the hex code of a token of either form.
fn split(token: &Secret) -> Result<(&str, &str), TokenError> {
    check_length(token)?;
    let text = token.expose();
    let (exp, code) = text.strip_prefix(PREFIX).unwrap_or(text).split_once(':').ok_or(TokenError::Malformed)?;
    let digits = !exp.is_empty() && exp.bytes().all(|b| b.is_ascii_digit());
    let hex = code.len() == 64 && code.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if digits && hex { Ok((exp, code)) } else { Err(TokenError::Malformed) }
}

fn instant(exp: &str) -> Result<Time, TokenError> {
    let seconds: i64 = exp.parse().map_err(|_| TokenError::AbsurdExpiry)?;
    Time::from_timestamp(seconds, 0).ok_or(TokenError::AbsurdExpiry)
}

fn authenticate(master: &Secret, message: &str) -> Result<Hmac<Sha256>, TokenError> {
    if master.is_empty() {
        return Err(TokenError::WeakKey);
    }
    let mac = Hmac::<Sha256>::new_from_slice(master.expose().as_bytes()).map_err(|_| TokenError::WeakKey)?;
    Ok(mac.chain_update(message))
}
