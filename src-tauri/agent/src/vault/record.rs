//! What the vault keeps of an account, as plain values.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use chrono::TimeDelta;
use daypass_api::{ApiError, ErrorCode, Said};
use daypass_core::fresh::Life;
use daypass_core::rotation::Intent;
use daypass_core::session::{Session, Standing};
use daypass_core::{Phrase, Secret, Time, clock};
use daypass_providers::Grant;
use serde::{Deserialize, Serialize};

/// An account with all that must outlive the agent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AccountRecord {
    /// Its row; 0 before it is stored.
    pub(crate) row: i64,
    pub(crate) name: String,
    pub(crate) provider: String,
    /// As the user gave it; `None` for the provider's own default.
    pub(crate) base_url: Option<String>,
    pub(crate) params: Params,
    /// The life that was chosen for its current session.
    pub(crate) life: Option<Duration>,
    pub(crate) pinned: bool,
    pub(crate) created_at: Time,
    pub(crate) last_used_at: Option<Time>,
    /// Revoked by the user, and not used since: nothing is opened in the background.
    pub(crate) resting: bool,
    /// That the credential was refused, and the sentence about it.
    pub(crate) refused: Option<Refusal>,
    /// Until when a token that was once held may still be accepted somewhere.
    pub(crate) live_until: Option<Time>,
    pub(crate) credential: Sealed<Secret>,
    /// How often everything of the credential was revoked or another was connected, since the agent runs; not stored.
    /// What a call brings that began in an earlier generation says nothing of this one.
    pub(crate) generation: u64,
    pub(crate) grant: Sealed<Grant>,
    /// Held sessions and orphans.
    pub(crate) sessions: Vec<SessionRecord>,
    /// Rows of sessions whose token does not open: kept as they are, and not shown.
    pub(crate) damaged: Vec<i64>,
}

/// An account's parameters by their keys, in little room: a map keeps some for many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub(crate) struct Params(Box<[(Box<str>, Box<str>)]>);

impl Params {
    /// The same as a map.
    pub(crate) fn map(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }
}

impl From<BTreeMap<String, String>> for Params {
    fn from(map: BTreeMap<String, String>) -> Self {
        Self(map.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl From<Params> for BTreeMap<String, String> {
    fn from(params: Params) -> Self {
        params.map()
    }
}

/// A secret that is kept sealed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sealed<T> {
    /// There is none.
    Nothing,
    /// There is one, and the vault's key is not here yet.
    Shut,
    /// There is one, and it does not open under the vault's key: the row was damaged or swapped.
    Damaged,
    /// Here it is.
    Open(T),
}

impl<T> Sealed<T> {
    /// The secret, where it is here.
    pub(crate) fn open(&self) -> Option<&T> {
        match self {
            Self::Open(secret) => Some(secret),
            Self::Nothing | Self::Shut | Self::Damaged => None,
        }
    }
}

/// A refused credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) since: Time,
    /// The message for a face that speaks another language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) said: Option<Said>,
}

impl Refusal {
    /// A credential that was refused at `since`, for what `phrase` says.
    pub(crate) fn new(phrase: &Phrase, since: Time) -> Self {
        Self { message: phrase.to_string(), since, said: Said::of(phrase) }
    }

    /// The error that a caller sees.
    pub(crate) fn error(&self) -> ApiError {
        ApiError {
            said: self.said.clone().map(Box::new),
            ..ApiError::new(ErrorCode::NeedsSignIn, self.message.clone())
        }
    }
}

/// A session of ours: held, or an orphan by the journal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionRecord {
    /// Its row; `None` before it is stored.
    pub(crate) row: Option<i64>,
    pub(crate) session: Session,
    pub(crate) standing: Standing,
    /// Whether its token is what the account hands out.
    pub(crate) current: bool,
    /// When it is to be revoked at the provider: its successor is stored, and promises made with its token end then.
    pub(crate) retire_at: Option<Time>,
    /// The token of a held session.
    pub(crate) token: Sealed<Secret>,
    /// The life of the token.
    pub(crate) life: Option<Life>,
    /// The fingerprint of the token, once somebody has asked for it.
    pub(crate) print: Print,
}

/// A fingerprint that is made once, when it is first wanted: it is shown with every snapshot. It follows from the token, so
/// that records which differ in nothing else are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Print(OnceLock<Box<str>>);

impl PartialEq for Print {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl SessionRecord {
    /// The fingerprint of the token, where it is here ([`Secret::fingerprint`]).
    pub(crate) fn fingerprint(&self) -> Option<&str> {
        let token = self.token.open()?;
        Some(self.print.0.get_or_init(|| token.fingerprint().into()))
    }

