//! The keys that sign access tokens, one after the other: which one signs, which ones verify, and when the next one comes.
//!
//! Nothing here is told by anyone: every process that reads the same rows comes to the same answer at the same instant.
//! A key is published some time before it signs, so that those who keep the public keys have it in time; and it verifies
//! until the last token that it signed has expired. Clocks may differ by [`LEEWAY`].

use std::time::Duration;

use crate::{Time, clock};

/// How far the clocks of two machines may be apart: this much longer does a key verify than its last token lives.
pub const LEEWAY: Duration = Duration::from_secs(60);

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It verifies, and does not sign yet.
    Published,
    /// It signs.
    Active,
    /// It verifies what it has signed, and signs no more.
    Retiring,
    /// It is compromised: nothing that it signed is believed.
    Withdrawn,
    /// Everything it signed has expired: it is to be forgotten.
    Gone,
}

/// The times of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Times {
    /// Since when it is published.
    pub created_at: Time,
    /// When it begins to sign. Never that of another key of the ring.
    pub active_at: Time,
    /// When it was found to be compromised.
    pub withdrawn_at: Option<Time>,
    /// The longest life of the tokens that anyone signs with it.
    pub token_life: Duration,
}

/// How keys are to follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How long a key signs.
    pub life: Duration,
    /// How long it is published before that.
    pub ahead: Duration,
    /// The longest life of the tokens that are signed here.
    pub token_life: Duration,
}

/// A key: its secret, whatever that is, and its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<S> {
    /// What it signs with.
    pub secret: S,
    /// Its times.
    pub times: Times,
}

/// All keys, in the order in which they sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring<S>(Vec<Key<S>>);

impl<S> Ring<S> {
    /// The ring of `keys`, which may come in any order.
    pub fn new(mut keys: Vec<Key<S>>) -> Self {
        keys.sort_by_key(|key| key.times.active_at);
        Self(keys)
    }

    /// The keys, in the order in which they sign.
    pub fn keys(&self) -> &[Key<S>] {
        &self.0
    }

    /// The key that signs at `now`; none where every one was withdrawn, or there is none.
    pub fn signing(&self, now: Time) -> Option<&Key<S>> {
        self.0.get(self.signing_place(now)?)
    }

    /// Each key with where it stands at `now`, in the order in which they sign.
    pub fn phases(&self, now: Time) -> impl Iterator<Item = (Phase, &Key<S>)> {
        let signing = self.signing_place(now);
        self.0.iter().enumerate().map(move |(place, key)| (self.phase(place, signing, now), key))
    }

    /// Until when the key at `place` is needed, if another one follows: until its last token has expired, for every clock.
    fn needed_until(&self, place: usize) -> Option<Time> {
        let next = self.0.get(place + 1)?.times;
        let key = self.0.get(place)?.times;
        // One that was withdrawn may have been followed earlier than was planned.
        let last = key.withdrawn_at.map_or(next.active_at, |at| next.active_at.min(at).max(key.active_at));
        Some(clock::later(clock::later(last, key.token_life), LEEWAY))
    }

    fn phase(&self, place: usize, signing: Option<usize>, now: Time) -> Phase {
        let over = self.needed_until(place).is_some_and(|until| now >= until);
        let withdrawn = self.0.get(place).is_some_and(|key| key.times.withdrawn_at.is_some());
        match signing {
            Some(signing) if place == signing => Phase::Active,
            _ if over => Phase::Gone,
            _ if withdrawn => Phase::Withdrawn,
            Some(signing) if place < signing => Phase::Retiring,
            _ => Phase::Published,
        }
    }

    /// The newest key whose time has come; where that one was withdrawn, the one after it, or else the one before it.
    fn signing_place(&self, now: Time) -> Option<usize> {
        let due = self.0.iter().rposition(|key| key.times.active_at <= now).unwrap_or_default();
        let good = |place: &usize| self.0.get(*place).is_some_and(|key| key.times.withdrawn_at.is_none());
        (due..self.0.len()).find(good).or_else(|| (0..due).rev().find(good))
    }

    /// The key after the one that signs, where it is published.
    fn next_place(&self, now: Time) -> Option<usize> {
        let signing = self.signing_place(now)?;
        (signing + 1..self.0.len()).find(|place| self.0.get(*place).is_some_and(|key| key.times.withdrawn_at.is_none()))
    }

