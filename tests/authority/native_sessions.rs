//! A user's sessions in the native dialect, with an access token: list, inspect, open, name, end, and who may.

use std::time::Duration;

use daypass_authority::{Config, Rate};
use daypass_core::Secret;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::native::{by, introspect, refused, signed_in};
use crate::world::{START, World, answer, good, secret};

const DAY: u64 = 86_400;

/// Where the sessions are.
const PATH: &str = "/oauth2/sessions";

/// A session as a test holds it.
struct Held {
    id: String,
    access: Secret,
    refresh: Secret,
}

/// The session of what the token endpoint answered.
async fn held(world: &World, issued: &Value) -> Held {
    let access = secret(issued, "access_token");
    let own = good(world.bearing("GET", "/oauth2/sessions/current", &access)).await;
    Held { id: own["id"].as_str().unwrap().to_owned(), access, refresh: secret(issued, "refresh_token") }
}

/// A user who has signed in.
async fn user(world: &World) -> Held {
    let issued = signed_in(world, &world.demo.native_client).await;
    held(world, &issued).await
}

/// One more session of the user who holds `token`, as `asked`.
async fn opened(world: &World, token: &Secret, asked: &Value) -> Held {
    let (status, issued) = answer(world.bearing("POST", PATH, token).json(asked)).await;
    assert_eq!(status, 201, "{issued}");
    held(world, &issued).await
}

/// What a refresh of the session answers, for these scopes.
async fn refreshed(world: &World, session: &Held, scope: &str) -> Value {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", session.refresh.expose()), ("scope", scope)];
    good(by(world, &world.demo.native_client, "token", &fields)).await
}

/// The ids of the sessions that the holder of `token` is told of.
async fn listed(world: &World, token: &Secret) -> Vec<String> {
    let body = good(world.bearing("GET", PATH, token)).await;
    let sessions = body["sessions"].as_array().unwrap();
    sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

/// Status and `error` of `method` on what follows the sessions' path, and the challenge.
async fn denied(world: &World, method: &str, rest: &str, token: &Secret) -> (u16, String, HeaderMap) {
    refused(world.bearing(method, &format!("{PATH}{rest}"), token).json(&json!({ "name": "x" }))).await
}

async fn assert_dead(world: &World, session: &Held) {
    for token in [&session.access, &session.refresh] {
        assert_eq!(introspect(world, token).await, json!({ "active": false }));
    }
    let fields = [("grant_type", "refresh_token"), ("refresh_token", session.refresh.expose())];
    let (status, body) = answer(by(world, &world.demo.native_client, "token", &fields)).await;
    assert_eq!((status.as_u16(), &body["error_description"]), (400, &"The session was revoked".into()));
    for (method, rest) in
        [("GET", ""), ("GET", "/current"), ("POST", ""), ("PATCH", "/current"), ("DELETE", "/others"), ("DELETE", "")]
    {
        let (status, error, _) = denied(world, method, rest, &session.access).await;
        assert_eq!((status, error.as_str()), (401, "invalid_token"), "{method} {rest}");
    }
}

async fn assert_alive(world: &World, session: &Held) {
    for token in [&session.access, &session.refresh] {
        assert_eq!(introspect(world, token).await["active"], true);
    }
}

#[tokio::test]
async fn a_user_sees_its_sessions_and_nobody_elses() {
    let world = World::new().await;
    let first = user(&world).await;
    let stranger = user(&world).await;
    world.pass(Duration::from_secs(60));
    let second = opened(&world, &first.access, &json!({ "name": "Build server", "scope": "read" })).await;
    world.pass(Duration::from_secs(60));
    let renewed = secret(&refreshed(&world, &first, "read write").await, "access_token");

    let (client, start) = (&world.demo.native_client.id, START);
    let end = |used: i64| used + 30 * 86_400;
    let mut one = json!({
        "id": first.id, "name": null, "client_id": client, "scope": "read write", "created_at": start,
        "last_used_at": start + 120, "expires_at": end(start + 120), "current": true,
    });
    let mut two = json!({
        "id": second.id, "name": "Build server", "client_id": client, "scope": "read", "created_at": start + 60,
        "last_used_at": start + 60, "expires_at": end(start + 60), "current": false,
    });
    assert_eq!(good(world.bearing("GET", PATH, &renewed)).await, json!({ "sessions": [one, two] }));
    assert_eq!(good(world.bearing("GET", &format!("{PATH}/{}", second.id), &first.access)).await, two);
    (one["current"], two["current"]) = (false.into(), true.into());
    assert_eq!(good(world.bearing("GET", PATH, &second.access)).await, json!({ "sessions": [one, two] }));
    assert_eq!(good(world.bearing("GET", &format!("{PATH}/current"), &second.access)).await, two);
    let head = world.bearing("HEAD", PATH, &first.access).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()["cache-control"].to_str().unwrap()), (200, "no-store"));

    assert_eq!(listed(&world, &stranger.access).await, std::slice::from_ref(&stranger.id));
    for id in [first.id.as_str(), "0", "00000000000000000000000000000000", &first.id.to_uppercase()] {
        for method in ["GET", "PATCH", "DELETE"] {
            let (status, error, _) = denied(&world, method, &format!("/{id}"), &stranger.access).await;
            assert_eq!((status, error.as_str()), (404, "not_found"), "{method} {id}");
        }
    }
    assert_alive(&world, &first).await;
}

