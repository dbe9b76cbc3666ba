//! A store whose steps are told: what they change goes into the log, and so do their failures.
//!
//! It stands between the service and the backend, so that no verb can forget to tell, whichever dialect asked for it.

use data_encoding::HEXLOWER;
use std::sync::Arc;
use tokio::time::Instant;

use daypass_core::Time;
use daypass_core::lineage::chain::Token;
use daypass_core::lineage::{Refusal, Scopes};
use daypass_core::token::ring::Ring;

use super::{Answer, Backend, Removed, Walk};
use crate::Error;
use crate::admin::{ClientFacts, CredentialFacts, SessionFacts, SessionFilter, Settled, SignInFacts, UserFacts};
use crate::log::Event;
use crate::meters::Journal;
use crate::model::{
    Caller, Client, Credential, CredentialKind, Denied, Digest, KeyChange, Listed, NativeSession, NewCredential,
    NewDeviceCode, NewUser, Opening, Profile, Redeemed, Refreshed, Refused, Salt, Session, SignedIn, SigningKey, Use,
    Verdict, Which,
};

/// The kind of the native dialect's sessions and credentials, where the others have a word in the store.
const NATIVE: &str = "native";

/// A backend whose steps are told.
pub(crate) struct Watched {
    backend: Box<dyn Backend>,
    journal: Arc<Journal>,
}

impl Watched {
    /// `backend`, its steps told to `journal`.
    pub(crate) fn new(backend: Box<dyn Backend>, journal: Arc<Journal>) -> Self {
        Self { backend, journal }
    }

    /// Does the step `name`, and tells of its failure; `done` tells of what it changed.
    fn step<'a, T: Send + 'a>(
        &'a self,
        name: &'static str,
        answer: Answer<'a, T>,
        done: impl FnOnce(&Journal, &T) + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            let began = Instant::now();
            let answered: Result<T, Error> = answer.await;
            self.journal.meters().took(name, began.elapsed());
            match &answered {
                Ok(answer) => done(&self.journal, answer),
                Err(error) => self.journal.tell(&Event::StoreFailed { step: name, error: error.to_string() }),
            }
            answered
        })
    }
}

/// Steps that change nothing worth telling, and those that only an administrator takes: the command that takes them tells.
macro_rules! plain {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)+) => {
        $(fn $name(&self, $($arg: $type),*) -> Answer<'_, $answer> {
            self.step(stringify!($name), self.backend.$name($($arg),*), |_, _| {})
        })+
    };
}

impl Backend for Watched {
    plain! {
        credential(digest: Digest) -> Option<Credential>;
        session(digest: Digest) -> Option<Session>;
        antiraid_sessions(user_id: String, now: Time) -> Vec<Session>;
        profiles(user_id: String) -> Vec<Profile>;
        profile(user_id: String, id: String) -> Option<Profile>;
        add_profile(user_id: String, profile: Profile, most: u32) -> bool;
        add_device_code(code: NewDeviceCode, most: u32, now: Time) -> bool;
        waiting_sign_in(user_code: Digest, now: Time) -> Option<SignInFacts>;
        waiting_sign_ins(most: u32, now: Time) -> Vec<SignInFacts>;
        client(id: String) -> Option<Arc<Client>>;
        native_session(id: [u8; 16]) -> Option<Arc<NativeSession>>;
        users(id: Option<String>, most: u32, now: Time) -> Vec<UserFacts>;
        credentials(user_id: String) -> Vec<CredentialFacts>;
        disable_user(id: String, at: Option<Time>) -> bool;
        remove_user(id: String, from: Walk, most: u32) -> Removed;
        clients(id: Option<String>, now: Time) -> Vec<ClientFacts>;
        replace_client_secret(id: String, digest: Digest) -> bool;
        remove_client(id: String, most: u32) -> Removed;
        sessions(filter: SessionFilter, most: u32, now: Time) -> Vec<SessionFacts>;
        end_sessions(filter: SessionFilter, from: Walk, most: u32, now: Time) -> (usize, Walk);
        access_keys() -> Ring<SigningKey>;
        owned_sessions(by: Caller, now: Time) -> Result<Vec<Listed>, Denied>;
        owned_session(by: Caller, id: [u8; 16], now: Time) -> Result<NativeSession, Denied>;
        name_owned(by: Caller, id: [u8; 16], name: Option<String>, now: Time) -> Result<NativeSession, Denied>;
        note_uses(uses: Vec<Use>) -> usize;
    }

