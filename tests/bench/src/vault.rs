//! Commits of the vault per second, by itself and under the real agent, beside bare SQLite that writes the same rows,
//! unsealed, as durably.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use daypass_agent::{Agent, Asked, KeySource, MeasuredVault, Setup, Upstream};
use daypass_api::Home;
use daypass_api::request::AddAccount;
use daypass_core::fresh::{Life, RefreshKind};
use daypass_core::session::Session;
use daypass_core::{Chance, Clock, Secret, clock};
use daypass_providers::{
    Catalog, Definition, DeviceCode, Grant, Inspected, Listed, Minted, Offer, Poll, ProviderError, Regenerated, Target,
    Wish,
};
use rusqlite::{Connection, params};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::authority::{Now, Random};
use crate::report::Row;
use crate::sample::Sample;

const ROUNDS: usize = 5;
/// How many accounts are refreshed at the same time: the vault then always has something to do.
const ACCOUNTS: usize = 16;
/// How long each runs in a round.
const TIME: Duration = Duration::from_secs(3);
/// PocketPaw's: a commit of one session, and nothing in the journal.
const PROVIDER: &str = "pocketpaw";

/// Runs all three in turns.
pub(crate) fn run() -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // Both on the disk that the programs are built on: a scratch folder may be in memory.
    let scratch = std::env::current_exe()?.with_file_name("bench-scratch");
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch)?;
    let agent = runtime.block_on(start(&scratch))?;
    let mut vault = MeasuredVault::create(&scratch.join("vault.sqlite"), &(Arc::new(Random) as Arc<dyn Chance>))?;
    let bare = Bare::create(&scratch.join("bare.sqlite"))?;
    let (mut alone, mut stored, mut other) = (Sample::default(), Sample::default(), Sample::default());
    for _ in 0..ROUNDS {
        alone.add(commits(|count| Ok(vault.commit(token(count), Now.now())?))?);
        stored.add(runtime.block_on(refreshes(&agent))?);
        other.add(commits(|count| bare.commit(count))?);
    }
    runtime.block_on(agent.stop());
    std::fs::remove_dir_all(&scratch)?;
    let bare = "bare SQLite, the same rows";
    Ok(vec![
        Row::alone("commits of the vault", "/s", &alone).beside(bare, &other).ratio_at_least(0.7),
        Row::alone("refreshes stored by the agent", "/s", &stored).beside(bare, &other),
    ])
}

