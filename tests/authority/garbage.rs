//! Garbage: whatever is sent, the answer is a 4xx in JSON, and the authority works afterwards.

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::{Map, Value, json};

use crate::native::signed_in;
use crate::transport::{last_answer, raw};
use crate::world::{World, answer, good, secret};

/// Every route that reads a body, with what lets one in.
async fn doors(world: &World) -> Vec<(&'static str, &'static str, String)> {
    let bearer = |token: &daypass_core::Secret| format!("authorization: Bearer {}", token.expose());
    let user = secret(&signed_in(world, &world.demo.native_client).await, "access_token");
    let key =
        world.request("POST", "/account/1/access-token").header("x-api-key", world.demo.discover_api_key.expose());
    let shop = secret(&good(key.json(&json!({ "scope": ["search-rec"] }))).await, "refreshToken");
    vec![
        ("POST", "/auth/session-token", bearer(&world.demo.discovr_refresh_token)),
        ("POST", "/profiles", bearer(&world.demo.discovr_refresh_token)),
        ("POST", "/auth/device-codes", String::new()),
        ("POST", "/device", format!("origin: http://{}", world.address)),
        ("POST", "/sessions", bearer(&world.demo.antiraid_login_token)),
        ("POST", "/account/1/access-token", format!("x-api-key: {}", world.demo.discover_api_key.expose())),
        ("PUT", "/account/1/access-token", format!("refresh-token: {}", shop.expose())),
        ("POST", "/oauth2/token", basic(world)),
        ("POST", "/oauth2/device_authorization", String::new()),
        ("POST", "/oauth2/revoke", basic(world)),
        ("POST", "/oauth2/introspect", basic(world)),
        // One that is not there, as there is nothing wrong with some of the bodies.
        ("PATCH", "/oauth2/sessions/00000000000000000000000000000000", bearer(&user)),
    ]
}

/// The demo client, by HTTP Basic.
fn basic(world: &World) -> String {
    let client = &world.demo.native_client;
    let text = format!("{}:{}", client.id, client.secret.as_ref().unwrap().expose());
    format!("authorization: Basic {}", data_encoding::BASE64.encode(text.as_bytes()))
}

async fn still_works(world: &World) {
    good(world.bearing("GET", "/sessions/@me", &world.demo.antiraid_login_token)).await;
}

#[tokio::test]
async fn what_is_not_http_is_answered_in_json() {
    let world = World::new().await;
    // What cannot be read at all, or could be read in two ways.
    for bytes in [
        &b"\r\n\r\nhello\r\n\r\n"[..],
        b"\0\0\0\0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: localhost\r\n\r\n",
        b"GET / HTTP/2.0\r\nhost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nho\0st: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: local\0host\r\n\r\n",
        b"G\xffT / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"POST /sessions HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n",
        b"POST /sessions HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"POST /sessions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /sessions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        b"POST /sessions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip\r\n\r\nx",
        b"POST /sessions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /sessions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
        b"GET /sessions HTTP/1.0\r\n\r\n",
    ] {
        let seen = raw(&world, bytes).await;
        assert_eq!(last_answer(&seen).0, 400, "{:?}: {seen}", String::from_utf8_lossy(bytes));
    }
    // What is HTTP, and names nothing that is here, or nobody.
    for (bytes, expected) in [
        (&b"GET sessions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"[..], 421),
        (b"GET * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", 404),
        (b"OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", 404),
        (b"CONNECT localhost:80 HTTP/1.1\r\nhost: localhost:80\r\nconnection: close\r\n\r\n", 404),
        (b"GET /sessions HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nconnection: close\r\n\r\n", 401),
        (b"GET /sessions HTTP/1.1\r\nhost: localhost\r\nauthorization: \xff\xfe\r\nconnection: close\r\n\r\n", 401),
        (b"POST /api/auth/session HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \xc3\xbc\r\nconnection: close\r\n\r\n", 401),
        (b"DELETE /sessions/%ff%00 HTTP/1.1\r\nhost: localhost\r\nauthorization: x\r\nconnection: close\r\n\r\n", 401),
        (b"POST /auth/device-codes/%00/poll HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", 401),
    ] {
        let seen = raw(&world, bytes).await;
        assert_eq!(last_answer(&seen).0, expected, "{:?}: {seen}", String::from_utf8_lossy(bytes));
    }
    still_works(&world).await;
}

