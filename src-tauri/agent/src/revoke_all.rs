//! Revoking everything of an account, by the means that its provider has.

use std::sync::Arc;
use std::time::Duration;

use daypass_api::view::{LogEvent, RevokeView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::rotation::Intent;
use daypass_core::session::Standing;
use daypass_core::{Secret, Time, phrase};
use daypass_providers::{Definition, ProviderError, Regenerated};

use crate::fail;
use crate::failure;
use crate::history::{Entry, timed};
use crate::inner::{Inner, Unstored};
use crate::once::Begun;
use crate::refresh::{drop_sessions, removed};
use crate::sessions::told_ended;
use crate::vault::{AccountRecord, Refusal, Sealed};

/// Why one of all sessions is revoked.
const WITH_ALL: &str = "All sessions of the account are revoked, one by one.";

impl Inner {
    /// Revokes every session of the account.
    pub(crate) async fn revoke_all(self: &Arc<Self>, name: &str) -> Result<RevokeView, ApiError> {
        let (row, definition) = self.ready(name).await?;
        if definition.abilities().revoke_all_effect.is_none() {
            let why = phrase!(
                "error-cannot-revoke-all",
                "{provider} cannot revoke all sessions at once.",
                provider = definition.title(),
            );
            return Err(ApiError::of(ErrorCode::NotSupported, &why));
        }
        self.wait_for_flight(row).await;
        // Where the call replaces the credential, its answer is the only copy: the intent is durable first.
        let intent = match definition.regenerates_credential() {
            true => Some(self.begin(row, Intent::Regenerate).await?),
            false => None,
        };
        let mut took = None;
        match timed(&mut took, self.ask_revoke_all(row)).await {
            Ok(Ok(regenerated)) => self.took_effect(row, name, intent.as_ref().map(Begun::id), regenerated, took).await,
            Ok(Err(ProviderError::NotSupported { .. })) if can_one_by_one(&definition) => {
                self.one_by_one(row, name, &definition).await
            }
            Ok(Err(error)) => {
                let unsure = intent.is_some() && failure::may_be_done(&error);
                if let Some(account) = self.state().by_row(row) {
                    // Whether the credential was replaced is found out by the next mint, before any token is believed.
                    account.suspect |= unsure;
                    account.settle_at = None;
                }
                if let Some(intent) = intent {
                    self.end_or_leave(intent, unsure).await;
                }
                self.touched();
                Err(self.told_failed(row, "The sessions were not revoked", &error, took))
            }
            Err(error) => {
                if let Some(intent) = intent {
                    self.end_or_leave(intent, false).await;
                }
                Err(error)
            }
        }
    }

    /// A flight under way would store a session that is dead already.
    async fn wait_for_flight(&self, row: i64) {
        let flight = self.state().by_row(row).and_then(|account| account.in_flight().cloned());
        if let Some(mut flight) = flight {
            // However it ends, it has ended.
            let _ = flight.wait_for(Option::is_some).await;
        }
    }

    /// Stores what the revocation brought, the new credential before anything else.
    async fn took_effect(
        &self,
        row: i64,
        name: &str,
        intent: Option<i64>,
        regenerated: Regenerated,
        took: Option<Duration>,
    ) -> Result<RevokeView, ApiError> {
        fail::point("revoke-all.answered");
        self.undos.revoked(row, |_| true);
        let now = self.now();
        let Regenerated { credential, signed_out, tokens_live_on } = regenerated;
        let refusal = signed_out.then(|| signed_out_by_wish(name, now));
        let held = {
            let mut state = self.state();
            let account = state.by_row(row).ok_or_else(removed)?;
            account.record.sessions.len()
        };
        self.commit_logged(row, intent.into_iter().collect(), Unstored::Keep, |record| {
            let told = told_all(now, name, credential.as_ref(), took);
            if let Some(credential) = credential {
                record.credential = Sealed::Open(credential);
            } else if signed_out {
                record.credential = Sealed::Nothing;
            }
            record.refused = refusal;
            drop_all(record);
            told
        })
        .await?;
        fail::point("revoke-all.stored");
        let live_until = self.state().by_row(row).and_then(|account| account.record.live_until);
        let valid_until = live_until.filter(|until| tokens_live_on && *until > now);
        let message = if let Some(until) = valid_until {
            phrase!(
                "done-signed-out-lives",
                "{account} is signed out; tokens handed out before stay valid until {until}.",
                account = name,
                until = crate::rfc3339(until),
            )
        } else if signed_out {
            phrase!("done-signed-out", "All sessions of {account} were revoked, and it is signed out.", account = name)
        } else {
            phrase!("done-revoked-all", "All sessions of {account} were revoked.", account = name)
        };
        Ok(self.revoked(name, u32::try_from(held).unwrap_or(u32::MAX), valid_until, &message))
    }

    /// Where the provider has no such call: every session of its list, the one that we ask with last.
    async fn one_by_one(
        self: &Arc<Self>,
        row: i64,
        name: &str,
        definition: &Definition,
    ) -> Result<RevokeView, ApiError> {
        let mut ids: Vec<String> = self.list(row).await?.into_iter().map(|session| session.id).collect();
        let own = self.own_session(row, definition).await?;
        ids.sort_by_key(|id| Some(id) == own.as_ref());
        let (mut count, mut next) = (0, 0);
        // What is opened meanwhile goes the same way, with its own token.
        while let Some(id) = ids.get(next).cloned().or_else(|| self.held_besides(row, &ids)) {
            if next == ids.len() {
                ids.push(id.clone());
            }
            next += 1;
            let id = id.as_str();
            let mut took = None;
            match timed(&mut took, self.ask_revoke(row, id)).await? {
                Ok(()) => count += 1,
                Err(ProviderError::AlreadyGone) => {}
                Err(error) => {
                    let what = phrase!(
                        "error-revoked-some",
                        "Of {all} sessions {count} were revoked.",
                        all = ids.len(),
                        count = count,
                    );
                    let told = self.told_failed(row, &format!("{what} Then"), &error, took);
                    return Err(told.after(&what));
                }
            }
            fail::point("one-by-one.answered");
            self.undos.revoked(row, |forgotten| forgotten == id);
            let last = Some(id) == own.as_deref();
            if !last {
                let now = self.now();
                self.commit_logged(row, Vec::new(), Unstored::Keep, |record| {
                    let revoked = told_ended(now, record, LogEvent::Revoked, id).because(WITH_ALL).took(took);
                    record.drop_session(id);
                    vec![revoked]
                })
                .await?;
                fail::point("one-by-one.stored");
            }
        }
        // Where sessions are credentials, the account's own credential was one of those just revoked.
        let now = self.now();
        let refusal = definition.session_is_credential().then(|| signed_out_by_wish(name, now));
        self.commit_logged(row, Vec::new(), Unstored::Keep, |record| {
            record.refused = refusal;
            drop_all(record);
            told_all(now, name, None, None)
        })
        .await?;
        if let Some(account) = self.state().by_row(row) {
            account.listed.clear();
        }
        let message = phrase!(
            "done-revoked-one-by-one",
            "All {count} sessions of {account} were revoked, one by one.",
            count = count,
            account = name,
        );
        Ok(self.revoked(name, count, None, &message))
    }

    /// A session that is held, and not among `ids`.
    fn held_besides(&self, row: i64, ids: &[String]) -> Option<String> {
        let state = self.state();
        let sessions = &state.accounts.row(row)?.record.sessions;
        let held = sessions.iter().filter(|session| session.standing == Standing::Held);
        held.map(|session| &session.session.id).find(|id| !ids.contains(id)).cloned()
    }

    /// The session that we ask with: the current one, or the credential's own.
    async fn own_session(self: &Arc<Self>, row: i64, definition: &Definition) -> Result<Option<String>, ApiError> {
        let current = {
            let mut state = self.state();
            let account = state.by_row(row).ok_or_else(removed)?;
            account.record.current().map(|current| current.session.id.clone())
        };
        if current.is_some() || !definition.abilities().inspect {
            return Ok(current);
        }
        self.ask_inspect(row).await?.map(|own| Some(own.id)).map_err(|error| failure::told(&error))
    }
}

fn can_one_by_one(definition: &Definition) -> bool {
    definition.abilities().list && definition.abilities().revoke
}

/// That all sessions were revoked, and that this brought another credential, where it did.
fn told_all(now: Time, name: &str, credential: Option<&Secret>, took: Option<Duration>) -> Vec<Entry> {
    let all = Entry::new(now, name, LogEvent::RevokedAll).because("The user asked for it.").took(took);
    let rotated = credential.map(|credential| {
        let rotated = Entry::new(now, name, LogEvent::Rotated).because("Revoking all brought a new credential.");
        Entry { fingerprint: Some(credential.fingerprint()), ..rotated }
    });
    std::iter::once(all).chain(rotated).collect()
}

/// Everything is revoked: nothing is held any more, and nothing is opened until the account is used again.
fn drop_all(record: &mut AccountRecord) {
    drop_sessions(record);
    record.resting = true;
    // What calls bring that are still under way is as dead.
    record.generation += 1;
}

fn signed_out_by_wish(name: &str, now: Time) -> Refusal {
    let why = phrase!(
        "error-signed-out-by-wish",
        "{account} was signed out when all its sessions were revoked; connect it again.",
        account = name,
    );
    Refusal::new(&why, now)
}
