//! The statements of the native dialect in the PostgreSQL store: clients, and sessions with their refresh tokens.
//!
//! A session that is to change is read with a lock on its row: of fifty that refresh at two processes at once, each sees
//! what the one before it has written. What may happen is decided by the core, as in the SQLite store.

use std::time::Duration;

use daypass_core::Time;
use daypass_core::lineage::chain::{Chain, Link as Generation, Token};
use daypass_core::lineage::{self, End, Lineage, Refusal, Scopes};
use tokio_postgres::Row;

use super::device::take_device_code;
use super::link::{Link, Then, Values};
use super::values::{bytes, instant, life, millis, some_bytes, some_instant, some_word, text, value, word};
use crate::Error;
use crate::admin::Grants;
use crate::model::{
    Client, Digest, Listed, NativeSession, Redeemed, Refreshed, Salt, SignedIn, Use, last_used_at, shared,
};
use crate::store::native::{UNREADABLE_SCOPES, forgotten_at, give_way};
use crate::store::rows::micros;

pub(super) async fn add_client(db: &Link, client: &Client) -> Result<bool, Error> {
    let added = db
        .change(
            "INSERT INTO clients (id, digest, scopes, created_at, grants) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO NOTHING",
            &[
                &text(&client.id),
                &client.digest.as_ref().map(|digest| digest.0.as_slice()),
                &client.scopes.to_string(),
                &micros(client.created_at),
                &client.grants.to_string(),
            ],
        )
        .await?;
    Ok(added > 0)
}

