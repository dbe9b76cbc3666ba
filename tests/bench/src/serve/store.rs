//! The stores that an authority is measured on, and how they come to hold so many sessions.

use std::path::PathBuf;

use daypass_test_support::postgres::Database;
use rusqlite::Connection;

/// How many sessions the user has whose sessions are listed.
const LISTED: usize = 1000;

/// An empty store, to be measured on.
pub(super) enum Store {
    /// A SQLite file, which is not there yet.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server.
    Postgres(Database),
}

impl Store {
    /// What `daypass serve --store` takes.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite:{}", file.display()),
            Self::Postgres(database) => database.url(),
        }
    }

    /// How many tokens there are to be revoked in one turn: more than can be.
    pub(super) fn most_revoked(&self) -> usize {
        match self {
            Self::Sqlite(_) => 12_000,
            Self::Postgres(_) => 6000,
        }
    }

    /// Copies the one session that there is: so often for its own user that it has [`LISTED`], and half of `sessions` for
    /// users of their own; the other half are Discovr's. By SQL, as a million requests would take an hour.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(super) fn fill(&self, sessions: usize) -> anyhow::Result<()> {
        let half = sessions / 2;
        let (own, others, discovr) = (LISTED - 1, half.saturating_sub(LISTED).max(1), half.max(1));
        match self {
            Self::Sqlite(file) => {
                let numbers = |most: usize| {
                    format!(
                        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {most})"
                    )
                };
                let (id, digest, name) = ("randomblob(16)", "randomblob(32)", "lower(hex(randomblob(16)))");
                Connection::open(file)?.execute_batch(&format!(
                    "BEGIN; {}; {}; {}; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)",
                    native(&numbers(own), id, "user_id"),
                    native(&numbers(others), id, "'user-' || (n / 4)"),
                    of_discovr(&numbers(discovr), digest, name),
                ))?;
            }
            Self::Postgres(database) => {
                let numbers = |most: usize| format!("WITH numbers (n) AS (SELECT generate_series(1, {most}))");
                let random = "replace(gen_random_uuid()::text, '-', '')";
                let (id, digest) = (format!("decode({random}, 'hex')"), "sha256(n::text::bytea)");
                for statement in [
                    native(&numbers(own), &id, "user_id"),
                    native(&numbers(others), &id, "'user-' || (n / 4)"),
                    of_discovr(&numbers(discovr), digest, random),
                    "VACUUM ANALYZE".to_owned(),
                ] {
                    database.run(&statement);
                }
            }
        }
        Ok(())
    }
}

/// Native sessions of `user`, one for each of the `numbers`.
fn native(numbers: &str, id: &str, user: &str) -> String {
    let same = "scopes, created_at, expires_at, idle, used_at, forgotten_at, tag_key, generation, current_digest, current_salt";
    format!(
        "{numbers} INSERT INTO native_sessions (id, client_id, user_id, {same}) SELECT {id}, client_id, {user}, {same}
         FROM numbers, (SELECT * FROM native_sessions WHERE user_id IS NOT NULL LIMIT 1) AS first"
    )
}

/// Discovr's sessions, one for each of the `numbers`; they live for a day.
fn of_discovr(numbers: &str, digest: &str, id: &str) -> String {
    format!(
        "{numbers} INSERT INTO sessions (digest, id, user_id, kind, subject, created_at, expires_at)
         SELECT {digest}, {id}, 'user-' || (n / 4), 'discovr', 'profile_' || n, created_at, created_at + 86400000000
         FROM numbers, (SELECT created_at FROM native_sessions LIMIT 1) AS first"
    )
}
