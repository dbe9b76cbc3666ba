//! The lock that makes an agent the only one of its vault.

use std::fs::{File, TryLockError};
use std::io::{Seek, Write};
use std::path::PathBuf;

use daypass_api::{ApiError, ErrorCode, Home, reason};

use crate::{folder, system};

/// Held for as long as the agent lives; the kernel lets go of it with the process, however that ends (flock(2)). The file
/// is closed on exec, so that no child of the agent keeps it.
///
/// It lies beside the vault, for the vault is what there must be one agent of: the folder of the socket depends on who
/// asks (a cron job has no runtime folder), and goes away when a user logs out. What the file holds, the process id and
/// the path of the socket, is for finding the agent, and proves nothing.
#[derive(Debug)]
pub struct AgentLock {
    file: File,
    path: PathBuf,
}

impl AgentLock {
    /// Takes the lock of `home`, or answers `None` where another agent holds it. It never waits.
    ///
    /// # Errors
    /// `internal` where the folder or the file cannot be made.
    pub fn acquire(home: &Home) -> Result<Option<Self>, ApiError> {
        let taken = Self::take(home, |file| match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        })?;
        Ok(taken.map(|lock| lock.signed(home)))
    }

    /// Takes the lock of `home`, and blocks this thread until its holder has let go of it. Who is going to be the agent
    /// has to put its name to it with [`AgentLock::signed`]; who only waits for the end of one does not.
    ///
    /// # Errors
    /// As [`AgentLock::acquire`].
    pub fn wait(home: &Home) -> Result<Self, ApiError> {
        loop {
            if let Some(lock) = Self::take(home, |file| file.lock().map(|()| true))? {
                return Ok(lock);
            }
        }
    }

    /// Whether an agent holds the lock of `home`, or another process looks at it in this very moment. Nothing is made.
    pub fn is_held(home: &Home) -> bool {
        let held = |file: File| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        File::open(home.agent_lock()).is_ok_and(held)
    }

    /// With who we are and where we answer written down. On a full disk the file stays empty, and the lock holds all the
    /// same.
    #[must_use]
    pub fn signed(mut self, home: &Home) -> Self {
        let socket = home.socket().unwrap_or_default();
        let text = [std::process::id().to_string().as_bytes(), b"\n", socket.as_os_str().as_encoded_bytes()].concat();
        let _ = self.file.set_len(0).and_then(|()| self.file.rewind()).and_then(|()| self.file.write_all(&text));
        self
    }

    fn take(home: &Home, how: impl Fn(&File) -> std::io::Result<bool>) -> Result<Option<Self>, ApiError> {
        folder::private(home.data_dir())?;
        let path = home.agent_lock();
        let failed = |error: std::io::Error| {
            let message = format!("The lock {} cannot be taken: {}.", path.display(), reason(&error));
            ApiError::new(ErrorCode::Internal, message)
        };
        loop {
            let file = system::lock_file().read(true).write(true).create(true).truncate(false).open(&path);
            let file = file.map_err(failed)?;
            if !how(&file).map_err(failed)? {
                return Ok(None);
            }
            let lock = Self { file, path: path.clone() };
            // Somebody may have removed the file in between: the lock of a file without a name keeps nobody out.
            if lock.holds() {
                return Ok(Some(lock));
            }
        }
    }

    /// Whether it still keeps others out: whether its file is the one that they would open.
    pub(crate) fn holds(&self) -> bool {
        // As long as ours is open, its number is given to no other.
        let ours = self.file.metadata().as_ref().map(system::identity).ok();
        ours.is_some() && ours == std::fs::metadata(&self.path).as_ref().map(system::identity).ok()
    }
}