pub(super) async fn client(db: &Link, id: &str) -> Result<Option<Client>, Error> {
    let found =
        db.row("SELECT id, digest, scopes, created_at, grants FROM clients WHERE id = $1", &[&text(id)]).await?;
    let client = |row: Row| {
        Ok(Client {
            id: value(&row, 0)?,
            digest: some_bytes(&row, 1)?.map(Digest),
            scopes: word(&row, 2, Scopes::parse)?,
            created_at: instant(&row, 3)?,
            grants: word(&row, 4, Grants::parse)?,
        })
    };
    found.map(client).transpose()
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

pub(super) async fn session(db: &Link, id: [u8; 16]) -> Result<Option<NativeSession>, Error> {
    let found = db.row(select!("WHERE id = $1"), &[&id.as_slice()]).await?;
    found.map(|row| read(&row)).transpose()
}

/// The same, inside a transaction, until whose end nobody else changes it.
pub(super) async fn held(db: &Link, id: [u8; 16]) -> Result<Option<NativeSession>, Error> {
    let found = db.row(select!("WHERE id = $1 FOR UPDATE"), &[&id.as_slice()]).await?;
    found.map(|row| read(&row)).transpose()
}

/// Begins a transaction with [`held`].
async fn begin_holding(db: &Link, id: [u8; 16]) -> Result<Option<NativeSession>, Error> {
    let found = db.begin_with(select!("WHERE id = $1 FOR UPDATE"), &[&id.as_slice()]).await?;
    found.first().map(read).transpose()
}

/// The sessions of a user that live at `now`, oldest first.
pub(super) async fn living(db: &Link, user_id: &str, now: Time) -> Result<Vec<NativeSession>, Error> {
    let rows =
        db.rows(select!("WHERE user_id = $1 AND ended IS NULL ORDER BY created_at, id"), &[&text(user_id)]).await?;
    alive(&rows, now)
}

/// The same for a list: what it shows is read, and nothing of their tokens.
pub(super) async fn listed(db: &Link, user_id: &str, now: Time) -> Result<Vec<Listed>, Error> {
    let sql = "SELECT id, client_id, name, scopes, created_at, expires_at, idle, used_at, seen_at FROM native_sessions
               WHERE user_id = $1 AND ended IS NULL ORDER BY created_at, id";
    let (mut client_id, mut scope) = ("".into(), "".into());
    let read = |row: &Row| {
        let used_at = instant(row, 7)?;
        let over_at = lineage::over_at(instant(row, 5)?, used_at, life(row, 6)?.unwrap_or(Duration::ZERO));
        Ok(Listed {
            id: bytes(row, 0)?,
            client_id: shared(&mut client_id, value(row, 1)?),
            name: value(row, 2)?,
            scope: shared(&mut scope, value(row, 3)?),
            created_at: instant(row, 4)?,
            last_used_at: last_used_at(used_at, some_instant(row, 8)?),
            over_at,
        })
    };
    let mut found = db.rows(sql, &[&text(user_id)]).await?.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
    found.retain(|session| now < session.over_at);
    Ok(found)
}

/// The same, inside a transaction, until whose end nobody else changes them.
pub(super) async fn living_held(db: &Link, user_id: &str, now: Time) -> Result<Vec<NativeSession>, Error> {
    let rows = db
        .rows(select!("WHERE user_id = $1 AND ended IS NULL ORDER BY created_at, id FOR UPDATE"), &[&text(user_id)])
        .await?;
    alive(&rows, now)
}

fn alive(rows: &[Row], now: Time) -> Result<Vec<NativeSession>, Error> {
    let mut found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    found.retain(|session| session.chain.lineage.end_at(now).is_none());
    Ok(found)
}

fn read(row: &Row) -> Result<NativeSession, Error> {
    let successor = some_bytes(row, 14)?;
    let lineage = Lineage {
        generation: u32::try_from(value::<i64>(row, 9)?).map_err(|_| Error::Damaged("a generation is none"))?,
        issued: successor.is_some(),
        scopes: word(row, 2, Scopes::parse)?,
        expires_at: instant(row, 4)?,
        idle: life(row, 5)?.unwrap_or(Duration::ZERO),
        used_at: instant(row, 6)?,
        ended: some_word(row, 7, End::from_word)?,
    };
    let generation = |digest, salt| Generation { digest, salt: Salt::new(salt) };
    let previous = some_bytes(row, 10)?.zip(some_bytes(row, 11)?);
    Ok(NativeSession {
        client_id: value(row, 0)?,
        user_id: value(row, 1)?,
        name: value(row, 15)?,
        created_at: instant(row, 3)?,
        seen_at: some_instant(row, 17)?,
        chain: Chain {
            id: bytes(row, 16)?,
            lineage,
            key: Salt::new(bytes(row, 8)?),
            previous: previous.map(|(digest, salt)| generation(digest, salt)),
            current: generation(bytes(row, 12)?, bytes(row, 13)?),
            successor,
        },
    })
}

pub(super) async fn insert(db: &Link, session: &NativeSession) -> Result<(), Error> {
    let chain = &session.chain;
    db.change(
        "INSERT INTO native_sessions (id, client_id, user_id, scopes, created_at, expires_at, idle, used_at,
             forgotten_at, tag_key, generation, current_digest, current_salt, name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        &[
            &chain.id.as_slice(),
            &text(&session.client_id),
            &session.user_id,
            &chain.lineage.scopes.to_string(),
            &micros(session.created_at),
            &micros(chain.lineage.expires_at),
            &millis(chain.lineage.idle),
            &micros(chain.lineage.used_at),
            &micros(forgotten_at(session)),
            &chain.key.as_slice(),
            &i64::from(chain.lineage.generation),
            &chain.current.digest.as_slice(),
            &chain.current.salt.as_slice(),
            &session.name.as_deref().map(text),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn refresh(
    db: &Link,
    token: &Token,
    client_id: &str,
    asked: Option<&Scopes>,
    salt: Salt,
    now: Time,
) -> Result<Result<Refreshed, Refusal>, Error> {
    let found = begin_holding(db, token.id()).await?.filter(|session| session.client_id == client_id);
    let Some(mut session) = found else {
        db.roll_back().await?;
        return Ok(Err(Refusal::Unknown));
    };
    let before = session.chain.clone();
    let presented = session.chain.present(token, asked, salt, now);
    if session.chain == before {
        db.roll_back().await?;
    } else {
        update_and(db, &session, Then::Commit).await?;
    }
    Ok(presented.map(|(renewal, refresh_token)| Refreshed { session, refresh_token, scopes: renewal.scopes }))
}

pub(super) async fn revoke(db: &Link, id: [u8; 16]) -> Result<(), Error> {
    let Some(mut session) = begin_holding(db, id).await? else { return db.roll_back().await };
    session.chain.lineage.end(End::Revoked);
    update_and(db, &session, Then::Commit).await
}

pub(super) async fn redeem(
    db: &Link,
    digest: Digest,
    mut session: NativeSession,
    most: u32,
    now: Time,
) -> Result<Redeemed<SignedIn>, Error> {
    db.together(async {
        let redeemed = take_device_code(db, digest, Some(&session.client_id), now).await?;
        let mut ended = Vec::new();
        if let Redeemed::Approved((user_id, scopes)) = &redeemed {
            for mut gives_way in give_way(living_held(db, user_id, now).await?, most) {
                gives_way.chain.lineage.end(End::Revoked);
                update(db, &gives_way).await?;
                ended.push(gives_way.chain.id);
            }
            session.user_id = Some(user_id.clone());
            session.chain.lineage.scopes = Scopes::parse(scopes).ok_or(UNREADABLE_SCOPES)?;
            insert(db, &session).await?;
        }
        Ok(redeemed.map(|_| SignedIn { session, ended }))
    })
    .await
}

/// Writes what can change in a session, inside a transaction that goes on.
pub(super) async fn update(db: &Link, session: &NativeSession) -> Result<(), Error> {
    update_and(db, session, Then::GoOn).await
}

async fn update_and(db: &Link, session: &NativeSession, then: Then) -> Result<(), Error> {
    let chain = &session.chain;
    let sql = "UPDATE native_sessions SET used_at = $2, ended = $3, forgotten_at = $4, generation = $5,
             previous_digest = $6, previous_salt = $7, current_digest = $8, current_salt = $9, successor_digest = $10,
             name = $11 WHERE id = $1";
    let values: Values<'_> = &[
        &chain.id.as_slice(),
        &micros(chain.lineage.used_at),
        &chain.lineage.ended.map(End::word),
        &micros(forgotten_at(session)),
        &i64::from(chain.lineage.generation),
        &chain.previous.as_ref().map(|link| link.digest.as_slice()),
        &chain.previous.as_ref().map(|link| link.salt.as_slice()),
        &chain.current.digest.as_slice(),
        &chain.current.salt.as_slice(),
        &chain.successor.as_ref().map(|digest| digest.as_slice()),
        &session.name.as_deref().map(text),
    ];
    db.change_and(then, sql, values).await?;
    Ok(())
}

/// Writes when they were used, each where that is worth a write.
///
/// A row that somebody else holds is passed over. It is being refreshed, which is a later use, or ended, or its use is being
/// written by another process; only a use beside a naming is lost. So this never waits while it holds rows, and nobody
/// who holds some in another order waits for it and it for them.
pub(super) async fn note_uses(db: &Link, uses: &[Use]) -> Result<usize, Error> {
    let ids: Vec<&[u8]> = uses.iter().map(|one| one.session.as_slice()).collect();
    let at: Vec<i64> = uses.iter().map(|one| micros(one.at)).collect();
    let after: Vec<i64> = uses.iter().map(|one| micros(one.after())).collect();
    let sql = "UPDATE native_sessions SET seen_at = free.at
         FROM (SELECT held.id, noted.at
               FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS noted (id, at, after)
               JOIN native_sessions AS held ON held.id = noted.id
               WHERE held.ended IS NULL AND greatest(held.used_at, held.seen_at) <= noted.after
               FOR NO KEY UPDATE OF held SKIP LOCKED) AS free
         WHERE native_sessions.id = free.id";
    let written = db.change(sql, &[&ids, &at, &after]).await?;
    Ok(usize::try_from(written).unwrap_or(usize::MAX))
}
