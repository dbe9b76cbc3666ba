//! The vault's file: SQLite with every secret column sealed. Blocking; [`super::Vault`] keeps it off the runtime.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use daypass_api::home::private_file;
use daypass_core::{Chance, Secret, Time};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};

use super::error::VaultError;
use super::format::{self, FORMAT};
use super::key::{Cost, Recipe};
use super::place::InPlace;
use super::seal::{Cipher, Key, Place};
use crate::state::clocks::Anchor;
use crate::{fail, system};

/// What the key check value says when it is opened.
const CHECK: &str = "daypass vault key check";
const CHECK_PLACE: Place = Place { table: "vault", column: "check_sealed", row: 1 };
/// How long a lock of another process (a backup, say) is waited for.
const BUSY: Duration = Duration::from_secs(2);

/// The open file, and the cipher once the key is here.
pub(crate) struct Store {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    pub(super) chance: Arc<dyn Chance>,
    pub(super) cipher: Option<Cipher>,
    /// The vault's id: random, made with it.
    pub(crate) id: String,
    /// How its key is come by.
    pub(crate) recipe: Recipe,
    check: Vec<u8>,
    /// The format that it had before this program opened it, where that was an older one; until the history tells of it.
    pub(crate) upgraded_from: Option<i64>,
    /// By which setting of the wall clock its instants are; `None` until that was asked.
    pub(super) anchor: Option<Anchor>,
    /// By which instant ages are told at the latest; `None` until that was asked (see [`Store::ages_by`]).
    pub(super) believed: Option<Time>,
    place: InPlace,
}

