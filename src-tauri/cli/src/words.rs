//! Times and spans as people write and read them.

use std::time::Duration;

use chrono::{DateTime, NaiveDate};
use daypass_core::{Time, clock};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// A life as it is typed: a whole number with `s`, `m`, `h`, `d` or `w`.
///
/// # Errors
/// Where there is no unit, no number, zero, or more than fits: the caller of a command line gets the sentence.
pub(crate) fn parse_life(text: &str) -> Result<Duration, String> {
    let wrong = || "write a life as a number and a unit: 90s, 30m, 12h, 7d or 2w".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number = &text[..text.len() - unit.len_utf8()];
    let seconds = match unit {
        's' => 1,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        'w' => WEEK,
        _ => return Err(wrong()),
    };
    // `parse` alone would take a sign as well.
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let life = number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds));
    match life {
        Some(0) => Err("a life must be longer than nothing".to_owned()),
        Some(life) => Ok(Duration::from_secs(life)),
        None => Err("this life is too long".to_owned()),
    }
}

/// Since when, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// Since this instant.
    At(Time),
    /// Since this long ago.
    Ago(Duration),
}

impl Since {
    /// The instant that is meant at `now`.
    pub(crate) fn at(self, now: Time) -> Time {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => clock::earlier(now, span),
        }
    }
}

/// A beginning as it is typed: an instant (RFC 3339), a date (its beginning in UTC, as times are shown), or a span back from
/// now such as `2h`.
///
/// # Errors
/// Where it is none of them: the caller of a command line gets the sentence.
pub(crate) fn parse_since(text: &str) -> Result<Since, String> {
    if let Ok(span) = parse_life(text) {
        return Ok(Since::Ago(span));
    }
    let date = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    let instant = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok();
    instant.or_else(|| date().map(|at| at.and_utc())).map(Since::At).ok_or_else(|| {
        "write 2h, 3d or the like, a date such as 2026-11-20, or an instant such as 2026-11-20T06:00:00Z".to_owned()
    })
}

/// How long a call took: `85 ms`, `1.2 s`.
pub(crate) fn took(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        _ => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
    }
}

/// A span in its two greatest units: `6 d 4 h`, `12 min 5 s`, `0 s`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let two = |great: u64, name: &str, small: u64, small_name: &str| {
        let (whole, rest) = (seconds / great, seconds % great / small);
        if rest == 0 { format!("{whole} {name}") } else { format!("{whole} {name} {rest} {small_name}") }
    };
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => two(MINUTE, "min", 1, "s"),
        HOUR..DAY => two(HOUR, "h", MINUTE, "min"),
        _ => two(DAY, "d", HOUR, "h"),
    }
}

/// What is left until `end`, in words; `never ends` where there is no end.
pub(crate) fn left(now: Time, end: Option<Time>) -> String {
    match end {
        None => "never ends".to_owned(),
        Some(end) if end <= now => "expired".to_owned(),
        Some(end) => format!("{} left", span(clock::until(now, end))),
    }
}

/// How long ago `then` was, in words.
pub(crate) fn ago(now: Time, then: Option<Time>) -> String {
    then.map_or_else(|| "never".to_owned(), |then| format!("{} ago", span(clock::until(then, now))))
}

/// An instant for people: in UTC, to the second.
pub(crate) fn instant(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_number_and_a_unit() {
        let seconds = |text| parse_life(text).map(|life| life.as_secs());
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("30m"), Ok(1800));
        assert_eq!(seconds("12h"), Ok(43_200));
        assert_eq!(seconds("7d"), Ok(604_800));
        assert_eq!(seconds("2w"), Ok(1_209_600));
        for wrong in [
            "",
            "d",
            "7",
            "0s",
            "-7d",
            "+7d",
            "7 d",
            "7D",
            "1.5h",
            "7é",
            "99999999999999999999d",
            "9999999999999999999w",
        ] {
            assert!(parse_life(wrong).is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn a_beginning_is_a_span_a_date_or_an_instant() {
        let now = DateTime::parse_from_rfc3339("2026-11-20T06:00:00Z").unwrap().to_utc();
        let at = |text| parse_since(text).map(|since| since.at(now).to_rfc3339());
        assert_eq!(at("2h").unwrap(), "2026-11-20T04:00:00+00:00");
        assert_eq!(at("3d").unwrap(), "2026-11-17T06:00:00+00:00");
        assert_eq!(at("2026-11-01").unwrap(), "2026-11-01T00:00:00+00:00");
        assert_eq!(at("2026-11-01T10:30:00+02:00").unwrap(), "2026-11-01T08:30:00+00:00");
        for wrong in ["", "yesterday", "2026-11", "2026-13-01", "10:30", "2h ago", "-2h", "0s"] {
            assert!(parse_since(wrong).is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn a_call_is_told_in_milliseconds_or_seconds() {
        assert_eq!(took(0), "0 ms");
        assert_eq!(took(999), "999 ms");
        assert_eq!(took(1000), "1.0 s");
        assert_eq!(took(20_190), "20.1 s");
    }

    #[test]
    fn a_span_shows_its_two_greatest_units() {
        let words = |seconds| span(Duration::from_secs(seconds));
        assert_eq!(words(0), "0 s");
        assert_eq!(words(59), "59 s");
        assert_eq!(words(60), "1 min");
        assert_eq!(words(725), "12 min 5 s");
        assert_eq!(words(3600), "1 h");
        assert_eq!(words(3600 + 59), "1 h");
        assert_eq!(words(2 * 3600 + 300), "2 h 5 min");
        assert_eq!(words(6 * DAY + 4 * HOUR), "6 d 4 h");
    }

    #[test]
    fn an_end_is_told_from_now() {
        let now = Time::UNIX_EPOCH;
        let after = |seconds| Some(clock::later(now, Duration::from_secs(seconds)));
        assert_eq!(left(now, after(61)), "1 min 1 s left");
        assert_eq!(left(now, after(0)), "expired");
        assert_eq!(left(now, None), "never ends");
        assert_eq!(ago(clock::later(now, Duration::from_secs(5)), Some(now)), "5 s ago");
        assert_eq!(ago(now, None), "never");
    }
}
