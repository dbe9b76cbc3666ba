//! Asks other services for sessions: provider definitions (data) and the one engine that runs them.
//!
//! A provider is a TOML file, not code. The four built-in ones in `definitions/` use nothing that a user's own file in
//! the config folder cannot use. [`Catalog`] finds them, [`Engine`] runs them.

mod answer;
mod catalog;
mod check;
mod definition;
mod engine;
mod error;
mod file;
mod policy;
mod recognize;
mod values;

#[doc = include_str!("../definitions/README.md")]
pub mod format {}

pub use answer::{DeviceCode, Grant, Inspected, Listed, Minted, Offer, Poll, Regenerated, Target, Wish};
pub use catalog::Catalog;
pub use definition::{Abilities, CreateAbility, CredentialText, Definition, DefinitionError, LifeRange, Param};
pub use engine::{Engine, Limits};
pub use error::ProviderError;
pub use recognize::{RecognizeError, Recognized};
