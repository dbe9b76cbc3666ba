//! The threads that work on a database: jobs are queued to one, and those that write are committed in groups.
//!
//! A durable commit costs one wait for the disk, however many rows it holds. So the writer takes every job that waits,
//! runs them in one transaction, commits, and only then answers each: while the disk works on one group, the next one
//! gathers. Under load the cost of the disk is shared by all; alone, a job waits for nothing but its own commit.
//!
//! Clients that wait for their answer before they ask again would so fall into two camps, each gathering while the other
//! is written, and each group would have half of them. So before a commit the writer waits a little for those it knows
//! to be about: as many as had waited when the last group was done, and at most half as long as that took. Who is alone
//! is never waited with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::Error;
use crate::store::Answer;

/// The most jobs in one transaction: bounds how long the first of them waits.
const GROUP: usize = 512;

/// The longest wait for a group to fill.
const PATIENCE: Duration = Duration::from_millis(3);

/// A thread with a connection of its own, and the queue before it. Dropping it waits until the queue is worked off.
pub(super) struct Queue {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    /// How many jobs are queued or being worked on.
    waiting: Arc<AtomicUsize>,
    /// How many jobs each commit held.
    groups: Histogram,
}

/// Whether the jobs of a queue change anything.
pub(super) enum Work {
    /// Jobs only read: each runs on its own and is answered at once.
    Reads,
    /// Jobs write: they run in groups, before each of which this is called, and are answered after their group's commit.
    Writes(Box<dyn FnMut(&Connection) + Send>),
}

impl Queue {
    /// Starts a thread named `name` that works on `db`.
    pub(super) fn start(name: &str, db: Connection, work: Work) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&waiting);
        let groups = Histogram::new(exponential_buckets(1.0, 2.0, 10));
        let sizes = groups.clone();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || match work {
                Work::Reads => read(db, &queue),
                Work::Writes(before) => write(db, &queue, &count, before, &sizes),
            })
            .map_err(|_| Error::Stopped)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), waiting, groups })
    }

    /// How many jobs each commit held; none where the queue only reads.
    pub(super) fn groups(&self) -> Histogram {
        self.groups.clone()
    }

    /// Queues `work`. Its answer comes when it is done, and durable if it writes.
    ///
    /// The job is done even if nobody waits for the answer any more: what was begun is not left half done.
    pub(super) fn run<T, F>(&self, work: F) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting::new(&self.waiting);
        let task = Task { work: Some(work), result: None, reply, waiting };
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(Box::new(task)).is_ok());
        Box::pin(async move { if sent { answer.await.unwrap_or(Err(Error::Stopped)) } else { Err(Error::Stopped) } })
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // Without a sender the thread ends after its last job.
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Something to be done on a connection, and somebody who waits for it.
trait Job: Send {
    /// Does it, and keeps the result.
    fn run(&mut self, db: &mut Connection);
    /// Gives the result to who waits; or, if the group's commit failed, that failure instead of a success.
    fn finish(self: Box<Self>, committed: Result<(), Error>);
}

struct Task<T, F> {
    work: Option<F>,
    result: Option<Result<T, Error>>,
    reply: oneshot::Sender<Result<T, Error>>,
    waiting: Waiting,
}

/// One that is counted as waiting, until it is dropped.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&mut Connection) -> Result<T, Error> + Send,
{
    fn run(&mut self, db: &mut Connection) {
        self.result = self.work.take().map(|work| work(db));
    }

    fn finish(self: Box<Self>, committed: Result<(), Error>) {
        let result = match (self.result, committed) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(error)) => Err(error),
            (Some(done), Ok(())) => done,
            (None, Ok(())) => Err(Error::Stopped),
        };
        drop(self.waiting);
        // An error here means that nobody waits any more.
        let _ = self.reply.send(result);
    }
}

fn read(mut db: Connection, queue: &mpsc::Receiver<Box<dyn Job>>) {
    while let Ok(mut job) = queue.recv() {
        job.run(&mut db);
        job.finish(Ok(()));
    }
}

fn write(
    mut db: Connection,
    queue: &mpsc::Receiver<Box<dyn Job>>,
    waiting: &AtomicUsize,
    mut before: Box<dyn FnMut(&Connection) + Send>,
    groups: &Histogram,
) {
    let mut group: Vec<Box<dyn Job>> = Vec::new();
    // How many waited when the last group was done, and how long that took.
    let (mut crowd, mut took) = (0, Duration::ZERO);
    while let Ok(first) = queue.recv() {
        let began = Instant::now();
        group.push(first);
        group.extend(queue.try_iter().take(GROUP - 1));
        let patience = (took / 2).min(PATIENCE);
        while group.len() < crowd.min(GROUP) {
            let Ok(next) = queue.recv_timeout(patience.saturating_sub(began.elapsed())) else { break };
            group.push(next);
        }
        // When the group is whole: whoever is in it only to have this called is not passed over.
        before(&db);
        let filled = Instant::now();
        let committed = commit(&mut db, &mut group);
        // Some hundreds at most.
        groups.observe(group.len() as f64);
        (crowd, took) = (waiting.load(Ordering::Relaxed), filled.elapsed());
        for job in group.drain(..) {
            job.finish(committed.clone());
        }
    }
}

