//! Attacks on the transport: each is tried over a real socket, and each meets what keeps it out.

use std::time::Duration;

use daypass_authority::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::transport::{last_answer, raw};
use crate::world::{World, good};

/// Some paths of every dialect, and a method for each.
const ROUTES: [(&str, &str); 14] = [
    ("POST", "/auth/session-token"),
    ("GET", "/profiles"),
    ("GET", "/profile/me"),
    ("POST", "/auth/device-codes"),
    ("GET", "/device"),
    ("POST", "/api/auth/session"),
    ("GET", "/api/v1/sessions"),
    ("GET", "/sessions"),
    ("DELETE", "/sessions/1"),
    ("POST", "/account/1/access-token"),
    ("POST", "/oauth2/token"),
    ("GET", "/oauth2/sessions"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/metrics"),
];

/// The statuses of all answers in `text`.
fn statuses(text: &str) -> Vec<u16> {
    text.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
}

#[tokio::test]
async fn no_request_is_smuggled_inside_another() {
    let world = World::new().await;
    let token = world.demo.antiraid_login_token.expose();
    // What an attacker wants to be taken for a request of its own, with the token of whoever comes next.
    let inner = format!("DELETE /sessions/x HTTP/1.1\r\nhost: localhost\r\nauthorization: {token}\r\n\r\n");
    let length = inner.len();
    let begin = "POST /sessions HTTP/1.1\r\nhost: localhost\r\n";
    let chunked = format!("0\r\n\r\n{inner}");
    let framed = format!("{length:x}\r\n{inner}\r\n0\r\n\r\n");
    for (what, request, expected) in [
        (
            "both, by length",
            format!("{begin}content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n{chunked}", chunked.len()),
            [401],
        ),
        (
            "both, the other way",
            format!("{begin}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n{framed}{inner}"),
            [401],
        ),
        ("two lengths", format!("{begin}content-length: 0\r\ncontent-length: {length}\r\n\r\n{inner}"), [400]),
        ("a list of lengths", format!("{begin}content-length: 0, {length}\r\n\r\n{inner}"), [400]),
        ("a signed length", format!("{begin}content-length: +{length}\r\n\r\n{inner}"), [400]),
        ("a length in hex", format!("{begin}content-length: 0x10\r\n\r\n{inner}"), [400]),
        ("another encoding last", format!("{begin}transfer-encoding: chunked, identity\r\n\r\n{chunked}"), [400]),
        ("an unknown encoding", format!("{begin}transfer-encoding: xchunked\r\n\r\n{chunked}"), [400]),
        ("a space before the colon", format!("{begin}content-length : {length}\r\n\r\n{inner}"), [400]),
        ("a folded header", format!("{begin}x-a: b\r\n content-length: {length}\r\n\r\n{inner}"), [400]),
        ("a folded encoding", format!("{begin}transfer-encoding:\r\n chunked\r\n\r\n{chunked}"), [400]),
        ("a bare CR", format!("{begin}x-a: b\rcontent-length: {length}\r\n\r\n{inner}"), [400]),
        ("a NUL", format!("{begin}x-a: b\0\r\n\r\n{inner}"), [400]),
        (
            "chunks in HTTP/1.0",
            format!("POST /sessions HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n{chunked}"),
            [400],
        ),
        ("a chunk of odd size", format!("{begin}transfer-encoding: chunked\r\n\r\n-1\r\n{inner}"), [400]),
        ("a chunk by bare LF", format!("{begin}transfer-encoding: chunked\r\n\r\n0\n\n{inner}"), [400]),
        ("a space in the target", format!("POST /sessions x HTTP/1.1\r\nhost: localhost\r\n\r\n{inner}"), [400]),
    ] {
        let seen = raw(&world, request.as_bytes()).await;
        assert_eq!(statuses(&seen), expected, "{what}: {seen}");
    }
    // A line that ends with LF alone may be taken for one (RFC 9112 section 2.2): then by all of it, so that the request has
    // one end, and what follows is the next.
    let lines = "GET /sessions HTTP/1.1\nhost: localhost\ncontent-length: 2\n\n{}GET /profiles HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert_eq!(statuses(&raw(&world, lines.as_bytes()).await), [401, 401]);
}

#[tokio::test]
async fn a_target_cannot_name_another_host_than_the_header() {
    let world = World::new().await;
    for (target, host, expected) in [
        ("http://evil.example/sessions", "localhost", 421),
        ("http://localhost/sessions", "evil.example", 421),
        ("http://localhost@evil.example/sessions", "localhost", 421),
        ("//evil.example/sessions", "localhost", 404),
        ("http://localhost/sessions", "localhost", 401),
        ("evil.example:80", "localhost", 421),
    ] {
        let head = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        assert_eq!(last_answer(&raw(&world, head.as_bytes()).await).0, expected, "{target} at {host}");
    }
    let head = "CONNECT evil.example:80 HTTP/1.1\r\nhost: evil.example:80\r\nconnection: close\r\n\r\n";
    assert_eq!(last_answer(&raw(&world, head.as_bytes()).await).0, 421);
}

#[tokio::test]
async fn a_name_that_was_pointed_here_is_not_answered() {
    let world = World::new().await;
    let token = world.demo.antiraid_login_token.expose();
    for (method, path) in ROUTES {
        for host in ["evil.example", "evil.example:7277", "127.0.0.1.evil.example", "2130706433.evil", "localhost.evil"]
        {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
            );
            assert_eq!(last_answer(&raw(&world, head.as_bytes()).await).0, 421, "{method} {path} at {host}");
        }
    }
}

