//! The statements of an administrator, in the PostgreSQL store.

use std::borrow::Cow;

use daypass_core::Time;
use daypass_core::lineage::{End, Scopes};
use tokio_postgres::Row;

use super::link::{Link, Values};
use super::values::{instant, some_instant, text, value, word};
use crate::Error;
use crate::admin::{ClientFacts, CredentialFacts, Grants, SessionFacts, SessionFilter, Speech, UserFacts};
use crate::model::{CredentialKind, Digest, SessionKind};
use crate::service::ClientKind;
use crate::store::admin::kinds;
use crate::store::rows::micros;

/// Which of the sessions of the four old dialects are meant: `$1` now, `$2` id, `$3` user, `$4` client, `$5` kinds.
macro_rules! meant {
    () => {
        "expires_at > $1 AND (root IS NULL OR EXISTS (SELECT 1 FROM credentials WHERE credentials.id = root))
         AND $4::text IS NULL AND ($2::text IS NULL OR sessions.id = $2) AND ($3::text IS NULL OR user_id = $3)
         AND ($5::text IS NULL OR position(' ' || kind || ' ' IN $5) > 0)"
    };
}

/// Which of those of the native dialect.
macro_rules! native_meant {
    () => {
        "ended IS NULL AND expires_at > $1 AND used_at + idle * 1000 > $1
         AND ($2::text IS NULL OR encode(native_sessions.id, 'hex') = $2) AND ($3::text IS NULL OR user_id = $3)
         AND ($4::text IS NULL OR client_id = $4) AND ($5::text IS NULL OR $5 = '  ')"
    };
}

/// Holds a user alone until the end of the transaction, which begins: nothing is opened for it meanwhile.
async fn begin_holding(db: &Link, id: &str) -> Result<(), Error> {
    db.begin_with("SELECT pg_advisory_xact_lock(hashtextextended('daypass user ' || $1::text, 0))", &[&text(id)])
        .await?;
    Ok(())
}

pub(super) async fn users(db: &Link, id: Option<&str>, most: u32, now: Time) -> Result<Vec<UserFacts>, Error> {
    let rows = db
        .rows(
            "SELECT id, created_at, disabled_at, (SELECT count(*) FROM credentials WHERE user_id = users.id),
                 (SELECT count(*) FROM sessions WHERE user_id = users.id AND expires_at > $1)
                 + (SELECT count(*) FROM native_sessions WHERE user_id = users.id AND ended IS NULL AND expires_at > $1
                    AND used_at + idle * 1000 > $1)
             FROM users WHERE $2::text IS NULL OR id = $2 ORDER BY created_at DESC, id LIMIT $3",
            &[&micros(now), &id.map(text), &i64::from(most)],
        )
        .await?;
    let user = |row: &Row| {
        Ok(UserFacts {
            id: value(row, 0)?,
            created_at: instant(row, 1)?,
            disabled_at: some_instant(row, 2)?,
            credentials: value::<i64>(row, 3)?.unsigned_abs(),
            sessions: value::<i64>(row, 4)?.unsigned_abs(),
        })
    };
    rows.iter().map(user).collect()
}

pub(super) async fn credentials(db: &Link, user_id: &str) -> Result<Vec<CredentialFacts>, Error> {
    let sql = "SELECT kind, created_at, expires_at FROM credentials WHERE user_id = $1 ORDER BY id";
    let rows = db.rows(sql, &[&text(user_id)]).await?;
    let credential = |row: &Row| {
        Ok(CredentialFacts {
            kind: word(row, 0, CredentialKind::from_word)?.word(),
            created_at: instant(row, 1)?,
            expires_at: some_instant(row, 2)?,
        })
    };
    rows.iter().map(credential).collect()
}

pub(super) async fn disable_user(db: &Link, id: &str, at: Option<Time>) -> Result<bool, Error> {
    begin_holding(db, id).await?;
    let sql = "UPDATE users SET disabled_at = $2 WHERE id = $1";
    Ok(db.commit_with(sql, &[&text(id), &at.map(micros)]).await? > 0)
}

pub(super) async fn remove_user(db: &Link, id: &str) -> Result<bool, Error> {
    begin_holding(db, id).await?;
    for statement in [
        "DELETE FROM sessions WHERE user_id = $1",
        "DELETE FROM native_sessions WHERE user_id = $1",
        "DELETE FROM device_codes WHERE user_id = $1",
        "DELETE FROM credentials WHERE user_id = $1",
        "DELETE FROM profiles WHERE user_id = $1",
    ] {
        db.change(statement, &[&text(id)]).await?;
    }
    Ok(db.commit_with("DELETE FROM users WHERE id = $1", &[&text(id)]).await? > 0)
}

