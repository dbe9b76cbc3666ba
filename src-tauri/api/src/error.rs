//! The one list of error codes, and the one shape of an error on every door.

use std::collections::BTreeMap;

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
    pub said: Option<Said>,
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
}

impl Said {
    /// The message `id` with these variables.
    pub fn new<const N: usize>(id: &str, args: [(&str, String); N]) -> Self {
        Self { id: id.to_owned(), args: args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() }
    }
}

impl ApiError {
    /// An error without `retry_after`.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None, said: None }
    }

    /// The same error, with its sentence for other languages.
    pub fn said(self, said: Said) -> Self {
        Self { said: Some(said), ..self }
    }
}
