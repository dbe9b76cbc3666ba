//! Entries of the history as they are made: what happened, why, and to which session. Never with a secret.

use std::time::Duration;

use daypass_api::view::LogEvent;
use daypass_api::{ApiError, ErrorCode};
use daypass_core::fresh::RefreshKind;
use daypass_core::{Secret, Time};
use daypass_providers::Minted;

use crate::vault::{AccountRecord, SessionRecord};

/// The longest text of an entry, in characters.
const MOST_TEXT: usize = 400;

/// Something that happened, on its way into the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When it ended.
    pub(crate) at: Time,
    /// The account's name; `None` where it is about the vault.
    pub(crate) account: Option<String>,
    /// What.
    pub(crate) event: LogEvent,
    /// The code, where it failed.
    pub(crate) code: Option<ErrorCode>,
    /// Why it happened, or failed: one sentence.
    pub(crate) reason: Option<String>,
    /// The id of the session that it is about.
    pub(crate) session: Option<String>,
    /// The fingerprint of the token that it brought or ended.
    pub(crate) fingerprint: Option<String>,
    /// How long the provider took.
    pub(crate) took: Option<Duration>,
}

impl Entry {
    /// That `event` happened to `account` at `at`.
    pub(crate) fn new(at: Time, account: &str, event: LogEvent) -> Self {
        Self { account: Some(account.to_owned()), ..Self::of_vault(at, event) }
    }

    /// That `event` happened to the vault at `at`.
    pub(crate) fn of_vault(at: Time, event: LogEvent) -> Self {
        Self { at, account: None, event, code: None, reason: None, session: None, fingerprint: None, took: None }
    }

    /// What a new current session means for an account that was `before` as here: that it was opened or refreshed, and that
    /// a single-use secret was replaced on the way.
    pub(crate) fn of_current(at: Time, before: &AccountRecord, minted: &Minted) -> Vec<Self> {
        let event = if before.current().is_some() { LogEvent::Refreshed } else { LogEvent::Minted };
        let session = Self::new(at, &before.name, event).minted(minted);
        std::iter::once(session).chain(Self::of_rotation(at, before, minted)).collect()
    }

    /// That a call replaced a single-use secret of an account that was `before` as here.
    pub(crate) fn of_rotation(at: Time, before: &AccountRecord, minted: &Minted) -> Option<Self> {
        let rotated = |secret: &Secret, reason| {
            let entry = Self::new(at, &before.name, LogEvent::Rotated).because(reason);
            Some(Self { fingerprint: Some(secret.fingerprint()), ..entry })
        };
        let renewed = minted.life.kind == RefreshKind::Renews;
        match (&minted.credential, &minted.grant, before.grant.open()) {
            (Some(credential), _, _) => rotated(credential, "The provider replaced the credential by its successor."),
            (None, Some(new), Some(old)) if renewed && new.token != old.token => {
                rotated(&new.token, "The provider replaced the refresh token by its successor.")
            }
            _ => None,
        }
    }

    /// That a session was opened with a credential that is not the account's any more, and was put aside.
    pub(crate) fn late(at: Time, before: &AccountRecord, minted: &Minted) -> Self {
        let reason = "It was opened with a credential that was replaced in the meantime, and put aside.";
        Self::new(at, &before.name, LogEvent::Created).minted(minted).because(reason)
    }

    /// Why, in one sentence.
    pub(crate) fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }

    /// Why, in one sentence, where it does not say so yet.
    pub(crate) fn or_because(self, reason: &str) -> Self {
        let reason = self.reason.or_else(|| Some(reason.to_owned()));
        Self { reason, ..self }
    }

    /// What failed.
    pub(crate) fn failed(self, error: &ApiError) -> Self {
        Self { code: Some(error.code), ..self }.because(error.message.clone())
    }

    /// The session that it is about, and its token where it is here.
    pub(crate) fn session(self, id: &str, token: Option<&Secret>) -> Self {
        let fingerprint = token.map(Secret::fingerprint).or(self.fingerprint);
        Self { session: Some(id.to_owned()), fingerprint, ..self }
    }

    /// The same of a session that was just opened.
    pub(crate) fn minted(self, minted: &Minted) -> Self {
        self.session(&minted.session.id, Some(&minted.token))
    }

    /// The same of a session that we keep.
    pub(crate) fn kept(self, session: &SessionRecord) -> Self {
        self.session(&session.session.id, session.token.open())
    }

    /// How long the provider took, where it was asked.
    pub(crate) fn took(self, took: Option<Duration>) -> Self {
        Self { took, ..self }
    }

    /// The entry as it can be kept: texts of a sensible length, and without any that holds a secret of `records`. Nobody
    /// writes one into a sentence, but a provider's sentence or id may echo one.
    pub(crate) fn without_secrets(self, records: &[&AccountRecord]) -> Self {
        let secret = |text: &str| records.iter().flat_map(|record| record.secrets()).any(|secret| holds(text, secret));
        let keep =
            |text: Option<String>| Some(text.filter(|text| !secret(text))?.chars().take(MOST_TEXT).collect::<String>());
        Self { reason: keep(self.reason), session: keep(self.session), ..self }
    }
}

/// Why a refresh was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// A reader waits for it.
    Reader,
    /// A reader wants a token that is new, whatever the old one is worth.
    Wish,
    /// It was due: the token is near its end, or not there.
    Due,
    /// It was due after a failure.
    Again,
    /// An intent was left open, and the refresh tells how it ended.
    Settling,
}

impl Why {
    /// The same as a sentence.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Reader => "A reader asked for a token.",
            Self::Wish => "A reader asked for a fresh token.",
            Self::Due => "It was due, ahead of the token's end.",
            Self::Again => "It was tried again after a failure.",
            Self::Settling => "A replacement of the credential was left open, and had to be settled.",
        }
    }
}

/// Does a call, and notes how long the provider took.
pub(crate) async fn timed<T>(took: &mut Option<Duration>, call: impl Future<Output = T>) -> T {
    let began = tokio::time::Instant::now();
    let answer = call.await;
    *took = Some(began.elapsed());
    answer
}

/// Whether `text` holds `secret`.
pub(crate) fn holds(text: &str, secret: &Secret) -> bool {
    !secret.is_empty() && text.contains(secret.expose())
}
