//! PocketPaw's contract: mint, the stamped token, regenerate.

use std::time::Duration;

use daypass_authority::Config;
use daypass_core::token::stamped;
use daypass_core::{Clock as _, Secret, Time};
use serde_json::{Value, json};

use crate::world::{START, World, answer, good, secret};

async fn mint(world: &World) -> Value {
    good(world.bearing("POST", "/api/auth/session", &world.demo.pocketpaw_master_token)).await
}

async fn is_let_in(world: &World, token: &Secret) -> bool {
    let (status, body) = answer(world.bearing("GET", "/api/v1/sessions", token)).await;
    match status.as_u16() {
        200 => true,
        401 => {
            assert_eq!(body, json!({ "detail": "Unauthorized" }));
            false
        }
        other => panic!("{other}: {body}"),
    }
}

#[tokio::test]
async fn a_mint_answers_as_documented_on_both_paths() {
    let world = World::new().await;
    for path in ["/api/auth/session", "/api/v1/auth/session"] {
        let minted = good(world.bearing("POST", path, &world.demo.pocketpaw_master_token)).await;
        assert_eq!(minted.as_object().unwrap().len(), 2);
        assert_eq!(minted["expires_in_hours"], 24);
        let token = secret(&minted, "session_token");
        assert!(token.expose().starts_with(&format!("session:{}:", START + 24 * 3600)));
        // The code is the one that the master's owner can check.
        let verified = stamped::verify(&world.demo.pocketpaw_master_token, &token, world.clock.now());
        assert_eq!(verified, Ok(Time::from_timestamp(START + 24 * 3600, 0).unwrap()));
        assert!(is_let_in(&world, &token).await);
    }
}

#[tokio::test]
async fn a_session_lives_to_its_stamp() {
    let world = World::new().await;
    let token = secret(&mint(&world).await, "session_token");
    world.pass(Duration::from_secs(24 * 3600 - 1));
    assert!(is_let_in(&world, &token).await);
    world.pass(Duration::from_secs(1));
    assert!(!is_let_in(&world, &token).await);
    assert!(is_let_in(&world, &world.demo.pocketpaw_master_token).await);
}

#[tokio::test]
async fn only_a_master_mints() {
    let world = World::new().await;
    let session = secret(&mint(&world).await, "session_token");
    for wrong in [session, world.demo.discover_api_key.clone(), Secret::new("ümlaut"), Secret::new("0")] {
        let request = world.request("POST", "/api/auth/session");
        let bytes = reqwest::header::HeaderValue::from_bytes(format!("Bearer {}", wrong.expose()).as_bytes()).unwrap();
        let (status, body) = answer(request.header("authorization", bytes)).await;
        assert_eq!(status, 401);
        assert!(body["detail"].is_string(), "{body}");
    }
    let lower = format!("bearer {}", world.demo.pocketpaw_master_token.expose());
    let (status, _) = answer(world.request("POST", "/api/auth/session").header("authorization", lower)).await;
    assert_eq!(status, 401, "the scheme's case matters at PocketPaw");
    assert_eq!(answer(world.request("POST", "/api/auth/session")).await.0, 401);
}

#[tokio::test]
async fn a_stamp_that_was_changed_is_not_accepted() {
    let world = World::new().await;
    let token = secret(&mint(&world).await, "session_token");
    let code = token.expose().rsplit(':').next().unwrap();
    assert!(!is_let_in(&world, &Secret::new(format!("session:{}:{code}", START + 999_999))).await);
    assert!(!is_let_in(&world, &Secret::new(format!("session:{}:{}", START + 600, "0".repeat(64)))).await);
}

#[tokio::test]
async fn two_mints_in_one_second_are_the_same_session() {
    let world = World::new().await;
    let first = mint(&world).await;
    assert_eq!(mint(&world).await, first);
    world.pass(Duration::from_secs(1));
    let later = mint(&world).await;
    assert_ne!(later, first);
}

#[tokio::test]
async fn regenerating_kills_the_master_and_all_its_sessions_at_once() {
    let world = World::new().await;
    let old = world.demo.pocketpaw_master_token.clone();
    let session = secret(&mint(&world).await, "session_token");
    let new = secret(&good(world.bearing("POST", "/api/token/regenerate", &old)).await, "token");
    assert_eq!(new.expose().len(), 36);
    for dead in [&old, &session] {
        assert!(!is_let_in(&world, dead).await);
        assert_eq!(answer(world.bearing("POST", "/api/token/regenerate", dead)).await.0, 401);
    }
    let (status, body) = answer(world.bearing("POST", "/api/v1/auth/session", &old)).await;
    assert_eq!((status.as_u16(), body), (401, json!({ "detail": "Invalid master token" })));

    let session = secret(&good(world.bearing("POST", "/api/auth/session", &new)).await, "session_token");
    assert!(is_let_in(&world, &session).await);
    // A session token is worth as much as the master.
    let newer = secret(&good(world.bearing("POST", "/api/v1/token/regenerate", &session)).await, "token");
    assert!(is_let_in(&world, &newer).await);
    assert!(!is_let_in(&world, &new).await);
    assert!(!is_let_in(&world, &session).await);
}

#[tokio::test]
async fn of_many_who_regenerate_at_once_one_succeeds() {
    let world = World::new().await;
    let asking = (0..8).map(|_| {
        let request = world.bearing("POST", "/api/token/regenerate", &world.demo.pocketpaw_master_token);
        tokio::spawn(async move { answer(request).await.0.as_u16() })
    });
    let mut statuses = Vec::new();
    for asked in asking.collect::<Vec<_>>() {
        statuses.push(asked.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401, 401, 401, 401, 401]);
}

#[tokio::test]
async fn hours_are_whole_and_never_none() {
    for (ttl, hours) in [(5, 1), (3600, 1), (3601, 2), (90_000, 25)] {
        let config = Config { session_ttl: Some(Duration::from_secs(ttl)), ..Config::default() };
        let world = World::of(config).await;
        let minted = mint(&world).await;
        assert_eq!(minted["expires_in_hours"], hours);
        let stamp = stamped::peek(&secret(&minted, "session_token")).unwrap();
        assert_eq!(stamp.timestamp(), START + i64::try_from(ttl).unwrap());
    }
}