impl Store {
    /// Opens the file at `path`; `None` where there is none, or one without any content.
    ///
    /// # Errors
    /// `Corrupt`, `Newer`, `Full`, `ReadOnly`, `Failed`.
    pub(crate) fn open(path: &Path, chance: &Arc<dyn Chance>) -> Result<Option<Self>, VaultError> {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(VaultError::Failed { reason: error.to_string() }),
            Ok(there) if there.len() == 0 => return Ok(None),
            Ok(there) => {
                system::narrow(path, &there).map_err(|_| VaultError::ReadOnly { path: path.to_owned() })?;
            }
        }
        Self::open_existing(path, chance)
    }

    fn open_existing(path: &Path, chance: &Arc<dyn Chance>) -> Result<Option<Self>, VaultError> {
        let told = |error: rusqlite::Error| VaultError::of_sqlite(&error, path);
        let mut db = connect(path)?;
        let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(told)?;
        if version > FORMAT {
            return Err(VaultError::Newer { version });
        }
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(told)?;
        if version == 0 && tables == 0 {
            // A vault that was about to be made when the disk was full.
            return Ok(None);
        }
        let sound: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(told)?;
        if version < 1 || sound != "ok" {
            return Err(VaultError::Corrupt { path: path.to_owned() });
        }
        if version < FORMAT {
            format::migrate(&mut db, path, version)?;
        }
        // Only now is it known to be ours: setting it up writes into its first page.
        set_up(&db, path)?;
        let (id, recipe, check) = db
            .query_row(
                "SELECT id, key_kind, salt, argon_memory, argon_passes, argon_lanes, check_sealed FROM vault",
                [],
                |row| {
                    let salt = row.get::<_, Option<Vec<u8>>>(2)?.unwrap_or_default();
                    let number = |index| row.get::<_, Option<u32>>(index).map(Option::unwrap_or_default);
                    let cost = Cost { memory: number(3)?, passes: number(4)?, lanes: number(5)? };
                    let recipe = match row.get::<_, String>(1)?.as_str() {
                        "key_file" => Recipe::KeyFile { salt },
                        "passphrase" => Recipe::Passphrase { salt, cost },
                        _ => Recipe::Keyring,
                    };
                    Ok((row.get(0)?, recipe, row.get(6)?))
                },
            )
            .map_err(told)?;
        let place = InPlace::of(path)?;
        let upgraded_from = (version < FORMAT).then_some(version);
        let (path, chance) = (path.to_owned(), chance.clone());
        let (cipher, anchor, believed) = (None, None, None);
        Ok(Some(Self { db, path, chance, cipher, id, recipe, check, upgraded_from, anchor, believed, place }))
    }

    /// Makes a new vault at `path`, where there is none, in one transaction: its tables, id, recipe and key check.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Failed`.
    pub(crate) fn create(
        path: &Path,
        id: &str,
        recipe: &Recipe,
        key: &Key,
        chance: &Arc<dyn Chance>,
    ) -> Result<Self, VaultError> {
        let told = |error: rusqlite::Error| VaultError::of_sqlite(&error, path);
        // SQLite gives its journal files the mode of the file itself, so it is made before SQLite could make it.
        private_file().write(true).create(true).truncate(false).open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                VaultError::ReadOnly { path: path.to_owned() }
            }
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => VaultError::Full,
            _ => VaultError::Failed { reason: error.to_string() },
        })?;
        let mut db = connect(path)?;
        set_up(&db, path)?;
        let cipher = Cipher::new(key, id);
        let check = cipher
            .seal(&**chance, CHECK_PLACE, &Secret::new(CHECK))
            .ok_or_else(|| VaultError::Failed { reason: "sealing failed".to_owned() })?;
        let (salt, cost) = match recipe {
            Recipe::Keyring => (None, None),
            Recipe::KeyFile { salt } => (Some(salt), None),
            Recipe::Passphrase { salt, cost } => (Some(salt), Some(cost)),
        };
        let all = db.transaction().map_err(told)?;
        all.execute_batch(include_str!("schema.sql")).map_err(told)?;
        all.execute(
            "INSERT INTO vault (one, id, key_kind, salt, argon_memory, argon_passes, argon_lanes, check_sealed)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                id,
                recipe.word(),
                salt,
                cost.map(|c| c.memory),
                cost.map(|c| c.passes),
                cost.map(|c| c.lanes),
                check
            ],
        )
        .map_err(told)?;
        fail::point("vault.making");
        all.commit().map_err(told)?;
        let place = InPlace::of(path)?;
        let (id, recipe, path) = (id.to_owned(), recipe.clone(), path.to_owned());
        let (chance, cipher) = (chance.clone(), Some(cipher));
        let (upgraded_from, anchor, believed) = (None, None, None);
        Ok(Self { db, path, chance, cipher, id, recipe, check, upgraded_from, anchor, believed, place })
    }

    /// Whether the open file is still what its name leads to. Where only the write-ahead log was removed, the file is
    /// opened again: SQLite puts what the log held into the file when it closes it. Where that fails, it stays closed.
    ///
    /// # Errors
    /// `Gone`, `Replaced`; those of [`Store::open`].
    pub(crate) fn put_in_place(slot: &mut Option<Self>) -> Result<(), VaultError> {
        let Some(store) = slot else { return Ok(()) };
        store.place.check(&store.path)?;
        if !store.place.lost_the_log(&store.path) {
            return Ok(());
        }
        let (path, chance, id) = (store.path.clone(), store.chance.clone(), store.id.clone());
        let (cipher, believed) = (store.cipher.take(), store.believed);
        *slot = None;
        let mut again = Self::open(&path, &chance)?.ok_or(VaultError::Gone { path })?;
        again.cipher = cipher.filter(|_| again.id == id);
        again.believed = believed;
        *slot = Some(again);
        Ok(())
    }

    /// Takes the key, if it is the one that the vault was made with.
    ///
    /// # Errors
    /// `WrongKey`: the key check value does not open. (A damaged check value looks the same; both mean that nothing
    /// can be opened.)
    pub(crate) fn unlock(&mut self, key: &Key) -> Result<(), VaultError> {
        let cipher = Cipher::new(key, &self.id);
        match cipher.open(CHECK_PLACE, &self.check) {
            Some(text) if text.expose() == CHECK => {
                self.cipher = Some(cipher);
                Ok(())
            }
            _ => Err(VaultError::WrongKey { path: self.path.clone() }),
        }
    }

    /// Whether the key is here.
    pub(crate) fn is_unlocked(&self) -> bool {
        self.cipher.is_some()
    }

    /// Whether the file is sound and can be written, tried.
    ///
    /// # Errors
    /// `Corrupt`, `Full`, `ReadOnly`, `Gone`, `Replaced`, `Failed`.
    pub(crate) fn try_writing(&mut self) -> Result<(), VaultError> {
        // Pages that were read damaged are read anew.
        self.db.execute_batch("PRAGMA shrink_memory").map_err(|error| VaultError::of_sqlite(&error, &self.path))?;
        if self.one::<String>("PRAGMA quick_check(1)")?.as_deref() != Some("ok") {
            return Err(VaultError::Corrupt { path: self.path.clone() });
        }
        self.transact(|all| all.execute("UPDATE vault SET one = 1", []).map(drop))
    }

    /// How the machine's clocks stood to one another when this was last noted (see [`Store::bring_to`]): in the boot of
    /// this id the wall clock was ahead of the time since the boot by so many microseconds.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(crate) fn anchored(&self) -> Result<Option<(String, i64)>, VaultError> {
        let query = "SELECT boot, wall_minus_boot FROM vault WHERE boot IS NOT NULL AND wall_minus_boot IS NOT NULL";
        let read = self.db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).optional();
        read.map_err(|error| VaultError::of_sqlite(&error, &self.path))
    }

    /// Runs `work` in one durable transaction: all of it, or nothing.
    pub(super) fn transact<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, VaultError> {
        let path = &self.path;
        self.place.check(path)?;
        if self.place.lost_the_log(path) {
            return Err(VaultError::Failed { reason: "a part of it was removed while Daypass runs".to_owned() });
        }
        let told = |error: rusqlite::Error| VaultError::of_sqlite(&error, path);
        let all = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(told)?;
        let result = work(&all).map_err(told)?;
        all.commit().map_err(told)?;
        Ok(result)
    }

    /// The number of rows of a query that answers one, for tests and for the journal.
    pub(super) fn one<T: rusqlite::types::FromSql>(&self, sql: &str) -> Result<Option<T>, VaultError> {
        let read = self.db.query_row(sql, [], |row| row.get(0)).optional();
        read.map_err(|error| VaultError::of_sqlite(&error, &self.path))
    }
}

