//! The transport: hosts, methods, sizes, times, and the end.

use std::time::Duration;

use daypass_authority::Config;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::place::Place;
use crate::world::{World, answer, good};

/// What comes back for `bytes` until the server closes or `Connection: close` is honoured;
/// a single answer is held against the document.
pub(crate) async fn raw(world: &World, bytes: &[u8]) -> String {
    let mut stream = world.connect().await;
    // The server may answer and close before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut seen = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut seen)).await;
    reading.expect("the server neither answers nor closes").expect("the connection was cut");
    let seen = String::from_utf8(seen).unwrap();
    if seen.matches("HTTP/1.").count() == 1 {
        let (status, body) = last_answer(&seen);
        world.document().await.overhear(bytes, status, &body).unwrap();
    }
    seen
}

/// The status and the JSON body of the last answer in `text`.
pub(crate) fn last_answer(text: &str) -> (u16, Value) {
    let start = text.rfind("HTTP/1.").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let (head, body) = text[start..].split_once("\r\n\r\n").unwrap();
    let status = head[9..12].parse().unwrap();
    assert!(head.to_ascii_lowercase().contains("content-type: application/json"), "{head}");
    (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("not JSON: {text:?}")))
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_in_the_words_of_their_dialect() {
    let world = World::new().await;
    for (path, key, word) in [
        ("/auth/nothing", "code", json!("NOT_FOUND")),
        ("/profile/you", "code", json!("NOT_FOUND")),
        ("/api/nothing", "detail", json!("Not Found")),
        ("/api", "detail", json!("Not Found")),
        ("/sessions/a/b", "code", json!("NotFound")),
        ("/account/2/access-token", "type", json!("not_found")),
        ("/", "code", json!("bad_request")),
        ("/favicon.ico", "code", json!("bad_request")),
    ] {
        let (status, body) = answer(world.request("GET", path)).await;
        assert_eq!(status, 404, "{path}");
        assert_eq!(body[key], word, "{path}");
    }
    for (method, path, allowed) in [
        ("GET", "/auth/session-token", "POST"),
        ("PATCH", "/profiles", "GET, HEAD, POST"),
        ("OPTIONS", "/api/auth/session", "POST"),
        ("BREW", "/sessions", "GET, HEAD, POST"),
        ("DELETE", "/sessions/@me", "GET, HEAD"),
        ("GET", "/sessions/x", "DELETE"),
        ("GET", "/account/1/access-token", "POST, PUT"),
        ("PUT", "/device", "GET, HEAD, POST"),
    ] {
        let response = world.request(method, path).send().await.unwrap();
        assert_eq!(response.status(), 405, "{method} {path}");
        assert_eq!(response.headers()["allow"], allowed);
        response.json::<Value>().await.unwrap();
    }
}

