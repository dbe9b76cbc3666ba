//! What the store holds and what the service is asked: plain values, the same for every dialect and every store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::SubsecRound as _;
use daypass_core::lineage::chain::Chain;
use daypass_core::token::access::Signer;
use daypass_core::token::ring::{Plan, Ring};
use daypass_core::{Secret, Time, clock, lineage};

use crate::admin::Grants;

/// How far a use of a native session must be from the last one that is stored to be stored too: so, whoever serves it and how
/// many they are, a session costs one such write a minute at most.
pub(crate) const USES_APART: Duration = Duration::from_secs(60);

/// The SHA-256 of a secret: all that is ever stored of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest(pub(crate) [u8; 32]);

impl Digest {
    /// The digest of `secret`, the one that [`Secret::digest`] writes in hex.
    pub(crate) fn of(secret: &Secret) -> Self {
        Self(secret.sha256())
    }
}

/// A key that signs tokens.
pub(crate) type SigningKey = zeroize::Zeroizing<[u8; 32]>;

/// Fresh chance for a generation of refresh tokens.
pub(crate) type Salt = zeroize::Zeroizing<[u8; 32]>;

/// The keys of an authority that stay the same for its life; those of access tokens follow each other ([`KeyChange`]).
#[derive(Clone)]
pub(crate) struct Keys {
    /// Signs Discovr's JWTs (HS256). Only the authority verifies them, and believes none that it has not stored the hash of:
    /// who has this key alone can forge nothing.
    pub(crate) jwt: SigningKey,
}

/// What is to be done to the keys that sign access tokens (seeds of Ed25519), in one step.
pub(crate) struct KeyChange {
    pub(crate) deed: KeyDeed,
    /// The next key, where one is needed.
    pub(crate) fresh: SigningKey,
    pub(crate) plan: Plan,
}

/// What is done to the keys.
pub(crate) enum KeyDeed {
    /// What is due by the plan.
    Tend,
    /// The next key is published, or signs.
    Rotate { at_once: bool },
    /// The key with this id is withdrawn.
    Withdraw(String),
}

impl KeyDeed {
    /// The word for it, for a log.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Tend => "tend",
            Self::Rotate { .. } => "rotate",
            Self::Withdraw(_) => "withdraw",
        }
    }
}

impl KeyChange {
    /// Does it to `ring`; answers whether there was something to do it to.
    pub(crate) fn apply(self, ring: &mut Ring<SigningKey>, now: Time) -> bool {
        let Self { deed, fresh, plan } = self;
        match deed {
            KeyDeed::Tend => ring.tend(fresh, &plan, now),
            KeyDeed::Rotate { at_once } => ring.rotate(fresh, &plan, at_once, now),
            KeyDeed::Withdraw(id) => {
                let is = |seed: &SigningKey| Signer::from_seed(seed).is_ok_and(|signer| signer.id() == id);
                return ring.withdraw(is, fresh, &plan, now);
            }
        }
        true
    }
}

/// An instant as the store keeps it: cut to the microsecond.
///
/// 64 bits of microseconds hold the whole calendar of [`Time`], where nanoseconds would end in the year 2262.
pub(crate) fn storable(at: Time) -> Time {
    at.trunc_subsecs(6)
}

/// Makes an enum whose variants are stored as the given words.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$note])* $variant),+ }

        impl $name {
            /// The word for it, in the store and on the wire.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What the word stands for.
            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// What a long-lived credential is good for.
    CredentialKind {
        /// Discovr's refresh token.
        DiscovrRefresh = "discovr_refresh",
        /// PocketPaw's master token.
        PocketPawMaster = "pocketpaw_master",
        /// Sitecore Discover's API key.
        DiscoverKey = "discover_key",
        /// Sitecore Discover's refresh token.
        DiscoverRefresh = "discover_refresh",
    }
}

words! {
    /// Whose dialect a session speaks, and of which type it is there.
    SessionKind {
        /// A Discovr session JWT.
        Discovr = "discovr",
        /// A PocketPaw session token.
        PocketPaw = "pocketpaw",
        /// AntiRaid's web login.
        Login = "login",
        /// AntiRaid's application login.
        AppLogin = "app_login",
        /// An AntiRaid API token.
        Api = "api",
        /// A Sitecore Discover access token.
        Discover = "discover",
    }
}

words! {
    /// A permission of a Sitecore Discover key or access token.
    Scope {
        /// Search and recommendation.
        SearchRec = "search-rec",
        /// Sending events.
        Event = "event",
        /// Feeding products.
        Feed = "feed",
        /// Other services.
        Services = "services",
    }
}

impl SessionKind {
    /// Whether the session is one of AntiRaid's, whose tokens open, list and end sessions themselves.
    pub(crate) fn is_antiraid(self) -> bool {
        matches!(self, Self::Login | Self::AppLogin | Self::Api)
    }
}

/// A set of scopes, stored as their words with a space between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Scopes(Vec<Scope>);

