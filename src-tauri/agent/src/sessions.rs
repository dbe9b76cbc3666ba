//! Sessions beside the current one: listing, creating, revoking, forgetting.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use daypass_api::request::CreateSession;
use daypass_api::view::{LogEvent, RevokeView, SessionView};
use daypass_api::{ApiError, ErrorCode, Said};
use daypass_core::session::Session;
use daypass_core::{Phrase, Time, clock, phrase};
use daypass_providers::{Definition, Listed, ProviderError, Wish};

use crate::accounts::bad_request;
use crate::ask::{Asking, ListAnswer};
use crate::history::{Entry, timed};
use crate::inner::{Inner, Unstored};
use crate::once::Begun;
use crate::refresh::{creation, put_held, put_late, removed, superseded};
use crate::state::clocks::Anchor;
use crate::undo::{Dropped, Forgotten};
use crate::vault::{AccountRecord, Sealed, SessionRecord, shift_session};
use crate::{Notice, fail, failure, view};

/// The longest name of a session, in characters.
const MAX_NAME: usize = 100;
/// A list may lag behind: a session that was opened within this time need not be in it yet.
const LIST_LAGS: Duration = Duration::from_secs(60);

impl Inner {
    /// The row and definition of an account whose credential can be used: the vault is opened for it where it is shut.
    pub(crate) async fn ready(self: &Arc<Self>, name: &str) -> Result<(i64, Arc<Definition>), ApiError> {
        let shut = match self.state().account(name) {
            Ok(account) => account.record.credential == Sealed::Shut,
            Err(error) if error.code != ErrorCode::UnknownAccount => true,
            Err(error) => return Err(error),
        };
        if shut {
            self.unlock().await?;
        }
        let mut state = self.state();
        let account = state.account(name)?;
        Ok((account.record.row, account.ground()?.0))
    }

    /// All sessions of an account, asked of the provider where it lists them.
    pub(crate) async fn sessions(self: &Arc<Self>, name: &str) -> Result<Vec<SessionView>, ApiError> {
        let (row, definition) = self.ready(name).await?;
        if definition.abilities().list {
            self.list(row).await?;
        }
        let now = self.now();
        Ok(view::sessions(self.state().account(name)?, now))
    }

    /// Asks for the provider's list, and squares with it what we hold.
    ///
    /// What we hold is dropped only where the list can be relied on: it is whole, and it need not lag behind. The session
    /// that it was asked with is alive, for it was just let in.
    pub(crate) async fn list(self: &Arc<Self>, row: i64) -> Result<Vec<Session>, ApiError> {
        // What is stored while the list is made need not be in it.
        let kept: HashSet<String> = {
            let mut state = self.state();
            let account = state.by_row(row).ok_or_else(removed)?;
            account.record.sessions.iter().map(|session| session.session.id.clone()).collect()
        };
        let ListAnswer { answer, asked_with, anchor } = self.ask_list(row).await?;
        let Listed { sessions: mut listed, whole } = answer.map_err(|error| failure::told(&error))?;
        let ends = |ours: &SessionRecord, now: Time| {
            let opened = ours.life.map(|life| life.sent_at).or(ours.session.created_at);
            let settled = opened.is_none_or(|opened| clock::until(opened, now) >= LIST_LAGS);
            whole && settled && kept.contains(&ours.session.id) && ours.token.open() != Some(&asked_with)
        };
        let differs = {
            let mut state = self.state();
            let step = state.clocks.anchor().since(&anchor);
            listed.iter_mut().for_each(|session| shift_session(session, step));
            let account = state.by_row(row).ok_or_else(removed)?;
            account.listed.clone_from(&listed);
            let mut squared = account.record.clone();
            square(&mut squared, &listed, |ours| ends(ours, self.now()));
            squared != account.record
        };
        if differs {
            let now = self.now();
            self.commit_logged(row, Vec::new(), Unstored::Keep, |record| {
                let before = record.clone();
                square(record, &listed, |ours| ends(ours, now));
                let ended = before.sessions.iter().filter(|ours| record.session(&ours.session.id).is_none());
                let reason = "The provider does not list it any more.";
                let told = |ours| Entry::new(now, &record.name, LogEvent::Revoked).because(reason).kept(ours);
                ended.map(told).collect()
            })
            .await?;
        }
        self.touched();
        Ok(listed)
    }

