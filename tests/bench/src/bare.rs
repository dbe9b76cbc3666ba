//! The least that issuing sessions could be: an HTTP handler that answers, and a database that stores.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use rusqlite::{Connection, params};
use tokio::net::TcpListener;
use tokio::time::Instant;

/// The word that makes this program the bare HTTP server.
pub(crate) const HTTP: &str = "serve-bare-http";

/// Answers every `POST /` with `size` bytes, on a free port that it prints; runs until it is killed. On a thread for each
/// processor, as `daypass serve`.
///
/// # Errors
/// Where it cannot listen.
pub(crate) fn serve_http(size: usize) -> anyhow::Result<()> {
    let answer = "x".repeat(size);
    let handler = move |body: String| async move {
        // As much is read as the real handler must read.
        drop(body);
        ([(CONTENT_TYPE, "application/json")], answer)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        axum::serve(listener, Router::new().route("/", post(handler))).await?;
        Ok(())
    })
}

/// Rows per second over `time`, in durable commits of `group` rows, into a new file with one index, as a table of
/// sessions has at the least. Durable as the authority's store is: write-ahead log, `synchronous = FULL`.
///
/// # Errors
/// Where the database refuses.
pub(crate) fn insert_rows(file: &Path, group: usize, time: Duration) -> anyhow::Result<f64> {
    let mut connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch(
        "CREATE TABLE session (hash BLOB PRIMARY KEY, id TEXT NOT NULL, user TEXT NOT NULL, kind TEXT NOT NULL,
         created INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID",
    )?;
    let start = Instant::now();
    let mut rows: u64 = 0;
    while start.elapsed() < time {
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?)")?;
            for _ in 0..group {
                rows += 1;
                let hash = scatter(rows);
                let created = rows as i64;
                insert.execute(params![hash, format!("{rows:032x}"), "user", "session", created, created + 1800])?;
            }
        }
        transaction.commit()?;
    }
    Ok(rows as f64 / start.elapsed().as_secs_f64())
}

/// 32 bytes that fall anywhere in the index, as a hash does (a step of SplitMix64 for each eight).
fn scatter(row: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (at, part) in bytes.chunks_exact_mut(8).enumerate() {
        let mut word = (row * 4 + at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        part.copy_from_slice(&(word ^ (word >> 31)).to_be_bytes());
    }
    bytes
}
