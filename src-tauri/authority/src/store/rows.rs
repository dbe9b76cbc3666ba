//! The statements of the SQLite store: each function is one step of [`super::Backend`], on an open connection.

use std::time::Duration;

use daypass_core::Time;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::Error;
use crate::model::{
    Credential, CredentialKind, Digest, Door, NewCredential, NewSession, NewUser, Opening, Profile, Refused, Scopes,
    Session, SessionKind, Subject,
};

pub(super) fn add_user(db: &Connection, user: &NewUser) -> Result<(), Error> {
    db.prepare_cached("INSERT INTO users (id, created_at) VALUES (?1, ?2)")?
        .execute(params![user.id, micros(user.created_at)])?;
    add_profile(db, &user.id, &user.profile, u32::MAX)?;
    for credential in &user.credentials {
        insert_credential(db, &user.id, credential)?;
    }
    for session in &user.sessions {
        insert_session(db, &user.id, None, session)?;
    }
    Ok(())
}

pub(super) fn credential(db: &Connection, digest: Digest) -> Result<Option<Credential>, Error> {
    let mut select =
        db.prepare_cached("SELECT id, user_id, kind, scopes, life, expires_at FROM credentials WHERE digest = ?1 AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_at IS NULL)")?;
    let found = select.query_row([digest.0], |row| {
        let scopes: Option<String> = row.get(3)?;
        let life: Option<i64> = row.get(4)?;
        Ok(Credential {
            id: row.get(0)?,
            user_id: row.get(1)?,
            kind: word(row, 2, CredentialKind::from_word)?,
            scopes: scopes.map(|text| scopes_from(&text, 3)).transpose()?,
            life: life.map(|millis| Duration::from_millis(millis.max(0).unsigned_abs())),
            expires_at: row.get::<_, Option<i64>>(5)?.map(|micros| instant(micros, 5)).transpose()?,
        })
    });
    Ok(found.optional()?)
}

/// The columns of a session, in the order in which [`read_session`] takes them.
const SESSION: &str = "SELECT id, user_id, kind, name, subject, created_at, expires_at, root,
    root IS NULL OR EXISTS (SELECT 1 FROM credentials WHERE credentials.id = root) FROM sessions";

fn read_session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let kind = word(row, 2, SessionKind::from_word)?;
    let subject = match (row.get::<_, Option<String>>(4)?, kind) {
        (None, _) => Subject::Everything,
        (Some(text), SessionKind::Discover) => Subject::Scopes(scopes_from(&text, 4)?),
        (Some(profile), _) => Subject::Profile(profile),
    };
    Ok(Session {
        id: row.get(0)?,
        user_id: row.get(1)?,
        kind,
        name: row.get(3)?,
        subject,
        created_at: instant(row.get(5)?, 5)?,
        expires_at: instant(row.get(6)?, 6)?,
        root: row.get(7)?,
        rooted: row.get(8)?,
    })
}

pub(super) fn session(db: &Connection, digest: Digest) -> Result<Option<Session>, Error> {
    let mut select = db.prepare_cached(&format!("{SESSION} WHERE digest = ?1"))?;
    Ok(select.query_row([digest.0], read_session).optional()?)
}

pub(super) fn open(db: &Connection, opening: &Opening, now: Time) -> Result<Result<String, Refused>, Error> {
    let (user_id, root, scopes) = match opening.door {
        Door::Credential(kind) => match credential(db, opening.by)?.filter(|found| found.kind == kind) {
            None => return Ok(Err(Refused::Unknown)),
            Some(found) if found.expires_at.is_some_and(|at| now >= at) => return Ok(Err(Refused::Expired)),
            Some(found) => (found.user_id, Some(found.id), found.scopes),
        },
        Door::AntiRaidSession => match session(db, opening.by)?.filter(|found| found.kind.is_antiraid()) {
            None => return Ok(Err(Refused::Unknown)),
            Some(found) if now >= found.expires_at => return Ok(Err(Refused::Expired)),
            Some(found) => (found.user_id, None, None),
        },
    };
    match &opening.session.subject {
        Subject::Profile(id) if !owns_profile(db, &user_id, id)? => return Ok(Err(Refused::Profile)),
        Subject::Scopes(asked) if !scopes.is_some_and(|allowed| allowed.include(asked)) => {
            return Ok(Err(Refused::Scope));
        }
        Subject::Everything | Subject::Profile(_) | Subject::Scopes(_) => {}
    }
    if let Some(refresh) = &opening.refresh {
        insert_credential(db, &user_id, refresh)?;
    }
    // Only PocketPaw's sessions end with their credential. Discovr documents that its session tokens live to their end
    // even after a sign-out, and the others know no such end.
    let root = root.filter(|_| opening.session.kind == SessionKind::PocketPaw);
    insert_session(db, &user_id, root, &opening.session)?;
    Ok(Ok(user_id))
}

pub(super) fn antiraid_sessions(db: &Connection, user_id: &str, now: Time) -> Result<Vec<Session>, Error> {
    let mut select = db.prepare_cached(&format!(
        "{SESSION} WHERE user_id = ?1 AND kind IN ('login', 'app_login', 'api') AND expires_at > ?2 ORDER BY seq"
    ))?;
    let sessions = select.query_map(params![user_id, micros(now)], read_session)?;
    Ok(sessions.collect::<Result<_, _>>()?)
}

