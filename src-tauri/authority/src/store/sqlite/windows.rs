//! A file of our user's own on Windows: by the rights of its folder, which is in his profile.

use std::fs::OpenOptions;
use std::path::Path;

/// Creates the file, or opens it to see that it can be.
pub(super) fn file(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map(drop)
}
