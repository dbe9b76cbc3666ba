//! Keeps session tokens fresh: the vault that stores them, the keeper that refreshes them, and the server of the local API.

mod agent;
mod face;
mod notice;

pub use agent::{Agent, Setup};
pub use face::Face;
pub use notice::Notice;