#[tokio::test]
async fn a_session_that_is_over_is_not_in_the_list() {
    let world = World::new().await;
    let first = user(&world).await;
    let second = opened(&world, &first.access, &json!({})).await;
    let last = Duration::from_secs(30 * DAY - 1);
    world.pass(last);
    let access = secret(&refreshed(&world, &first, "read write").await, "access_token");
    assert_eq!(listed(&world, &access).await.len(), 2);
    world.pass(Duration::from_secs(1));
    assert_eq!(listed(&world, &access).await, std::slice::from_ref(&first.id), "idle for too long");
    assert_eq!(denied(&world, "GET", &format!("/{}", second.id), &access).await.0, 404);
    assert_eq!(denied(&world, "PATCH", &format!("/{}", second.id), &access).await.0, 404);
}

#[tokio::test]
async fn a_session_is_named_and_keeps_its_name() {
    let world = World::new().await;
    let first = user(&world).await;
    let second = opened(&world, &first.access, &json!({})).await;
    let path = format!("{PATH}/{}", second.id);
    let patch = |body: Value| world.bearing("PATCH", &path, &first.access).json(&body);
    let longest = "ä".repeat(256);
    for name in ["Laptop", longest.as_str()] {
        assert_eq!(good(patch(json!({ "name": name }))).await["name"], name);
        refreshed(&world, &second, "read").await;
        assert_eq!(good(world.bearing("GET", &path, &first.access)).await["name"], name);
    }
    let long = "x".repeat(257);
    for bad in [
        json!({}),
        json!({ "name": 1 }),
        json!({ "name": "" }),
        json!({ "name": " " }),
        json!({ "name": "a\nb" }),
        json!({ "name": long }),
    ] {
        let (status, error, _) = refused(patch(bad.clone())).await;
        assert_eq!((status, error.as_str()), (400, "invalid_request"), "{bad}");
        let (status, _, _) = refused(world.bearing("POST", PATH, &first.access).json(&json!({ "name": "a\nb" }))).await;
        assert_eq!(status, 400);
    }
    assert_eq!(good(world.bearing("GET", &path, &first.access)).await["name"], longest);
    assert_eq!(good(patch(json!({ "name": null }))).await["name"], Value::Null);
    assert_eq!(good(world.bearing("GET", &path, &first.access)).await["name"], Value::Null);
    world.end().await;
}

