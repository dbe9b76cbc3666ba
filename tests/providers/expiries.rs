//! Expiries that are past, absent or absurd, over a real socket, in each notation that a provider uses.

use daypass_core::Time;
use daypass_providers::{ProviderError, Wish};
use serde_json::{Value, json};

use crate::server::{Answer, NOW, Server, at, built_in, engine, secret};

const UNREADABLE: &str = "has no expiry that can be read.";
const PAST: &str = "has an expiry that lies in the past; is this machine's clock right?";

/// Until when a session lives whose answer is `body`, or what is told of it behind the provider's name.
async fn until(provider: &str, body: Value) -> Result<Time, String> {
    let definition = built_in(provider);
    let server = Server::always(Answer::json(200, body)).await;
    let params: &[_] = if provider == "discovr" { &[("profile_id", "p1")] } else { &[] };
    let target = server.target(&definition, params);
    match engine().mint(&definition, &target, &secret("credential"), &Wish::default()).await {
        Ok(minted) => {
            assert_eq!(minted.session.expires_at, Some(minted.life.expires_at));
            Ok(minted.life.expires_at)
        }
        Err(ProviderError::BadAnswer { message }) => {
            Err(message.strip_prefix(&format!("The answer of {} ", definition.title())).unwrap().to_owned())
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// The end of our calendar: what saturates ends there.
fn end() -> Result<Time, String> {
    Ok(Time::MAX_UTC)
}

fn told(what: &str) -> Result<Time, String> {
    Err(what.to_owned())
}

#[tokio::test]
async fn an_expiry_in_unix_seconds() {
    let cases: [(Value, Result<Time, String>); 16] = [
        (json!(NOW + 60), Ok(at(60))),
        // A fraction is cut off, a number in quotes is taken.
        (json!(NOW as f64 + 60.75), Ok(at(60))),
        (json!((NOW + 60).to_string()), Ok(at(60))),
        (json!(253_402_300_799_i64), Ok("9999-12-31T23:59:59Z".parse().unwrap())),
        (json!(NOW), told(PAST)),
        (json!(NOW - 1), told(PAST)),
        (json!(0), told(PAST)),
        (json!(-1), told(UNREADABLE)),
        (json!(i64::MIN), told(UNREADABLE)),
        (json!(i64::MAX), end()),
        (json!(u64::MAX), end()),
        (json!(1e300), end()),
        (json!("soon"), told(UNREADABLE)),
        (json!(""), told(UNREADABLE)),
        (json!(true), told(UNREADABLE)),
        (json!(null), told(UNREADABLE)),
    ];
    for (expiry, expected) in cases {
        let body = json!({"sessionToken": "opaque", "sessionId": "s", "expiresAt": expiry});
        assert_eq!(until("discovr", body.clone()).await, expected, "{body}");
    }
    assert_eq!(until("discovr", json!({"sessionToken": "opaque", "sessionId": "s"})).await, told(UNREADABLE));
}

#[tokio::test]
async fn an_expiry_in_rfc_3339() {
    let cases: [(Value, Result<Time, String>); 12] = [
        (json!("2026-01-01T00:01:00Z"), Ok(at(60))),
        (json!("2026-01-01T02:01:00.5+02:00"), Ok(at(60) + std::time::Duration::from_millis(500))),
        (json!("9999-12-31T23:59:59Z"), Ok("9999-12-31T23:59:59Z".parse().unwrap())),
        (json!("+255536-10-17T00:00:00Z"), Ok("+255536-10-17T00:00:00Z".parse().unwrap())),
        (json!("+9999999-10-17T00:00:00Z"), end()),
        (json!("2025-12-31T23:59:59Z"), told(PAST)),
        (json!("0000-01-01T00:00:00Z"), told(PAST)),
        (json!("-0001-01-01T00:00:00Z"), told(PAST)),
        (json!("2026-02-30T00:00:00Z"), told(UNREADABLE)),
        (json!("tomorrow"), told(UNREADABLE)),
        (json!(NOW + 60), told(UNREADABLE)),
        (json!(null), told(UNREADABLE)),
    ];
    for (expiry, expected) in cases {
        let body = json!({"token": "opaque", "session_id": "s", "expiry": expiry});
        assert_eq!(until("antiraid", body.clone()).await, expected, "{body}");
    }
}

#[tokio::test]
async fn an_expiry_as_a_span() {
    let cases: [(Value, Result<Time, String>); 12] = [
        (json!(60_000), Ok(at(60))),
        (json!(60_000.9), Ok(at(60) + std::time::Duration::from_micros(900))),
        (json!("60000"), Ok(at(60))),
        (json!(0), told(PAST)),
        (json!(-60_000), told(UNREADABLE)),
        (json!(i64::MAX), end()),
        (json!(u64::MAX), end()),
        (json!(1e308), end()),
        (json!("NaN"), told(UNREADABLE)),
        (json!("inf"), told(UNREADABLE)),
        (json!([60_000]), told(UNREADABLE)),
        (json!(null), told(UNREADABLE)),
    ];
    for (expiry, expected) in cases {
        let body = json!({"accessToken": "opaque", "accessTokenExpiry": expiry});
        assert_eq!(until("discover", body.clone()).await, expected, "{body}");
    }
}

#[tokio::test]
async fn an_expiry_inside_the_token_goes_before_the_one_beside_it() {
    let stamped = |exp: &str| json!({"session_token": format!("{exp}:{}", "0".repeat(64)), "expires_in_hours": 1});
    let hour = Ok(at(3600));
    for (stamp, expected) in [
        ((NOW + 60).to_string(), Ok(at(60))),
        ((NOW - 60).to_string(), told(PAST)),
        ("0".to_owned(), told(PAST)),
        // What is no stamp is no expiry: then the one beside it counts.
        ("-60".to_owned(), hour.clone()),
        ("99999999999999999999".to_owned(), hour.clone()),
        ("1e3".to_owned(), hour),
    ] {
        assert_eq!(until("pocketpaw", stamped(&stamp)).await, expected, "{stamp}");
    }
}
