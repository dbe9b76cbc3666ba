//! The rules of rotating refresh tokens: every state with every event against a table, every short story against laws,
//! and both again with real tokens.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use daypass_core::lineage::chain::{Chain, Token};
use daypass_core::lineage::seed::Seed;
use daypass_core::lineage::{End, Lineage, Refusal, Renewal, Scopes, Step, Terms};
use daypass_core::{Chance, Secret, Time};
use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::clock::{DAY, HOUR, SECOND, noon};

const TERMS: Terms = Terms { life: DAY, idle: HOUR };

fn scopes(text: &str) -> Scopes {
    Scopes::parse(text).unwrap()
}

fn open() -> Lineage {
    Lineage::open(TERMS, scopes("read write"), noon(0))
}

/// What must come out: the step, or why not.
type Expected = Result<Step, Refusal>;

/// The table, written down case by case. `presented` is counted from the generation in use.
fn expected(ended: Option<End>, issued: bool, presented: i64, over: Option<End>, within: bool) -> Expected {
    match (ended, over, presented, issued, within) {
        (Some(end), _, _, _, _) => Err(Refusal::Ended(end)),
        (None, Some(end), _, _, _) => Err(Refusal::Ended(end)),
        (None, None, ..=-2, _, _) => Err(Refusal::Ended(End::Reused)),
        (None, None, 2.., _, _) | (None, None, 1, false, _) => Err(Refusal::Unknown),
        (None, None, _, _, false) => Err(Refusal::Scope),
        (None, None, -1, _, true) => Ok(Step::Behind),
        (None, None, 0, _, true) => Ok(Step::Same),
        (None, None, 1, true, true) => Ok(Step::Forward),
    }
}