#[tokio::test]
async fn one_the_others_or_all_are_ended_and_dead_at_once() {
    let world = World::new().await;
    let stranger = user(&world).await;
    let first = user(&world).await;
    let second = opened(&world, &first.access, &json!({})).await;
    let third = opened(&world, &second.access, &json!({})).await;
    let end = |rest: &str, token: &Secret| world.bearing("DELETE", &format!("{PATH}{rest}"), token);

    assert_eq!(good(end(&format!("/{}", second.id), &first.access)).await, json!({ "revoked": 1 }));
    assert_dead(&world, &second).await;
    assert_eq!(listed(&world, &first.access).await.len(), 2);
    assert_eq!(denied(&world, "DELETE", &format!("/{}", second.id), &first.access).await.0, 404, "it is over");
    // It was opened by the one that ended, and is its own.
    assert_alive(&world, &third).await;

    let fourth = opened(&world, &third.access, &json!({})).await;
    assert_eq!(good(end("/others", &third.access)).await, json!({ "revoked": 2 }));
    assert_dead(&world, &first).await;
    assert_dead(&world, &fourth).await;
    assert_eq!(listed(&world, &third.access).await, std::slice::from_ref(&third.id));
    assert_eq!(good(end("/others", &third.access)).await, json!({ "revoked": 0 }));

    let fifth = opened(&world, &third.access, &json!({})).await;
    good(end("/current", &fifth.access)).await;
    assert_dead(&world, &fifth).await;
    let sixth = opened(&world, &third.access, &json!({})).await;
    assert_eq!(good(end("", &sixth.access)).await, json!({ "revoked": 2 }));
    assert_dead(&world, &third).await;
    assert_dead(&world, &sixth).await;
    assert_alive(&world, &stranger).await;
}

#[tokio::test]
async fn a_token_reaches_no_further_than_its_scopes() {
    let world = World::new().await;
    let first = user(&world).await;
    let second = opened(&world, &first.access, &json!({})).await;
    let narrow = secret(&refreshed(&world, &first, "read").await, "access_token");
    for (method, rest) in [
        ("GET", String::new()),
        ("GET", format!("/{}", second.id)),
        ("POST", String::new()),
        ("PATCH", "/current".to_owned()),
        ("PATCH", format!("/{}", second.id)),
        ("DELETE", format!("/{}", second.id)),
        ("DELETE", "/others".to_owned()),
        ("DELETE", String::new()),
        // Also not whether there is such a session.
        ("DELETE", "/00000000000000000000000000000000".to_owned()),
    ] {
        let (status, error, head) = denied(&world, method, &rest, &narrow).await;
        assert_eq!((status, error.as_str()), (403, "insufficient_scope"), "{method} {rest}");
        let challenge = head["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer realm=\"daypass\", error=\"insufficient_scope\""), "{challenge}");
        assert!(challenge.ends_with("scope=\"read write\""), "{challenge}");
    }
    assert_alive(&world, &first).await;
    assert_alive(&world, &second).await;

    // A session that may less sees those that may more, and changes only its like.
    let reader = opened(&world, &first.access, &json!({ "scope": "read" })).await;
    let like = opened(&world, &reader.access, &json!({})).await;
    assert_eq!(listed(&world, &reader.access).await.len(), 4);
    for (method, rest) in [
        ("PATCH", format!("/{}", first.id)),
        ("DELETE", format!("/{}", first.id)),
        ("DELETE", "/others".to_owned()),
        ("DELETE", String::new()),
    ] {
        assert_eq!(denied(&world, method, &rest, &reader.access).await.1, "insufficient_scope", "{method} {rest}");
    }
    let more = world.bearing("POST", PATH, &reader.access).json(&json!({ "scope": "read write" }));
    assert_eq!(refused(more).await.1, "insufficient_scope");
    for session in [&first, &second, &reader, &like] {
        assert_alive(&world, session).await;
    }
    good(world.bearing("DELETE", &format!("{PATH}/{}", like.id), &reader.access)).await;
    assert_dead(&world, &like).await;

    // Every token sees its own session, and signs out.
    let own = good(world.bearing("GET", &format!("{PATH}/{}", first.id), &narrow)).await;
    assert_eq!(own["current"], true);
    good(world.bearing("DELETE", &format!("{PATH}/{}", first.id), &narrow)).await;
    assert_dead(&world, &first).await;
    assert_alive(&world, &second).await;
}

