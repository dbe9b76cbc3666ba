//! What a held token says of itself. Nothing of it is kept, and its signature is never among it.

use std::sync::Arc;

use daypass_api::view::ClaimsView;
use daypass_api::{ApiError, ErrorCode};
use daypass_core::token::jwt::{self, Contents};
use daypass_core::{Phrase, phrase};

use crate::history::holds;
use crate::inner::Inner;
use crate::sessions::unknown_session;
use crate::vault::{Sealed, SessionRecord, VaultError};

impl Inner {
    /// The header and the claims of the token of a session, where it is a JWT.
    ///
    /// # Errors
    /// `unknown_account`, `unknown_session`, `locked`; `not_supported` where its token is not here or says nothing.
    pub(crate) async fn claims(self: &Arc<Self>, name: &str, id: &str) -> Result<ClaimsView, ApiError> {
        let shut = |kept: &SessionRecord| kept.session.id == id && kept.token == Sealed::Shut;
        if self.state().account(name)?.record.sessions.iter().any(shut) {
            self.unlock().await?;
        }
        let mut state = self.state();
        let account = state.account(name)?;
        let Some(kept) = account.record.session(id) else {
            return Err(if account.listed.iter().any(|session| session.id == id) {
                nothing(&phrase!("error-claims-not-held", "Its token is not here: the session was opened elsewhere."))
            } else {
                unknown_session(name, id)
            });
        };
        let token = match &kept.token {
            Sealed::Open(token) => token,
            Sealed::Shut => return Err(VaultError::Locked.into()),
            Sealed::Nothing | Sealed::Damaged => {
                return Err(nothing(&phrase!("error-claims-lost", "Its token is not here any more.")));
            }
        };
        let Ok(Contents { header, claims }) = jwt::contents(token) else {
            let why = phrase!("error-claims-opaque", "Its token is opaque: it says nothing that can be read.");
            return Err(nothing(&why));
        };
        let view = ClaimsView { header, claims };
        // A provider may write one secret into another; the page is to see none.
        let text = serde_json::to_string(&view).unwrap_or_default();
        if account.record.secrets().any(|secret| holds(&text, secret)) {
            let why = phrase!(
                "error-claims-secret",
                "Its token holds another secret of the account, so what it says is not shown."
            );
            return Err(nothing(&why));
        }
        Ok(view)
    }
}

fn nothing(why: &Phrase) -> ApiError {
    ApiError::of(ErrorCode::NotSupported, why)
}
