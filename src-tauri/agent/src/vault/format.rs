//! The format of the vault's file: bringing an older one to the present, after a backup of the whole file.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use daypass_api::home::{private_file, sync_folder};
use daypass_api::reason;
use rusqlite::{Connection, TransactionBehavior};

use super::error::VaultError;
use crate::fail;

/// The format that this program writes, as `user_version`.
pub(super) const FORMAT: i64 = 2;

/// What leads from each format to the next one, from format 1 on.
const STEPS: [&str; FORMAT as usize - 1] = [include_str!("migrate_1.sql")];

/// Brings the vault at `path`, of the older format `from`, to [`FORMAT`] in one transaction. The key is not needed.
///
/// The backup is whole and on the disk before anything is changed, and stays: see [`backup_file`].
///
/// # Errors
/// `Full`, `NoBackup`, `ReadOnly`, `Failed`; `Corrupt` where `from` is no format. Nothing has changed then.
pub(super) fn migrate(db: &mut Connection, path: &Path, from: i64) -> Result<(), VaultError> {
    let steps = usize::try_from(from - 1).ok().and_then(|done| STEPS.get(done..));
    let steps = steps.ok_or_else(|| VaultError::Corrupt { path: path.to_owned() })?;
    back_up(db, path, from)?;
    fail::point("vault.backed-up");
    let told = |error: rusqlite::Error| VaultError::of_sqlite(&error, path);
    let all = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
    for step in steps {
        all.execute_batch(step).map_err(told)?;
    }
    fail::point("vault.migrating");
    all.commit().map_err(told)
}

/// The backup that is made of the vault `id` at `path` before it leaves `format`. It bears the id, so that it takes the
/// place of a backup of the same vault alone.
pub(super) fn backup_file(path: &Path, format: i64, id: &str) -> PathBuf {
    beside(path, &format!(".format-{format}.{id}.backup"))
}

/// The backups that there are beside the vault at `path`, each with its size in bytes.
pub(super) fn backups(path: &Path) -> Vec<(PathBuf, u64)> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    let begins = format!("{name}.format-");
    let is_one = |name: &str| name.starts_with(&begins) && name.ends_with(".backup");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(PathBuf, u64)> = files
        .filter(|file| file.file_name().to_str().is_some_and(is_one))
        .map(|file| (file.path(), file.metadata().map_or(0, |file| file.len())))
        .collect();
    found.sort();
    found
}

fn back_up(db: &Connection, path: &Path, format: i64) -> Result<(), VaultError> {
    let told = |error: rusqlite::Error| match VaultError::of_sqlite(&error, path) {
        told @ (VaultError::Full | VaultError::Corrupt { .. }) => told,
        other => no_backup(path, other.to_string()),
    };
    let id: String = db.query_row("SELECT id FROM vault", [], |row| row.get(0)).map_err(told)?;
    let unfinished = beside(path, ".backup-unfinished");
    let made = write_backup(db, path, &unfinished, &backup_file(path, format, &id), told);
    if made.is_err() {
        // What is left of it is of no use; if it stays, the next attempt begins by removing it.
        let _ = std::fs::remove_file(&unfinished);
    }
    made
}

/// Writes the backup beside its name first, so that under its name there is a whole one or none.
fn write_backup(
    db: &Connection,
    path: &Path,
    unfinished: &Path,
    backup: &Path,
    told: impl Fn(rusqlite::Error) -> VaultError,
) -> Result<(), VaultError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => VaultError::Full,
        _ => no_backup(path, reason(&error)),
    };
    match std::fs::remove_file(unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    // SQLite takes an empty file as it is, and so its mode.
    private_file().write(true).create_new(true).open(unfinished).map_err(failed)?;
    let name = unfinished.to_str().ok_or_else(|| no_backup(path, "its path is not UTF-8".to_owned()))?;
    db.execute("VACUUM INTO ?1", [name]).map_err(told)?;
    // SQLite leaves it to us that it reaches the disk.
    OpenOptions::new().write(true).open(unfinished).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(unfinished, backup).map_err(failed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync_folder(folder).map_err(failed)
}

fn no_backup(path: &Path, reason: String) -> VaultError {
    VaultError::NoBackup { path: path.to_owned(), reason }
}

/// `path` with `ending` put behind its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
