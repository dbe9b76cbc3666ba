//! What a worker was told, and how much of it was looked at since.

use std::ops::Range;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Much {
    /// What was noted since the last look.
    New,
    /// All that was ever noted.
    All,
}

/// Facts in the order in which they were told.
pub(crate) struct Ledger<T> {
    facts: Vec<T>,
    looked_at: usize,
    /// Where the rounds through the older ones stand.
    round: usize,
}

impl<T> Ledger<T> {
    pub(crate) fn new() -> Self {
        Self { facts: Vec::new(), looked_at: 0, round: 0 }
    }

    /// Notes what was answered.
    pub(crate) fn note(&mut self, fact: T) {
        self.facts.push(fact);
    }

    /// Takes out the fact at `place`: from now on nothing is claimed of it.
    pub(crate) fn take(&mut self, place: usize) -> T {
        self.looked_at -= usize::from(place < self.looked_at);
        self.facts.remove(place)
    }

    /// The places of what is to be looked at now.
    pub(crate) fn look(&mut self, much: Much) -> Range<usize> {
        let from = match much {
            Much::New => self.looked_at,
            Much::All => 0,
        };
        self.looked_at = self.facts.len();
        from..self.looked_at
    }

    /// The fact at `place`.
    pub(crate) fn at(&self, place: usize) -> &T {
        &self.facts[place]
    }

    /// The places of the next `most` in the rounds through all, for what must not be looked at too often.
    pub(crate) fn again(&mut self, most: usize) -> impl Iterator<Item = usize> + use<T> {
        let (from, length) = (self.round, self.facts.len());
        self.round += most;
        (0..most.min(length)).map(move |step| (from + step) % length)
    }

    /// What was told last.
    pub(crate) fn last(&self) -> Option<&T> {
        self.facts.last()
    }

    pub(crate) fn len(&self) -> usize {
        self.facts.len()
    }
}
