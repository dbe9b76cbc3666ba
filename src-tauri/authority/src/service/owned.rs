//! The native dialect's sessions as their user sees them: list, inspect, open, name, end.

use daypass_core::Secret;
use daypass_core::lineage::Scopes;
use serde_json::Value;

use super::native::TERMS;
use super::{Issued, Service};
use crate::Error;
use crate::model::{Caller, Denied, Listed, NativeSession, Which, storable};

impl Service {
    /// Whom an access token speaks for, if it is intact and has not expired. Whether its session lives is looked at when
    /// something is done with it, in the same step. Where it lives this is a use of it, whatever the token may do.
    pub(crate) async fn caller(&self, access_token: &Secret) -> Result<Option<Caller>, Error> {
        let Some((session, token)) = self.of_access_token(access_token).await? else { return Ok(None) };
        let scope = token.claims.all.get("scope").and_then(Value::as_str).unwrap_or_default();
        let Some(scopes) = Scopes::parse(scope) else { return Ok(None) };
        let now = self.now();
        if session.chain.lineage.end_at(now).is_none() {
            self.uses.note(&session, now);
        }
        Ok(Some(Caller { session: session.chain.id, scopes }))
    }

    /// The living sessions of the caller's user, oldest first.
    pub(crate) async fn owned_sessions(&self, by: &Caller) -> Result<Result<Vec<Listed>, Denied>, Error> {
        self.store.owned_sessions(by.clone(), self.now()).await
    }

    /// The one of them with this id.
    pub(crate) async fn owned_session(
        &self,
        by: &Caller,
        id: [u8; 16],
    ) -> Result<Result<NativeSession, Denied>, Error> {
        self.store.owned_session(by.clone(), id, self.now()).await
    }

    /// Names the one of them with this id, or takes its name away.
    pub(crate) async fn name_owned(
        &self,
        by: &Caller,
        id: [u8; 16],
        name: Option<String>,
    ) -> Result<Result<NativeSession, Denied>, Error> {
        self.store.name_owned(by.clone(), id, name, self.now()).await
    }

    /// Ends those of them that are meant, all or none; answers how many.
    pub(crate) async fn end_owned(&self, by: &Caller, which: Which) -> Result<Result<usize, Denied>, Error> {
        self.store.end_owned(by.clone(), which, self.now()).await
    }

    /// Opens one more, of the caller's client and with the scopes that are `asked`, or all of the token's.
    pub(crate) async fn open_owned(
        &self,
        by: &Caller,
        name: Option<String>,
        asked: Option<Scopes>,
        issuer: &str,
    ) -> Result<Result<(NativeSession, Issued), Denied>, Error> {
        let now = storable(self.now());
        // Client, user and scopes are those of the caller, which the store looks up in the step that opens.
        let (mut session, refresh_token) = self.native_session("", TERMS, Scopes::default(), now);
        session.name = name;
        let most = self.config().most_sessions;
        Ok(match self.store.open_owned(by.clone(), session, asked, most, now).await? {
            Ok(session) => {
                let scopes = session.chain.lineage.scopes.clone();
                let issued = self.issue(&session, scopes, Some(refresh_token), issuer, now).await?;
                Ok((session, issued))
            }
            Err(denied) => Err(denied),
        })
    }
}
