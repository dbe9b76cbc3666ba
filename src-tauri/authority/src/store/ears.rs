//! How a SQLite store learns that another process wrote to its file.
//!
//! SQLite counts in each connection the commits of all others (`PRAGMA data_version`). Asked on the connection that
//! writes, the number changes only for those of other processes, as this one has no second connection that writes.
//! It is asked between two groups of jobs, and, where none come, only if somebody wants to know: at rest nothing wakes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::time::Instant;

use super::{DEAD_WITHIN, Ended, Told};

/// How often is asked, while anybody wants to know.
const EVERY: Duration = Duration::from_millis(250);

/// Until when what was heard may be relied on; shared by who listens and who asks.
pub(super) struct Lease {
    since: Instant,
    /// When somebody last began to listen and heard all, in nanoseconds from `since`; zero for never.
    heard: AtomicU64,
    /// Whether somebody has been asked to listen anew.
    asked: AtomicBool,
}

impl Lease {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { since: Instant::now(), heard: AtomicU64::new(0), asked: AtomicBool::new(false) })
    }

    /// Whether all that was ended more than [`DEAD_WITHIN`] ago has been heard.
    pub(super) fn holds(&self) -> bool {
        self.age().is_some_and(|age| age < DEAD_WITHIN)
    }

    /// Whether it is time to listen, and nobody was asked to yet: the caller then asks.
    pub(super) fn is_due(&self) -> bool {
        self.age().is_none_or(|age| age >= EVERY) && !self.asked.swap(true, Ordering::Relaxed)
    }

    /// All that was ended before `began` has been heard: whoever finds the lease old from now on asks again.
    pub(super) fn renew(&self, began: Instant) {
        let nanos = u64::try_from(began.saturating_duration_since(self.since).as_nanos()).unwrap_or(u64::MAX);
        // Release: whoever sees the lease renewed sees what was told before it.
        self.heard.store(nanos.max(1), Ordering::Release);
        self.asked.store(false, Ordering::Relaxed);
    }

    /// How long ago somebody last listened.
    fn age(&self) -> Option<Duration> {
        let heard = self.heard.load(Ordering::Acquire);
        let at = self.since.checked_add(Duration::from_nanos(heard))?;
        (heard > 0).then(|| Instant::now().saturating_duration_since(at))
    }
}

/// The listener, which stays with the connection that writes.
pub(super) struct Ears {
    told: Told,
    lease: Arc<Lease>,
    /// What SQLite counted last.
    version: Option<i64>,
}

impl Ears {
    pub(super) fn new(told: Told, lease: Arc<Lease>) -> Self {
        Self { told, lease, version: None }
    }

    /// Listens, if the last time is a while ago. A failure leaves the lease to run out.
    pub(super) fn listen(&mut self, db: &Connection) {
        // First of all, and always: also where it does not renew the lease, who finds it old asks again.
        self.lease.asked.store(false, Ordering::Relaxed);
        if self.lease.age().is_some_and(|age| age < EVERY) {
            return;
        }
        let began = Instant::now();
        let asked =
            db.prepare_cached("PRAGMA data_version").and_then(|mut asked| asked.query_row([], |row| row.get(0)));
        let Ok(version) = asked else { return };
        if self.version.replace(version) != Some(version) {
            (self.told)(Ended::Everything);
        }
        self.lease.renew(began);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn another_connection_is_heard_and_the_own_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let db = Connection::open(folder.path().join("x.sqlite")).unwrap();
            db.pragma_update(None, "journal_mode", "WAL").unwrap();
            db
        };
        let (own, other) = (open(), open());
        own.execute_batch("CREATE TABLE x (y)").unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&heard);
        let lease = Lease::new();
        let mut ears = Ears::new(Arc::new(move |ended| keep.lock().unwrap().push(ended)), Arc::clone(&lease));
        assert!(!lease.holds(), "nobody has listened yet");
        let mut listen = || {
            // As if the last time were long ago.
            lease.heard.store(0, Ordering::Relaxed);
            ears.listen(&own);
            assert!(lease.holds());
            std::mem::take(&mut *heard.lock().unwrap())
        };
        assert_eq!(listen(), [Ended::Everything], "the first time nothing is known");
        own.execute_batch("INSERT INTO x VALUES (1); BEGIN IMMEDIATE; INSERT INTO x VALUES (2); ROLLBACK").unwrap();
        assert_eq!(listen(), []);
        other.execute_batch("INSERT INTO x VALUES (3)").unwrap();
        assert_eq!(listen(), [Ended::Everything]);
        assert_eq!(listen(), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_runs_out_and_only_one_is_asked_to_renew_it() {
        let lease = Lease::new();
        assert!(lease.is_due() && !lease.is_due());
        tokio::time::advance(Duration::from_secs(5)).await;
        lease.renew(Instant::now());
        assert!(lease.holds() && !lease.is_due());
        tokio::time::advance(EVERY).await;
        assert!(lease.holds() && lease.is_due() && !lease.is_due());
        tokio::time::advance(DEAD_WITHIN - EVERY).await;
        assert!(!lease.holds());
    }
}
