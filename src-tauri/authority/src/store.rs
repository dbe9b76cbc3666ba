//! Where the authority keeps what is true: users, clients, credentials, sessions, device sign-ins and the signing keys.
//!
//! [`Backend`] is the seam: the service knows nothing else of a store, so that another database can stand beside SQLite.

mod admin;
mod copy;
mod device;
mod ears;
mod keys;
mod known;
mod native;
mod owned;
mod postgres;
mod queue;
mod rows;
mod sqlite;
mod walk;
mod watched;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use daypass_core::lineage::chain::Token;
use daypass_core::lineage::{Refusal, Scopes};
use daypass_core::token::ring::Ring;
use daypass_core::{Secret, Time};

pub(crate) use known::{Known, Memory};
pub use postgres::PasswordFile;
use prometheus_client::registry::Registry;
pub(crate) use walk::{Removed, Walk};
pub(crate) use watched::Watched;

use crate::Error;
use crate::admin::{ClientFacts, CredentialFacts, SessionFacts, SessionFilter, Settled, SignInFacts, UserFacts};
use crate::model::{
    Caller, Client, Credential, CredentialKind, Denied, Digest, KeyChange, Keys, Listed, NativeSession, NewCredential,
    NewDeviceCode, NewUser, Opening, Profile, Redeemed, Refreshed, Refused, Salt, Session, SignedIn, SigningKey, Use,
    Verdict, Which,
};

/// A store that is open and has the schema of this program, ready for [`crate::Service::open`].
pub struct Store(Kind);

enum Kind {
    Sqlite(sqlite::Sqlite),
    Postgres(Box<postgres::Postgres>),
}

impl Store {
    /// Opens the SQLite file at `path`, or creates it; its folder must exist.
    ///
    /// The file and the two that SQLite keeps beside it are readable by their owner alone (0600): besides hashes the
    /// file holds the keys that sign JWTs, which must outlive a restart.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Database`], [`Error::Newer`].
    pub fn sqlite(path: &Path) -> Result<Self, Error> {
        sqlite::Sqlite::file(path).map(Kind::Sqlite).map(Self)
    }

    /// A store that ends with its process.
    ///
    /// # Errors
    /// [`Error::Database`] where there is no memory for it.
    pub fn in_memory() -> Result<Self, Error> {
        sqlite::Sqlite::memory().map(Kind::Sqlite).map(Self)
    }

    /// Connects to the PostgreSQL database at `url` (`postgres://user@host/database`, libpq's parameters behind a `?`), and
    /// brings it to the schema of this program: at once even where several start together. It should be a database of its
    /// own; tables of others are left alone.
    ///
    /// A way that leaves the machine is encrypted, and the server's certificate looked at, its name included, unless the URL
    /// says `sslmode=disable`; `sslrootcert=FILE` names a root to believe in place of the system's. `connections=N` bounds
    /// what this process opens, 16 where it is not said. A parameter that is not known is refused. `password` goes before
    /// one that the URL holds; [`PasswordFile`] reads PostgreSQL's own. Blocks until the database has answered.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Unreachable`], [`Error::Postgres`], [`Error::Newer`].
    pub fn postgres(url: &Secret, password: Option<&Secret>) -> Result<Self, Error> {
        Ok(Self(Kind::Postgres(Box::new(postgres::Postgres::connect(url, password)?))))
    }

    /// Starts serving: answers the signing keys (those of `candidates` that the store had not yet) and the running backend.
    ///
    /// `told` is called, on any thread, with what other processes ended or changed in the same store.
    pub(crate) fn start(self, candidates: Keys, told: Told) -> Result<(Keys, Box<dyn Backend>), Error> {
        Ok(match self.0 {
            Kind::Sqlite(store) => {
                let (keys, running) = store.start(candidates, told)?;
                (keys, Box::new(running))
            }
            Kind::Postgres(store) => {
                let (keys, running) = store.start(candidates, told)?;
                (keys, Box::new(running))
            }
        })
    }
}

/// Who hears what other processes ended or changed: quick, as the thread of a store calls it.
pub(crate) type Told = Arc<dyn Fn(Ended) + Send + Sync>;

/// What was ended or changed: what was read of it before is no longer to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The session with this token digest.
    Session(Digest),
    /// The credential with this digest, and the sessions that are rooted in it.
    Credential(Digest),
    /// The native session with this id.
    Native([u8; 16]),
    /// The client with this id.
    Client(String),
    /// Anything may have been.
    Everything,
}

/// How long after another process ended something this one may still take it for living: what was read before may be
/// believed only while [`Backend::hears`].
pub(crate) const DEAD_WITHIN: Duration = Duration::from_secs(1);

