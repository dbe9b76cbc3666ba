//! The statements of device sign-ins in the SQLite store: they are begun, settled by a person, and redeemed by their device.

use daypass_core::Time;
use daypass_core::lineage::Scopes;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::rows::{add_user, insert_credential, instant, micros, unreadable};
use crate::Error;
use crate::admin::{Settled, SignInFacts};
use crate::model::{Digest, NewCredential, NewDeviceCode, Redeemed, Verdict};

pub(super) fn add_device_code(db: &Connection, code: &NewDeviceCode, most: u32, now: Time) -> Result<bool, Error> {
    let added = db
        .prepare_cached(
            "INSERT INTO device_codes (digest, user_code, client_id, created_at, expires_at, scopes)
             SELECT ?1, ?2, ?3, ?4, ?5, ?8 WHERE (SELECT count(*) FROM device_codes WHERE expires_at > ?7) < ?6",
        )?
        .execute(params![
            code.digest.0,
            code.user_code.0,
            code.client_id,
            micros(code.created_at),
            micros(code.expires_at),
            most,
            micros(now),
            code.scopes.as_ref().map(ToString::to_string)
        ])?;
    Ok(added > 0)
}

/// The device sign-in with the user code `?1`, if it waits to be settled at `?2`.
const WAITING: &str = "WHERE user_code = ?1 AND user_id IS NULL AND denied = 0 AND expires_at > ?2";

pub(super) fn waiting_sign_in(db: &Connection, user_code: Digest, now: Time) -> Result<Option<SignInFacts>, Error> {
    let found = db
        .prepare_cached(&format!("SELECT client_id, scopes, created_at, expires_at FROM device_codes {WAITING}"))?
        .query_row(params![user_code.0, micros(now)], read)
        .optional()?;
    Ok(found)
}

pub(super) fn waiting_sign_ins(db: &Connection, most: u32, now: Time) -> Result<Vec<SignInFacts>, Error> {
    let mut select = db.prepare_cached(
        "SELECT client_id, scopes, created_at, expires_at FROM device_codes
         WHERE expires_at > ?1 AND user_id IS NULL AND denied = 0 ORDER BY expires_at DESC LIMIT ?2",
    )?;
    let waiting = select.query_map(params![micros(now), most], read)?;
    Ok(waiting.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<SignInFacts> {
    let scopes: Option<String> = row.get(1)?;
    Ok(SignInFacts {
        client: row.get(0)?,
        scopes: scopes.map(|text| Scopes::parse(&text).ok_or_else(|| unreadable(1))).transpose()?,
        created_at: instant(row.get(2)?, 2)?,
        expires_at: instant(row.get(3)?, 3)?,
    })
}

pub(super) fn settle_device_code(
    db: &Connection,
    user_code: Digest,
    verdict: &Verdict,
    now: Time,
) -> Result<Settled, Error> {
    let user_id = match verdict {
        Verdict::Deny => {
            let denied = db
                .prepare_cached(&format!("UPDATE device_codes SET denied = 1 {WAITING}"))?
                .execute(params![user_code.0, micros(now)])?;
            return Ok(if denied > 0 { Settled::Denied } else { Settled::NotWaiting });
        }
        Verdict::Add(user) => &user.id,
        Verdict::For(id) => {
            let disabled = db
                .prepare_cached("SELECT disabled_at IS NOT NULL FROM users WHERE id = ?1")?
                .query_row([id], |row| row.get(0))
                .optional()?;
            match disabled {
                None => return Ok(Settled::NoUser),
                Some(true) => return Ok(Settled::UserDisabled),
                Some(false) => id,
            }
        }
    };
    let approved = db.prepare_cached(&format!("UPDATE device_codes SET user_id = ?3 {WAITING}"))?.execute(params![
        user_code.0,
        micros(now),
        user_id
    ])?;
    if approved == 0 {
        return Ok(Settled::NotWaiting);
    }
    if let Verdict::Add(user) = verdict {
        add_user(db, user)?;
    }
    Ok(Settled::Approved(user_id.clone()))
}

pub(super) fn redeem_device_code(
    db: &Connection,
    digest: Digest,
    credential: &NewCredential,
    now: Time,
) -> Result<Redeemed<String>, Error> {
    let redeemed = take_device_code(db, digest, None, now)?;
    if let Redeemed::Approved((user_id, _)) = &redeemed {
        insert_credential(db, user_id, credential)?;
    }
    Ok(redeemed.map(|(user_id, _)| user_id))
}

/// Asks after a device sign-in: one of Discovr's, or of the native dialect's `client_id`. An approved one is used up;
/// answers its user, and the scopes that it was begun with. That of a disabled user is unknown, until it is enabled.
pub(super) fn take_device_code(
    db: &Connection,
    digest: Digest,
    client_id: Option<&str>,
    now: Time,
) -> Result<Redeemed<(String, String)>, Error> {
    let found: Option<(Option<String>, i64, bool, String)> = db
        .prepare_cached(
            "SELECT user_id, expires_at, denied, coalesce(scopes, '') FROM device_codes
             WHERE digest = ?1 AND (scopes IS NULL) = (?2 IS NULL) AND client_id = coalesce(?2, client_id)",
        )?
        .query_row(params![digest.0, client_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    match found {
        None => Ok(Redeemed::Unknown),
        Some((_, _, true, _)) => Ok(Redeemed::Denied),
        Some((_, expires_at, _, _)) if micros(now) >= expires_at => Ok(Redeemed::Expired),
        Some((None, ..)) => Ok(Redeemed::Pending),
        Some((Some(user_id), _, _, scopes)) => {
            let taken = db
                .prepare_cached(
                    "DELETE FROM device_codes WHERE digest = ?1
                     AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_at IS NULL)",
                )?
                .execute([digest.0])?;
            Ok(if taken > 0 { Redeemed::Approved((user_id, scopes)) } else { Redeemed::Unknown })
        }
    }
}
