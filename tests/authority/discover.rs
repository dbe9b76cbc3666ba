//! Sitecore Discover's contract: POST with the key, PUT with the refresh token.

use std::time::Duration;

use daypass_authority::Config;
use daypass_core::Secret;
use serde_json::{Value, json};

use crate::world::{RequestBuilder, World, answer, good, secret};

const PATH: &str = "/account/1/access-token";

fn post(world: &World, body: &Value) -> RequestBuilder {
    world.request("POST", PATH).header("x-api-key", world.demo.discover_api_key.expose()).json(body)
}

fn search(world: &World, token: &Secret) -> RequestBuilder {
    world.bearing("POST", "/search-rec/12345/3", token).json(&json!({ "data": {} }))
}

fn kind(body: &Value) -> &str {
    assert!(body["message"].is_string() && body["code"].is_number() && body["error-id"].is_string(), "{body}");
    body["type"].as_str().unwrap()
}

#[tokio::test]
async fn a_post_answers_as_documented() {
    let world = World::new().await;
    assert_eq!(world.demo.discover_api_key.expose().len(), 52);
    let minted = good(post(&world, &json!({ "scope": ["search-rec"] }))).await;
    assert_eq!(minted.as_object().unwrap().len(), 4);
    assert_eq!(minted["accessTokenExpiry"], 86_400_000);
    assert_eq!(minted["refreshTokenExpiry"], 604_800_000);
    assert_ne!(minted["accessToken"], minted["refreshToken"]);

    let asked = json!({ "scope": ["search-rec"], "accessExpiry": 43_200_000, "refreshExpiry": 259_200_000 });
    let minted = good(post(&world, &asked)).await;
    assert_eq!(minted["accessTokenExpiry"], 43_200_000);
    assert_eq!(minted["refreshTokenExpiry"], 259_200_000);
    // The table says string.
    good(post(&world, &json!({ "scope": "event" }))).await;
}

#[tokio::test]
async fn the_access_token_opens_the_protected_route_until_its_end() {
    let world = World::new().await;
    let asked = json!({ "scope": ["search-rec"], "accessExpiry": 1500 });
    let token = secret(&good(post(&world, &asked)).await, "accessToken");
    world.pass(Duration::from_millis(1499));
    good(search(&world, &token)).await;
    let raw = world.request("GET", "/search-rec/1/3?data=%7B%7D").header("authorization", token.expose());
    good(raw).await;
    world.pass(Duration::from_millis(1));
    let (status, body) = answer(search(&world, &token)).await;
    assert_eq!((status.as_u16(), kind(&body)), (401, "token_expired"));
}

#[tokio::test]
async fn a_put_renews_without_rotating() {
    let world = World::new().await;
    // In JSON 600000.0 is a whole number.
    let asked = json!({ "scope": ["search-rec"], "accessExpiry": 60_000, "refreshExpiry": 600_000.0 });
    let minted = good(post(&world, &asked)).await;
    let refresh = secret(&minted, "refreshToken");
    world.pass(Duration::from_secs(590));
    for request in [
        world.bearing("PUT", PATH, &refresh),
        world.bearing("PUT", PATH, &refresh).json(&json!({})),
        world.request("PUT", PATH).header("refresh-token", refresh.expose()),
        world.bearing("PUT", PATH, &refresh).header("content-type", "application/json"),
    ] {
        let renewed = good(request).await;
        assert_eq!(renewed.as_object().unwrap().len(), 1);
        good(search(&world, &secret(&renewed, "accessToken"))).await;
    }
    // The life that was asked for holds for the renewed token too.
    let token = secret(&good(world.bearing("PUT", PATH, &refresh)).await, "accessToken");
    world.pass(Duration::from_secs(10));
    let (status, body) = answer(world.bearing("PUT", PATH, &refresh)).await;
    assert_eq!((status.as_u16(), kind(&body)), (401, "token_expired"));
    world.pass(Duration::from_secs(49));
    good(search(&world, &token)).await;
    world.pass(Duration::from_secs(1));
    assert_eq!(answer(search(&world, &token)).await.0, 401);
}

