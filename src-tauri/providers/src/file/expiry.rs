//! Where an expiry stands in an answer, and how it is written there.

use std::time::Duration;

use daypass_core::expiry::Notation;
use serde::Deserialize;

use super::{Pointers, Span};

/// The expiry of something that was just issued.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ExpiryTable")]
pub(crate) struct Expiry {
    pub(crate) at: Option<Pointers>,
    pub(crate) notation: Notation,
    /// The life that is taken where the request asked for none; only with [`Notation::AsRequested`].
    pub(crate) life: Option<Duration>,
}

/// An expiry as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpiryTable {
    at: Option<Pointers>,
    notation: Notation,
    life: Option<Span>,
}

impl TryFrom<ExpiryTable> for Expiry {
    type Error = String;

    fn try_from(table: ExpiryTable) -> Result<Self, String> {
        let ExpiryTable { at, notation, life } = table;
        let reads = !matches!(notation, Notation::InsideToken | Notation::AsRequested);
        match (reads, &at) {
            (true, None) => return Err("an expiry in this notation needs its place (at)".to_owned()),
            (false, Some(_)) => return Err("an expiry in this notation has no place (at)".to_owned()),
            _ => {}
        }
        if life.is_some() && notation != Notation::AsRequested {
            return Err("`life` only goes with the notation as_requested".to_owned());
        }
        Ok(Self { at, notation, life: life.map(|span| span.0) })
    }
}

/// A moment that an answer tells of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "InstantTable")]
pub(crate) struct Instant {
    pub(crate) at: Pointers,
    pub(crate) notation: Notation,
}

/// A moment as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstantTable {
    at: Pointers,
    notation: Notation,
}

impl TryFrom<InstantTable> for Instant {
    type Error = String;

    fn try_from(table: InstantTable) -> Result<Self, String> {
        match table.notation {
            Notation::UnixSeconds | Notation::Rfc3339 => Ok(Self { at: table.at, notation: table.notation }),
            _ => Err("a moment is written as unix_seconds or rfc3339".to_owned()),
        }
    }
}
