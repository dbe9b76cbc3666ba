//! The service: what every dialect translates into. Opens, verifies, lists, revokes and expires sessions.

mod admin;
mod demo;
mod device;
mod keys;
mod native;
mod owned;
mod uses;
mod verified;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use daypass_core::token::opaque;
use daypass_core::{Chance, Clock, Secret, Time, clock};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use demo::{DemoUser, UserCredentials};
pub(crate) use device::{DEVICE_CODE_LIFE, POLL_EVERY, Poll};
pub use keys::KeyFacts;
use keys::Keychain;
pub use native::{ClientKind, RegisteredClient};
pub(crate) use native::{Issued, Revoked};
use uses::Uses;
use verified::Tokens;

use crate::dialects::Dialect;
use crate::log::{Event, Log};
use crate::meters::{Journal, Meters};
use crate::model::{
    Credential, CredentialKind, Digest, Door, Keys, NewCredential, NewSession, NewUser, Opening, Profile, Refused,
    Session, SessionKind, SigningKey, Subject, storable,
};
use crate::pace::Pace;
use crate::rate::{Buckets, Client as Address, Target};
use crate::store::{Backend, Known, Memory, Store, Watched};
use crate::{Config, Error};

/// The life of a Discovr refresh token: 90 days, as documented.
pub(crate) const DISCOVR_REFRESH_LIFE: Duration = Duration::from_secs(90 * 86_400);

/// How long an expired credential is remembered, so that its owner is told "expired" and not "invalid".
const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);

/// How many rows of a kind one step of [`Service::expire`] removes: some milliseconds of work, between which sessions
/// are issued as ever.
pub(crate) const STEP: u32 = 500;

/// How many lists are made at a time: each is read whole before it is written, and may be long.
const LISTS: usize = 8;

/// How many profiles a user may have.
const MOST_PROFILES: u32 = 100;

/// The authority itself, whatever transport and dialect it is asked through.
///
/// A token or credential has expired when `now >= expires_at`, in every dialect.
pub struct Service {
    store: Box<dyn Backend>,
    /// The same without what is remembered of it.
    watched: Arc<Watched>,
    key: SigningKey,
    keychain: Keychain,
    tokens: Tokens,
    uses: Uses,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    config: Config,
    journal: Arc<Journal>,
    failures: Buckets<Address>,
    failures_at: Buckets<Target>,
    pocketpaw: Option<Buckets<Address>>,
    polls: Pace,
    lists: Semaphore,
}

/// What is wanted of a session that is to be opened.
pub(crate) struct Wanted {
    pub(crate) id: String,
    pub(crate) kind: SessionKind,
    pub(crate) name: Option<String>,
    pub(crate) subject: Subject,
    pub(crate) expires_at: Time,
}

impl Service {
    /// Opens the authority over `store`.
    ///
    /// The key that signs Discovr's JWTs is drawn by `chance` when the store has none yet, and kept in it; those that sign
    /// access tokens likewise, when they are used.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written, [`Error::Damaged`] where a key of it is not one,
    /// [`Error::Stopped`] where its threads cannot be started.
    pub fn open(
        store: Store,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        config: Config,
    ) -> Result<Arc<Self>, Error> {
        Self::open_logged(store, clock, chance, config, Log::silent())
    }

    /// The same, with what happens told to `log`.
    ///
    /// # Errors
    /// As [`Service::open`].
    pub fn open_logged(
        store: Store,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        config: Config,
        log: Log,
    ) -> Result<Arc<Self>, Error> {
        let drawn = || {
            let mut key = SigningKey::new([0; 32]);
            chance.fill(key.as_mut());
            key
        };
        let memory = Memory::new();
        let (keys, store) = store.start(Keys { jwt: drawn() }, memory.told())?;
        let mut journal = Journal::new(log);
        store.register(journal.registry());
        let journal = Arc::new(journal);
        let watched = Arc::new(Watched::new(store, Arc::clone(&journal)));
        let store = Box::new(Known::new(Arc::<Watched>::clone(&watched), memory));
        let (failures, failures_at) = (Buckets::new(config.failures), Buckets::new(config.failures));
        let pocketpaw = config.pocketpaw_rate.map(Buckets::new);
        let keychain = Keychain::default();
        let tokens = Tokens::new();
        Ok(Arc::new(Self {
            store,
            watched,
            key: keys.jwt,
            keychain,
            tokens,
            uses: Uses::new(),
            clock,
            chance,
            config,
            journal,
            failures,
            failures_at,
            pocketpaw,
            polls: Pace::default(),
            lists: Semaphore::new(LISTS),
        }))
    }