impl Scopes {
    /// Every scope there is.
    pub(crate) fn all() -> Self {
        Self(vec![Scope::SearchRec, Scope::Event, Scope::Feed, Scope::Services])
    }

    /// The scopes that `words` name; `None` if one is unknown or there is none at all.
    pub(crate) fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let scopes: Vec<Scope> = words.into_iter().map(Scope::from_word).collect::<Option<_>>()?;
        (!scopes.is_empty()).then_some(Self(scopes))
    }

    /// Whether every one of `asked` is in here.
    pub(crate) fn include(&self, asked: &Self) -> bool {
        asked.0.iter().all(|scope| self.0.contains(scope))
    }

    /// Whether `scope` is in here.
    pub(crate) fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|scope| scope.word()).collect();
        f.write_str(&words.join(" "))
    }
}

/// What a session is limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// All that its user may do.
    Everything,
    /// One profile, which must be its user's.
    Profile(String),
    /// Some scopes, which must be among its credential's.
    Scopes(Scopes),
}

/// A session to be opened.
#[derive(Debug, Clone)]
pub(crate) struct NewSession {
    pub(crate) id: String,
    pub(crate) digest: Digest,
    pub(crate) kind: SessionKind,
    pub(crate) name: Option<String>,
    pub(crate) subject: Subject,
    pub(crate) created_at: Time,
    pub(crate) expires_at: Time,
}

/// A session as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) kind: SessionKind,
    pub(crate) name: Option<String>,
    pub(crate) subject: Subject,
    pub(crate) created_at: Time,
    pub(crate) expires_at: Time,
    /// The row id of the credential whose end ends this session, where there is one.
    pub(crate) root: Option<i64>,
    /// Whether that credential is still there; true where there is none.
    pub(crate) rooted: bool,
}

/// A credential to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewCredential {
    pub(crate) digest: Digest,
    pub(crate) kind: CredentialKind,
    /// What sessions of it may be limited to, where the dialect has scopes.
    pub(crate) scopes: Option<Scopes>,
    /// The life of the sessions that are opened with it, where that was agreed when it was issued.
    pub(crate) life: Option<Duration>,
    pub(crate) created_at: Time,
    pub(crate) expires_at: Option<Time>,
}

/// A credential as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) id: i64,
    pub(crate) user_id: String,
    pub(crate) kind: CredentialKind,
    pub(crate) scopes: Option<Scopes>,
    pub(crate) life: Option<Duration>,
    pub(crate) expires_at: Option<Time>,
}

/// A profile of a Discovr user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) avatar_url: Option<String>,
    pub(crate) created_at: Time,
}

/// A user to be stored with all that it starts with.
#[derive(Debug, Clone)]
pub(crate) struct NewUser {
    pub(crate) id: String,
    pub(crate) created_at: Time,
    pub(crate) profile: Profile,
    pub(crate) credentials: Vec<NewCredential>,
    pub(crate) sessions: Vec<NewSession>,
}

/// What a session is opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// A credential of this kind.
    Credential(CredentialKind),
    /// A living AntiRaid session.
    AntiRaidSession,
}

/// The request to open a session.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// The digest of what was presented.
    pub(crate) by: Digest,
    pub(crate) door: Door,
    pub(crate) session: NewSession,
    /// A credential that is issued together with the session.
    pub(crate) refresh: Option<NewCredential>,
}

/// Why a session is not opened, or a token not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// What was presented is not known, or has been revoked.
    Unknown,
    /// What was presented has expired.
    Expired,
    /// The profile is not one of the user's.
    Profile,
    /// A scope is not among the credential's.
    Scope,
}

/// A device sign-in to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewDeviceCode {
    pub(crate) digest: Digest,
    pub(crate) user_code: Digest,
    pub(crate) client_id: String,
    /// What the native dialect's session will be allowed; none for a sign-in of Discovr's.
    pub(crate) scopes: Option<lineage::Scopes>,
    pub(crate) created_at: Time,
    pub(crate) expires_at: Time,
}

/// What is decided about a device sign-in.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is denied.
    Deny,
    /// It is approved, for a user that is added by it.
    Add(NewUser),
    /// It is approved, for the user with this id.
    For(String),
}

/// A session of the native dialect that a device was signed in to.
pub(crate) struct SignedIn {
    pub(crate) session: NativeSession,
    /// The sessions of its user that ended by it, as there were as many as may be.
    pub(crate) ended: Vec<[u8; 16]>,
}

/// Where a device sign-in stands, when its device asks.
pub(crate) enum Redeemed<T> {
    /// Nobody has approved it yet.
    Pending,
    /// It is approved, and what came with the question is now stored, as this.
    Approved(T),
    /// The person said no.
    Denied,
    /// It is unknown, or has been used.
    Unknown,
    /// It was not approved in time.
    Expired,
}