#[tokio::test]
async fn the_preface_of_http_2_is_answered_in_json() {
    let world = World::new().await;
    let seen = raw(&world, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert_eq!(last_answer(&seen).0, 400);
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be_are_4xx() {
    let world = World::new().await;
    let deep = "[".repeat(10_000);
    let bodies: [&[u8]; 18] = [
        b"",
        b"{",
        b"null",
        b"[]",
        // The fields of a body in their order, without their names.
        b"[\"x\",\"api\",60]",
        b" [\"tv\"]",
        b"7",
        b"\"text\"",
        b"{}",
        b"{\"profileId\":7,\"name\":7,\"clientID\":7,\"scope\":7,\"type\":7,\"expiry\":\"x\"}",
        b"{\"profileId\":\"\xff\xfe\"}",
        b"{\"name\":\"\\ud800\"}",
        b"{\"profileId\":null,\"name\":null,\"clientID\":null,\"scope\":null}",
        b"{\"expiry\":1e999}",
        b"user_code=%ff&decision=approve",
        b"\xef\xbb\xbf{}",
        b"\0",
        deep.as_bytes(),
    ];
    for (method, path, header) in doors(&world).await {
        for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded", "\u{7f}", ""] {
            // Nothing in this one is read: any object will do.
            let fits = |body: &[u8]| body.is_empty() || serde_json::from_slice::<Map<String, Value>>(body).is_ok();
            for body in bodies.into_iter().filter(|body| method != "PUT" || !fits(body)) {
                let mut request = world.request(method, path).body(body.to_vec());
                if let Some((name, value)) = header.split_once(": ") {
                    request = request.header(name, value);
                }
                if let Ok(kind) = reqwest::header::HeaderValue::from_str(kind) {
                    request = request.header("content-type", kind);
                }
                let response = request.send().await.unwrap();
                let status = response.status();
                assert!(status.is_client_error(), "{status} {path} {kind} {:?}", String::from_utf8_lossy(body));
                // It is the body that is refused, and not who sends it; but who begins a sign-in says so in the body.
                let who = status == 401 && path != "/oauth2/device_authorization";
                assert!(!who, "{method} {path} does not look at the body");
                // The page's own "no such code" is a page; all else is JSON.
                if path != "/device" || status != 404 {
                    response.json::<Value>().await.unwrap();
                }
            }
        }
    }
    still_works(&world).await;
}

#[test]
fn random_bytes_are_answered_or_waited_for_and_break_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let line = prop_oneof![Just("GET / HTTP/1.1\r\n".to_owned()), ".{0,40}".prop_map(|text| format!("{text}\r\n"))];
    let head = (line.clone(), prop::collection::vec(line, 0..6));
    let mut runner = TestRunner::new(Cases { cases: 200, failure_persistence: None, ..Cases::default() });
    runner
        .run(&(head, prop::collection::vec(any::<u8>(), 0..200)), |((first, rest), tail)| {
            let mut bytes = [first.as_bytes(), rest.concat().as_bytes(), &tail].concat();
            bytes.extend(b"\r\n\r\n");
            let seen = runtime.block_on(async {
                use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                let mut stream = world.connect().await;
                let _ = stream.write_all(&bytes).await;
                // So that the server does not wait for what will not come.
                let _ = stream.shutdown().await;
                let mut seen = String::new();
                stream.read_to_string(&mut seen).await.map(|_| seen)
            });
            let seen = seen.expect("the connection was cut");
            // Nothing but empty lines is nothing to be answered.
            if bytes.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
                let (status, _) = last_answer(&seen);
                prop_assert!((400..500).contains(&status), "{}", seen);
            }
            Ok(())
        })
        .unwrap();
    runtime.block_on(still_works(&world));
}

#[test]
fn random_json_is_never_a_server_error() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        ".{0,20}".prop_map(|value| json!(value)),
        Just(json!("api")),
        Just(json!(["search-rec"])),
        Just(json!(60)),
    ];
    let fields = ["profileId", "name", "avatarUrl", "clientID", "type", "expiry", "scope", "accessExpiry"];
    let body = prop::collection::hash_map(prop::sample::select(fields.to_vec()), leaf, 0..8);
    let doors = runtime.block_on(doors(&world));
    let mut runner = TestRunner::new(Cases { cases: 300, failure_persistence: None, ..Cases::default() });
    runner
        .run(&(prop::sample::select(doors), body), |((method, path, header), body)| {
            let mut request = world.request(method, path).json(&body);
            if let Some((name, value)) = header.split_once(": ") {
                request = request.header(name, value);
            }
            let (status, answer) = runtime.block_on(answer(request));
            prop_assert!(!status.is_server_error(), "{} {}", status, answer);
            Ok(())
        })
        .unwrap();
    runtime.block_on(still_works(&world));
}
