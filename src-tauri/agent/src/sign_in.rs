//! Signing in by device code (RFC 8628): the agent polls, and connects the account when the user has approved.

use std::sync::Arc;
use std::time::Duration;

use daypass_api::request::SignIn;
use daypass_api::view::{SignInState, SignInView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::{Secret, Time, clock, phrase, token};
use daypass_providers::{Definition, DeviceCode, Poll, ProviderError, Target};
use tokio::task::AbortHandle;

use crate::accounts::{Check, Connect, bad_request, check_name};
use crate::fail;
use crate::failure;
use crate::inner::Inner;
use crate::recognize::misplaced;

/// The shortest pause between two polls.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// How long the end of a sign-in is remembered, for whoever asks.
const REMEMBERED: Duration = Duration::from_secs(600);
/// The most that are remembered at once.
const MOST: usize = 16;

/// A sign-in, under way or just ended.
pub(crate) struct Pending {
    view: SignInView,
    polling: Option<AbortHandle>,
    ended_at: Option<Time>,
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(polling) = &self.polling {
            polling.abort();
        }
    }
}

impl Inner {
    /// Begins a sign-in, and polls behind it.
    pub(crate) async fn sign_in(self: &Arc<Self>, mut request: SignIn) -> Result<SignInView, ApiError> {
        check_name(&request.name)?;
        let definition = self.definition(&request.provider)?;
        if !definition.abilities().sign_in {
            let why = phrase!(
                "error-no-sign-in-by-code",
                "{provider} has no sign-in by code; paste its credential.",
                provider = definition.title(),
            );
            return Err(ApiError::of(ErrorCode::NotSupported, &why));
        }
        self.unlock().await?;
        if let Some(there) = self.state().accounts.get(&request.name) {
            if there.record.provider != request.provider {
                let why = phrase!(
                    "error-name-elsewhere",
                    "There is an account {account} at another provider already.",
                    account = request.name,
                );
                return Err(bad_request(why).about("name"));
            }
            // The code is asked for where the credential will be used.
            request.base_url = request.base_url.or_else(|| there.record.base_url.clone());
        }
        // Parameters that are offered (a profile, say) can only be known after the sign-in.
        let (base_url, params) = (request.base_url.as_deref(), &request.params);
        let target = definition.partial_target(base_url, params.clone());
        let target = target.map_err(|error| misplaced(&definition, base_url, params, &error))?;
        let begun = self.setup.upstream.begin_sign_in(&definition, &target).await;
        let code = begun.map_err(|error| failure::told(&error))?;
        let id = token::opaque::uuid(&*self.setup.chance);
        let view = SignInView {
            id: id.clone(),
            user_code: code.user_code.clone(),
            qr: code.qr.clone(),
            expires_at: code.expires_at,
            state: SignInState::Pending,
        };
        let now = self.now();
        let mut state = self.state();
        let old = |pending: &Pending| pending.ended_at.is_some_and(|at| clock::until(at, now) > REMEMBERED);
        state.sign_ins.retain(|_, pending| !old(pending));
        if state.sign_ins.len() >= MOST {
            return Err(bad_request(phrase!(
                "error-many-sign-ins",
                "Too many sign-ins are under way; finish or cancel one."
            )));
        }
        let poll = self.clone().poll(id.clone(), definition, target, code, request);
        let polling = Some(tokio::spawn(poll).abort_handle());
        state.sign_ins.insert(id, Pending { view: view.clone(), polling, ended_at: None });
        Ok(view)
    }

    /// How a sign-in stands.
    pub(crate) fn sign_in_state(&self, id: &str) -> Result<SignInView, ApiError> {
        let state = self.state();
        let pending = state.sign_ins.get(id);
        let gone = || bad_request(phrase!("error-unknown-sign-in", "There is no such sign-in."));
        pending.map(|pending| pending.view.clone()).ok_or_else(gone)
    }

    /// Gives a sign-in up.
    pub(crate) fn cancel_sign_in(&self, id: &str) {
        // Taken out first: dropping it needs no lock.
        let gone = self.state().sign_ins.remove(id);
        drop(gone);
    }