impl<T> Redeemed<T> {
    /// The same, with `change` made to what was stored.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Redeemed<U> {
        match self {
            Self::Pending => Redeemed::Pending,
            Self::Approved(stored) => Redeemed::Approved(change(stored)),
            Self::Denied => Redeemed::Denied,
            Self::Unknown => Redeemed::Unknown,
            Self::Expired => Redeemed::Expired,
        }
    }
}

/// A registered client of the native dialect.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// The digest of its secret; none for a public client, which cannot keep one (RFC 6749 section 2.1).
    pub(crate) digest: Option<Digest>,
    /// What it may ask for.
    pub(crate) scopes: lineage::Scopes,
    /// How it may come to a token.
    pub(crate) grants: Grants,
    pub(crate) created_at: Time,
}

/// A session of the native dialect, with its refresh tokens.
#[derive(Clone)]
pub(crate) struct NativeSession {
    pub(crate) client_id: String,
    /// The user that the client acts for; none where it acts for itself.
    pub(crate) user_id: Option<String>,
    /// What its user calls it.
    pub(crate) name: Option<String>,
    pub(crate) created_at: Time,
    /// When one of its access tokens was accepted last, as far as that is stored; the idle life does not depend on it.
    pub(crate) seen_at: Option<Time>,
    pub(crate) chain: Chain,
}

impl NativeSession {
    /// When it was used last: opened, refreshed, or an access token of it accepted.
    pub(crate) fn last_used_at(&self) -> Time {
        last_used_at(self.chain.lineage.used_at, self.seen_at)
    }
}

/// The last use of a session that was opened or last refreshed at `used_at`, with an access token accepted last at `seen_at`.
pub(crate) fn last_used_at(used_at: Time, seen_at: Option<Time>) -> Time {
    seen_at.map_or(used_at, |seen_at| used_at.max(seen_at))
}

/// A session of the native dialect in a list: nothing of its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) id: [u8; 16],
    /// Shared with the one before it where both have the same, as most have; so are the scopes.
    pub(crate) client_id: Arc<str>,
    pub(crate) name: Option<String>,
    /// Its scopes, as they are written.
    pub(crate) scope: Arc<str>,
    pub(crate) created_at: Time,
    pub(crate) last_used_at: Time,
    /// When it is over at the latest, if it is not refreshed any more.
    pub(crate) over_at: Time,
}

impl From<NativeSession> for Listed {
    fn from(session: NativeSession) -> Self {
        Self {
            id: session.chain.id,
            scope: session.chain.lineage.scopes.to_string().into(),
            created_at: session.created_at,
            last_used_at: session.last_used_at(),
            over_at: session.chain.lineage.over_at(),
            client_id: session.client_id.into(),
            name: session.name,
        }
    }
}

/// `text`, shared with `last` where that is the same; it is the last one then.
pub(crate) fn shared(last: &mut Arc<str>, text: &str) -> Arc<str> {
    if **last != *text {
        *last = text.into();
    }
    Arc::clone(last)
}

/// That an access token of a native session was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Use {
    /// The session.
    pub(crate) session: [u8; 16],
    /// When.
    pub(crate) at: Time,
}

impl Use {
    /// The latest last use beside which this one is worth a write: [`USES_APART`] before it.
    pub(crate) fn after(&self) -> Time {
        clock::earlier(self.at, USES_APART)
    }
}

/// Who looks at the sessions of a user, or changes them: the holder of an access token of that user.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The session of the token.
    pub(crate) session: [u8; 16],
    /// What the token may do: all that its session may, or less.
    pub(crate) scopes: lineage::Scopes,
}

/// Which sessions of a user are to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one with this id.
    One([u8; 16]),
    /// All but the caller's own.
    Others,
    /// All.
    All,
}

/// Why a caller is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Its session has ended.
    Gone,
    /// Its session has no user: a client acts for itself.
    NoUser,
    /// Its token lacks some of these scopes, which this takes.
    Scope(lineage::Scopes),
    /// There is no such session of its user's, or it has ended.
    Unknown,
    /// The user has as many sessions as may be.
    Full,
}

/// A refresh of a session of the native dialect.
pub(crate) struct Refreshed {
    /// The session as it is now.
    pub(crate) session: NativeSession,
    /// The refresh token to answer.
    pub(crate) refresh_token: Secret,
    /// What the access token may do.
    pub(crate) scopes: lineage::Scopes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_the_one_of_the_secret() {
        let secret = Secret::new("abc");
        assert_eq!(data_encoding::HEXLOWER.encode(&Digest::of(&secret).0), secret.digest());
    }

    #[test]
    fn scopes_are_read_and_written_as_words() {
        let all = Scopes::all();
        assert_eq!(Scopes::from_words(all.to_string().split(' ')), Some(all.clone()));
        let one = Scopes::from_words(["event"]).unwrap();
        assert!(all.include(&one) && !one.include(&all));
        assert_eq!(Scopes::from_words(["event", "root"]), None);
        assert_eq!(Scopes::from_words([]), None);
    }
}
