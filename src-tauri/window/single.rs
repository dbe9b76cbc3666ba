//! One window per user: a lock that lives as long as the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;

use daypass_api::Home;

/// Held while the window is open; the kernel lets it go when the process ends, however it ends.
#[derive(Debug)]
pub struct WindowLock {
    _file: File,
}

impl WindowLock {
    /// Takes the lock; `None` where another window of this user has it.
    ///
    /// # Errors
    /// Where the folder or the file cannot be made.
    pub fn acquire(home: &Home) -> io::Result<Option<Self>> {
        make_private_folder(home)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(home.window_lock())?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The folder is the agent's too, so it is made as the agent makes it: for this user alone.
fn make_private_folder(home: &Home) -> io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(home.run_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_gets_none_until_the_first_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::under(dir.path());
        let first = WindowLock::acquire(&home).unwrap();
        assert!(first.is_some());
        assert!(WindowLock::acquire(&home).unwrap().is_none());
        drop(first);
        assert!(WindowLock::acquire(&home).unwrap().is_some());
    }
}
