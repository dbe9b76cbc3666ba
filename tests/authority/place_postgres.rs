//! Where the stores of this suite are kept: in databases of a real PostgreSQL.

use daypass_authority::Store;
use daypass_core::Secret;
use daypass_test_support::postgres::{self, Database, Session};

/// A database for a store, which may be opened again and again.
pub(crate) struct Place(Database);

/// Another client that keeps everybody from writing, until this is dropped.
pub(crate) struct Held(#[expect(dead_code, reason = "its end is what counts")] Session);

impl Place {
    /// A figure of this kind of store, which counts its steps.
    pub(crate) const FIGURE: &str = "daypass_authority_postgres_wait_seconds_count";

    pub(crate) fn new() -> Self {
        Self(postgres::shared().database())
    }

    /// A store for a test that looks at it from nowhere else, and what must be kept for as long as it is used.
    pub(crate) fn fleeting() -> (Store, Option<Self>) {
        let place = Self::new();
        (place.store(), Some(place))
    }

    pub(crate) fn store(&self) -> Store {
        Store::postgres(&Secret::new(self.0.url()), None).unwrap()
    }

    /// Runs a statement by another hand; answers the first column of its first row.
    pub(crate) fn run(&self, sql: &str) -> String {
        self.0.run(sql).lines().next().unwrap_or_default().to_owned()
    }

    /// Every byte that is kept: the text of a dump, and what its hexadecimal columns stand for.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let dump = self.0.tool("pg_dump", &[]);
        let mut bytes = dump.clone();
        for column in dump.split(|byte| b"\t\n".contains(byte)) {
            if let Some(hex) = column.strip_prefix(br"\\x") {
                bytes.extend(data_encoding::HEXLOWER.decode(hex).unwrap());
            }
        }
        bytes
    }

    pub(crate) fn hold(&self) -> Held {
        let mut session = self.0.session();
        session.run("BEGIN; LOCK TABLE sessions, native_sessions, credentials IN EXCLUSIVE MODE");
        Held(session)
    }
}
