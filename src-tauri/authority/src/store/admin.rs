//! The statements of an administrator, in the SQLite store.

use daypass_core::Time;
use daypass_core::lineage::{End, Scopes};
use rusqlite::{Connection, OptionalExtension as _, Row, Statement, named_params, params};

use super::rows::{instant, micros, unreadable, word};
use super::{Removed, Walk};
use crate::Error;
use crate::admin::{ClientFacts, CredentialFacts, Grants, SessionFacts, SessionFilter, Speech, UserFacts};
use crate::model::{CredentialKind, Digest, SessionKind};
use crate::service::ClientKind;

/// Which of the sessions of the four old dialects are meant.
const MEANT: &str =
    "expires_at > :now AND (root IS NULL OR EXISTS (SELECT 1 FROM credentials WHERE credentials.id = root))
    AND :client IS NULL AND (:id IS NULL OR sessions.id = :id) AND (:user IS NULL OR user_id = :user)
    AND (:kinds IS NULL OR instr(:kinds, ' ' || kind || ' ') > 0)";

/// Which of those of the native dialect.
const NATIVE_MEANT: &str = "ended IS NULL AND expires_at > :now AND used_at + idle * 1000 > :now
    AND (:id IS NULL OR lower(hex(native_sessions.id)) = :id) AND (:user IS NULL OR user_id = :user)
    AND (:client IS NULL OR client_id = :client) AND (:kinds IS NULL OR :kinds = '  ')";

/// The words of the kinds that are meant, each between two spaces; two spaces alone for the native dialect.
pub(super) fn kinds(filter: &SessionFilter) -> Option<String> {
    let words = |speech: Speech| speech.kinds().iter().map(|kind| kind.word()).collect::<Vec<_>>().join(" ");
    filter.dialect.map(|speech| format!(" {} ", words(speech)))
}

pub(super) fn users(db: &Connection, id: Option<&str>, most: u32, now: Time) -> Result<Vec<UserFacts>, Error> {
    let mut select = db.prepare_cached(
        "SELECT id, created_at, disabled_at, (SELECT count(*) FROM credentials WHERE user_id = users.id),
             (SELECT count(*) FROM sessions WHERE user_id = users.id AND expires_at > :now)
             + (SELECT count(*) FROM native_sessions WHERE user_id = users.id AND ended IS NULL AND expires_at > :now
                AND used_at + idle * 1000 > :now)
         FROM users WHERE :id IS NULL OR id = :id ORDER BY created_at DESC, id LIMIT :most",
    )?;
    let users = select.query_map(named_params! { ":id": id, ":most": most, ":now": micros(now) }, |row| {
        Ok(UserFacts {
            id: row.get(0)?,
            created_at: instant(row.get(1)?, 1)?,
            disabled_at: row.get::<_, Option<i64>>(2)?.map(|micros| instant(micros, 2)).transpose()?,
            credentials: row.get::<_, i64>(3)?.unsigned_abs(),
            sessions: row.get::<_, i64>(4)?.unsigned_abs(),
        })
    })?;
    Ok(users.collect::<Result<_, _>>()?)
}

pub(super) fn credentials(db: &Connection, user_id: &str) -> Result<Vec<CredentialFacts>, Error> {
    let mut select =
        db.prepare_cached("SELECT kind, created_at, expires_at FROM credentials WHERE user_id = ?1 ORDER BY id")?;
    let credentials = select.query_map([user_id], |row| {
        Ok(CredentialFacts {
            kind: word(row, 0, CredentialKind::from_word)?.word(),
            created_at: instant(row.get(1)?, 1)?,
            expires_at: row.get::<_, Option<i64>>(2)?.map(|micros| instant(micros, 2)).transpose()?,
        })
    })?;
    Ok(credentials.collect::<Result<_, _>>()?)
}

pub(super) fn disable_user(db: &Connection, id: &str, at: Option<Time>) -> Result<bool, Error> {
    let found =
        db.prepare_cached("UPDATE users SET disabled_at = ?2 WHERE id = ?1")?.execute(params![id, at.map(micros)])?;
    Ok(found > 0)
}

