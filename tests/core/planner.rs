//! A crowd of accounts on one agenda: held against planning everybody anew at every moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use daypass_core::agenda::Agenda;
use daypass_core::fresh::{Facts, Failure, Life, Plan, RefreshKind, plan};
use daypass_core::gate::{LANES, Landing};
use daypass_core::planner::Planner;
use daypass_core::{Time, clock};
use proptest::prelude::*;

use crate::clock::noon;

/// A world of accounts at a few providers, all of its time in seconds after noon.
struct World {
    now: Time,
    facts: BTreeMap<u32, Facts>,
    planner: Planner<u32, u32>,
    /// Who is in the air, since when.
    air: BTreeMap<u32, Time>,
    /// Until when a provider closed its gate.
    closed: BTreeMap<u32, Time>,
    /// Who was due and has not gone: they stand in line, also where time makes them wait again (a life that was to begin
    /// later has begun).
    line: BTreeSet<u32>,
}

/// Something that happens.
#[derive(Debug, Clone)]
enum Event {
    Passes(u16),
    Changes { key: u32, life: Option<(i16, u16)>, warm: bool, needs_sign_in: bool },
    Goes(u32),
    Lands { nth: u8, landing: u8, life: u16 },
    Closes { place: u32, wait: u8 },
    Set(i32),
    NetworkUp,
    ReaderBegins(u32),
}

const PLACES: u32 = 3;

fn place(key: u32) -> u32 {
    key % PLACES
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0_u16..2000).prop_map(Event::Passes),
        4 => (0_u32..20, prop::option::of((-2000_i16..100, 1_u16..4000)), prop::bool::weighted(0.9), prop::bool::weighted(0.1))
            .prop_map(|(key, life, warm, needs_sign_in)| Event::Changes { key, life, warm, needs_sign_in }),
        1 => (0_u32..20).prop_map(Event::Goes),
        6 => (any::<u8>(), any::<u8>(), 1_u16..4000).prop_map(|(nth, landing, life)| Event::Lands { nth, landing, life }),
        1 => (0..PLACES, any::<u8>()).prop_map(|(place, wait)| Event::Closes { place, wait }),
        1 => (-100_000_i32..100_000).prop_map(Event::Set),
        1 => Just(Event::NetworkUp),
        1 => (0_u32..20).prop_map(Event::ReaderBegins),
    ]
}

impl World {
    fn new() -> Self {
        Self {
            now: noon(0),
            facts: BTreeMap::new(),
            planner: Planner::default(),
            air: BTreeMap::new(),
            closed: BTreeMap::new(),
            line: BTreeSet::new(),
        }
    }

