//! Discovr's contract: mint, profiles, the two tiers, sign-out.

use std::time::Duration;

use daypass_authority::Config;
use daypass_core::token::jwt;
use daypass_core::{Secret, Time};
use serde_json::{Value, json};

use crate::world::{START, World, answer, good, secret};

async fn mint(world: &World) -> Value {
    let body = json!({ "profileId": world.demo.discovr_profile_id });
    good(world.bearing("POST", "/auth/session-token", &world.demo.discovr_refresh_token).json(&body)).await
}

fn code(body: &Value) -> &str {
    assert!(body["message"].is_string(), "{body}");
    body["code"].as_str().unwrap()
}

#[tokio::test]
async fn a_mint_answers_as_documented() {
    let world = World::new().await;
    let minted = mint(&world).await;
    assert_eq!(minted.as_object().unwrap().len(), 3);
    assert_eq!(minted["expiresAt"], START + 30 * 60);
    let id = minted["sessionId"].as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    let claims = jwt::peek(&secret(&minted, "sessionToken")).unwrap();
    assert_eq!(claims.expires_at, Time::from_timestamp(START + 30 * 60, 0));
    assert_eq!(claims.all["sid"], id);

    let again = mint(&world).await;
    assert_ne!(again["sessionId"], minted["sessionId"]);
    assert_ne!(again["sessionToken"], minted["sessionToken"]);
}

#[tokio::test]
async fn the_session_token_opens_the_protected_route_until_its_end() {
    let world = World::new().await;
    let token = secret(&mint(&world).await, "sessionToken");
    let me = good(world.bearing("GET", "/profile/me", &token)).await;
    assert_eq!(me["id"], world.demo.discovr_profile_id.as_str());
    assert_eq!(me["createdAt"], START);

    world.pass(Duration::from_secs(30 * 60 - 1));
    good(world.bearing("GET", "/profile/me", &token)).await;
    world.pass(Duration::from_secs(1));
    let (status, body) = answer(world.bearing("GET", "/profile/me", &token)).await;
    assert_eq!((status.as_u16(), code(&body)), (401, "TOKEN_EXPIRED"));
}

