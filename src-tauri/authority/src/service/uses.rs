//! The last use of native sessions: which of them had an access token accepted lately, until that is written.
//!
//! Using a token must cost next to nothing, and many do it: so a use is only noted here, in memory, and what was noted is
//! written in groups, a while after the first of it. Nothing that is answered waits for that or fails with it, and while
//! nothing is noted nothing wakes. What a crash or a store that fails takes away is the last minute's notes, and no more: the
//! next use is noted again. What a session's life depends on is not here: only a refresh prolongs it.
//!
//! The memory is bounded. Where a part of it is half full it is written at once; where it is full, because the store is slower
//! than sessions come, a session that is not in it yet is left out until there is room. Its next use is noted then. So a
//! million sessions in use cost earlier and more writes, and no memory. A use that is told to be stored already costs no
//! note: what the store has forgotten in front of it ([`crate::store::Known`]) is read with its last use, and what is
//! remembered there fits in here before a part is half full.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use daypass_core::{Clock, Time, clock};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Service;
use crate::Error;
use crate::model::{NativeSession, USES_APART, Use, storable};

/// How many parts there are, locked one at a time: a session is in that of the last bits of its id, which are drawn evenly.
const PARTS: usize = 128;

/// How many sessions a part holds: seven eighths of 256, where its table would grow. All together 28 672 of them, in less than a
/// megabyte.
const MOST: usize = 224;

/// How many make it high time to write.
const HALF: usize = MOST / 2;

/// The most rows in one step of the store: some milliseconds of work, between which others write.
const GROUP: usize = 256;

/// How long after the first note what was noted is written. Longer than [`USES_APART`] by more than what usually lies between
/// two uses of a busy session: so each write of it is a minute after the one before, and none is in vain.
const EVERY: Duration = Duration::from_secs(75);

/// How long is waited at once; after that the clock is asked whether the machine has slept meanwhile.
const LOOK: Duration = Duration::from_secs(25);

/// When each session was used last.
type Part = HashMap<[u8; 16], Time>;

/// What was noted, and who waits for it.
pub(super) struct Uses {
    parts: Box<[Mutex<Part>]>,
    /// Whether something was noted since what there was began to be taken.
    any: AtomicBool,
    /// Told when that becomes true.
    first: Notify,
    /// Told when a part is half full.
    many: Notify,
}

impl Uses {
    pub(super) fn new() -> Self {
        let parts = std::iter::repeat_with(Mutex::default).take(PARTS).collect();
        Self { parts, any: AtomicBool::new(false), first: Notify::new(), many: Notify::new() }
    }

    /// Notes that an access token of `session`, which lives, was accepted at `now`.
    pub(super) fn note(&self, session: &NativeSession, now: Time) {
        if clock::until(session.last_used_at(), now) < USES_APART {
            return;
        }
        let id = session.chain.id;
        let mut part = locked(&self.parts[usize::from(id[15]) * PARTS / 256]);
        if let Some(at) = part.get_mut(&id) {
            *at = now.max(*at);
            return;
        }
        if part.len() >= MOST {
            return;
        }
        part.insert(id, now);
        let half = part.len() == HALF;
        drop(part);
        if !self.any.swap(true, Ordering::AcqRel) {
            self.first.notify_one();
        }
        if half {
            self.many.notify_one();
        }
    }

    /// Returns when it is time to write: [`EVERY`] after something was noted, or sooner where it is much. A clock that was set
    /// back makes nobody wait for longer.
    async fn due(&self, clock: &dyn Clock) {
        self.first.notified().await;
        let (noted, mut waited) = (clock.now(), Duration::ZERO);
        while waited < EVERY && clock::until(noted, clock.now()) < EVERY {
            if timeout(LOOK, self.many.notified()).await.is_ok() {
                break;
            }
            waited += LOOK;
        }
    }

    /// Has it be due again: not all was taken.
    fn leave(&self) {
        self.any.store(true, Ordering::Release);
        self.first.notify_one();
    }

