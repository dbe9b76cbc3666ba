//! The SQLite store: one file in WAL mode, a thread that writes in groups, a thread that reads.

#[cfg_attr(unix, path = "sqlite/unix.rs")]
#[cfg_attr(windows, path = "sqlite/windows.rs")]
mod own;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod sweeping;
#[cfg(test)]
mod walking;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use daypass_core::Time;
use daypass_core::lineage::chain::Token;
use daypass_core::lineage::{Refusal, Scopes};
use daypass_core::token::ring::Ring;
use prometheus_client::registry::Registry;
use rusqlite::{Connection, OptionalExtension as _};

use super::ears::{Ears, Lease};
use super::queue::{Queue, Work, together};
use super::{Answer, Backend, Removed, Told, Walk, admin, device, keys, native, owned, rows};
use crate::Error;
use crate::admin::{ClientFacts, CredentialFacts, SessionFacts, SessionFilter, Settled, SignInFacts, UserFacts};
use crate::model::{
    Caller, Client, Credential, CredentialKind, Denied, Digest, KeyChange, Keys, Listed, NativeSession, NewCredential,
    NewDeviceCode, NewUser, Opening, Profile, Redeemed, Refreshed, Refused, Salt, Session, SignedIn, SigningKey, Use,
    Verdict, Which,
};

/// The steps from an empty file to the schema that this program writes. How many were taken is kept in the file's
/// `user_version`; a step that has been released is never changed again.
const STEPS: [&str; 8] = [
    include_str!("schema.sql"),
    include_str!("schema-2.sql"),
    include_str!("schema-3.sql"),
    include_str!("schema-4.sql"),
    include_str!("schema-5.sql"),
    include_str!("schema-6.sql"),
    include_str!("schema-7.sql"),
    include_str!("schema-8.sql"),
];

/// The schema that this program writes.
const SCHEMA: i64 = STEPS.len() as i64;

/// How long to wait for another process that holds the file.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// The largest file that is read through before it is used, in bytes: some tens of milliseconds. What is broken in a
/// larger one is found when it is come to.
const EXAMINED: i64 = 16 << 20;

/// A file or a memory that is open and has the schema.
pub(super) struct Sqlite {
    db: Connection,
    /// `None` for a store in memory, which only one connection can see.
    path: Option<PathBuf>,
}

impl Sqlite {
    pub(super) fn file(path: &Path) -> Result<Self, Error> {
        own_file(path)?;
        examine(path)?;
        let db = connect(path)?;
        Ok(Self { db: migrated(db)?, path: Some(path.to_owned()) })
    }

    pub(super) fn memory() -> Result<Self, Error> {
        Ok(Self { db: migrated(Connection::open_in_memory()?)?, path: None })
    }

    pub(super) fn start(mut self, candidates: Keys, told: Told) -> Result<(Keys, Running), Error> {
        let keys = together(&mut self.db, |db| Ok(Keys { jwt: signing_key(db, "jwt_key", candidates.jwt)? }))?;
        let reader = match &self.path {
            Some(path) => Some(Queue::start("authority-read", connect(path)?, Work::Reads)?),
            None => None,
        };
        let lease = self.path.is_some().then(Lease::new);
        let before: Box<dyn FnMut(&Connection) + Send> = match &lease {
            Some(lease) => {
                let mut ears = Ears::new(told, Arc::clone(lease));
                Box::new(move |db| ears.listen(db))
            }
            // What is in memory no other process can reach.
            None => Box::new(|_| {}),
        };
        let writer = Queue::start("authority-write", self.db, Work::Writes(before))?;
        Ok((keys, Running { reader, writer, lease }))
    }
}

/// Refuses what is not a whole store of this program's, before anything in the file is changed.
fn examine(path: &Path) -> Result<(), Error> {
    let db = Connection::open(path)?;
    db.busy_timeout(BUSY)?;
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
    // A file that lacks whole pages is refused by SQLite itself with the first one that it reads.
    let found = number("PRAGMA user_version")?;
    if found > SCHEMA {
        return Err(Error::Newer { found, known: SCHEMA });
    }
    if found == 0 && number("SELECT count(*) FROM sqlite_master")? > 0 {
        return Err(Error::Damaged("it is another program's database"));
    }
    let page = number("PRAGMA page_size")?;
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // What the log holds may be about to complete the last page.
    if length(Path::new(&log)) == 0 && length(path) % page.unsigned_abs().max(1) > 0 {
        return Err(Error::Damaged("the end of the file is missing, take a copy that is whole"));
    }
    if number("PRAGMA page_count")?.saturating_mul(page) <= EXAMINED {
        let verdict: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(Error::Damaged("parts of the file do not fit together, take a copy that is whole"));
        }
    }
    Ok(())
}

