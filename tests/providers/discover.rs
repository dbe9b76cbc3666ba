//! Sitecore Discover's definition against its documented API.

use daypass_core::fresh::RefreshKind;
use daypass_providers::{Grant, ProviderError, Wish};
use serde_json::json;

use crate::server::{Answer, Server, at, built_in, engine, seconds, secret};

const KEY: &str = "01-90d33624-99f708fa77a1e94a25c4a1afd0f28a4c23ff5251";

fn issued(life_ms: u64) -> Answer {
    let body = json!({"accessToken": "167dgw2vyy733", "refreshToken": "1b555d88sss448",
        "accessTokenExpiry": life_ms, "refreshTokenExpiry": 604_800_000});
    Answer::json(200, body)
}

#[tokio::test]
async fn a_mint_sends_scopes_as_an_array_and_keeps_the_grant() {
    let discover = built_in("discover");
    let server = Server::always(issued(86_400_000)).await;
    let target = server.target(&discover, &[("scope", "search-rec, event")]);
    let minted = engine().mint(&discover, &target, &secret(KEY), &Wish::default()).await.unwrap();
    let ask = server.only_ask();
    assert_eq!(ask.line(), "POST /account/1/access-token");
    assert_eq!((ask.header("x-api-key"), ask.header("authorization")), (Some(KEY), None));
    assert_eq!(ask.json(), json!({"scope": ["search-rec", "event"]}), "no life is sent where none is chosen");
    assert_eq!(minted.token.expose(), "167dgw2vyy733");
    assert_eq!(minted.life.expires_at, at(86_400));
    assert_eq!(minted.life.kind, RefreshKind::Renews);
    let grant = Grant { token: secret("1b555d88sss448"), expires_at: Some(at(604_800)), life: seconds(86_400) };
    assert_eq!(minted.grant, Some(grant));
    assert_eq!(minted.session.id, minted.token.fingerprint());
    assert_eq!(discover.header(), ("Authorization", "Bearer "));
}

#[tokio::test]
async fn the_scope_has_a_default_and_a_life_is_sent_in_milliseconds() {
    let discover = built_in("discover");
    let server = Server::always(issued(43_200_000)).await;
    let target = server.target(&discover, &[]);
    let wish = Wish { life: Some(seconds(43_200)), ..Wish::default() };
    let minted = engine().create(&discover, &target, &secret(KEY), &wish).await.unwrap();
    assert_eq!(server.only_ask().json(), json!({"scope": ["search-rec"], "accessExpiry": 43_200_000}));
    assert_eq!(minted.life.expires_at, at(43_200));
}

#[tokio::test]
async fn a_renewal_keeps_the_grant_and_lives_as_long_as_was_asked_for() {
    let discover = built_in("discover");
    let server = Server::always(Answer::json(200, json!({"accessToken": "187dgb6vmy733"}))).await;
    let target = server.target(&discover, &[]);
    let grant = Grant { token: secret("1b555d88sss448"), expires_at: Some(at(604_800)), life: seconds(43_200) };
    let minted = engine().renew(&discover, &target, &grant).await.unwrap();
    let ask = server.only_ask();
    assert_eq!(ask.line(), "PUT /account/1/access-token");
    assert_eq!(ask.header("authorization"), Some("Bearer 1b555d88sss448"));
    assert_eq!((ask.header("x-api-key"), ask.body.as_str()), (None, "{}"));
    assert_eq!((minted.token.expose(), minted.life.expires_at), ("187dgb6vmy733", at(43_200)));
    assert_eq!(minted.grant, Some(grant));
}

#[tokio::test]
async fn a_grant_that_is_refused_for_whatever_reason_is_of_no_use() {
    let discover = built_in("discover");
    let grant = Grant { token: secret("r"), expires_at: None, life: seconds(60) };
    for answer in [
        Answer::json(401, json!({"message": "expired"})),
        Answer::json(400, json!({"message": "bad refresh token"})),
        Answer::json(406, json!({})),
        Answer::json(200, json!({"error-id": "x1", "type": "auth", "message": "no", "code": 7})),
    ] {
        let server = Server::always(answer.clone()).await;
        let target = server.target(&discover, &[]);
        let error = engine().renew(&discover, &target, &grant).await.unwrap_err();
        assert!(matches!(error, ProviderError::Refused { .. }), "{answer:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_success_may_carry_an_error() {
    let discover = built_in("discover");
    let mint = async |body| {
        let server = Server::always(Answer::json(200, body)).await;
        let target = server.target(&discover, &[]);
        engine().mint(&discover, &target, &secret(KEY), &Wish::default()).await.unwrap_err()
    };
    let error = mint(json!({"error-id": "x1", "type": "auth", "message": "Unknown scope", "code": 12})).await;
    assert_eq!(
        error,
        ProviderError::Rejected { message: "Sitecore Discover refused the request (200, Unknown scope).".into() }
    );
    let error = mint(json!({"error-id": "x1", "message": "Bad key", "code": 401})).await;
    assert!(matches!(error, ProviderError::Refused { .. }), "{error:?}");
    for body in [
        json!({"accessToken": "", "accessTokenExpiry": 1000}),
        json!({"accessTokenExpiry": 1000}),
        json!({"accessToken": "a"}),
        json!({"accessToken": "a", "accessTokenExpiry": 0}),
        json!({"accessToken": "a", "accessTokenExpiry": "soon"}),
    ] {
        let error = mint(body.clone()).await;
        assert!(matches!(error, ProviderError::BadAnswer { .. }), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn the_documented_statuses_have_their_meanings() {
    let discover = built_in("discover");
    for (status, kind) in [
        (400, "Rejected"),
        (401, "Refused"),
        (406, "Rejected"),
        (408, "TryLater"),
        (429, "RateLimited"),
        (500, "TryLater"),
        (503, "TryLater"),
    ] {
        let server = Server::always(Answer::text(status, "").header("Retry-After", "7")).await;
        let target = server.target(&discover, &[]);
        let error = engine().mint(&discover, &target, &secret(KEY), &Wish::default()).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(kind), "{status}: {error:?}");
        if let ProviderError::TryLater { retry_after, .. } | ProviderError::RateLimited { retry_after } = error {
            assert_eq!(retry_after, Some(seconds(7)));
        }
    }
}
