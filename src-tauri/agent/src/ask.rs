//! Asking a provider for something other than a refresh, with the account's credentials in their order.

use std::sync::Arc;

use daypass_api::ApiError;
use daypass_core::{Secret, clock};
use daypass_providers::{Definition, Inspected, Listed, ProviderError, Regenerated, Target};

use crate::failure;
use crate::inner::Inner;
use crate::refresh::removed;
use crate::state::clocks::Anchor;

/// What one question needs.
pub(crate) struct Asking {
    pub(crate) row: i64,
    pub(crate) definition: Arc<Definition>,
    pub(crate) target: Target,
    /// The credential to ask with now.
    pub(crate) credential: Secret,
    /// The generation of the account's credential.
    pub(crate) generation: u64,
    /// Those to try if it is refused.
    others: std::vec::IntoIter<Secret>,
}

/// What asking for a list came to.
pub(crate) struct ListAnswer {
    pub(crate) answer: Result<Listed, ProviderError>,
    /// The credential that it was asked with: where that is a session's token, the session is alive.
    pub(crate) asked_with: Secret,
    /// By which setting of the clock it tells of the sessions.
    pub(crate) anchor: Anchor,
}

impl Inner {
    /// What is needed to ask the provider of this account.
    ///
    /// # Errors
    /// `rate_limited` during the provider's cool-down, `locked`, `needs_sign_in`.
    pub(crate) fn asking(&self, row: i64) -> Result<Asking, ApiError> {
        let now = self.now();
        let mut state = self.state();
        state.may_ask(row, now)?;
        let account = state.by_row(row).ok_or_else(removed)?;
        let (definition, target) = account.ground()?;
        let mut others = account.credentials(now)?.into_iter();
        let credential = others.next().ok_or_else(|| account.no_credential())?;
        Ok(Asking { row, definition, target, credential, generation: account.record.generation, others })
    }

    /// Judges an answer: `None` where it was a refusal and another credential is to be tried.
    ///
    /// # Errors
    /// `needs_sign_in` where the last credential was refused: the account's timer stops as well.
    pub(crate) async fn heard<T>(
        &self,
        asking: &mut Asking,
        answer: Result<T, ProviderError>,
    ) -> Result<Option<Result<T, ProviderError>>, ApiError> {
        match answer {
            Err(ProviderError::Refused { message }) => {
                self.doubt(asking.row, &asking.credential);
                match asking.others.next() {
                    Some(credential) => {
                        asking.credential = credential;
                        Ok(None)
                    }
                    None => Err(self.refused(asking.row, asking.generation, &message, None).await),
                }
            }
            Err(ref error @ ProviderError::RateLimited { .. }) => {
                self.cool_account_down(asking.row, failure::retry_after(error).unwrap_or(failure::COOL_DOWN));
                Ok(Some(answer))
            }
            Err(ref error @ ProviderError::TryLater { retry_after: Some(_), .. }) => {
                let wait = failure::retry_after(error).unwrap_or_default();
                let until = clock::later(self.now(), wait);
                if let Some(account) = self.state().by_row(asking.row) {
                    account.chores_rest_until = account.chores_rest_until.max(Some(until));
                }
                Ok(Some(answer))
            }
            answer => Ok(Some(answer)),
        }
    }

    /// The provider's list of sessions.
    pub(crate) async fn ask_list(&self, row: i64) -> Result<ListAnswer, ApiError> {
        let (mut asking, mut anchor) = (self.asking(row)?, Anchor::default());
        loop {
            let Asking { definition, target, credential, .. } = &asking;
            let call = self.setup.upstream.list(definition, target, credential);
            let answer = self.anchored(&mut anchor, call).await;
            if let Some(answer) = self.heard(&mut asking, answer).await? {
                return Ok(ListAnswer { answer, asked_with: asking.credential, anchor });
            }
        }
    }

    /// What the credential is.
    pub(crate) async fn ask_inspect(&self, row: i64) -> Result<Result<Inspected, ProviderError>, ApiError> {
        let mut asking = self.asking(row)?;
        loop {
            let Asking { definition, target, credential, .. } = &asking;
            let answer = self.setup.upstream.inspect(definition, target, credential).await;
            if let Some(answer) = self.heard(&mut asking, answer).await? {
                return Ok(answer);
            }
        }
    }

    /// Revokes one session.
    pub(crate) async fn ask_revoke(&self, row: i64, id: &str) -> Result<Result<(), ProviderError>, ApiError> {
        let mut asking = self.asking(row)?;
        loop {
            let Asking { definition, target, credential, .. } = &asking;
            let answer = self.setup.upstream.revoke(definition, target, credential, id).await;
            if let Some(answer) = self.heard(&mut asking, answer).await? {
                return Ok(answer);
            }
        }
    }

    /// Revokes everything in one call.
    pub(crate) async fn ask_revoke_all(&self, row: i64) -> Result<Result<Regenerated, ProviderError>, ApiError> {
        let mut asking = self.asking(row)?;
        loop {
            let Asking { definition, target, credential, .. } = &asking;
            let answer = self.setup.upstream.revoke_all(definition, target, credential).await;
            if let Some(answer) = self.heard(&mut asking, answer).await? {
                return Ok(answer);
            }
        }
    }
}
