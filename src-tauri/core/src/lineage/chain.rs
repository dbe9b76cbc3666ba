//! The refresh tokens of a lineage: each is derived from the one before it, and only hashes of them are kept.
//!
//! The secret of generation `n + 1` is an HMAC of that of `n` under a salt that is drawn when `n` comes into use. So
//! everyone who presents `n` is answered the same `n + 1`, although nobody has stored it; and who steals the store alone
//! has hashes and salts, which bring no token. Salts are forgotten two steps later: the store together with a token that
//! is older than that brings none either.
//!
//! A token also carries a tag under a key of its session, so that an old one, whose hash is long forgotten, is told from
//! one that somebody made up: a guess must not end a session. Who steals the store can make tags, and so end sessions.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{Lineage, Refusal, Renewal, Scopes, Step, Terms};
use crate::{Chance, Secret, Time};

/// What every refresh token of a lineage begins with.
pub const PREFIX: &str = "dprt_";

/// The bytes of a token: id, generation, secret, tag.
const LENGTH: usize = 16 + 4 + 32 + 16;

/// 32 secret bytes.
pub(super) type Bytes = Zeroizing<[u8; 32]>;

/// A refresh token that was read, and not yet believed.
#[derive(Clone)]
pub struct Token {
    id: [u8; 16],
    generation: u32,
    secret: Bytes,
    tag: [u8; 16],
}

/// One generation as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// The SHA-256 of its secret.
    pub digest: [u8; 32],
    /// What its successor's secret is derived with.
    pub salt: Bytes,
}

/// A session with its refresh tokens, as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Chain {
    /// The session's id, 16 bytes; not secret. One that was opened by itself begins with the millisecond, one of a device
    /// sign-in ([`super::seed`]) with chance.
    pub id: [u8; 16],
    /// Where the generations stand.
    pub lineage: Lineage,
    /// The key of the tags.
    pub key: Bytes,
    /// The generation before the one in use; none while the first is in use.
    pub previous: Option<Link>,
    /// The generation in use.
    pub current: Link,
    /// The SHA-256 of the successor's secret, once it was issued.
    pub successor: Option<[u8; 32]>,
}

impl Token {
    /// Reads a token: [`PREFIX`] and 91 characters of base64url. `None` for anything else.
    pub fn parse(text: &Secret) -> Option<Self> {
        let text = text.expose().strip_prefix(PREFIX)?;
        if BASE64URL_NOPAD.decode_len(text.len()).ok()? != LENGTH {
            return None;
        }
        let mut bytes = Zeroizing::new([0; LENGTH]);
        BASE64URL_NOPAD.decode_mut(text.as_bytes(), &mut *bytes).ok()?;
        let (id, rest) = bytes.split_first_chunk()?;
        let (generation, rest) = rest.split_first_chunk()?;
        let (secret, rest) = rest.split_first_chunk::<32>()?;
        let tag = rest.first_chunk()?;
        let generation = u32::from_be_bytes(*generation);
        Some(Self { id: *id, generation, secret: Zeroizing::new(*secret), tag: *tag })
    }

    /// The id of the session that it says it is of.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    pub(super) fn new(id: [u8; 16], generation: u32, secret: Bytes, key: &Bytes) -> Self {
        let tag = tag(key, id, generation, &secret);
        Self { id, generation, secret, tag }
    }

    pub(super) fn text(&self) -> Secret {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let parts: [&[u8]; 4] = [&self.id, &self.generation.to_be_bytes(), &*self.secret, &self.tag];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        // Room from the start: a string that grows leaves copies of itself behind.
        let mut text = String::with_capacity(PREFIX.len() + BASE64URL_NOPAD.encode_len(LENGTH));
        text.push_str(PREFIX);
        BASE64URL_NOPAD.encode_append(&*bytes, &mut text);
        Secret::new(text)
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::digest(*self.secret).into()
    }
}

impl Chain {
    /// Opens a session at `now`; answers it, and the refresh token of its generation 0.
    ///
    /// Its id is 48 bits of milliseconds since 1970 and 80 of chance, as of a UUID of version 7 (RFC 9562 section 5.7): ids
    /// that follow each other lie side by side in an index, so that those of one commit share its pages.
    pub fn open(terms: Terms, scopes: Scopes, chance: &dyn Chance, now: Time) -> (Self, Secret) {
        let mut id = [0; 16];
        id[..6].copy_from_slice(&now.timestamp_millis().to_be_bytes()[2..]);
        chance.fill(&mut id[6..]);
        Self::begin(id, |key| Token::new(id, 0, drawn(chance), key), terms, scopes, chance, now)
    }

