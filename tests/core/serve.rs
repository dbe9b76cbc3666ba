//! What a reader gets at once, and what it has to wait for.

use std::time::Duration;

use daypass_core::fresh::{Serve, serve};

use crate::clock::{HOUR, MINUTE, SECOND, life, noon};

#[test]
fn a_reader_comes_by_in_the_course_of_half_an_hour() {
    let token = life(30 * MINUTE);
    let story = [
        (0, Serve::Now),
        (19 * 60, Serve::Now),
        (20 * 60, Serve::NowAndRefresh),
        (27 * 60 - 1, Serve::NowAndRefresh),
        (27 * 60, Serve::RefreshOrLast),
        (30 * 60 - 1, Serve::RefreshOrLast),
        (30 * 60, Serve::Refresh),
        (40 * 60, Serve::Refresh),
    ];
    for (second, expected) in story {
        assert_eq!(serve(noon(second), Some(&token), None, false), expected, "after {second} s");
    }
}

#[test]
fn a_token_that_may_have_ended_unseen_is_a_last_resort() {
    let token = life(HOUR).shifted(chrono::TimeDelta::seconds(7200));
    assert_eq!(serve(noon(7200), Some(&token), None, false), Serve::RefreshOrLast);
    assert_eq!(serve(noon(7200), Some(&token), Some(SECOND), false), Serve::RefreshOrLast);
    assert_eq!(serve(noon(7200 + 3600), Some(&token), None, false), Serve::Refresh);
}

#[test]
fn without_a_token_a_reader_waits_for_one() {
    assert_eq!(serve(noon(0), None, None, false), Serve::Refresh);
}

#[test]
fn who_asks_for_a_new_token_gets_no_old_one() {
    assert_eq!(serve(noon(0), Some(&life(HOUR)), None, true), Serve::Refresh);
}

#[test]
fn who_needs_longer_than_what_is_left_waits() {
    let token = life(30 * MINUTE);
    assert_eq!(serve(noon(600), Some(&token), Some(20 * MINUTE), false), Serve::Now);
    assert_eq!(serve(noon(601), Some(&token), Some(20 * MINUTE), false), Serve::RefreshOrLast);
}

#[test]
fn who_needs_less_than_the_hard_threshold_does_not_wait() {
    let token = life(30 * MINUTE);
    assert_eq!(serve(noon(29 * 60), Some(&token), Some(30 * SECOND), false), Serve::NowAndRefresh);
    assert_eq!(serve(noon(29 * 60 + 31), Some(&token), Some(30 * SECOND), false), Serve::RefreshOrLast);
}

#[test]
fn who_needs_longer_than_any_token_lives_does_not_have_one_minted_at_every_call() {
    let token = life(30 * MINUTE);
    assert_eq!(serve(noon(60), Some(&token), Some(HOUR), false), Serve::NowThoughShort);
    // Once it is stale, a new one is at least worth more.
    assert_eq!(serve(noon(20 * 60), Some(&token), Some(HOUR), false), Serve::RefreshOrLast);
    assert_eq!(serve(noon(30 * 60), Some(&token), Some(HOUR), false), Serve::Refresh);
}

#[test]
fn a_dead_token_is_never_served_however_little_is_needed() {
    assert_eq!(serve(noon(1800), Some(&life(30 * MINUTE)), Some(Duration::ZERO), false), Serve::Refresh);
}

#[test]
fn after_the_clock_was_turned_back_a_reader_waits() {
    assert_eq!(serve(noon(-3600), Some(&life(30 * MINUTE)), None, false), Serve::RefreshOrLast);
}
