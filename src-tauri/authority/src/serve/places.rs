//! Places for connections: as many as may be, in all and for each client, and who must go when they are full.
//!
//! A connection that waits for its client (between requests, or for the rest of one) costs its owner nothing, so ten
//! thousand of them must not keep anybody out: when the places are full, the one that has waited longest gives up its
//! place. One whose request is being worked on never does.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::rate::Client;

/// In place of the turn since which a connection waits: it is being worked for.
const BUSY: u64 = 0;
/// It has lost its place.
const SHED: u64 = u64::MAX;

/// All places.
pub(super) struct Places {
    most: usize,
    most_each: usize,
    taken: Mutex<HashMap<u64, Arc<Taken>>>,
    /// Counts up, so that of two turns the lower one is the longer ago.
    turn: AtomicU64,
    changed: Notify,
}

/// One place that is taken, until it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    taken: Arc<Taken>,
}

struct Taken {
    client: Client,
    /// [`BUSY`], [`SHED`], or the turn since which it waits for its client.
    waits_since: AtomicU64,
    shed: Notify,
}

/// What a connection that comes is told.
pub(super) enum Welcome {
    /// It has a place; another one lost it, where `shed` says so.
    Come { place: Place, shed: bool },
    /// Its client has as many as may be, all of them at work.
    Go,
}

/// A time in which a connection is worked for; ends when it is dropped.
pub(super) struct Work(Arc<Places>, Arc<Taken>);

impl Places {
    /// `most` places, of which one client may have `most_each`; at least one each.
    pub(super) fn new(most: usize, most_each: usize) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            most_each: most_each.max(1),
            taken: Mutex::default(),
            turn: AtomicU64::new(1),
            changed: Notify::new(),
        })
    }

    /// A place for a connection of `client`, once there is one. `counted` is false for one who speaks for many.
    pub(super) async fn welcome(self: &Arc<Self>, client: Client, counted: bool) -> Welcome {
        loop {
            let changed = self.changed.notified();
            if let Some(welcome) = self.look(client, counted) {
                return welcome;
            }
            changed.await;
        }
    }

    /// Takes its place from the connection that has waited longest, if any waits; answers whether one did.
    pub(super) fn shed(&self) -> bool {
        shed(&mut self.lock(), |_| true)
    }

    fn look(self: &Arc<Self>, client: Client, counted: bool) -> Option<Welcome> {
        let mut taken = self.lock();
        let mut shed_one = false;
        let its = |other: &Taken| other.client == client;
        if counted && taken.values().filter(|other| its(other)).count() >= self.most_each {
            if !shed(&mut taken, its) {
                return Some(Welcome::Go);
            }
            shed_one = true;
        }
        if taken.len() >= self.most {
            if !shed(&mut taken, |_| true) {
                return None;
            }
            shed_one = true;
        }
        let number = self.turn.fetch_add(1, Ordering::Relaxed);
        let own = Arc::new(Taken { client, waits_since: AtomicU64::new(number), shed: Notify::new() });
        taken.insert(number, Arc::clone(&own));
        Some(Welcome::Come { place: Place { places: Arc::clone(self), number, taken: own }, shed: shed_one })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Taken>>> {
        // Behind the lock nothing is ever half done.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sheds the one that has waited longest of those that `may` go.
fn shed(taken: &mut HashMap<u64, Arc<Taken>>, may: impl Fn(&Taken) -> bool) -> bool {
    loop {
        let waiting = taken.iter().filter(|(_, taken)| may(taken)).filter_map(|(number, taken)| {
            let since = taken.waits_since.load(Ordering::Relaxed);
            (since != BUSY && since != SHED).then_some((since, *number))
        });
        let Some((since, number)) = waiting.min() else { return false };
        let Some(longest) = taken.get(&number) else { return false };
        // Unless its request has come at this very moment.
        if longest.waits_since.compare_exchange(since, SHED, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            longest.shed.notify_one();
            taken.remove(&number);
            return true;
        }
    }
}

impl Place {
    /// Returns when the place is lost.
    pub(super) async fn lost(&self) {
        self.taken.shed.notified().await;
    }

    /// Begins to work for the connection; nothing, where its place is lost already.
    pub(super) fn work(&self) -> Option<Work> {
        let turn = &self.taken.waits_since;
        let begun = turn.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |since| (since != SHED).then_some(BUSY));
        begun.is_ok().then(|| Work(Arc::clone(&self.places), Arc::clone(&self.taken)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().remove(&self.number);
        self.places.changed.notify_waiters();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.1.waits_since.store(self.0.turn.fetch_add(1, Ordering::Relaxed), Ordering::Release);
        // Who waits for a place may now have this one.
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn client(last: u8) -> Client {
        Client::of(IpAddr::from([10, 0, 0, last]))
    }

    fn come(places: &Arc<Places>, last: u8) -> (Place, bool) {
        match places.look(client(last), true) {
            Some(Welcome::Come { place, shed }) => (place, shed),
            _ => panic!("no place"),
        }
    }

    #[tokio::test]
    async fn the_one_that_has_waited_longest_goes_and_one_at_work_stays() {
        let places = Places::new(3, 3);
        let [(one, _), (two, _), (three, _)] = [1, 2, 3].map(|n| come(&places, n));
        let work = one.work().unwrap();
        drop(three.work());
        // One is at work, three has just been: two has waited longest.
        let (four, shed) = come(&places, 4);
        assert!(shed);
        two.lost().await;
        assert!(two.work().is_none(), "a request that comes now is not begun");
        drop(two);
        let busy = [three.work().unwrap(), four.work().unwrap()];
        assert!(places.look(client(5), true).is_none(), "nobody waits, so it must");
        let waiting = tokio::spawn({
            let places = Arc::clone(&places);
            async move { matches!(places.welcome(client(5), true).await, Welcome::Come { .. }) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(work);
        assert!(waiting.await.unwrap());
        drop((busy, one));
    }

    #[tokio::test]
    async fn a_client_has_its_share_and_one_who_speaks_for_many_has_more() {
        let places = Places::new(10, 2);
        let [(a, _), (b, _)] = [1, 1].map(|n| come(&places, n));
        let (c, shed) = come(&places, 1);
        assert!(shed, "its own oldest");
        a.lost().await;
        let _work = [b.work().unwrap(), c.work().unwrap()];
        assert!(matches!(places.look(client(1), true), Some(Welcome::Go)));
        assert!(matches!(places.look(client(1), false), Some(Welcome::Come { shed: false, .. })));
        assert!(!come(&places, 2).1);
    }
}
