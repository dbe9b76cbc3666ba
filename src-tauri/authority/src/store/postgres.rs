//! The PostgreSQL store: a small pool of connections on a thread of its own, where several authorities share one truth.
//!
//! A database that cannot be reached, or is just starting or going down, is an error of each step that meets it, and of no
//! later one: broken connections leave the pool by themselves. Every wait has an end. PostgreSQL 13 or newer.

mod address;
mod admin;
mod changes;
mod device;
mod keys;
mod link;
mod native;
mod owned;
mod passfile;
mod rows;
mod schema;
mod values;

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use daypass_core::lineage::chain::Token;
use daypass_core::lineage::{Refusal, Scopes};
use daypass_core::token::ring::Ring;
use daypass_core::{Secret, Time};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout};
use tokio_postgres::NoTls;

use self::address::Address;
use self::link::Link;
pub use self::passfile::PasswordFile;
use super::ears::Lease;
use super::{Answer, Backend, Removed, Told, Walk};
use crate::Error;
use crate::admin::{ClientFacts, CredentialFacts, SessionFacts, SessionFilter, Settled, SignInFacts, UserFacts};
use crate::model::{
    Caller, Client, Credential, CredentialKind, Denied, Digest, KeyChange, Keys, Listed, NativeSession, NewCredential,
    NewDeviceCode, NewUser, Opening, Profile, Redeemed, Refreshed, Refused, Salt, Session, SignedIn, SigningKey, Use,
    Verdict, Which,
};

/// How long a step may wait for a connection that others use.
const QUEUE: Duration = Duration::from_secs(3);

/// How long a step may take on its connection; the server ends a statement sooner, unless it has gone silent.
const STEP: Duration = Duration::from_secs(8);

/// How long the first contact may take; another process may be migrating.
const FIRST: Duration = Duration::from_secs(60);

/// A step of the store: `work` on the connection `db`, which is given back afterwards.
macro_rules! step {
    ($engine:expr, $start:ident, |$db:ident| $work:expr) => {
        $engine.$start(move |link| async move {
            let $db = &link;
            let done = $work.await;
            link.give_back();
            done
        })
    };
}

/// A database that was reached and has the schema.
pub(super) struct Postgres {
    engine: Engine,
    address: Address,
}

impl Postgres {
    /// Connects to the database at `url`, and brings it to the schema of this program. Waits for that; up to a minute
    /// where another process is migrating.
    pub(super) fn connect(url: &Secret, password: Option<&Secret>) -> Result<Self, Error> {
        let address = Address::parse(url, password)?;
        let engine = Engine::start(&address)?;
        step!(engine, wait_for, |db| schema::migrate(db))?;
        Ok(Self { engine, address })
    }

    /// Answers the signing keys, and the running store, which tells what others end from now on.
    pub(super) fn start(self, candidates: Keys, told: Told) -> Result<(Keys, Running), Error> {
        let keys = step!(self.engine, wait_for, |db| schema::keys(db, &candidates))?;
        let (lease, wanted) = (Lease::new(), Arc::new(Notify::new()));
        self.engine.handle.spawn(changes::hear(self.address, told, Arc::clone(&lease), Arc::clone(&wanted)));
        Ok((keys, Running { engine: self.engine, lease, wanted }))
    }
}

/// The pool, and the thread on which its connections and every step run: a step that was begun is done, even if nobody
/// waits for it any more.
struct Engine {
    pool: Pool,
    handle: Handle,
    /// Ends the thread when it is dropped.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// How long steps waited for a connection, in seconds.
    waits: Histogram,
}

