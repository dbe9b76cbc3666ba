//! One provider and a crowd before its gate.

use std::time::Duration;

use daypass_core::gate::{FIRST_PACE, Gate, LANES, Landing, SLOWEST_PACE};

use crate::clock::{MINUTE, SECOND, noon};

/// A gate that `count` refreshes have gone through, each landing at once.
fn after(landings: &[Landing]) -> Gate {
    let mut gate = Gate::default();
    for landing in landings {
        gate.begin(noon(0));
        gate.land(noon(0), noon(0), *landing);
    }
    gate
}

#[test]
fn a_few_refreshes_are_under_way_at_once() {
    let mut gate = Gate::default();
    for _ in 0..LANES {
        assert!(gate.opens_at().is_some_and(|at| at <= noon(0)));
        gate.begin(noon(0));
    }
    assert_eq!(gate.opens_at(), None);
    gate.land(noon(0), noon(1), Landing::Success);
    assert!(gate.opens_at().is_some_and(|at| at <= noon(1)));
}

#[test]
fn a_429_closes_it_and_sets_a_pace_that_successes_take_off_again() {
    let mut gate = after(&[Landing::Limited(5 * SECOND)]);
    assert_eq!((gate.closed_until(noon(0)), gate.opens_at()), (Some(noon(5)), Some(noon(5))));
    assert_eq!(gate.closed_until(noon(5)), None);
    gate.begin(noon(5));
    assert_eq!(gate.opens_at(), Some(noon(5) + FIRST_PACE), "one after another, not all at once");
    for second in 6..30 {
        gate.land(noon(second), noon(second), Landing::Success);
        gate.begin(noon(second));
    }
    assert_eq!(gate.opens_at(), Some(noon(5)), "no pace is left");
}

#[test]
fn those_that_were_turned_away_together_count_once() {
    let mut gate = Gate::default();
    (0..4).for_each(|_| gate.begin(noon(0)));
    (0..4).for_each(|_| gate.land(noon(0), noon(1), Landing::Limited(SECOND)));
    gate.begin(noon(2));
    assert_eq!(gate.opens_at(), Some(noon(2) + FIRST_PACE));
    gate.land(noon(2), noon(2), Landing::Limited(SECOND));
    gate.begin(noon(3));
    assert_eq!(gate.opens_at(), Some(noon(3) + 2 * FIRST_PACE));
    for second in 4..40 {
        gate.land(noon(second), noon(second), Landing::Limited(Duration::ZERO));
        gate.begin(noon(second));
    }
    assert_eq!(gate.opens_at(), Some(noon(39) + SLOWEST_PACE));
}

#[test]
fn a_shorter_pause_does_not_shorten_a_longer_one() {
    let mut gate = after(&[Landing::Limited(MINUTE), Landing::Limited(SECOND)]);
    assert_eq!(gate.closed_until(noon(0)), Some(noon(60)));
    gate.network_up(noon(0), Duration::ZERO);
    assert_eq!(gate.opens_at(), Some(noon(60)), "a network that came up says nothing of it");
}

#[test]
fn a_provider_that_cannot_be_reached_is_probed_by_one() {
    let mut gate = Gate::default();
    (0..3).for_each(|_| gate.begin(noon(0)));
    gate.land(noon(0), noon(1), Landing::Offline(0.5));
    assert_eq!(gate.opens_at(), None, "others are in the air still");
    gate.land(noon(0), noon(2), Landing::Offline(0.5));
    gate.land(noon(0), noon(2), Landing::Offline(0.5));
    assert_eq!(gate.opens_at(), Some(noon(1) + SECOND / 2), "they were one failure");
    for (second, wait) in [(3, 1), (5, 2), (9, 4), (17, 8), (40, 15), (80, 15)] {
        gate.begin(noon(second));
        assert_eq!(gate.opens_at(), None, "one at a time");
        gate.land(noon(second), noon(second), Landing::Offline(0.5));
        assert_eq!(gate.opens_at(), Some(noon(second + wait)));
    }
    for answer in [Landing::Success, Landing::Answered] {
        let mut gate = gate.clone();
        gate.begin(noon(100));
        gate.land(noon(100), noon(100), answer);
        assert!(gate.opens_at().is_some_and(|at| at <= noon(100)) && gate.is_idle(noon(100)), "{answer:?}");
    }
    gate.begin(noon(100));
    gate.land(noon(100), noon(100), Landing::Unknown);
    assert!(!gate.is_idle(noon(100)), "what failed on our side says nothing of the provider");
}

#[test]
fn a_network_that_comes_up_ends_the_wait_for_one() {
    let mut gate = Gate::default();
    for _ in 0..10 {
        gate.begin(noon(0));
        gate.land(noon(0), noon(0), Landing::Offline(1.0));
    }
    assert_eq!(gate.opens_at(), Some(noon(30)));
    gate.network_up(noon(1), 2 * SECOND);
    assert_eq!(gate.opens_at(), Some(noon(3)));
    gate.network_up(noon(2), 10 * SECOND);
    assert_eq!(gate.opens_at(), Some(noon(3)), "and never lengthens it");
}

#[test]
fn a_clock_that_is_set_changes_no_wait() {
    let mut gate = after(&[Landing::Limited(MINUTE), Landing::Offline(1.0)]);
    let day = chrono::TimeDelta::days(1);
    gate.shift(day);
    assert_eq!(gate.closed_until(noon(0) + day), Some(noon(60) + day));
    gate.shift(-day);
    assert_eq!(gate, after(&[Landing::Limited(MINUTE), Landing::Offline(1.0)]));
}
