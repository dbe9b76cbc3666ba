//! Revoking one session by the journal: whoever is cut off over it is rid of it all the same, and its token is not handed
//! out meanwhile as if nothing were.

use std::sync::Arc;
use std::time::Duration;

use daypass_api::ApiError;
use daypass_api::view::{LogEvent, RevokeView};
use daypass_core::rotation::Intent;
use daypass_core::session::Standing;
use daypass_core::{clock, phrase};
use daypass_providers::ProviderError;

use crate::fail;
use crate::failure;
use crate::history::timed;
use crate::inner::{Inner, Unstored};
use crate::once::Begun;
use crate::sessions::{drop_by_wish, told_ended};
use crate::settle::TRY_AGAIN;
use crate::vault::OpenIntent;

impl Inner {
    /// Revokes a session at the provider, at the user's wish. One that we hold is written down first: from then on its
    /// token may be dead.
    ///
    /// # Errors
    /// The provider's; then the session is as it was, or the settlement goes on with it, where the call may have had an
    /// effect. Those of the vault, before anything is asked.
    pub(crate) async fn revoke_one(self: &Arc<Self>, row: i64, name: &str, id: &str) -> Result<RevokeView, ApiError> {
        let begun = self.begin_revocation(row, id).await?;
        let mut took = None;
        let message = match timed(&mut took, self.ask_revoke(row, id)).await {
            Ok(Ok(())) => {
                phrase!("done-revoked", "The session {session} of {account} was revoked.", session = id, account = name,)
            }
            Ok(Err(ProviderError::AlreadyGone)) => phrase!(
                "done-was-gone",
                "The session {session} of {account} was already gone.",
                session = id,
                account = name,
            ),
            Ok(Err(error)) => {
                let unsure = begun.is_some() && failure::may_be_done(&error);
                let told = self.told_failed(row, "The session was not revoked", &error, took);
                if let Some(account) = self.state().by_row(row).filter(|_| unsure) {
                    let again = clock::later(self.now(), failure::rest(&told, TRY_AGAIN));
                    account.settle_at = account.settle_at.max(Some(again));
                }
                self.end_revocation(begun, unsure).await;
                if !unsure {
                    return Err(told);
                }
                return Err(told.and(&phrase!("error-revoking-on", "Daypass goes on revoking the session by itself.")));
            }
            Err(error) => {
                // No credential was taken, or nothing was asked at all.
                self.end_revocation(begun, false).await;
                return Err(error);
            }
        };
        fail::point("revoke.answered");
        self.drop_revoked(row, id, message.text(), took).await?;
        fail::point("revoke.stored");
        Ok(self.revoked(name, 1, None, &message))
    }

    /// Does open revocations of an account again: of what is gone already the provider says so.
    ///
    /// # Errors
    /// Those of revoking; what is not done then stays open.
    pub(crate) async fn finish_revocations(self: &Arc<Self>, row: i64, open: &[OpenIntent]) -> Result<(), ApiError> {
        for id in open.iter().filter_map(OpenIntent::revokes) {
            fail::point("finish.due");
            let mut took = None;
            match timed(&mut took, self.ask_revoke(row, id)).await? {
                Ok(()) | Err(ProviderError::AlreadyGone) => {}
                Err(error) => return Err(failure::told(&error)),
            }
            fail::point("finish.answered");
            let message = "The user asked for it, and the answer was lost; it was revoked again.";
            self.drop_revoked(row, id, message, took).await?;
            fail::point("finish.stored");
        }
        Ok(())
    }

    /// Writes down that a session is to be revoked, where we hold it; its token is not believed from now on.
    async fn begin_revocation(self: &Arc<Self>, row: i64, id: &str) -> Result<Option<Begun>, ApiError> {
        let standing = self.state().by_row(row).and_then(|account| Some(account.record.session(id)?.standing));
        if standing != Some(Standing::Held) {
            return Ok(None);
        }
        let begun = self.begin(row, Intent::Revoke { id: id.to_owned() }).await?;
        let mut state = self.state();
        state.intents.push(OpenIntent { under_way: true, ..begun.open().clone() });
        state.note_revocations(row);
        drop(state);
        self.touched();
        Ok(Some(begun))
    }

    /// Ends a revocation that came to nothing, or leaves it to the settlement.
    async fn end_revocation(&self, begun: Option<Begun>, leave: bool) {
        if let Some(begun) = begun {
            self.end_or_leave(begun, leave).await;
            self.touched();
        }
    }

    /// Drops a session that is gone at the provider; every revocation of it ends with that.
    async fn drop_revoked(&self, row: i64, id: &str, message: &str, took: Option<Duration>) -> Result<(), ApiError> {
        self.undos.revoked(row, |forgotten| forgotten == id);
        let ended: Vec<i64> = {
            let state = self.state();
            let open = state.intents.iter().filter(|open| open.account == row && open.revokes() == Some(id));
            open.map(|open| open.id).collect()
        };
        let (now, is_open) = (self.now(), !ended.is_empty());
        self.commit_logged(row, ended, Unstored::Keep, |record| {
            // Two that were under way at once are one.
            let told = !is_open || record.session(id).is_some();
            let revoked = told.then(|| told_ended(now, record, LogEvent::Revoked, id).because(message).took(took));
            drop_by_wish(record, id);
            revoked.into_iter().collect()
        })
        .await?;
        if let Some(account) = self.state().by_row(row) {
            account.listed.retain(|session| session.id != id);
        }
        Ok(())
    }
}
