//! An answer as it came in.

use std::time::Duration;

use daypass_core::expiry::Timing;
use daypass_core::{Time, clock};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

/// An answer whose status is not yet judged. Its body is wiped when it is dropped.
pub(in crate::engine) struct Reply {
    pub(in crate::engine) status: u16,
    pub(in crate::engine) timing: Timing,
    /// How long the server asks us to wait.
    pub(in crate::engine) retry_after: Option<Duration>,
    body: Zeroizing<Vec<u8>>,
    json: Option<Wiped>,
}

impl Reply {
    /// Puts an answer together; the two moments are those of sending and of the head's arrival, by our clock.
    pub(super) fn new(
        status: u16,
        headers: &HeaderMap,
        body: Zeroizing<Vec<u8>>,
        (sent_at, received_at): (Time, Time),
    ) -> Self {
        let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let server_date = header(DATE).and_then(http_date);
        let now = server_date.unwrap_or(received_at);
        Self {
            status,
            timing: Timing { sent_at, received_at, server_date },
            retry_after: header(RETRY_AFTER).and_then(|text| wait(text, now)),
            json: serde_json::from_slice(&body).ok().map(Wiped),
            body,
        }
    }

    /// The body as JSON; `None` where it is not, or empty.
    pub(in crate::engine) fn json(&self) -> Option<&Value> {
        self.json.as_ref().map(|json| &json.0)
    }

    /// The body as text, for rules that look into it.
    pub(in crate::engine) fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(String::from_utf8_lossy(&self.body).into_owned())
    }
}

/// JSON whose strings are wiped when it is dropped.
struct Wiped(Value);

impl Drop for Wiped {
    fn drop(&mut self) {
        fn wipe(value: &mut Value) {
            match value {
                Value::String(text) => text.zeroize(),
                Value::Array(list) => list.iter_mut().for_each(wipe),
                Value::Object(table) => table.values_mut().for_each(wipe),
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        wipe(&mut self.0);
    }
}

/// An HTTP date (RFC 9110 section 5.6.7); the obsolete forms are not read.
fn http_date(text: &str) -> Option<Time> {
    chrono::DateTime::parse_from_rfc2822(text.trim()).ok().map(Into::into)
}

/// `Retry-After` in both forms: seconds, or a date by the server's clock (RFC 9110 section 10.2.3).
fn wait(text: &str, now: Time) -> Option<Duration> {
    match text.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => http_date(text).map(|at| clock::until(now, at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_date() {
        let now = http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(wait("120", now), Some(Duration::from_secs(120)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:37 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(wait("soon", now), None);
        assert_eq!(wait("-1", now), None);
    }
}
