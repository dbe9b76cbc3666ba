//! The statements of the keys that sign access tokens, in the SQLite store.

use std::time::Duration;

use daypass_core::Time;
use daypass_core::token::ring::{Key, Ring, Times};
use rusqlite::{Connection, params};

use super::rows::{instant, micros};
use crate::Error;
use crate::model::{KeyChange, SigningKey};

pub(super) fn all(db: &Connection) -> Result<Ring<SigningKey>, Error> {
    let mut select =
        db.prepare_cached("SELECT seed, created_at, active_at, withdrawn_at, token_life FROM access_keys")?;
    let keys = select.query_map([], |row| {
        let withdrawn_at: Option<i64> = row.get(3)?;
        Ok(Key {
            secret: SigningKey::new(row.get(0)?),
            times: Times {
                created_at: instant(row.get(1)?, 1)?,
                active_at: instant(row.get(2)?, 2)?,
                withdrawn_at: withdrawn_at.map(|micros| instant(micros, 3)).transpose()?,
                token_life: Duration::from_millis(row.get::<_, i64>(4)?.max(0).unsigned_abs()),
            },
        })
    })?;
    Ok(Ring::new(keys.collect::<Result<_, _>>()?))
}

/// Does `change`; answers the keys as they are then, and whether there was something to change.
pub(super) fn change(db: &Connection, change: KeyChange, now: Time) -> Result<(Ring<SigningKey>, bool), Error> {
    let mut ring = all(db)?;
    let done = change.apply(&mut ring, now);
    // A handful of rows: they are written anew, whatever changed.
    db.prepare_cached("DELETE FROM access_keys")?.execute([])?;
    let mut insert = db.prepare_cached(
        "INSERT INTO access_keys (seed, created_at, active_at, withdrawn_at, token_life) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for Key { secret, times } in ring.keys() {
        insert.execute(params![
            secret.as_slice(),
            micros(times.created_at),
            micros(times.active_at),
            times.withdrawn_at.map(micros),
            i64::try_from(times.token_life.as_millis()).unwrap_or(i64::MAX)
        ])?;
    }
    Ok((ring, done))
}
