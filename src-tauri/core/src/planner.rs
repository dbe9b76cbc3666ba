//! The planner of a crowd: who of many accounts is to be refreshed now, and when to look again.
//!
//! One agenda says when each account is to be looked at; [`fresh::plan`] says what is to be done then. Whoever is due
//! lines up at the [`Gate`] of its provider, and goes when that lets it, the token that ends first before the others.
//! A wake-up costs the logarithm of the number of accounts for each one that is due, and nothing for the rest.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Duration;

use chrono::TimeDelta;

use crate::agenda::Agenda;
use crate::fresh::{self, Facts, Plan};
use crate::gate::{Gate, Landing};
use crate::{Time, clock};

/// Accounts by `K`, at providers by `P`.
#[derive(Debug, Clone)]
pub struct Planner<K, P> {
    agenda: Agenda<K>,
    entrances: BTreeMap<P, Entrance<K>>,
    /// Where whoever is due stands in line, and by which end of its token.
    standing: HashMap<K, (P, Time)>,
    /// When whoever stands first in line at a gate may go.
    doors: Agenda<P>,
}

/// A gate, and who stands before it: by the end of their tokens.
#[derive(Debug, Clone)]
struct Entrance<K> {
    gate: Gate,
    line: BTreeSet<(Time, K)>,
}

impl<K> Default for Entrance<K> {
    fn default() -> Self {
        Self { gate: Gate::default(), line: BTreeSet::new() }
    }
}

impl<K, P> Default for Planner<K, P> {
    fn default() -> Self {
        Self {
            agenda: Agenda::default(),
            entrances: BTreeMap::new(),
            standing: HashMap::new(),
            doors: Agenda::default(),
        }
    }
}

impl<K: Copy + Ord + Hash, P: Clone + Ord + Hash> Planner<K, P> {
    /// The facts of an account have changed, or it is new: the next wake-up looks at it.
    pub fn touch(&mut self, key: K) {
        self.agenda.set(key, Some(Time::MIN_UTC));
    }

    /// An account is gone.
    pub fn forget(&mut self, key: K) {
        self.agenda.set(key, None);
        self.leave_line(key);
    }

    /// One wake-up at `now`: answers whose refresh begins now, in their order; each is counted at its gate until it
    /// lands.
    ///
    /// `look` answers the facts of an account and its provider, `None` where it is gone. The facts need not hold the
    /// cool-down of the provider: its gate knows it.
    pub fn wake(&mut self, now: Time, mut look: impl FnMut(K) -> Option<(Facts, P)>) -> Vec<K> {
        while let Some(key) = self.agenda.pop(now) {
            match look(key) {
                Some((facts, place)) => self.put_down(now, key, &facts, place),
                None => self.leave_line(key),
            }
        }
        let mut go = Vec::new();
        while let Some(place) = self.doors.pop(now) {
            while let Some(key) = self.first_in_line(now, &place) {
                match look(key) {
                    Some((facts, there)) if there == place && fresh::plan(now, &facts) == Plan::Refresh => {
                        self.begun(&place, now);
                        go.push(key);
                    }
                    // Time, or the other provider that it is at now, has changed what is to be done.
                    Some((facts, there)) => self.put_down(now, key, &facts, there),
                    None => {}
                }
            }
        }
        go
    }

    /// When to wake up next; `None` where only a change of facts, or a landing, brings anything to do.
    pub fn next(&self) -> Option<Time> {
        [self.agenda.next(), self.doors.next()].into_iter().flatten().min()
    }

    /// A refresh at `place` begins that was not planned here: somebody waits for it.
    pub fn begun(&mut self, place: &P, now: Time) {
        self.entrances.entry(place.clone()).or_default().gate.begin(now);
    }

    /// A refresh at `place` that began at `begun` has ended.
    pub fn landed(&mut self, place: &P, begun: Time, now: Time, landing: Landing) {
        let Some(entrance) = self.entrances.get_mut(place) else { return };
        entrance.gate.land(begun, now, landing);
        self.open(place, now);
    }

