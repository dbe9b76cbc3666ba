//! The one list of error codes, and the one shape of an error on every door.

use std::collections::BTreeMap;

use daypass_core::Phrase;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// What went wrong, in a word that programs can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ErrorCode {
    /// There is no account of this name.
    UnknownAccount,
    /// The account has no session of this id.
    UnknownSession,
    /// The vault cannot be opened now: the keyring is locked, absent or does not answer.
    Locked,
    /// The credential was refused, or there is none any more: only the user can help.
    NeedsSignIn,
    /// The provider, or the agent, cannot be reached.
    Offline,
    /// The provider understood the request and said no.
    Rejected,
    /// The provider asks to be left alone for a while; `retry_after` says how long.
    RateLimited,
    /// The provider's answer cannot be used: not JSON, too large, no token, an expiry in the past.
    BadAnswer,
    /// The provider cannot do this.
    NotSupported,
    /// The request itself is wrong.
    BadRequest,
    /// Our own fault, or the machine's: a full disk, a broken file.
    Internal,
}

impl ErrorCode {
    /// The HTTP status that goes with the code on the local API.
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::NeedsSignIn => 401,
            Self::UnknownAccount | Self::UnknownSession => 404,
            Self::NotSupported => 405,
            Self::Rejected => 422,
            Self::Locked => 423,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::BadAnswer => 502,
            Self::Offline => 503,
        }
    }
}

/// An error as every door shows it. The message is one sentence that says what to do, and never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, thiserror::Error)]
#[error("{message}")]
#[ts(export)]
pub struct ApiError {
    /// The code.
    pub code: ErrorCode,
    /// One sentence for a person.
    pub message: String,
    /// Seconds until another try makes sense, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub retry_after: Option<u64>,
    /// The same sentence for a face that speaks another language, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub said: Option<Box<Said>>,
    /// The part of the request that it is about, by its name there, such as `credential` or `params.scope`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
}

/// A sentence by its name in the message files (`src-tauri/words/messages/`), with what is put into it. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct Said {
    /// The message's id.
    pub id: String,
    /// Its variables, by name.
    #[serde(default)]
    pub args: BTreeMap<String, String>,
    /// What is said after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Said>>")]
    #[schema(no_recursion)]
    pub then: Vec<Said>,
}

impl Said {
    /// The message `id` with these variables.
    pub fn new<const N: usize>(id: &str, args: [(&str, String); N]) -> Self {
        Self::one(id, args.into_iter())
    }

    /// The messages of a phrase; `None` where that is there in English only.
    pub fn of(phrase: &Phrase) -> Option<Self> {
        let mut said = phrase.messages().iter().map(|one| Self::one(one.id, one.args.iter().cloned()));
        said.next().map(|first| Self { then: said.collect(), ..first })
    }

    fn one<'a>(id: &str, args: impl Iterator<Item = (&'a str, String)>) -> Self {
        let args = args.map(|(name, value)| (name.to_owned(), value)).collect();
        Self { id: id.to_owned(), args, then: Vec::new() }
    }

    /// The same, and `next` after it.
    fn and(mut self, mut next: Self) -> Self {
        let after = std::mem::take(&mut next.then);
        self.then.push(next);
        self.then.extend(after);
        self
    }
}

/// What is said to a person: in English, and by its name in the message files where it has one. It reads as the English text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// In English.
    pub message: String,
    /// For a face that speaks another language.
    pub said: Option<Said>,
}

impl From<&Phrase> for Sentence {
    fn from(phrase: &Phrase) -> Self {
        Self { message: phrase.to_string(), said: Said::of(phrase) }
    }
}

impl From<&ApiError> for Sentence {
    fn from(error: &ApiError) -> Self {
        Self { message: error.message.clone(), said: error.said.as_deref().cloned() }
    }
}

/// It is there in English only.
impl From<String> for Sentence {
    fn from(message: String) -> Self {
        Self { message, said: None }
    }
}

impl std::ops::Deref for Sentence {
    type Target = str;

    fn deref(&self) -> &str {
        &self.message
    }
}

impl ApiError {
    /// An error without `retry_after`.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None, said: None, field: None }
    }

    /// An error that is said by `phrase`, without `retry_after`.
    pub fn of(code: ErrorCode, phrase: &Phrase) -> Self {
        Self { code, message: phrase.to_string(), retry_after: None, said: Said::of(phrase).map(Box::new), field: None }
    }

    /// The same error, about this part of the request.
    pub fn about(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// The same error, and `next` after its sentence.
    pub fn and(self, next: &Phrase) -> Self {
        let said = self.said.zip(Said::of(next)).map(|(said, next)| Box::new(said.and(next)));
        Self { message: format!("{} {next}", self.message), said, ..self }
    }

    /// The same error, and `before` before its sentence.
    pub fn after(self, before: &Phrase) -> Self {
        let said = Said::of(before).zip(self.said).map(|(before, said)| Box::new(before.and(*said)));
        Self { message: format!("{before} {}", self.message), said, ..self }
    }

    /// The same error, with its sentence for other languages.
    pub fn said(self, said: Said) -> Self {
        Self { said: Some(Box::new(said)), ..self }
    }
}
