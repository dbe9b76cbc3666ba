//! A file of our user's own on Unix: by its mode.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Creates the file for its owner alone, or takes the rights of others on an existing one away.
///
/// SQLite gives `-wal` and `-shm` the permissions of the file they belong to.
pub(super) fn file(path: &Path) -> std::io::Result<()> {
    let file: File = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let mut permissions = file.metadata()?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o600);
        file.set_permissions(permissions)?;
    }
    Ok(())
}
