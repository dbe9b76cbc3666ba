//! A connection to PostgreSQL for the length of one step, and the statements and transactions that are run on it.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Object;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::Error;

/// The values of a statement's parameters, `$1` first.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection that is taken from the pool for one step.
///
/// Unless it is [given back](Self::give_back), dropping it closes it: one that was left in the middle of something, by a
/// timeout or a failure, may hold locks or an answer that nobody reads, and serves nobody else.
pub(super) struct Link {
    object: Option<Object>,
    /// Whether a transaction is open.
    open: AtomicBool,
}

/// What comes after a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The transaction goes on, or there is none.
    GoOn,
    /// It is committed.
    Commit,
}

impl Link {
    pub(super) fn new(object: Object) -> Self {
        Self { object: Some(object), open: AtomicBool::new(false) }
    }

    /// Returns the connection to the pool, unless it still is in a transaction.
    pub(super) fn give_back(mut self) {
        if !self.open.load(Ordering::Relaxed) {
            drop(self.object.take());
        }
    }

    fn client(&self) -> Result<&Object, Error> {
        self.object.as_ref().ok_or(Error::Stopped)
    }

    /// The rows that `sql` answers.
    pub(super) async fn rows(&self, sql: &'static str, values: Values<'_>) -> Result<Vec<Row>, Error> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await?;
        Ok(client.query(&statement, values).await?)
    }

    /// The one row that `sql` answers, or none.
    pub(super) async fn row(&self, sql: &'static str, values: Values<'_>) -> Result<Option<Row>, Error> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await?;
        Ok(client.query_opt(&statement, values).await?)
    }

    /// Runs `sql`, and answers how many rows it changed.
    pub(super) async fn change(&self, sql: &'static str, values: Values<'_>) -> Result<u64, Error> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await?;
        Ok(client.execute(&statement, values).await?)
    }

    /// Runs statements that have no parameters.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Error> {
        Ok(self.client()?.batch_execute(sql).await?)
    }

    /// Begins a transaction and runs its first statement, in one round trip.
    pub(super) async fn begin_with(&self, sql: &'static str, values: Values<'_>) -> Result<Vec<Row>, Error> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await?;
        self.open.store(true, Ordering::Relaxed);
        // Both are on their way before the first answer is waited for, and the server takes them in this order.
        let (begun, rows) = tokio::join!(biased; client.batch_execute("BEGIN"), client.query(&statement, values));
        begun?;
        Ok(rows?)
    }

    /// Runs the last statement of a transaction and commits it, in one round trip; answers how many rows it changed.
    ///
    /// Where the statement fails, nothing is committed: the server makes a rollback of the commit.
    pub(super) async fn commit_with(&self, sql: &'static str, values: Values<'_>) -> Result<u64, Error> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await?;
        let (changed, ended) = tokio::join!(biased; client.execute(&statement, values), client.batch_execute("COMMIT"));
        ended?;
        self.open.store(false, Ordering::Relaxed);
        Ok(changed?)
    }

    /// [`Self::commit_with`], or [`Self::change`].
    pub(super) async fn change_and(&self, then: Then, sql: &'static str, values: Values<'_>) -> Result<u64, Error> {
        match then {
            Then::GoOn => self.change(sql, values).await,
            Then::Commit => self.commit_with(sql, values).await,
        }
    }

    pub(super) async fn begin(&self) -> Result<(), Error> {
        self.open.store(true, Ordering::Relaxed);
        self.batch("BEGIN").await
    }

    pub(super) async fn commit(&self) -> Result<(), Error> {
        self.batch("COMMIT").await?;
        self.open.store(false, Ordering::Relaxed);
        Ok(())
    }

    pub(super) async fn roll_back(&self) -> Result<(), Error> {
        self.batch("ROLLBACK").await?;
        self.open.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Runs `work` so that all of its statements take effect or none.
    pub(super) async fn together<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.begin().await?;
        match work.await {
            Ok(done) => self.commit().await.map(|()| done),
            Err(error) => {
                // If even this fails, the connection is not given back.
                let _ = self.roll_back().await;
                Err(error)
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }
}
