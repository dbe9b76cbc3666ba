//! PocketPaw's definition against its documented and its observed API.

use daypass_core::token::stamped::{self, Form};
use daypass_providers::{ProviderError, Wish};
use serde_json::json;

use crate::server::{Answer, Server, at, built_in, engine, seconds, secret};

const MASTER: &str = "0b5f9d3e-2c1a-4e8f-9b7d-6a5c4d3e2f10";

fn token(form: Form, life: i64) -> String {
    stamped::sign(&secret(MASTER), at(life), form).unwrap().expose().to_owned()
}

#[tokio::test]
async fn a_mint_reads_the_expiry_from_either_form_of_the_token() {
    let pocketpaw = built_in("pocketpaw");
    for form in [Form::Documented, Form::Bare] {
        // The hours are rounded up; what the token says is what the server checks.
        let token = token(form, 1800);
        let server = Server::always(Answer::json(200, json!({"session_token": token, "expires_in_hours": 1}))).await;
        let target = server.target(&pocketpaw, &[]);
        let minted = engine().mint(&pocketpaw, &target, &secret(MASTER), &Wish::default()).await.unwrap();
        assert_eq!(minted.token.expose(), token, "sent back verbatim");
        assert_eq!(minted.life.expires_at, at(1800));
        assert_eq!(minted.session.id, minted.token.fingerprint());
        let ask = server.only_ask();
        assert_eq!(ask.line(), "POST /api/auth/session");
        assert_eq!(ask.header("authorization"), Some(format!("Bearer {MASTER}").as_str()));
        assert_eq!(ask.body, "");
        assert_eq!(ask.header("content-length"), Some("0"));
    }
}

#[tokio::test]
async fn a_token_that_does_not_tell_lives_for_the_hours_of_the_answer() {
    let pocketpaw = built_in("pocketpaw");
    let server = Server::always(Answer::json(200, json!({"session_token": "opaque", "expires_in_hours": 24}))).await;
    let target = server.target(&pocketpaw, &[]);
    let minted = engine().mint(&pocketpaw, &target, &secret(MASTER), &Wish::default()).await.unwrap();
    assert_eq!(minted.life.expires_at, at(24 * 3600));
}

#[tokio::test]
async fn a_server_without_dashboard_is_asked_by_its_other_path() {
    let pocketpaw = built_in("pocketpaw");
    let server = Server::start(|ask| match ask.path.as_str() {
        "/api/v1/auth/session" => {
            Answer::json(200, json!({"session_token": token(Form::Bare, 3600), "expires_in_hours": 1}))
        }
        "/api/v1/token/regenerate" => Answer::json(200, json!({"token": "new-master"})),
        _ => Answer::json(404, json!({"detail": "Not Found"})),
    })
    .await;
    let target = server.target(&pocketpaw, &[]);
    engine().mint(&pocketpaw, &target, &secret(MASTER), &Wish::default()).await.unwrap();
    let all = engine().revoke_all(&pocketpaw, &target, &secret(MASTER)).await.unwrap();
    assert_eq!(all.credential, Some(secret("new-master")));
    assert_eq!((all.signed_out, all.tokens_live_on), (false, false));
    let lines: Vec<String> = server.asks().iter().map(|ask| ask.line()).collect();
    assert_eq!(
        lines,
        [
            "POST /api/auth/session",
            "POST /api/v1/auth/session",
            "POST /api/token/regenerate",
            "POST /api/v1/token/regenerate",
        ]
    );
}

#[tokio::test]
async fn a_server_that_has_neither_path_is_told_so() {
    let pocketpaw = built_in("pocketpaw");
    let server = Server::always(Answer::json(404, json!({"detail": "Not Found"}))).await;
    let target = server.target(&pocketpaw, &[]);
    let error = engine().mint(&pocketpaw, &target, &secret(MASTER), &Wish::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "PocketPaw refused the request (404, Not Found).");
    assert_eq!(server.asks().len(), 2);
}

#[tokio::test]
async fn create_is_another_mint_and_keeps_the_name_here() {
    let pocketpaw = built_in("pocketpaw");
    let server =
        Server::always(Answer::json(200, json!({"session_token": token(Form::Bare, 60), "expires_in_hours": 1}))).await;
    let target = server.target(&pocketpaw, &[]);
    let wish = Wish { name: Some("laptop".into()), life: None };
    let minted = engine().create(&pocketpaw, &target, &secret(MASTER), &wish).await.unwrap();
    assert_eq!(minted.session.name.as_deref(), Some("laptop"));
    let create = pocketpaw.abilities().create.clone().unwrap();
    assert_eq!((create.name_is_sent, create.life), (false, None));
}

#[tokio::test]
async fn both_refusals_mean_sign_in_again() {
    let pocketpaw = built_in("pocketpaw");
    for detail in ["Invalid master token", "Unauthorized"] {
        let server = Server::always(Answer::json(401, json!({"detail": detail}))).await;
        let target = server.target(&pocketpaw, &[]);
        let error = engine().mint(&pocketpaw, &target, &secret("123:abc"), &Wish::default()).await.unwrap_err();
        let told = format!("PocketPaw does not accept the credential (401, {detail}).");
        assert_eq!(error, ProviderError::Refused { message: told.into() });
        assert_eq!(server.asks().len(), 1);
    }
}

#[tokio::test]
async fn the_rate_limit_is_told_with_and_without_its_wait() {
    let pocketpaw = built_in("pocketpaw");
    let limited = || Answer::json(429, json!({"detail": "Too many requests"}));
    for (answer, wait) in [
        (limited().header("Retry-After", "3"), Some(seconds(3))),
        (limited().header("Retry-After", "Thu, 01 Jan 2026 00:00:30 GMT"), Some(seconds(30))),
        // A date is by the server's clock, which here is an hour ahead of ours.
        (
            limited()
                .header("Date", "Thu, 01 Jan 2026 01:00:00 GMT")
                .header("Retry-After", "Thu, 01 Jan 2026 01:00:05 GMT"),
            Some(seconds(5)),
        ),
        (limited(), None),
    ] {
        let server = Server::always(answer).await;
        let target = server.target(&pocketpaw, &[]);
        let error = engine().mint(&pocketpaw, &target, &secret(MASTER), &Wish::default()).await.unwrap_err();
        assert_eq!(error, ProviderError::RateLimited { retry_after: wait });
    }
}

#[tokio::test]
async fn a_regeneration_without_a_new_master_is_a_bad_answer() {
    let pocketpaw = built_in("pocketpaw");
    let server = Server::always(Answer::json(200, json!({"ok": true}))).await;
    let target = server.target(&pocketpaw, &[]);
    let error = engine().revoke_all(&pocketpaw, &target, &secret(MASTER)).await.unwrap_err();
    let message = "The answer of PocketPaw holds no usable secret at /token.".into();
    assert_eq!(error, ProviderError::BadAnswer { message });
}

#[tokio::test]
async fn a_credential_that_cannot_be_sent_is_refused_before_it_is() {
    let pocketpaw = built_in("pocketpaw");
    let server = Server::always(Answer::text(500, "")).await;
    let target = server.target(&pocketpaw, &[]);
    for text in ["", " ", "schlüssel", "two\nlines", "tab\there", "del\u{7f}"] {
        let error = engine().mint(&pocketpaw, &target, &secret(text), &Wish::default()).await.unwrap_err();
        let ProviderError::BadRequest { message } = error else { panic!("{error:?}") };
        assert!(text.trim().is_empty() || !message.contains(text));
    }
    assert_eq!(server.asks().len(), 0);
}
