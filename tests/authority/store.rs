//! The store: what survives a restart, what is kept in it, and how rows leave it.

use std::time::Duration;

use daypass_core::Secret;
use serde_json::json;

use crate::place::Place;
use crate::world::{World, answer, good, secret};

/// Every secret that a run hands out or takes.
pub(crate) async fn every_secret(world: &World) -> Vec<Secret> {
    let demo = &world.demo;
    let mut secrets = vec![
        demo.discovr_refresh_token.clone(),
        demo.pocketpaw_master_token.clone(),
        demo.antiraid_login_token.clone(),
        demo.discover_api_key.clone(),
    ];
    let body = json!({ "profileId": demo.discovr_profile_id });
    let minted = good(world.bearing("POST", "/auth/session-token", &demo.discovr_refresh_token).json(&body)).await;
    secrets.push(secret(&minted, "sessionToken"));
    let minted = good(world.bearing("POST", "/api/auth/session", &demo.pocketpaw_master_token)).await;
    secrets.push(secret(&minted, "session_token"));
    let body = json!({ "name": "ci", "type": "api", "expiry": 600 });
    let created = good(world.bearing("POST", "/sessions", &demo.antiraid_login_token).json(&body)).await;
    secrets.push(secret(&created, "token"));
    let request = world.request("POST", "/account/1/access-token").json(&json!({ "scope": ["search-rec"] }));
    let minted = good(request.header("x-api-key", demo.discover_api_key.expose())).await;
    secrets.extend([secret(&minted, "accessToken"), secret(&minted, "refreshToken")]);
    let renewed = good(world.bearing("PUT", "/account/1/access-token", &secret(&minted, "refreshToken"))).await;
    secrets.push(secret(&renewed, "accessToken"));
    let begun = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
    secrets.extend([secret(&begun, "deviceCode"), secret(&begun, "userCode")]);
    secrets
}

/// Which of `secrets` stand, whole or by their long last part, in `bytes`.
fn found(bytes: &[u8], secrets: &[Secret]) -> usize {
    let stands = |secret: &&Secret| {
        // The last part of a JWT or a stamped token is what makes it one. Not what follows any `_`: a signature may
        // have one before its last letters, which are found everywhere.
        let text = ["rt_", "dvc_"].iter().find_map(|prefix| secret.expose().strip_prefix(prefix));
        let tail = text.unwrap_or(secret.expose()).rsplit(['.', ':']).next().unwrap().as_bytes();
        assert!(tail.len() > 8, "too short to be told from chance");
        bytes.windows(tail.len()).any(|window| window == tail)
    };
    secrets.iter().filter(stands).count()
}

#[tokio::test]
async fn sessions_and_credentials_survive_a_restart() {
    let place = Place::new();
    let world = World::at(&place).await;
    let secrets = every_secret(&world).await;
    world.end().await;

    let world = World::at(&place).await;
    good(world.bearing("GET", "/profile/me", &secrets[4])).await;
    good(world.bearing("GET", "/api/sessions", &secrets[5])).await;
    good(world.bearing("GET", "/sessions/@me", &secrets[6])).await;
    good(world.bearing("GET", "/search-rec/1/3", &secrets[7])).await;
    good(world.bearing("GET", "/profiles", &secrets[0])).await;
    world.end().await;
}

#[tokio::test]
async fn no_secret_is_in_any_file() {
    let place = Place::new();
    let world = World::at(&place).await;
    let secrets = every_secret(&world).await;
    assert_eq!(secrets.len(), 12);
    assert_eq!(found(&place.bytes(), &secrets), 0, "while it runs, the log beside the file included");
    world.end().await;
    assert_eq!(found(&place.bytes(), &secrets), 0);
    // The search finds what is there.
    place.run(&format!("UPDATE sessions SET name = 'x{}x'", secrets[5].expose()));
    assert_eq!(found(&place.bytes(), &secrets), 1);
}

#[tokio::test]
async fn expired_rows_leave_the_file_in_small_steps() {
    let place = Place::new();
    let world = World::at(&place).await;
    let count = || place.run("SELECT count(*) FROM sessions").parse::<u32>().unwrap();
    let body = json!({ "name": "ci", "type": "api", "expiry": 60 });
    for _ in 0..1100 {
        good(world.bearing("POST", "/sessions", &world.demo.antiraid_login_token).json(&body)).await;
    }
    assert_eq!(world.service.expire().await.unwrap(), 0);
    assert_eq!(count(), 1101);
    world.pass(Duration::from_secs(60));
    let listed = good(world.bearing("GET", "/sessions", &world.demo.antiraid_login_token)).await;
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1, "gone for everyone before they are removed");
    for (removed, left) in [(500, 601), (500, 101), (100, 1), (0, 1)] {
        assert_eq!(world.service.expire().await.unwrap(), removed);
        assert_eq!(count(), left);
    }
    // An expired credential is remembered for a week, so that its owner is told what happened.
    let refresh = &world.demo.discovr_refresh_token;
    for (days, code) in [(90, "TOKEN_EXPIRED"), (6, "TOKEN_EXPIRED"), (1, "TOKEN_INVALID")] {
        world.pass(Duration::from_secs(days * 86_400));
        while world.service.expire().await.unwrap() > 0 {}
        assert_eq!(answer(world.bearing("GET", "/profiles", refresh)).await.1["code"], code);
    }
}

#[tokio::test]
async fn a_running_authority_removes_expired_rows_by_itself() {
    let place = Place::new();
    let world = World::at(&place).await;
    let body = json!({ "name": "ci", "type": "api", "expiry": 0 });
    good(world.bearing("POST", "/sessions", &world.demo.antiraid_login_token).json(&body)).await;
    world.end().await;
    // It looks as soon as it starts: by the time that it has answered twice, the row is gone or being removed.
    let world = World::at(&place).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(15);
    loop {
        if place.run("SELECT count(*) FROM sessions WHERE name = 'ci'") == "0" {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "still there");
        good(world.bearing("GET", "/sessions", &world.demo.antiraid_login_token)).await;
    }
}

#[tokio::test]
async fn a_store_that_cannot_write_says_so_and_goes_on_when_it_can() {
    let place = Place::new();
    let world = World::at(&place).await;
    let mint = || world.bearing("POST", "/api/auth/session", &world.demo.pocketpaw_master_token);
    good(mint()).await;
    world.pass(Duration::from_secs(1));
    let other = place.hold();
    // Another process holds the store for longer than is waited for.
    let (status, body) = answer(mint()).await;
    assert_eq!(status, 503);
    assert!(body["detail"].is_string());
    drop(other);
    good(mint()).await;
}
