//! Backup and restore of a SQLite store, by the database's own online backup (<https://www.sqlite.org/backup.html>): a
//! copy is the store as it was at one instant, whatever is written meanwhile.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{Store, sqlite};
use crate::Error;

impl Store {
    /// Copies the SQLite store at `from`, which servers may be using, into the file `to`, which must be there and empty.
    /// The copy is one file, with hashes and signing keys as the store has them: only its owner may read it (0600).
    ///
    /// # Errors
    /// [`Error::Database`] where `from` cannot be read or `to` not written, [`Error::Newer`], [`Error::Damaged`] where the
    /// copy is not whole.
    pub fn backup(from: &Path, to: &Path) -> Result<(), Error> {
        // Not read-only: the log of a store that nobody uses may have to be carried over first.
        let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        source.busy_timeout(sqlite::BUSY)?;
        ours(&source)?;
        let mut copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        carry(&source, &mut copy)?;
        // One file, without a log beside it.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        whole(&copy)
    }

    /// Puts the backup `from` in the place of the SQLite store at `to`, which is made where there is none. What was there is
    /// gone; if this is interrupted, all of it is still there.
    ///
    /// # Errors
    /// [`Error::InUse`] while a server runs on `to`; [`Error::Newer`], [`Error::Damaged`] or [`Error::Database`] where `from` is
    /// not a whole store; [`Error::File`] and [`Error::Database`] where `to` cannot be written.
    pub fn restore(from: &Path, to: &Path) -> Result<(), Error> {
        let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        ours(&source)?;
        whole(&source)?;
        sqlite::own_file(to)?;
        let mut store = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        store.busy_timeout(Duration::ZERO)?;
        // A store leaves this mode only while nobody else has it open.
        let alone = store.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0));
        match alone {
            Ok(mode) if mode == "delete" => carry(&source, &mut store),
            Ok(_) => Err(Error::InUse),
            Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == rusqlite::ErrorCode::DatabaseBusy => {
                Err(Error::InUse)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Copies all of `from` into `to`, in one step: more of them would begin again whenever somebody writes.
fn carry(from: &Connection, to: &mut Connection) -> Result<(), Error> {
    match Backup::new(from, to)?.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(Error::InUse),
    }
}

/// Whether the database is a store of an authority that this program knows: other files count their schema too.
fn ours(db: &Connection) -> Result<(), Error> {
    sqlite::version(db)?;
    let tables = "SELECT count(*) FROM sqlite_schema
         WHERE type = 'table' AND name IN ('meta', 'users', 'credentials', 'device_codes')";
    let found: i64 = db.query_row(tables, [], |row| row.get(0))?;
    if found == 4 { Ok(()) } else { Err(Error::Damaged("the file is not a store of an authority")) }
}

/// Whether the database is whole.
fn whole(db: &Connection) -> Result<(), Error> {
    let told: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if told == "ok" { Ok(()) } else { Err(Error::Damaged("its pages do not fit together")) }
}
