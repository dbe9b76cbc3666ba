//! Folders that only their owner may look into.

use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use daypass_api::{ApiError, ErrorCode};

/// Makes `path` with mode 0700, or narrows what is there to it; a folder of another user is refused.
pub(crate) fn private(path: &Path) -> Result<(), ApiError> {
    let failed = |error: std::io::Error| {
        ApiError::new(ErrorCode::Internal, format!("The folder {} cannot be made: {error}.", path.display()))
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    let there = std::fs::metadata(path).map_err(failed)?;
    if there.uid() != rustix::process::geteuid().as_raw() {
        let message = format!("The folder {} belongs to another user; remove it or set DAYPASS_HOME.", path.display());
        return Err(ApiError::new(ErrorCode::Internal, message));
    }
    if there.permissions().mode() & 0o777 != 0o700 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}