impl Engine {
    fn start(address: &Address) -> Result<Self, Error> {
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match address.tls.clone() {
            Some(tls) => Manager::from_config(address.config.clone(), tls, fast),
            None => Manager::from_config(address.config.clone(), NoTls, fast),
        };
        let pool = Pool::builder(manager)
            .max_size(address.connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(QUEUE))
            .create_timeout(Some(address.patience))
            .recycle_timeout(Some(address.patience))
            .build()
            .map_err(|_| Error::Stopped)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|_| Error::Stopped)?;
        let handle = runtime.handle().clone();
        let waits = Histogram::new(exponential_buckets(0.0001, 4.0, 9));
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("authority-postgres".to_owned())
            .spawn(move || {
                let _ = runtime.block_on(stopped);
            })
            .map_err(|_| Error::Stopped)?;
        Ok(Self { pool, handle, stop: Some(stop), thread: Some(thread), waits })
    }

    /// Runs `work` on a connection, and waits here until it is done: for what comes before serving.
    fn wait_for<T, F>(&self, work: impl FnOnce(Link) -> F + Send + 'static) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send,
    {
        let (reply, answer) = mpsc::sync_channel(1);
        let pool = self.pool.clone();
        self.handle.spawn(async move {
            let done = async { work(Link::new(pool.get().await?)).await };
            let _ = reply.send(timeout(FIRST, done).await.unwrap_or_else(|late| Err(late.into())));
        });
        answer.recv().unwrap_or(Err(Error::Stopped))
    }

    /// Runs `work` on a connection; answers when it is done, and committed if it writes.
    fn step<T, F>(&self, work: impl FnOnce(Link) -> F + Send + 'static) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send,
    {
        let (pool, waits) = (self.pool.clone(), self.waits.clone());
        let task = self.handle.spawn(async move {
            let asked = Instant::now();
            let db = Link::new(pool.get().await?);
            waits.observe(asked.elapsed().as_secs_f64());
            timeout(STEP, work(db)).await?
        });
        Box::pin(async move { task.await.unwrap_or(Err(Error::Stopped)) })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The running store.
pub(super) struct Running {
    engine: Engine,
    lease: Arc<Lease>,
    /// Told when it is time to look at what others changed.
    wanted: Arc<Notify>,
}

impl Backend for Running {
    fn hears(&self) -> bool {
        if self.lease.is_due() {
            self.wanted.notify_one();
        }
        self.lease.holds()
    }

    fn register(&self, figures: &mut Registry) {
        let about = "How long a step waited for a connection to the database";
        figures.register("postgres_wait_seconds", about, self.engine.waits.clone());
    }

    fn add_user(&self, user: NewUser) -> Answer<'_, ()> {
        step!(self.engine, step, |db| db.together(rows::add_user(db, &user)))
    }

    fn credential(&self, digest: Digest) -> Answer<'_, Option<Credential>> {
        step!(self.engine, step, |db| rows::credential(db, digest))
    }

    fn session(&self, digest: Digest) -> Answer<'_, Option<Session>> {
        step!(self.engine, step, |db| rows::session(db, digest))
    }

    fn open(&self, opening: Opening, now: Time) -> Answer<'_, Result<String, Refused>> {
        step!(self.engine, step, |db| rows::open(db, &opening, now))
    }

    fn antiraid_sessions(&self, user_id: String, now: Time) -> Answer<'_, Vec<Session>> {
        step!(self.engine, step, |db| rows::antiraid_sessions(db, &user_id, now))
    }

    fn end_antiraid_session(&self, user_id: String, id: String, now: Time) -> Answer<'_, bool> {
        step!(self.engine, step, |db| rows::end_antiraid_session(db, &user_id, &id, now))
    }

    fn replace_credential(&self, id: i64, successor: NewCredential) -> Answer<'_, bool> {
        step!(self.engine, step, |db| rows::replace_credential(db, id, &successor))
    }

    fn remove_credential(&self, digest: Digest, kind: CredentialKind) -> Answer<'_, bool> {
        step!(self.engine, step, |db| rows::remove_credential(db, digest, kind))
    }

    fn profiles(&self, user_id: String) -> Answer<'_, Vec<Profile>> {
        step!(self.engine, step, |db| rows::profiles(db, &user_id))
    }

    fn add_profile(&self, user_id: String, profile: Profile, most: u32) -> Answer<'_, bool> {
        step!(self.engine, step, |db| rows::add_profile(db, &user_id, &profile, most))
    }

    fn add_device_code(&self, code: NewDeviceCode, most: u32, now: Time) -> Answer<'_, bool> {
        step!(self.engine, step, |db| device::add_device_code(db, &code, most, now))
    }

    fn waiting_sign_in(&self, user_code: Digest, now: Time) -> Answer<'_, Option<SignInFacts>> {
        step!(self.engine, step, |db| device::waiting_sign_in(db, user_code, now))
    }

    fn waiting_sign_ins(&self, most: u32, now: Time) -> Answer<'_, Vec<SignInFacts>> {
        step!(self.engine, step, |db| device::waiting_sign_ins(db, most, now))
    }

    fn settle_device_code(&self, user_code: Digest, verdict: Verdict, now: Time) -> Answer<'_, Settled> {
        step!(self.engine, step, |db| device::settle_device_code(db, user_code, &verdict, now))
    }

    fn redeem_device_code(&self, digest: Digest, credential: NewCredential, now: Time) -> Answer<'_, Redeemed<String>> {
        step!(self.engine, step, |db| device::redeem_device_code(db, digest, &credential, now))
    }

    fn add_client(&self, client: Client) -> Answer<'_, bool> {
        step!(self.engine, step, |db| native::add_client(db, &client))
    }

    fn client(&self, id: String) -> Answer<'_, Option<Arc<Client>>> {
        step!(self.engine, step, |db| async move { Ok(native::client(db, &id).await?.map(Arc::new)) })
    }

    fn open_native(&self, session: NativeSession) -> Answer<'_, ()> {
        step!(self.engine, step, |db| native::insert(db, &session))
    }

    fn native_session(&self, id: [u8; 16]) -> Answer<'_, Option<Arc<NativeSession>>> {
        step!(self.engine, step, |db| async move { Ok(native::session(db, id).await?.map(Arc::new)) })
    }

    fn refresh_native(
        &self,
        token: Token,
        client_id: String,
        asked: Option<Scopes>,
        salt: Salt,
        now: Time,
    ) -> Answer<'_, Result<Refreshed, Refusal>> {
        step!(self.engine, step, |db| native::refresh(db, &token, &client_id, asked.as_ref(), salt, now))
    }

    fn revoke_native(&self, id: [u8; 16]) -> Answer<'_, ()> {
        step!(self.engine, step, |db| native::revoke(db, id))
    }

    fn redeem_native(
        &self,
        digest: Digest,
        session: NativeSession,
        most: u32,
        now: Time,
    ) -> Answer<'_, Redeemed<SignedIn>> {
        step!(self.engine, step, |db| native::redeem(db, digest, session, most, now))
    }

    fn owned_sessions(&self, by: Caller, now: Time) -> Answer<'_, Result<Vec<Listed>, Denied>> {
        step!(self.engine, step, |db| owned::list(db, &by, now))
    }

    fn owned_session(&self, by: Caller, id: [u8; 16], now: Time) -> Answer<'_, Result<NativeSession, Denied>> {
        step!(self.engine, step, |db| owned::inspect(db, &by, id, now))
    }

    fn name_owned(
        &self,
        by: Caller,
        id: [u8; 16],
        name: Option<String>,
        now: Time,
    ) -> Answer<'_, Result<NativeSession, Denied>> {
        step!(self.engine, step, |db| owned::name(db, &by, id, name, now))
    }

    fn end_owned(&self, by: Caller, which: Which, now: Time) -> Answer<'_, Result<usize, Denied>> {
        step!(self.engine, step, |db| owned::end(db, &by, which, now))
    }

    fn open_owned(
        &self,
        by: Caller,
        session: NativeSession,
        asked: Option<Scopes>,
        most: u32,
        now: Time,
    ) -> Answer<'_, Result<NativeSession, Denied>> {
        step!(self.engine, step, |db| owned::open(db, &by, session, asked, most, now))
    }

    fn note_uses(&self, uses: Vec<Use>) -> Answer<'_, usize> {
        step!(self.engine, step, |db| native::note_uses(db, &uses))
    }

    fn access_keys(&self) -> Answer<'_, Ring<SigningKey>> {
        step!(self.engine, step, |db| keys::all(db))
    }

    fn change_access_keys(&self, change: KeyChange, now: Time) -> Answer<'_, (Ring<SigningKey>, bool)> {
        step!(self.engine, step, |db| keys::change(db, change, now))
    }

    fn users(&self, id: Option<String>, most: u32, now: Time) -> Answer<'_, Vec<UserFacts>> {
        step!(self.engine, step, |db| admin::users(db, id.as_deref(), most, now))
    }

    fn credentials(&self, user_id: String) -> Answer<'_, Vec<CredentialFacts>> {
        step!(self.engine, step, |db| admin::credentials(db, &user_id))
    }

    fn disable_user(&self, id: String, at: Option<Time>) -> Answer<'_, bool> {
        step!(self.engine, step, |db| admin::disable_user(db, &id, at))
    }

    fn remove_user(&self, id: String, from: Walk, most: u32) -> Answer<'_, Removed> {
        step!(self.engine, step, |db| admin::remove_user(db, &id, from, most))
    }

    fn clients(&self, id: Option<String>, now: Time) -> Answer<'_, Vec<ClientFacts>> {
        step!(self.engine, step, |db| admin::clients(db, id.as_deref(), now))
    }

    fn replace_client_secret(&self, id: String, digest: Digest) -> Answer<'_, bool> {
        step!(self.engine, step, |db| admin::replace_client_secret(db, &id, digest))
    }

    fn remove_client(&self, id: String, most: u32) -> Answer<'_, Removed> {
        step!(self.engine, step, |db| admin::remove_client(db, &id, most))
    }

    fn sessions(&self, filter: SessionFilter, most: u32, now: Time) -> Answer<'_, Vec<SessionFacts>> {
        step!(self.engine, step, |db| admin::sessions(db, &filter, most, now))
    }

    fn end_sessions(&self, filter: SessionFilter, from: Walk, most: u32, now: Time) -> Answer<'_, (usize, Walk)> {
        step!(self.engine, step, |db| admin::end_sessions(db, &filter, from, most, now))
    }

    fn expire(&self, now: Time, credentials_before: Time, most: u32) -> Answer<'_, usize> {
        step!(self.engine, step, |db| rows::expire(db, now, credentials_before, most))
    }
}
