//! One window and one palette per user: a lock each that lives as long as the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;

use daypass_api::Home;
use daypass_api::home::private_folder;

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
        Self::try_lock(open(home, home.window_lock())?)
    }

    /// The same for the palette, whose lock is another.
    ///
    /// # Errors
    /// As [`WindowLock::acquire`].
    pub fn acquire_palette(home: &Home) -> io::Result<Option<Self>> {
        Self::try_lock(open(home, home.palette_lock())?)
    }

    fn try_lock(file: File) -> io::Result<Option<Self>> {
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
        let file = open(home, home.window_lock())?;
        let (tell, told) = channel();
        std::thread::Builder::new().name("lock".to_owned()).spawn(move || {
            let lock = file.lock().map(|()| Self { _file: file });
            // Where nobody waits any more, the lock is let go with the value.
            let _ = tell.send(lock);
        })?;
        told.recv_timeout(patience).ok().transpose()
    }
}

fn open(home: &Home, lock: PathBuf) -> io::Result<File> {
    // The folder is the agent's too, so it is made as the agent makes it.
    private_folder(home.run_dir()).map_err(io::Error::other)?;
    OpenOptions::new().create(true).truncate(false).write(true).open(lock)
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
    fn window_and_palette_do_not_stand_in_each_others_way() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::under(dir.path());
        let _window = WindowLock::acquire(&home).unwrap().unwrap();
        let _palette = WindowLock::acquire_palette(&home).unwrap().unwrap();
        assert!(WindowLock::acquire_palette(&home).unwrap().is_none());
    }

    #[test]
    fn a_folder_that_others_may_look_into_is_narrowed() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let home = Home::under(dir.path());
        std::fs::create_dir(home.run_dir()).unwrap();
        std::fs::set_permissions(home.run_dir(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let _lock = WindowLock::acquire(&home).unwrap();
        assert_eq!(std::fs::metadata(home.run_dir()).unwrap().permissions().mode() & 0o777, 0o700);
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
