//! What can go wrong inside an authority, whatever it was asked.

use std::path::PathBuf;
use std::sync::Arc;

/// Why the authority cannot do its work. Holds no secret: statements are told without their values.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The store's file cannot be created, or its permissions cannot be set to its owner alone.
    #[error("cannot open the store {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: Arc<std::io::Error>,
    },
    /// The database refuses: not a database, full, locked by another for too long, read-only, or broken.
    #[error("the store does not work: {0}")]
    Database(Arc<rusqlite::Error>),
    /// The store was written by a newer Daypass.
    #[error("the store has schema {found}, and this program knows only {known}: use the newer Daypass")]
    Newer {
        /// What the store says.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Something in the store is not what this program writes there.
    #[error("the store is damaged: {0}")]
    Damaged(&'static str),
    /// The store's thread has ended or could not be started.
    #[error("the store has stopped")]
    Stopped,
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}
