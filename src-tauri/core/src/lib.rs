//! The token core of Daypass: what a secret, a session token, an expiry and a session are, and when to refresh.
//!
//! Pure: no I/O, no async, no clock, no random source. `now` is always an argument, and so is chance.

pub mod agenda;
pub mod clock;
pub mod drift;
pub mod error;
pub mod expiry;
pub mod fresh;
pub mod gate;
pub mod lineage;
pub mod phrase;
pub mod planner;
pub mod rotation;
pub mod secret;
pub mod session;
pub mod token;

pub use clock::{Chance, Clock};
pub use error::{ExpiryError, TokenError};
pub use phrase::Phrase;
pub use secret::Secret;

/// The instant type of the whole house: a UTC date and time.
pub type Time = chrono::DateTime<chrono::Utc>;