    fn touch(&mut self, key: u32) {
        self.planner.touch(key);
        self.line.remove(&key);
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::Passes(seconds) => self.now += Duration::from_secs(seconds.into()),
            Event::Changes { key, life, warm, needs_sign_in } => {
                let life = life.map(|(ago, length)| self.life(i64::from(ago), length));
                let in_flight = self.air.contains_key(&key);
                self.facts.insert(key, Facts { life, warm, needs_sign_in, in_flight, ..Facts::default() });
                self.touch(key);
            }
            Event::Goes(key) => {
                self.facts.remove(&key);
                self.planner.forget(key);
                self.line.remove(&key);
            }
            Event::Lands { nth, landing, life } => self.land(nth, landing, life),
            Event::Closes { place, wait } => {
                let wait = Duration::from_secs(wait.into());
                self.planner.close(&place, self.now, wait);
                let closed = self.closed.entry(place).or_insert(self.now);
                *closed = clock::later(self.now, wait).max(*closed);
            }
            Event::Set(seconds) => self.set(chrono::TimeDelta::seconds(seconds.into())),
            Event::NetworkUp => self.planner.network_up(self.now, || Duration::from_secs(1)),
            Event::ReaderBegins(key) => {
                if let Some(facts) = self.facts.get_mut(&key).filter(|facts| !facts.in_flight)
                    && !self.air.contains_key(&key)
                {
                    facts.in_flight = true;
                    self.air.insert(key, self.now);
                    self.planner.begun(&place(key), self.now);
                    self.touch(key);
                }
            }
        }
    }

    fn life(&self, ago: i64, length: u16) -> Life {
        let sent_at = self.now + chrono::TimeDelta::seconds(ago);
        let expires_at = sent_at + Duration::from_secs(length.into());
        Life { sent_at, expires_at, hint: None, kind: RefreshKind::OpensNew, doubtful: false }
    }

    fn land(&mut self, nth: u8, landing: u8, life: u16) {
        let Some((&key, &begun)) = self.air.iter().nth(usize::from(nth) % self.air.len().max(1)) else { return };
        self.air.remove(&key);
        let wait = Duration::from_secs(u64::from(landing) / 8);
        let landing = match landing % 8 {
            0 => Landing::Limited(wait),
            1 | 2 => Landing::Offline(0.5),
            3 => Landing::Answered,
            _ => Landing::Success,
        };
        self.planner.landed(&place(key), begun, self.now, landing);
        if let Landing::Limited(wait) = landing {
            let closed = self.closed.entry(place(key)).or_insert(self.now);
            *closed = clock::later(self.now, wait).max(*closed);
        }
        let life = self.life(0, life);
        if let Some(facts) = self.facts.get_mut(&key) {
            facts.in_flight = false;
            match landing {
                Landing::Success => (facts.life, facts.failure) = (Some(life), None),
                Landing::Offline(_) | Landing::Answered => {
                    let count = facts.failure.map_or(0, |failure| failure.count) + 1;
                    facts.failure = Some(Failure { count, at: self.now, retry_after: None, jitter: 0.5 });
                }
                Landing::Limited(_) | Landing::Unknown => {}
            }
            self.touch(key);
        }
    }

    fn set(&mut self, step: chrono::TimeDelta) {
        self.planner.shift(step);
        let moved = |at: &mut Time| *at = clock::shifted(*at, step);
        moved(&mut self.now);
        self.air.values_mut().chain(self.closed.values_mut()).for_each(moved);
        let mut doubted = Vec::new();
        for (key, facts) in &mut self.facts {
            let was_doubtful = facts.life.is_some_and(|life| life.doubtful);
            facts.life = facts.life.map(|life| life.shifted(step));
            if facts.life.is_some_and(|life| life.doubtful) && !was_doubtful {
                doubted.push(*key);
            }
            facts.failure = facts.failure.map(|failure| Failure { at: clock::shifted(failure.at, step), ..failure });
        }
        doubted.into_iter().for_each(|key| self.touch(key));
    }

    /// One wake-up, with the laws of it.
    fn wakes(&mut self) -> Result<(), TestCaseError> {
        let before = self.facts.clone();
        let go = self.planner.wake(self.now, |key| self.facts.get(&key).map(|facts| (*facts, place(key))));
        for key in &go {
            prop_assert_eq!(plan(self.now, &before[key]), Plan::Refresh, "nobody goes who is not due");
            let closed = self.closed.get(&place(*key)).is_some_and(|until| *until > self.now);
            prop_assert!(!closed, "nobody goes while the provider wants to be left alone");
            prop_assert!(self.air.insert(*key, self.now).is_none(), "nobody has two flights");
        }
        // Where others go, the token that ends first went before them.
        let end = |key: &u32| before[key].life.map_or(Time::MIN_UTC, |life| life.expires_at);
        for place_of in 0..PLACES {
            let of_it = |key: &&u32| place(**key) == place_of;
            let gone = go.iter().filter(of_it).map(end).max();
            let due = |(_, facts): &(&u32, &Facts)| plan(self.now, facts) == Plan::Refresh;
            let left = before.iter().filter(|(key, _)| of_it(key) && !go.contains(key)).filter(due);
            let first_left = left.map(|(key, _)| end(key)).min();
            prop_assert!(gone.zip(first_left).is_none_or(|(gone, left)| gone <= left));
        }
        for key in &go {
            if let Some(facts) = self.facts.get_mut(key) {
                facts.in_flight = true;
                self.touch(*key);
            }
        }
        let air = |place_of: u32| self.air.keys().filter(|key| place(**key) == place_of).count();
        for key in &go {
            prop_assert!(air(place(*key)) <= LANES as usize, "no more than there are lanes");
        }
        // Nobody is forgotten: whoever is to be looked at by anybody's plan is looked at then.
        let next = self.planner.next();
        for (key, facts) in &self.facts {
            // Held back by the gate: it opens by itself, or when a flight lands.
            let held_back = next.is_some() || air(place(*key)) > 0;
            match plan(self.now, facts) {
                Plan::Wait(at) => {
                    let looked_at = next.is_some_and(|next| next <= at) || held_back && self.line.contains(key);
                    prop_assert!(looked_at, "{} waits for {}", key, at);
                }
                Plan::Refresh => {
                    prop_assert!(held_back, "{} is due", key);
                    self.line.insert(*key);
                }
                Plan::Rest => {}
            }
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn a_crowd_is_planned_as_everybody_alone(story in prop::collection::vec(events(), 1..120)) {
        let mut world = World::new();
        for event in &story {
            world.happens(event);
            world.wakes()?;
        }
        // In the end nothing happens but time: everybody who may go has gone, and everything that flew has landed well.
        for _ in 0..2000 {
            let next = world.planner.next();
            if world.air.is_empty() && next.is_none_or(|next| next > world.now + Duration::from_secs(4000)) {
                break;
            }
            if world.air.is_empty() {
                world.now = next.unwrap_or(world.now).max(world.now);
            } else {
                world.happens(&Event::Lands { nth: 0, landing: 255, life: 50_000 });
            }
            world.wakes()?;
        }
        for facts in world.facts.values() {
            prop_assert_ne!(plan(world.now, facts), Plan::Refresh);
        }
    }

    #[test]
    fn the_agenda_answers_whoever_is_due_in_order(
        moments in prop::collection::vec((0_u32..50, prop::option::weighted(0.8, 0_i64..1000)), 0..200), now in 0_i64..1000,
    ) {
        let mut agenda = Agenda::default();
        let mut model = BTreeMap::new();
        for (key, at) in moments {
            agenda.set(key, at.map(noon));
            match at {
                Some(at) => drop(model.insert(key, at)),
                None => drop(model.remove(&key)),
            }
        }
        prop_assert_eq!((agenda.len(), agenda.is_empty()), (model.len(), model.is_empty()));
        prop_assert_eq!(agenda.next(), model.values().min().map(|at| noon(*at)));
        let popped: Vec<u32> = std::iter::from_fn(|| agenda.pop(noon(now))).collect();
        let mut due: Vec<(i64, u32)> = model.iter().filter(|(_, at)| **at <= now).map(|(key, at)| (*at, *key)).collect();
        due.sort_unstable();
        prop_assert_eq!(popped, due.into_iter().map(|(_, key)| key).collect::<Vec<_>>());
        prop_assert_eq!(agenda.next(), model.values().filter(|at| **at > now).min().map(|at| noon(*at)));
    }
}

#[test]
fn twenty_five_accounts_get_through_a_limit_of_one_a_second() {
    for says_how_long in [true, false] {
        let mut planner = Planner::<u32, u32>::default();
        let mut facts: BTreeMap<u32, Facts> =
            (0..25).map(|key| (key, Facts { warm: true, ..Facts::default() })).collect();
        (0..25).for_each(|key| planner.touch(key));
        // A bucket of five, one more every second; a call takes 50 ms.
        let (mut bucket, mut now, mut turned_away) = (5.0_f64, noon(0), 0);
        let tick = Duration::from_millis(50);
        let mut air: Vec<(u32, Time)> = Vec::new();
        while facts.values().any(|facts| facts.life.is_none()) {
            for (key, begun) in std::mem::take(&mut air) {
                let limited = bucket < 1.0;
                if limited {
                    turned_away += 1;
                } else {
                    bucket -= 1.0;
                }
                let wait = Duration::from_secs(if says_how_long { 1 } else { 5 });
                planner.landed(&0, begun, now, if limited { Landing::Limited(wait) } else { Landing::Success });
                let life = Life {
                    sent_at: now,
                    expires_at: now + Duration::from_secs(86_400),
                    hint: None,
                    kind: RefreshKind::OpensNew,
                    doubtful: false,
                };
                facts.insert(key, Facts { life: (!limited).then_some(life), warm: true, ..Facts::default() });
                planner.touch(key);
            }
            for key in planner.wake(now, |key| Some((facts[&key], 0))) {
                facts.get_mut(&key).unwrap().in_flight = true;
                planner.touch(key);
                air.push((key, now));
            }
            now += tick;
            bucket = (bucket + tick.as_secs_f64()).min(5.0);
            assert!(now < noon(60), "{} are not fresh", facts.values().filter(|facts| facts.life.is_none()).count());
        }
        assert!(turned_away <= 15, "it adapts, and does not hammer: {turned_away}");
    }
}
