//! A memory in front of a store: what lives and was read lately is answered without asking the store.
//!
//! Three rules keep it from ever bringing back what is dead. Only what lives is remembered, never that something is not
//! there. What this process ends or changes is forgotten before anybody is told that it is done, and a read that began
//! before cannot bring it back ([`crate::shelf`]). What other processes end is told by the store, and while the store does
//! not hear of that ([`Backend::hears`]) nothing is answered from memory.

mod memory;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use daypass_core::Time;
use daypass_core::lineage::chain::Token;
use daypass_core::lineage::{Refusal, Scopes};
use daypass_core::token::ring::Ring;

pub(crate) use self::memory::Memory;
use self::memory::Stem;
use super::{Answer, Backend, Ended, Removed, Walk};
use crate::Error;
use crate::admin::{ClientFacts, CredentialFacts, SessionFacts, SessionFilter, Settled, SignInFacts, UserFacts};
use crate::log::carried;
use crate::model::{
    Caller, Client, Credential, CredentialKind, Denied, Digest, KeyChange, Listed, NativeSession, NewCredential,
    NewDeviceCode, NewUser, Opening, Profile, Redeemed, Refreshed, Refused, Salt, Session, SignedIn, SigningKey, Use,
    Verdict, Which,
};

/// A store, and what is remembered of it.
pub(crate) struct Known {
    backend: Arc<dyn Backend>,
    memory: Arc<Memory>,
}

impl Known {
    /// `backend`, with `memory` in front, which is told of what others end.
    pub(crate) fn new(backend: Arc<dyn Backend>, memory: Arc<Memory>) -> Self {
        Self { backend, memory }
    }

    /// Does `work`, which may end or change what is remembered, and then has it forgotten.
    ///
    /// In a task of its own: the store does what was begun even if the one who asked has gone, and then it must be
    /// forgotten all the same. Also after a failure, which may have come after the change.
    fn changing<T: Send + 'static>(
        &self,
        work: impl for<'a> FnOnce(&'a dyn Backend) -> Answer<'a, T> + Send + 'static,
        forget: impl FnOnce(&Memory) + Send + 'static,
    ) -> Answer<'static, T> {
        self.changing_what(work, |memory, _| forget(memory))
    }

    /// The same, where what was done says what is to be forgotten.
    fn changing_what<T: Send + 'static>(
        &self,
        work: impl for<'a> FnOnce(&'a dyn Backend) -> Answer<'a, T> + Send + 'static,
        forget: impl FnOnce(&Memory, &Result<T, Error>) + Send + 'static,
    ) -> Answer<'static, T> {
        let (backend, memory) = (Arc::clone(&self.backend), Arc::clone(&self.memory));
        let done = tokio::spawn(carried(async move {
            let done = work(&*backend).await;
            forget(&memory, &done);
            done
        }));
        Box::pin(async move { done.await.unwrap_or(Err(Error::Stopped)) })
    }
}

/// What is remembered by `$find`, while the store hears; else what the store answers, which is then remembered.
macro_rules! known {
    ($self:ident, $find:expr, $ask:expr, $keep:expr) => {{
        // Before looking: what was told too late is then gone.
        let hears = $self.backend.hears();
        match $find {
            Ok(found) if hears => Box::pin(std::future::ready(Ok(Some(found)))),
            Ok(_) => $ask,
            Err(_) if !hears => $ask,
            Err(ticket) => Box::pin(async move {
                let found = $ask.await?;
                if let Some(found) = &found {
                    $keep(ticket, found);
                }
                Ok(found)
            }),
        }
    }};
}

impl Backend for Known {
    fn hears(&self) -> bool {
        self.backend.hears()
    }