    /// The session `id`, whose first token `first` makes under the key of the tags.
    pub(super) fn begin(
        id: [u8; 16],
        first: impl FnOnce(&Bytes) -> Token,
        terms: Terms,
        scopes: Scopes,
        chance: &dyn Chance,
        now: Time,
    ) -> (Self, Secret) {
        let key = drawn(chance);
        let first = first(&key);
        let current = Link { digest: first.digest(), salt: drawn(chance) };
        let lineage = Lineage::open(terms, scopes, now);
        (Self { id, lineage, key, previous: None, current, successor: None }, first.text())
    }

    /// Presents `token` at `now` and asks for `asked`, by the rules of [`Lineage::present`]; answers the successor.
    ///
    /// `salt` is fresh chance, 32 bytes, for the case that a generation comes into use.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] for a token that this chain never issued, with nothing changed; else as
    /// [`Lineage::present`].
    pub fn present(
        &mut self,
        token: &Token,
        asked: Option<&Scopes>,
        salt: Bytes,
        now: Time,
    ) -> Result<(Renewal, Secret), Refusal> {
        if !self.issued(token) {
            return Err(Refusal::Unknown);
        }
        let renewal = self.lineage.present(token.generation, asked, now)?;
        if renewal.step == Step::Forward {
            let current = Link { digest: token.digest(), salt };
            self.previous = Some(std::mem::replace(&mut self.current, current));
        }
        let link = match (renewal.step, &self.previous) {
            (Step::Behind, Some(previous)) => previous,
            _ => &self.current,
        };
        let next = Token::new(self.id, renewal.generation, derived(&link.salt, token), &self.key);
        if renewal.step != Step::Behind {
            self.successor = Some(next.digest());
        }
        Ok((renewal, next.text()))
    }

    /// Whether `token` would be accepted at `now`. Changes nothing.
    pub fn accepts(&self, token: &Token, now: Time) -> bool {
        self.issued(token) && self.lineage.clone().present(token.generation, None, now).is_ok()
    }

    /// Whether this chain issued `token`, now or long ago: whether its holder may end the session.
    ///
    /// A token whose hash is still kept must have that hash. Of an older one only the tag can be told.
    pub fn issued(&self, token: &Token) -> bool {
        let tagged = tag(&self.key, token.id, token.generation, &token.secret).ct_eq(&token.tag);
        let behind = i64::from(self.lineage.generation) - i64::from(token.generation);
        let kept = match behind {
            -1 => self.successor,
            0 => Some(self.current.digest),
            1 => self.previous.as_ref().map(|link| link.digest),
            older => return older > 1 && token.id == self.id && bool::from(tagged),
        };
        let known = kept.is_some_and(|digest| digest.ct_eq(&token.digest()).into());
        known && token.id == self.id && bool::from(tagged)
    }
}

/// The secret of the generation after `token`.
fn derived(salt: &Bytes, token: &Token) -> Bytes {
    code(salt, b"daypass refresh token: next", token.id, token.generation, &token.secret)
}

fn tag(key: &Bytes, id: [u8; 16], generation: u32, secret: &Bytes) -> [u8; 16] {
    let code = code(key, b"daypass refresh token: tag", id, generation, secret);
    // The first half: 128 bits are enough where every guess is a request (RFC 2104 section 5).
    let mut tag = [0; 16];
    tag.copy_from_slice(&code[..16]);
    tag
}

/// HMAC-SHA256 under `key`, of parts whose lengths are fixed for each `purpose`.
pub(super) fn code(key: &Bytes, purpose: &[u8], id: [u8; 16], generation: u32, secret: &Bytes) -> Bytes {
    // A key that is shorter than a block is filled up with zeros (RFC 2104 section 2); the library wants the block.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(&**key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in [purpose, &id, &generation.to_be_bytes(), &**secret] {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

fn drawn(chance: &dyn Chance) -> Bytes {
    let mut bytes = Bytes::default();
    chance.fill(&mut *bytes);
    bytes
}