#[tokio::test]
async fn each_tier_tells_the_other_tier_s_token_so() {
    let world = World::new().await;
    let session = secret(&mint(&world).await, "sessionToken");
    for request in [
        world.bearing("GET", "/profile/me", &world.demo.discovr_refresh_token),
        world.bearing("GET", "/profiles", &session),
        world.bearing("DELETE", "/auth/session", &session),
        world.bearing("POST", "/auth/session-token", &session).json(&json!({ "profileId": "x" })),
    ] {
        let (status, body) = answer(request).await;
        assert_eq!((status.as_u16(), code(&body)), (401, "WRONG_TOKEN_KIND"));
    }
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_invalid() {
    let world = World::new().await;
    let expires_at = Time::from_timestamp(START + 600, 0).unwrap();
    let forged = jwt::sign(&[7; 32], &json!({ "sub": world.demo.discovr_profile_id }), expires_at).unwrap();
    // {"alg":"none"}.{"exp":1900000600}.
    let none = Secret::new("eyJhbGciOiJub25lIn0.eyJleHAiOjE5MDAwMDA2MDB9.");
    for token in [forged, none, Secret::new("x"), Secret::new("a.b.c"), world.demo.pocketpaw_master_token.clone()] {
        let (status, body) = answer(world.bearing("GET", "/profile/me", &token)).await;
        assert_eq!((status.as_u16(), code(&body)), (401, "TOKEN_INVALID"));
    }
    let (status, body) = answer(world.request("GET", "/profile/me")).await;
    assert_eq!((status.as_u16(), code(&body)), (401, "TOKEN_INVALID"));
    let unknown = Secret::new(format!("rt_{}", "0".repeat(64)));
    let (status, body) = answer(world.bearing("GET", "/profiles", &unknown)).await;
    assert_eq!((status.as_u16(), code(&body)), (401, "TOKEN_INVALID"));
}

#[tokio::test]
async fn profiles_are_listed_newest_first_and_belong_to_their_user() {
    let world = World::new().await;
    let token = &world.demo.discovr_refresh_token;
    world.pass(Duration::from_secs(5));
    let body = json!({ "name": "Kids", "avatarUrl": "https://a.example/k.png" });
    let created = good(world.bearing("POST", "/profiles", token).json(&body)).await;
    let listed = good(world.bearing("GET", "/profiles", token)).await;
    let profiles = listed["profiles"].as_array().unwrap();
    assert_eq!(profiles.len(), 2);
    assert_eq!(profiles[0]["id"], created["profileId"]);
    assert_eq!(profiles[0]["name"], "Kids");
    assert_eq!(profiles[0]["avatarUrl"], "https://a.example/k.png");
    assert_eq!(profiles[1]["id"], world.demo.discovr_profile_id.as_str());

    let stranger = world.service.create_demo_user().await.unwrap();
    for id in [stranger.discovr_profile_id.as_str(), "profile_none", ""] {
        let body = json!({ "profileId": id });
        let (status, body) = answer(world.bearing("POST", "/auth/session-token", token).json(&body)).await;
        assert_eq!((status.as_u16(), code(&body)), (404, "NOT_FOUND"));
    }
}

#[tokio::test]
async fn a_profile_needs_a_name_of_some_length_and_there_are_not_too_many() {
    let world = World::new().await;
    let create = |name: String| {
        let body = json!({ "name": name });
        answer(world.bearing("POST", "/profiles", &world.demo.discovr_refresh_token).json(&body))
    };
    for name in ["", "  ", &"x".repeat(101)] {
        assert_eq!(create(name.to_owned()).await.0, 400);
    }
    for n in 1..100 {
        assert_eq!(create("ü".repeat(100)).await.0, 200, "{n}");
    }
    assert_eq!(create("one more".to_owned()).await.0, 409);
}

#[tokio::test]
async fn signing_out_kills_the_refresh_token_and_lets_sessions_live_to_their_end() {
    let world = World::new().await;
    let token = secret(&mint(&world).await, "sessionToken");
    let refresh = &world.demo.discovr_refresh_token;
    assert_eq!(good(world.bearing("DELETE", "/auth/session", refresh)).await, json!({ "revoked": true }));
    for request in [
        world.bearing("GET", "/profiles", refresh),
        world.bearing("DELETE", "/auth/session", refresh),
        world.bearing("POST", "/auth/session-token", refresh).json(&json!({ "profileId": "x" })),
    ] {
        let (status, body) = answer(request).await;
        assert_eq!((status.as_u16(), code(&body)), (401, "TOKEN_INVALID"));
    }
    good(world.bearing("GET", "/profile/me", &token)).await;
}

#[tokio::test]
async fn a_refresh_token_expires_after_90_days() {
    let world = World::new().await;
    let refresh = &world.demo.discovr_refresh_token;
    world.pass(Duration::from_secs(90 * 86_400 - 1));
    good(world.bearing("GET", "/profiles", refresh)).await;
    world.pass(Duration::from_secs(1));
    let body = json!({ "profileId": world.demo.discovr_profile_id });
    for request in [
        world.bearing("GET", "/profiles", refresh),
        world.bearing("DELETE", "/auth/session", refresh),
        world.bearing("POST", "/auth/session-token", refresh).json(&body),
    ] {
        let (status, body) = answer(request).await;
        assert_eq!((status.as_u16(), code(&body)), (401, "TOKEN_EXPIRED"));
    }
}

#[tokio::test]
async fn a_session_ttl_replaces_the_default_life_and_is_never_cut_short() {
    let config = Config { session_ttl: Some(Duration::from_secs(3)), ..Config::default() };
    let world = World::of(config).await;
    assert_eq!(mint(&world).await["expiresAt"], START + 3);
    world.pass(Duration::from_millis(1));
    let minted = mint(&world).await;
    assert_eq!(minted["expiresAt"], START + 4);
    let token = secret(&minted, "sessionToken");
    world.pass(Duration::from_secs(3));
    good(world.bearing("GET", "/profile/me", &token)).await;
    world.pass(Duration::from_secs(1));
    assert_eq!(answer(world.bearing("GET", "/profile/me", &token)).await.0, 401);
    // The credential keeps its own life.
    mint(&world).await;
}
