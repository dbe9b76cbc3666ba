//! The flight: one refresh of one account's current session, shared by everybody who waits for it.

use std::sync::Arc;
use std::time::Duration;

use daypass_api::view::LogEvent;
use daypass_api::{ApiError, ErrorCode};
use daypass_core::fresh::Failure;
use daypass_core::gate::Landing;
use daypass_core::rotation::Intent;
use daypass_core::session::{Session, Standing};
use daypass_core::{Phrase, Secret, Time, clock, phrase};
use daypass_providers::{Definition, Minted, ProviderError};
use tokio::sync::watch;

use crate::fail;
use crate::failure;
use crate::history::{Entry, Why, timed};
use crate::inner::{Inner, Unstored};
use crate::once::Begun;
use crate::state::clocks::Anchor;
use crate::state::{Account, Flight, Outcome, State};
use crate::vault::{AccountRecord, Refusal, Sealed, SessionRecord, shift_session};

/// Why a flight brought nothing.
enum Miss {
    /// The provider's answer, and for whom.
    Provider(ProviderError),
    /// Before or beside the call: the vault, the definition, no credential.
    Ours(ApiError),
}

impl From<ApiError> for Miss {
    fn from(error: ApiError) -> Self {
        Self::Ours(error)
    }
}

/// A refresh on its way: of which account, in which generation of its credential, and why.
struct Trip {
    row: i64,
    generation: u64,
    why: Why,
    /// By which setting of the clock the last call was made.
    anchor: Anchor,
    /// How long the provider took over the last call.
    took: Option<Duration>,
}

impl Inner {
    /// Joins the flight of the account of `row`, or begins one at once: somebody waits for it.
    ///
    /// # Errors
    /// `unknown_account`.
    pub(crate) fn join_flight(
        self: &Arc<Self>,
        state: &mut State,
        row: i64,
        why: Why,
        now: Time,
    ) -> Result<Flight, ApiError> {
        let anchor = state.clocks.anchor();
        let account = state.accounts.row_mut(row).ok_or_else(removed)?;
        if let Some(flight) = account.in_flight() {
            return Ok(flight.clone());
        }
        state.planner.begun(&account.place, now);
        Ok(self.begin_flight(account, why, anchor, now))
    }

    /// Begins a flight of `account`, which has none, and is counted at the gate of its provider. The state's lock is held
    /// by the caller, so nobody begins a second.
    pub(crate) fn begin_flight(self: &Arc<Self>, account: &mut Account, why: Why, anchor: Anchor, now: Time) -> Flight {
        let (tell, flight) = watch::channel(None);
        let (row, generation) = (account.record.row, account.record.generation);
        account.flight = Some((generation, flight.clone()));
        let inner = self.clone();
        let lane = Lane {
            inner: self.clone(),
            place: account.place.clone(),
            begun: now,
            anchor: anchor.clone(),
            landing: Landing::Unknown,
        };
        self.spawn(async move {
            let mut lane = lane;
            let outcome = inner.fly(Trip { row, generation, why, anchor, took: None }, &mut lane.landing).await;
            drop(lane);
            if let Some(account) = inner.state().by_row(row) {
                // Another may be under way already, with another credential.
                account.flight.take_if(|(began_in, _)| *began_in == generation);
            }
            inner.touched();
            // All who wait may have gone.
            let _ = tell.send(Some(outcome));
        });
        self.changed.notify_one();
        flight
    }