    fn hears(&self) -> bool {
        self.backend.hears()
    }

    fn add_user(&self, user: NewUser) -> Answer<'_, ()> {
        let id = user.id.clone();
        self.step("add_user", self.backend.add_user(user), move |log, ()| log.tell(&Event::UserAdded { user: &id }))
    }

    fn open(&self, opening: Opening, now: Time) -> Answer<'_, Result<String, Refused>> {
        let (id, kind) = (opening.session.id.clone(), opening.session.kind.word());
        let refresh = opening.refresh.as_ref().map(|refresh| refresh.kind.word());
        self.step("open", self.backend.open(opening, now), move |log, opened| {
            let Ok(user) = opened else { return };
            log.tell(&Event::SessionOpened { kind, session: id.into(), user: Some(user.into()), client: None });
            if let Some(kind) = refresh {
                log.tell(&Event::CredentialIssued { kind, user });
            }
        })
    }

    fn end_antiraid_session(&self, user_id: String, id: String, now: Time) -> Answer<'_, bool> {
        let which = id.clone();
        self.step("end_antiraid_session", self.backend.end_antiraid_session(user_id, id, now), move |log, ended| {
            // What was not found is what a client made up, and is not written.
            if *ended {
                log.tell(&Event::SessionsEnded { kind: "antiraid", which: which.into(), count: 1 });
            }
        })
    }

    fn change_access_keys(&self, change: KeyChange, now: Time) -> Answer<'_, (Ring<SigningKey>, bool)> {
        let deed = change.deed.word();
        self.step("change_access_keys", self.backend.change_access_keys(change, now), move |log, (keys, found)| {
            if *found {
                log.tell(&Event::KeysChanged { deed, keys: keys.keys().len() });
            }
        })
    }

    fn replace_credential(&self, id: i64, successor: NewCredential) -> Answer<'_, bool> {
        let kind = successor.kind.word();
        self.step("replace_credential", self.backend.replace_credential(id, successor), move |log, replaced| {
            if *replaced {
                log.tell(&Event::CredentialEnded { kind });
            }
        })
    }

    fn remove_credential(&self, digest: Digest, kind: CredentialKind) -> Answer<'_, bool> {
        self.step("remove_credential", self.backend.remove_credential(digest, kind), move |log, removed| {
            if *removed {
                log.tell(&Event::CredentialEnded { kind: kind.word() });
            }
        })
    }

    fn settle_device_code(&self, user_code: Digest, verdict: Verdict, now: Time) -> Answer<'_, Settled> {
        self.step("settle_device_code", self.backend.settle_device_code(user_code, verdict, now), |log, settled| {
            match settled {
                Settled::Approved(user) => log.tell(&Event::SignInSettled { approved: true, user: Some(user) }),
                Settled::Denied => log.tell(&Event::SignInSettled { approved: false, user: None }),
                Settled::NotWaiting | Settled::NoUser | Settled::UserDisabled => {}
            }
        })
    }

    fn redeem_device_code(&self, digest: Digest, credential: NewCredential, now: Time) -> Answer<'_, Redeemed<String>> {
        let kind = credential.kind.word();
        self.step(
            "redeem_device_code",
            self.backend.redeem_device_code(digest, credential, now),
            move |log, redeemed| {
                if let Redeemed::Approved(user) = redeemed {
                    log.tell(&Event::CredentialIssued { kind, user });
                }
            },
        )
    }

    fn add_client(&self, client: Client) -> Answer<'_, bool> {
        let id = client.id.clone();
        self.step("add_client", self.backend.add_client(client), move |log, added| {
            if *added {
                log.tell(&Event::ClientAdded { client: &id });
            }
        })
    }

    fn open_native(&self, session: NativeSession) -> Answer<'_, ()> {
        let opened = Opened::of(&session);
        self.step("open_native", self.backend.open_native(session), move |log, ()| opened.tell(log))
    }

    fn refresh_native(
        &self,
        token: Token,
        client_id: String,
        asked: Option<Scopes>,
        salt: Salt,
        now: Time,
    ) -> Answer<'_, Result<Refreshed, Refusal>> {
        let (id, client) = (HEXLOWER.encode(&token.id()), client_id.clone());
        let refreshing = self.backend.refresh_native(token, client_id, asked, salt, now);
        self.step("refresh_native", refreshing, move |log, refreshed| match refreshed {
            Ok(Refreshed { session, .. }) => log.tell(&Event::SessionRefreshed {
                session: id.into(),
                client: &client,
                generation: session.chain.lineage.generation,
            }),
            Err(refusal) => {
                let reason = match refusal {
                    Refusal::Ended(end) => end.word(),
                    Refusal::Unknown => "unknown",
                    Refusal::Scope => "scope",
                };
                log.tell(&Event::RefreshRefused { session: id.into(), client: &client, reason });
            }
        })
    }

    fn revoke_native(&self, id: [u8; 16]) -> Answer<'_, ()> {
        self.step("revoke_native", self.backend.revoke_native(id), move |log, ()| {
            log.tell(&Event::SessionsEnded { kind: NATIVE, which: HEXLOWER.encode(&id).into(), count: 1 });
        })
    }

    fn redeem_native(
        &self,
        digest: Digest,
        session: NativeSession,
        most: u32,
        now: Time,
    ) -> Answer<'_, Redeemed<SignedIn>> {
        self.step("redeem_native", self.backend.redeem_native(digest, session, most, now), |log, redeemed| {
            let Redeemed::Approved(SignedIn { session, ended }) = redeemed else { return };
            for id in ended {
                log.tell(&Event::SessionsEnded { kind: NATIVE, which: HEXLOWER.encode(id).into(), count: 1 });
            }
            Opened::of(session).tell(log);
        })
    }

    fn end_owned(&self, by: Caller, which: Which, now: Time) -> Answer<'_, Result<usize, Denied>> {
        self.step("end_owned", self.backend.end_owned(by, which, now), move |log, ended| {
            let Ok(count) = *ended else { return };
            let which = match which {
                Which::One(id) => HEXLOWER.encode(&id).into(),
                Which::Others => "others".into(),
                Which::All => "all".into(),
            };
            log.tell(&Event::SessionsEnded { kind: NATIVE, which, count });
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
        self.step("open_owned", self.backend.open_owned(by, session, asked, most, now), |log, opened| {
            if let Ok(session) = opened {
                Opened::of(session).tell(log);
            }
        })
    }

    fn expire(&self, now: Time, credentials_before: Time, most: u32) -> Answer<'_, usize> {
        self.step("expire", self.backend.expire(now, credentials_before, most), |log, rows| {
            if *rows > 0 {
                log.tell(&Event::Swept { rows: *rows });
            }
        })
    }
}

/// What is told of a native session that is opened.
struct Opened {
    id: String,
    user: Option<String>,
    client: String,
}

impl Opened {
    fn of(session: &NativeSession) -> Self {
        Self {
            id: HEXLOWER.encode(&session.chain.id),
            user: session.user_id.clone(),
            client: session.client_id.clone(),
        }
    }

    fn tell(self, log: &Journal) {
        log.tell(&Event::SessionOpened {
            kind: NATIVE,
            session: self.id.into(),
            user: self.user.map(Into::into),
            client: Some(self.client.into()),
        });
    }
}
