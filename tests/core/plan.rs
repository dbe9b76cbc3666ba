//! What the keeper does about one account: stories about a clock, a failing provider and a sleeping laptop.

use std::time::Duration;

use daypass_core::fresh::{Facts, Failure, Life, Plan, plan};

use crate::clock::{DAY, HOUR, MINUTE, SECOND, life, noon};

/// A warm account with this token and no jitter.
fn warm(life: Life) -> Facts {
    Facts { life: Some(life), warm: true, ..Facts::default() }
}

/// A failure at `second` after noon, with the middle of the jitter.
fn failure(count: u32, second: i64) -> Failure {
    Failure { count, at: noon(second), retry_after: None, jitter: 0.5 }
}

#[test]
fn a_token_is_refreshed_when_it_gets_stale() {
    let facts = warm(life(30 * MINUTE));
    assert_eq!(plan(noon(0), &facts), Plan::Wait(noon(20 * 60)));
    assert_eq!(plan(noon(20 * 60 - 1), &facts), Plan::Wait(noon(20 * 60)));
    assert_eq!(plan(noon(20 * 60), &facts), Plan::Refresh);
}

#[test]
fn jitter_starts_it_earlier_and_never_later() {
    let facts = Facts { jitter: 1.0, ..warm(life(30 * MINUTE)) };
    assert_eq!(plan(noon(0), &facts), Plan::Wait(noon(19 * 60)));
}

#[test]
fn a_token_that_died_while_the_laptop_slept_is_refreshed_at_once() {
    assert_eq!(plan(noon(86_400), &warm(life(30 * MINUTE))), Plan::Refresh);
}

#[test]
fn a_token_that_may_have_died_unseen_is_refreshed_when_the_calm_is_over() {
    let moved = life(30 * MINUTE).shifted(chrono::TimeDelta::seconds(7200));
    assert_eq!(plan(noon(7200), &warm(moved)), Plan::Refresh);
    let facts = Facts { not_before: Some(noon(7204)), ..warm(moved) };
    assert_eq!(plan(noon(7200), &facts), Plan::Wait(noon(7204)));
}

#[test]
fn after_waking_the_network_is_given_its_grace() {
    let facts = Facts { not_before: Some(noon(86_404)), ..warm(life(30 * MINUTE)) };
    assert_eq!(plan(noon(86_400), &facts), Plan::Wait(noon(86_404)));
    assert_eq!(plan(noon(86_404), &facts), Plan::Refresh);
}

#[test]
fn a_grace_that_is_over_before_the_refresh_changes_nothing() {
    let facts = Facts { not_before: Some(noon(10)), ..warm(life(30 * MINUTE)) };
    assert_eq!(plan(noon(0), &facts), Plan::Wait(noon(20 * 60)));
}

#[test]
fn a_warm_account_without_a_token_gets_one() {
    assert_eq!(plan(noon(0), &Facts { warm: true, ..Facts::default() }), Plan::Refresh);
}

#[test]
fn what_is_owed_is_asked_for_whatever_the_token_is_worth() {
    let facts = Facts { owed: true, warm: false, ..warm(life(30 * MINUTE)) };
    assert_eq!(plan(noon(0), &facts), Plan::Refresh);
    assert_eq!(plan(noon(0), &Facts { failure: Some(failure(1, 0)), ..facts }), Plan::Wait(noon(30)));
    assert_eq!(plan(noon(0), &Facts { needs_sign_in: true, ..facts }), Plan::Rest);
}

#[test]
fn nothing_is_planned_where_nothing_can_or_should_happen() {
    let due = warm(life(SECOND));
    let now = noon(10);
    assert_eq!(plan(now, &due), Plan::Refresh);
    assert_eq!(plan(now, &Facts { warm: false, ..due }), Plan::Rest, "nobody uses it");
    assert_eq!(plan(now, &Facts { in_flight: true, ..due }), Plan::Rest, "one flight an account");
    assert_eq!(plan(now, &Facts { needs_sign_in: true, ..due }), Plan::Rest, "only the user can help");
}

#[test]
fn failures_without_a_token_back_off_from_a_second_to_a_minute() {
    let full = |count| Failure { jitter: 1.0, ..failure(count, 0) }.wait(None).as_secs();
    let waits: Vec<u64> = (0..10).map(full).collect();
    // A count of zero cannot be, and waits like the first.
    assert_eq!(waits, [1, 1, 2, 4, 8, 16, 30, 30, 30, 30]);
    assert_eq!(Failure { jitter: 1.0, ..failure(u32::MAX, 0) }.wait(None), 30 * SECOND);
}

