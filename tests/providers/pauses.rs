//! What each status means, with and without `Retry-After`, in both of its forms and in absurd ones.

use std::time::Duration;

use daypass_providers::{ProviderError, Wish};
use serde_json::json;

use crate::server::{Answer, Server, built_in, engine, secret};

/// `Retry-After` as servers write it (the time of the test is 2026-01-01T00:00:00Z), and the pause that it asks for.
const PAUSES: [(Option<&str>, Option<u64>); 12] = [
    (None, None),
    (Some("7"), Some(7)),
    (Some(" 7 "), Some(7)),
    (Some("0"), Some(0)),
    (Some("Thu, 01 Jan 2026 00:01:30 GMT"), Some(90)),
    // A date that has passed asks for no pause.
    (Some("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0)),
    // Both are more than anyone believes: how much is believed is the planner's to say.
    (Some("99999999999"), Some(99_999_999_999)),
    (Some("Fri, 31 Dec 9999 23:59:59 GMT"), Some(251_635_075_199)),
    // What is no number and no date says nothing.
    (Some("99999999999999999999999"), None),
    (Some("-5"), None),
    (Some("1.5"), None),
    (Some("soon"), None),
];

/// What a mint at PocketPaw comes to that is answered so.
async fn outcome(status: u16, pause: Option<&str>) -> ProviderError {
    let answer = Answer::json(status, json!({"detail": "No"}));
    let answer = pause.into_iter().fold(answer, |answer, pause| answer.header("Retry-After", pause));
    let server = Server::always(answer).await;
    let pocketpaw = built_in("pocketpaw");
    let target = server.target(&pocketpaw, &[]);
    engine().mint(&pocketpaw, &target, &secret("master"), &Wish::default()).await.unwrap_err()
}

fn span(seconds: Option<u64>) -> Option<Duration> {
    seconds.map(Duration::from_secs)
}

#[tokio::test]
async fn a_429_cools_down_for_as_long_as_it_says() {
    for (text, seconds) in PAUSES {
        let expected = ProviderError::RateLimited { retry_after: span(seconds) };
        assert_eq!(outcome(429, text).await, expected, "{text:?}");
    }
}

#[tokio::test]
async fn a_500_and_a_503_are_worth_trying_later_and_may_say_when() {
    for status in [408, 500, 502, 503, 504, 529] {
        for (text, seconds) in PAUSES {
            let message = format!("PocketPaw cannot answer now ({status}, No); it is worth trying later.");
            let expected = ProviderError::TryLater { message: message.into(), retry_after: span(seconds) };
            assert_eq!(outcome(status, text).await, expected, "{status} {text:?}");
        }
    }
}

#[tokio::test]
async fn a_401_refuses_the_credential_whatever_pause_it_asks_for() {
    for (text, _) in PAUSES {
        let message = "PocketPaw does not accept the credential (401, No).".to_owned();
        assert_eq!(outcome(401, text).await, ProviderError::Refused { message: message.into() }, "{text:?}");
    }
}

#[tokio::test]
async fn a_403_a_404_and_a_409_are_a_no_whatever_pause_they_ask_for() {
    for status in [400, 403, 404, 409, 422] {
        for (text, _) in PAUSES {
            let message = format!("PocketPaw refused the request ({status}, No).");
            assert_eq!(
                outcome(status, text).await,
                ProviderError::Rejected { message: message.into() },
                "{status} {text:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_200_may_carry_an_error_object_where_the_definition_says_so() {
    let discover = built_in("discover");
    for (body, told) in [
        (
            json!({"error-id": "x", "message": "Bad key", "code": 401}),
            "Sitecore Discover does not accept the credential (200, Bad key).",
        ),
        (
            json!({"error-id": "x", "message": "Unknown scope", "code": 12}),
            "Sitecore Discover refused the request (200, Unknown scope).",
        ),
    ] {
        let server = Server::always(Answer::json(200, body)).await;
        let target = server.target(&discover, &[]);
        let error = engine().mint(&discover, &target, &secret("01-credential"), &Wish::default()).await.unwrap_err();
        assert_eq!(error.to_string(), told);
    }
}
