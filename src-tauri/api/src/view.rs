//! What the agent shows: the snapshot with its accounts and sessions, the providers, and the answers to requests.
//!
//! Instants are RFC 3339 strings in UTC, spans are whole seconds. Only [`TokenView`] holds a secret, and it is not
//! among the types that the page sees.

mod provider;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use daypass_core::Secret;
use daypass_core::fresh::Freshness;
use daypass_core::session::SessionState;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::change::Change;
use crate::error::Said;
use crate::settings::SettingsView;
use crate::{ApiError, ErrorCode};

pub use self::provider::{
    Abilities, CreateForm, CredentialForm, LifeForm, ParamForm, ProviderView, RecognizedView, SignInState, SignInView,
};

/// Everything that a face of Daypass draws, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct Snapshot {
    /// Counts up with every change, from 1 at the agent's start.
    #[ts(type = "number")]
    pub revision: u64,
    /// When the snapshot was taken; a face corrects its countdowns by it.
    #[ts(type = "string")]
    pub at: DateTime<Utc>,
    /// The vault's state; where it is not `open`, nothing new can be stored.
    pub vault: VaultView,
    /// What the user has chosen, and whether the file that says so can be read.
    pub settings: SettingsView,
    /// All accounts, by name.
    pub accounts: Vec<AccountView>,
}

/// The vault's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
#[ts(export)]
pub enum VaultView {
    /// The key is here; secrets can be read and stored.
    Open,
    /// The keyring is locked; unlocking it is enough.
    Locked {
        /// One sentence that says what to do.
        message: String,
        /// The same for a face that speaks another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        said: Option<Said>,
    },
    /// The keyring has been asked and has not answered yet. A call is given up after 3 s; its answer is still taken.
    Slow {
        /// One sentence that says what to do.
        message: String,
        /// The same for a face that speaks another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        said: Option<Said>,
    },
    /// There is no keyring, and no key file or passphrase was given.
    Absent {
        /// One sentence that says what to do.
        message: String,
        /// The same for a face that speaks another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        said: Option<Said>,
    },
    /// The disk is full: what is held goes on working, nothing new can be stored.
    Full {
        /// One sentence that says what to do.
        message: String,
        /// The same for a face that speaks another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        said: Option<Said>,
    },
    /// The file is damaged. Nothing was changed; a backup helps.
    Corrupt {
        /// One sentence that says what to do.
        message: String,
        /// The same for a face that speaks another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        said: Option<Said>,
    },
    /// Anything else that keeps it from being read or written: a wrong key, a read-only file. Nothing was changed.
    Failing {
        /// One sentence that says what to do.
        message: String,
        /// The same for a face that speaks another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        said: Option<Said>,
    },
}

impl VaultView {
    /// What to do about it; `None` where it is open.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Open => None,
            Self::Locked { message, .. }
            | Self::Slow { message, .. }
            | Self::Absent { message, .. }
            | Self::Full { message, .. }
            | Self::Corrupt { message, .. }
            | Self::Failing { message, .. } => Some(message),
        }
    }

    /// The same for a face that speaks another language.
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::Open => None,
            Self::Locked { said, .. }
            | Self::Slow { said, .. }
            | Self::Absent { said, .. }
            | Self::Full { said, .. }
            | Self::Corrupt { said, .. }
            | Self::Failing { said, .. } => said.as_ref(),
        }
    }
}

/// An account, without its credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct AccountView {
    /// The user's name for it; unique.
    pub name: String,
    /// The provider's name, such as `discovr`.
    pub provider: String,
    /// The provider's name for people, such as `Discovr`.
    pub title: String,
    /// Where the provider is.
    pub base_url: String,
    /// The parameters that it was connected with, such as `profile_id`. Never a secret.
    pub params: BTreeMap<String, String>,
    /// The worst thing that is to say about it.
    pub health: Health,
    /// Where the current session's token stands; `null` where there is none yet.
    #[schema(value_type = Option<String>)]
    #[ts(type = "\"fresh\" | \"stale\" | \"urgent\" | \"expired\" | null")]
    pub freshness: Option<Freshness>,
    /// Whether a refresh is under way.
    pub refreshing: bool,
    /// What is wrong, where something is.
    pub problem: Option<Problem>,
    /// The id of the current session.
    pub current: Option<String>,
    /// When the current token dies.
    #[ts(type = "string | null")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When the next background refresh is planned.
    #[ts(type = "string | null")]
    pub next_refresh_at: Option<DateTime<Utc>>,
    /// When its token was last handed out or copied.
    #[ts(type = "string | null")]
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether it is kept warm always, not only while it is used.
    pub pinned: bool,
    /// What can be done with it.
    pub abilities: Abilities,
    /// Its sessions: the current one first, then held, foreign and orphaned ones, newest first.
    pub sessions: Vec<SessionView>,
}

