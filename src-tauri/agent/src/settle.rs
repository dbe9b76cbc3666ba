//! Settling what was left open: intents whose call may have had an effect that nobody wrote down.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use daypass_api::ApiError;
use daypass_api::view::LogEvent;
use daypass_core::rotation::{Intent, Settlement, settle};
use daypass_core::session::{Session, Standing};
use daypass_core::{Time, clock};

use crate::ask::ListAnswer;
use crate::fail;
use crate::failure;
use crate::history::Entry;
use crate::inner::{Inner, Unstored};
use crate::state::{Account, Flight, State};
use crate::vault::{AccountRecord, OpenIntent, Sealed, SessionRecord, shift_session};

/// How long until a settlement that failed is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(60);

impl Inner {
    /// Settles the open creations of an account by the provider's list: what bears our name and is not held is an
    /// orphan. Other intents are settled by the next mint, which tells whether the old credential still works.
    ///
    /// Refreshes do not wait for it: a session that is opened meanwhile is held, and so no orphan.
    ///
    /// # Errors
    /// Those of listing; the intents then stay open.
    pub(crate) async fn settle(self: &Arc<Self>, row: i64) -> Result<(), ApiError> {
        let _one_at_a_time = self.settling.take(row).await;
        let open: Vec<OpenIntent> = {
            let state = self.state();
            let creations = state.intents.iter().filter(|open| open.account == row);
            creations.filter(|open| matches!(open.intent, Intent::Create { .. })).cloned().collect()
        };
        if open.is_empty() {
            return Ok(());
        }
        let settled = self.settle_creations(row, &open).await;
        let asked = |error: &ApiError| Duration::from_secs(error.retry_after.unwrap_or_default());
        let again = settled.as_ref().err().map(|error| clock::later(self.now(), asked(error).max(TRY_AGAIN)));
        let mut state = self.state();
        let creates = |left: &OpenIntent| left.account == row && matches!(left.intent, Intent::Create { .. });
        let more = state.intents.iter().any(|left| creates(left) && open.iter().all(|done| done.id != left.id));
        // Another settlement may have begun meanwhile, for what was opened since: its moment stays.
        if let Some(account) = state.by_row(row).filter(|_| settled.is_err() || !more) {
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
        let mut listed = None;
        if can_list {
            let ListAnswer { answer, anchor, .. } = self.ask_list(row).await?;
            listed = Some((answer.map_err(|error| failure::told(&error))?.sessions, anchor));
        }
        fail::point("settle.listed");
        let others = self.known_to_others(row).await;
        let ended: Vec<i64> = open.iter().map(|open| open.id).collect();
        let now = self.now();
        self.commit_logged(row, ended.clone(), Unstored::Refuse, |record| {
            let known = record.sessions.len();
            // Everything by the clock of this moment: it may have been set since the list was asked for.
            let state = self.state();
            let listed = listed.map(|(mut listed, anchor)| {
                let step = state.clocks.anchor().since(&anchor);
                listed.iter_mut().for_each(|session| shift_session(session, step));
                listed
            });
            for open in state.intents.iter().filter(|open| ended.contains(&open.id)) {
                add_orphans(record, open, can_list, listed.as_deref(), &others);
            }
            let reason = "It is ours by its name, and its token was lost before it was stored.";
            let orphan = |session| Entry::new(now, &record.name, LogEvent::OrphanFound).because(reason).kept(session);
            record.sessions.iter().skip(known).map(orphan).collect()
        })
        .await?;
        fail::point("settle.stored");
        Ok(())
    }

    /// The ids of the sessions of all other accounts at the same provider: where they are of the same user they are in the
    /// same list, and under the same name. What a refresh of theirs is just bringing is waited for.
    async fn known_to_others(&self, row: i64) -> HashSet<String> {
        let flights: Vec<Flight> = {
            let state = self.state();
            state.beside(row).filter_map(|account| account.in_flight().cloned()).collect()
        };
        for mut flight in flights {
            // However it ends, it has ended.
            let _ = flight.wait_for(Option::is_some).await;
        }
        let state = self.state();
        let sessions = state.beside(row).flat_map(|account| &account.record.sessions);
        sessions.map(|session| session.session.id.clone()).collect()
    }

    /// Begins the settlement of an account's open creations.
    pub(crate) fn begin_settlement(self: &Arc<Self>, account: &mut Account, now: Time) {
        account.settle_at = Some(clock::later(now, TRY_AGAIN));
        let (inner, row) = (self.clone(), account.record.row);
        // A failure leaves the intents open, and they are tried again.
        self.spawn(async move { inner.settle(row).await });
    }
}

impl State {
    /// The other accounts at the provider of this one.
    fn beside(&self, row: i64) -> impl Iterator<Item = &Account> {
        let place = self.accounts.row(row).map(|account| account.place.clone());
        let others = self.accounts.values().filter(move |account| account.record.row != row);
        others.filter(move |account| Some(&account.place) == place.as_ref())
    }
}

impl Account {
    /// When open creations of it are settled: not while the credential is of no use, nor while it rests.
    pub(crate) fn settles_at(&self, intents: &[OpenIntent], now: Time) -> Option<Time> {
        let mut of_it = intents.iter().filter(|open| open.account == self.record.row);
        let open = of_it.any(|open| matches!(open.intent, Intent::Create { .. }));
        let able = open && !self.record.resting && self.record.refused.is_none() && self.credentials(now).is_ok();
        able.then(|| self.settle_at.unwrap_or(now))
    }
}

/// Adds the sessions of `listed` that are ours by the intent, and known neither here nor, in `others`, elsewhere.
fn add_orphans(
    record: &mut AccountRecord,
    open: &OpenIntent,
    can_list: bool,
    listed: Option<&[Session]>,
    others: &HashSet<String>,
) {
    let ours = record.sessions.iter().map(|session| session.session.id.as_str());
    let held: Vec<&str> = ours.chain(others.iter().map(String::as_str)).collect();
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
