//! AntiRaid's contract: inspect, list, create, delete, rotate.

use std::time::Duration;

use daypass_core::expiry::{Notation, instant};
use daypass_core::{Clock as _, Secret, Time};
use serde_json::{Value, json};

use crate::world::{RequestBuilder, START, World, answer, good, secret};

fn bearing(world: &World, method: &str, path: &str, token: &Secret) -> RequestBuilder {
    world.request(method, path).header("authorization", token.expose())
}

fn create(world: &World, token: &Secret, name: &str, expiry: &Value) -> RequestBuilder {
    bearing(world, "POST", "/sessions", token).json(&json!({ "name": name, "type": "api", "expiry": expiry }))
}

fn error(body: &Value) -> &str {
    assert!(body["message"].is_string(), "{body}");
    body["code"].as_str().unwrap()
}

#[tokio::test]
async fn a_created_session_answers_as_documented() {
    let world = World::new().await;
    let login = &world.demo.antiraid_login_token;
    let created = good(create(&world, login, "ci", &json!(604_800))).await;
    assert_eq!(created["user_id"], world.demo.antiraid_user_id.as_str());
    assert_eq!(created["user"], Value::Null);
    assert!(created.as_object().unwrap().contains_key("user"));
    assert_eq!(created["expiry"], "2030-03-24T17:46:40.000000000Z");
    let token = secret(&created, "token");
    assert!(token.expose().len() == 128 && token.expose().bytes().all(|b| b.is_ascii_alphanumeric()));

    let me = good(bearing(&world, "GET", "/sessions/@me", &token)).await;
    let expected = json!({
        "user_id": world.demo.antiraid_user_id, "id": created["session_id"], "state": "normal", "type": "api",
    });
    assert_eq!(me, expected);
    for scheme in ["User", "Bearer"] {
        let value = format!("{scheme} {}", token.expose());
        good(world.request("GET", "/sessions/@me").header("authorization", value)).await;
    }
}

