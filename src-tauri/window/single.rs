//! One window per user: a lock that lives as long as the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::sync::mpsc::channel;
use std::time::Duration;

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
        let file = open(home)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The same, but a window that is just being closed has `patience` to let go.
    ///
    /// # Errors
    /// As [`WindowLock::acquire`].
    pub fn acquire_within(home: &Home, patience: Duration) -> io::Result<Option<Self>> {
        let file = open(home)?;
        let (tell, told) = channel();
        std::thread::Builder::new().name("lock".to_owned()).spawn(move || {
            let lock = file.lock().map(|()| Self { _file: file });
            // Where nobody waits any more, the lock is let go with the value.
            let _ = tell.send(lock);
        })?;
        told.recv_timeout(patience).ok().transpose()
    }
}

fn open(home: &Home) -> io::Result<File> {
    make_private_folder(home)?;
    OpenOptions::new().create(true).truncate(false).write(true).open(home.window_lock())
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

    #[test]
    fn a_window_that_is_closing_is_waited_for_and_one_that_stays_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::under(dir.path());
        let first = WindowLock::acquire(&home).unwrap().unwrap();
        assert!(WindowLock::acquire_within(&home, Duration::from_millis(50)).unwrap().is_none());
        let closing = std::thread::spawn(move || drop(first));
        assert!(WindowLock::acquire_within(&home, Duration::from_secs(20)).unwrap().is_some());
        closing.join().unwrap();
    }
}
