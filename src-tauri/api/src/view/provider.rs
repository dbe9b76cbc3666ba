//! The providers that can be connected, what they can do, and the ways to connect one: a form, a pasted command, a sign-in by code.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::ApiError;

/// A provider that accounts can be connected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct ProviderView {
    /// Its name, such as `discovr`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// One sentence on what it is.
    pub about: String,
    /// Where it is unless the user says otherwise.
    pub base_url: String,
    /// What its credential is called and where it is found.
    pub credential: CredentialForm,
    /// The parameters that an account has.
    pub params: Vec<ParamForm>,
    /// What can be done.
    pub abilities: Abilities,
    /// Whether it comes from a file in the user's config folder.
    pub own: bool,
}

/// How a provider's credential is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct CredentialForm {
    /// What it is called, such as `Master token`.
    pub label: String,
    /// One sentence on where it is found.
    pub help: String,
}

/// A parameter of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct ParamForm {
    /// Its key, as in `--set KEY=VALUE`.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// One sentence on what it is.
    pub help: String,
    /// Whether it must be given.
    pub required: bool,
    /// What is taken where it is not given.
    pub default: Option<String>,
    /// Whether the provider knows which values it takes: a sign-in then takes the first where none is given.
    pub offered: bool,
}

/// What a pasted command asks for, as far as a provider is recognized in it. The credential that it holds is not in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct RecognizedView {
    /// The provider's name.
    pub provider: String,
    /// Where it is; `null` where that is its own default.
    pub base_url: Option<String>,
    /// The parameters of an account that stand in it.
    pub params: BTreeMap<String, String>,
    /// Whether it holds a credential: then `AddAccount` takes the command in its place.
    pub credential: bool,
}

/// A sign-in by device code (RFC 8628) that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct SignInView {
    /// Its id, for asking again.
    pub id: String,
    /// What the user types at the other device.
    pub user_code: String,
    /// A picture of the same as a `data:` URL, where the provider gives one.
    pub qr: Option<String>,
    /// Until when it can be finished.
    #[ts(type = "string")]
    pub expires_at: DateTime<Utc>,
    /// How it stands.
    pub state: SignInState,
}

/// How a sign-in stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
#[ts(export)]
pub enum SignInState {
    /// Nobody has approved it yet.
    Pending,
    /// The account is connected.
    Done {
        /// Its name.
        account: String,
    },
    /// It will not succeed any more.
    Failed {
        /// Why.
        error: ApiError,
    },
}

/// What a provider can do, and what doing it means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct Abilities {
    /// Whether the provider lists its sessions; otherwise only held ones are known.
    pub list: bool,
    /// How a further session is created; `null` where it cannot be.
    pub create: Option<CreateForm>,
    /// Whether one session can be revoked at the provider; otherwise it can only be forgotten here.
    pub revoke: bool,
    /// What revoking (or forgetting) one session really does: one sentence.
    pub revoke_effect: String,
    /// What revoking all really does: one sentence; `null` where it cannot be done.
    pub revoke_all_effect: Option<String>,
    /// Whether one can sign in through a browser instead of typing a credential.
    pub sign_in: bool,
}

/// What a new session can be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct CreateForm {
    /// Whether the name is sent to the provider; otherwise it is kept here only.
    pub name_is_sent: bool,
    /// The life that may be chosen; `null` where the provider decides.
    pub life: Option<LifeForm>,
}

/// A life that may be chosen, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct LifeForm {
    /// The shortest.
    #[ts(type = "number")]
    pub min: u64,
    /// The longest.
    #[ts(type = "number")]
    pub max: u64,
    /// The one that is taken where none is chosen.
    #[ts(type = "number")]
    pub default: u64,
}
