//! Two authorities over one store: what one of them ends is dead at the other within a second.

use std::time::Duration;

use daypass_authority::ClientKind;
use daypass_core::Secret;
use serde_json::json;
use tokio::time::Instant;

use crate::native::{by, decide, introspect, poll, registered, signed_in};
use crate::operation::figure;
use crate::place::Place;
use crate::world::{World, answer, good, secret};

/// How long it may take.
pub(crate) const DEAD_WITHIN: Duration = Duration::from_secs(1);

/// Asks until the authority answers without the step of its store: from what it remembers, which others must end.
pub(crate) async fn remembered(world: &World, step: &str, ask: impl AsyncFn()) {
    let name = format!("daypass_authority_store_step_seconds_count{{step=\"{step}\"}}");
    let steps = async || figure(&world.request("GET", "/metrics").send().await.unwrap().text().await.unwrap(), &name);
    let kept = async {
        ask().await;
        let mut before = steps().await;
        loop {
            ask().await;
            let now = steps().await;
            if now.total_cmp(&before).is_eq() {
                break;
            }
            before = now;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), kept).await.unwrap();
}

/// Asks for a token that was revoked elsewhere just now, until it is dead, in time.
pub(crate) async fn dies_soon(here: &World, token: &Secret, which: &str) {
    let revoked = Instant::now();
    loop {
        let asked = Instant::now();
        if introspect(here, token).await == json!({ "active": false }) {
            break;
        }
        assert!(asked.duration_since(revoked) < DEAD_WITHIN, "{which} lives on");
    }
}

#[tokio::test]
async fn a_session_that_one_authority_revokes_is_dead_at_the_other_within_a_second() {
    let place = Place::new();
    let (here, there) = (World::at(&place).await, World::at(&place).await);
    let tv = registered(&there, "tv", ClientKind::Public).await;
    for which in ["access_token", "refresh_token"] {
        let token = secret(&signed_in(&there, &tv).await, which);
        remembered(&here, "native_session", async || {
            assert_eq!(introspect(&here, &token).await["active"], true, "{which}");
        })
        .await;
        good(by(&there, &tv, "revoke", &[("token", token.expose())])).await;
        dies_soon(&here, &token, which).await;
    }
    here.end().await;
    there.end().await;
}

#[tokio::test]
async fn a_master_that_one_authority_replaces_ends_its_sessions_at_the_other_within_a_second() {
    let place = Place::new();
    let (here, there) = (World::at(&place).await, World::at(&place).await);
    let master = &there.demo.pocketpaw_master_token;
    let session = secret(&good(there.bearing("POST", "/api/v1/auth/session", master)).await, "session_token");
    let ask = async || drop(good(here.bearing("GET", "/api/v1/sessions", &session)).await);
    remembered(&here, "session", ask).await;
    good(there.bearing("POST", "/api/v1/token/regenerate", master)).await;
    let replaced = Instant::now();
    loop {
        let asked = Instant::now();
        if answer(here.bearing("GET", "/api/v1/sessions", &session)).await.0 == 401 {
            break;
        }
        assert!(asked.duration_since(replaced) < DEAD_WITHIN, "the session lives on");
    }
    here.end().await;
    there.end().await;
}

#[tokio::test]
async fn a_refresh_token_that_fifty_race_with_at_two_authorities_has_one_successor() {
    let place = Place::new();
    let (here, there) = (World::at(&place).await, World::at(&place).await);
    let client = &there.demo.native_client;
    let refresh = |world: &World, token: &Secret| {
        by(world, client, "token", &[("grant_type", "refresh_token"), ("refresh_token", token.expose())])
    };
    let mut token = secret(&signed_in(&there, client).await, "refresh_token");
    for _ in 0..5 {
        let mut racing = tokio::task::JoinSet::new();
        for one in 0..50 {
            let request = refresh(if one % 2 == 0 { &here } else { &there }, &token);
            racing.spawn(async move { secret(&good(request).await, "refresh_token") });
        }
        let mut successors: Vec<_> = racing.join_all().await.iter().map(|token| token.expose().to_owned()).collect();
        successors.sort();
        successors.dedup();
        assert_eq!(successors.len(), 1);
        token = Secret::new(successors.remove(0));
    }
    here.end().await;
    there.end().await;
}

#[tokio::test]
async fn of_many_devices_that_redeem_one_sign_in_at_two_authorities_one_is_signed_in() {
    let place = Place::new();
    let (here, there) = (World::at(&place).await, World::at(&place).await);
    let client = &there.demo.native_client;
    let rows = |table: &str| place.run(&format!("SELECT count(*) FROM {table}")).parse::<u32>().unwrap();
    for _ in 0..5 {
        let begun = good(by(&here, client, "device_authorization", &[])).await;
        assert_eq!(decide(&there, &begun, "approve").await, 200);
        let old = good(here.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
        assert_eq!(decide(&there, &json!({ "user_code": old["userCode"] }), "approve").await, 200);
        let path = format!("/auth/device-codes/{}/poll", old["deviceCode"].as_str().unwrap());
        let before = (rows("native_sessions"), rows("credentials"));
        let (mut native, mut discovr) = (tokio::task::JoinSet::new(), tokio::task::JoinSet::new());
        for one in 0..20 {
            let world = if one % 2 == 0 { &here } else { &there };
            native.spawn(answer(poll(world, client, &begun)));
            discovr.spawn(answer(world.request("POST", &path)));
        }
        let mut tokens: Vec<_> =
            native.join_all().await.into_iter().map(|(_, body)| body["refresh_token"].clone()).collect();
        tokens.retain(serde_json::Value::is_string);
        assert!(!tokens.is_empty(), "somebody is signed in");
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "the others are told the same, where they are told anything");
        let signed_in = discovr.join_all().await.into_iter().filter(|(_, body)| body["refreshToken"].is_string());
        assert_eq!(signed_in.count(), 1);
        assert_eq!((rows("native_sessions"), rows("credentials")), (before.0 + 1, before.1 + 1));
    }
    here.end().await;
    there.end().await;
}