#[tokio::test]
async fn answers_may_not_be_kept_and_tell_the_authority_s_time() {
    let world = World::new().await;
    let response = world.bearing("POST", "/api/auth/session", &world.demo.pocketpaw_master_token).send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["date"], "Sun, 17 Mar 2030 17:46:40 GMT");
    let response = world.request("GET", "/sessions").send().await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn only_our_own_host_is_answered_for() {
    let world = World::new().await;
    let token = world.demo.antiraid_login_token.expose();
    for (host, expected) in [
        ("localhost", 200),
        ("localhost:1", 200),
        ("127.0.0.1:7277", 200),
        ("[::1]", 200),
        ("evil.example", 421),
        ("localhost.evil.example:80", 421),
        ("user@localhost", 421),
        ("a b", 400),
        ("", 400),
    ] {
        let head = format!(
            "GET /sessions/@me HTTP/1.1\r\nhost: {host}\r\nauthorization: {token}\r\nconnection: close\r\n\r\n"
        );
        let (status, _) = last_answer(&raw(&world, head.as_bytes()).await);
        assert_eq!(status, expected, "{host}");
    }
    for hosts in ["", "host: localhost\r\nhost: localhost\r\n"] {
        let head = format!("GET /sessions/@me HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        assert_eq!(last_answer(&raw(&world, head.as_bytes()).await).0, 400);
    }
    let absolute = "GET http://evil.example/sessions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert_eq!(last_answer(&raw(&world, absolute.as_bytes()).await).0, 421);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_however_it_comes() {
    let world = World::new().await;
    let token = &world.demo.antiraid_login_token;
    for length in [65_537, 8 * 1024 * 1024] {
        let request = world.bearing("POST", "/sessions", token).header("content-type", "application/json");
        let (status, body) = answer(request.body(vec![b' '; length])).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (413, Some("InvalidRequest")));
    }
    // A client that sends all before it reads can do so, and is not cut off.
    let mut stream = world.connect().await;
    let head = "POST /sessions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 8388608\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; 8_388_608]).await.expect("all of it is taken");
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.unwrap();
    assert_eq!(last_answer(&seen).0, 413);
    // Exactly the limit is read.
    let mut fitting = json!({ "name": "x", "type": "api", "expiry": 60 }).to_string().into_bytes();
    fitting.resize(65_536, b' ');
    good(world.bearing("POST", "/sessions", token).header("content-type", "application/json").body(fitting)).await;
    // In chunks, its length is not known beforehand.
    let mut chunked = b"POST /sessions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..70 {
        chunked.extend(b"400\r\n");
        chunked.extend([b' '; 1024]);
        chunked.extend(b"\r\n");
    }
    assert_eq!(last_answer(&raw(&world, &chunked).await).0, 413);
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_in_json() {
    let world = World::new().await;
    let long = "a".repeat(100_000);
    let header = format!("GET /sessions HTTP/1.1\r\nhost: localhost\r\nx-long: {long}\r\n\r\n");
    assert_eq!(last_answer(&raw(&world, header.as_bytes()).await).0, 431);
    let many = "x-h: 1\r\n".repeat(200);
    let header = format!("GET /sessions HTTP/1.1\r\nhost: localhost\r\n{many}\r\n");
    assert_eq!(last_answer(&raw(&world, header.as_bytes()).await).0, 431);
    let path = format!("GET /sessions/{long} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(matches!(last_answer(&raw(&world, path.as_bytes()).await).0, 414 | 431));
}

#[tokio::test]
async fn a_request_that_never_arrives_is_given_up() {
    let config = Config {
        head_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        ..Config::default()
    };
    let world = World::of(config).await;
    for started in [
        "GET /sessions HT",
        "GET /sessions HTTP/1.1\r\nhost: local",
        "POST /sessions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{",
        "POST /sessions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
    ] {
        assert_eq!(last_answer(&raw(&world, started.as_bytes()).await).0, 408, "{started}");
    }
    // An idle connection is closed without a word.
    assert_eq!(raw(&world, b"").await, "");
}

#[tokio::test]
async fn a_client_that_closes_its_half_still_gets_its_answer() {
    let place = Place::new();
    let world = World::at(&place).await;
    // Somebody holds the store, so that the end of the half is there long before the answer is.
    let other = place.hold();
    let master = world.demo.pocketpaw_master_token.expose();
    let head = format!("POST /api/auth/session HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {master}\r\n\r\n");
    let mut stream = world.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    // The server has seen it when it has answered others since.
    for _ in 0..3 {
        good(world.bearing("GET", "/profiles", &world.demo.discovr_refresh_token)).await;
    }
    drop(other);
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.unwrap();
    assert_eq!(last_answer(&seen).0, 200);

    let mut stream = world.connect().await;
    stream.write_all(b"GET /sessions HTTP/1.1\r\nhost: loc").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.unwrap();
    assert_eq!(last_answer(&seen).0, 400);
}

#[tokio::test]
async fn answers_before_garbage_are_not_lost() {
    let world = World::new().await;
    let piped =
        "GET /sessions HTTP/1.1\r\nhost: localhost\r\n\r\nGET /api/x HTTP/1.1\r\nhost: localhost\r\n\r\n\0\0\r\n\r\n";
    let seen = raw(&world, piped.as_bytes()).await;
    assert_eq!(seen.matches("HTTP/1.1 ").count(), 3, "{seen}");
    assert!(seen.contains("HTTP/1.1 401") && seen.contains("HTTP/1.1 404"));
    assert_eq!(last_answer(&seen).0, 400);
}

#[tokio::test]
async fn the_end_lets_requests_finish_and_closes_idle_connections() {
    let world = World::new().await;
    let mut idle = world.connect().await;
    let mut busy = world.connect().await;
    busy.write_all(b"POST /auth/device-codes HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n{")
        .await
        .unwrap();
    // The server has both when it answers a third.
    good(world.bearing("GET", "/profiles", &world.demo.discovr_refresh_token)).await;
    let ending = tokio::spawn(world.end());
    let mut seen = String::new();
    idle.read_to_string(&mut seen).await.unwrap();
    assert_eq!(seen, "");
    busy.write_all(b"\"clientID\":\"tv\"}").await.unwrap();
    busy.read_to_string(&mut seen).await.unwrap();
    assert!(seen.starts_with("HTTP/1.1 200"), "{seen}");
    drop((idle, busy));
    ending.await.unwrap();
}
