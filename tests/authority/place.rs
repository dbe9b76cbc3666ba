//! Where the stores of this suite are kept: in SQLite.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tempfile::TempDir;

use daypass_authority::Store;

/// A file for a store, which may be opened again and again.
pub(crate) struct Place(TempDir);

/// Another process that keeps everybody from writing, until this is dropped.
pub(crate) struct Held(#[expect(dead_code, reason = "its end is what counts")] Connection);

impl Place {
    /// A figure of this kind of store, which counts its steps.
    pub(crate) const FIGURE: &str = "daypass_authority_sqlite_commit_jobs_count";

    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A store for a test that looks at it from nowhere else, and what must be kept for as long as it is used.
    pub(crate) fn fleeting() -> (Store, Option<Self>) {
        (Store::in_memory().unwrap(), None)
    }

    pub(crate) fn store(&self) -> Store {
        Store::sqlite(&self.file()).unwrap()
    }

    /// Runs a statement by another hand; answers the first column of its first row.
    pub(crate) fn run(&self, sql: &str) -> String {
        let db = self.connect();
        let mut statement = db.prepare(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let Some(row) = rows.next().unwrap() else { return String::new() };
        match row.get_ref(0).unwrap() {
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Text(text) => String::from_utf8(text.to_owned()).unwrap(),
            _ => String::new(),
        }
    }

    /// Every byte that is kept, those of the log beside the file included.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        files.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
    }

    pub(crate) fn hold(&self) -> Held {
        let db = self.connect();
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        Held(db)
    }

    fn connect(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }

    fn file(&self) -> std::path::PathBuf {
        self.0.path().join("authority.sqlite")
    }
}