    /// One refresh, with all that follows from its end.
    async fn fly(self: &Arc<Self>, mut trip: Trip, landing: &mut Landing) -> Outcome {
        let landed = self.refresh(&mut trip).await;
        *landing = match &landed {
            Ok(_) => Landing::Success,
            Err(Miss::Provider(error)) => self.landing(error),
            Err(Miss::Ours(_)) => Landing::Unknown,
        };
        let Trip { row, generation, took, .. } = trip;
        if self.generation(row) != Some(generation) {
            return Err(superseded());
        }
        match landed {
            Ok(expires_at) => {
                self.succeeded(row, expires_at);
                Ok(())
            }
            Err(Miss::Provider(ProviderError::Refused { message })) => {
                Err(self.refused(row, generation, &message, took).await)
            }
            Err(Miss::Provider(error)) => Err(self.failed(row, &error, took)),
            // There is no credential: the account says so without a failure.
            Err(Miss::Ours(error)) if error.code == ErrorCode::NeedsSignIn => Err(error),
            // The agent stops: that is no failure of the account.
            Err(Miss::Ours(error)) if self.still_running().is_err() => Err(error),
            Err(Miss::Ours(error)) => {
                self.note_failure(row, error.clone(), None, None);
                Err(error)
            }
        }
    }

    /// Asks for a new token, stores it, and answers when it dies.
    async fn refresh(self: &Arc<Self>, trip: &mut Trip) -> Result<Time, Miss> {
        let Trip { row, generation, .. } = *trip;
        let (definition, target, credentials, grant, wish, replaces) = {
            let (now, name) = (self.now(), self.session_name());
            let mut state = self.state();
            let account = state.by_row(row).ok_or_else(removed)?;
            if account.record.generation != generation {
                return Err(superseded().into());
            }
            let (definition, target) = account.ground()?;
            let grant = account.record.grant.open().filter(|grant| grant.expires_at.is_none_or(|at| at > now)).cloned();
            let replaces = account.record.current().map(|session| session.session.id.clone());
            (definition, target, account.credentials(now)?, grant, account.wish(name), replaces)
        };
        if let Some(grant) = grant.filter(|_| definition.abilities().renew) {
            let intent = definition.renewal_rotates().then_some(Intent::Renew);
            let call = timed(&mut trip.took, self.setup.upstream.renew(&definition, &target, &grant));
            let call = self.anchored(&mut trip.anchor, call);
            match self.once_only(row, intent, call).await? {
                Ok((minted, intent)) => {
                    fail::point("renew.answered");
                    return Ok(self.take_current(trip, &definition, minted, intent).await?);
                }
                // A grant that is refused is over; the credential opens a new session.
                Err(ProviderError::Refused { .. }) => {}
                Err(error) => return Err(Miss::Provider(error)),
            }
        }
        let mut last = Miss::Ours(self.state().by_row(row).ok_or_else(removed)?.no_credential());
        for credential in credentials {
            let intent = creation(&definition, wish.name.clone(), replaces.clone(), true);
            let call = timed(&mut trip.took, self.setup.upstream.mint(&definition, &target, &credential, &wish));
            let call = self.anchored(&mut trip.anchor, call);
            match self.once_only(row, intent, call).await? {
                Ok((minted, intent)) => {
                    return Ok(self.take_current(trip, &definition, minted, intent).await?);
                }
                Err(error @ ProviderError::Refused { .. }) => {
                    self.doubt(row, &credential);
                    last = Miss::Provider(error);
                }
                Err(error) => return Err(Miss::Provider(error)),
            }
        }
        Err(last)
    }

    /// The generation of the account's credential; `None` where the account is gone.
    pub(crate) fn generation(&self, row: i64) -> Option<u64> {
        self.state().by_row(row).map(|account| account.record.generation)
    }