/// The state of an account in one word, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Health {
    /// All is well, or nothing was needed yet.
    Well,
    /// A refresh is under way.
    Refreshing,
    /// A refresh failed; it is tried again without help.
    Trouble,
    /// Only the user can help.
    NeedsYou,
}

/// What is wrong with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct Problem {
    /// The code of the last failure.
    pub code: ErrorCode,
    /// One sentence for a person.
    pub message: String,
    /// When it began.
    #[ts(type = "string")]
    pub since: DateTime<Utc>,
    /// When it is tried again without help; `null` where it is not.
    #[ts(type = "string | null")]
    pub retry_at: Option<DateTime<Utc>>,
    /// The message for a face that speaks another language, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub said: Option<Said>,
}

/// A session, without its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct SessionView {
    /// The account's name.
    pub account: String,
    /// The provider's id, or the fingerprint of the token where it gives none.
    pub id: String,
    /// The name that it was given.
    pub name: Option<String>,
    /// The provider's word for its kind: `login`, `api`, `session`, …
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// When it was created.
    #[ts(type = "string | null")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it ends.
    #[ts(type = "string | null")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Its state in one word.
    #[schema(value_type = String)]
    #[ts(type = "\"fresh\" | \"stale\" | \"urgent\" | \"expired\" | \"foreign\" | \"orphan\"")]
    pub state: SessionState,
    /// Whether we hold its token, so that it can be copied.
    pub held: bool,
    /// Whether it is the account's current session.
    pub current: bool,
    /// The fingerprint of its token, where it is held: as in the history.
    pub fingerprint: Option<String>,
}

/// A session token, handed to whoever may have it. The page never does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// The account's name.
    pub account: String,
    /// The provider's name.
    pub provider: String,
    /// The token.
    #[serde(with = "crate::wire::exposed")]
    #[schema(value_type = String)]
    pub token: Secret,
    /// The header that it is sent in, such as `Authorization`.
    pub header_name: String,
    /// What stands before the token in that header, such as `Bearer `; may be empty.
    pub header_prefix: String,
    /// When it dies.
    pub expires_at: Option<DateTime<Utc>>,
    /// The id of its session.
    pub session_id: String,
    /// Whole seconds of life that it has left.
    pub remaining_seconds: u64,
    /// Set where it has less life left than was asked for, because a refresh failed: what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_because: Option<ApiError>,
}

/// The agent, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct StatusView {
    /// The program's version.
    pub version: String,
    /// The version of the local API.
    pub api: u32,
    /// The agent's process id.
    pub pid: u32,
    /// Whether it lives in the tray app, so that copying and opening the window work.
    pub tray: bool,
    /// The vault's state.
    pub vault: VaultView,
    /// How many accounts there are.
    pub accounts: u32,
    /// How many of them need the user.
    pub needs_you: u32,
    /// When the agent started.
    #[ts(type = "string")]
    pub started_at: DateTime<Utc>,
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct CopyView {
    /// The account's name.
    pub account: String,
    /// The session whose token it is.
    pub session_id: String,
    /// When the token dies.
    #[ts(type = "string | null")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When the clipboard is cleared, if it still holds the token.
    #[ts(type = "string")]
    pub cleared_at: DateTime<Utc>,
}

/// What a revocation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct RevokeView {
    /// How many sessions were ended or forgotten.
    pub revoked: u32,
    /// Until when a token that was handed out may still be accepted; `null` where none is.
    #[ts(type = "string | null")]
    pub valid_until: Option<DateTime<Utc>>,
    /// One sentence on what happened.
    pub message: String,
    /// The same for a face that speaks another language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub said: Option<Said>,
    /// How it is taken back, where it can be: what was only forgotten here is kept in memory for a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub undo: Option<UndoView>,
}

/// What became of the removal of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct RemoveView {
    /// How it is taken back, where it can be: what was removed is kept in memory for a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub undo: Option<UndoView>,
}

/// Something that can be taken back for a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct UndoView {
    /// For `POST /v1/undo/{id}`.
    pub id: String,
    /// Until when.
    #[ts(type = "string")]
    pub until: DateTime<Utc>,
}

/// What a held token says of itself, where it is a JWT (RFC 7519). Never its signature, and so never the token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct ClaimsView {
    /// The JOSE header (RFC 7515), as it stands there.
    #[schema(value_type = Object)]
    #[ts(type = "Record<string, unknown>")]
    pub header: serde_json::Map<String, serde_json::Value>,
    /// The claims, as they stand there. Nobody has checked them here.
    #[schema(value_type = Object)]
    #[ts(type = "Record<string, unknown>")]
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// One line of the event stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case", tag = "event")]
#[ts(export)]
pub enum StreamEvent {
    /// Something changed, or the stream has just begun.
    Snapshot {
        /// All of it.
        snapshot: Snapshot,
    },
    /// Something changed since the last snapshot or change; only on a stream that was asked to say it so.
    Changed {
        /// What.
        change: Change,
    },
    /// The window is asked to come to the front.
    Focus(Place),
    /// The palette is asked to show itself, or to go where it is shown.
    Palette,
    /// Something was written into the history.
    Logged {
        /// What.
        entry: LogEntry,
    },
    /// The agent ends, or hands over to another; the stream is over.
    Bye,
}

