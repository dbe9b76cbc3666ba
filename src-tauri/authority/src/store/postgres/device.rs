//! The statements of device sign-ins in the PostgreSQL store. What they mean stands beside their like in the SQLite store.

use daypass_core::Time;
use daypass_core::lineage::Scopes;
use tokio_postgres::Row;

use super::link::Link;
use super::rows::{add_user, insert_credential};
use super::values::{instant, some_word, text, value};
use crate::Error;
use crate::admin::{Settled, SignInFacts};
use crate::model::{Digest, NewCredential, NewDeviceCode, Redeemed, Verdict};
use crate::store::rows::micros;

/// Holds the user `$1`, together with others or alone, until the end of the transaction.
const HOLD_SHARED: &str = "SELECT pg_advisory_xact_lock_shared(hashtextextended('daypass user ' || $1::text, 0))";
const HOLD_ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended('daypass user ' || $1::text, 0))";

/// All who add one wait for each other, so that two that count at once do not both find room.
pub(super) async fn add_device_code(db: &Link, code: &NewDeviceCode, most: u32, now: Time) -> Result<bool, Error> {
    db.begin_with("SELECT pg_advisory_xact_lock(hashtextextended('daypass device_codes', 0))", &[]).await?;
    let added = db
        .commit_with(
            "INSERT INTO device_codes (digest, user_code, client_id, created_at, expires_at, scopes)
             SELECT $1, $2, $3, $4, $5, $8 WHERE (SELECT count(*) FROM device_codes WHERE expires_at > $7) < $6",
            &[
                &code.digest.0.as_slice(),
                &code.user_code.0.as_slice(),
                &text(&code.client_id),
                &micros(code.created_at),
                &micros(code.expires_at),
                &i64::from(most),
                &micros(now),
                &code.scopes.as_ref().map(ToString::to_string),
            ],
        )
        .await?;
    Ok(added > 0)
}

/// The statement about the device sign-in with the user code `$1`, if it waits to be settled at `$2`.
macro_rules! waiting {
    ($what:literal) => {
        concat!($what, " WHERE user_code = $1 AND user_id IS NULL AND NOT denied AND expires_at > $2")
    };
}

pub(super) async fn waiting_sign_in(db: &Link, user_code: Digest, now: Time) -> Result<Option<SignInFacts>, Error> {
    let sql = waiting!("SELECT client_id, scopes, created_at, expires_at FROM device_codes");
    let found = db.row(sql, &[&user_code.0.as_slice(), &micros(now)]).await?;
    found.map(|row| read(&row)).transpose()
}

pub(super) async fn waiting_sign_ins(db: &Link, most: u32, now: Time) -> Result<Vec<SignInFacts>, Error> {
    let rows = db
        .rows(
            "SELECT client_id, scopes, created_at, expires_at FROM device_codes
             WHERE expires_at > $1 AND user_id IS NULL AND NOT denied ORDER BY expires_at DESC LIMIT $2",
            &[&micros(now), &i64::from(most)],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<SignInFacts, Error> {
    Ok(SignInFacts {
        client: value(row, 0)?,
        scopes: some_word(row, 1, Scopes::parse)?,
        created_at: instant(row, 2)?,
        expires_at: instant(row, 3)?,
    })
}

/// A user that is there is held, together with others, until this is done: who removes it waits, and finds the sign-in.
pub(super) async fn settle_device_code(
    db: &Link,
    user_code: Digest,
    verdict: &Verdict,
    now: Time,
) -> Result<Settled, Error> {
    let (code, now) = (user_code.0.as_slice(), micros(now));
    let user_id = match verdict {
        Verdict::Deny => {
            let denied = db.change(waiting!("UPDATE device_codes SET denied = TRUE"), &[&code, &now]).await?;
            return Ok(if denied > 0 { Settled::Denied } else { Settled::NotWaiting });
        }
        Verdict::Add(user) => &user.id,
        Verdict::For(id) => id,
    };
    db.together(async {
        if let Verdict::For(id) = verdict {
            db.rows(HOLD_SHARED, &[&text(id)]).await?;
            let found = db.row("SELECT disabled_at IS NOT NULL FROM users WHERE id = $1", &[&text(id)]).await?;
            match found.map(|row| value(&row, 0)).transpose()? {
                None => return Ok(Settled::NoUser),
                Some(true) => return Ok(Settled::UserDisabled),
                Some(false) => {}
            }
        }
        let sql = waiting!("UPDATE device_codes SET user_id = $3");
        if db.change(sql, &[&code, &now, &text(user_id)]).await? == 0 {
            return Ok(Settled::NotWaiting);
        }
        if let Verdict::Add(user) = verdict {
            add_user(db, user).await?;
        }
        Ok(Settled::Approved(user_id.clone()))
    })
    .await
}

pub(super) async fn redeem_device_code(
    db: &Link,
    digest: Digest,
    credential: &NewCredential,
    now: Time,
) -> Result<Redeemed<String>, Error> {
    db.together(async {
        let redeemed = take_device_code(db, digest, None, now).await?;
        if let Redeemed::Approved((user_id, _)) = &redeemed {
            insert_credential(db, user_id, credential).await?;
        }
        Ok(redeemed.map(|(user_id, _)| user_id))
    })
    .await
}

/// Asks after a device sign-in, inside a transaction: one of Discovr's, or of the native dialect's `client_id`. An approved
/// one is used up, by one of those who ask at once; answers its user, and the scopes that it was begun with. That of a
/// disabled user is unknown.
pub(super) async fn take_device_code(
    db: &Link,
    digest: Digest,
    client_id: Option<&str>,
    now: Time,
) -> Result<Redeemed<(String, String)>, Error> {
    let found = db
        .row(
            "SELECT user_id, expires_at, denied, coalesce(scopes, '') FROM device_codes
             WHERE digest = $1 AND (scopes IS NULL) = ($2::text IS NULL) AND client_id = coalesce($2, client_id)",
            &[&digest.0.as_slice(), &client_id.map(text)],
        )
        .await?;
    let Some(row) = found else { return Ok(Redeemed::Unknown) };
    if value(&row, 2)? {
        return Ok(Redeemed::Denied);
    }
    if micros(now) >= value(&row, 1)? {
        return Ok(Redeemed::Expired);
    }
    let Some(user_id) = value(&row, 0)? else { return Ok(Redeemed::Pending) };
    // As when a session is opened: who disables the user waits, and finds what comes of this; or was before it. In the native
    // dialect the user's sessions are counted besides, by one at a time.
    let hold = if client_id.is_some() { HOLD_ALONE } else { HOLD_SHARED };
    db.rows(hold, &[&value::<&str>(&row, 0)?]).await?;
    let taken = db
        .change(
            "DELETE FROM device_codes WHERE digest = $1
             AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_at IS NULL)",
            &[&digest.0.as_slice()],
        )
        .await?;
    Ok(if taken > 0 { Redeemed::Approved((user_id, value(&row, 3)?)) } else { Redeemed::Unknown })
}
