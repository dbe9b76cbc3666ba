//! Files on Windows: which one it is, whom it is for, and the end of a process. What is open here can be neither removed nor
//! moved by others, nor can the folders above it: neither SQLite nor [`lock_file`] shares that.

use std::fs::{Metadata, OpenOptions};
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

/// Which file: what is open stays what its name leads to, so there is nothing to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identity;

/// `FILE_SHARE_READ | FILE_SHARE_WRITE`, and not `FILE_SHARE_DELETE`.
const OPEN_BY_ALL: u32 = 3;

/// Which file `there` is of.
pub(crate) fn identity(_there: &Metadata) -> Identity {
    Identity
}

/// When the file was made, where it takes that to tell it apart.
pub(crate) fn born(_there: &Metadata) -> Option<SystemTime> {
    None
}

/// When the file was changed.
pub(crate) fn changed(there: &Metadata) -> [i64; 4] {
    [there.last_write_time().cast_signed(), 0, 0, 0]
}

/// How a file is opened for reading that may be anything.
pub(crate) fn whatever_it_is() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

/// How the lock of the agent is opened: nobody removes it while it is.
pub(crate) fn lock_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.share_mode(OPEN_BY_ALL);
    options
}

/// Others have the rights that they have on its folder.
///
/// # Errors
/// None; elsewhere those of the file system.
pub(crate) fn narrow(_path: &Path, _there: &Metadata) -> std::io::Result<()> {
    Ok(())
}

/// Makes `folder` and its missing parents.
///
/// # Errors
/// Those of the file system.
pub(crate) fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

/// Ends this process so that nothing is tidied up.
#[cfg(debug_assertions)]
pub(crate) fn kill() {
    std::process::abort();
}