    /// Opens a further session beside the current one.
    pub(crate) async fn create_session(
        self: &Arc<Self>,
        name: &str,
        request: CreateSession,
    ) -> Result<SessionView, ApiError> {
        let (row, definition) = self.ready(name).await?;
        let Some(create) = definition.abilities().create.clone() else {
            let why = phrase!(
                "error-no-further-sessions",
                "{provider} opens no further sessions beside the current one.",
                provider = definition.title(),
            );
            return Err(ApiError::of(ErrorCode::NotSupported, &why));
        };
        check_session_name(request.name.as_deref())?;
        let life = request.life.map(Duration::from_secs);
        definition.check_life(life).map_err(|error| failure::told(&error))?;
        // A provider that takes names gets one, by which an orphan would be found again.
        let (kept_name, unique) = (request.name.clone(), request.name.is_none());
        let sent_name = create.name_is_sent.then(|| request.name.unwrap_or_else(|| self.session_name()));
        let wish = Wish { name: sent_name.clone(), life };
        let (mut asking, mut took, mut anchor) = (self.asking(row)?, None, Anchor::default());
        let made = loop {
            let Asking { definition, target, credential, .. } = &asking;
            let intent = creation(definition, sent_name.clone(), None, unique);
            let call = timed(&mut took, self.setup.upstream.create(definition, target, credential, &wish));
            let answer = self.once_only(row, intent, self.anchored(&mut anchor, call)).await?;
            if let Some(answer) = self.heard(&mut asking, answer).await? {
                break answer;
            }
        };
        let (minted, intent) = made.map_err(|error| self.told_failed(row, "No session was created", &error, took))?;
        let id = minted.session.id.clone();
        let ended = intent.iter().map(Begun::id).collect();
        let mut late = false;
        let now = self.now();
        self.commit_logged(row, ended, Unstored::Keep, |record| {
            let minted = self.by_clock_of_now(minted, &anchor);
            late = record.generation != asking.generation;
            if late {
                let told = Entry::late(now, record, &minted).took(took);
                put_late(record, minted, &definition);
                return vec![told];
            }
            let created = Entry::new(now, &record.name, LogEvent::Created).because("The user asked for it.");
            let rotated = Entry::of_rotation(now, record, &minted);
            let told = std::iter::once(created.minted(&minted).took(took)).chain(rotated).collect();
            put_held(record, minted, false, kept_name);
            told
        })
        .await?;
        fail::point("create.stored");
        if late {
            return Err(superseded());
        }
        let now = self.now();
        let mut state = self.state();
        let account = state.account(name)?;
        let kept = account.record.session(&id).ok_or_else(removed)?;
        Ok(view::kept_session(account, kept, now))
    }

    /// Revokes one session at the provider, or only forgets it here.
    pub(crate) async fn revoke_session(
        self: &Arc<Self>,
        name: &str,
        id: &str,
        forget: bool,
    ) -> Result<RevokeView, ApiError> {
        let (row, definition) = self.ready(name).await?;
        let abilities = definition.abilities();
        if !self.knows(row, id) && abilities.list {
            self.list(row).await?;
        }
        if !self.knows(row, id) {
            return Err(unknown_session(name, id));
        }
        if forget {
            return self.forget(row, name, id).await;
        }
        if !abilities.revoke {
            let mut why = phrase!(
                "error-cannot-revoke-one",
                "{provider} cannot revoke one session; it can be forgotten here.",
                provider = definition.title(),
            );
            if abilities.revoke_all_effect.is_some() {
                why = why.and(phrase!("error-or-revoke-all", "Or revoke all sessions of the account."));
            }
            return Err(ApiError::of(ErrorCode::NotSupported, &why));
        }
        self.revoke_one(row, name, id).await
    }

    /// A failure of something that the user asked for, as it is answered and as the history tells it; `what` begins its
    /// sentence there.
    pub(crate) fn told_failed(&self, row: i64, what: &str, error: &ProviderError, took: Option<Duration>) -> ApiError {
        let told = failure::told(error);
        self.log_of(row, LogEvent::Failed, |entry| {
            entry.failed(&told).because(format!("{what}: {}", told.message)).took(took)
        });
        told
    }

