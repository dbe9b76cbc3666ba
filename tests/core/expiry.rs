//! Expiries as the four systems write them, and clocks that do not agree.

use std::time::Duration;

use daypass_core::expiry::{MAX_LIFE, Notation, Source, Timing, instant, read};
use daypass_core::{ExpiryError, Secret, Time};
use serde_json::{Value, json};

use crate::clock::{DAY, HOUR, MINUTE, at, noon};
use crate::golden::{Golden, named};

/// Sent at noon, answered a second later, without a `Date`.
const QUICK: fn() -> Timing = || Timing { sent_at: noon(0), received_at: noon(1), server_date: None };

/// Reads `value` from an answer to a request sent at noon.
fn from(notation: Notation, value: &Value) -> Result<Time, ExpiryError> {
    let token = Secret::new("opaque");
    read(notation, Source { value: Some(value), token: &token, asked: None, timing: QUICK() })
}

#[test]
fn each_notation_as_its_provider_writes_it() {
    let discovr = json!(noon(1800).timestamp());
    let table = [
        ("Discovr: Unix seconds", Notation::UnixSeconds, discovr, noon(1800)),
        (
            "AntiRaid: nanoseconds",
            Notation::Rfc3339,
            json!("2026-01-08T12:00:00.123456789Z"),
            at("2026-01-08T12:00:00.123456789Z"),
        ),
        ("AntiRaid: another zone", Notation::Rfc3339, json!("2026-01-01T15:00:00+02:00"), noon(3600)),
        (
            "AntiRaid: a huge expiry",
            Notation::Rfc3339,
            json!("+255536-10-17T12:34:56.789012345Z"),
            at("+255536-10-17T12:34:56.789012345Z"),
        ),
        ("beyond the calendar", Notation::Rfc3339, json!("+292278-01-01T00:00:00Z"), Time::MAX_UTC),
        ("far beyond, in a leap year's day", Notation::Rfc3339, json!("+9999999-02-29T00:00:00.5Z"), Time::MAX_UTC),
        ("PocketPaw: hours", Notation::HoursFromNow, json!(24), noon(86_400)),
        ("hours and a half", Notation::HoursFromNow, json!(1.5), noon(5400)),
        ("OAuth: seconds", Notation::SecondsFromNow, json!(3600), noon(3600)),
        ("Discover: milliseconds", Notation::MillisecondsFromNow, json!(86_400_000), noon(86_400)),
        (
            "milliseconds that are no whole second",
            Notation::MillisecondsFromNow,
            json!(1500),
            noon(1) + Duration::from_millis(500),
        ),
        ("a number in a string", Notation::SecondsFromNow, json!("3600"), noon(3600)),
        ("with spaces around it", Notation::MillisecondsFromNow, json!(" 1000 "), noon(1)),
        ("Unix seconds in a string", Notation::UnixSeconds, json!(noon(60).timestamp().to_string()), noon(60)),
        ("more seconds than a span can hold", Notation::SecondsFromNow, json!(1e300), Time::MAX_UTC),
        ("seconds beyond all time", Notation::SecondsFromNow, json!(9.3e18), Time::MAX_UTC),
        (
            "AntiRaid's documented maximum, as seconds",
            Notation::SecondsFromNow,
            json!(9_223_372_036_854_775_i64),
            Time::MAX_UTC,
        ),
        ("Unix seconds beyond the calendar", Notation::UnixSeconds, json!(i64::MAX), Time::MAX_UTC),
    ];
    for (what, notation, value, expected) in table {
        assert_eq!(from(notation, &value), Ok(expected), "{what}");
    }
}

#[test]
fn what_cannot_be_an_expiry_is_refused() {
    let unreadable = [
        (Notation::UnixSeconds, json!(null)),
        (Notation::UnixSeconds, json!("2026-01-01T12:30:00Z")),
        (Notation::UnixSeconds, json!(-1)),
        (Notation::UnixSeconds, json!(true)),
        (Notation::Rfc3339, json!(1_767_268_800)),
        (Notation::Rfc3339, json!("")),
        (Notation::Rfc3339, json!("tomorrow")),
        (Notation::Rfc3339, json!("2026-13-01T00:00:00Z")),
        (Notation::Rfc3339, json!("2026-01-01T00:00:00")),
        (Notation::Rfc3339, json!("+292278")),
        (Notation::Rfc3339, json!("+292278-")),
        (Notation::Rfc3339, json!("+292278-99-99T00:00:00Z")),
        (Notation::Rfc3339, json!("+29x278-01-01T00:00:00Z")),
        (Notation::HoursFromNow, json!({})),
        (Notation::HoursFromNow, json!("a day")),
        (Notation::SecondsFromNow, json!(-0.001)),
        (Notation::SecondsFromNow, json!("inf")),
        (Notation::SecondsFromNow, json!("NaN")),
        (Notation::MillisecondsFromNow, json!([1000])),
    ];
    for (notation, value) in unreadable {
        assert_eq!(from(notation, &value), Err(ExpiryError::Unreadable), "{notation:?} {value}");
    }
}

