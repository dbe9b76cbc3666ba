//! Settling what was left open: intents whose call may have had an effect that nobody wrote down.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use daypass_api::ApiError;
use daypass_api::view::LogEvent;
use daypass_core::rotation::{Settlement, settle};
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
pub(crate) const TRY_AGAIN: Duration = Duration::from_secs(60);

impl Inner {
    /// Settles the open creations of an account by the provider's list: what bears our name and is not held is an
    /// orphan. Open revocations are done again. Other intents are settled by the next mint, which tells whether the old
    /// credential still works.
    ///
    /// Refreshes do not wait for it: a session that is opened meanwhile is held, and so no orphan.
    ///
    /// # Errors
    /// Those of listing and revoking; the intents then stay open.
    pub(crate) async fn settle(self: &Arc<Self>, row: i64) -> Result<(), ApiError> {
        let _one_at_a_time = self.settling.take(row).await;
        let open = self.state().unsettled(row);
        if open.is_empty() {
            return Ok(());
        }
        let (revocations, creations): (Vec<_>, Vec<_>) =
            open.iter().cloned().partition(|open| open.revokes().is_some());
        let mut settled = if creations.is_empty() { Ok(()) } else { self.settle_creations(row, &creations).await };
        let asked = |error: &ApiError| Duration::from_secs(error.retry_after.unwrap_or_default());
        let mut wait = settled.as_ref().err().map(|error| asked(error).max(TRY_AGAIN));
        // Where the provider wants to be left alone, nothing else is asked either.
        if settled.as_ref().err().is_none_or(|error| error.retry_after.is_none()) {
            let revoked = self.finish_revocations(row, &revocations).await;
            wait = wait.max(revoked.as_ref().err().map(|error| failure::rest(error, TRY_AGAIN)));
            settled = settled.and(revoked);
        }
        let again = wait.map(|wait| clock::later(self.now(), wait));
        let mut state = self.state();
        let more = state.unsettled(row).iter().any(|left| open.iter().all(|done| done.id != left.id));
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

    /// Begins the settlement of what is open of an account.
    pub(crate) fn begin_settlement(self: &Arc<Self>, account: &mut Account, now: Time) {
        account.settle_at = Some(clock::later(now, TRY_AGAIN));
        let (inner, row) = (self.clone(), account.record.row);
        // A failure leaves the intents open, and they are tried again.
        self.spawn(async move { inner.settle(row).await });
    }
}

impl State {
    /// What is open of the account of this row, and for the settlement to end.
    fn unsettled(&self, row: i64) -> Vec<OpenIntent> {
        let account = self.accounts.row(row);
        account.into_iter().flat_map(|account| account.unsettled(&self.intents)).cloned().collect()
    }

    /// The other accounts at the provider of this one.
    fn beside(&self, row: i64) -> impl Iterator<Item = &Account> {
        let place = self.accounts.row(row).map(|account| account.place.clone());
        let others = self.accounts.values().filter(move |account| account.record.row != row);
        others.filter(move |account| Some(&account.place) == place.as_ref())
    }
}

impl Account {
    /// When what is open of it is settled: not while the credential is of no use, and not before `rests_until`.
    pub(crate) fn settles_at(&self, intents: &[OpenIntent], rests_until: Option<Time>, now: Time) -> Option<Time> {
        let open = self.unsettled(intents).next().is_some();
        let able = open && self.record.refused.is_none() && self.credentials(now).is_ok();
        able.then(|| self.settle_at.max(rests_until).unwrap_or(now))
    }

    /// What is open of it, and for the settlement to end: not what a call is under way for, nor what has ended and only
    /// waits to be stored. While it rests nothing is looked for; what the user wanted to be rid of is revoked all the same.
    fn unsettled<'a>(&'a self, intents: &'a [OpenIntent]) -> impl Iterator<Item = &'a OpenIntent> {
        let of_it = intents.iter().filter(|open| open.account == self.record.row && !open.under_way);
        let ended = self.unsaved.as_deref().unwrap_or_default();
        let of_it = of_it.filter(|open| !open.intent.is_told_by_a_mint() && !ended.contains(&open.id));
        of_it.filter(|open| !self.record.resting || open.revokes().is_some())
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
            print: Default::default(),
        });
    }
}
