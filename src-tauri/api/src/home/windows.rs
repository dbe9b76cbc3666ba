//! The folders of one user on Windows: in his profile, which the system keeps others out of. What is made there has the rights of
//! its folder.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use super::Home;
use crate::{ApiError, ErrorCode, reason};

/// The longest path of the file that names the pipe: as of any file, in characters.
pub(super) const MAX_SOCKET_PATH: usize = 32_000;
/// The name of that file.
pub(super) const SOCKET: &str = "agent.pipe";

/// The folders that the environment names; `path` reads a variable of it that is set.
pub(super) fn folders(path: impl Fn(&str) -> Option<PathBuf>) -> Result<Home, ApiError> {
    let folder = |name: &str| {
        path(name).filter(|folder| folder.is_absolute()).map(|folder| folder.join("daypass")).ok_or_else(|| {
            let message = format!("{name} is not an absolute path; correct it, or set DAYPASS_HOME to a folder.");
            ApiError::new(ErrorCode::Internal, message)
        })
    };
    // What is in the first follows its user from one machine to another; vault and pipe must not.
    let (config, data) = (folder("APPDATA")?, folder("LOCALAPPDATA")?);
    let run = data.join("run");
    Ok(Home { config, data, run })
}

/// Makes `folder` and its missing parents; who may look into it is what its parent says. For folders of [`Home`] only.
///
/// # Errors
/// [`ErrorCode::Internal`] where it cannot be made.
pub fn private_folder(folder: &Path) -> Result<(), ApiError> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let message = format!("The folder {} cannot be made: {}.", folder.display(), reason(&error));
        ApiError::new(ErrorCode::Internal, message)
    })
}

/// How a file is opened that is for our user alone: by the rights of its folder.
pub fn private_file() -> OpenOptions {
    OpenOptions::new()
}

/// Has the names in `folder` reach the disk: NTFS keeps a journal of them, and no folder can be flushed.
///
/// # Errors
/// None; elsewhere those of the file system.
pub fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}