pub(super) fn remove_user(db: &Connection, id: &str, from: Walk, most: u32) -> Result<Removed, Error> {
    let mut next = from;
    if let Some(after) = from.sessions {
        let (rows, over) = session_rows(db, after, most)?;
        db.prepare_cached("DELETE FROM sessions WHERE seq > ?1 AND seq <= ?2 AND user_id = ?3")?
            .execute(params![rows.0, rows.1, id])?;
        next.sessions = over;
    }
    if let Some(after) = from.native {
        let (rows, over) = native_rows(db, after, most)?;
        db.prepare_cached("DELETE FROM native_sessions WHERE rowid > ?1 AND rowid <= ?2 AND user_id = ?3")?
            .execute(params![rows.0, rows.1, id])?;
        next.native = over;
    }
    if !from.is_over() {
        return Ok(Removed { found: false, next: Some(next) });
    }
    let credentials = db
        .prepare_cached("DELETE FROM credentials WHERE id IN (SELECT id FROM credentials WHERE user_id = ?1 LIMIT ?2)")?
        .execute(params![id, most])?;
    if credentials > 0 {
        return Ok(Removed { found: false, next: Some(next) });
    }
    db.prepare_cached("DELETE FROM device_codes WHERE user_id = ?1")?.execute([id])?;
    db.prepare_cached("DELETE FROM profiles WHERE user_id = ?1")?.execute([id])?;
    let found = db.prepare_cached("DELETE FROM users WHERE id = ?1")?.execute([id])? > 0;
    Ok(Removed { found, next: None })
}

/// The rows of a step: behind the first number, up to the second.
type Rows = (i64, i64);

/// The next `most` of the sessions of the four old dialects behind `after`, and where the next step goes on.
fn session_rows(db: &Connection, after: u128, most: u32) -> Result<(Rows, Option<u128>), Error> {
    let mut last = db.prepare_cached("SELECT seq FROM sessions WHERE seq > ?1 ORDER BY seq LIMIT 1 OFFSET ?2")?;
    rows_to(&mut last, after, most)
}

/// The same of the native dialect's, by the numbers of their rows: in that order one that is opened by another comes later.
fn native_rows(db: &Connection, after: u128, most: u32) -> Result<(Rows, Option<u128>), Error> {
    let mut last =
        db.prepare_cached("SELECT rowid FROM native_sessions WHERE rowid > ?1 ORDER BY rowid LIMIT 1 OFFSET ?2")?;
    rows_to(&mut last, after, most)
}

fn rows_to(last: &mut Statement<'_>, after: u128, most: u32) -> Result<(Rows, Option<u128>), Error> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let found: Option<i64> = last.query_row(params![after, most.saturating_sub(1)], |row| row.get(0)).optional()?;
    // Where there are fewer, all that are left are meant.
    Ok(((after, found.unwrap_or(i64::MAX)), found.map(|last| u128::from(last.unsigned_abs()))))
}

pub(super) fn clients(db: &Connection, id: Option<&str>, now: Time) -> Result<Vec<ClientFacts>, Error> {
    let mut select = db.prepare_cached(
        "SELECT id, digest IS NULL, scopes, grants, created_at,
             (SELECT count(*) FROM native_sessions WHERE client_id = clients.id AND ended IS NULL AND expires_at > :now
              AND used_at + idle * 1000 > :now)
         FROM clients WHERE :id IS NULL OR id = :id ORDER BY id",
    )?;
    let clients = select.query_map(named_params! { ":id": id, ":now": micros(now) }, |row| {
        Ok(ClientFacts {
            id: row.get(0)?,
            kind: if row.get(1)? { ClientKind::Public } else { ClientKind::Confidential },
            scopes: word(row, 2, Scopes::parse)?,
            grants: word(row, 3, Grants::parse)?,
            created_at: instant(row.get(4)?, 4)?,
            sessions: row.get::<_, i64>(5)?.unsigned_abs(),
        })
    })?;
    Ok(clients.collect::<Result<_, _>>()?)
}

