//! The statements of an administrator, in the PostgreSQL store.

use std::borrow::Cow;

use daypass_core::Time;
use daypass_core::lineage::{End, Scopes};
use tokio_postgres::Row;

use super::link::{Link, Values};
use super::values::{bytes, instant, some_instant, text, value, word};
use crate::Error;
use crate::admin::{ClientFacts, CredentialFacts, Grants, SessionFacts, SessionFilter, Speech, UserFacts};
use crate::model::{CredentialKind, Digest, SessionKind};
use crate::service::ClientKind;
use crate::store::admin::kinds;
use crate::store::rows::micros;
use crate::store::{Removed, Walk};

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

/// Holds a user alone until the end of the transaction: nothing is opened for it meanwhile.
async fn hold(db: &Link, id: &str) -> Result<(), Error> {
    db.rows("SELECT pg_advisory_xact_lock(hashtextextended('daypass user ' || $1::text, 0))", &[&text(id)]).await?;
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
    let sql = "UPDATE users SET disabled_at = $2 WHERE id = $1";
    db.together(async {
        hold(db, id).await?;
        Ok(db.change(sql, &[&text(id), &at.map(micros)]).await? > 0)
    })
    .await
}

pub(super) async fn remove_user(db: &Link, id: &str, from: Walk, most: u32) -> Result<Removed, Error> {
    db.together(async {
        hold(db, id).await?;
        let mut next = from;
        if let Some(after) = from.sessions {
            let (after, last, over) = session_rows(db, after, most).await?;
            let sql = "DELETE FROM sessions WHERE seq > $1 AND seq <= $2 AND user_id = $3";
            db.change(sql, &[&after, &last, &text(id)]).await?;
            next.sessions = over;
        }
        if let Some(after) = from.native {
            let (after, last, over) = native_rows(db, after, most).await?;
            let sql = "DELETE FROM native_sessions WHERE id > $1 AND id <= $2 AND user_id = $3";
            db.change(sql, &[&after.as_slice(), &last.as_slice(), &text(id)]).await?;
            next.native = over;
        }
        if !from.is_over() {
            return Ok(Removed { found: false, next: Some(next) });
        }
        let sql = "DELETE FROM credentials
                   WHERE id = ANY (ARRAY (SELECT id FROM credentials WHERE user_id = $1 LIMIT $2))";
        if db.change(sql, &[&text(id), &i64::from(most)]).await? > 0 {
            return Ok(Removed { found: false, next: Some(next) });
        }
        db.change("DELETE FROM device_codes WHERE user_id = $1", &[&text(id)]).await?;
        db.change("DELETE FROM profiles WHERE user_id = $1", &[&text(id)]).await?;
        let found = db.change("DELETE FROM users WHERE id = $1", &[&text(id)]).await? > 0;
        Ok(Removed { found, next: None })
    })
    .await
}

/// The next `most` of the sessions of the four old dialects: the number behind which they are, the last of theirs, and where
/// the next step goes on. One that is opened by another has a higher number.
async fn session_rows(db: &Link, after: u128, most: u32) -> Result<(i64, i64, Option<u128>), Error> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let sql = "SELECT seq FROM sessions WHERE seq > $1 ORDER BY seq OFFSET $2 LIMIT 1";
    let found = db.row(sql, &[&after, &i64::from(most.saturating_sub(1))]).await?;
    let found: Option<i64> = found.map(|row| value(&row, 0)).transpose()?;
    // Where there are fewer, all that are left are meant.
    Ok((after, found.unwrap_or(i64::MAX), found.map(|last| u128::from(last.unsigned_abs()))))
}

/// The same of the native dialect's, by their ids: one that is opened by another may be anywhere.
async fn native_rows(db: &Link, after: u128, most: u32) -> Result<([u8; 16], [u8; 16], Option<u128>), Error> {
    let after = after.to_be_bytes();
    let sql = "SELECT id FROM native_sessions WHERE id > $1 ORDER BY id OFFSET $2 LIMIT 1";
    let found = db.row(sql, &[&after.as_slice(), &i64::from(most.saturating_sub(1))]).await?;
    let found: Option<[u8; 16]> = found.map(|row| bytes(&row, 0)).transpose()?;
    Ok((after, found.unwrap_or([u8::MAX; 16]), found.map(u128::from_be_bytes)))
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

pub(super) async fn remove_client(db: &Link, id: &str, most: u32) -> Result<Removed, Error> {
    db.together(async {
        let found = db.change("DELETE FROM clients WHERE id = $1", &[&text(id)]).await? > 0;
        db.change("DELETE FROM device_codes WHERE client_id = $1 AND scopes IS NOT NULL", &[&text(id)]).await?;
        let sql = "DELETE FROM native_sessions
                   WHERE id = ANY (ARRAY (SELECT id FROM native_sessions WHERE client_id = $1 LIMIT $2))";
        let sessions = db.change(sql, &[&text(id), &i64::from(most)]).await?;
        Ok(Removed { found, next: (sessions > 0).then_some(Walk::BEGINNING) })
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

/// Ends those of the next rows that are meant; answers how many, and how far it has come.
///
/// Where a user is meant, it is held: whoever opens a session by one of that user's has done so before and is found, or finds
/// that one ended. Its native sessions end all at once, as their order says nothing.
pub(super) async fn end_sessions(
    db: &Link,
    filter: &SessionFilter,
    from: Walk,
    most: u32,
    now: Time,
) -> Result<(usize, Walk), Error> {
    let [id, user, client] = asked(filter);
    let (now, kinds, ended, mut next) = (micros(now), kinds(filter), End::Revoked.word(), from);
    let count = db
        .together(async {
            let mut count = 0;
            if let Some(user) = &user {
                hold(db, user).await?;
            }
            if let Some(after) = from.sessions {
                let (after, last, over) = session_rows(db, after, most).await?;
                let sql = concat!("DELETE FROM sessions WHERE seq > $6 AND seq <= $7 AND ", meant!());
                count += db.change(sql, &[&now, &id, &user, &client, &kinds, &after, &last]).await?;
                next.sessions = over;
            }
            if from.native.is_some() && user.is_some() {
                let sql = concat!("UPDATE native_sessions SET ended = $6 WHERE user_id = $3 AND ", native_meant!());
                count += db.change(sql, &[&now, &id, &user, &client, &kinds, &ended]).await?;
                next.native = None;
            } else if let Some(after) = from.native {
                let (after, last, over) = native_rows(db, after, most).await?;
                let sql =
                    concat!("UPDATE native_sessions SET ended = $6 WHERE id > $7 AND id <= $8 AND ", native_meant!());
                let values: Values<'_> =
                    &[&now, &id, &user, &client, &kinds, &ended, &after.as_slice(), &last.as_slice()];
                count += db.change(sql, values).await?;
                next.native = over;
            }
            Ok(count)
        })
        .await?;
    Ok((usize::try_from(count).unwrap_or(usize::MAX), next))
}
