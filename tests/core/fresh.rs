//! Where a token stands in its life: the thresholds, and the moments at which it passes them.

use std::time::Duration;

use daypass_core::fresh::{Freshness, Life};

use crate::clock::{DAY, HOUR, MINUTE, SECOND, life, noon, renewed};

/// Soft and hard threshold, in seconds.
fn thresholds(life: &Life) -> (f64, f64) {
    let thresholds = life.thresholds();
    (thresholds.soft.as_secs_f64(), thresholds.hard.as_secs_f64())
}

#[test]
fn the_table_of_thresholds() {
    let hinted = |length: Duration, hint: Duration| Life { hint: Some(hint), ..life(length) };
    let table = [
        // (what, life, soft in seconds, hard in seconds)
        ("three seconds", life(3 * SECOND), 1.0, 0.5),
        ("a minute: half of the soft one is the hard one", life(MINUTE), 20.0, 10.0),
        ("a minute and a half: no less than ten seconds", life(90 * SECOND), 30.0, 10.0),
        ("half an hour, as at Discovr", life(30 * MINUTE), 600.0, 180.0),
        ("45 minutes: the cap of a new session is just reached", life(45 * MINUTE), 900.0, 270.0),
        ("an hour: a new session is opened late", life(HOUR), 900.0, 300.0),
        ("an hour, renewed: a third", renewed(HOUR), 1200.0, 300.0),
        ("a day, as at PocketPaw: a new session is opened late", life(DAY), 900.0, 300.0),
        ("a day, renewed as at Discover: four hours", renewed(DAY), 14_400.0, 300.0),
        ("a week, as an AntiRaid session", life(7 * DAY), 900.0, 300.0),
        ("the server's hint wins over a third", hinted(HOUR, 25 * MINUTE), 1500.0, 300.0),
        ("a hint goes beyond the cap", hinted(DAY, 2 * HOUR), 7200.0, 300.0),
        ("a short hint makes the hard threshold short too", hinted(HOUR, MINUTE), 60.0, 30.0),
        ("a hint as long as the life is cut: no refresh without end", hinted(HOUR, HOUR), 2880.0, 300.0),
        ("a hint of nothing is no hint", hinted(HOUR, Duration::ZERO), 900.0, 300.0),
        ("no life at all", life(Duration::ZERO), 0.0, 0.0),
    ];
    for (what, life, soft, hard) in table {
        assert_eq!(thresholds(&life), (soft, hard), "{what}");
    }
}

#[test]
fn half_an_hour_passes_from_fresh_to_expired() {
    let token = life(30 * MINUTE);
    let story = [
        (0, Freshness::Fresh),
        (20 * 60 - 1, Freshness::Fresh),
        (20 * 60, Freshness::Stale), // ten minutes before the end
        (27 * 60 - 1, Freshness::Stale),
        (27 * 60, Freshness::Urgent), // three minutes before the end
        (30 * 60 - 1, Freshness::Urgent),
        (30 * 60, Freshness::Expired), // now >= exp
        (31 * 60, Freshness::Expired),
    ];
    for (second, expected) in story {
        assert_eq!(token.freshness(noon(second)), expected, "after {second} s");
    }
}

#[test]
fn a_token_that_was_born_dead_is_expired() {
    let dead = Life { expires_at: noon(-1), ..life(HOUR) };
    assert_eq!(dead.freshness(noon(0)), Freshness::Expired);
    assert_eq!(dead.length(), Duration::ZERO);
}

#[test]
fn a_clock_turned_back_makes_a_token_urgent() {
    let token = life(30 * MINUTE);
    // Within the three minutes that every reader keeps in hand, nothing can go wrong.
    assert_eq!(token.freshness(noon(-180)), Freshness::Fresh);
    assert_eq!(token.freshness(noon(-181)), Freshness::Urgent);
    assert_eq!(token.freshness(noon(-86_400)), Freshness::Urgent);
}

#[test]
fn a_clock_set_ahead_makes_a_token_doubtful() {
    let token = life(30 * MINUTE);
    // Within the three minutes that every reader keeps in hand, nothing can go wrong.
    for (step, expected) in [(180, Freshness::Fresh), (181, Freshness::Urgent), (7200, Freshness::Urgent)] {
        let moved = token.shifted(chrono::TimeDelta::seconds(step));
        assert_eq!(moved.freshness(noon(step)), expected, "{step}");
        assert_eq!(moved.remaining(noon(step)), 30 * MINUTE, "what is left stays what it was");
        assert_eq!(moved.freshness(moved.expires_at), Freshness::Expired);
    }
    let back = token.shifted(chrono::TimeDelta::seconds(-7200));
    assert_eq!(back.freshness(noon(-7200)), Freshness::Fresh);
}

#[test]
fn a_life_that_was_written_down_without_a_doubt_has_none() {
    let doubtful = Life { doubtful: true, ..life(HOUR) };
    for life in [life(HOUR), doubtful] {
        let text = serde_json::to_string(&life).unwrap();
        assert_eq!(text.contains("doubtful"), life.doubtful, "{text}");
        assert_eq!(serde_json::from_str::<Life>(&text).unwrap(), life);
    }
}

#[test]
fn the_background_refresh_starts_ahead_by_up_to_a_tenth_of_the_soft_threshold() {
    let token = life(30 * MINUTE);
    assert_eq!(token.refresh_at(0.0), noon(20 * 60));
    assert_eq!(token.refresh_at(0.5), noon(20 * 60 - 30));
    assert_eq!(token.refresh_at(1.0), noon(20 * 60 - 60));
    // Nonsense of a random source is cut, not believed.
    assert_eq!(token.refresh_at(7.0), noon(20 * 60 - 60));
    assert_eq!(token.refresh_at(-7.0), noon(20 * 60));
}

#[test]
fn the_longest_hint_leaves_a_tenth_of_the_life_in_peace() {
    let token = Life { hint: Some(DAY), ..life(HOUR) };
    assert!(token.refresh_at(1.0) >= noon(360), "{}", token.refresh_at(1.0));
}