    /// When a fresh key would begin to sign, if `plan` wants one now.
    fn wanted(&self, plan: &Plan, now: Time) -> Option<Time> {
        let Some(signing) = self.signing(now) else { return Some(now) };
        let over = clock::later(signing.times.active_at, plan.life);
        let due = self.next_place(now).is_none() && now >= clock::earlier(over, plan.ahead);
        due.then(|| over.max(clock::later(now, plan.ahead)))
    }

    /// Whether a key that still signs is not known to sign tokens as long as those of `plan`.
    fn is_short(times: &Times, phase: Phase, plan: &Plan) -> bool {
        matches!(phase, Phase::Published | Phase::Active) && times.token_life < plan.token_life
    }

    /// Whether [`Ring::tend`] would change anything at `now`.
    pub fn needs_tending(&self, plan: &Plan, now: Time) -> bool {
        let amiss = |(phase, key): (Phase, &Key<S>)| phase == Phase::Gone || Self::is_short(&key.times, phase, plan);
        self.wanted(plan, now).is_some() || self.phases(now).any(amiss)
    }

    /// Does what `plan` wants at `now`: publishes `fresh` if it is time for the next key, notes how long the tokens live, and
    /// forgets keys that are [`Phase::Gone`].
    ///
    /// Who signs tends first, and so no key is forgotten before the last token of any process has expired.
    pub fn tend(&mut self, fresh: S, plan: &Plan, now: Time) {
        if let Some(at) = self.wanted(plan, now) {
            self.add(fresh, at, plan, now);
        }
        self.note_life(plan, now);
        let phases: Vec<Phase> = self.phases(now).map(|(phase, _)| phase).collect();
        let mut phases = phases.into_iter();
        self.0.retain(|_| phases.next() != Some(Phase::Gone));
    }

    /// Publishes `fresh` as the next key, unless there is a next one already, which is then kept; it signs after the time that
    /// `plan` says, or `at_once`.
    pub fn rotate(&mut self, fresh: S, plan: &Plan, at_once: bool, now: Time) {
        match self.next_place(now) {
            None => self.add(fresh, if at_once { now } else { clock::later(now, plan.ahead) }, plan, now),
            Some(next) if at_once => self.promote(next, now),
            Some(_) => {}
        }
        self.note_life(plan, now);
    }

    /// Withdraws the key for which `is` holds; if it signs, the next one signs at once, or `fresh` where there is none. One that
    /// has not signed yet is forgotten. Answers whether there is such a key. Withdrawing twice is withdrawing once.
    pub fn withdraw(&mut self, is: impl Fn(&S) -> bool, fresh: S, plan: &Plan, now: Time) -> bool {
        let Some(place) = self.0.iter().position(|key| is(&key.secret)) else { return false };
        let next = self.next_place(now);
        let signing = self.signing_place(now);
        if signing.is_some_and(|signing| place > signing) {
            self.0.remove(place);
            return true;
        }
        if let Some(key) = self.0.get_mut(place) {
            key.times.withdrawn_at.get_or_insert(now);
        }
        match next.filter(|_| signing == Some(place)) {
            Some(next) => self.promote(next, now),
            None if signing == Some(place) => self.add(fresh, now, plan, now),
            None => {}
        }
        self.note_life(plan, now);
        true
    }

    /// Notes how long the tokens live that `plan` has signed, on the keys that sign or will.
    fn note_life(&mut self, plan: &Plan, now: Time) {
        let phases: Vec<Phase> = self.phases(now).map(|(phase, _)| phase).collect();
        for (key, phase) in self.0.iter_mut().zip(phases) {
            if Self::is_short(&key.times, phase, plan) {
                key.times.token_life = plan.token_life;
            }
        }
    }

    /// Lets the key at `place` sign from `now` on, and after all before it.
    fn promote(&mut self, place: usize, now: Time) {
        let after =
            place.checked_sub(1).and_then(|before| self.0.get(before)).map(|key| next_instant(key.times.active_at));
        if let Some(key) = self.0.get_mut(place) {
            key.times.active_at = after.map_or(now, |after| after.max(now));
        }
    }

    /// Adds `fresh`, which signs from `at` on, and after all that are there.
    fn add(&mut self, fresh: S, at: Time, plan: &Plan, now: Time) {
        let after = self.0.last().map(|key| next_instant(key.times.active_at));
        let active_at = after.map_or(at, |after| after.max(at));
        let times = Times { created_at: now, active_at, withdrawn_at: None, token_life: plan.token_life };
        self.0.push(Key { secret: fresh, times });
    }
}

/// The first instant after `at` that a store tells from it: stores keep microseconds.
fn next_instant(at: Time) -> Time {
    clock::later(at, Duration::from_micros(1))
}