/// What a backend answers, once it is durable.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A running store.
///
/// Each method is one atomic step; one that writes answers only after the write is durable. Instants come in as
/// arguments. Rows that are past their end may be gone or still there: the caller looks at `expires_at`.
pub(crate) trait Backend: Send + Sync {
    /// Whether all that other processes ended more than [`DEAD_WITHIN`] ago has been told by now (to [`Told`]).
    ///
    /// Whoever remembers what a backend answered may repeat it only while this is true, and asks *before* it looks
    /// up what it remembers: what was told too late is then gone. Quick: it is asked at every verification.
    fn hears(&self) -> bool;

    /// Adds the store's own figures to those of the authority.
    fn register(&self, _figures: &mut Registry) {}

    /// Stores a user with all that it starts with.
    fn add_user(&self, user: NewUser) -> Answer<'_, ()>;

    /// The credential with this digest.
    fn credential(&self, digest: Digest) -> Answer<'_, Option<Credential>>;

    /// The session with this token digest.
    fn session(&self, digest: Digest) -> Answer<'_, Option<Session>>;

    /// Opens a session, if what was presented is good for it at `now`: checked in the same step.
    ///
    /// A session whose digest is already stored (PocketPaw's token depends on nothing but the master and the second)
    /// is that session: nothing is added. Answers whose session it is.
    fn open(&self, opening: Opening, now: Time) -> Answer<'_, Result<String, Refused>>;

    /// The AntiRaid sessions of a user that live at `now`, oldest first.
    fn antiraid_sessions(&self, user_id: String, now: Time) -> Answer<'_, Vec<Session>>;

    /// Ends the AntiRaid session with this id, if it is the user's and lives at `now`; answers whether it was.
    fn end_antiraid_session(&self, user_id: String, id: String, now: Time) -> Answer<'_, bool>;

    /// Replaces the credential with this row id by `successor`, whose user stays the same; answers whether it was
    /// still there. Every session that is rooted in the old one ends with it.
    fn replace_credential(&self, id: i64, successor: NewCredential) -> Answer<'_, bool>;

    /// Removes the credential with this digest, if it is of `kind`; answers whether it was there.
    fn remove_credential(&self, digest: Digest, kind: CredentialKind) -> Answer<'_, bool>;

    /// The profiles of a user, newest first.
    fn profiles(&self, user_id: String) -> Answer<'_, Vec<Profile>>;

