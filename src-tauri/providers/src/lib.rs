//! Asks other services for sessions: provider definitions (data) and the one engine that runs them.
//!
//! A provider is a TOML file, not code. The four built-in ones in `definitions/` use nothing that a user's own file in
//! the config folder cannot use.

mod answer;
mod error;

pub use answer::{DeviceCode, Grant, Inspected, Minted, Offer, Poll, Regenerated, Target, Wish};
pub use error::ProviderError;
