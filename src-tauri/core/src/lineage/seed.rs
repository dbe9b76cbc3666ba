//! The beginning of a session that can be answered again: its id and its first refresh token follow from what opened it.
//!
//! Whoever opens a session with a code that is good once, and loses the answer, would have to sign in again. So the session
//! is derived from the code: for who asks once more with it, the first token can be derived once more, although it is
//! nowhere stored. By the rules of [`super`] that is as if nothing had happened, as long as no token was used; afterwards the code
//! brings nothing.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::chain::{Bytes, Chain, Token, code};
use super::{Scopes, Terms};
use crate::{Chance, Secret, Time};

/// What a session's id and first secret are derived from.
pub struct Seed(Bytes);

impl Seed {
    /// The seed of what `used` opens, under a key of the store: `used` alone leads to nothing, nor does the store alone.
    pub fn of(key: &[u8; 32], used: &Secret) -> Self {
        let used = Zeroizing::new(Sha256::digest(used.expose()).into());
        Self(code(&Zeroizing::new(*key), b"daypass session: seed", [0; 16], 0, &used))
    }

    /// The id of the session.
    pub fn id(&self) -> [u8; 16] {
        let code = code(&self.0, b"daypass session: id", [0; 16], 0, &Bytes::default());
        let mut id = [0; 16];
        id.copy_from_slice(&code[..16]);
        id
    }

    /// The token of generation 0.
    fn first(&self, key: &Bytes) -> Token {
        let id = self.id();
        Token::new(id, 0, code(&self.0, b"daypass session: first", id, 0, &Bytes::default()), key)
    }
}

impl Chain {
    /// Opens the session of `seed` at `now`; answers it, and the refresh token of its generation 0.
    pub fn open_from(seed: &Seed, terms: Terms, scopes: Scopes, chance: &dyn Chance, now: Time) -> (Self, Secret) {
        Self::begin(seed.id(), |key| seed.first(key), terms, scopes, chance, now)
    }

    /// The refresh token of generation 0 once more, if this is the session of `seed`, no token of it was used, and it lives at
    /// `now`. Changes nothing.
    pub fn first_again(&self, seed: &Seed, now: Time) -> Option<Secret> {
        let first = seed.first(&self.key);
        (self.lineage.is_untouched(now) && self.issued(&first)).then(|| first.text())
    }
}
