//! The statements of the keys that sign access tokens, in the PostgreSQL store.

use std::time::Duration;

use daypass_core::Time;
use daypass_core::token::ring::{Key, Ring, Times};
use tokio_postgres::Row;

use super::link::Link;
use super::values::{bytes, instant, life, millis, some_instant};
use crate::Error;
use crate::model::{KeyChange, SigningKey};
use crate::store::rows::micros;

pub(super) async fn all(db: &Link) -> Result<Ring<SigningKey>, Error> {
    let rows = db.rows("SELECT seed, created_at, active_at, withdrawn_at, token_life FROM access_keys", &[]).await?;
    Ok(Ring::new(rows.iter().map(read).collect::<Result<_, _>>()?))
}

fn read(row: &Row) -> Result<Key<SigningKey>, Error> {
    Ok(Key {
        secret: SigningKey::new(bytes(row, 0)?),
        times: Times {
            created_at: instant(row, 1)?,
            active_at: instant(row, 2)?,
            withdrawn_at: some_instant(row, 3)?,
            token_life: life(row, 4)?.unwrap_or(Duration::ZERO),
        },
    })
}

/// Does `change`, one process after the other; answers the keys as they are then, and whether there was something to change.
pub(super) async fn change(db: &Link, change: KeyChange, now: Time) -> Result<(Ring<SigningKey>, bool), Error> {
    db.together(async {
        db.change("LOCK TABLE access_keys IN SHARE ROW EXCLUSIVE MODE", &[]).await?;
        let mut ring = all(db).await?;
        let done = change.apply(&mut ring, now);
        // A handful of rows: they are written anew, whatever changed.
        db.change("DELETE FROM access_keys", &[]).await?;
        for Key { secret, times } in ring.keys() {
            db.change(
                "INSERT INTO access_keys (seed, created_at, active_at, withdrawn_at, token_life)
                 VALUES ($1, $2, $3, $4, $5)",
                &[
                    &secret.as_slice(),
                    &micros(times.created_at),
                    &micros(times.active_at),
                    &times.withdrawn_at.map(micros),
                    &millis(times.token_life),
                ],
            )
            .await?;
        }
        Ok((ring, done))
    })
    .await
}