    /// Stores a new current session in place of the old one, and answers when its token dies.
    ///
    /// # Errors
    /// `offline` where the credential that opened it, of the trip's generation, is not the account's any more.
    async fn take_current(
        &self,
        trip: &Trip,
        definition: &Definition,
        minted: Minted,
        intent: Option<Begun>,
    ) -> Result<Time, ApiError> {
        let Trip { row, generation, why, took, .. } = *trip;
        let deletes = definition.deletes_predecessor() && definition.abilities().revoke;
        // What the flight has proved wrong ends with it: a credential that was perhaps replaced is alive.
        let current = self.generation(row) == Some(generation);
        let others = if current { self.other_intents(row) } else { Vec::new() };
        let ended = intent.iter().map(Begun::id).chain(others).collect();
        let jitter = self.setup.chance.unit();
        let (mut late, mut expires_at) = (false, minted.life.expires_at);
        self.commit_logged(row, ended, Unstored::Keep, |record| {
            let promised = self.state().by_row(row).map(|account| account.promised.clone()).unwrap_or_default();
            let now = self.now();
            let minted = self.by_clock_of_now(minted, &trip.anchor);
            expires_at = minted.life.expires_at;
            late = record.generation != generation;
            if late {
                let told = Entry::late(now, record, &minted).took(took);
                put_late(record, minted, definition);
                return vec![told];
            }
            let told = Entry::of_current(now, record, &minted);
            put_current(record, minted, deletes, |id| promised.of(id).unwrap_or(now).max(now));
            if matches!(why, Why::Reader | Why::Wish) {
                // Whoever asked for it uses the account. It is stored along with the token, for the agent may be ending.
                record.resting = false;
                record.last_used_at = record.last_used_at.max(Some(now));
            }
            told.into_iter().map(|entry| entry.took(took).or_because(why.sentence())).collect()
        })
        .await?;
        fail::point("mint.stored");
        if late {
            return Err(superseded());
        }
        if let Some(account) = self.state().by_row(row) {
            account.jitter = jitter;
            account.suspect = false;
            let record = &account.record;
            account.promised.retain(|id| record.session(id).is_some());
        }
        Ok(expires_at)
    }

    /// The provider has refused a credential of the account.
    pub(crate) fn doubt(&self, row: i64, credential: &Secret) {
        if let Some(account) = self.state().by_row(row) {
            account.doubt(credential);
        }
    }

    /// Makes a call, and notes by which setting of the clock: what the answer tells is by that.
    pub(crate) async fn anchored<T>(&self, anchor: &mut Anchor, call: impl Future<Output = T>) -> T {
        *anchor = self.state().clocks.anchor();
        call.await
    }

    /// A session that was asked for by an earlier setting of the clock, by the setting of now.
    pub(crate) fn by_clock_of_now(&self, mut minted: Minted, asked_by: &Anchor) -> Minted {
        let step = self.state().clocks.anchor().since(asked_by);
        minted.life = minted.life.shifted(step);
        shift_session(&mut minted.session, step);
        if let Some(grant) = &mut minted.grant {
            grant.expires_at = grant.expires_at.map(|at| clock::shifted(at, step));
        }
        minted
    }

    /// Open intents that the success of a mint settles.
    fn other_intents(&self, row: i64) -> Vec<i64> {
        let state = self.state();
        let others = state.intents.iter().filter(|open| open.account == row);
        others.filter(|open| open.intent.is_told_by_a_mint()).map(|open| open.id).collect()
    }

    fn succeeded(&self, row: i64, expires_at: Time) {
        let mut state = self.state();
        let Some(account) = state.by_row(row) else { return };
        (account.failure, account.trouble) = (None, None);
        let name = account.record.name.clone();
        drop(state);
        self.incident(|incidents, now| incidents.succeeded(now, &name, expires_at));
    }

