//! The statements of the native dialect in the SQLite store: clients, and sessions with their refresh tokens.

use std::time::Duration;

use chrono::SubsecRound as _;
use daypass_core::lineage::chain::{Chain, Link, Token};
use daypass_core::lineage::{self, End, Lineage, Refusal, Scopes};
use daypass_core::{Time, clock};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::device::take_device_code;
use super::rows::{instant, micros, unreadable, word};
use crate::Error;
use crate::admin::Grants;
use crate::model::{
    Client, Digest, Listed, NativeSession, Redeemed, Refreshed, Salt, SignedIn, Use, last_used_at, shared,
};

/// What a device sign-in was begun for is not what this program writes.
pub(super) const UNREADABLE_SCOPES: Error = Error::Damaged("the scopes of a device sign-in cannot be read");

/// How long a session is remembered that is over, so that its owner is told why.
const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);

/// What the end of that is rounded to, in seconds.
const HOUR: u32 = 3600;

pub(super) fn add_client(db: &Connection, client: &Client) -> Result<bool, Error> {
    let added = db
        .prepare_cached(
            "INSERT INTO clients (id, digest, scopes, created_at, grants) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            client.id,
            client.digest.map(|digest| digest.0),
            client.scopes.to_string(),
            micros(client.created_at),
            client.grants.to_string()
        ])?;
    Ok(added > 0)
}

pub(super) fn client(db: &Connection, id: &str) -> Result<Option<Client>, Error> {
    let mut select = db.prepare_cached("SELECT id, digest, scopes, created_at, grants FROM clients WHERE id = ?1")?;
    let found = select.query_row([id], |row| {
        Ok(Client {
            id: row.get(0)?,
            digest: row.get::<_, Option<[u8; 32]>>(1)?.map(Digest),
            scopes: word(row, 2, Scopes::parse)?,
            created_at: instant(row.get(3)?, 3)?,
            grants: word(row, 4, Grants::parse)?,
        })
    });
    Ok(found.optional()?)
}

/// The statement that selects what [`read`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT client_id, user_id, scopes, created_at, expires_at, idle, used_at, ended, tag_key, generation,
                    previous_digest, previous_salt, current_digest, current_salt, successor_digest, name, id,
                    seen_at
             FROM native_sessions ",
            $rest
        )
    };
}

pub(super) fn session(db: &Connection, id: [u8; 16]) -> Result<Option<NativeSession>, Error> {
    Ok(db.prepare_cached(select!("WHERE id = ?1"))?.query_row([id], read).optional()?)
}

/// The sessions of a user that live at `now`, oldest first.
pub(super) fn living(db: &Connection, user_id: &str, now: Time) -> Result<Vec<NativeSession>, Error> {
    let mut select = db.prepare_cached(select!("WHERE user_id = ?1 AND ended IS NULL ORDER BY created_at, id"))?;
    let mut found = select.query_map([user_id], read)?.collect::<Result<Vec<_>, _>>()?;
    found.retain(|session| session.chain.lineage.end_at(now).is_none());
    Ok(found)
}

/// The same for a list: what it shows is read, and nothing of their tokens.
pub(super) fn listed(db: &Connection, user_id: &str, now: Time) -> Result<Vec<Listed>, Error> {
    let mut select = db.prepare_cached(
        "SELECT id, client_id, name, scopes, created_at, expires_at, idle, used_at, seen_at FROM native_sessions
         WHERE user_id = ?1 AND ended IS NULL",
    )?;
    let (mut client_id, mut scope) = ("".into(), "".into());
    let read = |row: &Row<'_>| {
        let used_at = instant(row.get(7)?, 7)?;
        Ok(Listed {
            id: row.get(0)?,
            client_id: shared(&mut client_id, row.get_ref(1)?.as_str()?),
            name: row.get(2)?,
            scope: shared(&mut scope, row.get_ref(3)?.as_str()?),
            created_at: instant(row.get(4)?, 4)?,
            last_used_at: last_used_at(used_at, some_instant(row, 8)?),
            over_at: lineage::over_at(instant(row.get(5)?, 5)?, used_at, idle(row, 6)?),
        })
    };
    let mut found = select.query_map([user_id], read)?.collect::<Result<Vec<_>, _>>()?;
    found.retain(|session| now < session.over_at);
    // Here: SQLite would copy each row into its sorter and out again.
    found.sort_unstable_by_key(|session| (session.created_at, session.id));
    Ok(found)
}