pub(super) fn end_antiraid_session(db: &Connection, user_id: &str, id: &str, now: Time) -> Result<bool, Error> {
    let ended = db
        .prepare_cached(
            "DELETE FROM sessions
             WHERE id = ?1 AND user_id = ?2 AND kind IN ('login', 'app_login', 'api') AND expires_at > ?3",
        )?
        .execute(params![id, user_id, micros(now)])?;
    Ok(ended > 0)
}

pub(super) fn replace_credential(db: &Connection, id: i64, successor: &NewCredential) -> Result<bool, Error> {
    let user_id: Option<String> = db
        .prepare_cached("DELETE FROM credentials WHERE id = ?1 RETURNING user_id")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(user_id) = user_id else { return Ok(false) };
    insert_credential(db, &user_id, successor)?;
    Ok(true)
}

pub(super) fn remove_credential(db: &Connection, digest: Digest, kind: CredentialKind) -> Result<bool, Error> {
    let removed = db
        .prepare_cached("DELETE FROM credentials WHERE digest = ?1 AND kind = ?2")?
        .execute(params![digest.0, kind.word()])?;
    Ok(removed > 0)
}

pub(super) fn profiles(db: &Connection, user_id: &str) -> Result<Vec<Profile>, Error> {
    let mut select = db.prepare_cached(
        "SELECT id, name, avatar_url, created_at FROM profiles WHERE user_id = ?1 ORDER BY created_at DESC, seq DESC",
    )?;
    let profiles = select.query_map([user_id], |row| {
        Ok(Profile {
            id: row.get(0)?,
            name: row.get(1)?,
            avatar_url: row.get(2)?,
            created_at: instant(row.get(3)?, 3)?,
        })
    })?;
    Ok(profiles.collect::<Result<_, _>>()?)
}

pub(super) fn add_profile(db: &Connection, user_id: &str, profile: &Profile, most: u32) -> Result<bool, Error> {
    let added = db
        .prepare_cached(
            "INSERT INTO profiles (id, user_id, name, avatar_url, created_at)
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE (SELECT count(*) FROM profiles WHERE user_id = ?2) < ?6",
        )?
        .execute(params![profile.id, user_id, profile.name, profile.avatar_url, micros(profile.created_at), most])?;
    Ok(added > 0)
}

fn owns_profile(db: &Connection, user_id: &str, id: &str) -> Result<bool, Error> {
    Ok(db.prepare_cached("SELECT 1 FROM profiles WHERE id = ?1 AND user_id = ?2")?.exists([id, user_id])?)
}

pub(super) fn expire(db: &Connection, now: Time, credentials_before: Time, most: u32) -> Result<usize, Error> {
    let sessions = db
        .prepare_cached(
            "DELETE FROM sessions WHERE seq IN
             (SELECT seq FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute(params![micros(now), most])?;
    let credentials = db
        .prepare_cached(
            "DELETE FROM credentials WHERE id IN
             (SELECT id FROM credentials WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute(params![micros(credentials_before), most])?;
    let codes = db
        .prepare_cached(
            "DELETE FROM device_codes WHERE digest IN
             (SELECT digest FROM device_codes WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute(params![micros(credentials_before), most])?;
    let native = db
        .prepare_cached(
            "DELETE FROM native_sessions WHERE id IN
             (SELECT id FROM native_sessions WHERE forgotten_at <= ?1 ORDER BY forgotten_at LIMIT ?2)",
        )?
        .execute(params![micros(now), most])?;
    Ok(sessions + credentials + codes + native)
}

pub(super) fn insert_credential(db: &Connection, user_id: &str, credential: &NewCredential) -> Result<(), Error> {
    db.prepare_cached(
        "INSERT INTO credentials (digest, user_id, kind, scopes, life, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        credential.digest.0,
        user_id,
        credential.kind.word(),
        credential.scopes.as_ref().map(Scopes::to_string),
        credential.life.map(|life| i64::try_from(life.as_millis()).unwrap_or(i64::MAX)),
        micros(credential.created_at),
        credential.expires_at.map(micros)
    ])?;
    Ok(())
}

fn insert_session(db: &Connection, user_id: &str, root: Option<i64>, session: &NewSession) -> Result<(), Error> {
    let subject = match &session.subject {
        Subject::Everything => None,
        Subject::Profile(id) => Some(id.clone()),
        Subject::Scopes(scopes) => Some(scopes.to_string()),
    };
    db.prepare_cached(
        "INSERT INTO sessions (digest, id, user_id, root, kind, name, subject, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (digest) DO NOTHING",
    )?
    .execute(params![
        session.digest.0,
        session.id,
        user_id,
        root,
        session.kind.word(),
        session.name,
        subject,
        micros(session.created_at),
        micros(session.expires_at)
    ])?;
    Ok(())
}

/// An instant as it is stored; the whole calendar fits.
pub(super) fn micros(at: Time) -> i64 {
    at.timestamp_micros()
}

pub(super) fn instant(micros: i64, column: usize) -> rusqlite::Result<Time> {
    Time::from_timestamp_micros(micros).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, micros))
}

pub(super) fn word<T>(row: &Row<'_>, column: usize, read: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    read(&text).ok_or_else(|| unreadable(column))
}

fn scopes_from(text: &str, column: usize) -> rusqlite::Result<Scopes> {
    Scopes::from_words(text.split(' ')).ok_or_else(|| unreadable(column))
}

pub(super) fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, "a word that this program does not know".into())
}