pub(super) async fn clients(db: &Link, id: Option<&str>, now: Time) -> Result<Vec<ClientFacts>, Error> {
    let rows = db
        .rows(
            "SELECT id, digest IS NULL, scopes, grants, created_at,
                 (SELECT count(*) FROM native_sessions WHERE client_id = clients.id AND ended IS NULL AND expires_at > $1
                  AND used_at + idle * 1000 > $1)
             FROM clients WHERE $2::text IS NULL OR id = $2 ORDER BY id COLLATE \"C\"",
            &[&micros(now), &id.map(text)],
        )
        .await?;
    let client = |row: &Row| {
        Ok(ClientFacts {
            id: value(row, 0)?,
            kind: if value(row, 1)? { ClientKind::Public } else { ClientKind::Confidential },
            scopes: word(row, 2, Scopes::parse)?,
            grants: word(row, 3, Grants::parse)?,
            created_at: instant(row, 4)?,
            sessions: value::<i64>(row, 5)?.unsigned_abs(),
        })
    };
    rows.iter().map(client).collect()
}

pub(super) async fn replace_client_secret(db: &Link, id: &str, digest: Digest) -> Result<bool, Error> {
    // A public client has none, and gets none.
    let sql = "UPDATE clients SET digest = $2 WHERE id = $1 AND digest IS NOT NULL";
    Ok(db.change(sql, &[&text(id), &digest.0.as_slice()]).await? > 0)
}

pub(super) async fn remove_client(db: &Link, id: &str) -> Result<bool, Error> {
    db.together(async {
        db.change("DELETE FROM native_sessions WHERE client_id = $1", &[&text(id)]).await?;
        db.change("DELETE FROM device_codes WHERE client_id = $1 AND scopes IS NOT NULL", &[&text(id)]).await?;
        Ok(db.change("DELETE FROM clients WHERE id = $1", &[&text(id)]).await? > 0)
    })
    .await
}

pub(super) async fn sessions(
    db: &Link,
    filter: &SessionFilter,
    most: u32,
    now: Time,
) -> Result<Vec<SessionFacts>, Error> {
    let sql = concat!(
        "SELECT id, kind, user_id, NULL::text, name, subject, created_at, expires_at, NULL::bigint FROM sessions WHERE ",
        meant!(),
        " UNION ALL SELECT encode(id, 'hex'), 'native', user_id, client_id, name, nullif(scopes, ''), created_at,
             expires_at, greatest(used_at, seen_at) FROM native_sessions WHERE ",
        native_meant!(),
        " ORDER BY 7 DESC, 1 LIMIT $6"
    );
    let [id, user, client] = asked(filter);
    let rows = db.rows(sql, &[&micros(now), &id, &user, &client, &kinds(filter), &i64::from(most)]).await?;
    rows.iter().map(read).collect()
}

/// What a filter says, as the statements take it.
fn asked(filter: &SessionFilter) -> [Option<Cow<'_, str>>; 3] {
    [&filter.id, &filter.user, &filter.client].map(|said| said.as_deref().map(text))
}

fn read(row: &Row) -> Result<SessionFacts, Error> {
    let kind = |word: &str| match SessionKind::from_word(word) {
        Some(kind) => Some((Speech::from(kind), kind.word())),
        None => (word == Speech::Native.name()).then_some((Speech::Native, Speech::Native.name())),
    };
    let (dialect, kind) = word(row, 1, kind)?;
    Ok(SessionFacts {
        id: value(row, 0)?,
        dialect,
        kind,
        user: value(row, 2)?,
        client: value(row, 3)?,
        name: value(row, 4)?,
        limits: value(row, 5)?,
        created_at: instant(row, 6)?,
        expires_at: instant(row, 7)?,
        used_at: some_instant(row, 8)?,
    })
}

/// Ends at most `most` of those that are meant of each table; answers how many.
pub(super) async fn end_sessions(db: &Link, filter: &SessionFilter, most: u32, now: Time) -> Result<usize, Error> {
    let old = concat!("DELETE FROM sessions WHERE seq IN (SELECT seq FROM sessions WHERE ", meant!(), " LIMIT $6)");
    let native = concat!(
        "UPDATE native_sessions SET ended = $7 WHERE id IN (SELECT id FROM native_sessions WHERE ",
        native_meant!(),
        " LIMIT $6)"
    );
    let [id, user, client] = asked(filter);
    let (now, kinds, most, ended) = (micros(now), kinds(filter), i64::from(most), End::Revoked.word());
    let values: Values<'_> = &[&now, &id, &user, &client, &kinds, &most, &ended];
    let count =
        db.together(async { Ok(db.change(old, &values[..6]).await? + db.change(native, values).await?) }).await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
