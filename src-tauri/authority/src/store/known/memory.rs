//! What is remembered of a store, and what makes it forgotten.

use std::sync::Arc;

use daypass_core::Time;

use crate::model::{Client, Credential, Digest, NativeSession, Profile, Session};
use crate::shelf::{Shelf, Ticket};
use crate::store::{Ended, Told};

/// How many of each are remembered. With all shelves full of rows of usual size this is some 12 MiB.
const SESSIONS: usize = 16_384;
const NATIVE: usize = 8192;
const CREDENTIALS: usize = 4096;
const CLIENTS: usize = 1024;
const PROFILES: usize = 4096;

/// How many parts a shelf that is much changed has: what is forgotten in one does not trouble reads in the others.
const PARTS: usize = 32;

/// What a row is ended by besides its own digest: it is believed only while this is remembered too, and forgetting this
/// ends it. Never comes back once it has ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Stem {
    /// The credential with this row id: of itself, and of the sessions that are rooted in it.
    Credential(i64),
    /// The id of an AntiRaid session, by which it is ended.
    AntiRaid(String),
}

/// What is remembered.
pub(crate) struct Memory {
    credentials: Shelf<[u8; 32], Credential>,
    sessions: Shelf<[u8; 32], Session>,
    /// In one part: which stem a row has is known only when it has been read, and the ticket is taken before.
    stems: Shelf<Stem, ()>,
    native: Shelf<[u8; 16], Arc<NativeSession>>,
    clients: Shelf<String, Arc<Client>>,
    /// By user and profile.
    profiles: Shelf<(String, String), Profile>,
}

/// The right to remember a row that has a stem.
pub(super) struct Both {
    row: Ticket,
    stem: Ticket,
}

impl Memory {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            credentials: Shelf::new(PARTS, CREDENTIALS),
            sessions: Shelf::new(PARTS, SESSIONS),
            stems: Shelf::new(1, SESSIONS + CREDENTIALS),
            native: Shelf::new(PARTS, NATIVE),
            clients: Shelf::new(1, CLIENTS),
            profiles: Shelf::new(1, PROFILES),
        })
    }

    /// What forgets when a store tells of an end.
    pub(crate) fn told(self: &Arc<Self>) -> Told {
        let memory = Arc::clone(self);
        Arc::new(move |ended| memory.forget(&ended))
    }

    pub(super) fn credential(&self, digest: Digest) -> Result<Credential, Both> {
        let found = self.credentials.find(&digest.0);
        let found = found.filter(|found| self.stems.find(&Stem::Credential(found.id)).is_some());
        found.ok_or_else(|| Both { row: self.credentials.ticket(&digest.0), stem: self.stem_ticket() })
    }

    pub(super) fn keep_credential(&self, both: &Both, digest: Digest, credential: &Credential) {
        self.stems.keep(both.stem, Stem::Credential(credential.id), ());
        self.credentials.keep(both.row, digest.0, credential.clone());
    }

    pub(super) fn session(&self, digest: Digest) -> Result<Session, Both> {
        let found = self.sessions.find(&digest.0);
        let found = found.filter(|found| stem(found).is_none_or(|stem| self.stems.find(&stem).is_some()));
        found.ok_or_else(|| Both { row: self.sessions.ticket(&digest.0), stem: self.stem_ticket() })
    }

    /// Remembers a session, unless its root has ended: that it is over is nothing to be remembered.
    pub(super) fn keep_session(&self, both: &Both, digest: Digest, session: &Session) {
        if session.rooted {
            if let Some(stem) = stem(session) {
                self.stems.keep(both.stem, stem, ());
            }
            self.sessions.keep(both.row, digest.0, session.clone());
        }
    }

    pub(super) fn native(&self, id: [u8; 16]) -> Result<Arc<NativeSession>, Ticket> {
        self.native.find(&id).ok_or_else(|| self.native.ticket(&id))
    }

    pub(super) fn keep_native(&self, ticket: Ticket, session: &Arc<NativeSession>) {
        self.native.keep(ticket, session.chain.id, Arc::clone(session));
    }

    pub(super) fn client(&self, id: &String) -> Result<Arc<Client>, Ticket> {
        self.clients.find(id).ok_or_else(|| self.clients.ticket(id))
    }

    pub(super) fn keep_client(&self, ticket: Ticket, client: &Arc<Client>) {
        self.clients.keep(ticket, client.id.clone(), Arc::clone(client));
    }

    pub(super) fn profile(&self, by: &(String, String)) -> Result<Profile, Ticket> {
        self.profiles.find(by).ok_or_else(|| self.profiles.ticket(by))
    }

    pub(super) fn keep_profile(&self, ticket: Ticket, by: (String, String), profile: &Profile) {
        self.profiles.keep(ticket, by, profile.clone());
    }

    /// Forgets what has ended or changed.
    pub(super) fn forget(&self, ended: &Ended) {
        match ended {
            Ended::Session(digest) => drop(self.sessions.forget(&digest.0)),
            Ended::Credential(digest) => match self.credentials.forget(&digest.0) {
                Some(known) => self.forget_stem(&Stem::Credential(known.id)),
                // Which sessions are rooted in it is not known here.
                None => self.stems.forget_if(|()| true),
            },
            Ended::Native(id) => drop(self.native.forget(id)),
            Ended::Client(id) => drop(self.clients.forget(id)),
            Ended::Everything => {
                self.credentials.forget_if(|_| true);
                self.sessions.forget_if(|_| true);
                self.stems.forget_if(|()| true);
                self.native.forget_if(|_| true);
                self.clients.forget_if(|_| true);
                self.profiles.forget_if(|_| true);
            }
        }
    }

    /// Ends all that stands on this stem.
    pub(super) fn forget_stem(&self, stem: &Stem) {
        self.stems.forget(stem);
    }

    /// Forgets the native sessions of a user; of everybody, where it is not known whose.
    pub(super) fn forget_native_of(&self, user_id: Option<&str>) {
        self.native.forget_if(|session| user_id.is_none() || session.user_id.as_deref() == user_id);
    }

    /// Forgets what a store removes as expired. A credential that sessions are rooted in is none of that: PocketPaw's
    /// master tokens have no end.
    pub(super) fn forget_expired(&self, now: Time, credentials_before: Time) {
        self.sessions.forget_if(|session| session.expires_at <= now);
        self.credentials.forget_if(|credential| credential.expires_at.is_some_and(|at| at <= credentials_before));
        self.native.forget_if(|session| session.chain.lineage.end_at(now).is_some());
    }

    /// Any stem does: they are all in one part.
    fn stem_ticket(&self) -> Ticket {
        self.stems.ticket(&Stem::Credential(0))
    }
}

/// What besides its digest ends a session.
fn stem(session: &Session) -> Option<Stem> {
    match session.root {
        Some(root) => Some(Stem::Credential(root)),
        None => session.kind.is_antiraid().then(|| Stem::AntiRaid(session.id.clone())),
    }
}
