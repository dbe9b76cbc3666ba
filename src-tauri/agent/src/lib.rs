//! Keeps session tokens fresh: the vault that stores them, the keeper that refreshes them, and the server of the local API.

mod accounts;
mod agent;
mod ask;
mod authority;
mod claims;
mod face;
mod fail;
mod failure;
mod folder;
mod happening;
mod history;
mod incident;
mod inner;
mod keeper;
mod lock;
mod notice;
mod once;
mod opening;
mod read;
mod recognize;
mod refresh;
mod revoke;
mod revoke_all;
mod server;
mod sessions;
mod settings;
mod settle;
mod sign_in;
mod state;
#[cfg_attr(unix, path = "system/unix.rs")]
#[cfg_attr(windows, path = "system/windows.rs")]
mod system;
mod tell;
mod transfer;
mod turns;
mod undo;
mod upstream;
mod vault;
mod view;
mod watch;

pub use agent::{Agent, KeySource, Setup};
pub use authority::{Authority, AuthorityFuture};
pub use face::{Face, FaceFuture};
pub use happening::Happening;
pub use lock::AgentLock;
pub use notice::Notice;
#[cfg(feature = "fuzzing")]
pub use server::Doorstep;
pub use server::serve;
#[cfg(feature = "fuzzing")]
pub use transfer::fuzzing as transfer_fuzzing;
pub use upstream::{Asked, Upstream};
#[cfg(feature = "measuring")]
pub use vault::MeasuredVault;

/// An instant as it stands in a sentence: RFC 3339 in UTC, to the second.
fn rfc3339(at: daypass_core::Time) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
