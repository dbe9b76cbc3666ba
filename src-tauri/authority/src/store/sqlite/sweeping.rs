//! Long work under load, the removal of very many expired rows before all: nobody waits for more than one step of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::params;
use tokio::task::{AbortHandle, JoinSet};

use super::*;
use crate::service::STEP;

/// How many rows have expired, of all kinds together.
const EXPIRED: usize = 200_000;
/// How many write at the same time.
const WRITERS: i64 = 8;

pub(super) fn now() -> Time {
    Time::from_timestamp(1_900_000_000, 0).unwrap()
}

/// A store with [`EXPIRED`] rows that are over, and one of each kind that is not.
fn full(path: &Path) -> Running {
    let store = Sqlite::file(path).unwrap();
    store
        .db
        .execute_batch("PRAGMA synchronous = OFF; BEGIN; INSERT INTO users (id, created_at) VALUES ('me', 0)")
        .unwrap();
    let end = now().timestamp_micros();
    for (many, sql) in [
        (
            130_000,
            "INSERT INTO sessions (digest, id, user_id, kind, created_at, expires_at)
             SELECT randomblob(32), hex(randomblob(8)), 'me', 'api', 0, ?2 - i FROM n",
        ),
        (
            50_000,
            "INSERT INTO native_sessions (id, client_id, user_id, scopes, created_at, expires_at, idle, used_at,
                 forgotten_at, tag_key, generation, current_digest, current_salt)
             SELECT randomblob(16), 'tv', 'me', '', 0, 0, 0, 0, ?2 - i, x'00', 0, x'00', x'00' FROM n",
        ),
        (
            10_000,
            "INSERT INTO credentials (digest, user_id, kind, created_at, expires_at)
             SELECT randomblob(32), 'me', 'discovr_refresh', 0, ?2 - i FROM n",
        ),
        (
            10_000,
            "INSERT INTO device_codes (digest, user_code, client_id, created_at, expires_at)
             SELECT randomblob(32), randomblob(32), 'tv', 0, ?2 - i FROM n",
        ),
    ] {
        let numbers = "WITH RECURSIVE n (i) AS (SELECT -1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)";
        store.db.execute(&format!("{numbers} {sql}"), params![many, end]).unwrap();
    }
    store.db.execute_batch("COMMIT; PRAGMA synchronous = FULL").unwrap();
    let keys = Keys { jwt: SigningKey::new([1; 32]) };
    store.start(keys, Arc::new(|_| {})).unwrap().1
}

/// Adds a session that lives.
fn write(db: &Connection, id: &str) -> Result<(), Error> {
    let sql = "INSERT INTO sessions (digest, id, user_id, kind, created_at, expires_at)
               VALUES (randomblob(32), ?1, 'me', 'api', 0, ?2)";
    db.prepare_cached(sql)?.execute(params![id, now().timestamp_micros() + 1])?;
    Ok(())
}

async fn left(store: &Running) -> (usize, usize) {
    let sql = "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM native_sessions)
                   + (SELECT count(*) FROM credentials) + (SELECT count(*) FROM device_codes)";
    let all = store.reader().run(move |db| Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)).await.unwrap();
    let written = "SELECT count(*) FROM sessions WHERE id LIKE 'w%'";
    let written =
        store.reader().run(move |db| Ok(db.query_row(written, [], |row| row.get::<_, i64>(0))?)).await.unwrap();
    (usize::try_from(all).unwrap() - usize::try_from(written).unwrap(), usize::try_from(written).unwrap())
}

#[tokio::test]
async fn nobody_waits_for_more_than_one_step_and_all_that_expired_goes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(full(&folder.path().join("x.sqlite")));
    // Four are not over: one of each kind.
    assert_eq!(left(&store).await, (EXPIRED + 4, 0));
    // How many steps were begun. The next one is queued when the last one is done, as `serve::sweep` does it.
    let begun = Arc::new(AtomicUsize::new(0));
    let (sweeper, steps) = (Arc::clone(&store), Arc::clone(&begun));
    let sweeping = tokio::spawn(async move {
        let mut removed = 0;
        loop {
            steps.fetch_add(1, Ordering::SeqCst);
            let step = sweeper.expire(now(), now(), STEP).await.unwrap();
            assert!(step <= 4 * usize::try_from(STEP).unwrap(), "a step is small: {step}");
            removed += step;
            if step == 0 {
                return removed;
            }
        }
    });
    let written = beside(&store, &begun, &sweeping.abort_handle()).await;
    assert_eq!(sweeping.await.unwrap(), EXPIRED);
    assert_eq!(left(&store).await, (4, written), "what lives is left");
}

/// Writes until the work is `over` whose steps are counted in `begun` before each is queued, and sees that no write waits for
/// more than the step that was under way. Answers how many were written.
pub(super) async fn beside(store: &Arc<Running>, begun: &Arc<AtomicUsize>, over: &AbortHandle) -> usize {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, begun, over) = (Arc::clone(store), Arc::clone(begun), over.clone());
        writers.spawn(async move {
            let (mut written, mut most) = (0, 0);
            while !over.is_finished() {
                let (queued, steps) = (begun.load(Ordering::SeqCst), Arc::clone(&begun));
                let id = format!("w{writer}.{written}");
                let done = store.writer.run(move |db| {
                    write(db, &id)?;
                    Ok(steps.load(Ordering::SeqCst))
                });
                most = most.max(done.await.unwrap() - queued);
                written += 1;
            }
            (written, most)
        });
    }
    let told = writers.join_all().await;
    let written: usize = told.iter().map(|(written, _)| written).sum();
    assert!(told.iter().all(|(_, most)| *most <= 1), "behind more than the step that was under way: {told:?}");
    assert!(written >= begun.load(Ordering::SeqCst), "writes went on between the steps: {written}");
    written
}

#[tokio::test]
async fn who_reads_waits_for_no_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = full(&folder.path().join("x.sqlite"));
    let (go, held) = std::sync::mpsc::channel::<()>();
    let step = store.writer.run(move |db| {
        let removed = together(db, |db| rows::expire(db, now(), now(), STEP))?;
        // In the middle of a transaction, until the read was answered.
        let _ = held.recv();
        Ok(removed)
    });
    let read = tokio::time::timeout(Duration::from_secs(60), left(&store)).await;
    drop(go);
    assert_eq!(read.unwrap().0, EXPIRED + 4, "as it was before");
    step.await.unwrap();
    assert!(left(&store).await.0 < EXPIRED);
}