#[test]
fn a_token_that_would_be_born_dead_is_refused() {
    let past = [
        (Notation::UnixSeconds, json!(noon(0).timestamp())),
        (Notation::UnixSeconds, json!(0)),
        (Notation::Rfc3339, json!("2026-01-01T11:59:59Z")),
        (Notation::Rfc3339, json!("-0044-03-15T12:00:00Z")),
        (Notation::HoursFromNow, json!(0)),
        (Notation::SecondsFromNow, json!("0")),
    ];
    for (notation, value) in past {
        assert_eq!(from(notation, &value), Err(ExpiryError::Past), "{notation:?} {value}");
    }
}

#[test]
fn nothing_is_made_up_where_the_answer_says_nothing() {
    let token = Secret::new("opaque");
    let nothing = Source { value: None, token: &token, asked: None, timing: QUICK() };
    for notation in [
        Notation::UnixSeconds,
        Notation::Rfc3339,
        Notation::HoursFromNow,
        Notation::SecondsFromNow,
        Notation::MillisecondsFromNow,
        Notation::InsideToken,
        Notation::AsRequested,
    ] {
        assert_eq!(read(notation, nothing), Err(ExpiryError::Missing), "{notation:?}");
    }
}

#[test]
fn where_the_answer_is_silent_the_life_that_was_asked_for_counts() {
    let token = Secret::new("opaque");
    let source = |asked| Source { value: None, token: &token, asked: Some(asked), timing: QUICK() };
    assert_eq!(read(Notation::AsRequested, source(DAY)), Ok(noon(86_400)));
    assert_eq!(read(Notation::AsRequested, source(MAX_LIFE)), Ok(noon(0) + MAX_LIFE));
    assert_eq!(read(Notation::AsRequested, source(Duration::MAX)), Ok(Time::MAX_UTC));
}

#[test]
fn the_token_itself_is_asked_whatever_its_form() {
    let golden = Golden::load();
    let timing = Timing { sent_at: golden.now(), received_at: golden.now(), server_date: None };
    for token in [
        named(&golden.jwt, "a plain session token"),
        named(&golden.stamped, "as servers write it"),
        named(&golden.stamped, "as it is documented"),
    ] {
        let source = Source { value: None, token: &token, asked: None, timing };
        assert_eq!(read(Notation::InsideToken, source), Ok(golden.exp()));
    }
}

#[test]
fn only_an_absolute_notation_stands_in_a_list() {
    assert_eq!(instant(Notation::UnixSeconds, &json!(0)), Ok(Time::UNIX_EPOCH));
    assert_eq!(instant(Notation::HoursFromNow, &json!(1)), Err(ExpiryError::Unreadable));
    assert_eq!(instant(Notation::InsideToken, &json!(1)), Err(ExpiryError::Unreadable));
}

#[test]
fn clocks_that_agree_within_the_flight_are_left_alone() {
    // The server wrote its date somewhere within two seconds, and cut it to the second.
    for date in [noon(-1), noon(0), noon(1), noon(2)] {
        let timing = Timing { sent_at: noon(0), received_at: noon(2), server_date: Some(date) };
        assert_eq!(timing.by_our_clock(noon(1800)), noon(1800), "{date}");
    }
}

#[test]
fn a_server_ahead_of_us_has_its_expiry_drawn_back() {
    // It says five past twelve: its clock is 5 min to 5 min 1 s ahead of ours. The token dies in half an hour by it.
    let timing = Timing { sent_at: noon(0), received_at: noon(0), server_date: Some(noon(300)) };
    assert_eq!(timing.by_our_clock(noon(300 + 1800)), noon(1799));
}

#[test]
fn a_server_behind_us_has_its_expiry_put_off_and_a_second_kept_in_hand() {
    let timing = Timing { sent_at: noon(0), received_at: noon(1), server_date: Some(noon(-3600)) };
    assert_eq!(timing.by_our_clock(noon(-3600 + 1800)), noon(1799));
    // Without the correction such a token would be refused as born dead.
    let token = Secret::new("opaque");
    let value = json!(noon(-1800).timestamp());
    let source = Source { value: Some(&value), token: &token, asked: None, timing };
    assert_eq!(read(Notation::UnixSeconds, source), Ok(noon(1799)));
}

#[test]
fn a_slow_flight_makes_the_correction_careful_and_never_generous() {
    // Ten seconds under way: the server's clock is 50 s to 61 s ahead. The greater is believed.
    let timing = Timing { sent_at: noon(0), received_at: noon(10), server_date: Some(noon(60)) };
    assert_eq!(timing.by_our_clock(noon(60 + 1800)), noon(1799));
}

#[test]
fn a_span_from_now_counts_from_the_sending_whatever_the_date_says() {
    let token = Secret::new("opaque");
    let value = json!(3600);
    for date in [None, Some(noon(86_400)), Some(Time::UNIX_EPOCH)] {
        let timing = Timing { sent_at: noon(0), received_at: noon(15), server_date: date };
        let source = Source { value: Some(&value), token: &token, asked: None, timing };
        assert_eq!(read(Notation::SecondsFromNow, source), Ok(noon(0) + HOUR), "{date:?}");
    }
}

#[test]
fn a_date_at_the_end_of_all_time_overflows_nothing() {
    for date in [Time::MIN_UTC, Time::MAX_UTC] {
        let timing = Timing { sent_at: noon(0), received_at: noon(0) + MINUTE, server_date: Some(date) };
        for expiry in [Time::MIN_UTC, noon(1800), Time::MAX_UTC] {
            timing.by_our_clock(expiry);
        }
    }
}