#[tokio::test]
async fn the_list_has_every_living_session_and_no_token() {
    let world = World::new().await;
    let login = &world.demo.antiraid_login_token;
    let token = secret(&good(create(&world, login, "one", &json!(60))).await, "token");
    good(create(&world, login, "two", &json!(120))).await;
    let stranger = world.service.create_demo_user().await.unwrap();

    let response = bearing(&world, "GET", "/sessions", &token).send().await.unwrap();
    let text = response.text().await.unwrap();
    assert!(!text.contains(token.expose()) && !text.contains(login.expose()));
    let listed: Value = serde_json::from_str(&text).unwrap();
    let sessions = listed["sessions"].as_array().unwrap();
    let names: Vec<_> = sessions.iter().map(|session| session["name"].as_str()).collect();
    assert_eq!(names, [None, Some("one"), Some("two")]);
    for key in ["id", "name", "user_id", "created_at", "type", "expiry"] {
        assert!(sessions.iter().all(|session| session.as_object().unwrap().contains_key(key)), "{key}");
    }
    assert_eq!(sessions[0]["type"], "login");

    // Expired ones vanish, for who holds them and for who lists them.
    world.pass(Duration::from_secs(60));
    let (status, body) = answer(bearing(&world, "GET", "/sessions/@me", &token)).await;
    assert_eq!((status.as_u16(), error(&body)), (401, "InvalidToken"));
    assert_eq!(good(bearing(&world, "GET", "/sessions", login)).await["sessions"].as_array().unwrap().len(), 2);

    let theirs = good(bearing(&world, "GET", "/sessions", &stranger.antiraid_login_token)).await;
    assert_eq!(theirs["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_deleted_session_is_dead_at_once() {
    let world = World::new().await;
    let login = &world.demo.antiraid_login_token;
    let created = good(create(&world, login, "ci", &json!(600))).await;
    let (token, path) = (secret(&created, "token"), format!("/sessions/{}", created["session_id"].as_str().unwrap()));

    let stranger = world.service.create_demo_user().await.unwrap();
    let (status, body) = answer(bearing(&world, "DELETE", &path, &stranger.antiraid_login_token)).await;
    assert_eq!((status.as_u16(), error(&body)), (404, "NotFound"), "only one's own");

    // An api token may end sessions, itself included.
    let response = bearing(&world, "DELETE", &path, &token).send().await.unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(response.bytes().await.unwrap().len(), 0);
    let (status, body) = answer(bearing(&world, "GET", "/sessions/@me", &token)).await;
    assert_eq!((status.as_u16(), error(&body)), (401, "InvalidToken"));
    for gone in [path.as_str(), "/sessions/x", "/sessions/00000000-0000-4000-8000-000000000000", "/sessions/%ff"] {
        let (status, body) = answer(bearing(&world, "DELETE", gone, login)).await;
        assert_eq!((status.as_u16(), error(&body)), (404, "NotFound"), "{gone}");
    }
}

#[tokio::test]
async fn a_rotation_outlives_the_session_that_it_began_with() {
    let world = World::new().await;
    let first = good(create(&world, &world.demo.antiraid_login_token, "ci", &json!(600))).await;
    let second = good(create(&world, &secret(&first, "token"), "ci", &json!(600))).await;
    let old = format!("/sessions/{}", first["session_id"].as_str().unwrap());
    let token = secret(&second, "token");
    assert_eq!(bearing(&world, "DELETE", &old, &token).send().await.unwrap().status(), 204);
    good(bearing(&world, "GET", "/sessions/@me", &token)).await;
}

#[tokio::test]
async fn the_whole_documented_range_of_lives_is_taken() {
    let world = World::new().await;
    let login = &world.demo.antiraid_login_token;
    for expiry in [json!(1), json!(8_300_000_000_000_u64), json!(9_223_372_036_854_775_u64)] {
        let created = good(create(&world, login, "long", &expiry)).await;
        let read = instant(Notation::Rfc3339, &created["expiry"]).unwrap();
        assert!(read > world.clock.now(), "{created}");
        let me = good(bearing(&world, "GET", "/sessions/@me", &secret(&created, "token"))).await;
        assert_eq!(me["id"], created["session_id"]);
    }
    let listed = good(bearing(&world, "GET", "/sessions", login)).await;
    let last = &listed["sessions"].as_array().unwrap().last().unwrap()["expiry"];
    assert_eq!(last, "+262142-12-31T23:59:59.999999000Z");
    let cut = instant(Notation::Rfc3339, last).unwrap();
    assert_eq!(cut.timestamp(), Time::MAX_UTC.timestamp());

    // Zero is in the range: a session that is over as soon as it begins.
    let created = good(create(&world, login, "none", &json!(0))).await;
    assert_eq!(instant(Notation::Rfc3339, &created["expiry"]).unwrap().timestamp(), START);
    assert_eq!(answer(bearing(&world, "GET", "/sessions/@me", &secret(&created, "token"))).await.0, 401);
}

#[tokio::test]
async fn bad_requests_are_told_apart() {
    let world = World::new().await;
    let login = &world.demo.antiraid_login_token;
    for expiry in [json!(-1), json!(9_223_372_036_854_776_u64), json!(u64::MAX), json!(1e300)] {
        let (status, body) = answer(create(&world, login, "x", &expiry)).await;
        assert_eq!((status.as_u16(), error(&body)), (400, "InvalidToken"), "{expiry}");
    }
    for expiry in [json!("60"), json!(1.5), json!(null)] {
        assert_eq!(answer(create(&world, login, "x", &expiry)).await.0, 422, "{expiry}");
    }
    // In JSON 60.0 is a whole number.
    good(create(&world, login, "x", &json!(60.0))).await;
    let other = json!({ "name": "x", "type": "login", "expiry": 60 });
    let (status, body) = answer(bearing(&world, "POST", "/sessions", login).json(&other)).await;
    assert_eq!((status.as_u16(), error(&body)), (403, "Restricted"));
    let (status, body) = answer(bearing(&world, "POST", "/sessions", login).json(&json!({ "type": "api" }))).await;
    assert_eq!((status.as_u16(), error(&body)), (422, "InvalidRequest"));
    assert_eq!(body["message"], "The field name is missing");
    let (status, body) = answer(world.request("GET", "/sessions")).await;
    assert_eq!((status.as_u16(), error(&body)), (401, "NoAuthToken"));
    let wrong = Secret::new("A".repeat(128));
    let (status, body) = answer(create(&world, &wrong, "x", &json!(60))).await;
    assert_eq!((status.as_u16(), error(&body)), (401, "InvalidToken"));
}

#[tokio::test]
async fn a_login_lives_an_hour() {
    let world = World::new().await;
    world.pass(Duration::from_secs(3599));
    good(bearing(&world, "GET", "/sessions/@me", &world.demo.antiraid_login_token)).await;
    world.pass(Duration::from_secs(1));
    assert_eq!(answer(bearing(&world, "GET", "/sessions/@me", &world.demo.antiraid_login_token)).await.0, 401);
}