    fn add_user(&self, user: NewUser) -> Answer<'_, ()> {
        self.backend.add_user(user)
    }

    fn credential(&self, digest: Digest) -> Answer<'_, Option<Credential>> {
        known!(self, self.memory.credential(digest), self.backend.credential(digest), |both, found| {
            self.memory.keep_credential(&both, digest, found);
        })
    }

    fn session(&self, digest: Digest) -> Answer<'_, Option<Session>> {
        known!(self, self.memory.session(digest), self.backend.session(digest), |both, found| {
            self.memory.keep_session(&both, digest, found);
        })
    }

    fn open(&self, opening: Opening, now: Time) -> Answer<'_, Result<String, Refused>> {
        self.backend.open(opening, now)
    }

    fn antiraid_sessions(&self, user_id: String, now: Time) -> Answer<'_, Vec<Session>> {
        self.backend.antiraid_sessions(user_id, now)
    }

    fn end_antiraid_session(&self, user_id: String, id: String, now: Time) -> Answer<'_, bool> {
        let stem = Stem::AntiRaid(id.clone());
        self.changing(
            move |backend| backend.end_antiraid_session(user_id, id, now),
            move |memory| memory.forget_stem(&stem),
        )
    }

    fn replace_credential(&self, id: i64, successor: NewCredential) -> Answer<'_, bool> {
        self.changing(
            move |backend| backend.replace_credential(id, successor),
            move |memory| memory.forget_stem(&Stem::Credential(id)),
        )
    }

    fn remove_credential(&self, digest: Digest, kind: CredentialKind) -> Answer<'_, bool> {
        self.changing(
            move |backend| backend.remove_credential(digest, kind),
            move |memory| memory.forget(&Ended::Credential(digest)),
        )
    }

    fn profiles(&self, user_id: String) -> Answer<'_, Vec<Profile>> {
        self.backend.profiles(user_id)
    }

    fn profile(&self, user_id: String, id: String) -> Answer<'_, Option<Profile>> {
        let by = (user_id.clone(), id.clone());
        known!(self, self.memory.profile(&by), self.backend.profile(user_id, id), |ticket, found| {
            self.memory.keep_profile(ticket, by, found);
        })
    }

    fn add_profile(&self, user_id: String, profile: Profile, most: u32) -> Answer<'_, bool> {
        self.backend.add_profile(user_id, profile, most)
    }

    fn add_device_code(&self, code: NewDeviceCode, most: u32, now: Time) -> Answer<'_, bool> {
        self.backend.add_device_code(code, most, now)
    }

    fn waiting_sign_in(&self, user_code: Digest, now: Time) -> Answer<'_, Option<SignInFacts>> {
        self.backend.waiting_sign_in(user_code, now)
    }

    fn waiting_sign_ins(&self, most: u32, now: Time) -> Answer<'_, Vec<SignInFacts>> {
        self.backend.waiting_sign_ins(most, now)
    }

    fn settle_device_code(&self, user_code: Digest, verdict: Verdict, now: Time) -> Answer<'_, Settled> {
        self.backend.settle_device_code(user_code, verdict, now)
    }

    fn redeem_device_code(&self, digest: Digest, credential: NewCredential, now: Time) -> Answer<'_, Redeemed<String>> {
        self.backend.redeem_device_code(digest, credential, now)
    }

    fn add_client(&self, client: Client) -> Answer<'_, bool> {
        self.backend.add_client(client)
    }

    fn client(&self, id: String) -> Answer<'_, Option<Arc<Client>>> {
        known!(self, self.memory.client(&id), self.backend.client(id), |ticket, found| {
            self.memory.keep_client(ticket, found);
        })
    }

    fn open_native(&self, session: NativeSession) -> Answer<'_, ()> {
        self.backend.open_native(session)
    }

    fn native_session(&self, id: [u8; 16]) -> Answer<'_, Option<Arc<NativeSession>>> {
        known!(self, self.memory.native(id), self.backend.native_session(id), |ticket, found| {
            self.memory.keep_native(ticket, found);
        })
    }

    fn refresh_native(
        &self,
        token: Token,
        client_id: String,
        asked: Option<Scopes>,
        salt: Salt,
        now: Time,
    ) -> Answer<'_, Result<Refreshed, Refusal>> {
        let id = token.id();
        self.changing(
            move |backend| backend.refresh_native(token, client_id, asked, salt, now),
            move |memory| memory.forget(&Ended::Native(id)),
        )
    }

    fn revoke_native(&self, id: [u8; 16]) -> Answer<'_, ()> {
        self.changing(move |backend| backend.revoke_native(id), move |memory| memory.forget(&Ended::Native(id)))
    }

    fn redeem_native(
        &self,
        digest: Digest,
        session: NativeSession,
        most: u32,
        now: Time,
    ) -> Answer<'_, Redeemed<SignedIn>> {
        self.changing_what(
            move |backend| backend.redeem_native(digest, session, most, now),
            |memory, redeemed| match redeemed {
                Ok(Redeemed::Approved(signed_in)) => {
                    signed_in.ended.iter().for_each(|id| memory.forget(&Ended::Native(*id)));
                }
                Ok(_) => {}
                // It may have been done all the same, and nobody says what ended.
                Err(_) => memory.forget(&Ended::Everything),
            },
        )
    }

    fn owned_sessions(&self, by: Caller, now: Time) -> Answer<'_, Result<Vec<Listed>, Denied>> {
        self.backend.owned_sessions(by, now)
    }

    fn owned_session(&self, by: Caller, id: [u8; 16], now: Time) -> Answer<'_, Result<NativeSession, Denied>> {
        self.backend.owned_session(by, id, now)
    }

    fn name_owned(
        &self,
        by: Caller,
        id: [u8; 16],
        name: Option<String>,
        now: Time,
    ) -> Answer<'_, Result<NativeSession, Denied>> {
        self.changing(
            move |backend| backend.name_owned(by, id, name, now),
            move |memory| memory.forget(&Ended::Native(id)),
        )
    }

    fn end_owned(&self, by: Caller, which: Which, now: Time) -> Answer<'_, Result<usize, Denied>> {
        if let Which::One(id) = which {
            return self.changing(
                move |backend| backend.end_owned(by, which, now),
                move |memory| memory.forget(&Ended::Native(id)),
            );
        }
        Box::pin(async move {
            // Whose they are never changes.
            let own = self.native_session(by.session).await?;
            let user_id = own.and_then(|own| own.user_id.clone());
            self.changing(
                move |backend| backend.end_owned(by, which, now),
                move |memory| memory.forget_native_of(user_id.as_deref()),
            )
            .await
        })
    }

    fn open_owned(
        &self,
        by: Caller,
        session: NativeSession,
        asked: Option<Scopes>,
        most: u32,
        now: Time,
    ) -> Answer<'_, Result<NativeSession, Denied>> {
        self.backend.open_owned(by, session, asked, most, now)
    }

    fn users(&self, id: Option<String>, most: u32, now: Time) -> Answer<'_, Vec<UserFacts>> {
        self.backend.users(id, most, now)
    }

    fn credentials(&self, user_id: String) -> Answer<'_, Vec<CredentialFacts>> {
        self.backend.credentials(user_id)
    }

    // An administrator's changes are rare: everything is forgotten after each.

    fn disable_user(&self, id: String, at: Option<Time>) -> Answer<'_, bool> {
        self.changing(move |backend| backend.disable_user(id, at), |memory| memory.forget(&Ended::Everything))
    }

    fn remove_user(&self, id: String, from: Walk, most: u32) -> Answer<'_, Removed> {
        self.changing(move |backend| backend.remove_user(id, from, most), |memory| memory.forget(&Ended::Everything))
    }

    fn clients(&self, id: Option<String>, now: Time) -> Answer<'_, Vec<ClientFacts>> {
        self.backend.clients(id, now)
    }

    fn replace_client_secret(&self, id: String, digest: Digest) -> Answer<'_, bool> {
        self.changing(
            move |backend| backend.replace_client_secret(id, digest),
            |memory| memory.forget(&Ended::Everything),
        )
    }

    fn remove_client(&self, id: String, most: u32) -> Answer<'_, Removed> {
        self.changing(move |backend| backend.remove_client(id, most), |memory| memory.forget(&Ended::Everything))
    }

    fn sessions(&self, filter: SessionFilter, most: u32, now: Time) -> Answer<'_, Vec<SessionFacts>> {
        self.backend.sessions(filter, most, now)
    }

    fn end_sessions(&self, filter: SessionFilter, from: Walk, most: u32, now: Time) -> Answer<'_, (usize, Walk)> {
        self.changing(
            move |backend| backend.end_sessions(filter, from, most, now),
            |memory| memory.forget(&Ended::Everything),
        )
    }

    // What is remembered of a session is only believed in what this does not change: its life.
    fn note_uses(&self, uses: Vec<Use>) -> Answer<'_, usize> {
        self.backend.note_uses(uses)
    }

    fn access_keys(&self) -> Answer<'_, Ring<SigningKey>> {
        self.backend.access_keys()
    }

    fn change_access_keys(&self, change: KeyChange, now: Time) -> Answer<'_, (Ring<SigningKey>, bool)> {
        self.backend.change_access_keys(change, now)
    }

    fn expire(&self, now: Time, credentials_before: Time, most: u32) -> Answer<'_, usize> {
        self.changing(
            move |backend| backend.expire(now, credentials_before, most),
            move |memory| memory.forget_expired(now, credentials_before),
        )
    }
}
