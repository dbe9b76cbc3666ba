//! The statements of the native dialect's sessions as their user sees and changes them, in the PostgreSQL store.
//!
//! Each looks at the caller's session in the same step: one that has just ended changes nothing any more. Those that change
//! something hold the user until they are done: nobody opens a session while all are being ended, and nobody counts them
//! while one is being opened.

use daypass_core::Time;
use daypass_core::lineage::{End, Scopes};

use super::link::Link;
use super::native::{held, insert, listed, living, living_held, session, update};
use crate::model::{Caller, Denied, Listed, NativeSession, Which};
use crate::store::owned::{Told, enough, told};

pub(super) async fn list(db: &Link, by: &Caller, now: Time) -> Told<Vec<Listed>> {
    let (own, user_id) = told!(known(session(db, by.session).await?, now));
    told!(enough(by, &own, &[]));
    Ok(Ok(listed(db, &user_id, now).await?))
}

pub(super) async fn inspect(db: &Link, by: &Caller, id: [u8; 16], now: Time) -> Told<NativeSession> {
    let (own, user_id) = told!(known(session(db, by.session).await?, now));
    if id == own.chain.id {
        return Ok(Ok(own));
    }
    told!(enough(by, &own, &[]));
    Ok(one(session(db, id).await?, &user_id, now))
}

pub(super) async fn name(db: &Link, by: &Caller, id: [u8; 16], name: Option<String>, now: Time) -> Told<NativeSession> {
    db.together(async {
        let (own, user_id) = told!(caller(db, by, now).await?);
        told!(enough(by, &own, &[]));
        let mut found = told!(one(held(db, id).await?, &user_id, now));
        told!(enough(by, &own, std::slice::from_ref(&found)));
        found.name = name;
        update(db, &found).await?;
        Ok(Ok(found))
    })
    .await
}

pub(super) async fn end(db: &Link, by: &Caller, which: Which, now: Time) -> Told<usize> {
    db.together(async {
        let (own, user_id) = told!(caller(db, by, now).await?);
        let mut chosen = if which == Which::One(own.chain.id) {
            vec![own]
        } else {
            told!(enough(by, &own, &[]));
            let chosen = match which {
                Which::One(id) => vec![told!(one(held(db, id).await?, &user_id, now))],
                Which::All => living_held(db, &user_id, now).await?,
                Which::Others => {
                    let mut others = living_held(db, &user_id, now).await?;
                    others.retain(|session| session.chain.id != own.chain.id);
                    others
                }
            };
            told!(enough(by, &own, &chosen));
            chosen
        };
        for session in &mut chosen {
            session.chain.lineage.end(End::Revoked);
            update(db, session).await?;
        }
        Ok(Ok(chosen.len()))
    })
    .await
}

pub(super) async fn open(
    db: &Link,
    by: &Caller,
    mut session: NativeSession,
    asked: Option<Scopes>,
    most: u32,
    now: Time,
) -> Told<NativeSession> {
    db.together(async {
        let (own, user_id) = told!(caller(db, by, now).await?);
        told!(enough(by, &own, &[]));
        let scopes = asked.unwrap_or_else(|| by.scopes.clone());
        if !by.scopes.include(&scopes) {
            return Ok(Err(Denied::Scope(scopes)));
        }
        if living(db, &user_id, now).await?.len() >= usize::try_from(most.max(1)).unwrap_or(usize::MAX) {
            return Ok(Err(Denied::Full));
        }
        session.client_id = own.client_id;
        session.user_id = Some(user_id);
        let lineage = &mut session.chain.lineage;
        lineage.scopes = scopes;
        lineage.expires_at = lineage.expires_at.min(own.chain.lineage.expires_at);
        insert(db, &session).await?;
        Ok(Ok(session))
    })
    .await
}

/// The caller's session and its user, inside a transaction, until whose end nobody else changes the user's sessions.
///
/// Three statements, as each sees what was committed before it began, and not what was when it had waited for a lock.
async fn caller(db: &Link, by: &Caller, now: Time) -> Told<(NativeSession, String)> {
    db.rows(
        "SELECT pg_advisory_xact_lock(hashtextextended('daypass user ' || user_id, 0)) FROM native_sessions
         WHERE id = $1 AND user_id IS NOT NULL",
        &[&by.session.as_slice()],
    )
    .await?;
    Ok(known(held(db, by.session).await?, now))
}

/// A caller's session and its user, if it lives and has one.
fn known(found: Option<NativeSession>, now: Time) -> Result<(NativeSession, String), Denied> {
    let own = found.filter(|own| own.chain.lineage.end_at(now).is_none()).ok_or(Denied::Gone)?;
    let user_id = own.user_id.clone().ok_or(Denied::NoUser)?;
    Ok((own, user_id))
}

/// The session that was looked for, if it is the user's and lives.
fn one(found: Option<NativeSession>, user_id: &str, now: Time) -> Result<NativeSession, Denied> {
    let own = found.filter(|found| found.user_id.as_deref() == Some(user_id));
    own.filter(|found| found.chain.lineage.end_at(now).is_none()).ok_or(Denied::Unknown)
}