    fn knows(&self, row: i64, id: &str) -> bool {
        let mut state = self.state();
        let Some(account) = state.by_row(row) else { return false };
        account.record.session(id).is_some() || account.listed.iter().any(|session| session.id == id)
    }

    async fn forget(self: &Arc<Self>, row: i64, name: &str, id: &str) -> Result<RevokeView, ApiError> {
        let (kept, now) = {
            let mut state = self.state();
            let account = state.account(name)?;
            (account.record.session(id).cloned(), self.now())
        };
        let Some(kept) = kept else {
            let why = phrase!(
                "error-nothing-kept",
                "Daypass keeps nothing of the session {session}: it was opened elsewhere.",
                session = id,
            );
            return Err(ApiError::of(ErrorCode::NotSupported, &why));
        };
        let end = kept.life.map(|life| life.expires_at).or(kept.session.expires_at).filter(|end| *end > now);
        let message = match end {
            Some(end) => phrase!(
                "done-forgotten-lives",
                "The session {session} of {account} is forgotten here; it stays valid until {until}.",
                session = id,
                account = name,
                until = crate::rfc3339(end),
            ),
            None => phrase!(
                "done-forgotten",
                "The session {session} of {account} is forgotten here.",
                session = id,
                account = name,
            ),
        };
        let mut dropped = None;
        self.commit_logged(row, Vec::new(), Unstored::Refuse, |record| {
            let told = told_ended(now, record, LogEvent::Forgotten, id).because(message.text());
            dropped = Forgotten::of(record, id);
            drop_by_wish(record, id);
            vec![told]
        })
        .await?;
        let undo = dropped.map(|dropped| self.can_undo(Dropped::Session(row, Box::new(dropped))));
        Ok(RevokeView { undo, ..self.revoked(name, 1, end, &message) })
    }

    pub(crate) fn revoked(&self, name: &str, revoked: u32, valid_until: Option<Time>, what: &Phrase) -> RevokeView {
        self.tell(Notice::Revoked { account: name.to_owned(), message: what.into() });
        self.touched();
        RevokeView { revoked, valid_until, message: what.to_string(), said: Said::of(what), undo: None }
    }
}

/// That an account has no session of this id.
pub(crate) fn unknown_session(name: &str, id: &str) -> ApiError {
    let why = phrase!(
        "error-unknown-session",
        "{account} has no session {session}; `daypass sessions {account}` shows those that it has.",
        account = name,
        session = format!("{id:?}"),
    );
    ApiError::of(ErrorCode::UnknownSession, &why)
}

/// That a session ended, with the fingerprint of its token where we keep one.
pub(crate) fn told_ended(now: Time, record: &AccountRecord, event: LogEvent, id: &str) -> Entry {
    let token = record.session(id).and_then(|session| session.token.open());
    Entry::new(now, &record.name, event).session(id, token)
}

/// Drops a session at the user's wish. After the current one nothing is opened until the account is used again.
pub(crate) fn drop_by_wish(record: &mut AccountRecord, id: &str) {
    if record.current().is_some_and(|current| current.session.id == id) {
        record.resting = true;
        record.grant = Sealed::Nothing;
    }
    record.drop_session(id);
}

/// Squares our sessions with the provider's list: what it does not list any more is over where `ends` agrees; what it says
/// of the others is taken over.
fn square(record: &mut AccountRecord, listed: &[Session], ends: impl Fn(&SessionRecord) -> bool) {
    record.sessions.retain_mut(|ours| match listed.iter().find(|session| session.id == ours.session.id) {
        Some(session) => {
            let name = session.name.clone().or(ours.session.name.take());
            ours.session = Session { name, ..session.clone() };
            true
        }
        None => !ends(ours),
    });
}

fn check_session_name(name: Option<&str>) -> Result<(), ApiError> {
    let Some(name) = name else { return Ok(()) };
    let length = name.chars().count();
    if length == 0 || length > MAX_NAME || name.trim() != name || name.chars().any(char::is_control) {
        return Err(bad_request(phrase!(
            "error-session-name",
            "A session's name has 1 to 100 characters, without blanks around it or control characters."
        )));
    }
    Ok(())
}
