//! The limits: failures, PocketPaw's rate, lives beyond reason.

use std::time::Duration;

use daypass_authority::{Config, Rate};
use daypass_core::Secret;
use serde_json::json;

use crate::world::{World, answer, good, secret};

#[tokio::test]
async fn failures_are_limited_and_good_tokens_are_not() {
    let config = Config { failures: Rate { burst: 3, per_second: 0.1 }, ..Config::default() };
    let world = World::of(config).await;
    let wrong = Secret::new("rt_0");
    for _ in 0..3 {
        assert_eq!(answer(world.bearing("GET", "/profiles", &wrong)).await.0, 401);
    }
    let response = world.bearing("GET", "/profiles", &wrong).send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "10");
    // The same address, other dialects: failures count together, each is told in its own words.
    let (status, body) = answer(world.bearing("POST", "/api/auth/session", &wrong)).await;
    assert_eq!((status.as_u16(), body), (429, json!({ "detail": "Too many requests" })));
    let (status, body) = answer(world.bearing("GET", "/sessions", &wrong)).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (429, Some("Ratelimited")));
    good(world.bearing("GET", "/profiles", &world.demo.discovr_refresh_token)).await;
    world.pass(Duration::from_secs(10));
    assert_eq!(answer(world.bearing("GET", "/profiles", &wrong)).await.0, 401);
    assert_eq!(answer(world.bearing("GET", "/profiles", &wrong)).await.0, 429);
}

#[tokio::test]
async fn user_codes_cannot_be_guessed_for_long() {
    let config = Config { failures: Rate { burst: 5, per_second: 0.1 }, ..Config::default() };
    let world = World::of(config).await;
    let begun = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
    for _ in 0..5 {
        assert_eq!(world.request("GET", "/device?user_code=BCDF-GHJK").send().await.unwrap().status(), 404);
    }
    // Not even the right one is looked at now: a guess must not be told by its success.
    let right = format!("/device?user_code={}", begun["userCode"].as_str().unwrap());
    assert_eq!(world.request("GET", &right).send().await.unwrap().status(), 429);
    world.pass(Duration::from_secs(10));
    assert_eq!(world.request("GET", &right).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn pocketpaw_s_own_rate_can_be_had() {
    let config = Config { pocketpaw_rate: Some(Rate { burst: 5, per_second: 1.0 }), ..Config::default() };
    let world = World::of(config).await;
    let mint = || world.bearing("POST", "/api/auth/session", &world.demo.pocketpaw_master_token);
    for _ in 0..5 {
        good(mint()).await;
    }
    let response = mint().send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "1");
    // Its other routes are not limited.
    good(world.bearing("GET", "/api/sessions", &world.demo.pocketpaw_master_token)).await;
    world.pass(Duration::from_secs(1));
    good(mint()).await;
    assert_eq!(mint().send().await.unwrap().status(), 429);
}

#[tokio::test]
async fn a_life_beyond_reason_is_cut_and_not_an_overflow() {
    for ttl in [Duration::MAX, Duration::ZERO] {
        let config = Config { session_ttl: Some(ttl), ..Config::default() };
        let world = World::of(config).await;
        let demo = &world.demo;
        let body = json!({ "profileId": demo.discovr_profile_id });
        let minted = good(world.bearing("POST", "/auth/session-token", &demo.discovr_refresh_token).json(&body)).await;
        good(world.bearing("GET", "/profile/me", &secret(&minted, "sessionToken"))).await;
        let minted = good(world.bearing("POST", "/api/auth/session", &demo.pocketpaw_master_token)).await;
        good(world.bearing("GET", "/api/sessions", &secret(&minted, "session_token"))).await;
        let request = world.request("POST", "/account/1/access-token").json(&json!({ "scope": ["search-rec"] }));
        let minted = good(request.header("x-api-key", demo.discover_api_key.expose())).await;
        good(world.bearing("GET", "/search-rec/1/3", &secret(&minted, "accessToken"))).await;
        good(world.bearing("GET", "/sessions/@me", &demo.antiraid_login_token)).await;
    }
}