/// The instant in a column that may be empty.
fn some_instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Time>> {
    row.get::<_, Option<i64>>(column)?.map(|micros| instant(micros, column)).transpose()
}

/// The life in a column of milliseconds.
fn idle(row: &Row<'_>, column: usize) -> rusqlite::Result<Duration> {
    Ok(Duration::from_millis(row.get::<_, i64>(column)?.max(0).unsigned_abs()))
}

fn read(row: &Row<'_>) -> rusqlite::Result<NativeSession> {
    let ended: Option<String> = row.get(7)?;
    let successor: Option<[u8; 32]> = row.get(14)?;
    let lineage = Lineage {
        generation: row.get(9)?,
        issued: successor.is_some(),
        scopes: word(row, 2, Scopes::parse)?,
        expires_at: instant(row.get(4)?, 4)?,
        idle: idle(row, 5)?,
        used_at: instant(row.get(6)?, 6)?,
        ended: ended.map(|word| End::from_word(&word).ok_or_else(|| unreadable(7))).transpose()?,
    };
    let link = |digest, salt: [u8; 32]| Link { digest, salt: Salt::new(salt) };
    let previous = row.get::<_, Option<[u8; 32]>>(10)?.zip(row.get(11)?);
    Ok(NativeSession {
        client_id: row.get(0)?,
        user_id: row.get(1)?,
        name: row.get(15)?,
        created_at: instant(row.get(3)?, 3)?,
        seen_at: some_instant(row, 17)?,
        chain: Chain {
            id: row.get(16)?,
            lineage,
            key: Salt::new(row.get(8)?),
            previous: previous.map(|(digest, salt)| link(digest, salt)),
            current: link(row.get(12)?, row.get(13)?),
            successor,
        },
    })
}

pub(super) fn insert(db: &Connection, session: &NativeSession) -> Result<(), Error> {
    let chain = &session.chain;
    db.prepare_cached(
        "INSERT INTO native_sessions (id, client_id, user_id, scopes, created_at, expires_at, idle, used_at,
             forgotten_at, tag_key, generation, current_digest, current_salt, name)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        chain.id,
        session.client_id,
        session.user_id,
        chain.lineage.scopes.to_string(),
        micros(session.created_at),
        micros(chain.lineage.expires_at),
        i64::try_from(chain.lineage.idle.as_millis()).unwrap_or(i64::MAX),
        micros(chain.lineage.used_at),
        micros(forgotten_at(session)),
        *chain.key,
        chain.lineage.generation,
        chain.current.digest,
        *chain.current.salt,
        session.name
    ])?;
    Ok(())
}

pub(super) fn refresh(
    db: &Connection,
    token: &Token,
    client_id: &str,
    asked: Option<&Scopes>,
    salt: Salt,
    now: Time,
) -> Result<Result<Refreshed, Refusal>, Error> {
    let found = session(db, token.id())?.filter(|session| session.client_id == client_id);
    let Some(mut session) = found else { return Ok(Err(Refusal::Unknown)) };
    let before = session.chain.clone();
    let presented = session.chain.present(token, asked, salt, now);
    if session.chain != before {
        update(db, &session)?;
    }
    Ok(presented.map(|(renewal, refresh_token)| Refreshed { session, refresh_token, scopes: renewal.scopes }))
}

