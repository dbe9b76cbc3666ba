//! Settling what was left open: intents whose call may have had an effect that nobody wrote down.

use std::sync::Arc;

use daypass_api::ApiError;
use daypass_api::view::LogEvent;
use daypass_core::rotation::{Intent, Settlement, settle};
use daypass_core::session::{Session, Standing};
use daypass_core::{Time, clock};

use crate::fail;
use crate::failure;
use crate::history::{Entry, Why};
use crate::inner::{Inner, Unstored};
use crate::vault::{AccountRecord, OpenIntent, Sealed, SessionRecord};

/// How long until a settlement that failed is tried again.
const TRY_AGAIN: std::time::Duration = std::time::Duration::from_secs(60);

impl Inner {
    /// Settles the open creations of an account by the provider's list: what bears our name and is not held is an
    /// orphan. Other intents are settled by the next mint, which tells whether the old credential still works.
    ///
    /// Refreshes do not wait for it: a session that is opened meanwhile is held, and so no orphan.
    ///
    /// # Errors
    /// Those of listing; the intents then stay open.
    pub(crate) async fn settle(self: &Arc<Self>, row: i64) -> Result<(), ApiError> {
        let Some(settling) = self.state().by_row(row).map(|account| account.settling.clone()) else { return Ok(()) };
        let _one_at_a_time = settling.lock().await;
        let open: Vec<OpenIntent> = {
            let state = self.state();
            let creations = state.intents.iter().filter(|open| open.account == row);
            creations.filter(|open| matches!(open.intent, Intent::Create { .. })).cloned().collect()
        };
        if open.is_empty() {
            return Ok(());
        }
        let settled = self.settle_creations(row, &open).await;
        let again = settled.as_ref().err().map(|_| clock::later(self.now(), TRY_AGAIN));
        if let Some(account) = self.state().by_row(row) {
            account.settle_at = again;
        }
        settled
    }

    async fn settle_creations(self: &Arc<Self>, row: i64, open: &[OpenIntent]) -> Result<(), ApiError> {
        let can_list = {
            let mut state = self.state();
            let account = state.by_row(row).ok_or_else(crate::refresh::removed)?;
            account.ground()?.0.abilities().list
        };
        fail::point("settle.due");
        let listed =
            if can_list { Some(self.ask_list(row).await?.map_err(|error| failure::told(&error))?) } else { None };
        fail::point("settle.listed");
        let listed = listed.as_deref();
        let ended = open.iter().map(|open| open.id).collect();
        let now = self.now();
        self.commit_logged(row, ended, Unstored::Refuse, |record| {
            let known = record.sessions.len();
            for open in open {
                add_orphans(record, open, can_list, listed);
            }
            let reason = "It is ours by its name, and its token was lost before it was stored.";
            let orphan = |session| Entry::new(now, &record.name, LogEvent::OrphanFound).because(reason).kept(session);
            record.sessions.iter().skip(known).map(orphan).collect()
        })
        .await?;
        fail::point("settle.stored");
        Ok(())
    }

    /// Begins what is due: settlements of accounts with open intents. Answers when the next one is.
    pub(crate) fn settle_what_is_due(self: &Arc<Self>, now: Time) -> Option<Time> {
        let mut next = None;
        let mut state = self.state();
        let mut rows: Vec<i64> = state.intents.iter().map(|open| open.account).collect();
        rows.dedup();
        for row in rows {
            let of_it = || state.intents.iter().filter(|open| open.account == row);
            let regenerates = of_it().any(|open| open.intent == Intent::Regenerate);
            let needs_mint = of_it().any(|open| !matches!(open.intent, Intent::Create { .. }));
            let Some(account) = state.by_row(row) else { continue };
            if account.in_flight().is_some() || account.record.refused.is_some() || account.credentials(now).is_err() {
                continue;
            }
            let at = account.settle_at.unwrap_or(now);
            if at > now {
                next = next.map_or(Some(at), |next: Time| Some(next.min(at)));
                continue;
            }
            account.settle_at = Some(clock::later(now, TRY_AGAIN));
            account.suspect |= regenerates;
            if needs_mint {
                self.join_flight(account, Why::Settling);
            } else {
                let inner = self.clone();
                // A failure leaves the intents open, and they are tried again.
                self.spawn(async move { inner.settle(row).await });
            }
        }
        next
    }
}

fn add_orphans(record: &mut AccountRecord, open: &OpenIntent, can_list: bool, listed: Option<&[Session]>) {
    let held: Vec<&str> = record.sessions.iter().map(|session| session.session.id.as_str()).collect();
    let Settlement::Orphans(ids) = settle(&open.intent, open.begun_at, can_list, listed, &held) else { return };
    for session in listed.unwrap_or_default().iter().filter(|session| ids.contains(&session.id)) {
        record.sessions.push(SessionRecord {
            row: None,
            session: session.clone(),
            standing: Standing::Orphan,
            current: false,
            retire_at: None,
            token: Sealed::Nothing,
            life: None,
        });
    }
}
