//! Expiries as providers write them, read into one instant on our own clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ExpiryError, Secret, Time, clock, token};

/// The longest life that is believed or offered: 100 years of 365.25 days.
///
/// A JWT that claims more is refused; a session that claims more keeps its claim for display, and is never refreshed.
pub const MAX_LIFE: Duration = Duration::from_secs(100 * 31_557_600);

/// How a provider writes the expiry of a session token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notation {
    /// An absolute instant in whole Unix seconds (Discovr's `expiresAt`).
    UnixSeconds,
    /// An absolute instant by RFC 3339, any number of fractional digits, years beyond 9999 with a sign (AntiRaid).
    Rfc3339,
    /// Hours from the moment of the request (PocketPaw's `expires_in_hours`).
    HoursFromNow,
    /// Seconds from the moment of the request (RFC 6749 section 5.1, `expires_in`).
    SecondsFromNow,
    /// Milliseconds from the moment of the request (Sitecore Discover's `accessTokenExpiry`).
    MillisecondsFromNow,
    /// The token carries it: a JWT's `exp`, or the stamp of a PocketPaw token.
    InsideToken,
    /// The answer does not say; it is the life that the request asked for.
    AsRequested,
}

/// What an expiry is read from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The value at the place that the definition names, where there is one.
    pub value: Option<&'a Value>,
    /// The session token of the same answer.
    pub token: &'a Secret,
    /// The life that the request asked for, where it asked for one.
    pub asked: Option<Duration>,
    /// When and by which clocks.
    pub timing: Timing,
}

/// The moments of one request, by our clock and the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// When the request was sent, by our clock. A life is counted from here: the server cannot have acted sooner.
    pub sent_at: Time,
    /// When the answer's head had arrived, by our clock.
    pub received_at: Time,
    /// The answer's `Date` header (RFC 9110 section 6.6.1): whole seconds, by the server's clock.
    pub server_date: Option<Time>,
}

impl Timing {
    /// An instant by the server's clock, told by ours.
    ///
    /// `Date` is cut to the second and was written somewhere between sending and receiving, so the difference of the
    /// clocks is only known within an interval. Where that contains zero the clocks are taken to agree; otherwise the
    /// end of it that makes the token die sooner is used.
    pub fn by_our_clock(&self, at: Time) -> Time {
        let Some(date) = self.server_date else { return at };
        let second = chrono::TimeDelta::seconds(1);
        let ahead_at_least = date.signed_duration_since(self.received_at);
        let ahead_at_most = date.signed_duration_since(self.sent_at) + second;
        let zero = chrono::TimeDelta::zero();
        if ahead_at_least <= zero && zero <= ahead_at_most {
            return at;
        }
        at.checked_sub_signed(ahead_at_most).unwrap_or(at)
    }
}

/// Reads the expiry of a freshly issued token, corrected to our clock.
///
/// # Errors
/// [`ExpiryError::Missing`] where there is no value, [`ExpiryError::Unreadable`] for one of another kind or a negative
/// one, [`ExpiryError::Past`] where the token would be born dead.
pub fn read(notation: Notation, source: Source<'_>) -> Result<Time, ExpiryError> {
    let timing = source.timing;
    let from_now = |unit: f64| {
        let count = number(source.value.ok_or(ExpiryError::Missing)?)?;
        // Beyond what a Duration holds, the answer saturates like all time arithmetic of the house.
        let span = Duration::try_from_secs_f64(count * unit).unwrap_or(Duration::MAX);
        Ok(clock::later(timing.sent_at, span))
    };
    let at = match notation {
        Notation::UnixSeconds | Notation::Rfc3339 => {
            timing.by_our_clock(instant(notation, source.value.ok_or(ExpiryError::Missing)?)?)
        }
        Notation::HoursFromNow => from_now(3600.0)?,
        Notation::SecondsFromNow => from_now(1.0)?,
        Notation::MillisecondsFromNow => from_now(0.001)?,
        Notation::InsideToken => timing.by_our_clock(token::expiry_inside(source.token).ok_or(ExpiryError::Missing)?),
        Notation::AsRequested => clock::later(timing.sent_at, source.asked.ok_or(ExpiryError::Missing)?),
    };
    if at <= timing.sent_at { Err(ExpiryError::Past) } else { Ok(at) }
}

/// Reads an absolute instant (as it stands in a list of sessions, say), in the writer's clock.
///
/// # Errors
/// [`ExpiryError::Unreadable`], also for a notation that is not absolute.
pub fn instant(notation: Notation, value: &Value) -> Result<Time, ExpiryError> {
    match notation {
        Notation::UnixSeconds => {
            let seconds = number(value)?;
            // `as` saturates, and so does the instant.
            Ok(Time::from_timestamp(seconds as i64, 0).unwrap_or(Time::MAX_UTC))
        }
        Notation::Rfc3339 => rfc3339(value.as_str().ok_or(ExpiryError::Unreadable)?),
        _ => Err(ExpiryError::Unreadable),
    }
}

/// RFC 3339, and its extension to years beyond 9999 with a sign; what lies beyond the calendar saturates.
fn rfc3339(text: &str) -> Result<Time, ExpiryError> {
    if let Ok(at) = text.parse::<Time>() {
        return Ok(at);
    }
    let (year, rest) = text.strip_prefix('+').and_then(|text| text.split_once('-')).ok_or(ExpiryError::Unreadable)?;
    // Beyond the calendar's last year: readable only if the rest is, in a year that has every day a year can have.
    let in_a_leap_year = format!("2000-{rest}").parse::<Time>();
    if year.len() > 4 && year.bytes().all(|b| b.is_ascii_digit()) && in_a_leap_year.is_ok() {
        return Ok(Time::MAX_UTC);
    }
    Err(ExpiryError::Unreadable)
}

/// A JSON number that is finite and not negative; a number in a string is taken too, as some servers write it.
fn number(value: &Value) -> Result<f64, ExpiryError> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|n| n.is_finite() && *n >= 0.0).ok_or(ExpiryError::Unreadable)
}
