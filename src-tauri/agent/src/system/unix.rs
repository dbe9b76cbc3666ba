//! Files on Unix: which one it is, whom it is for, and the end of a process.

use std::fs::{Metadata, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::SystemTime;

/// Which file: its device and its number.
pub(crate) type Identity = (u64, u64);

/// A pipe in a file's place is not waited for.
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// Which file `there` is of.
pub(crate) fn identity(there: &Metadata) -> Identity {
    (there.dev(), there.ino())
}

/// When the file was made. The number of a file that was removed is soon given to another, which is younger.
pub(crate) fn born(there: &Metadata) -> Option<SystemTime> {
    there.created().ok()
}

/// When the file was changed: its content, and anything of it.
pub(crate) fn changed(there: &Metadata) -> [i64; 4] {
    [there.mtime(), there.mtime_nsec(), there.ctime(), there.ctime_nsec()]
}

/// How a file is opened for reading that may be anything.
pub(crate) fn whatever_it_is() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(NONBLOCK);
    options
}

/// How the lock of the agent is opened.
pub(crate) fn lock_file() -> OpenOptions {
    daypass_api::home::private_file()
}

/// Takes the rights of others on the file at `path`, which has `there`, away.
///
/// # Errors
/// Those of the file system.
pub(crate) fn narrow(path: &Path, there: &Metadata) -> std::io::Result<()> {
    if there.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, Permissions::from_mode(0o600))
}

/// Makes `folder` and its missing parents for our user alone; what is there stays as it is.
///
/// # Errors
/// Those of the file system.
pub(crate) fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Ends this process so that nothing is tidied up.
#[cfg(debug_assertions)]
pub(crate) fn kill() {
    use rustix::process::{Signal, getpid, kill_process};

    // A process may always kill itself.
    let _ = kill_process(getpid(), Signal::KILL);
}