#[tokio::test]
async fn a_foreign_page_is_allowed_nothing() {
    let world = World::new().await;
    for (method, path) in ROUTES {
        for origin in ["https://evil.example", "null", "http://localhost.evil"] {
            let preflight = world
                .request("OPTIONS", path)
                .header("origin", origin)
                .header("access-control-request-method", method)
                .header("access-control-request-headers", "authorization, x-api-key")
                .header("access-control-request-private-network", "true");
            let simple =
                world.request(method, path).header("origin", origin).header("content-type", "text/plain").body("{}");
            for (what, request) in [("preflight", preflight), ("simple", simple)] {
                let response = request.send().await.unwrap();
                let granted = response.headers().keys().find(|name| name.as_str().starts_with("access-control-"));
                assert_eq!(granted, None, "{what} {method} {path} from {origin}");
                // A preflight must have an ok status (Fetch standard, section 4.8).
                assert!(what == "simple" || !response.status().is_success(), "{method} {path} from {origin}");
            }
        }
    }
}

#[tokio::test]
async fn who_sends_byte_by_byte_is_given_up_in_time_and_holds_nobody_up() {
    let config = Config {
        head_timeout: Duration::from_secs(1),
        body_timeout: Duration::from_secs(1),
        max_connections: 64,
        ..Config::default()
    };
    let world = World::of(config).await;
    let mut slow = JoinSet::new();
    for begun in [
        "GET /sessions HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
        "POST /sessions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n",
        "POST /sessions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n",
    ] {
        for _ in 0..50 {
            let stream = world.connect().await;
            slow.spawn(drip(stream, begun));
        }
    }
    // All the while.
    for _ in 0..20 {
        good(world.bearing("GET", "/sessions/@me", &world.demo.antiraid_login_token)).await;
    }
    let mut told = 0;
    while let Some(ended) = slow.join_next().await {
        let (seen, took) = ended.unwrap();
        assert!(took < Duration::from_secs(20), "{took:?}");
        // The ones beyond the places were closed without a word.
        assert!(seen.is_empty() || seen.starts_with("HTTP/1.1 408 "), "{seen}");
        told += usize::from(!seen.is_empty());
    }
    assert!(told > 0, "some had a place until their time was over");
}

/// Sends a byte now and then, until the server has had enough; answers what it said, and when it ended.
async fn drip(stream: TcpStream, begun: &'static str) -> (String, Duration) {
    let began = Instant::now();
    let (mut reading, mut writing) = stream.into_split();
    let _ = writing.write_all(begun.as_bytes()).await;
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    let mut seen = String::new();
    // A connection that lost its place may be cut.
    let _ = timeout(Duration::from_secs(30), reading.read_to_string(&mut seen)).await.expect("it is held for ever");
    dripping.abort();
    (seen, began.elapsed())
}

/// Lets this process have `wanted` files open.
#[cfg(unix)]
fn allow_open_files(wanted: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let had = getrlimit(Resource::Nofile);
    if had.current.is_some_and(|current| current < wanted) {
        let maximum = had.maximum.map(|maximum| maximum.max(wanted));
        let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum.or(Some(wanted)), maximum });
        raised.expect("this test needs more open files: raise the hard limit (ulimit -Hn)");
    }
}

#[tokio::test]
async fn ten_thousand_idle_connections_keep_nobody_out() {
    const IDLE: usize = 10_000;
    #[cfg(unix)]
    allow_open_files(IDLE as u64 + 4096);
    // As it is by default; only nobody is closed for being idle alone.
    let config = Config { head_timeout: Duration::from_secs(600), ..Config::default() };
    let world = World::of(config).await;
    let mut kept = world.connect().await;
    let token = world.demo.antiraid_login_token.expose();
    let ask = format!("GET /sessions/@me HTTP/1.1\r\nhost: localhost\r\nauthorization: {token}\r\n\r\n");
    let mut idle = Vec::new();
    let mut answered = vec![0; 4096];
    for n in 0..IDLE {
        let mut stream = world.connect().await;
        if n % 2 == 0 {
            stream.write_all(b"GET /sess").await.unwrap();
        }
        idle.push(stream);
        // Who is at work every now and then keeps the connection.
        if n % 100 == 0 {
            kept.write_all(ask.as_bytes()).await.unwrap();
            let count = kept.read(&mut answered).await.unwrap();
            assert!(answered[..count].starts_with(b"HTTP/1.1 200 "), "after {n}");
        }
    }
    for _ in 0..50 {
        let mut fresh = world.connect().await;
        fresh.write_all(ask.as_bytes()).await.unwrap();
        let count = fresh.read(&mut answered).await.unwrap();
        assert!(answered[..count].starts_with(b"HTTP/1.1 200 "));
    }
    let text = world.request("GET", "/metrics").send().await.unwrap().text().await.unwrap();
    let figure = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap().parse::<u64>().unwrap()
    };
    assert!(figure("daypass_authority_connections") <= 1024);
    // One client has half of the places.
    assert!(figure("daypass_authority_shed_connections_total") >= (IDLE - 512) as u64);
}