    /// The one of them with this id, which never changes.
    fn profile(&self, user_id: String, id: String) -> Answer<'_, Option<Profile>> {
        Box::pin(async move { Ok(self.profiles(user_id).await?.into_iter().find(|profile| profile.id == id)) })
    }

    /// Adds a profile to a user who has fewer than `most`; answers whether it was added.
    fn add_profile(&self, user_id: String, profile: Profile, most: u32) -> Answer<'_, bool>;

    /// Stores a device sign-in, if fewer than `most` are waiting at `now`; answers whether it was stored.
    fn add_device_code(&self, code: NewDeviceCode, most: u32, now: Time) -> Answer<'_, bool>;

    /// The device sign-in with this user code, if it waits to be settled at `now`.
    fn waiting_sign_in(&self, user_code: Digest, now: Time) -> Answer<'_, Option<SignInFacts>>;

    /// Those that wait to be settled at `now`, the newest ones first, at most `most`.
    fn waiting_sign_ins(&self, most: u32, now: Time) -> Answer<'_, Vec<SignInFacts>>;

    /// Settles the device sign-in with this user code, if it waits at `now`.
    fn settle_device_code(&self, user_code: Digest, verdict: Verdict, now: Time) -> Answer<'_, Settled>;

    /// Asks after a device sign-in of Discovr's. If it is approved it is used up, `credential` is stored for its user, and
    /// the user's id is answered.
    fn redeem_device_code(&self, digest: Digest, credential: NewCredential, now: Time) -> Answer<'_, Redeemed<String>>;

    /// Stores a client; answers whether its id was free.
    fn add_client(&self, client: Client) -> Answer<'_, bool>;

    /// The client with this id.
    fn client(&self, id: String) -> Answer<'_, Option<Arc<Client>>>;

    /// Opens a session of the native dialect.
    fn open_native(&self, session: NativeSession) -> Answer<'_, ()>;

    /// The native session with this id; it may have ended.
    fn native_session(&self, id: [u8; 16]) -> Answer<'_, Option<Arc<NativeSession>>>;

    /// Presents a refresh token, as [`daypass_core::lineage::chain::Chain::present`] says; what it changes is durable,
    /// also where it refuses. A session of another client than `client_id` is unknown, and is left alone.
    fn refresh_native(
        &self,
        token: Token,
        client_id: String,
        asked: Option<Scopes>,
        salt: Salt,
        now: Time,
    ) -> Answer<'_, Result<Refreshed, Refusal>>;

    /// Ends the native session with this id, unless it has ended before.
    fn revoke_native(&self, id: [u8; 16]) -> Answer<'_, ()>;

    /// Asks after a device sign-in of the client that `session` names. If it is approved it is used up, and `session` is
    /// stored, with its user and its scopes, and answered. So that the user has no more than `most`, those of its sessions
    /// that were used longest ago are ended.
    fn redeem_native(
        &self,
        digest: Digest,
        session: NativeSession,
        most: u32,
        now: Time,
    ) -> Answer<'_, Redeemed<SignedIn>>;

    /// The sessions of the caller's user that live at `now`, oldest first.
    fn owned_sessions(&self, by: Caller, now: Time) -> Answer<'_, Result<Vec<Listed>, Denied>>;

    /// The one of them with this id.
    fn owned_session(&self, by: Caller, id: [u8; 16], now: Time) -> Answer<'_, Result<NativeSession, Denied>>;

    /// Names the one of them with this id, or takes its name away; answers it as it is now.
    fn name_owned(
        &self,
        by: Caller,
        id: [u8; 16],
        name: Option<String>,
        now: Time,
    ) -> Answer<'_, Result<NativeSession, Denied>>;

    /// Ends those of them that are meant, all or none; answers how many.
    fn end_owned(&self, by: Caller, which: Which, now: Time) -> Answer<'_, Result<usize, Denied>>;

    /// Opens `session` beside them, if they are fewer than `most`, with the scopes that are `asked` or all of the
    /// token's; answers it with its client, user, scopes and end.
    fn open_owned(
        &self,
        by: Caller,
        session: NativeSession,
        asked: Option<Scopes>,
        most: u32,
        now: Time,
    ) -> Answer<'_, Result<NativeSession, Denied>>;

    /// Notes when access tokens of native sessions were accepted, each session once; answers how many were worth a write
    /// ([`Use::after`]). What has ended is left alone, and so is what somebody else is changing at the moment. Nothing that
    /// is believed of a session depends on it, so it is no end that others are told of.
    fn note_uses(&self, uses: Vec<Use>) -> Answer<'_, usize>;

    /// The keys that sign access tokens.
    fn access_keys(&self) -> Answer<'_, Ring<SigningKey>>;

    /// Does `change` to them; answers them as they are then, and whether there was something to do it to.
    fn change_access_keys(&self, change: KeyChange, now: Time) -> Answer<'_, (Ring<SigningKey>, bool)>;

    /// The newest users, at most `most`; or the one with this id.
    fn users(&self, id: Option<String>, most: u32, now: Time) -> Answer<'_, Vec<UserFacts>>;

    /// The credentials of a user.
    fn credentials(&self, user_id: String) -> Answer<'_, Vec<CredentialFacts>>;

    /// Refuses the credentials of a user since `at`, or takes them again; answers whether there is such a user.
    /// [`Backend::credential`] and [`Backend::open`] do not find those of a disabled one, and its device sign-ins are unknown
    /// to who redeems them.
    fn disable_user(&self, id: String, at: Option<Time>) -> Answer<'_, bool>;

    /// A step of the removal of a user with all that is its: looks at the next `most` sessions of each table behind `from`.
    /// The last one removes the user, so that it was disabled until nothing was left: nothing may be opened for it meanwhile.
    fn remove_user(&self, id: String, from: Walk, most: u32) -> Answer<'_, Removed>;

    /// The clients by id, or the one with this id.
    fn clients(&self, id: Option<String>, now: Time) -> Answer<'_, Vec<ClientFacts>>;

    /// Puts `digest` in the place of that of a client's secret; answers whether there is such a client, and it has one.
    fn replace_client_secret(&self, id: String, digest: Digest) -> Answer<'_, bool>;

    /// A step of the removal of a client with its sessions: the first one removes the client itself, each one `most` of its
    /// sessions.
    fn remove_client(&self, id: String, most: u32) -> Answer<'_, Removed>;

    /// The sessions that are meant and live at `now`, the newest ones first, at most `most`.
    fn sessions(&self, filter: SessionFilter, most: u32, now: Time) -> Answer<'_, Vec<SessionFacts>>;

    /// Ends those of the next `most` of each table behind `from` that are meant and live at `now`; answers how many, and how
    /// far it has come. Where a user is meant, nobody opens a session by one of that user's that lives behind there.
    fn end_sessions(&self, filter: SessionFilter, from: Walk, most: u32, now: Time) -> Answer<'_, (usize, Walk)>;

    /// Removes at most `most` rows of each kind that ended before `now` (credentials: before `credentials_before`);
    /// answers how many were removed.
    fn expire(&self, now: Time, credentials_before: Time, most: u32) -> Answer<'_, usize>;
}
