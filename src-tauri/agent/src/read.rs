//! Reading a token: what a reader gets at once, and what it waits for.

use std::sync::Arc;
use std::time::Duration;

use daypass_api::request::TokenRequest;
use daypass_api::view::TokenView;
use daypass_api::{ApiError, ErrorCode};
use daypass_core::fresh::{self, Freshness, Life, Serve};
use daypass_core::session::Standing;
use daypass_core::{Phrase, Secret, Time, clock, phrase};

use crate::history::Why;
use crate::inner::Inner;
use crate::refresh::removed;
use crate::sessions::unknown_session;
use crate::state::{Account, Flight, Outcome, State, seconds_until};
use crate::vault::{Sealed, SessionRecord};

/// The longest that a reader waits for a flight: the engine's own 20 s, and a little for storing.
const READER_PATIENCE: Duration = Duration::from_secs(25);
/// After a failed attempt, readers get its error for this long instead of each starting another.
const READER_REST: Duration = Duration::from_secs(1);

/// Why a token is given with a word whose life is doubtful.
fn doubtful() -> Phrase {
    phrase!("error-doubtful", "The machine's clock jumped ahead; the token may have ended meanwhile.")
}

/// What a look at the state comes to.
enum Look {
    Give(TokenView),
    /// For this flight, of this generation of the credential.
    Wait(Flight, u64),
    Deny(ApiError),
    /// The vault's key is needed first.
    Unlock,
}

impl Inner {
    /// A token for `request`: look, wait for the flight where one is needed, look again.
    pub(crate) async fn token(self: &Arc<Self>, name: &str, request: &TokenRequest) -> Result<TokenView, ApiError> {
        self.still_running()?;
        let mut look = self.look(name, request, None);
        if let Look::Unlock = look {
            self.unlock().await?;
            look = self.look(name, request, None);
        }
        while let Look::Wait(flight, generation) = look {
            let outcome = wait(flight).await;
            let now = self.state().accounts.get(name).map(|account| account.record.generation);
            // A flight says nothing of a credential that came after it.
            look = self.look(name, request, Some(&outcome).filter(|_| now == Some(generation)));
        }
        match look {
            Look::Give(token) => Ok(token),
            Look::Deny(error) => Err(error),
            Look::Unlock | Look::Wait(..) => Err(self.locked()),
        }
    }

    fn locked(&self) -> ApiError {
        let state = self.state();
        state.vault.clone().unwrap_or(crate::vault::VaultError::Locked).into()
    }

    /// One look; `waited` is how the flight ended that was waited for.
    fn look(self: &Arc<Self>, name: &str, request: &TokenRequest, waited: Option<&Outcome>) -> Look {
        let mut state = self.state();
        let now = self.now();
        if !state.loaded && state.vault.is_some() && waited.is_none() {
            return Look::Unlock;
        }
        let vault_shut = state.vault.is_some();
        let account = match state.account(name) {
            Ok(account) => account,
            Err(error) => return Look::Deny(error),
        };
        if let Some(id) = &request.session
            && account.record.current().is_none_or(|current| current.session.id != *id)
        {
            return beside(account, id, request, now);
        }
        let life = account.current_life().copied();
        let min_ttl = request.min_ttl.map(Duration::from_secs);
        let step = fresh::serve(now, life.as_ref(), min_ttl, request.fresh && waited.is_none());
        let give = |account: &mut Account, short: Option<ApiError>| {
            let given = account.give_current(min_ttl, short, now);
            self.changed.notify_one();
            given
        };
        match (step, waited) {
            // With `fresh` the old token is not a substitute.
            (_, Some(Err(error))) if request.fresh => Look::Deny(error.clone()),
            (Serve::Now, None | Some(Ok(()))) => give(account, None),
            (Serve::NowAndRefresh, None | Some(Ok(()))) => {
                let given = give(account, None);
                // It is refreshed behind the reader, if the planner agrees.
                self.wake.notify_one();
                given
            }
            (Serve::RefreshOrLast | Serve::Refresh, None) => {
                if vault_shut && account.is_shut() {
                    return Look::Unlock;
                }
                let (row, generation) = (account.record.row, account.record.generation);
                let (place, forced) = (account.place.clone(), request.fresh);
                let cool_down = state.planner.closed_until(&place, now);
                let Some(account) = state.by_row(row) else { return Look::Deny(removed()) };
                match account.may_fly(cool_down, forced, now) {
                    Ok(()) => {
                        let why = if forced { Why::Wish } else { Why::Reader };
                        match self.join_flight(&mut state, row, why, now) {
                            Ok(flight) => Look::Wait(flight, generation),
                            Err(error) => Look::Deny(error),
                        }
                    }
                    Err(error) if step == Serve::RefreshOrLast => give(account, Some(error)),
                    Err(error) => Look::Deny(error),
                }
            }
            // No new token would live for as long as was asked.
            (Serve::NowThoughShort, _) | (Serve::RefreshOrLast, Some(Ok(()))) => {
                let lives = life.map_or(0, |life| life.length().as_secs());
                let why = match life {
                    Some(life) if life.doubtful => doubtful(),
                    _ => phrase!(
                        "error-short-life",
                        "{account}'s tokens live for {seconds} s only, which is less than was asked for.",
                        account = name,
                        seconds = lives,
                    ),
                };
                give(account, Some(ApiError::of(ErrorCode::NotSupported, &why)))
            }
            (Serve::Refresh, Some(Ok(()))) => {
                let why = phrase!(
                    "error-dead-at-once",
                    "The provider gave {account} a token that was dead at once; is the clock right?",
                    account = name,
                );
                Look::Deny(ApiError::of(ErrorCode::BadAnswer, &why))
            }
            (Serve::Refresh, Some(Err(error))) => Look::Deny(error.clone()),
            (Serve::Now | Serve::NowAndRefresh, Some(Err(_))) => give(account, None),
            (Serve::RefreshOrLast, Some(Err(error))) => give(account, Some(error.clone())),
        }
    }
}

