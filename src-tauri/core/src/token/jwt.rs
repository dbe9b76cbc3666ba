//! HS256 JSON Web Tokens (RFC 7519), through the `jsonwebtoken` library, with the checks that the house adds.

use std::sync::LazyLock;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::check_length;
use crate::expiry::MAX_LIFE;
use crate::{Secret, Time, TokenError, clock};

/// The shortest key that HS256 may be used with, in bytes (RFC 7518 section 3.2).
pub const MIN_KEY_BYTES: usize = 32;

/// What a session JWT says: the registered claims that the house reads, and the rest as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// `sub`: whom the token speaks for.
    pub subject: Option<String>,
    /// `exp`, whole seconds.
    pub expires_at: Option<Time>,
    /// `iat`, whole seconds; `None` also where it is not an instant.
    pub issued_at: Option<Time>,
    /// Every claim, the ones above included, as written in the token.
    pub all: Map<String, Value>,
}

/// What anyone can read in a JWT: its header and its claims, and not its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The JOSE header (RFC 7515 section 4), as written in the token.
    pub header: Map<String, Value>,
    /// Every claim, as written in the token. Nothing of it is verified.
    pub claims: Map<String, Value>,
}

/// Signs `claims` with HS256, with `exp = expires_at` (whole seconds) in place of any `exp` of their own.
///
/// # Errors
/// [`TokenError::WeakKey`] for a key under [`MIN_KEY_BYTES`]; [`TokenError::AbsurdExpiry`] for an instant before 1970;
/// [`TokenError::Malformed`] where the claims are not a JSON object; [`TokenError::TooLong`] where the token would be
/// refused for its length.
pub fn sign<T: Serialize>(key: &[u8], claims: &T, expires_at: Time) -> Result<Secret, TokenError> {
    if key.len() < MIN_KEY_BYTES {
        return Err(TokenError::WeakKey);
    }
    let exp = u64::try_from(expires_at.timestamp()).map_err(|_| TokenError::AbsurdExpiry)?;
    let Ok(Value::Object(mut all)) = serde_json::to_value(claims) else { return Err(TokenError::Malformed) };
    all.insert("exp".to_owned(), exp.into());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &all, &EncodingKey::from_secret(key))
        .map(Secret::new)
        .map_err(|_| TokenError::Malformed)?;
    check_length(&token)?;
    Ok(token)
}

/// What the library checks of a token of ours.
static HS256: LazyLock<Validation> = LazyLock::new(|| signature_alone(Algorithm::HS256));

/// The library's check of `algorithm` and the signature. It would read the clock for `exp`: the house checks that itself.
/// To be made once, and not for each token: it is made of sets and lists.
pub(super) fn signature_alone(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

/// Checks `token` against `key` at `now`, and answers its claims.
///
/// Only HS256 is accepted, whatever the header says (RFC 8725 section 3.1); the signature is compared in constant
/// time; `exp` must be there, in the future, and no further away than [`MAX_LIFE`]; `nbf`, where it is there, must have
/// come (RFC 7519 section 4.1.5). A header with `crit` is refused: we understand no extension (RFC 7515 section 4.1.11).
///
/// # Errors
/// Every variant of [`TokenError`].
pub fn verify(key: &[u8], token: &Secret, now: Time) -> Result<Claims, TokenError> {
    check_length(token)?;
    if key.len() < MIN_KEY_BYTES {
        return Err(TokenError::WeakKey);
    }
    let token_data = jsonwebtoken::decode::<Map<String, Value>>(token.expose(), &DecodingKey::from_secret(key), &HS256)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::WrongSignature,
            ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::WrongAlgorithm,
            _ if names_other_algorithm(token) => TokenError::WrongAlgorithm,
            _ => TokenError::Malformed,
        })?;
    if token_data.header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    alive(token_data.claims, now)
}

/// The claims `all` of a token whose signature is good, if its times are as [`verify`] demands.
pub(super) fn alive(all: Map<String, Value>, now: Time) -> Result<Claims, TokenError> {
    let claims = Claims::read(all)?;
    claims.hold(now)?;
    Ok(claims)
}

/// The claims of `token`, unverified: a client has no key. Only for display and for planning when to refresh.
///
/// # Errors
/// [`TokenError::TooLong`], [`TokenError::Malformed`], [`TokenError::AbsurdExpiry`] where `exp` is not an instant.
pub fn peek(token: &Secret) -> Result<Claims, TokenError> {
    let (_, payload) = signed_parts(token)?;
    Claims::read(part(payload).ok_or(TokenError::Malformed)?)
}

/// The header and the claims of `token`, unverified and for display only. An encrypted token (RFC 7516) has five parts and
/// is none of these: what it says cannot be read.
///
/// # Errors
/// [`TokenError::TooLong`]; [`TokenError::Malformed`] where it is not a signed JWT.
pub fn contents(token: &Secret) -> Result<Contents, TokenError> {
    let (header, payload) = signed_parts(token)?;
    let header = part(header).ok_or(TokenError::Malformed)?;
    Ok(Contents { header, claims: part(payload).ok_or(TokenError::Malformed)? })
}

/// The first two of the three parts of a signed JWT (RFC 7515 section 3.1).
fn signed_parts(token: &Secret) -> Result<(&str, &str), TokenError> {
    check_length(token)?;
    let mut parts = token.expose().split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(_), None) => Ok((header, payload)),
        _ => Err(TokenError::Malformed),
    }
}

impl Claims {
    /// Whether a token that says this is good at `now`, as far as its times go.
    ///
    /// # Errors
    /// [`TokenError::NoExpiry`], [`TokenError::Expired`], [`TokenError::AbsurdExpiry`], [`TokenError::NotYetValid`].
    pub fn hold(&self, now: Time) -> Result<(), TokenError> {
        let at = self.expires_at.ok_or(TokenError::NoExpiry)?;
        if now >= at {
            return Err(TokenError::Expired { at });
        }
        if at > clock::later(now, MAX_LIFE) {
            return Err(TokenError::AbsurdExpiry);
        }
        match instant(&self.all, "nbf")? {
            Some(from) if now < from => Err(TokenError::NotYetValid { from }),
            _ => Ok(()),
        }
    }

    fn read(all: Map<String, Value>) -> Result<Self, TokenError> {
        Ok(Self {
            subject: all.get("sub").and_then(Value::as_str).map(str::to_owned),
            expires_at: instant(&all, "exp")?,
            // Only shown: one that cannot be read must not cost the token.
            issued_at: instant(&all, "iat").ok().flatten(),
            all,
        })
    }
}

/// A NumericDate claim (RFC 7519 section 2): seconds, a fraction allowed and cut off.
fn instant(claims: &Map<String, Value>, name: &str) -> Result<Option<Time>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    // `as` cuts the fraction off; what does not fit into 64 bits is no instant either way.
    let seconds = value.as_i64().or_else(|| value.as_f64().filter(|s| (0.0..1e15).contains(s)).map(|s| s as i64));
    seconds
        .filter(|seconds| *seconds >= 0)
        .and_then(|seconds| Time::from_timestamp(seconds, 0))
        .map(Some)
        .ok_or(TokenError::AbsurdExpiry)
}

/// One base64url part read as JSON.
fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    let bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Whether the header can be read and names an algorithm other than HS256 (`none` has no variant in the library).
fn names_other_algorithm(token: &Secret) -> bool {
    let header = token.expose().split('.').next().and_then(part::<Map<String, Value>>);
    header.is_some_and(|header| header.get("alg").is_some_and(|alg| alg != "HS256"))
}
