//! The statements of the native dialect's sessions as their user sees and changes them, in the SQLite store.
//!
//! Each looks at the caller's session in the same step: one that has just ended changes nothing any more. What a caller may
//! do with which scopes is decided here, by [`enough`].

use daypass_core::Time;
use daypass_core::lineage::{End, Scopes};
use rusqlite::Connection;

use super::native::{insert, listed, living, session, update};
use crate::Error;
use crate::model::{Caller, Denied, Listed, NativeSession, Which};

/// What is done, or why not.
pub(super) type Told<T> = Result<Result<T, Denied>, Error>;

/// The value, or the refusal to whoever asked.
macro_rules! told {
    ($told:expr) => {
        match $told {
            Ok(value) => value,
            Err(denied) => return Ok(Err(denied)),
        }
    };
}
pub(super) use told;

/// The living sessions of the caller's user, oldest first.
pub(super) fn list(db: &Connection, by: &Caller, now: Time) -> Told<Vec<Listed>> {
    let (own, user_id) = told!(caller(db, by, now)?);
    told!(enough(by, &own, &[]));
    Ok(Ok(listed(db, &user_id, now)?))
}

/// One of them. Its own is shown to every token.
pub(super) fn inspect(db: &Connection, by: &Caller, id: [u8; 16], now: Time) -> Told<NativeSession> {
    let (own, user_id) = told!(caller(db, by, now)?);
    if id == own.chain.id {
        return Ok(Ok(own));
    }
    told!(enough(by, &own, &[]));
    Ok(one(db, id, &user_id, now)?.ok_or(Denied::Unknown))
}

/// Names one of them, or takes its name away; answers it as it is now.
pub(super) fn name(db: &Connection, by: &Caller, id: [u8; 16], name: Option<String>, now: Time) -> Told<NativeSession> {
    let (own, user_id) = told!(caller(db, by, now)?);
    told!(enough(by, &own, &[]));
    let mut found = told!(one(db, id, &user_id, now)?.ok_or(Denied::Unknown));
    told!(enough(by, &own, std::slice::from_ref(&found)));
    found.name = name;
    update(db, &found)?;
    Ok(Ok(found))
}

/// Ends those that are meant, all or none; answers how many. Its own may be ended by every token.
pub(super) fn end(db: &Connection, by: &Caller, which: Which, now: Time) -> Told<usize> {
    let (own, user_id) = told!(caller(db, by, now)?);
    let mut chosen = if which == Which::One(own.chain.id) {
        vec![own]
    } else {
        told!(enough(by, &own, &[]));
        let chosen = match which {
            Which::One(id) => vec![told!(one(db, id, &user_id, now)?.ok_or(Denied::Unknown))],
            Which::All => living(db, &user_id, now)?,
            Which::Others => {
                let mut others = living(db, &user_id, now)?;
                others.retain(|session| session.chain.id != own.chain.id);
                others
            }
        };
        told!(enough(by, &own, &chosen));
        chosen
    };
    for session in &mut chosen {
        session.chain.lineage.end(End::Revoked);
        update(db, session)?;
    }
    Ok(Ok(chosen.len()))
}

/// Opens `session` for the caller's user, who must have fewer than `most`; answers it with its client, user and scopes
/// (`asked`, or all of the token's), and with an end that is not later than that of the caller's.
pub(super) fn open(
    db: &Connection,
    by: &Caller,
    mut session: NativeSession,
    asked: Option<Scopes>,
    most: u32,
    now: Time,
) -> Told<NativeSession> {
    let (own, user_id) = told!(caller(db, by, now)?);
    told!(enough(by, &own, &[]));
    let scopes = asked.unwrap_or_else(|| by.scopes.clone());
    if !by.scopes.include(&scopes) {
        return Ok(Err(Denied::Scope(scopes)));
    }
    if living(db, &user_id, now)?.len() >= usize::try_from(most.max(1)).unwrap_or(usize::MAX) {
        return Ok(Err(Denied::Full));
    }
    session.client_id = own.client_id;
    session.user_id = Some(user_id);
    let lineage = &mut session.chain.lineage;
    lineage.scopes = scopes;
    lineage.expires_at = lineage.expires_at.min(own.chain.lineage.expires_at);
    insert(db, &session)?;
    Ok(Ok(session))
}

/// The caller's session and its user, if it lives and has one.
fn caller(db: &Connection, by: &Caller, now: Time) -> Told<(NativeSession, String)> {
    let found = session(db, by.session)?.filter(|own| own.chain.lineage.end_at(now).is_none());
    let own = told!(found.ok_or(Denied::Gone));
    let user_id = told!(own.user_id.clone().ok_or(Denied::NoUser));
    Ok(Ok((own, user_id)))
}

fn one(db: &Connection, id: [u8; 16], user_id: &str, now: Time) -> Result<Option<NativeSession>, Error> {
    let found = session(db, id)?.filter(|found| found.user_id.as_deref() == Some(user_id));
    Ok(found.filter(|found| found.chain.lineage.end_at(now).is_none()))
}

/// Whether the caller's token may do all that its own session may, and all that each of `touched` may.
pub(super) fn enough(by: &Caller, own: &NativeSession, touched: &[NativeSession]) -> Result<(), Denied> {
    let own = own.chain.lineage.scopes.clone();
    let needed = touched.iter().fold(own, |needed, session| needed.union(&session.chain.lineage.scopes));
    if by.scopes.include(&needed) { Ok(()) } else { Err(Denied::Scope(needed)) }
}