pub(super) fn replace_client_secret(db: &Connection, id: &str, digest: Digest) -> Result<bool, Error> {
    // A public client has none, and gets none.
    let replaced = db
        .prepare_cached("UPDATE clients SET digest = ?2 WHERE id = ?1 AND digest IS NOT NULL")?
        .execute(params![id, digest.0])?;
    Ok(replaced > 0)
}

pub(super) fn remove_client(db: &Connection, id: &str, most: u32) -> Result<Removed, Error> {
    let found = db.prepare_cached("DELETE FROM clients WHERE id = ?1")?.execute([id])? > 0;
    db.prepare_cached("DELETE FROM device_codes WHERE client_id = ?1 AND scopes IS NOT NULL")?.execute([id])?;
    let sessions = db
        .prepare_cached(
            "DELETE FROM native_sessions
             WHERE rowid IN (SELECT rowid FROM native_sessions WHERE client_id = ?1 LIMIT ?2)",
        )?
        .execute(params![id, most])?;
    Ok(Removed { found, next: (sessions > 0).then_some(Walk::BEGINNING) })
}

pub(super) fn sessions(
    db: &Connection,
    filter: &SessionFilter,
    most: u32,
    now: Time,
) -> Result<Vec<SessionFacts>, Error> {
    let mut select = db.prepare_cached(&format!(
        "SELECT id, kind, user_id, NULL AS client, name, subject, created_at, expires_at, NULL AS used_at
         FROM sessions WHERE {MEANT}
         UNION ALL SELECT lower(hex(id)), 'native', user_id, client_id, name, nullif(scopes, ''), created_at, expires_at,
             max(used_at, coalesce(seen_at, used_at)) FROM native_sessions WHERE {NATIVE_MEANT}
         ORDER BY 7 DESC, 1 LIMIT :most"
    ))?;
    let sessions = select.query_map(
        named_params! {
            ":id": filter.id, ":user": filter.user, ":client": filter.client, ":kinds": kinds(filter),
            ":now": micros(now), ":most": most,
        },
        read,
    )?;
    Ok(sessions.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<SessionFacts> {
    let kind: String = row.get(1)?;
    let (dialect, kind) = if kind == Speech::Native.name() {
        (Speech::Native, Speech::Native.name())
    } else {
        let kind = SessionKind::from_word(&kind).ok_or_else(|| unreadable(1))?;
        (Speech::from(kind), kind.word())
    };
    Ok(SessionFacts {
        id: row.get(0)?,
        dialect,
        kind,
        user: row.get(2)?,
        client: row.get(3)?,
        name: row.get(4)?,
        limits: row.get(5)?,
        created_at: instant(row.get(6)?, 6)?,
        expires_at: instant(row.get(7)?, 7)?,
        used_at: row.get::<_, Option<i64>>(8)?.map(|micros| instant(micros, 8)).transpose()?,
    })
}

/// Ends those of the next rows that are meant; answers how many, and how far it has come.
pub(super) fn end_sessions(
    db: &Connection,
    filter: &SessionFilter,
    from: Walk,
    most: u32,
    now: Time,
) -> Result<(usize, Walk), Error> {
    let (kinds, mut next, mut ended) = (kinds(filter), from, 0);
    if let Some(after) = from.sessions {
        let (rows, over) = session_rows(db, after, most)?;
        ended += db
            .prepare_cached(&format!("DELETE FROM sessions WHERE seq > :after AND seq <= :last AND {MEANT}"))?
            .execute(named_params! {
            ":id": filter.id, ":user": filter.user, ":client": filter.client, ":kinds": kinds,
            ":now": micros(now), ":after": rows.0, ":last": rows.1,
        })?;
        next.sessions = over;
    }
    if let Some(after) = from.native {
        let (rows, over) = native_rows(db, after, most)?;
        ended += db
            .prepare_cached(&format!(
                "UPDATE native_sessions SET ended = :ended WHERE rowid > :after AND rowid <= :last AND {NATIVE_MEANT}"
            ))?
            .execute(named_params! {
                ":id": filter.id, ":user": filter.user, ":client": filter.client, ":kinds": kinds,
                ":now": micros(now), ":after": rows.0, ":last": rows.1, ":ended": End::Revoked.word(),
            })?;
        next.native = over;
    }
    Ok((ended, next))
}
