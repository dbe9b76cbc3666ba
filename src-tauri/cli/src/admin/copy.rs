//! `daypass authority backup` and `daypass authority restore`.

use std::path::Path;

use daypass_api::reason;
use daypass_authority::{Error, Store};

use super::failed;
use crate::failure::Failure;
use crate::output;

/// Writes a backup of the store at `store` to `file`. It appears there only when it is whole.
pub(super) fn backup(store: &Path, file: &Path, force: bool) -> Result<(), Failure> {
    if !force && file.exists() {
        return Err(Failure::usage(format!(
            "{} is there already; choose another file, or add --force.",
            file.display()
        )));
    }
    let cannot =
        |error: &std::io::Error| Failure::other(format!("{} cannot be written: {}.", file.display(), reason(error)));
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Readable by its owner alone from the first byte.
    let copy = tempfile::NamedTempFile::new_in(folder).map_err(|error| cannot(&error))?;
    Store::backup(store, copy.path()).map_err(|error| failed(&error))?;
    let there = if force { copy.persist(file) } else { copy.persist_noclobber(file) };
    let there = there.map_err(|error| cannot(&error.error))?;
    there.sync_all().map_err(|error| cannot(&error))?;
    output::line(&format!(
        "The store is backed up in {}. It holds signing keys: keep it as safe as the store.",
        file.display()
    ))
}

/// Puts the backup `file` in the place of the store at `store`.
pub(super) fn restore(store: &Path, file: &Path, force: bool) -> Result<(), Failure> {
    let there = std::fs::metadata(store).is_ok_and(|there| there.len() > 0);
    if there && !force {
        return Err(Failure::usage(format!(
            "There is a store at {}, which would be lost: back it up, or add --force.",
            store.display()
        )));
    }
    Store::restore(file, store).map_err(|error| match error {
        Error::InUse => Failure::other(format!("A server runs on {}: stop it first.", store.display())),
        error => Failure::other(format!("{} cannot be restored: {error}.", file.display())),
    })?;
    output::line(&format!(
        "The store is restored to {}. What was revoked since the backup lives again: `daypass authority session revoke \
         --all` ends it.",
        store.display()
    ))
}
