//! The end of very many sessions at once, and the removal of one user among them, under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::params;

use super::sweeping::{beside, now};
use super::*;
use crate::admin::Speech;
use crate::model::{Keys, SigningKey};
use crate::service::STEP;

/// How many sessions live, half of them of the native dialect; every tenth is one of the user `you`.
const LIVING: usize = 200_000;
/// How many of those that `you` had have ended before, and how many credentials it has.
const ENDED: usize = 5000;

/// A store with all that.
fn full(path: &Path) -> Running {
    let store = Sqlite::file(path).unwrap();
    let users = "PRAGMA synchronous = OFF; BEGIN;
                 INSERT INTO users (id, created_at) VALUES ('me', 0), ('you', 0)";
    store.db.execute_batch(users).unwrap();
    let end = now().timestamp_micros() + 60_000_000;
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";
    for (many, sql) in [
        (
            LIVING / 2,
            "INSERT INTO sessions (digest, id, user_id, kind, created_at, expires_at)
             SELECT randomblob(32), hex(randomblob(8)), iif(i % 10, 'me', 'you'), 'discovr', 0, ?2 FROM n",
        ),
        (
            LIVING / 2,
            "INSERT INTO native_sessions (id, client_id, user_id, scopes, created_at, expires_at, idle, used_at,
                 forgotten_at, tag_key, generation, current_digest, current_salt)
             SELECT randomblob(16), 'tv', iif(i % 10, 'me', 'you'), '', 0, ?2, 10000000000000, 0, ?2, x'00', 0, x'00', x'00'
             FROM n",
        ),
        (
            ENDED,
            "INSERT INTO native_sessions (id, client_id, user_id, scopes, created_at, expires_at, idle, used_at,
                 forgotten_at, tag_key, generation, current_digest, current_salt, ended)
             SELECT randomblob(16), 'tv', 'you', '', 0, ?2, 10000000000000, 0, ?2, x'00', 0, x'00', x'00', 'revoked' FROM n",
        ),
        (
            ENDED,
            "INSERT INTO credentials (digest, user_id, kind, created_at, expires_at)
             SELECT randomblob(32), 'you', 'discover_refresh', 0, ?2 FROM n",
        ),
    ] {
        store.db.execute(&format!("{numbers} {sql}"), params![i64::try_from(many).unwrap(), end]).unwrap();
    }
    store.db.execute_batch("COMMIT; PRAGMA synchronous = FULL").unwrap();
    store.start(Keys { jwt: SigningKey::new([1; 32]) }, Arc::new(|_| {})).unwrap().1
}

/// How many rows there are of the user `you`, and how many sessions of others live that no writer beside has written.
async fn there(store: &Running) -> (i64, i64) {
    let yours = "SELECT (SELECT count(*) FROM sessions WHERE user_id = 'you')
                     + (SELECT count(*) FROM native_sessions WHERE user_id = 'you')
                     + (SELECT count(*) FROM credentials WHERE user_id = 'you')
                     + (SELECT count(*) FROM users WHERE id = 'you')";
    let others = "SELECT (SELECT count(*) FROM sessions WHERE user_id = 'me' AND id NOT LIKE 'w%')
                      + (SELECT count(*) FROM native_sessions WHERE user_id = 'me' AND ended IS NULL)";
    let count =
        |sql: &'static str| store.reader().run(move |db| Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))?));
    (count(yours).await.unwrap(), count(others).await.unwrap())
}

#[tokio::test]
async fn nobody_waits_for_more_than_one_step_while_a_user_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(full(&folder.path().join("x.sqlite")));
    let (living, ended) = (i64::try_from(LIVING).unwrap(), i64::try_from(ENDED).unwrap());
    assert_eq!(there(&store).await, (living / 10 + 2 * ended + 1, living / 10 * 9));
    let begun = Arc::new(AtomicUsize::new(0));
    let (remover, steps) = (Arc::clone(&store), Arc::clone(&begun));
    let removing = tokio::spawn(async move {
        let mut from = Walk::BEGINNING;
        loop {
            steps.fetch_add(1, Ordering::SeqCst);
            let removed = remover.remove_user("you".to_owned(), from, STEP).await.unwrap();
            match removed.next {
                Some(next) => from = next,
                None => return removed.found,
            }
        }
    });
    beside(&store, &begun, &removing.abort_handle()).await;
    assert!(removing.await.unwrap());
    let steps = begun.load(Ordering::SeqCst);
    assert!(steps > LIVING / 2 / usize::try_from(STEP).unwrap(), "a step is small: {steps} were enough");
    assert_eq!(there(&store).await, (0, living / 10 * 9));
}

#[tokio::test]
async fn nobody_waits_for_more_than_one_step_while_sessions_are_ended() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(full(&folder.path().join("x.sqlite")));
    let begun = Arc::new(AtomicUsize::new(0));
    let (ender, steps) = (Arc::clone(&store), Arc::clone(&begun));
    let ending = tokio::spawn(async move {
        let mut ended = Vec::new();
        let dialect = |dialect| SessionFilter { dialect: Some(dialect), ..SessionFilter::default() };
        let user = SessionFilter { user: Some("you".to_owned()), ..SessionFilter::default() };
        for filter in [user, dialect(Speech::Native), dialect(Speech::Discovr)] {
            let (mut count, mut from) = (0, Walk::to(&filter));
            while !from.is_over() {
                steps.fetch_add(1, Ordering::SeqCst);
                let (more, next) = ender.end_sessions(filter.clone(), from, STEP, now()).await.unwrap();
                assert!(more <= 2 * usize::try_from(STEP).unwrap(), "a step is small: {more}");
                (count, from) = (count + more, next);
            }
            ended.push(count);
        }
        ended
    });
    beside(&store, &begun, &ending.abort_handle()).await;
    let half = LIVING / 2;
    assert_eq!(ending.await.unwrap(), [LIVING / 10, half / 10 * 9, half / 10 * 9]);
    assert_eq!(there(&store).await.1, 0, "and those that were written beside are of another dialect");
}
