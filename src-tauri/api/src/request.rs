//! What can be asked of the agent, and under which path.
//!
//! | request | method and path | answer |
//! | --- | --- | --- |
//! | – | `GET /v1/status[?tried=true]` | [`StatusView`](crate::view::StatusView), once the vault was tried |
//! | – | `GET /v1/snapshot[?tried=true]` | [`Snapshot`](crate::view::Snapshot), once the vault was tried |
//! | – | `GET /v1/events[?window=true][&changes=true]` | lines of [`StreamEvent`](crate::view::StreamEvent), without end |
//! | – | `GET /v1/openapi.json` | the document of this API |
//! | – | `GET /v1/providers` | [`ProviderView`](crate::view::ProviderView) list |
//! | [`AddAccount`] | `POST /v1/accounts` | [`AccountView`](crate::view::AccountView) |
//! | – | `GET /v1/accounts/{name}` | [`AccountView`](crate::view::AccountView) |
//! | – | `DELETE /v1/accounts/{name}` | [`RemoveView`](crate::view::RemoveView) |
//! | [`SignIn`] | `POST /v1/sign-ins` | [`SignInView`](crate::view::SignInView) |
//! | – | `GET /v1/sign-ins/{id}` | [`SignInView`](crate::view::SignInView) |
//! | – | `DELETE /v1/sign-ins/{id}` | 204 |
//! | [`TokenRequest`] | `POST /v1/accounts/{name}/token` | [`TokenView`](crate::view::TokenView) |
//! | – | `POST /v1/accounts/{name}/refresh` | [`AccountView`](crate::view::AccountView) |
//! | – | `GET /v1/accounts/{name}/sessions` | [`SessionView`](crate::view::SessionView) list, asked of the provider where it lists |
//! | [`CreateSession`] | `POST /v1/accounts/{name}/sessions` | [`SessionView`](crate::view::SessionView) |
//! | – | `DELETE /v1/accounts/{name}/sessions/{id}[?forget=true]` | [`RevokeView`](crate::view::RevokeView) |
//! | – | `DELETE /v1/accounts/{name}/sessions` | [`RevokeView`](crate::view::RevokeView) |
//! | [`CopyRequest`] | `POST /v1/copy` | [`CopyView`](crate::view::CopyView) |
//! | [`Place`](crate::view::Place) | `POST /v1/window` | 204 |
//! | – | `POST /v1/palette` | –, or `not_supported` without a tray app; opens the palette for quick copies, or closes it |
//! | – | `GET /v1/accounts/{name}/sessions/{id}/claims` | [`ClaimsView`](crate::view::ClaimsView) |
//! | – | `POST /v1/undo/{id}` | 204 |
//! | [`Recognize`] | `POST /v1/recognize` | [`RecognizedView`](crate::view::RecognizedView) |
//! | – | `POST /v1/try` | [`AccountView`](crate::view::AccountView) list: accounts at the local authority |
//! | a JSON merge patch (RFC 7396) of [`Settings`](crate::settings::Settings) | `PATCH /v1/settings` | [`SettingsView`](crate::settings::SettingsView) |
//! | [`LogQuery`] in the query | `GET /v1/log` | [`LogView`](crate::view::LogView), newest first |
//! | – | `GET /v1/vault` | [`VaultFileView`](crate::view::VaultFileView) |
//! | – | `POST /v1/vault/open` | 204; the keyring may ask the user for its password |
//! | [`Export`] | `POST /v1/vault/export` | [`ExportView`](crate::view::ExportView) |
//! | [`Import`] | `POST /v1/vault/import` | [`ImportView`](crate::view::ImportView) |
//! | [`Shutdown`] | `POST /v1/shutdown` | 204 |

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use daypass_core::Secret;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::{IntoParams, ToSchema};

/// Connect an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAccount {
    /// The provider's name.
    pub provider: String,
    /// The user's name for the account: 1 to 64 characters, letters, digits and `._@+-`.
    ///
    /// Where there is an account of this name at the same provider whose credential was refused, it gets the new one;
    /// otherwise a name that is taken is refused.
    pub name: String,
    /// Where the provider is; where not given, where the command calls it, else its own default.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The account's parameters.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// The long-lived secret. Either it is given, or the command that holds it.
    #[serde(default, with = "crate::wire::exposed_where_given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub credential: Option<Secret>,
    /// A command that was copied from the API's documentation and holds the credential, as [`Recognize`] has found.
    #[serde(default, with = "crate::wire::exposed_where_given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub command: Option<Secret>,
    /// Whether to try the credential before anything is stored.
    #[serde(default = "yes")]
    pub check: bool,
    /// The life of its current session in seconds, where the provider lets one choose.
    #[serde(default)]
    pub life: Option<u64>,
    /// Whether to keep it fresh always, not only while it is used.
    #[serde(default)]
    pub pinned: bool,
}

/// Find out which provider a command calls that was copied from an API's documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recognize {
    /// The command, such as `curl -H 'Authorization: …' https://…`. It may hold a credential.
    #[serde(with = "crate::wire::exposed")]
    #[schema(value_type = String)]
    pub command: Secret,
}

/// Connect an account by signing in at another device (RFC 8628), where the provider offers that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct SignIn {
    /// The provider's name.
    pub provider: String,
    /// The user's name for the account. An account of this name, at the same provider, gets the new credential.
    pub name: String,
    /// Where the provider is; its own default where not given.
    #[serde(default)]
    #[ts(optional)]
    pub base_url: Option<String>,
    /// The account's parameters.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
}

/// Ask for an account's token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// Seconds that it must live on; the hard threshold of its life where not given.
    #[serde(default)]
    pub min_ttl: Option<u64>,
    /// Whether to refresh whatever the held one is worth.
    #[serde(default)]
    pub fresh: bool,
    /// The session whose token is meant; the current one where not given.
    #[serde(default)]
    pub session: Option<String>,
}

/// Open a further session beside the current one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct CreateSession {
    /// Its name.
    #[serde(default)]
    #[ts(optional)]
    pub name: Option<String>,
    /// Its life in seconds.
    #[serde(default)]
    #[ts(optional, type = "number")]
    pub life: Option<u64>,
}

/// Put a token on the clipboard, through the tray app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct CopyRequest {
    /// The account's name.
    pub account: String,
    /// The session whose token is meant; the current one where not given.
    #[serde(default)]
    #[ts(optional)]
    pub session: Option<String>,
}

/// Ask for a part of the history, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, IntoParams)]
#[serde(deny_unknown_fields)]
#[ts(export)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Only of this account, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub account: Option<String>,
    /// Only what happened at this instant or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string")]
    pub since: Option<DateTime<Utc>>,
    /// Only of this session, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub session: Option<String>,
    /// Only entries with a lower id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub before: Option<u64>,
    /// How many at most: 1 to 1 000; 100 where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub limit: Option<u32>,
}

/// Export all accounts, sealed under a passphrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The passphrase: 12 characters or more.
    #[serde(with = "crate::wire::exposed")]
    #[schema(value_type = String)]
    pub passphrase: Secret,
}

/// Take the accounts of an export into this vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// The passphrase of the export.
    #[serde(with = "crate::wire::exposed")]
    #[schema(value_type = String)]
    pub passphrase: Secret,
    /// The export's text.
    pub sealed: String,
    /// Whether accounts take the place of those of the same name; otherwise these are left out.
    #[serde(default)]
    pub replace: bool,
}

/// Ask the agent to end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    /// Only where it is headless: a tray app takes over, and an agent that lives in a tray app stays.
    #[serde(default)]
    pub take_over: bool,
}

fn yes() -> bool {
    true
}
