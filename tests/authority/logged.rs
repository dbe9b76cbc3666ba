//! The log: what an operator reads of a busy run, and that no secret is in it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use daypass_authority::{Config, Form, Level, Log, Rate};
use daypass_core::Secret;
use serde_json::{Value, json};

use crate::native::{by, refused, signed_in};
use crate::place::Place;
use crate::transport::raw;
use crate::world::{HandClock, World, answer, good, secret};

/// What a log wrote. All of it is there once the world that told it has ended.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seen {
    async fn world(&self, config: Config) -> World {
        World::of_logged(config, self.log()).await
    }

    fn log(&self) -> Log {
        let clock = Arc::new(HandClock::at_start());
        Log::start(Box::new(self.clone()), Form::Json, Level::Request, clock).unwrap()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines of the event `name`.
    fn events(&self, name: &str) -> Vec<Value> {
        let lines = self.text();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["event"] == name).collect()
    }
}

#[tokio::test]
async fn a_request_is_told_with_its_id_its_route_and_what_became_of_it() {
    let seen = Seen::default();
    let world = seen.world(Config::default()).await;
    let id = |response: &reqwest::Response| response.headers()["x-request-id"].to_str().unwrap().to_owned();

    let response = world.request("GET", "/sessions/@me?x=1").header("x-request-id", "edge-7.A_b").send().await.unwrap();
    assert_eq!(id(&response), "edge-7.A_b");
    let mut own = Vec::new();
    let long = "a".repeat(65);
    for given in ["not well formed", "", long.as_str(), "a\"b"] {
        let request = world.bearing("DELETE", "/sessions/0123", &world.demo.antiraid_login_token);
        own.push(id(&request.header("x-request-id", given).send().await.unwrap()));
    }
    own.sort();
    own.dedup();
    assert_eq!(own.len(), 4, "each has an id of its own: {own:?}");
    let broken = raw(&world, b"\0\r\n\r\n").await;
    assert!(broken.contains("x-request-id: "), "{broken}");
    world.request("BREW", "/nowhere").send().await.unwrap();
    world.end().await;

    let lines = seen.events("request");
    assert_eq!(lines.len(), 7);
    assert!(lines.iter().all(|line| line["peer"] == "127.0.0.1" && line["micros"].is_u64()));
    let told = |line: &Value| {
        ["method", "route", "dialect", "status", "outcome"]
            .map(|name| line[name].to_string().replace('"', ""))
            .join(" ")
    };
    assert_eq!(lines[0]["request"], "edge-7.A_b");
    assert_eq!(told(&lines[0]), "GET /sessions/@me antiraid 401 no_credential");
    assert!(lines[1..5].iter().all(|line| own.contains(&line["request"].as_str().unwrap().to_owned())));
    assert_eq!(told(&lines[1]), "DELETE /sessions/{id} antiraid 404 unknown");
    assert_eq!(told(&lines[5]), "OTHER - none 400 malformed");
    assert_eq!(told(&lines[6]), "OTHER - none 404 no_route");
    assert_eq!(seen.events("serving").len(), 1);
    assert_eq!(seen.events("draining").len(), 1);
    assert_eq!(seen.events("stopped")[0]["cut"], 0);
}

#[tokio::test]
async fn the_replay_of_an_old_refresh_token_is_told_with_its_reason() {
    let seen = Seen::default();
    let world = seen.world(Config::default()).await;
    let client = &world.demo.native_client;
    let refresh = |token: &Secret| {
        by(&world, client, "token", &[("grant_type", "refresh_token"), ("refresh_token", token.expose())])
    };
    let first = secret(&signed_in(&world, client).await, "refresh_token");
    let mut held = first.clone();
    for _ in 0..3 {
        held = secret(&good(refresh(&held)).await, "refresh_token");
    }
    assert_eq!(refused(refresh(&first).header("x-request-id", "replay")).await.1, "invalid_grant");
    let name = client.id.clone();
    world.end().await;
    let opened = seen.events("session_opened");
    let session = opened.iter().find(|line| line["client"] == name.as_str()).unwrap();
    assert!(session["user"].is_string());
    let generations: Vec<u64> =
        seen.events("session_refreshed").iter().map(|line| line["generation"].as_u64().unwrap()).collect();
    assert_eq!(generations.len(), 3);
    let told = seen.events("refresh_refused");
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["reason"], &told[0]["request"]), (&json!("reused"), &json!("replay")));
    assert_eq!(told[0]["session"], session["session"]);
    assert_eq!(told[0]["level"], "warn");
    let request = seen.events("request").into_iter().find(|line| line["request"] == "replay").unwrap();
    assert_eq!(request["outcome"], "invalid_grant");
}

#[tokio::test]
async fn a_store_that_fails_is_told_with_its_reason() {
    let place = Place::new();
    let seen = Seen::default();
    let world = World::logged(Config::default(), place.store(), seen.log()).await;
    place.run("DROP TABLE profiles");
    let (status, _) = answer(world.bearing("GET", "/profiles", &world.demo.discovr_refresh_token)).await;
    assert_eq!(status, 503);
    world.end().await;
    let told = seen.events("store_failed");
    assert_eq!((&told[0]["step"], &told[0]["level"]), (&json!("profiles"), &json!("error")));
    assert!(told[0]["error"].as_str().unwrap().contains("profiles"), "{}", told[0]);
    let request = seen.events("request").pop().unwrap();
    assert_eq!((&request["level"], &request["outcome"]), (&json!("error"), &json!("unavailable")));
}

