//! The schema of a PostgreSQL store: how a database gets it, once, whoever starts at the same time.

use super::link::Link;
use super::values::value;
use crate::Error;
use crate::model::{Keys, SigningKey};

/// The steps from an empty database to the schema that this program writes. How many were taken is kept in the table
/// `daypass_schema`; a step that has been released is never changed again.
const STEPS: [&str; 4] = [
    include_str!("schema-1.sql"),
    include_str!("schema-2.sql"),
    include_str!("schema-3.sql"),
    include_str!("schema-4.sql"),
];

/// The schema that this program writes.
const SCHEMA: i64 = STEPS.len() as i64;

/// Held by whoever migrates; a number of our own among the locks of the database.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7277, 5432)";

/// Brings the database to the schema that this program writes, in one transaction. Who comes at the same time waits.
///
/// # Errors
/// [`Error::Newer`]; [`Error::Database`](Error::Postgres) where there are tables in the way that are not ours: they are
/// left alone.
pub(super) async fn migrate(db: &Link) -> Result<(), Error> {
    db.together(async {
        // Who waits here waits for somebody who migrates, which may take longer than a request may.
        db.batch(
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL client_min_messages = warning",
        )
        .await?;
        db.batch(LOCK).await?;
        db.batch("CREATE TABLE IF NOT EXISTS daypass_schema (version BIGINT NOT NULL)").await?;
        let found: i64 = match db.row("SELECT max(version) FROM daypass_schema", &[]).await? {
            Some(row) => value::<Option<i64>>(&row, 0)?.unwrap_or(0),
            None => 0,
        };
        let taken = usize::try_from(found).ok().filter(|taken| *taken <= STEPS.len());
        let taken = taken.ok_or(Error::Newer { found, known: SCHEMA })?;
        for step in &STEPS[taken..] {
            db.batch(step).await?;
        }
        if taken < STEPS.len() {
            db.batch("DELETE FROM daypass_schema").await?;
            db.change("INSERT INTO daypass_schema (version) VALUES ($1)", &[&SCHEMA]).await?;
        }
        Ok(())
    })
    .await
}

/// The keys of the database; those of `candidates` that it has not yet are stored, by the first of those who try.
pub(super) async fn keys(db: &Link, candidates: &Keys) -> Result<Keys, Error> {
    Ok(Keys { jwt: signing_key(db, "jwt_key", &candidates.jwt).await? })
}

async fn signing_key(db: &Link, name: &str, candidate: &SigningKey) -> Result<SigningKey, Error> {
    db.change(
        "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
        &[&name, &candidate.as_slice()],
    )
    .await?;
    let stored = db.row("SELECT value FROM meta WHERE key = $1", &[&name]).await?;
    let stored = stored.ok_or(Error::Damaged("the signing key is not there"))?;
    let wrong = |_| Error::Damaged("the signing key has a wrong length");
    Ok(SigningKey::new(value::<&[u8]>(&stored, 0)?.try_into().map_err(wrong)?))
}