    /// The current instant.
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// The source of ids and tokens.
    pub(crate) fn chance(&self) -> &dyn Chance {
        &*self.chance
    }

    /// The settings.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Where events are told.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The figures.
    pub(crate) fn meters(&self) -> &Meters {
        self.journal.meters()
    }

    /// Returns when the store has answered a small question.
    pub(crate) async fn store_answers(&self) -> Result<(), Error> {
        self.watched.client(String::new()).await.map(drop)
    }

    /// The key that signs Discovr's JWTs.
    pub(crate) fn key(&self) -> &[u8] {
        &*self.key
    }

    /// Opens the session that is `wanted`, whose token is `token`, with what was presented at `door`; answers whose
    /// it is.
    pub(crate) async fn open_session(
        &self,
        presented: &Secret,
        door: Door,
        token: &Secret,
        wanted: Wanted,
        refresh: Option<NewCredential>,
    ) -> Result<Result<String, Refused>, Error> {
        let now = self.now();
        let session = self.session(token, wanted, now);
        self.store.open(Opening { by: Digest::of(presented), door, session, refresh }, now).await
    }

    fn session(&self, token: &Secret, wanted: Wanted, now: Time) -> NewSession {
        NewSession {
            id: wanted.id,
            digest: Digest::of(token),
            kind: wanted.kind,
            name: wanted.name,
            subject: wanted.subject,
            created_at: storable(now),
            expires_at: storable(wanted.expires_at),
        }
    }

    /// The session whose token is `token`, if it lives and `kind` agrees.
    pub(crate) async fn verify_session(
        &self,
        token: &Secret,
        kind: impl Fn(SessionKind) -> bool,
    ) -> Result<Result<Session, Refused>, Error> {
        let found = self.store.session(Digest::of(token)).await?;
        Ok(match found.filter(|session| session.rooted && kind(session.kind)) {
            None => Err(Refused::Unknown),
            Some(session) if self.now() >= session.expires_at => Err(Refused::Expired),
            Some(session) => Ok(session),
        })
    }

    /// The credential that `secret` is, if it lives and is of `kind`.
    pub(crate) async fn verify_credential(
        &self,
        secret: &Secret,
        kind: CredentialKind,
    ) -> Result<Result<Credential, Refused>, Error> {
        let found = self.store.credential(Digest::of(secret)).await?;
        Ok(match found.filter(|credential| credential.kind == kind) {
            None => Err(Refused::Unknown),
            Some(credential) if credential.expires_at.is_some_and(|at| self.now() >= at) => Err(Refused::Expired),
            Some(credential) => Ok(credential),
        })
    }

    /// Waits until it is one's turn to make a list: to be held until the list is written.
    pub(crate) async fn turn_to_list(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.lists.acquire().await.ok()
    }

    /// The living AntiRaid sessions of a user, oldest first.
    pub(crate) async fn list(&self, user_id: &str) -> Result<Vec<Session>, Error> {
        self.store.antiraid_sessions(user_id.to_owned(), self.now()).await
    }

    /// Ends one of a user's AntiRaid sessions; answers whether there was one with this id.
    pub(crate) async fn revoke(&self, user_id: &str, id: &str) -> Result<bool, Error> {
        self.store.end_antiraid_session(user_id.to_owned(), id.to_owned(), self.now()).await
    }

    /// Removes a credential; answers whether it was there.
    pub(crate) async fn revoke_credential(&self, secret: &Secret, kind: CredentialKind) -> Result<bool, Error> {
        self.store.remove_credential(Digest::of(secret), kind).await
    }

    /// Replaces a PocketPaw master token, by itself or by one of its sessions; all that was made of it ends at once.
    pub(crate) async fn regenerate(&self, presented: &Secret) -> Result<Result<Secret, Refused>, Error> {
        let id = match self.verify_credential(presented, CredentialKind::PocketPawMaster).await? {
            Ok(master) => master.id,
            Err(_) => match self.verify_session(presented, |kind| kind == SessionKind::PocketPaw).await? {
                Ok(Session { root: Some(id), .. }) => id,
                Ok(_) | Err(Refused::Profile | Refused::Scope | Refused::Unknown) => return Ok(Err(Refused::Unknown)),
                Err(Refused::Expired) => return Ok(Err(Refused::Expired)),
            },
        };
        let master = Secret::new(opaque::uuid(self.chance()));
        let successor = self.credential(&master, CredentialKind::PocketPawMaster, None);
        // Of two that regenerate at once, one comes too late: its credential has just ended.
        let replaced = self.store.replace_credential(id, successor).await?;
        Ok(if replaced { Ok(master) } else { Err(Refused::Unknown) })
    }

