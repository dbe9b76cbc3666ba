//! Keeps session tokens fresh: the vault that stores them, the keeper that refreshes them, and the server of the local API.

mod agent;
mod face;
mod folder;
mod lock;
mod notice;
mod server;
mod upstream;

pub use agent::{Agent, KeySource, Setup};
pub use face::{Face, FaceFuture};
pub use lock::AgentLock;
pub use notice::Notice;
pub use server::serve;
pub use upstream::{Asked, Upstream};