    /// The provider at `place` wants to be left alone for `wait`.
    pub fn close(&mut self, place: &P, now: Time, wait: Duration) {
        self.entrances.entry(place.clone()).or_default().gate.close(now, wait);
        self.open(place, now);
    }

    /// Until when the provider at `place` is to be left alone, by everybody.
    pub fn closed_until(&self, place: &P, now: Time) -> Option<Time> {
        self.entrances.get(place).and_then(|entrance| entrance.gate.closed_until(now))
    }

    /// When the provider at `place` is probed next; `None` where it can be reached, as far as is known.
    pub fn probe_at(&self, place: &P) -> Option<Time> {
        self.entrances.get(place).and_then(|entrance| entrance.gate.probe_at())
    }

    /// A network came up: providers that could not be reached are probed, each after what `wait` answers.
    pub fn network_up(&mut self, now: Time, mut wait: impl FnMut() -> Duration) {
        let places: Vec<P> = self.entrances.keys().cloned().collect();
        for place in places {
            if let Some(entrance) = self.entrances.get_mut(&place) {
                entrance.gate.network_up(now, wait());
            }
            self.open(&place, now);
        }
    }

    /// The wall clock was set by `step`: what remained of every wait remains. Accounts whose lives became doubtful by it are
    /// to be touched.
    pub fn shift(&mut self, step: TimeDelta) {
        self.agenda.shift(step);
        self.doors.shift(step);
        for entrance in self.entrances.values_mut() {
            entrance.gate.shift(step);
            let line = std::mem::take(&mut entrance.line);
            entrance.line = line.into_iter().map(|(end, key)| (clock::shifted(end, step), key)).collect();
        }
        self.standing.values_mut().for_each(|(_, end)| *end = clock::shifted(*end, step));
    }

    /// Does with an account what its facts say: it waits on the agenda, or stands in line.
    fn put_down(&mut self, now: Time, key: K, facts: &Facts, place: P) {
        self.leave_line(key);
        match fresh::plan(now, facts) {
            Plan::Rest => {}
            Plan::Wait(at) => self.agenda.set(key, Some(at)),
            Plan::Refresh => {
                let end = facts.life.map_or(Time::MIN_UTC, |life| life.expires_at);
                self.entrances.entry(place.clone()).or_default().line.insert((end, key));
                self.standing.insert(key, (place.clone(), end));
                self.open(&place, now);
            }
        }
    }

    /// Takes an account out of the line that it stands in, if it stands in one.
    fn leave_line(&mut self, key: K) {
        if let Some((place, end)) = self.standing.remove(&key)
            && let Some(entrance) = self.entrances.get_mut(&place)
        {
            entrance.line.remove(&(end, key));
        }
    }

    /// Takes whoever stands first in line, if the gate lets them go at `now`; else says when to come back.
    fn first_in_line(&mut self, now: Time, place: &P) -> Option<K> {
        let entrance = self.entrances.get_mut(place)?;
        match entrance.gate.opens_at() {
            Some(at) if at <= now => {
                let first = entrance.line.pop_first().map(|(_, key)| key);
                match first {
                    Some(key) => drop(self.standing.remove(&key)),
                    None => self.open(place, now),
                }
                first
            }
            opens => {
                let opens = opens.filter(|_| !entrance.line.is_empty());
                self.doors.set(place.clone(), opens);
                None
            }
        }
    }

    /// Puts down when the line before `place` moves on; an entrance that nothing is known of is forgotten.
    fn open(&mut self, place: &P, now: Time) {
        let Some(entrance) = self.entrances.get(place) else { return };
        let opens = entrance.gate.opens_at().filter(|_| !entrance.line.is_empty());
        self.doors.set(place.clone(), opens);
        if entrance.line.is_empty() && entrance.gate.is_idle(now) {
            self.entrances.remove(place);
        }
    }
}