#[tokio::test]
async fn a_change_of_keys_is_told_and_one_that_found_none_is_not() {
    let seen = Seen::default();
    let world = seen.world(Config::default()).await;
    let first = world.service.list_keys().await.unwrap()[0].id.clone();
    world.service.rotate_key(true).await.unwrap();
    world.service.withdraw_key(&first).await.unwrap().unwrap();
    assert_eq!(world.service.withdraw_key("nothing").await.unwrap(), None);
    world.end().await;
    let told: Vec<_> =
        seen.events("keys_changed").into_iter().map(|line| json!([line["deed"], line["keys"]])).collect();
    assert_eq!(told, [json!(["tend", 1]), json!(["rotate", 2]), json!(["withdraw", 2])]);
}

#[tokio::test]
async fn no_secret_of_a_busy_run_is_in_the_log() {
    let seen = Seen::default();
    let config = Config { failures: Rate { burst: 20, per_second: 0.1 }, ..Config::default() };
    let world = seen.world(config).await;
    let secrets = a_busy_run(&world).await;
    world.end().await;
    assert!(secrets.len() >= 30, "only {} secrets", secrets.len());
    let text = seen.text();
    assert!(seen.events("request").len() >= 60, "{}", seen.events("request").len());
    for (at, secret) in secrets.iter().enumerate() {
        assert!(!text.contains(secret.expose()), "secret {at} is in the log");
        // Not even most of one: the tail of a token is as good as all of it to who guesses the rest.
        let tail = &secret.expose()[secret.expose().len() / 2..];
        assert!(!text.contains(tail), "half of secret {at} is in the log");
    }
    // What the search would find, if it were there.
    assert!(text.contains("credential_refused") && text.contains("session_opened"));
}

/// Uses every dialect, rightly and wrongly, with secrets in every place of a request; answers all secrets there were.
async fn a_busy_run(world: &World) -> Vec<Secret> {
    let demo = &world.demo;
    let client = &demo.native_client;
    let mut secrets = vec![
        demo.discovr_refresh_token.clone(),
        demo.pocketpaw_master_token.clone(),
        demo.antiraid_login_token.clone(),
        demo.discover_api_key.clone(),
        client.secret.clone().unwrap(),
    ];
    for _ in 0..3 {
        let body = json!({ "profileId": demo.discovr_profile_id });
        let minted = world.bearing("POST", "/auth/session-token", &demo.discovr_refresh_token).json(&body);
        secrets.push(secret(&good(minted).await, "sessionToken"));
        let minted = good(world.bearing("POST", "/api/auth/session", &demo.pocketpaw_master_token)).await;
        secrets.push(secret(&minted, "session_token"));
        let body = json!({ "name": "ci", "type": "api", "expiry": 60 });
        let opened = good(world.bearing("POST", "/sessions", &demo.antiraid_login_token).json(&body)).await;
        secrets.push(secret(&opened, "token"));
        let request = world.request("POST", "/account/1/access-token").json(&json!({ "scope": ["search-rec"] }));
        let minted = good(request.header("x-api-key", demo.discover_api_key.expose())).await;
        secrets.extend([secret(&minted, "accessToken"), secret(&minted, "refreshToken")]);
        let issued = good(by(world, client, "token", &[("grant_type", "client_credentials")])).await;
        secrets.push(secret(&issued, "access_token"));
        let begun = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
        secrets.extend([secret(&begun, "deviceCode"), secret(&begun, "userCode")]);
        world
            .request("GET", &format!("/device?user_code={}", begun["userCode"].as_str().unwrap()))
            .send()
            .await
            .unwrap();
        let path = format!("/auth/device-codes/{}/poll", begun["deviceCode"].as_str().unwrap());
        good(world.request("POST", &path)).await;
        let issued = signed_in(world, client).await;
        secrets.extend([secret(&issued, "access_token"), secret(&issued, "refresh_token")]);
        let old = secret(&issued, "refresh_token");
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", old.expose())];
        let issued = good(by(world, client, "token", &refresh)).await;
        secrets.extend([secret(&issued, "access_token"), secret(&issued, "refresh_token")]);
        good(by(world, client, "introspect", &[("token", old.expose())])).await;
        good(by(world, client, "revoke", &[("token", old.expose())])).await;
        answer(by(world, client, "token", &refresh)).await;
    }
    // Each secret in every place where it does not belong.
    for token in secrets.clone() {
        let text = token.expose();
        world.bearing("GET", "/api/sessions", &token).send().await.unwrap();
        world.request("GET", &format!("/sessions/{text}")).header("x-api-key", text).send().await.unwrap();
        world
            .request("GET", &format!("/{text}?{text}"))
            .header("x-request-id", format!("id {text}"))
            .send()
            .await
            .unwrap();
    }
    let text = demo.pocketpaw_master_token.expose();
    let odd = format!("{text} /{text} HTTP/1.1\r\nhost: {text}\r\nconnection: close\r\n\r\n");
    raw(world, odd.as_bytes()).await;
    raw(world, format!("{text}\r\n\r\n").as_bytes()).await;
    let regenerated = good(world.bearing("POST", "/api/token/regenerate", &demo.pocketpaw_master_token)).await;
    secrets.push(secret(&regenerated, "token"));
    secrets
}
