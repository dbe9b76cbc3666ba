//! How the keys of access tokens follow each other: every transition, told by the clock.

use std::time::Duration;

use daypass_core::Time;
use daypass_core::token::ring::{Key, LEEWAY, Phase, Plan, Ring, Times};

use crate::clock::{DAY, HOUR, MINUTE, SECOND, noon};

const PLAN: Plan = Plan { life: Duration::from_secs(90 * 86_400), ahead: DAY, token_life: Duration::from_secs(600) };

/// A ring whose one key, `a`, signs since noon.
fn begun() -> Ring<char> {
    let mut ring = Ring::new(Vec::new());
    ring.tend('a', &PLAN, noon(0));
    ring
}

/// Where each key stands, such as `a active, b published`.
fn shown(ring: &Ring<char>, now: Time) -> String {
    let word = |phase| match phase {
        Phase::Published => "published",
        Phase::Active => "active",
        Phase::Retiring => "retiring",
        Phase::Withdrawn => "withdrawn",
        Phase::Gone => "gone",
    };
    let keys: Vec<String> = ring.phases(now).map(|(phase, key)| format!("{} {}", key.secret, word(phase))).collect();
    keys.join(", ")
}

fn signs(ring: &Ring<char>, now: Time) -> Option<char> {
    ring.signing(now).map(|key| key.secret)
}

#[test]
fn an_empty_ring_gets_a_key_that_signs_at_once() {
    let empty: Ring<char> = Ring::new(Vec::new());
    assert_eq!(signs(&empty, noon(0)), None);
    assert!(empty.needs_tending(&PLAN, noon(0)));
    let ring = begun();
    assert_eq!(shown(&ring, noon(0)), "a active");
    assert!(!ring.needs_tending(&PLAN, noon(0)));
}

#[test]
fn a_key_is_published_then_signs_then_verifies_then_is_forgotten() {
    let mut ring = begun();
    let over = noon(0) + PLAN.life;
    let publish = over - DAY;
    assert!(!ring.needs_tending(&PLAN, publish - SECOND));
    assert!(ring.needs_tending(&PLAN, publish));
    ring.tend('b', &PLAN, publish);
    assert_eq!(shown(&ring, publish), "a active, b published");
    assert!(!ring.needs_tending(&PLAN, publish), "one next key is enough");
    assert_eq!(shown(&ring, over - SECOND), "a active, b published");
    assert_eq!(shown(&ring, over), "a retiring, b active");
    let needed = over + PLAN.token_life + LEEWAY;
    assert_eq!(shown(&ring, needed - SECOND), "a retiring, b active");
    assert!(!ring.needs_tending(&PLAN, needed - SECOND));
    assert_eq!(shown(&ring, needed), "a gone, b active");
    assert!(ring.needs_tending(&PLAN, needed));
    ring.tend('c', &PLAN, needed);
    assert_eq!(shown(&ring, needed), "b active", "and c was not wanted");
}

#[test]
fn a_key_whose_time_passed_while_nobody_looked_still_gives_notice() {
    let mut ring = begun();
    let late = noon(0) + PLAN.life * 3;
    ring.tend('b', &PLAN, late);
    assert_eq!(shown(&ring, late + DAY - SECOND), "a active, b published");
    assert_eq!(shown(&ring, late + DAY), "a retiring, b active");
}

#[test]
fn a_rotation_by_hand_gives_notice_and_asking_twice_is_asking_once() {
    let mut ring = begun();
    let now = noon(3600);
    ring.rotate('b', &PLAN, false, now);
    ring.rotate('c', &PLAN, false, now + HOUR);
    assert_eq!(shown(&ring, now + DAY - SECOND), "a active, b published");
    assert_eq!(shown(&ring, now + DAY), "a retiring, b active");
}

#[test]
fn a_rotation_at_once_takes_the_published_key_or_a_fresh_one() {
    let now = noon(3600);
    let mut ring = begun();
    ring.rotate('b', &PLAN, true, now);
    assert_eq!(shown(&ring, now), "a retiring, b active");
    let mut ring = begun();
    ring.rotate('b', &PLAN, false, noon(60));
    ring.rotate('c', &PLAN, true, now);
    assert_eq!(shown(&ring, now), "a retiring, b active");
    // Its life begins with its signing.
    ring.tend('d', &PLAN, now + PLAN.life - DAY - SECOND);
    assert_eq!(shown(&ring, now + PLAN.life - DAY - SECOND), "b active");
}

