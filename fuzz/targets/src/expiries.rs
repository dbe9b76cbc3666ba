//! Expiries, dates and pauses as providers write them.
//!
//! The first line of an input is the notation of an expiry and the seconds by which the server's clock goes wrong; the
//! second is the value, in JSON or as plain text. The same text is also taken for a `Retry-After`, and for a `Date`.
//!
//! What is read lies ahead, a wrong clock never makes a token outlive its issuer's, a pause is never longer than the house
//! believes, and nothing overflows.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use daypass_core::expiry::{self, Notation, Source, Timing};
use daypass_core::fresh::{self, Facts, Failure, Life, MAX_BACKOFF, MAX_RETRY_AFTER, RefreshKind};
use daypass_core::{Secret, Time, clock};
use daypass_providers::{Catalog, Definition, Engine, Limits, ProviderError, Wish};
use serde_json::Value;

use crate::still::{Still, now, run};

/// See the module.
pub fn expiries(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let (notation, wrong_by) = first.split_once(' ').unwrap_or((first, "0"));
    let notation = serde_json::from_value(Value::String(notation.to_owned())).unwrap_or(Notation::Rfc3339);
    let value = serde_json::from_str(rest).unwrap_or_else(|_| Value::String(rest.to_owned()));
    let wrong_by = chrono::TimeDelta::seconds(wrong_by.parse().map_or(0, |seconds: i32| i64::from(seconds)));
    let token = Secret::new(value.as_str().unwrap_or_default());
    let received_at = now() + Duration::from_millis(1500);
    let timing = Timing { sent_at: now(), received_at, server_date: now().checked_add_signed(wrong_by) };

    an_expiry(notation, &value, &token, timing);
    a_pause(rest.lines().next().unwrap_or_default(), timing.server_date.unwrap_or(received_at));
}

fn an_expiry(notation: Notation, value: &Value, token: &Secret, timing: Timing) {
    let source = Source { value: Some(value), token, asked: Some(Duration::from_secs(60)), timing };
    if let Ok(at) = expiry::read(notation, source) {
        assert!(at > timing.sent_at, "{at}");
        let life =
            Life { sent_at: timing.sent_at, expires_at: at, hint: None, kind: RefreshKind::OpensNew, doubtful: false };
        for moment in [Time::MIN_UTC, timing.sent_at, at, Time::MAX_UTC] {
            let facts = Facts { life: Some(life), jitter: 1.0, warm: true, ..Facts::default() };
            // Neither may overflow, whenever it is asked.
            let (_, _) = (fresh::plan(moment, &facts), fresh::serve(moment, Some(&life), None, false));
        }
        // Asked a minute later, a span ends a minute later, and an instant does not move.
        let minute = Duration::from_secs(60);
        let later =
            Timing { sent_at: timing.sent_at + minute, received_at: timing.received_at + minute, server_date: None };
        if let Ok(again) = expiry::read(notation, Source { timing: later, ..source }) {
            assert!(again >= at || timing.server_date.is_some(), "{again} {at}");
        }
    }
    if let Ok(at) = expiry::instant(notation, value) {
        let ours = timing.by_our_clock(at);
        let date = timing.server_date.unwrap_or(timing.received_at);
        // The remaining life by the server's clock when it wrote the answer; ours counts from no sooner than that.
        let left = at.signed_duration_since(date);
        let most = timing.received_at.checked_add_signed(left).unwrap_or(Time::MAX_UTC).max(at);
        assert!(ours <= most, "{ours} {most}");
        if let Value::String(text) = value {
            let written = at.to_rfc3339();
            assert_eq!(
                expiry::instant(Notation::Rfc3339, &Value::String(written)).map(|again| again <= at),
                Ok(true),
                "{text}"
            );
        }
    }
}

static POCKETPAW: LazyLock<Arc<Definition>> =
    LazyLock::new(|| Catalog::built_in().find("pocketpaw").expect("it is built in"));

/// The header that is played by the server.
static HEADERS: Mutex<(String, String)> = Mutex::new((String::new(), String::new()));

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    Engine::answered(Arc::new(Still), Limits::default(), |_, _, _, _| {
        let (pause, date) = &*HEADERS.lock().unwrap();
        let mut response = http::Response::new(Vec::new());
        *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        for (name, value) in [(http::header::RETRY_AFTER, pause), (http::header::DATE, date)] {
            if let Ok(value) = http::HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    })
    .expect("an engine needs nothing of the machine")
});

fn a_pause(text: &str, date: Time) {
    /// One pause at a time, also where tests run beside each other.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(|broken| broken.into_inner());
    for date in [date.to_rfc2822().replace("+0000", "GMT"), text.to_owned()] {
        *HEADERS.lock().unwrap() = (text.to_owned(), date);
        let target = POCKETPAW.target(None, Default::default()).unwrap();
        let error = run(ENGINE.mint(&POCKETPAW, &target, &Secret::new("master"), &Wish::default())).unwrap_err();
        let ProviderError::RateLimited { retry_after } = error else { panic!("{error:?}") };
        if retry_after.is_some() {
            assert!(text.bytes().any(|byte| byte.is_ascii_digit()), "{text:?}");
        }
        let failure = Failure { count: 1, at: now(), retry_after, jitter: 1.0 };
        let most = clock::later(now(), MAX_RETRY_AFTER.max(MAX_BACKOFF));
        assert!(failure.next_attempt(None) <= most, "{failure:?}");
        assert!(failure.forbidden_until().is_none_or(|until| until <= most), "{failure:?}");
    }
}
