//! Calls whose answer is the only copy of something: an intent is durable before each, and ended or left open after it.

use std::sync::Arc;

use daypass_api::ApiError;
use daypass_core::clock;
use daypass_core::rotation::Intent;
use daypass_providers::{Minted, ProviderError};

use crate::fail;
use crate::failure;
use crate::inner::{Inner, OnceOnly};
use crate::refresh::removed;
use crate::state::clocks::Anchor;
use crate::vault::{OpenIntent, Store};

/// An intent that was just written down.
pub(crate) struct Begun {
    open: OpenIntent,
    /// By which setting of the clock.
    by: Anchor,
    /// The call is under way, or its answer is not stored yet.
    _under_way: OnceOnly,
}

impl Begun {
    /// What was written down.
    pub(crate) fn open(&self) -> &OpenIntent {
        &self.open
    }

    /// Its id in the journal.
    pub(crate) fn id(&self) -> i64 {
        self.open.id
    }
}

impl Inner {
    /// Makes a call that opens a session; where its answer is the only copy of something, `intent` is durable before it.
    ///
    /// Answers the new session with the intent that is to be ended with its storing, and kept until then. An intent whose
    /// call surely had no effect is ended at once; one whose call may have had stays open, and the keeper settles it.
    ///
    /// # Errors
    /// Those of [`Inner::begin`].
    pub(crate) async fn once_only(
        self: &Arc<Self>,
        row: i64,
        intent: Option<Intent>,
        call: impl Future<Output = Result<Minted, ProviderError>>,
    ) -> Result<Result<(Minted, Option<Begun>), ProviderError>, ApiError> {
        let open = match intent {
            Some(intent) => self.begin(row, intent).await?,
            None => {
                let answer = call.await.inspect(|_| fail::point("mint.answered"));
                return Ok(answer.map(|minted| (minted, None)));
            }
        };
        match call.await {
            Ok(minted) => {
                fail::point("mint.answered");
                Ok(Ok((minted, Some(open))))
            }
            Err(error) => {
                self.end_or_leave(open, failure::may_be_done(&error)).await;
                Ok(Err(error))
            }
        }
    }

    /// Writes an intent down, durably.
    ///
    /// # Errors
    /// Those of the vault; `offline` once the agent has stopped: what is begun then might not come to its end.
    pub(crate) async fn begin(self: &Arc<Self>, row: i64, intent: Intent) -> Result<Begun, ApiError> {
        let under_way = self.calls_once(row);
        self.still_running()?;
        let anchor = self.state().clocks.anchor();
        let now = self.now();
        let (written, by) = (intent.clone(), anchor.clone());
        let begin = move |store: &mut Store| {
            let ahead = store.bring_to(&anchor)?;
            store.begin(row, &written, clock::shifted(now, ahead))
        };
        let begun = self.vault.run(begin).await;
        match begun {
            Ok(None) => Err(removed()),
            Ok(Some(id)) => {
                fail::point("intent.written");
                let open = OpenIntent { id, account: row, intent, begun_at: now, under_way: false };
                Ok(Begun { open, by, _under_way: under_way })
            }
            Err(error) => {
                self.state().vault = Some(error.clone());
                self.touched();
                Err(error.into())
            }
        }
    }

    /// Ends an intent whose call failed, or leaves it for the settlement.
    pub(crate) async fn end_or_leave(&self, begun: Begun, leave: bool) {
        let Begun { mut open, by, _under_way } = begun;
        let (id, now) = (open.id, self.now());
        let leave = leave || self.vault.run(move |store| store.end(id, now)).await.is_err();
        if !leave {
            fail::point("intent.ended");
        }
        let (row, mut state) = (open.account, self.state());
        // A revocation was known while its call was under way.
        state.intents.retain(|known| known.id != id);
        if leave {
            open.begun_at = clock::shifted(open.begun_at, state.clocks.anchor().since(&by));
            state.intents.push(open);
        }
        // With that the keeper plans its account anew.
        state.note_revocations(row);
    }
}
