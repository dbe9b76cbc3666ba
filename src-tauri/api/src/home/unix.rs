//! The folders of one user on Unix, and what is for him alone in them: by their modes.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::Home;
use crate::{ApiError, ErrorCode, reason};

/// The longest socket path that the kernel takes, in bytes (`sun_path` of unix(7), less its closing zero; macOS has 103).
pub(super) const MAX_SOCKET_PATH: usize = if cfg!(target_os = "macos") { 103 } else { 107 };
/// The name of the socket.
pub(super) const SOCKET: &str = "agent.sock";
/// Where configurations are in a home, where no variable says so (XDG Base Directory Specification; on macOS where its users
/// look).
const CONFIG: &str = if cfg!(target_os = "macos") { APPLICATION_SUPPORT } else { ".config" };
/// Where data are.
const DATA: &str = if cfg!(target_os = "macos") { APPLICATION_SUPPORT } else { ".local/share" };
/// File System Programming Guide, "The Library Directory Stores App-Specific Files".
const APPLICATION_SUPPORT: &str = "Library/Application Support";

/// The folders that the environment names; `path` reads a variable of it that is set.
pub(super) fn folders(path: impl Fn(&str) -> Option<PathBuf>) -> Result<Home, ApiError> {
    let folder = |name: &str, default: &str| match (path(name).filter(|p| p.is_absolute()), path("HOME")) {
        (Some(folder), _) => Ok(folder),
        (None, Some(home)) if home.is_absolute() => Ok(home.join(default)),
        (None, home) => {
            let fault = if home.is_some() { "not an absolute path" } else { "not set" };
            let message = format!("HOME is {fault}; correct it, or set DAYPASS_HOME to a folder.");
            Err(ApiError::new(ErrorCode::Internal, message))
        }
    };
    let config = folder("XDG_CONFIG_HOME", CONFIG)?.join("daypass");
    let data = folder("XDG_DATA_HOME", DATA)?.join("daypass");
    let run = path("XDG_RUNTIME_DIR").filter(|p| p.is_absolute());
    let run = run.map_or_else(|| data.join("run"), |run| run.join("daypass"));
    Ok(Home { config, data, run })
}

/// Makes `folder` and its missing parents for our user alone (mode 0700), or narrows what is there to it. For folders of
/// [`Home`] only: what else a user names is not ours to narrow.
///
/// # Errors
/// [`ErrorCode::Internal`] where it cannot be made, or belongs to another user.
pub fn private_folder(folder: &Path) -> Result<(), ApiError> {
    let failed = |error: std::io::Error| {
        let message = format!("The folder {} cannot be made: {}.", folder.display(), reason(&error));
        ApiError::new(ErrorCode::Internal, message)
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let there = std::fs::metadata(folder).map_err(failed)?;
    if there.uid() != rustix::process::geteuid().as_raw() {
        let message =
            format!("The folder {} belongs to another user; remove it or set DAYPASS_HOME.", folder.display());
        return Err(ApiError::new(ErrorCode::Internal, message));
    }
    if there.permissions().mode() & 0o777 != 0o700 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

/// How a file is opened that is for our user alone: one that is made has mode 0600.
pub fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Has the names in `folder` reach the disk.
///
/// # Errors
/// Those of the file system.
pub fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}