    /// The wall clock was set by `step`.
    pub(crate) fn shift(&mut self, step: TimeDelta) {
        shift_session(&mut self.session, step);
        self.life = self.life.map(|life| life.shifted(step));
        self.retire_at = self.retire_at.map(|at| clock::shifted(at, step));
    }

    /// The token with its life, where it is held and the vault's key is here.
    pub(crate) fn held(&self) -> Option<(&Secret, &Life)> {
        self.token.open().zip(self.life.as_ref())
    }
}

impl AccountRecord {
    /// An account that is not stored yet, and has nothing but its name.
    pub(crate) fn new(name: &str, provider: &str, created_at: Time) -> Self {
        Self {
            row: 0,
            name: name.to_owned(),
            provider: provider.to_owned(),
            base_url: None,
            params: Params::default(),
            life: None,
            pinned: false,
            created_at,
            last_used_at: None,
            resting: false,
            refused: None,
            live_until: None,
            credential: Sealed::Nothing,
            generation: 0,
            grant: Sealed::Nothing,
            sessions: Vec::new(),
            damaged: Vec::new(),
        }
    }

    /// The account as one that is not stored; `None` where a secret of it is only in the file.
    pub(crate) fn unstored(mut self) -> Option<Self> {
        let here = |session: &SessionRecord| !matches!(session.token, Sealed::Shut | Sealed::Damaged);
        let whole = !matches!(self.credential, Sealed::Shut | Sealed::Damaged)
            && !matches!(self.grant, Sealed::Shut | Sealed::Damaged)
            && self.sessions.iter().all(here);
        self.row = 0;
        self.sessions.iter_mut().for_each(|session| session.row = None);
        whole.then_some(self)
    }

    /// The current session.
    pub(crate) fn current(&self) -> Option<&SessionRecord> {
        self.sessions.iter().find(|session| session.current)
    }

    /// Every secret of it that is here.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let own = self.credential.open().into_iter().chain(self.grant.open().map(|grant| &grant.token));
        own.chain(self.sessions.iter().filter_map(|session| session.token.open()))
    }

    /// The session of this id, among those that we keep.
    pub(crate) fn session(&self, id: &str) -> Option<&SessionRecord> {
        self.sessions.iter().find(|session| session.session.id == id)
    }

    /// Gives back the room that is not needed.
    pub(crate) fn shrink(&mut self) {
        self.sessions.shrink_to_fit();
        self.damaged.shrink_to_fit();
    }

    /// The wall clock was set by `step`: every instant is moved by it, so that what remains of a life is what remained.
    pub(crate) fn shift(&mut self, step: TimeDelta) {
        for session in &mut self.sessions {
            session.shift(step);
        }
        let grant = match &mut self.grant {
            Sealed::Open(grant) => grant.expires_at.as_mut(),
            Sealed::Nothing | Sealed::Shut | Sealed::Damaged => None,
        };
        let refused = self.refused.as_mut().map(|refused| &mut refused.since);
        let others = [Some(&mut self.created_at), self.last_used_at.as_mut(), self.live_until.as_mut(), grant, refused];
        for at in others.into_iter().flatten() {
            *at = clock::shifted(*at, step);
        }
    }

    /// Drops a session, and remembers until when its token may still be accepted.
    pub(crate) fn drop_session(&mut self, id: &str) {
        let end = self.session(id).and_then(|session| session.life).map(|life| life.expires_at);
        self.live_until = self.live_until.max(end);
        self.sessions.retain(|session| session.session.id != id);
    }
}

/// Moves the instants of a session, which are told by our clock, by a step of it.
pub(crate) fn shift_session(session: &mut Session, step: TimeDelta) {
    for at in [&mut session.created_at, &mut session.expires_at].into_iter().flatten() {
        *at = clock::shifted(*at, step);
    }
}

/// An intent that was written down, and not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenIntent {
    pub(crate) id: i64,
    pub(crate) account: i64,
    pub(crate) intent: Intent,
    pub(crate) begun_at: Time,
    /// Whether its call is under way in this very agent, which will say what became of it.
    pub(crate) under_way: bool,
}

impl OpenIntent {
    /// The session that is to be revoked, where that is what it is about.
    pub(crate) fn revokes(&self) -> Option<&str> {
        match &self.intent {
            Intent::Revoke { id } => Some(id),
            _ => None,
        }
    }
}