/// Runs the group in one transaction. Jobs keep their own failures to themselves: a single statement that fails undoes
/// itself, and one of several statements runs inside a savepoint.
fn commit(db: &mut Connection, group: &mut [Box<dyn Job>]) -> Result<(), Error> {
    // Not rusqlite's Transaction, which would borrow the connection that a job needs for its savepoint.
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    for job in &mut *group {
        job.run(db);
        // A full or failing disk makes SQLite roll the whole transaction back: what follows must not run outside one.
        if db.is_autocommit() {
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT),
                Some("the transaction was rolled back".to_owned()),
            )
            .into());
        }
    }
    let committed = db.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
    if let Err(error) = committed {
        if !db.is_autocommit() {
            // If even this fails, the next BEGIN says so.
            let _ = db.execute_batch("ROLLBACK");
        }
        return Err(error.into());
    }
    Ok(())
}

/// Runs `work` so that all of its statements take effect or none.
pub(super) fn together<T>(db: &mut Connection, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
    if db.is_autocommit() {
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        return Ok(done);
    }
    let savepoint = db.savepoint()?;
    let done = work(&savepoint)?;
    savepoint.commit()?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue over a memory in which each row of `child` must have its parent, looked at on commit.
    fn queue() -> Queue {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(
            "PRAGMA foreign_keys = ON; CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);",
        )
        .unwrap();
        Queue::start("test", db, Work::Writes(Box::new(|_| {}))).unwrap()
    }

    fn insert(queue: &Queue, sql: &'static str) -> Answer<'static, usize> {
        queue.run(move |db| Ok(db.execute(sql, [])?))
    }

    async fn count(queue: &Queue) -> i64 {
        let sql = "SELECT (SELECT count(*) FROM parent) + (SELECT count(*) FROM child)";
        queue.run(move |db| Ok(db.query_row(sql, [], |row| row.get(0))?)).await.unwrap()
    }

    /// Keeps the thread busy until the answer is dropped or sent to, so that what is queued meanwhile is one group.
    fn hold(queue: &Queue) -> mpsc::Sender<()> {
        let (go, wait) = mpsc::channel();
        drop(queue.run(move |_| {
            let _ = wait.recv();
            Ok(())
        }));
        go
    }

    #[tokio::test]
    async fn a_job_that_fails_takes_nobody_with_it() {
        let queue = queue();
        let go = hold(&queue);
        let good = insert(&queue, "INSERT INTO parent VALUES (1)");
        let bad = insert(&queue, "INSERT INTO parent VALUES (1)");
        let half = queue.run(|db| {
            together(db, |db| {
                db.execute("INSERT INTO parent VALUES (2)", [])?;
                Ok(db.execute("INSERT INTO nothing VALUES (2)", [])?)
            })
        });
        let last = insert(&queue, "INSERT INTO parent VALUES (3)");
        drop(go);
        assert_eq!(good.await.unwrap(), 1);
        assert!(matches!(bad.await, Err(Error::Database(_))));
        assert!(matches!(half.await, Err(Error::Database(_))));
        assert_eq!(last.await.unwrap(), 1);
        assert_eq!(count(&queue).await, 2, "one and three");
    }

    #[tokio::test]
    async fn nobody_of_a_group_is_told_of_success_when_its_commit_fails() {
        let queue = queue();
        let go = hold(&queue);
        let answers = [
            insert(&queue, "INSERT INTO parent VALUES (1)"),
            insert(&queue, "INSERT INTO child VALUES (7)"),
            insert(&queue, "INSERT INTO parent VALUES (2)"),
        ];
        drop(go);
        for answer in answers {
            assert!(matches!(answer.await, Err(Error::Database(_))));
        }
        assert_eq!(count(&queue).await, 0);
        assert_eq!(insert(&queue, "INSERT INTO parent VALUES (1)").await.unwrap(), 1, "it goes on");
    }

    #[tokio::test]
    async fn what_follows_a_rollback_by_the_database_itself_is_not_run() {
        let queue = queue();
        let go = hold(&queue);
        let before = insert(&queue, "INSERT INTO parent VALUES (1)");
        // As SQLite does by itself when the disk is full.
        let full = insert(&queue, "ROLLBACK");
        let after = insert(&queue, "INSERT INTO parent VALUES (2)");
        drop(go);
        for answer in [before, full, after] {
            assert!(answer.await.is_err());
        }
        assert_eq!(count(&queue).await, 0);
    }

    #[tokio::test]
    async fn what_was_queued_is_done_before_the_end() {
        let queue = queue();
        let go = hold(&queue);
        let answer = insert(&queue, "INSERT INTO parent VALUES (1)");
        drop(go);
        drop(queue);
        assert_eq!(answer.await.unwrap(), 1);
    }
}
