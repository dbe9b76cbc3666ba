//! JWT access tokens (RFC 9068), signed with Ed25519 (RFC 8037): whoever has the public key verifies them without asking.

use std::sync::LazyLock;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, errors::ErrorKind};
use serde::Serialize;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::check_length;
use super::jwt::{Claims, alive, signature_alone};
use crate::{Secret, Time, TokenError};

/// The `typ` of an access token (RFC 9068 section 2.1): no other JWT of the same issuer is taken for one.
const TYPE: &str = "at+jwt";

/// The length of a signature in base64url.
const SIGNATURE: usize = 86;

/// What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 section 7).
const PKCS8: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// What the library checks of an access token.
static EDDSA: LazyLock<Validation> = LazyLock::new(|| signature_alone(Algorithm::EdDSA));

/// The id of the key that `token` says it is signed with (RFC 7515 section 4.1.4): only for finding the one to verify it with.
///
/// # Errors
/// [`TokenError::TooLong`]; [`TokenError::Malformed`] where there is no header, or no `kid` in it.
pub fn key_id(token: &Secret) -> Result<String, TokenError> {
    check_length(token)?;
    let header = jsonwebtoken::decode_header(token.expose()).map_err(|_| TokenError::Malformed)?;
    header.kid.ok_or(TokenError::Malformed)
}

/// A key that signs access tokens, and its public half.
pub struct Signer {
    /// Not the library's key of JWTs, which is made anew for every signature: that takes as long as the signature.
    private: SigningKey,
    public: DecodingKey,
    jwk: Jwk,
    /// The header of every token, encoded, with the dot after it.
    header: String,
}

impl Signer {
    /// The key made of `seed`, 32 secret bytes (RFC 8032 section 5.1.5). Its id is its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// [`TokenError::WeakKey`] where the library makes no key of it.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, TokenError> {
        let mut der = Zeroizing::new([0; 48]);
        der[..16].copy_from_slice(&PKCS8);
        der[16..].copy_from_slice(seed);
        let weak = |_| TokenError::WeakKey;
        let mut jwk = Jwk::from_encoding_key(&EncodingKey::from_ed_der(&*der), Algorithm::EdDSA).map_err(weak)?;
        jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).map_err(weak)?);
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        let public = DecodingKey::from_jwk(&jwk).map_err(weak)?;
        let header = json!({ "typ": TYPE, "alg": "EdDSA", "kid": jwk.common.key_id });
        let header = BASE64URL_NOPAD.encode(header.to_string().as_bytes()) + ".";
        Ok(Self { private: SigningKey::from_bytes(seed), public, jwk, header })
    }

    /// The key's id: its thumbprint (RFC 7638), 43 characters of base64url.
    pub fn id(&self) -> &str {
        self.jwk.common.key_id.as_deref().unwrap_or_default()
    }

    /// The public key as a JWK (RFC 7517), with `kid`, `alg` and `use`.
    pub fn jwk(&self) -> Value {
        // A struct of plain texts is always written.
        serde_json::to_value(&self.jwk).unwrap_or_default()
    }

    /// Signs `claims`, with `exp = expires_at` (whole seconds) in place of any `exp` of their own: the compact form of
    /// RFC 7515 section 7.1.
    ///
    /// # Errors
    /// [`TokenError::AbsurdExpiry`] for an instant before 1970; [`TokenError::Malformed`] where the claims are not a
    /// JSON object; [`TokenError::TooLong`] where the token would be refused for its length.
    pub fn sign<T: Serialize>(&self, claims: &T, expires_at: Time) -> Result<Secret, TokenError> {
        let exp = u64::try_from(expires_at.timestamp()).map_err(|_| TokenError::AbsurdExpiry)?;
        let Ok(Value::Object(mut all)) = serde_json::to_value(claims) else { return Err(TokenError::Malformed) };
        all.insert("exp".to_owned(), exp.into());
        let claims = serde_json::to_vec(&all).map_err(|_| TokenError::Malformed)?;
        // Room from the start: a string that grows leaves copies of itself behind.
        let length = self.header.len() + BASE64URL_NOPAD.encode_len(claims.len()) + 1 + SIGNATURE;
        let mut token = String::with_capacity(length);
        token.push_str(&self.header);
        BASE64URL_NOPAD.encode_append(&claims, &mut token);
        let signature = self.private.sign(token.as_bytes());
        token.push('.');
        BASE64URL_NOPAD.encode_append(&signature.to_bytes(), &mut token);
        let token = Secret::new(token);
        check_length(&token)?;
        Ok(token)
    }

    /// Checks `token` at `now`, and answers its claims.
    ///
    /// Only EdDSA under this key is accepted, whatever the header says: a `kid` only ever names this key, and keys in the
    /// header are not looked at (RFC 8725 section 3.1). Times are judged as by [`super::jwt::verify`].
    ///
    /// # Errors
    /// [`TokenError::TooLong`], [`TokenError::WrongAlgorithm`], [`TokenError::WrongSignature`],
    /// [`TokenError::Malformed`] (a `typ` or `kid` that is not ours and a `crit` included), and what the times say.
    pub fn verify(&self, token: &Secret, now: Time) -> Result<Claims, TokenError> {
        check_length(token)?;
        let read = jsonwebtoken::decode::<Map<String, Value>>(token.expose(), &self.public, &EDDSA);
        let read = read.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::WrongSignature,
            ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::WrongAlgorithm,
            _ => TokenError::Malformed,
        })?;
        let header = read.header;
        if header.typ.as_deref() != Some(TYPE) || header.kid != self.jwk.common.key_id || header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        alive(read.claims, now)
    }
}