pub(super) fn revoke(db: &Connection, id: [u8; 16]) -> Result<(), Error> {
    let Some(mut session) = session(db, id)? else { return Ok(()) };
    session.chain.lineage.end(End::Revoked);
    update(db, &session)
}

pub(super) fn redeem(
    db: &Connection,
    digest: Digest,
    mut session: NativeSession,
    most: u32,
    now: Time,
) -> Result<Redeemed<SignedIn>, Error> {
    let redeemed = take_device_code(db, digest, Some(&session.client_id), now)?;
    let mut ended = Vec::new();
    if let Redeemed::Approved((user_id, scopes)) = &redeemed {
        for mut gives_way in give_way(living(db, user_id, now)?, most) {
            gives_way.chain.lineage.end(End::Revoked);
            update(db, &gives_way)?;
            ended.push(gives_way.chain.id);
        }
        session.user_id = Some(user_id.clone());
        session.chain.lineage.scopes = Scopes::parse(scopes).ok_or(UNREADABLE_SCOPES)?;
        insert(db, &session)?;
    }
    Ok(redeemed.map(|_| SignedIn { session, ended }))
}

/// Those of a user's living sessions that end where another one is signed in to, so that they are no more than `most`: the
/// ones that were used longest ago.
pub(super) fn give_way(mut living: Vec<NativeSession>, most: u32) -> Vec<NativeSession> {
    let stay = usize::try_from(most.max(1)).unwrap_or(usize::MAX) - 1;
    living.sort_by_key(|session| (session.last_used_at(), session.created_at));
    living.truncate(living.len().saturating_sub(stay));
    living
}

/// Writes what can change in a session.
///
/// In two statements: one that names a column of an index writes the index anew, also where the column stays as it is, and
/// a refresh ends nothing.
pub(super) fn update(db: &Connection, session: &NativeSession) -> Result<(), Error> {
    let chain = &session.chain;
    db.prepare_cached(
        "UPDATE native_sessions SET used_at = ?2, generation = ?3, previous_digest = ?4, previous_salt = ?5,
             current_digest = ?6, current_salt = ?7, successor_digest = ?8, name = ?9 WHERE id = ?1",
    )?
    .execute(params![
        chain.id,
        micros(chain.lineage.used_at),
        chain.lineage.generation,
        chain.previous.as_ref().map(|link| link.digest),
        chain.previous.as_ref().map(|link| *link.salt),
        chain.current.digest,
        *chain.current.salt,
        chain.successor,
        session.name
    ])?;
    db.prepare_cached(
        "UPDATE native_sessions SET ended = ?2, forgotten_at = ?3
         WHERE id = ?1 AND (ended IS NOT ?2 OR forgotten_at <> ?3)",
    )?
    .execute(params![chain.id, chain.lineage.ended.map(End::word), micros(forgotten_at(session))])?;
    Ok(())
}

/// Writes when they were used, each where that is worth a write.
pub(super) fn note_uses(db: &Connection, uses: &[Use]) -> Result<usize, Error> {
    let mut update = db.prepare_cached(
        "UPDATE native_sessions SET seen_at = ?2
         WHERE id = ?1 AND ended IS NULL AND max(used_at, coalesce(seen_at, used_at)) <= ?3",
    )?;
    let mut written = 0;
    for one in uses {
        written += update.execute(params![one.session, micros(one.at), micros(one.after())])?;
    }
    Ok(written)
}

/// When the row may go: at a whole hour, up to one later than it might, so that not every refresh moves it in its index. A
/// session without a refresh token has nobody who would ask why it is over.
pub(super) fn forgotten_at(session: &NativeSession) -> Time {
    let over = session.chain.lineage.over_at();
    if session.user_id.is_none() {
        return over;
    }
    let at = clock::later(over, REMEMBERED + Duration::from_secs(HOUR.into())).trunc_subsecs(0);
    clock::earlier(at, Duration::from_secs(at.timestamp().rem_euclid(HOUR.into()).unsigned_abs()))
}