/// Makes the file for its owner alone, or takes the rights of others on the one that is there away.
pub(super) fn own_file(path: &Path) -> Result<(), Error> {
    own::file(path).map_err(|source| Error::File { path: path.to_owned(), source: Arc::new(source) })
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let db = Connection::open(path)?;
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a commit has reached the disk when it returns, not only the operating system.
    db.pragma_update(None, "synchronous", "FULL")?;
    // Hashes fall all over their index, so many pages change again and again: the log may grow to 16 MiB before they
    // are carried over into the file, each once.
    db.pragma_update(None, "wal_autocheckpoint", 4096)?;
    Ok(db)
}

fn migrated(mut db: Connection) -> Result<Connection, Error> {
    db.set_prepared_statement_cache_capacity(64);
    together(&mut db, |db| {
        let taken = version(db)?;
        for step in &STEPS[taken..] {
            db.execute_batch(step)?;
        }
        Ok(db.pragma_update(None, "user_version", SCHEMA)?)
    })?;
    Ok(db)
}

/// How many of the steps the file has taken; none for one that is empty.
pub(super) fn version(db: &Connection) -> Result<usize, Error> {
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let taken = usize::try_from(found).ok().filter(|taken| *taken <= STEPS.len());
    taken.ok_or(Error::Newer { found, known: SCHEMA })
}

/// The key that is stored by `name`; `candidate`, which is then stored, where there is none yet.
fn signing_key(db: &Connection, name: &str, candidate: SigningKey) -> Result<SigningKey, Error> {
    let stored: Option<Vec<u8>> =
        db.query_row("SELECT value FROM meta WHERE key = ?1", [name], |row| row.get(0)).optional()?;
    match stored {
        Some(stored) => {
            let stored = zeroize::Zeroizing::new(stored);
            let key = stored.as_slice().try_into().map_err(|_| Error::Damaged("the signing key has a wrong length"))?;
            Ok(SigningKey::new(key))
        }
        None => {
            db.execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", rusqlite::params![name, candidate.as_slice()])?;
            Ok(candidate)
        }
    }
}

/// The running store.
pub(super) struct Running {
    reader: Option<Queue>,
    writer: Queue,
    /// How long it may be relied on that other processes were heard; none for a store in memory, which has none.
    lease: Option<Arc<Lease>>,
}

impl Running {
    /// Where reads go; a store in memory has one connection for both.
    fn reader(&self) -> &Queue {
        self.reader.as_ref().unwrap_or(&self.writer)
    }
}

impl Backend for Running {
    fn hears(&self) -> bool {
        self.lease.as_ref().is_none_or(|lease| {
            if lease.is_due() {
                // The thread that writes listens before whatever it does: so it is given nothing to do.
                drop(self.writer.run(|_| Ok(())));
            }
            lease.holds()
        })
    }

    fn register(&self, figures: &mut Registry) {
        figures.register("sqlite_commit_jobs", "Requests that one durable commit was shared by", self.writer.groups());
    }

