//! The agenda: who is to be looked at when. One timer serves everybody on it, and every step costs the logarithm of
//! their number.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use chrono::TimeDelta;

use crate::{Time, clock};

/// Keys, each with the moment at which it is to be looked at.
#[derive(Debug, Clone)]
pub struct Agenda<K> {
    by_time: BTreeSet<(Time, K)>,
    by_key: HashMap<K, Time>,
}

impl<K> Default for Agenda<K> {
    fn default() -> Self {
        Self { by_time: BTreeSet::new(), by_key: HashMap::new() }
    }
}

impl<K: Clone + Ord + Hash> Agenda<K> {
    /// Puts `key` down for `at`, in place of any other moment; `None` takes it off.
    pub fn set(&mut self, key: K, at: Option<Time>) {
        let before = match at {
            Some(at) => self.by_key.insert(key.clone(), at),
            None => self.by_key.remove(&key),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.by_time.remove(&(before, key.clone()));
        }
        if let Some(at) = at {
            self.by_time.insert((at, key));
        }
    }

    /// The earliest moment on it.
    pub fn next(&self) -> Option<Time> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes off, and answers, the earliest key that is due at `now`.
    pub fn pop(&mut self, now: Time) -> Option<K> {
        self.next().filter(|at| *at <= now)?;
        let (_, key) = self.by_time.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }

    /// The wall clock was set by `step`: every moment is moved by it.
    pub fn shift(&mut self, step: TimeDelta) {
        self.by_key.values_mut().for_each(|at| *at = clock::shifted(*at, step));
        self.by_time = self.by_key.iter().map(|(key, at)| (*at, key.clone())).collect();
    }

    /// How many keys are on it.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether nobody is on it.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}
