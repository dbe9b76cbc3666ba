//! The local API of the agent: its types, its error codes, where its socket is, and a light client for it.
//!
//! Every door (command line, window, tray) speaks these words and no others. The types are what crosses the socket as
//! JSON; those that the page sees are also written as TypeScript.

pub mod change;
pub mod client;
pub mod error;
pub mod home;
pub mod locale;
mod misfit;
pub mod path;
mod reason;
pub mod request;
pub mod settings;
pub mod view;
mod wire;

pub use client::Client;
pub use error::{ApiError, ErrorCode, Said, Sentence};
pub use home::Home;
pub use misfit::misfit;
pub use reason::reason;

/// The version of the local API; every path begins with `/v1`.
pub const API_VERSION: u32 = 1;
