//! What is asked of a provider, and what its answers come down to.

use std::collections::BTreeMap;
use std::time::Duration;

use daypass_core::fresh::Life;
use daypass_core::session::Session;
use daypass_core::{Secret, Time};
use url::Url;

/// Where and with what an account asks: its address and parameters, without a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The base URL; `https`, or `http` to a loopback address.
    pub base_url: Url,
    /// The account's parameters, by key; those left out take the definition's default.
    pub params: BTreeMap<String, String>,
}

/// What a caller wishes of a session that is about to be opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Its name, where the provider takes one.
    pub name: Option<String>,
    /// Its life, where the provider lets one choose.
    pub life: Option<Duration>,
}

/// A secret besides the credential that renews a session: Discover's refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The secret.
    pub token: Secret,
    /// When it dies; `None` where the provider does not say.
    pub expires_at: Option<Time>,
    /// The life that the session was opened with, for answers that do not repeat it.
    pub life: Duration,
}

/// A session that was just opened, or renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minted {
    /// The session; its id is the token's fingerprint where the provider gives none.
    pub session: Session,
    /// Its token.
    pub token: Secret,
    /// The token's life on our clock.
    pub life: Life,
    /// What renews it without the credential, where the provider gave such a thing.
    pub grant: Option<Grant>,
    /// A successor of the credential, where the provider rotates it with this call. To be stored before anything else.
    pub credential: Option<Secret>,
}

/// A provider's list of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Those that can be read.
    pub sessions: Vec<Session>,
    /// Whether these are all: no row was left out that cannot be read.
    pub whole: bool,
}

/// What a provider says of the credential's own session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The session's id.
    pub id: String,
    /// Its kind, where the provider names it.
    pub kind: Option<String>,
    /// Why the user is shut out, where they are (AntiRaid's `banned`).
    pub barred: Option<String>,
}

/// What revoking everything brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regenerated {
    /// The new credential, where the old one was replaced (PocketPaw). To be stored before anything else.
    pub credential: Option<Secret>,
    /// Whether the credential is dead now and nothing replaces it (Discovr): the user must sign in again.
    pub signed_out: bool,
    /// Whether session tokens already handed out live on to their expiry (Discovr).
    pub tokens_live_on: bool,
}

/// A sign-in by device code that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// The secret to poll with.
    pub device_code: Secret,
    /// What the user types.
    pub user_code: String,
    /// A picture of it, as a `data:` URL.
    pub qr: Option<String>,
    /// Until when it can be finished.
    pub expires_at: Time,
    /// How long to wait between two polls.
    pub interval: Duration,
}

/// What a poll of a sign-in answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poll {
    /// Not yet.
    Pending,
    /// The credential.
    Done(Secret),
}

/// One value that a parameter can take, as the provider lists it (Discovr's profiles).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The value.
    pub value: String,
    /// What it is called.
    pub label: String,
}
