//! Where the open vault is in the file system: whether what is open is still what its name leads to.
//!
//! SQLite goes on writing into a file that was removed or replaced, and nobody would ever find it again.

use std::path::{Path, PathBuf};

use daypass_api::reason;

use super::error::VaultError;
use crate::system::{Identity, identity};

/// The vault's file and its write-ahead log, as they were when they were opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InPlace {
    file: Identity,
    log: Option<Identity>,
}

impl InPlace {
    /// Those of the vault at `path`, which has just been opened. The log is there once something was read.
    ///
    /// # Errors
    /// `Gone`, `Failed`.
    pub(super) fn of(path: &Path) -> Result<Self, VaultError> {
        let file = std::fs::metadata(path).map_err(|error| missing(path, &error))?;
        Ok(Self { file: identity(&file), log: std::fs::metadata(log_of(path)).ok().as_ref().map(identity) })
    }

    /// # Errors
    /// `Gone` or `Replaced` where the name leads to no file, or to another; `Failed` where that cannot be told.
    pub(super) fn check(&self, path: &Path) -> Result<(), VaultError> {
        match std::fs::metadata(path) {
            Ok(there) if identity(&there) == self.file => Ok(()),
            Ok(_) => Err(VaultError::Replaced { path: path.to_owned() }),
            Err(error) => Err(missing(path, &error)),
        }
    }

    /// Whether the log was removed or replaced: what is written to it from now on is lost with this process.
    pub(super) fn lost_the_log(&self, path: &Path) -> bool {
        self.log.is_some() && std::fs::metadata(log_of(path)).ok().as_ref().map(identity) != self.log
    }
}

fn missing(path: &Path, error: &std::io::Error) -> VaultError {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => VaultError::Gone { path: path.to_owned() },
        _ => VaultError::Failed { reason: reason(error) },
    }
}

fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}