/// Opens the file, and changes nothing of it.
fn connect(path: &Path) -> Result<Connection, VaultError> {
    let told = |error: rusqlite::Error| VaultError::of_sqlite(&error, path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::CannotOpen) => VaultError::ReadOnly { path: path.to_owned() },
        _ => told(error),
    })?;
    db.busy_timeout(BUSY).map_err(told)?;
    Ok(db)
}

/// Sets what holds for every connection to a vault.
///
/// WAL with synchronous=FULL: a commit is on the disk when it answers. The log keeps the 4 MiB that it has between two
/// checkpoints: cut shorter, it would have to grow again, which makes a commit a tenth slower. A small cache: the vault is
/// small, and the agent is to rest small. Deleted content is overwritten.
fn set_up(db: &Connection, path: &Path) -> Result<(), VaultError> {
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;
         PRAGMA cache_size = -128; PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF;",
    )
    .map_err(|error| VaultError::of_sqlite(&error, path))
}

/// An instant as it is stored.
pub(super) fn micros(at: Time) -> i64 {
    at.timestamp_micros()
}

/// A stored instant; what lies beyond the calendar saturates.
pub(super) fn instant(micros: i64) -> Time {
    Time::from_timestamp_micros(micros).unwrap_or(if micros < 0 { Time::MIN_UTC } else { Time::MAX_UTC })
}