#[test]
fn keys_begin_one_after_the_other_also_where_the_clock_stands_still() {
    let mut ring = begun();
    ring.withdraw(|key| *key == 'a', 'b', &PLAN, noon(0));
    ring.withdraw(|key| *key == 'b', 'c', &PLAN, noon(0));
    assert_eq!(shown(&ring, noon(0)), "a withdrawn, b withdrawn, c active");
    let starts: Vec<Time> = ring.keys().iter().map(|key| key.times.active_at).collect();
    assert!(starts.is_sorted_by(|a, b| a < b), "{starts:?}");
}

#[test]
fn a_withdrawn_key_is_followed_at_once() {
    let now = noon(3600);
    let mut ring = begun();
    assert!(ring.withdraw(|key| *key == 'a', 'b', &PLAN, now));
    assert_eq!(shown(&ring, now), "a withdrawn, b active");
    assert!(ring.withdraw(|key| *key == 'a', 'c', &PLAN, now + MINUTE), "again");
    assert_eq!(shown(&ring, now + MINUTE), "a withdrawn, b active");
    let over = now + PLAN.token_life + LEEWAY;
    assert_eq!(shown(&ring, over), "a gone, b active");
    assert!(!ring.withdraw(|key| *key == 'x', 'd', &PLAN, now), "one that is not there");
}

#[test]
fn a_withdrawn_key_is_followed_by_the_one_that_was_published() {
    let now = noon(3600);
    let mut ring = begun();
    ring.rotate('b', &PLAN, false, now - MINUTE);
    ring.withdraw(|key| *key == 'a', 'c', &PLAN, now);
    assert_eq!(shown(&ring, now), "a withdrawn, b active");
    // Also for a process whose clock is behind.
    assert_eq!(signs(&ring, now - SECOND), Some('b'));
}

#[test]
fn a_withdrawn_key_does_not_bring_the_one_before_it_back() {
    let now = noon(3600);
    let mut ring = begun();
    ring.rotate('b', &PLAN, true, now);
    ring.withdraw(|key| *key == 'b', 'c', &PLAN, now + MINUTE);
    assert_eq!(shown(&ring, now + MINUTE), "a retiring, b withdrawn, c active");
    assert_eq!(signs(&ring, now + MINUTE - SECOND), Some('c'), "also where the clock is behind");
    ring.withdraw(|key| *key == 'a', 'd', &PLAN, now + MINUTE);
    assert_eq!(shown(&ring, now + MINUTE), "a withdrawn, b withdrawn, c active");
}

#[test]
fn a_published_key_that_is_withdrawn_never_signs() {
    let mut ring = begun();
    ring.rotate('b', &PLAN, false, noon(60));
    assert!(ring.withdraw(|key| *key == 'b', 'c', &PLAN, noon(120)));
    assert_eq!(shown(&ring, noon(120)), "a active");
    ring.rotate('d', &PLAN, true, noon(180));
    assert_eq!(shown(&ring, noon(180)), "a retiring, d active");
}

#[test]
fn a_key_verifies_as_long_as_the_longest_token_of_any_process() {
    let mut ring = begun();
    let long = Plan { token_life: DAY, ..PLAN };
    assert!(ring.needs_tending(&long, noon(0)));
    ring.tend('x', &long, noon(0));
    assert!(!ring.needs_tending(&long, noon(0)) && !ring.needs_tending(&PLAN, noon(0)));
    ring.rotate('b', &PLAN, true, noon(60));
    assert_eq!(shown(&ring, noon(60) + DAY + LEEWAY - SECOND), "a retiring, b active");
    // What a key that signs no more has signed is past.
    let longer = Plan { token_life: DAY * 2, ..PLAN };
    ring.tend('x', &longer, noon(120));
    assert_eq!(shown(&ring, noon(60) + DAY + LEEWAY), "a gone, b active");
}

#[test]
fn a_clock_before_all_keys_has_the_first_one() {
    let mut ring = begun();
    ring.rotate('b', &PLAN, false, noon(60));
    assert_eq!(signs(&ring, noon(-3600)), Some('a'));
}

#[test]
fn keys_may_be_read_in_any_order() {
    let times =
        |seconds| Times { created_at: noon(0), active_at: noon(seconds), withdrawn_at: None, token_life: MINUTE };
    let ring = Ring::new(vec![Key { secret: 'b', times: times(9) }, Key { secret: 'a', times: times(0) }]);
    assert_eq!(shown(&ring, noon(10)), "a retiring, b active");
}