/// Commits per second, one after the other.
fn commits(mut commit: impl FnMut(u32) -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < TIME {
        count += 1;
        commit(count)?;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

/// As long as PocketPaw's, and another for every `count`.
fn token(count: u32) -> Secret {
    Secret::new(format!("{count:010}:{count:064x}"))
}

/// An agent whose provider answers at once, with its accounts.
async fn start(scratch: &Path) -> anyhow::Result<Agent> {
    let key = scratch.join("key");
    std::fs::write(&key, [7; 32])?;
    let setup = Setup {
        home: Home::under(scratch),
        clock: Arc::new(Now),
        chance: Arc::new(Random),
        key: KeySource::KeyFile(key),
        catalog: Catalog::built_in(),
        upstream: Arc::new(AtOnce::default()),
        machine: "bench".to_owned(),
        version: "0.0.0",
    };
    let agent = Agent::start(setup).await?;
    for number in 0..ACCOUNTS {
        let request = AddAccount {
            provider: PROVIDER.to_owned(),
            name: format!("work-{number}"),
            base_url: None,
            params: Default::default(),
            credential: Some(Secret::new("0b5f9d3e-2c1a-4e8f-9b7d-6a5c4d3e2f10")),
            command: None,
            check: false,
            life: None,
            pinned: false,
        };
        agent.add_account(request).await?;
    }
    Ok(agent)
}

/// Refreshes per second; each is a commit of its own, and durable when it answers.
async fn refreshes(agent: &Agent) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut accounts = JoinSet::new();
    for number in 0..ACCOUNTS {
        let (agent, name) = (agent.clone(), format!("work-{number}"));
        accounts.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < TIME {
                agent.refresh(&name).await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut count = 0;
    while let Some(done) = accounts.join_next().await {
        count += done??;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

/// The tables that a refresh writes to, and nothing else.
struct Bare(Connection);

impl Bare {
    fn create(file: &Path) -> anyhow::Result<Self> {
        let db = Connection::open(file)?;
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, provider TEXT NOT NULL, params TEXT,
                 created INTEGER, used INTEGER, credential BLOB) STRICT;
             CREATE TABLE session (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, remote TEXT NOT NULL,
                 created INTEGER, expires INTEGER, standing TEXT, token BLOB, life TEXT) STRICT;
             CREATE INDEX session_account ON session (account);
             CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, account TEXT, event TEXT NOT NULL,
                 session TEXT, fingerprint TEXT, took INTEGER) STRICT;
             CREATE INDEX log_account ON log (account, id);
             CREATE INDEX log_at ON log (at);
             INSERT INTO account VALUES (1, 'work', 'pocketpaw', '{}', 0, 0, x'00');",
        )?;
        Ok(Self(db))
    }

    /// One commit: the account is written anew, its session replaced, and a line of history added.
    fn commit(&self, count: u32) -> anyhow::Result<()> {
        let secret = [7_u8; 120];
        let all = self.0.unchecked_transaction()?;
        all.prepare_cached("UPDATE account SET params = '{}', used = ?1, credential = ?2 WHERE id = 1")?
            .execute(params![count, secret])?;
        all.prepare_cached("DELETE FROM session WHERE account = 1")?.execute([])?;
        all.prepare_cached("INSERT INTO session VALUES (NULL, 1, ?1, ?2, ?2, 'held', ?3, ?4)")?.execute(params![
            format!("{count:012x}"),
            count,
            secret,
            "{\"sent_at\":\"2026-01-01T00:00:00Z\",\"expires_at\":\"2026-01-01T01:00:00Z\"}"
        ])?;
        let fingerprint = format!("{count:012x}");
        all.prepare_cached("INSERT INTO log VALUES (NULL, ?1, 'work', 'refreshed', ?2, ?2, 1)")?
            .execute(params![count, fingerprint])?;
        Ok(all.commit()?)
    }
}

/// A provider that answers at once.
#[derive(Default)]
struct AtOnce(AtomicU32);

impl Upstream for AtOnce {
    fn mint<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a Secret, _: &'a Wish) -> Asked<'a, Minted> {
        Box::pin(async move {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            let sent_at = Now.now();
            let expires_at = clock::later(sent_at, Duration::from_secs(3600));
            let token = token(count);
            let session = Session {
                id: token.fingerprint(),
                name: None,
                kind: Some("session".to_owned()),
                created_at: Some(sent_at),
                expires_at: Some(expires_at),
            };
            let life = Life { sent_at, expires_at, hint: None, kind: RefreshKind::OpensNew, doubtful: false };
            Ok(Minted { session, token, life, grant: None, credential: None })
        })
    }

    fn renew<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a Grant) -> Asked<'a, Minted> {
        nothing()
    }

    fn inspect<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a Secret) -> Asked<'a, Inspected> {
        nothing()
    }

    fn list<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a Secret) -> Asked<'a, Listed> {
        nothing()
    }

    fn create<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a Secret, _: &'a Wish) -> Asked<'a, Minted> {
        nothing()
    }

    fn revoke<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a Secret, _: &'a str) -> Asked<'a, ()> {
        nothing()
    }

    fn revoke_all<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a Secret) -> Asked<'a, Regenerated> {
        nothing()
    }

    fn begin_sign_in<'a>(&'a self, _: &'a Definition, _: &'a Target) -> Asked<'a, DeviceCode> {
        nothing()
    }

    fn poll_sign_in<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a DeviceCode) -> Asked<'a, Poll> {
        nothing()
    }

    fn offers<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a Secret, _: &'a str) -> Asked<'a, Vec<Offer>> {
        nothing()
    }
}

/// What nobody asks here.
fn nothing<'a, T: Send + 'a>() -> Asked<'a, T> {
    let message = "The bench only mints.".to_owned();
    Box::pin(std::future::ready(Err(ProviderError::NotSupported { message: message.into() })))
}
