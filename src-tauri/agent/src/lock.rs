//! The lock that makes an agent the only one of its home.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;

use daypass_api::{ApiError, ErrorCode, Home};

use crate::folder;

/// Held for as long as the agent lives; the kernel lets go of it with the process, however that ends.
///
/// The file also holds the process id of the owner, so that [`serve`](crate::serve) can see whose lock it is.
#[derive(Debug)]
pub struct AgentLock {
    _file: File,
}

impl AgentLock {
    /// Takes the lock of `home`, or answers `None` where another agent holds it. It never waits.
    ///
    /// # Errors
    /// `internal` where the folder or the file cannot be made.
    pub fn acquire(home: &Home) -> Result<Option<Self>, ApiError> {
        folder::private(home.run_dir())?;
        let path = home.agent_lock();
        let failed = |error: std::io::Error| {
            ApiError::new(ErrorCode::Internal, format!("The lock {} cannot be taken: {error}.", path.display()))
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()))
            .map_err(failed)?;
        Ok(Some(Self { _file: file }))
    }

    /// Whether this process wrote itself into the lock of `home`.
    pub(crate) fn is_ours(home: &Home) -> bool {
        let mut text = String::new();
        let read = File::open(home.agent_lock()).and_then(|file| file.take(32).read_to_string(&mut text));
        read.is_ok() && text == std::process::id().to_string()
    }
}