/// Waits for a flight, not for ever: it goes on behind a reader that gives up.
async fn wait(mut flight: Flight) -> Outcome {
    let late = || {
        let why = phrase!(
            "error-not-yet",
            "The provider has not answered yet; Daypass goes on trying, ask again in a moment."
        );
        Err(ApiError::of(ErrorCode::Offline, &why))
    };
    match tokio::time::timeout(READER_PATIENCE, flight.wait_for(Option::is_some)).await {
        Ok(Ok(outcome)) => outcome.clone().unwrap_or_else(late),
        Ok(Err(_)) => {
            let why = phrase!("error-refresh-broke-off", "The refresh broke off; ask again.");
            Err(ApiError::of(ErrorCode::Internal, &why))
        }
        Err(_) => late(),
    }
}

/// The token of a session beside the current one: as it is, for it is not refreshed.
fn beside(account: &mut Account, id: &str, request: &TokenRequest, now: Time) -> Look {
    let deny = |code, why: Phrase| Look::Deny(ApiError::of(code, &why));
    let name = account.record.name.clone();
    let Some(kept) = account.record.session(id) else {
        if account.listed.iter().any(|session| session.id == id) {
            let why = phrase!(
                "error-session-foreign",
                "Daypass has no token of the session {session}: it was opened elsewhere.",
                session = id,
            );
            return deny(ErrorCode::NotSupported, why);
        }
        return Look::Deny(unknown_session(&name, id));
    };
    if kept.standing == Standing::Orphan {
        let why = phrase!(
            "error-session-orphan",
            "The token of the session {session} was lost before it was stored; revoke the session.",
            session = id,
        );
        return deny(ErrorCode::NotSupported, why);
    }
    if account.revoking.iter().any(|revoking| revoking == id) {
        let why = phrase!(
            "error-session-revoking",
            "The session {session} is being revoked, and its token may be dead; create another.",
            session = id,
        );
        return deny(ErrorCode::UnknownSession, why);
    }
    if kept.token == Sealed::Shut {
        return Look::Unlock;
    }
    let Some(life) = kept.held().map(|(_, life)| *life) else {
        let why = phrase!("error-session-no-token", "The session {session} has no token.", session = id);
        return deny(ErrorCode::UnknownSession, why);
    };
    if life.freshness(now) == Freshness::Expired {
        let why = phrase!(
            "error-session-ended",
            "The session {session} ended at {until}; create another.",
            session = id,
            until = crate::rfc3339(life.expires_at),
        );
        return deny(ErrorCode::UnknownSession, why);
    }
    let min_ttl = request.min_ttl.map_or(life.thresholds().hard, Duration::from_secs);
    let short = (request.fresh || life.doubtful || life.remaining(now) < min_ttl).then(|| {
        let why = match life.doubtful {
            true => doubtful(),
            false => phrase!(
                "error-session-not-refreshed",
                "A session beside the current one is not refreshed; create another when it ends."
            ),
        };
        ApiError::of(ErrorCode::NotSupported, &why)
    });
    let min_ttl = request.min_ttl.map(Duration::from_secs);
    account.give(id, min_ttl, short, now)
}