#[test]
fn every_state_meets_every_event_as_the_table_says() {
    let ends = [None, Some(End::Revoked), Some(End::Reused), Some(End::Expired), Some(End::Idle)];
    let clocks = [(0, None), (3599, None), (3600, Some(End::Idle)), (86_400, Some(End::Expired))];
    let asked = [(None, true), (Some("read"), true), (Some(""), true), (Some("read root"), false)];
    let mut seen = 0;
    for generation in [0_u32, 1, 2, 3, 7] {
        for issued in [false, true] {
            for ended in ends {
                for (passed, over) in clocks {
                    for (asked, within) in asked {
                        for presented in (0..=generation + 3).map(i64::from) {
                            let before = Lineage { generation, issued, ended, ..open() };
                            let mut after = before.clone();
                            let asked = asked.map(scopes);
                            let now = noon(passed);
                            let distance = presented - i64::from(generation);
                            let outcome = after.present(u32::try_from(presented).unwrap(), asked.as_ref(), now);
                            let expected = expected(ended, issued, distance, over, within);
                            let story = format!("{before:?} presented {presented} at {passed} for {asked:?}");
                            assert_eq!(outcome.clone().map(|renewal| renewal.step), expected, "{story}");
                            check_change(&before, &after, &outcome, &story);
                            if let Ok(renewal) = outcome {
                                assert_eq!(i64::from(renewal.generation), presented + 1, "{story}");
                                assert_eq!(renewal.scopes, asked.unwrap_or(before.scopes), "{story}");
                                assert_eq!(after.used_at, now, "{story}");
                            }
                            seen += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(seen, 2 * 5 * 4 * 4 * (4 + 5 + 6 + 7 + 11));
}

/// Nothing but what the outcome names has changed.
fn check_change(before: &Lineage, after: &Lineage, outcome: &Result<Renewal, Refusal>, story: &str) {
    let generation = before.generation;
    let expected = match outcome {
        Ok(Renewal { step: Step::Forward, .. }) => Lineage { generation: generation + 1, ..before.clone() },
        Ok(Renewal { step: Step::Same, .. }) => Lineage { issued: true, ..before.clone() },
        Ok(Renewal { step: Step::Behind, .. }) => before.clone(),
        Err(Refusal::Ended(end)) => Lineage { ended: Some(*end), ..before.clone() },
        Err(Refusal::Unknown | Refusal::Scope) => before.clone(),
    };
    assert_eq!(*after, Lineage { used_at: after.used_at, ..expected }, "{story}");
    assert!(after.used_at == before.used_at || outcome.is_ok(), "{story}");
}

#[test]
fn only_use_puts_the_idle_end_off_and_nothing_the_absolute_one() {
    let mut lineage = open();
    assert_eq!(lineage.over_at(), noon(3600));
    for turn in 1..=24 {
        let now = noon(turn * 3599);
        assert_eq!(lineage.end_at(now), None);
        lineage.present(lineage.generation, None, now).unwrap();
    }
    assert_eq!(lineage.over_at(), noon(86_400));
    assert_eq!(lineage.end_at(noon(86_399)), None);
    assert_eq!(lineage.end_at(noon(86_400)), Some(End::Expired));
}

#[test]
fn a_clock_that_is_turned_back_neither_revives_nor_shortens() {
    let mut lineage = open();
    lineage.present(0, None, noon(600)).unwrap();
    lineage.present(0, None, noon(0)).unwrap();
    assert_eq!(lineage.used_at, noon(600));
    assert_eq!(lineage.present(0, None, noon(600) + HOUR), Err(Refusal::Ended(End::Idle)));
    assert_eq!(lineage.present(0, None, noon(0)), Err(Refusal::Ended(End::Idle)));
}

#[test]
fn the_last_number_has_no_successor_and_ends_in_no_overflow() {
    let mut lineage = Lineage { generation: u32::MAX, issued: true, ..open() };
    assert_eq!(lineage.present(u32::MAX, None, noon(1)), Err(Refusal::Unknown));
    assert_eq!(lineage.present(u32::MAX - 1, None, noon(1)).unwrap().generation, u32::MAX);
    let forever = Terms { life: Duration::MAX, idle: Duration::MAX };
    assert_eq!(Lineage::open(forever, Scopes::default(), noon(0)).end_at(noon(0) + DAY), None);
}

/// Counts, so that no two draws are the same.
struct Counting(AtomicU64);

impl Chance for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let drawn = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (byte, from) in bytes.iter_mut().zip(drawn.iter().cycle()) {
            *byte = *from;
        }
    }
}

fn salt(chance: &Counting) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    chance.fill(&mut *bytes);
    bytes
}

/// What can happen to a session, in any order.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// Whoever holds the token of this generation presents it: its owner, a second process, a thief. Whether the answer
    /// arrives is decided by what is presented next.
    Present(u32),
    /// The same, asking for more than the session may do.
    Overreach(u32),
    /// Made up: a right id and generation, a wrong secret.
    Guess(u32),
    Revoke,
    /// Half of the idle life.
    Wait,
}

/// A session, the clock, and every token that anyone was ever answered.
#[derive(Clone)]
struct World {
    chain: Chain,
    now: Time,
    tokens: BTreeMap<u32, Secret>,
}

impl World {
    fn new(chance: &Counting) -> Self {
        let (chain, first) = Chain::open(TERMS, scopes("read"), chance, noon(0));
        Self { chain, now: noon(0), tokens: BTreeMap::from([(0, first)]) }
    }

    fn events(&self) -> Vec<Event> {
        let held: Vec<u32> = self.tokens.keys().copied().collect();
        let mut events: Vec<Event> = held.iter().map(|generation| Event::Present(*generation)).collect();
        events.extend(held.iter().rev().take(3).map(|generation| Event::Overreach(*generation)));
        events.extend([Event::Guess(0), Event::Guess(self.chain.lineage.generation), Event::Revoke, Event::Wait]);
        events
    }

    fn present(&mut self, generation: u32, asked: &str, chance: &Counting) -> Result<(Renewal, Secret), Refusal> {
        let token = Token::parse(&self.tokens[&generation]).unwrap();
        self.chain.present(&token, Some(&scopes(asked)), salt(chance), self.now)
    }

    /// Does it, and holds what came out against the laws.
    fn happen(&mut self, event: Event, chance: &Counting, story: &[Event]) {
        let before = self.chain.lineage.clone();
        let alive = before.end_at(self.now).is_none();
        match event {
            Event::Wait => self.now += HOUR / 2,
            Event::Revoke => drop(self.chain.lineage.end(End::Revoked)),
            Event::Guess(generation) => {
                let mut bytes = self.tokens[&generation].expose().to_owned();
                bytes.replace_range(60..61, if &bytes[60..61] == "A" { "B" } else { "A" });
                let guess = Token::parse(&Secret::new(bytes)).unwrap();
                let outcome = self.chain.present(&guess, None, salt(chance), self.now);
                assert_eq!(outcome.map(drop), Err(Refusal::Unknown), "{story:?}");
                assert_eq!(self.chain.lineage, before, "a guess changes nothing: {story:?}");
            }
            Event::Overreach(generation) => {
                let outcome = self.present(generation, "read root", chance).map(drop);
                let fine = alive && i64::from(before.generation) - i64::from(generation) <= 1;
                assert!(outcome.is_err() && (!fine || self.chain.lineage == before), "{story:?}");
            }
            Event::Present(generation) => self.presented(generation, &before, alive, chance, story),
        }
        if let Some(end) = before.ended {
            assert_eq!(self.chain.lineage.ended, Some(end), "an ended one stays so: {story:?}");
        }
        assert!(before.scopes.include(&self.chain.lineage.scopes), "{story:?}");
    }

    fn presented(&mut self, generation: u32, before: &Lineage, alive: bool, chance: &Counting, story: &[Event]) {
        let outcome = self.present(generation, "read", chance);
        let behind = i64::from(before.generation) - i64::from(generation);
        let Ok((renewal, next)) = outcome else {
            assert!(!alive || behind > 1, "refused without reason: {story:?}");
            assert!(self.chain.lineage.ended.is_some(), "and it has ended: {story:?}");
            return;
        };
        assert!(alive, "an ended one lives again: {story:?}");
        assert!(behind <= 1, "older than one step: {story:?}");
        assert_eq!(renewal.generation, generation + 1);
        let first = self.tokens.entry(renewal.generation).or_insert_with(|| next.clone());
        assert_eq!(*first, next, "two tokens of one generation, so two lineages: {story:?}");
        // The answer may be lost, and whoever asked asks again with what it has: any number of times.
        for _ in 0..2 {
            let (again, same) = self.clone().present(generation, "read", chance).unwrap();
            assert_eq!((again.generation, &same), (renewal.generation, &next), "{story:?}");
        }
        // Or it arrives.
        assert!(self.clone().present(generation + 1, "read", chance).is_ok(), "a good answer is no good: {story:?}");
    }
}

fn explore(world: &World, depth: u32, chance: &Counting, story: &mut Vec<Event>, seen: &mut HashSet<String>) {
    if depth == 0 {
        return;
    }
    for event in world.events() {
        let mut next = world.clone();
        story.push(event);
        next.happen(event, chance, story);
        let known = format!("{depth} {:?} {} {}", next.chain.lineage, next.now, next.tokens.len());
        if seen.insert(known) {
            explore(&next, depth - 1, chance, story, seen);
        }
        story.pop();
    }
}

#[test]
fn no_story_of_nine_events_breaks_a_law() {
    let chance = Counting(AtomicU64::new(1));
    let mut seen = HashSet::new();
    explore(&World::new(&chance), 9, &chance, &mut Vec::new(), &mut seen);
    assert!(seen.len() > 400, "{} states", seen.len());
}

#[test]
fn a_token_is_read_back_and_nothing_else_is() {
    let chance = Counting(AtomicU64::new(1));
    let (chain, first) = Chain::open(TERMS, Scopes::default(), &chance, noon(0));
    let token = Token::parse(&first).unwrap();
    assert_eq!(token.id(), chain.id);
    assert!(chain.issued(&token));
    assert_eq!(first.expose().len(), "dprt_".len() + 91);
    let text = first.expose();
    for bad in ["", "dprt_", &text[5..], &text[..95], &format!("{text}A"), &format!("rt_{}", &text[5..])] {
        assert!(Token::parse(&Secret::new(bad)).is_none(), "{bad}");
    }
    // Every character counts.
    for at in 5..text.len() {
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        let changed = Secret::new(format!("{}{other}{}", &text[..at], &text[at + 1..]));
        let mut chain = chain.clone();
        let outcome = Token::parse(&changed).map(|token| chain.present(&token, None, salt(&chance), noon(1)));
        assert!(matches!(outcome, None | Some(Err(Refusal::Unknown))), "{at}");
    }
}

#[test]
fn ids_follow_each_other_by_the_millisecond_and_differ_by_chance() {
    let chance = Counting(AtomicU64::new(1));
    let id = |at| Chain::open(TERMS, Scopes::default(), &chance, at).0.id;
    let at = noon(0) + Duration::from_millis(1);
    let (first, second, third) = (id(noon(0)), id(at), id(at));
    assert!(first < second && second[..6] == third[..6]);
    assert_ne!(second[6..], third[6..]);
    let millis = second[..6].iter().fold(0, |sum, byte| (sum << 8) | i64::from(*byte));
    assert_eq!(millis, at.timestamp_millis());
}

#[test]
fn a_token_of_another_session_is_unknown() {
    let chance = Counting(AtomicU64::new(1));
    let (mut one, _) = Chain::open(TERMS, Scopes::default(), &chance, noon(0));
    let (_, other) = Chain::open(TERMS, Scopes::default(), &chance, noon(0));
    let token = Token::parse(&other).unwrap();
    assert_eq!(one.present(&token, None, salt(&chance), noon(0) + SECOND).map(drop), Err(Refusal::Unknown));
}

/// Draws what is in the store where the store has it, and something else where it has not.
struct Thief {
    stolen: [Vec<u8>; 2],
    drawn: AtomicU64,
}

impl Chance for Thief {
    fn fill(&self, bytes: &mut [u8]) {
        // A chain draws the end of its id, then the key of its tags, then the secret.
        match self.stolen.get(usize::try_from(self.drawn.fetch_add(1, Ordering::Relaxed)).unwrap()) {
            Some(stolen) => bytes.copy_from_slice(stolen),
            None => bytes.fill(7),
        }
    }
}

#[test]
fn who_steals_the_store_can_make_no_token() {
    let chance = Counting(AtomicU64::new(1));
    let (mut chain, _) = Chain::open(TERMS, Scopes::default(), &chance, noon(0));
    let thief = Thief { stolen: [chain.id[6..].to_vec(), chain.key.to_vec()], drawn: AtomicU64::new(0) };
    let (_, forged) = Chain::open(TERMS, Scopes::default(), &thief, noon(0));
    let forged = Token::parse(&forged).unwrap();
    assert_eq!(forged.id(), chain.id, "id and tag are right");
    assert_eq!(chain.present(&forged, None, salt(&chance), noon(1)).map(drop), Err(Refusal::Unknown));
}

proptest! {
    #[test]
    fn whatever_is_sent_as_token_or_scope_is_read_or_refused(text in ".{0,120}", bytes in any::<[u8; 68]>()) {
        prop_assert!(Token::parse(&Secret::new(text.as_str())).is_none());
        let formed = format!("dprt_{}", data_encoding::BASE64URL_NOPAD.encode(&bytes));
        let token = Token::parse(&Secret::new(formed)).unwrap();
        let chance = Counting(AtomicU64::new(1));
        let (mut chain, _) = Chain::open(TERMS, Scopes::default(), &chance, noon(0));
        chain.id = token.id();
        prop_assert!(!chain.issued(&token) && !chain.accepts(&token, noon(0)));
        if let Some(scopes) = Scopes::parse(&text) {
            prop_assert_eq!(Scopes::parse(&scopes.to_string()), Some(scopes));
        }
    }
}

#[test]
fn the_first_token_can_be_had_again_until_a_token_is_used() {
    let chance = Counting(AtomicU64::new(1));
    let seed = || Seed::of(&[1; 32], &Secret::new("code"));
    let (mut chain, first) = Chain::open_from(&seed(), TERMS, Scopes::default(), &chance, noon(0));
    assert_eq!(chain.id, seed().id());
    assert_eq!(chain.first_again(&seed(), noon(59)), Some(first.clone()));
    for other in [Seed::of(&[2; 32], &Secret::new("code")), Seed::of(&[1; 32], &Secret::new("cod"))] {
        assert_ne!(other.id(), seed().id());
        assert_eq!(chain.first_again(&other, noon(0)), None);
    }
    let late = Lineage { ended: None, ..chain.lineage.clone() };
    assert!(!late.is_untouched(chain.lineage.over_at()), "it is over by then");
    let mut ended = chain.clone();
    ended.lineage.end(End::Revoked);
    assert_eq!(ended.first_again(&seed(), noon(0)), None);
    chain.present(&Token::parse(&first).unwrap(), None, salt(&chance), noon(0)).unwrap();
    assert_eq!(chain.first_again(&seed(), noon(0)), None);
}