    /// Takes whole parts out, from the part `from` on, at most [`GROUP`] uses; answers them by id, and the next part.
    fn take(&self, from: usize) -> (Vec<Use>, usize) {
        let mut group = Vec::new();
        let mut next = from;
        while let Some(part) = self.parts.get(next) {
            let mut part = locked(part);
            if group.len() + part.len() > GROUP {
                break;
            }
            // Its room is given back too.
            let taken = std::mem::take(&mut *part);
            drop(part);
            group.extend(taken.into_iter().map(|(session, at)| Use { session, at: storable(at) }));
            next += 1;
        }
        group.sort_unstable_by_key(|one| one.session);
        (group, next)
    }
}

impl Service {
    /// Writes the uses that were noted, and answers how many sessions' last use that moved.
    ///
    /// [`crate::run`] calls it a while after the first of them was noted, and at its end.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written. The uses of the step that failed are lost; those after it stay
    /// noted.
    pub async fn write_uses(&self) -> Result<usize, Error> {
        // First: whatever is noted from now on is told anew, also what is taken all the same.
        self.uses.any.store(false, Ordering::Release);
        let (mut from, mut written) = (0, 0);
        while from < PARTS {
            let (group, next) = self.uses.take(from);
            from = next;
            if group.is_empty() {
                continue;
            }
            match self.store.note_uses(group).await {
                Ok(more) => written += more,
                Err(error) => {
                    self.uses.leave();
                    return Err(error);
                }
            }
        }
        Ok(written)
    }

    /// Returns when it is time to call [`Self::write_uses`].
    pub(crate) async fn uses_due(&self) {
        self.uses.due(&*self.clock).await;
    }
}

