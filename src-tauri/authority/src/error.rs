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
    /// The URL of a store cannot be used. Nothing of it is repeated, as it may hold a password.
    #[error("the store's URL cannot be used: {0}")]
    Address(&'static str),
    /// A password file is not used. Nothing of it is repeated.
    #[error("the password file {path} is not used: {why}")]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The database server cannot be reached, is starting or going down, or is too busy: later it may answer.
    #[error("the database does not answer: {0}")]
    Unreachable(String),
    /// The database server refuses: a wrong password, missing rights, tables that are not ours.
    #[error("the database refuses: {0}")]
    Postgres(String),
    /// The store was written by a newer Daypass.
    #[error("the store has schema {found}, and this program knows only {known}: use the newer Daypass")]
    Newer {
        /// What the store says.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Another process has the store open.
    #[error("a server runs on the store")]
    InUse,
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

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            // Whatever the server did not say itself happened on the way to it.
            let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
            return Self::Unreachable(format!("{error}{}", source.unwrap_or_default()));
        };
        // Its message, and not its detail, which may show a row.
        let text = format!("{} ({})", said.message(), said.code().code());
        let later = |code: &str| {
            // Classes of SQLSTATE: connection, resources, an operator's hand (a server that ends or starts, a cancelled
            // statement), deadlocks; and a lock that was not had in time, a standby that cannot write yet.
            ["08", "40", "53", "57"].contains(&code.get(..2).unwrap_or_default()) || ["55P03", "25006"].contains(&code)
        };
        if later(said.code().code()) { Self::Unreachable(text) } else { Self::Postgres(text) }
    }
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            deadpool_postgres::PoolError::Closed => Self::Stopped,
            other => Self::Unreachable(other.to_string()),
        }
    }
}

impl From<tokio::time::error::Elapsed> for Error {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Unreachable("it took too long".to_owned())
    }
}