    async fn poll(
        self: Arc<Self>,
        id: String,
        definition: Arc<Definition>,
        target: Target,
        code: DeviceCode,
        request: SignIn,
    ) {
        let credential = match self.approved(&definition, &target, &code).await {
            Ok(credential) => credential,
            Err(error) => return self.end_sign_in(&id, SignInState::Failed { error }),
        };
        fail::point("sign-in.approved");
        let inner = self.clone();
        // From here on it is not cut off by a cancellation: the credential is here.
        let connected = self.spawn(async move {
            let state = match inner.connect_signed_in(definition, target, &code, credential, request).await {
                Ok(account) => SignInState::Done { account },
                Err(error) => SignInState::Failed { error },
            };
            inner.end_sign_in(&id, state);
        });
        // It has told how it ended.
        let _ = connected.await;
    }

    /// Polls until the user has approved, or it cannot succeed any more.
    async fn approved(&self, definition: &Definition, target: &Target, code: &DeviceCode) -> Result<Secret, ApiError> {
        loop {
            self.pause(code.interval.max(MIN_INTERVAL)).await;
            if self.now() >= code.expires_at {
                let why = phrase!("error-sign-in-late", "The sign-in was not approved in time; begin again.");
                return Err(ApiError::of(ErrorCode::NeedsSignIn, &why));
            }
            match self.setup.upstream.poll_sign_in(definition, target, code).await {
                Ok(Poll::Done(credential)) => return Ok(credential),
                Ok(Poll::Pending) => continue,
                Err(error @ (ProviderError::RateLimited { .. } | ProviderError::TryLater { .. })) => {
                    let wait = failure::retry_after(&error).unwrap_or_default();
                    self.pause(wait.min(clock::until(self.now(), code.expires_at))).await;
                }
                Err(ProviderError::Offline { .. }) => {}
                Err(ProviderError::Refused { .. }) => {
                    let why = phrase!("error-sign-in-denied", "The sign-in was denied or has expired; begin again.");
                    return Err(ApiError::of(ErrorCode::NeedsSignIn, &why));
                }
                Err(error) => return Err(failure::told(&error)),
            }
        }
    }

    /// Fills in the parameters that are still missing with what the provider offers first, and connects the account.
    async fn connect_signed_in(
        self: &Arc<Self>,
        definition: Arc<Definition>,
        mut target: Target,
        code: &DeviceCode,
        credential: Secret,
        request: SignIn,
    ) -> Result<String, ApiError> {
        // An account that gets a new credential keeps what it was connected with.
        if let Some(account) = self.state().accounts.get(&request.name) {
            target.params = account.record.params.map().into_iter().chain(target.params).collect();
        }
        let missing = definition.params().iter().filter(|param| param.required && param.default.is_none());
        for param in missing {
            if target.params.contains_key(&param.key) || !param.offered {
                continue;
            }
            let offers = loop {
                match self.setup.upstream.offers(&definition, &target, &credential, &param.key).await {
                    Ok(offers) => break offers,
                    // The credential has no other copy, so a bad moment is waited out, for as long as the code's time.
                    Err(error) if failure::is_passing(&error) && self.now() < code.expires_at => {
                        self.pause(failure::retry_after(&error).unwrap_or(code.interval).max(MIN_INTERVAL)).await;
                    }
                    Err(error) => return Err(failure::told(&error)),
                }
            };
            let Some(first) = offers.into_iter().next() else {
                let message =
                    format!("{} has nothing to choose as {}; create one there first.", definition.title(), param.label);
                return Err(bad_request(message));
            };
            target.params.insert(param.key.clone(), first.value);
        }
        let SignIn { name, base_url, .. } = request;
        let connect = Connect {
            definition,
            name: name.clone(),
            base_url,
            params: target.params,
            credential,
            check: Check::UnlessRefused,
            life: None,
            pinned: false,
            replace: true,
        };
        self.connect(connect).await.map(|_| name)
    }

    fn end_sign_in(&self, id: &str, end: SignInState) {
        let now = self.now();
        if let Some(pending) = self.state().sign_ins.get_mut(id) {
            pending.view.state = end;
            pending.ended_at = Some(now);
            pending.polling = None;
        }
        self.touched();
    }
}