    fn add_user(&self, user: NewUser) -> Answer<'_, ()> {
        self.writer.run(move |db| together(db, |db| rows::add_user(db, &user)))
    }

    fn credential(&self, digest: Digest) -> Answer<'_, Option<Credential>> {
        self.reader().run(move |db| rows::credential(db, digest))
    }

    fn session(&self, digest: Digest) -> Answer<'_, Option<Session>> {
        self.reader().run(move |db| rows::session(db, digest))
    }

    fn open(&self, opening: Opening, now: Time) -> Answer<'_, Result<String, Refused>> {
        // No savepoint, which would cost a third of the speed: the session is inserted last, so a failure in between
        // can leave nothing but a refresh token that nobody was given.
        self.writer.run(move |db| rows::open(db, &opening, now))
    }

    fn antiraid_sessions(&self, user_id: String, now: Time) -> Answer<'_, Vec<Session>> {
        self.reader().run(move |db| rows::antiraid_sessions(db, &user_id, now))
    }

    fn end_antiraid_session(&self, user_id: String, id: String, now: Time) -> Answer<'_, bool> {
        self.writer.run(move |db| rows::end_antiraid_session(db, &user_id, &id, now))
    }

    fn replace_credential(&self, id: i64, successor: NewCredential) -> Answer<'_, bool> {
        self.writer.run(move |db| together(db, |db| rows::replace_credential(db, id, &successor)))
    }

    fn remove_credential(&self, digest: Digest, kind: CredentialKind) -> Answer<'_, bool> {
        self.writer.run(move |db| rows::remove_credential(db, digest, kind))
    }

    fn profiles(&self, user_id: String) -> Answer<'_, Vec<Profile>> {
        self.reader().run(move |db| rows::profiles(db, &user_id))
    }

    fn add_profile(&self, user_id: String, profile: Profile, most: u32) -> Answer<'_, bool> {
        self.writer.run(move |db| rows::add_profile(db, &user_id, &profile, most))
    }

    fn add_device_code(&self, code: NewDeviceCode, most: u32, now: Time) -> Answer<'_, bool> {
        self.writer.run(move |db| device::add_device_code(db, &code, most, now))
    }

    fn waiting_sign_in(&self, user_code: Digest, now: Time) -> Answer<'_, Option<SignInFacts>> {
        self.reader().run(move |db| device::waiting_sign_in(db, user_code, now))
    }

    fn waiting_sign_ins(&self, most: u32, now: Time) -> Answer<'_, Vec<SignInFacts>> {
        self.reader().run(move |db| device::waiting_sign_ins(db, most, now))
    }

    fn settle_device_code(&self, user_code: Digest, verdict: Verdict, now: Time) -> Answer<'_, Settled> {
        self.writer.run(move |db| together(db, |db| device::settle_device_code(db, user_code, &verdict, now)))
    }

    fn redeem_device_code(&self, digest: Digest, credential: NewCredential, now: Time) -> Answer<'_, Redeemed<String>> {
        self.writer.run(move |db| together(db, |db| device::redeem_device_code(db, digest, &credential, now)))
    }

    fn add_client(&self, client: Client) -> Answer<'_, bool> {
        self.writer.run(move |db| native::add_client(db, &client))
    }

    fn client(&self, id: String) -> Answer<'_, Option<Arc<Client>>> {
        self.reader().run(move |db| Ok(native::client(db, &id)?.map(Arc::new)))
    }

    fn open_native(&self, session: NativeSession) -> Answer<'_, ()> {
        self.writer.run(move |db| native::insert(db, &session))
    }

    fn native_session(&self, id: [u8; 16]) -> Answer<'_, Option<Arc<NativeSession>>> {
        self.reader().run(move |db| Ok(native::session(db, id)?.map(Arc::new)))
    }

    fn refresh_native(
        &self,
        token: Token,
        client_id: String,
        asked: Option<Scopes>,
        salt: Salt,
        now: Time,
    ) -> Answer<'_, Result<Refreshed, Refusal>> {
        self.writer.run(move |db| native::refresh(db, &token, &client_id, asked.as_ref(), salt, now))
    }

    fn revoke_native(&self, id: [u8; 16]) -> Answer<'_, ()> {
        self.writer.run(move |db| native::revoke(db, id))
    }

    fn redeem_native(
        &self,
        digest: Digest,
        session: NativeSession,
        most: u32,
        now: Time,
    ) -> Answer<'_, Redeemed<SignedIn>> {
        self.writer.run(move |db| together(db, |db| native::redeem(db, digest, session, most, now)))
    }

    fn owned_sessions(&self, by: Caller, now: Time) -> Answer<'_, Result<Vec<Listed>, Denied>> {
        self.reader().run(move |db| owned::list(db, &by, now))
    }

    fn owned_session(&self, by: Caller, id: [u8; 16], now: Time) -> Answer<'_, Result<NativeSession, Denied>> {
        self.reader().run(move |db| owned::inspect(db, &by, id, now))
    }

    fn name_owned(
        &self,
        by: Caller,
        id: [u8; 16],
        name: Option<String>,
        now: Time,
    ) -> Answer<'_, Result<NativeSession, Denied>> {
        self.writer.run(move |db| owned::name(db, &by, id, name, now))
    }

    fn end_owned(&self, by: Caller, which: Which, now: Time) -> Answer<'_, Result<usize, Denied>> {
        self.writer.run(move |db| together(db, |db| owned::end(db, &by, which, now)))
    }

    fn open_owned(
        &self,
        by: Caller,
        session: NativeSession,
        asked: Option<Scopes>,
        most: u32,
        now: Time,
    ) -> Answer<'_, Result<NativeSession, Denied>> {
        self.writer.run(move |db| owned::open(db, &by, session, asked, most, now))
    }

    fn note_uses(&self, uses: Vec<Use>) -> Answer<'_, usize> {
        // No savepoint: a failure in between leaves some written and some not, which is as good as either.
        self.writer.run(move |db| native::note_uses(db, &uses))
    }

    fn access_keys(&self) -> Answer<'_, Ring<SigningKey>> {
        self.reader().run(|db| keys::all(db))
    }

    fn change_access_keys(&self, change: KeyChange, now: Time) -> Answer<'_, (Ring<SigningKey>, bool)> {
        self.writer.run(move |db| together(db, |db| keys::change(db, change, now)))
    }

    fn users(&self, id: Option<String>, most: u32, now: Time) -> Answer<'_, Vec<UserFacts>> {
        self.reader().run(move |db| admin::users(db, id.as_deref(), most, now))
    }

    fn credentials(&self, user_id: String) -> Answer<'_, Vec<CredentialFacts>> {
        self.reader().run(move |db| admin::credentials(db, &user_id))
    }

    fn disable_user(&self, id: String, at: Option<Time>) -> Answer<'_, bool> {
        self.writer.run(move |db| admin::disable_user(db, &id, at))
    }

    fn remove_user(&self, id: String, from: Walk, most: u32) -> Answer<'_, Removed> {
        self.writer.run(move |db| together(db, |db| admin::remove_user(db, &id, from, most)))
    }

    fn clients(&self, id: Option<String>, now: Time) -> Answer<'_, Vec<ClientFacts>> {
        self.reader().run(move |db| admin::clients(db, id.as_deref(), now))
    }

    fn replace_client_secret(&self, id: String, digest: Digest) -> Answer<'_, bool> {
        self.writer.run(move |db| admin::replace_client_secret(db, &id, digest))
    }

    fn remove_client(&self, id: String, most: u32) -> Answer<'_, Removed> {
        self.writer.run(move |db| together(db, |db| admin::remove_client(db, &id, most)))
    }

    fn sessions(&self, filter: SessionFilter, most: u32, now: Time) -> Answer<'_, Vec<SessionFacts>> {
        self.reader().run(move |db| admin::sessions(db, &filter, most, now))
    }

    fn end_sessions(&self, filter: SessionFilter, from: Walk, most: u32, now: Time) -> Answer<'_, (usize, Walk)> {
        self.writer.run(move |db| together(db, |db| admin::end_sessions(db, &filter, from, most, now)))
    }

    fn expire(&self, now: Time, credentials_before: Time, most: u32) -> Answer<'_, usize> {
        self.writer.run(move |db| together(db, |db| rows::expire(db, now, credentials_before, most)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_schema_before_is_carried_over_with_its_sessions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sqlite");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(STEPS[0]).unwrap();
        old.execute_batch(STEPS[1]).unwrap();
        old.execute_batch(
            "INSERT INTO native_sessions (id, client_id, user_id, scopes, created_at, expires_at, idle, used_at,
                 forgotten_at, tag_key, generation, current_digest, current_salt)
             VALUES (zeroblob(16), 'tv', 'me', 'read', 0, 9, 9, 0, 9, zeroblob(32), 0, zeroblob(32), zeroblob(32));
             PRAGMA user_version = 2",
        )
        .unwrap();
        drop(old);
        let db = Sqlite::file(&path).unwrap().db;
        let found = native::living(&db, "me", Time::from_timestamp(0, 0).unwrap()).unwrap();
        assert_eq!((found.len(), found[0].client_id.as_str(), &found[0].name), (1, "tv", &None));
    }

    #[test]
    fn a_commit_reaches_the_disk_before_it_returns() {
        let folder = tempfile::tempdir().unwrap();
        let db = Sqlite::file(&folder.path().join("x.sqlite")).unwrap().db;
        let mode: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        let synchronous: i64 = db.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2), "2 is FULL");
    }
}