#[test]
fn the_jitter_of_a_back_off_is_full() {
    let wait = |jitter| Failure { jitter, ..failure(5, 0) }.wait(None);
    assert_eq!(wait(0.0), Duration::ZERO);
    assert_eq!(wait(0.5), 8 * SECOND);
    assert_eq!(wait(0.25), 4 * SECOND);
    assert_eq!(wait(9.0), 16 * SECOND);
    assert_eq!(wait(f64::NEG_INFINITY), Duration::ZERO);
}

#[test]
fn while_the_token_lives_a_failed_refresh_rests_for_thirty_seconds_or_a_tenth() {
    assert_eq!(failure(1, 20 * 60).wait(Some(&life(30 * MINUTE))), 30 * SECOND);
    assert_eq!(failure(1, 70).wait(Some(&life(100 * SECOND))), 10 * SECOND);
    // The back-off may be longer than that, and then it counts.
    assert_eq!(Failure { jitter: 1.0, ..failure(9, 70) }.wait(Some(&life(100 * SECOND))), 30 * SECOND);
}

#[test]
fn once_the_token_is_dead_only_the_back_off_counts() {
    assert_eq!(failure(1, 30 * 60).wait(Some(&life(30 * MINUTE))), SECOND / 2);
}

#[test]
fn a_flaky_provider_is_asked_again_after_its_rest() {
    let mut facts = warm(life(30 * MINUTE));
    facts.failure = Some(failure(1, 20 * 60 + 5));
    assert_eq!(plan(noon(20 * 60 + 5), &facts), Plan::Wait(noon(20 * 60 + 35)));
    assert_eq!(plan(noon(20 * 60 + 35), &facts), Plan::Refresh);
}

#[test]
fn retry_after_is_a_floor_and_binds_every_asker() {
    let told = Failure { retry_after: Some(5 * MINUTE), ..failure(1, 20 * 60) };
    let facts = Facts { failure: Some(told), ..warm(life(30 * MINUTE)) };
    assert_eq!(plan(noon(20 * 60), &facts), Plan::Wait(noon(25 * 60)));
    assert_eq!(told.forbidden_until(), Some(noon(25 * 60)));
    assert_eq!(failure(1, 0).forbidden_until(), None);

    // A shorter one does not shorten the rest.
    let told = Failure { retry_after: Some(SECOND), ..told };
    assert_eq!(told.next_attempt(facts.life.as_ref()), noon(20 * 60 + 30));
}

#[test]
fn an_absurd_retry_after_does_not_lock_the_user_out_for_years() {
    let told = Failure { retry_after: Some(Duration::MAX), ..failure(1, 0) };
    assert_eq!(told.forbidden_until(), Some(noon(86_400)));
    assert_eq!(told.next_attempt(None), noon(86_400));
}

#[test]
fn the_cool_down_of_a_provider_holds_its_accounts() {
    let facts = Facts { not_before: Some(noon(25 * 60)), ..warm(life(30 * MINUTE)) };
    assert_eq!(plan(noon(20 * 60), &facts), Plan::Wait(noon(25 * 60)));
}

#[test]
fn a_clock_turned_back_neither_stretches_a_back_off_nor_trusts_a_token() {
    let facts = Facts { failure: Some(failure(1, 0)), ..warm(life(HOUR)) };
    let a_year_ago = noon(-31_536_000);
    // The rest is 30 s from now, not a year and 30 s; the token is due, since what is left of it cannot be known.
    assert_eq!(plan(a_year_ago, &facts), Plan::Wait(a_year_ago + 30 * SECOND));
    assert_eq!(plan(a_year_ago, &Facts { failure: None, ..facts }), Plan::Refresh);
}

#[test]
fn a_life_without_end_is_never_refreshed_and_overflows_nothing() {
    let endless = Life { expires_at: daypass_core::Time::MAX_UTC, ..life(DAY) };
    let Plan::Wait(at) = plan(noon(0), &warm(endless)) else { panic!("nothing is due") };
    assert!(at > noon(1_000_000_000_000), "{at}");
}
