//! The embedded authority of Daypass: issues session tokens, so that the product works with no outside service.
//!
//! One [`Service`] (open, renew, verify, list, revoke, expire) over one [`Store`]; five dialects, one file each: four
//! translate the documented wire contracts of Discovr, PocketPaw, AntiRaid and Sitecore Discover into its verbs, the
//! native one is OAuth 2.0; [`run`] is the transport. The caller brings the listener, the clock, the chance and the end.
//!
//! What the store holds of a token is its SHA-256, and a token is verified by looking that up. This needs no
//! constant-time comparison: the time of a lookup tells at most how the *hash* of what was presented compares to stored
//! hashes, and nobody can steer a token toward a chosen hash; every token has at least 122 bits of chance (or, at
//! PocketPaw, is a code under a key that has them), so a stolen file cannot be searched for tokens either. The native
//! dialect's refresh tokens follow from each other, and its access tokens are not stored: see [`daypass_core::lineage`].
//! The keys that sign are in the file: whoever reads them can sign access tokens of the sessions that stand there.
//!
#![doc = include_str!("../SCALING.md")]

mod admin;
mod call;
mod config;
mod dialects;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod log;
mod meters;
mod model;
mod openapi;
mod pace;
mod rate;
mod serve;
mod service;
mod shelf;
mod store;

pub use admin::{
    ClientFacts, CredentialFacts, Grants, SessionFacts, SessionFilter, Settled, SignInFacts, Speech, UserFacts,
};
pub use config::{Config, Network, Rate};
pub use daypass_core::token::ring::Phase;
pub use error::Error;
pub use log::{Form, Level, Log};
pub use serve::{Listeners, Tls, TlsError, run, run_at};
pub use service::{ClientKind, DemoUser, KeyFacts, RegisteredClient, Service, UserCredentials};
pub use store::{PasswordFile, Store};