impl Account {
    /// Whether what a refresh needs still waits for the vault's key.
    fn is_shut(&self) -> bool {
        self.record.credential == Sealed::Shut
    }

    fn give_current(&mut self, min_ttl: Option<Duration>, short: Option<ApiError>, now: Time) -> Look {
        let id = self.record.current().map(|current| current.session.id.clone());
        self.give(&id.unwrap_or_default(), min_ttl, short, now)
    }

    /// Hands a token out, and remembers until when it was promised to live.
    fn give(&mut self, id: &str, min_ttl: Option<Duration>, short: Option<ApiError>, now: Time) -> Look {
        let Some((token, life)) = self.record.session(id).and_then(SessionRecord::held) else {
            return Look::Deny(self.no_credential());
        };
        let (token, life): (Secret, Life) = (token.clone(), *life);
        let until = clock::later(now, min_ttl.unwrap_or(life.thresholds().hard)).min(life.expires_at);
        // A promise binds where we revoke a session ourselves when its successor has taken its place.
        if self.definition.as_ref().is_some_and(|definition| definition.deletes_predecessor()) {
            self.promised.keep(id, until);
        }
        self.record.last_used_at = Some(now);
        self.record.resting = false;
        self.used_unsaved = true;
        let (header_name, header_prefix) =
            self.definition.as_ref().map_or(("Authorization", "Bearer "), |definition| definition.header());
        Look::Give(TokenView {
            account: self.record.name.clone(),
            provider: self.record.provider.clone(),
            token,
            header_name: header_name.to_owned(),
            header_prefix: header_prefix.to_owned(),
            expires_at: Some(life.expires_at),
            session_id: id.to_owned(),
            remaining_seconds: life.remaining(now).as_secs(),
            short_because: short,
        })
    }

    /// Whether a reader may start (or join) a flight now.
    ///
    /// # Errors
    /// Why not: the credential is known to be refused (unless the reader asks for a fresh token), the server asked for
    /// a pause, or an attempt has just failed.
    fn may_fly(&self, cool_down: Option<Time>, forced: bool, now: Time) -> Result<(), ApiError> {
        if self.in_flight().is_some() {
            return Ok(());
        }
        self.ground()?;
        if self.record.refused.is_some() && !forced {
            return Err(self.no_credential());
        }
        self.credentials(now)?;
        if let Some(until) = cool_down.filter(|until| *until > now) {
            return Err(pause(until, now));
        }
        let last = || self.trouble.as_deref().map(|(error, _)| error.clone());
        let Some(failure) = &self.failure else { return Ok(()) };
        if let Some(until) = failure.forbidden_until().filter(|until| *until > now) {
            let error = last().unwrap_or_else(|| pause(until, now));
            return Err(ApiError { retry_after: Some(seconds_until(now, until)), ..error });
        }
        match last() {
            Some(error) if now < clock::later(failure.at, READER_REST) && now >= failure.at => Err(error),
            _ => Ok(()),
        }
    }
}

impl State {
    /// Whether the provider of an account may be asked for something other than a refresh now.
    ///
    /// # Errors
    /// `rate_limited` during the provider's cool-down.
    pub(crate) fn may_ask(&self, row: i64, now: Time) -> Result<(), ApiError> {
        let place = self.accounts.row(row).map(|account| account.place.clone());
        place.map_or(Ok(()), |place| self.may_ask_provider(&place, now))
    }

    /// The same of the provider at `place`.
    ///
    /// # Errors
    /// `rate_limited` during its cool-down.
    pub(crate) fn may_ask_provider(&self, place: &Arc<str>, now: Time) -> Result<(), ApiError> {
        self.planner.closed_until(place, now).map_or(Ok(()), |until| Err(pause(until, now)))
    }
}

/// That the server asked for a pause until `until`.
fn pause(until: Time, now: Time) -> ApiError {
    let seconds = seconds_until(now, until);
    let why = phrase!(
        "error-pause-left",
        "The provider asked for a pause of {seconds} s more; Daypass goes on by itself.",
        seconds = seconds,
    );
    ApiError { retry_after: Some(seconds), ..ApiError::of(ErrorCode::RateLimited, &why) }
}
