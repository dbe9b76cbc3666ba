//! The threads that work on a database: jobs are queued to one, and those that write are committed in groups.
//!
//! A durable commit costs one wait for the disk, however many rows it holds. So the writer takes every job that waits,
//! runs them in one transaction, commits, and only then answers each: while the disk works on one group, the next one
//! gathers. Under load the cost of the disk is shared by all; alone, a job waits for nothing but its own commit.

use std::sync::mpsc;
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use crate::Error;
use crate::store::Answer;

/// The most jobs in one transaction: bounds how long the first of them waits.
const GROUP: usize = 512;

/// A thread with a connection of its own, and the queue before it. Dropping it waits until the queue is worked off.
pub(super) struct Queue {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

/// Whether the jobs of a queue change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Jobs only read: each runs on its own and is answered at once.
    Reads,
    /// Jobs write: they run in groups, and are answered after their group's commit.
    Writes,
}

impl Queue {
    /// Starts a thread named `name` that works on `db`.
    pub(super) fn start(name: &str, db: Connection, work: Work) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || match work {
                Work::Reads => read(db, &queue),
                Work::Writes => write(db, &queue),
            })
            .map_err(|_| Error::Stopped)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
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
        let task = Task { work: Some(work), result: None, reply };
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

fn write(mut db: Connection, queue: &mpsc::Receiver<Box<dyn Job>>) {
    let mut group: Vec<Box<dyn Job>> = Vec::new();
    while let Ok(first) = queue.recv() {
        group.push(first);
        group.extend(queue.try_iter().take(GROUP - 1));
        let committed = commit(&mut db, &mut group);
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