/// What a window shows first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Page {
    /// The accounts and their sessions.
    #[default]
    Sessions,
    /// The form for a new session.
    NewSession,
    /// The form that connects an account.
    Connect,
    /// The history.
    History,
    /// The lives of all sessions on one line of time.
    Timeline,
    /// The settings.
    Settings,
    /// The form that gives an account a new credential.
    SignIn,
}

/// What a window shows: a page, and whose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Place {
    /// The page.
    #[serde(default)]
    pub page: Page,
    /// The account that is meant, by name; none or all where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub account: Option<String>,
    /// The session of that account which is meant, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub session: Option<String>,
}

impl From<Page> for Place {
    fn from(page: Page) -> Self {
        Self { page, account: None, session: None }
    }
}

/// What happened to an account or to the vault. Never holds a secret; a token is told by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct LogEntry {
    /// Counts up; a later entry has a higher number.
    #[ts(type = "number")]
    pub id: u64,
    /// When it ended.
    #[ts(type = "string")]
    pub at: DateTime<Utc>,
    /// The account's name; `null` where it is about the vault or the agent as a whole. It stays when the account is removed.
    pub account: Option<String>,
    /// What.
    pub event: LogEvent,
    /// The code, where it failed.
    pub code: Option<ErrorCode>,
    /// Why it happened or failed: one sentence, or none.
    pub reason: Option<String>,
    /// The id of the session that it is about.
    pub session: Option<String>,
    /// The fingerprint of the token that it brought or ended (`Secret::fingerprint`: the head of its SHA-256).
    pub fingerprint: Option<String>,
    /// How long it took, in milliseconds.
    #[ts(type = "number | null")]
    pub duration_ms: Option<u64>,
}

/// What can be found in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum LogEvent {
    /// An account was connected, or got another credential.
    Connected,
    /// An account was removed.
    Removed,
    /// The current session was opened, where there was none.
    Minted,
    /// The current session got a new token, by renewal or by a new session in its place.
    Refreshed,
    /// A single-use secret was replaced by its successor: a regenerated master token, a rotated refresh token.
    Rotated,
    /// A further session was opened.
    Created,
    /// An attempt failed, and is made again without help.
    Failed,
    /// The credential was refused: only the user can help.
    Refused,
    /// A token went to the clipboard.
    Copied,
    /// A session was revoked at the provider, or was gone there already.
    Revoked,
    /// Every session of the account was revoked.
    RevokedAll,
    /// A session was dropped here; it lives on to its end.
    Forgotten,
    /// What was dropped here a moment before was put back.
    Restored,
    /// A session of ours was found whose token was lost.
    OrphanFound,
    /// The vault opened.
    VaultOpened,
    /// The vault could not be opened, read or written.
    VaultShut,
    /// The vault was brought to a newer format, after a backup.
    VaultUpgraded,
    /// The vault was exported.
    Exported,
    /// Accounts came out of an export.
    Imported,
}

/// A part of the history, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct LogView {
    /// The entries.
    pub entries: Vec<LogEntry>,
    /// Whether there are older ones: ask again with `before` set to the last id.
    pub more: bool,
}

/// All accounts of a vault, sealed under a passphrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportView {
    /// How many accounts are in it.
    pub accounts: u32,
    /// The export's text: it can be kept in a file as it is, and holds no secret in the clear.
    pub sealed: String,
}

/// The vault and its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VaultFileView {
    /// Its state.
    pub vault: VaultView,
    /// Where it is.
    pub file: String,
    /// Its size in bytes; zero where there is none.
    pub bytes: u64,
    /// The format of the file, where it can be read.
    pub format: Option<u32>,
    /// What guards it, where it can be read: `keyring`, `key_file` or `passphrase`.
    pub key: Option<String>,
    /// Backups that were made of it before it came to a new format. They can be removed.
    pub backups: Vec<BackupView>,
}

/// A backup of the vault's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupView {
    /// Where it is.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What came out of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportView {
    /// The names of accounts that are new here.
    pub added: Vec<String>,
    /// The names of accounts that took the place of those of the same name.
    pub replaced: Vec<String>,
    /// The names of accounts that were left out, since there is one of that name.
    pub left_out: Vec<String>,
}