    /// The credential of `generation` was refused: if it is still the account's, the timer stops, and the user is told
    /// once.
    pub(crate) async fn refused(&self, row: i64, generation: u64, why: &Phrase, took: Option<Duration>) -> ApiError {
        let (name, known, lost, regenerated) = {
            let mut state = self.state();
            let of_it = || state.intents.iter().filter(|open| open.account == row);
            let lost = of_it().any(|open| open.intent.is_told_by_a_mint());
            let regenerated = of_it().any(|open| open.intent == Intent::Regenerate);
            match state.by_row(row) {
                Some(account) if account.record.generation != generation => return superseded(),
                Some(account) => {
                    let known = account.record.refused.clone();
                    (account.record.name.clone(), known, lost, regenerated)
                }
                None => return removed(),
            }
        };
        let is_news = known.is_none();
        let refusal = if let Some(known) = known {
            // Why it was refused first is what stays stored, and tells more than that it is refused still.
            known
        } else if lost {
            let why = phrase!(
                "error-credential-lost",
                "The credential of {account} was just being replaced when Daypass was cut off, and the new one is lost; connect the account again.",
                account = name,
            );
            Refusal::new(&why, self.now())
        } else {
            let again = phrase!("error-connect-again", "Connect {account} again, or sign in again.", account = name);
            Refusal::new(&sentence(why).and(again), self.now())
        };
        let told = refusal.error();
        let ended = self.other_intents(row);
        // A vault that cannot be written does not make the credential good: the refusal holds in memory meanwhile.
        let mut late = false;
        let _ = self
            .commit_logged(row, ended, Unstored::Keep, |record| {
                late = record.generation != generation;
                if late {
                    return Vec::new();
                }
                let refused = Entry::new(refusal.since, &record.name, LogEvent::Refused).took(took);
                let refused = refused.failed(&refusal.error());
                record.refused.get_or_insert(refusal);
                if regenerated {
                    // The call has taken effect: what the old credential opened is as dead as it is.
                    drop_sessions(record);
                }
                // It is told once: a refusal that goes on is no news.
                if is_news { vec![refused] } else { Vec::new() }
            })
            .await;
        fail::point("refusal.stored");
        if late {
            return superseded();
        }
        if let Some(account) = self.state().by_row(row) {
            account.failure = None;
            account.trouble = None;
        }
        if is_news {
            self.incident(|incidents, now| incidents.refused(now, &name, &told));
        }
        told
    }

    /// Any other failure of the provider: tried again later, and after a 429 the whole provider is left alone.
    pub(crate) fn failed(&self, row: i64, error: &ProviderError, took: Option<Duration>) -> ApiError {
        let told = failure::told(error);
        self.note_failure(row, told.clone(), Some(error), took);
        let name = self.state().by_row(row).map(|account| account.record.name.clone());
        if let Some(name) = name {
            self.incident(|incidents, now| incidents.failed(now, &name, &told));
        }
        told
    }

    /// Leaves the account's provider alone for `wait`.
    pub(crate) fn cool_account_down(&self, row: i64, wait: Duration) {
        let place = self.state().accounts.row(row).map(|account| account.place.clone());
        if let Some(place) = place {
            self.cool_down(&place, wait);
        }
    }

    /// Leaves the provider at `place` alone for `wait`.
    pub(crate) fn cool_down(&self, place: &Arc<str>, wait: Duration) {
        let mut state = self.state();
        let now = self.now();
        state.planner.close(place, now, wait);
    }

    /// What a failure says of the provider as a whole.
    fn landing(&self, error: &ProviderError) -> Landing {
        match error {
            ProviderError::RateLimited { .. } => {
                Landing::Limited(failure::retry_after(error).unwrap_or(failure::COOL_DOWN))
            }
            ProviderError::Offline { .. } => Landing::Offline(self.setup.chance.unit()),
            _ => Landing::Answered,
        }
    }

    /// Notes a failure, of the provider or on our side. A 429 is noted as trouble, and is no failure of the account.
    fn note_failure(&self, row: i64, error: ApiError, of: Option<&ProviderError>, took: Option<Duration>) {
        self.log_of(row, LogEvent::Failed, |entry| entry.failed(&error).took(took));
        let mut state = self.state();
        let (now, jitter) = (self.now(), self.setup.chance.unit());
        let Some(account) = state.by_row(row) else { return };
        if !matches!(of, Some(ProviderError::RateLimited { .. })) {
            let count = account.failure.map_or(0, |failure| failure.count).saturating_add(1);
            let retry_after = of.and_then(failure::retry_after);
            account.failure = Some(Failure { count, at: now, retry_after, jitter });
            account.unreachable = matches!(of, Some(ProviderError::Offline { .. }));
        }
        let since = account.trouble.take().map_or(now, |trouble| trouble.1);
        account.trouble = Some(Box::new((error, since)));
    }
}

/// A flight in the air: the gate of its provider hears of its end, however that comes.
struct Lane {
    inner: Arc<Inner>,
    place: Arc<str>,
    begun: Time,
    anchor: Anchor,
    landing: Landing,
}