/// What is behind the lock is plain values: a panic elsewhere cannot have left them half written.
fn locked(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use daypass_core::Chance;
    use daypass_core::lineage::chain::Chain;
    use daypass_core::lineage::{Scopes, Terms};
    use tokio::time::Instant;

    use super::*;
    use crate::store::Backend as _;
    use crate::{Config, Store};

    struct Zeros;

    impl Chance for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    /// Shows so many seconds.
    struct Hands(AtomicU64);

    impl Clock for Hands {
        fn now(&self) -> Time {
            at(self.0.load(Ordering::SeqCst))
        }
    }

    fn at(seconds: u64) -> Time {
        clock::later(Time::UNIX_EPOCH, Duration::from_secs(seconds))
    }

    /// A session that was opened at 0, in the part `part`.
    fn session(part: u8, n: u16) -> NativeSession {
        let life = Duration::from_secs(86_400);
        let (mut chain, _) = Chain::open(Terms { life, idle: life }, Scopes::default(), &Zeros, at(0));
        chain.id[15] = part * 2;
        chain.id[1..3].copy_from_slice(&n.to_be_bytes());
        NativeSession { client_id: "tv".to_owned(), user_id: None, name: None, created_at: at(0), seen_at: None, chain }
    }

    /// All that is noted, by id.
    fn taken(uses: &Uses) -> Vec<(u8, u16, u64)> {
        let (mut all, mut from) = (Vec::new(), 0);
        while from < PARTS {
            let (group, next) = uses.take(from);
            assert!(group.len() <= GROUP && next > from);
            all.extend(group);
            from = next;
        }
        let shown = |one: &Use| {
            let n = u16::from_be_bytes([one.session[1], one.session[2]]);
            (one.session[15] / 2, n, clock::until(at(0), one.at).as_secs())
        };
        all.iter().map(shown).collect()
    }

    #[test]
    fn the_latest_use_of_a_session_is_noted_once_unless_it_is_told_to_be_stored() {
        let uses = Uses::new();
        let mut one = session(127, 1);
        for seconds in [0, 59] {
            uses.note(&one, at(seconds));
        }
        assert_eq!(taken(&uses), [], "it was opened less than a minute ago");
        uses.note(&session(0, 7), at(61));
        for seconds in [60, 75, 70] {
            uses.note(&one, at(seconds));
        }
        assert_eq!(taken(&uses), [(127, 1, 75), (0, 7, 61)], "by id");
        one.seen_at = Some(at(75));
        for seconds in [75, 134, 10] {
            uses.note(&one, at(seconds));
        }
        assert_eq!(taken(&uses), []);
        uses.note(&one, at(135));
        assert_eq!(taken(&uses), [(127, 1, 135)]);
    }

    #[test]
    fn a_crowd_is_bounded_and_who_was_left_out_comes_with_its_next_use() {
        let uses = Uses::new();
        let each = u16::try_from(MOST).unwrap();
        for part in 0..u8::try_from(PARTS).unwrap() {
            for n in 0..2 * each {
                uses.note(&session(part, n), at(60));
            }
        }
        let all = taken(&uses);
        assert_eq!(all.len(), PARTS * MOST);
        assert!(all.iter().all(|(_, n, _)| *n < each));
        uses.note(&session(3, 2 * each - 1), at(61));
        assert_eq!(taken(&uses), [(3, 2 * each - 1, 61)]);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_due_a_while_after_the_first_note_and_never_at_rest() {
        let (uses, hands) = (Arc::new(Uses::new()), Hands(AtomicU64::new(0)));
        let long = Duration::from_secs(86_400);
        assert!(timeout(long, uses.due(&hands)).await.is_err(), "nothing was noted");
        let began = Instant::now();
        uses.note(&session(0, 1), at(60));
        let late = Arc::clone(&uses);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            late.note(&session(0, 2), at(60));
        });
        uses.due(&hands).await;
        assert_eq!(began.elapsed(), EVERY, "a clock that stands keeps nobody waiting for longer");
        assert!(timeout(long, uses.due(&hands)).await.is_err(), "what was noted by then is one write");
    }

    #[tokio::test(start_paused = true)]
    async fn a_running_authority_writes_by_itself_again_and_again() {
        let (hands, store) = (Arc::new(Hands(AtomicU64::new(0))), Store::in_memory().unwrap());
        let service = Service::open(store, hands, Arc::new(Zeros), Config::default()).unwrap();
        let used = session(7, 7);
        service.store.open_native(used.clone()).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = tokio::spawn(crate::run(listener, Arc::clone(&service), std::future::pending()));
        for seconds in [60, 120, 300] {
            service.uses.note(&used, at(seconds));
            let mut waited = 0;
            while service.watched.native_session(used.chain.id).await.unwrap().unwrap().seen_at != Some(at(seconds)) {
                assert!(waited < 1000, "{seconds} is never written");
                tokio::time::sleep(Duration::from_secs(1)).await;
                waited += 1;
            }
        }
        running.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_store_that_fails_has_not_taken_is_due_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sqlite");
        let (hands, store) = (Arc::new(Hands(AtomicU64::new(0))), Store::sqlite(&path).unwrap());
        let service = Service::open(store, hands, Arc::new(Zeros), Config::default()).unwrap();
        let each = u16::try_from(HALF).unwrap() - 1;
        for part in 0..3 {
            (0..each).for_each(|n| service.uses.note(&session(part, n), at(60)));
        }
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("ALTER TABLE native_sessions RENAME TO elsewhere").unwrap();
        service.uses_due().await;
        assert!(service.write_uses().await.is_err());
        // The first step took two parts.
        timeout(Duration::from_secs(86_400), service.uses_due()).await.unwrap();
        assert!(service.write_uses().await.is_err());
        assert!(
            timeout(Duration::from_secs(86_400), service.uses_due()).await.is_ok(),
            "once more, for what may be left"
        );
        assert_eq!(service.write_uses().await.unwrap(), 0, "and so it ends");
        assert!(timeout(Duration::from_secs(86_400), service.uses_due()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_due_sooner_where_it_is_much_or_the_machine_has_slept() {
        let (uses, hands) = (Arc::new(Uses::new()), Hands(AtomicU64::new(0)));
        let began = Instant::now();
        uses.note(&session(0, 0), at(60));
        let crowd = Arc::clone(&uses);
        let coming = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            (1..u16::try_from(HALF).unwrap()).for_each(|n| crowd.note(&session(0, n), at(60)));
        });
        uses.due(&hands).await;
        assert_eq!(began.elapsed(), Duration::from_secs(1), "a part is half full");
        coming.await.unwrap();

        uses.any.store(false, Ordering::SeqCst);
        let (began, sleeper) = (Instant::now(), Arc::new(hands));
        uses.note(&session(1, 0), at(60));
        let clock = Arc::clone(&sleeper);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            clock.0.store(3600, Ordering::SeqCst);
        });
        uses.due(&*sleeper).await;
        assert_eq!(began.elapsed(), LOOK, "the night is seen at the next look");
    }
}