    /// A credential to be stored, which lives for `life` or for ever.
    pub(crate) fn credential(&self, secret: &Secret, kind: CredentialKind, life: Option<Duration>) -> NewCredential {
        let now = self.now();
        NewCredential {
            digest: Digest::of(secret),
            kind,
            scopes: None,
            life: None,
            created_at: storable(now),
            expires_at: life.map(|life| storable(clock::later(now, life))),
        }
    }

    /// The profiles of a user, newest first.
    pub(crate) async fn profiles(&self, user_id: &str) -> Result<Vec<Profile>, Error> {
        self.store.profiles(user_id.to_owned()).await
    }

    /// The one of them with this id.
    pub(crate) async fn profile_of(&self, user_id: &str, id: &str) -> Result<Option<Profile>, Error> {
        self.store.profile(user_id.to_owned(), id.to_owned()).await
    }

    /// Adds a profile to a user; answers its id, or nothing where the user has as many as may be.
    pub(crate) async fn add_profile(
        &self,
        user_id: &str,
        name: String,
        avatar_url: Option<String>,
    ) -> Result<Option<String>, Error> {
        let profile = self.profile(name, avatar_url);
        let id = profile.id.clone();
        let added = self.store.add_profile(user_id.to_owned(), profile, MOST_PROFILES).await?;
        Ok(added.then_some(id))
    }

    fn profile(&self, name: String, avatar_url: Option<String>) -> Profile {
        let id = opaque::hex("profile_", 8, self.chance()).expose().to_owned();
        Profile { id, name, avatar_url, created_at: storable(self.now()) }
    }

    /// A user with one profile, to be stored. The id has the form of a Discord one, as AntiRaid's are: 18 digits.
    fn user(&self) -> NewUser {
        let mut random = [0; 8];
        self.chance.fill(&mut random);
        let id = 100_000_000_000_000_000 + u64::from_le_bytes(random) % 900_000_000_000_000_000;
        NewUser {
            id: id.to_string(),
            created_at: storable(self.now()),
            profile: self.profile("Me".to_owned(), None),
            credentials: Vec::new(),
            sessions: Vec::new(),
        }
    }

    /// Tells of a credential or code that `dialect` refused for `reason`, and counts it against `peer` and against what was
    /// guessed at, as far as that is known; or says how long to wait, if there were too many at one of them.
    pub(crate) fn refuse_guess(
        &self,
        dialect: Dialect,
        reason: &'static str,
        peer: IpAddr,
        targets: &[Target],
    ) -> Result<(), Duration> {
        self.journal.tell(&Event::CredentialRefused { dialect: dialect.word(), reason, peer });
        let now = self.now();
        // Each is counted, also beyond the first that is too many.
        let at_targets = targets.iter().filter_map(|target| self.failures_at.take(*target, now).err());
        let by_peer = self.failures.take(Address::of(peer), now).err();
        at_targets.chain(by_peer).max().map_or(Ok(()), Err)
    }

    /// Whether a user code that `address` sends is looked at; or how long it must wait, as it or others have guessed too often.
    /// A code is short: with many addresses one could try many at once, so that a right one must wait as well.
    pub(crate) fn may_try_code(&self, address: IpAddr) -> Result<(), Duration> {
        let now = self.now();
        self.failures.check(Address::of(address), now).and(self.failures_at.check(Target::user_codes(), now))
    }

    /// Counts a request to PocketPaw's auth routes; or says how long `address` must wait.
    pub(crate) fn count_pocketpaw(&self, address: IpAddr) -> Result<(), Duration> {
        self.pocketpaw.as_ref().map_or(Ok(()), |buckets| buckets.take(Address::of(address), self.now()))
    }

    /// Removes a few of the rows whose time is over, and answers how many they were; zero when none is left.
    ///
    /// [`crate::run`] calls it again and again: in steps, so that issuing never waits for a big removal.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn expire(&self) -> Result<usize, Error> {
        let now = self.now();
        self.store.expire(now, clock::earlier(now, REMEMBERED), STEP).await
    }
}