impl Drop for Lane {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        let now = self.inner.now();
        let begun = clock::shifted(self.begun, state.clocks.anchor().since(&self.anchor));
        state.planner.landed(&self.place, begun, now, self.landing);
    }
}

/// Puts a new current session into the record. The old one is revoked later where the provider wants that, when the
/// promises made with its token have ended; elsewhere it is forgotten, and lives on to its own end.
pub(crate) fn put_current(record: &mut AccountRecord, minted: Minted, deletes: bool, promised: impl Fn(&str) -> Time) {
    let old = record.current().map(|session| session.session.id.clone());
    if let Some(old) = old.filter(|old| *old != minted.session.id) {
        if deletes {
            for session in record.sessions.iter_mut().filter(|session| session.current) {
                session.current = false;
                session.retire_at = Some(promised(&old));
            }
        } else {
            record.drop_session(&old);
        }
    }
    if let Some(grant) = minted.grant.clone() {
        record.grant = Sealed::Open(grant);
    }
    record.refused = None;
    put_held(record, minted, true, None);
}

/// Puts a held session into the record, in place of any of the same id: two that PocketPaw opens in one second are the
/// same. What was current stays current.
pub(crate) fn put_held(record: &mut AccountRecord, minted: Minted, current: bool, name: Option<String>) {
    let current = current || record.current().is_some_and(|session| session.session.id == minted.session.id);
    record.sessions.retain(|session| session.session.id != minted.session.id);
    if let Some(credential) = minted.credential {
        record.credential = Sealed::Open(credential);
    }
    let session = Session { name: minted.session.name.or(name), ..minted.session };
    record.sessions.push(SessionRecord {
        row: None,
        session,
        standing: Standing::Held,
        current,
        retire_at: None,
        token: Sealed::Open(minted.token),
        life: Some(minted.life),
        print: Default::default(),
    });
}

/// Puts aside a session that was opened by a credential which is not the account's any more: it is never handed out as
/// the current one. Where it may live on it is shown as ours; elsewhere it died with the credential, or ends by itself.
pub(crate) fn put_late(record: &mut AccountRecord, minted: Minted, definition: &Definition) {
    if definition.token_shown_once() {
        put_held(record, Minted { credential: None, ..minted }, false, None);
    } else {
        record.live_until = record.live_until.max(Some(minted.life.expires_at));
    }
}

/// What is to be written down before a session is opened; `None` where a lost answer loses nothing that matters.
///
/// `unique` says that the name was made up for this very creation.
pub(crate) fn creation(
    definition: &Definition,
    name: Option<String>,
    replaces: Option<String>,
    unique: bool,
) -> Option<Intent> {
    if definition.rotates_credential() {
        // The credential is worth more than the session, and only one of the two can be settled.
        return Some(Intent::Renew);
    }
    definition.token_shown_once().then(|| Intent::Create { name: name.unwrap_or_default(), replaces, unique })
}

/// Nothing is held any more: all of it was revoked.
pub(crate) fn drop_sessions(record: &mut AccountRecord) {
    let ids: Vec<String> = record.sessions.iter().map(|session| session.session.id.clone()).collect();
    for id in ids {
        record.drop_session(&id);
    }
    record.grant = Sealed::Nothing;
}

/// A message of a provider as a sentence of its own.
fn sentence(phrase: &Phrase) -> Phrase {
    if phrase.ends_with('.') { phrase.clone() } else { format!("{}.", phrase.trim()).into() }
}

/// The credential that something was asked with is not the account's any more.
pub(crate) fn superseded() -> ApiError {
    let why =
        phrase!("error-credential-replaced", "The credential of the account was replaced in the meantime; ask again.");
    ApiError::of(ErrorCode::Offline, &why)
}

/// The account is gone while something was done about it.
pub(crate) fn removed() -> ApiError {
    let why = phrase!("error-account-removed", "The account was removed in the meantime.");
    ApiError::of(ErrorCode::UnknownAccount, &why)
}
