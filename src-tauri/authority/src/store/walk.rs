//! Long work on very many sessions, in small steps: between two of them others write as ever.

use crate::admin::{SessionFilter, Speech};

/// How far a walk through the sessions has come: by the key of the last one of each table that was looked at; none where the
/// table has been looked through. A key is a number, in SQLite a row's, in PostgreSQL also that in the 16 bytes of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Walk {
    /// In those of the four documented dialects.
    pub(crate) sessions: Option<u128>,
    /// In those of the native dialect.
    pub(crate) native: Option<u128>,
}

impl Walk {
    /// Before all of them.
    pub(crate) const BEGINNING: Self = Self { sessions: Some(0), native: Some(0) };

    /// Before all that may be meant: a table that has none of them is not looked at.
    pub(crate) fn to(filter: &SessionFilter) -> Self {
        let native = filter.dialect.is_none_or(|dialect| dialect == Speech::Native);
        let others = filter.client.is_none() && filter.dialect != Some(Speech::Native);
        Self { sessions: others.then_some(0), native: native.then_some(0) }
    }

    /// Whether all has been looked at.
    pub(crate) fn is_over(self) -> bool {
        self.sessions.is_none() && self.native.is_none()
    }
}

/// What a step of a removal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Removed {
    /// Whether what was to be removed was there.
    pub(crate) found: bool,
    /// Where the next step goes on; none where nothing is left.
    pub(crate) next: Option<Walk>,
}
