//! Turns: whoever needs something for itself waits for its turn, and nothing is kept of what nobody waits for.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

type Held = Arc<tokio::sync::Mutex<()>>;

/// One holder at a time for each key.
#[derive(Debug)]
pub(crate) struct Turns<K>(Mutex<HashMap<K, Held>>);

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// A turn; it ends when this is dropped.
pub(crate) struct Turn<'a, K: Copy + Eq + Hash> {
    turns: &'a Turns<K>,
    key: K,
    guard: Option<OwnedMutexGuard<()>>,
}

impl<K: Copy + Eq + Hash> Turns<K> {
    /// Waits for the turn of `key`.
    pub(crate) async fn take(&self, key: K) -> Turn<'_, K> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        Turn { turns: self, key, guard: Some(held.lock_owned().await) }
    }
}

impl<K: Copy + Eq + Hash> Drop for Turn<'_, K> {
    fn drop(&mut self) {
        let mut all = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.guard = None;
        // Whoever waits holds it too.
        if all.get(&self.key).is_some_and(|held| Arc::strong_count(held) == 1) {
            all.remove(&self.key);
            if all.is_empty() {
                all.shrink_to_fit();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_come_one_after_another_and_leave_nothing_behind() {
        let turns = Turns::default();
        let first = turns.take(1).await;
        let mut second = Box::pin(turns.take(1));
        assert!(answer_of_now(&mut second).await.is_none(), "the first has not ended");
        drop(turns.take(2).await);
        drop(first);
        drop(second.await);
        assert!(turns.0.lock().unwrap().is_empty());
    }

    /// What `future` answers now, if anything.
    async fn answer_of_now<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        tokio::select! {
            biased;
            done = future => Some(done),
            () = tokio::task::yield_now() => None,
        }
    }
}
