//! Access tokens whose signature was found good lately, by their SHA-256: checking it is most of what a verification costs.
//!
//! A signature stays good for ever, so nothing else is remembered: whether its key is still believed, whether the token's
//! time has come or is over, and whether its session lives is looked at every time. Who has no good token puts nothing in.

use std::sync::{Arc, OnceLock};

use daypass_core::token::access;
use daypass_core::token::jwt::Claims;
use daypass_core::{Secret, Time};
use hyper::body::Bytes;
use serde_json::Value;

use super::keys::Keys;
use crate::shelf::Shelf;

/// How many are remembered, some 2 KiB each.
const MOST: usize = 8192;

/// An access token that was signed with a key of ours.
pub(super) struct Verified {
    key_id: String,
    /// The session that it is of.
    pub(super) session: [u8; 16],
    /// What it says.
    pub(super) claims: Claims,
    /// What an introspection answers while it is good, once that was asked: nothing in it ever changes.
    pub(super) facts: OnceLock<Bytes>,
}

/// The tokens that are remembered.
pub(super) struct Tokens(Shelf<[u8; 32], Arc<Verified>>);

impl Tokens {
    pub(super) fn new() -> Self {
        Self(Shelf::new(16, MOST))
    }

    /// What `token` says, if it is an access token of one of `keys` and its time is good at `now`.
    pub(super) fn verify(&self, token: &Secret, keys: &Keys, now: Time) -> Option<Arc<Verified>> {
        let digest = token.sha256();
        if let Some(known) = self.0.find(&digest) {
            let good = keys.verifier(&known.key_id, now).is_some() && known.claims.hold(now).is_ok();
            return good.then_some(known);
        }
        let key_id = access::key_id(token).ok()?;
        let claims = keys.verifier(&key_id, now)?.verify(token, now).ok()?;
        let session = session(&claims)?;
        let verified = Arc::new(Verified { key_id, session, claims, facts: OnceLock::new() });
        self.0.keep(self.0.ticket(&digest), digest, Arc::clone(&verified));
        Some(verified)
    }
}

/// The session that a token names.
fn session(claims: &Claims) -> Option<[u8; 16]> {
    let sid = claims.all.get("sid").and_then(Value::as_str)?;
    let mut id = [0; 16];
    let fits = data_encoding::HEXLOWER.decode_len(sid.len()) == Ok(id.len());
    (fits && data_encoding::HEXLOWER.decode_mut(sid.as_bytes(), &mut id).is_ok()).then_some(id)
}