#[tokio::test]
async fn a_new_session_ends_no_later_than_the_one_that_opened_it() {
    let world = World::new().await;
    let mut first = user(&world).await;
    for _ in 0..3 {
        world.pass(Duration::from_secs(29 * DAY));
        let issued = refreshed(&world, &first, "read write").await;
        first = held(&world, &issued).await;
    }
    let second = opened(&world, &first.access, &json!({})).await;
    let shown = good(world.bearing("GET", &format!("{PATH}/current"), &second.access)).await;
    assert_eq!(shown["expires_at"], START + 90 * 86_400);
    world.pass(Duration::from_secs(3 * DAY));
    assert_eq!(introspect(&world, &second.refresh).await["active"], false);
}

#[tokio::test]
async fn a_user_has_no_more_sessions_than_may_be() {
    let config = Config { most_sessions: 2, ..Config::default() };
    let world = World::of(config).await;
    let first = user(&world).await;
    let second = opened(&world, &first.access, &json!({})).await;
    let open = || refused(world.bearing("POST", PATH, &first.access).json(&json!({})));
    let (status, error, _) = open().await;
    assert_eq!((status, error.as_str()), (409, "too_many_sessions"));
    assert_alive(&world, &first).await;
    assert_alive(&world, &second).await;
    // Another user has room, and one that ended makes some.
    let stranger = user(&world).await;
    opened(&world, &stranger.access, &json!({})).await;
    good(world.bearing("DELETE", &format!("{PATH}/{}", second.id), &first.access)).await;
    opened(&world, &first.access, &json!({})).await;
    assert_eq!(open().await.0, 409);
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused_as_rfc_6750_says() {
    let world = World::new().await;
    let first = user(&world).await;
    let response = world.request("GET", PATH).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["www-authenticate"]),
        (401, &"Bearer realm=\"daypass\"".parse().unwrap())
    );
    assert_eq!(response.json::<Value>().await.unwrap(), json!({}), "nothing is told to who sends no token");

    let forged = Secret::new(format!("{}x", first.access.expose()));
    for token in [&Secret::new("x"), &forged, &first.refresh, &world.demo.antiraid_login_token] {
        let (status, error, head) = denied(&world, "GET", "", token).await;
        assert_eq!((status, error.as_str()), (401, "invalid_token"));
        let challenge =
            "Bearer realm=\"daypass\", error=\"invalid_token\", error_description=\"The token is not valid\"";
        assert_eq!(head["www-authenticate"], challenge);
    }
    let own = [("grant_type", "client_credentials")];
    let own = secret(&good(by(&world, &world.demo.native_client, "token", &own)).await, "access_token");
    let (status, error, _) = denied(&world, "GET", "", &own).await;
    assert_eq!((status, error.as_str()), (403, "insufficient_scope"), "a client has no sessions to see");
    for (method, rest, status) in
        [("PUT", "", 405), ("POST", "/others", 405), ("POST", "/current", 405), ("GET", "/a/b", 404), ("GET", "/", 404)]
    {
        assert_eq!(denied(&world, method, rest, &first.access).await.0, status, "{method} {rest}");
    }
    let form = world.bearing("POST", PATH, &first.access).form(&[("name", "x")]);
    assert_eq!(refused(form).await.0, 415);
    let scope = world.bearing("POST", PATH, &first.access).json(&json!({ "scope": "a  b" }));
    assert_eq!(refused(scope).await.1, "invalid_request");
    world.pass(Duration::from_secs(600));
    assert_eq!(denied(&world, "GET", "", &first.access).await.1, "invalid_token", "it has expired");
}

#[tokio::test]
async fn guesses_at_tokens_are_limited_and_good_ones_are_served() {
    let config = Config { failures: Rate { burst: 3, per_second: 0.1 }, ..Config::default() };
    let world = World::of(config).await;
    let first = user(&world).await;
    for _ in 0..3 {
        assert_eq!(denied(&world, "GET", "", &Secret::new("x")).await.0, 401);
    }
    let (status, error, head) = denied(&world, "GET", "", &Secret::new("x")).await;
    assert_eq!((status, error.as_str()), (429, "temporarily_unavailable"));
    assert_eq!(head["retry-after"], "10");
    assert_eq!(listed(&world, &first.access).await.len(), 1);
}