#[tokio::test]
async fn no_secret_stands_in_for_another() {
    let world = World::new().await;
    let minted = good(post(&world, &json!({ "scope": ["search-rec"] }))).await;
    let (access, refresh) = (secret(&minted, "accessToken"), secret(&minted, "refreshToken"));
    let key = &world.demo.discover_api_key;
    for request in [
        search(&world, &refresh),
        search(&world, key),
        world.bearing("PUT", PATH, &access),
        world.bearing("PUT", PATH, key),
        world.request("PUT", PATH),
        world.request("POST", PATH).json(&json!({ "scope": ["event"] })),
        world.request("POST", PATH).header("x-api-key", refresh.expose()).json(&json!({ "scope": ["event"] })),
        world.bearing("POST", PATH, key).json(&json!({ "scope": ["event"] })),
    ] {
        let (status, body) = answer(request).await;
        assert_eq!((status.as_u16(), kind(&body)), (401, "unauthorized"));
    }
}

#[tokio::test]
async fn scopes_are_known_ones_and_are_held_to() {
    let world = World::new().await;
    for scope in [json!([]), json!(["root"]), json!(["event", "root"]), json!(""), json!(7), json!(null), json!([1])] {
        let (status, body) = answer(post(&world, &json!({ "scope": scope }))).await;
        assert_eq!((status.as_u16(), kind(&body)), (400, "invalid_request"), "{scope}");
    }
    let minted = good(post(&world, &json!({ "scope": ["event", "feed"] }))).await;
    let renewed = good(world.bearing("PUT", PATH, &secret(&minted, "refreshToken"))).await;
    for body in [minted, renewed] {
        let (status, body) = answer(search(&world, &secret(&body, "accessToken"))).await;
        assert_eq!((status.as_u16(), kind(&body)), (400, "invalid_scope"));
    }
}

#[tokio::test]
async fn absurd_lives_and_formats_are_refused() {
    let world = World::new().await;
    for life in [json!(0), json!(-1), json!(1.5), json!("1000"), json!(u64::MAX), json!(3_155_760_000_001_u64)] {
        for name in ["accessExpiry", "refreshExpiry"] {
            let body = json!({ "scope": ["event"], name: life });
            assert_eq!(answer(post(&world, &body)).await.0, 400, "{body}");
        }
    }
    let key = world.demo.discover_api_key.expose();
    let form = world.request("POST", PATH).header("x-api-key", key).body("scope=event");
    let (status, body) = answer(form).await;
    assert_eq!((status.as_u16(), kind(&body)), (406, "invalid_format"));
    let refresh = secret(&good(post(&world, &json!({ "scope": ["event"] }))).await, "refreshToken");
    assert_eq!(answer(world.bearing("PUT", PATH, &refresh).body("scope=event")).await.0, 400);
}

#[tokio::test]
async fn a_session_ttl_replaces_the_default_and_leaves_what_was_asked_for() {
    let ttl = |seconds| Config { session_ttl: Some(Duration::from_secs(seconds)), ..Config::default() };
    let world = World::of(ttl(4)).await;
    let minted = good(post(&world, &json!({ "scope": ["event"] }))).await;
    assert_eq!(minted["accessTokenExpiry"], 4000);
    assert_eq!(minted["refreshTokenExpiry"], 604_800_000);
    let minted = good(post(&world, &json!({ "scope": ["event"], "accessExpiry": 9000 }))).await;
    assert_eq!(minted["accessTokenExpiry"], 9000);

    // A refresh token is never over before what it is to refresh.
    let world = World::of(ttl(1_000_000)).await;
    let minted = good(post(&world, &json!({ "scope": ["event"] }))).await;
    assert_eq!(minted["accessTokenExpiry"], 1_000_000_000);
    assert_eq!(minted["refreshTokenExpiry"], 1_000_000_000);
}
