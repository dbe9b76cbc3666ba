//! A bounded memory of what was read, which never takes back what was ended meanwhile.
//!
//! A read takes time: what it found may have been ended before it is put on the shelf. So each read takes a [`Ticket`]
//! before it begins, and whatever is forgotten meanwhile makes the tickets of its part of the shelf worthless.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was read, by its key, in parts that are locked one at a time.
pub(crate) struct Shelf<K, V> {
    parts: Box<[Mutex<Part<K, V>>]>,
    hasher: RandomState,
    /// How many a part holds in one of its two halves.
    half: usize,
}

/// The right to put one thing on the shelf, if nothing was forgotten since this was given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket(u64);

/// When the young half is full it becomes the old one, and what nobody asked for since is gone: what is used stays. Of what
/// is in both, the young one counts.
struct Part<K, V> {
    young: HashMap<K, V, RandomState>,
    old: HashMap<K, V, RandomState>,
    /// How often something was forgotten.
    forgotten: u64,
}

impl<K: Hash + Eq + Clone, V: Clone> Shelf<K, V> {
    /// An empty one of so many parts that holds at most about `most`.
    pub(crate) fn new(parts: usize, most: usize) -> Self {
        let part = || Mutex::new(Part { young: HashMap::default(), old: HashMap::default(), forgotten: 0 });
        let parts: Box<[_]> = std::iter::repeat_with(part).take(parts.max(1)).collect();
        let half = (most / parts.len() / 2).max(1);
        Self { parts, hasher: RandomState::new(), half }
    }

    /// What is known by `key`.
    pub(crate) fn find(&self, key: &K) -> Option<V> {
        let mut part = self.part(key);
        if let Some(found) = part.young.get(key) {
            return Some(found.clone());
        }
        let (key, found) = part.old.remove_entry(key)?;
        part.add(key, found.clone(), self.half);
        Some(found)
    }

    /// To be taken before `key` is read.
    pub(crate) fn ticket(&self, key: &K) -> Ticket {
        Ticket(self.part(key).forgotten)
    }

    /// Puts what was read by `key` on the shelf, unless the ticket has become worthless.
    pub(crate) fn keep(&self, ticket: Ticket, key: K, value: V) {
        let mut part = self.part(&key);
        if part.forgotten == ticket.0 {
            part.add(key, value, self.half);
        }
    }

    /// Forgets what is known by `key`, and what is being read; answers what was known.
    pub(crate) fn forget(&self, key: &K) -> Option<V> {
        let mut part = self.part(key);
        part.forgotten += 1;
        let old = part.old.remove(key);
        part.young.remove(key).or(old)
    }

    /// Forgets all that is `over`, and what is being read.
    pub(crate) fn forget_if(&self, over: impl Fn(&V) -> bool) {
        for part in &self.parts {
            let mut part = locked(part);
            part.forgotten += 1;
            part.young.retain(|_, value| !over(value));
            part.old.retain(|_, value| !over(value));
        }
    }

    fn part(&self, key: &K) -> MutexGuard<'_, Part<K, V>> {
        let at = match self.parts.len() {
            1 => 0,
            parts => self.hasher.hash_one(key) as usize % parts,
        };
        locked(&self.parts[at])
    }
}

impl<K: Hash + Eq, V> Part<K, V> {
    fn add(&mut self, key: K, value: V, half: usize) {
        if self.young.len() >= half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

/// No panic can leave a part half changed: nothing in here calls anybody else's code while it is.
fn locked<K, V>(part: &Mutex<Part<K, V>>) -> MutexGuard<'_, Part<K, V>> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_while_it_is_read_is_not_kept() {
        let shelf = Shelf::new(4, 100);
        let (before, other) = (shelf.ticket(&1), shelf.ticket(&1));
        shelf.keep(before, 1, "read before");
        assert_eq!(shelf.forget(&1), Some("read before"));
        shelf.keep(other, 1, "read before, and late");
        assert_eq!(shelf.find(&1), None);
        let all = shelf.ticket(&1);
        shelf.forget_if(|_| false);
        shelf.keep(all, 1, "late again");
        assert_eq!(shelf.find(&1), None);
        shelf.keep(shelf.ticket(&1), 1, "read after");
        assert_eq!(shelf.find(&1), Some("read after"));
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let shelf = Shelf::new(1, 64);
        shelf.keep(shelf.ticket(&0), 0, 0);
        for n in 1..10_000 {
            shelf.keep(shelf.ticket(&n), n, n);
            assert_eq!(shelf.find(&0), Some(0), "it is asked for all the time");
        }
        let known = (0..10_000).filter(|n| shelf.find(n).is_some()).count();
        assert!((16..=64).contains(&known), "{known}");
        let part = locked(&shelf.parts[0]);
        assert!(part.young.len() + part.old.len() <= 64);
    }

    #[test]
    fn of_what_is_read_twice_the_later_is_kept_alone() {
        let shelf = Shelf::new(1, 4);
        for value in 0..10 {
            shelf.keep(shelf.ticket(&0), 0, value);
            shelf.keep(shelf.ticket(&value), 1 + value, value);
            assert_eq!(shelf.find(&0), Some(value));
        }
        shelf.forget(&0);
        assert_eq!(shelf.find(&0), None);
    }
}
