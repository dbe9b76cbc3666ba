//! What an operator's programs ask, and how the authority ends.

use std::sync::Arc;
use std::time::Duration;

use daypass_authority::{Config, Listeners};
use daypass_core::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::native::by;
use crate::place::Place;
use crate::transport::raw;
use crate::world::{World, answer, good};

/// The status and the text that a path is answered.
async fn asked(world: &World, path: &str) -> (u16, String) {
    let response = world.request("GET", path).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The value of the figure `name`, with its labels as they are written.
pub(crate) fn figure(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[tokio::test]
async fn the_probes_answer_everyone_in_one_word() {
    let world = World::new().await;
    for path in ["/healthz", "/readyz"] {
        let response = world.request("GET", path).header("host", "balancer.example").send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, "ok\n"));
        let response = world.request("POST", path).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"GET, HEAD".parse().unwrap()));
    }
    assert_eq!(asked(&world, "/healthz/more").await.0, 404);
}

#[tokio::test]
async fn an_authority_whose_store_fails_lives_and_is_not_ready() {
    let place = Place::new();
    let world = World::at(&place).await;
    assert_eq!(asked(&world, "/readyz").await, (200, "ok\n".to_owned()));
    place.run("ALTER TABLE clients RENAME TO elsewhere");
    let response = world.request("GET", "/readyz").send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(asked(&world, "/healthz").await.0, 200);
    place.run("ALTER TABLE elsewhere RENAME TO clients");
    assert_eq!(asked(&world, "/readyz").await.0, 200);
}

#[tokio::test]
async fn the_figures_count_what_happens() {
    let place = Place::new();
    let world = World::at(&place).await;
    for _ in 0..3 {
        good(world.bearing("POST", "/api/auth/session", &world.demo.pocketpaw_master_token)).await;
        world.pass(Duration::from_secs(1));
    }
    good(by(&world, &world.demo.native_client, "token", &[("grant_type", "client_credentials")])).await;
    answer(world.bearing("GET", "/sessions/17", &Secret::new("wrong"))).await;
    answer(world.bearing("DELETE", "/sessions/18", &Secret::new("wrong"))).await;
    let response = world.request("GET", "/metrics").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = response.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"));
    for (name, value) in [
        ("requests_total{dialect=\"pocketpaw\",route=\"/api/auth/session\",status=\"2xx\"}", 3.0),
        ("requests_total{dialect=\"antiraid\",route=\"/sessions/{id}\",status=\"4xx\"}", 2.0),
        ("request_seconds_count{dialect=\"pocketpaw\"}", 3.0),
        ("sessions_total{kind=\"pocketpaw\",change=\"opened\"}", 3.0),
        ("sessions_total{kind=\"native\",change=\"opened\"}", 1.0),
        ("refusals_total{dialect=\"antiraid\",reason=\"bad_credential\"}", 1.0),
        ("store_step_seconds_count{step=\"open\"}", 3.0),
    ] {
        assert_eq!(figure(&text, &format!("daypass_authority_{name}")), value, "{name}");
    }
    assert!(figure(&text, "daypass_authority_connections") >= 1.0);
    assert!(figure(&text, Place::FIGURE) >= 4.0);
    assert!(text.contains(&format!("daypass_authority_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))));
    // A page of another name that points here learns nothing.
    let foreign = "GET /metrics HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    assert!(raw(&world, foreign.as_bytes()).await.starts_with("HTTP/1.1 421 "));
}

#[tokio::test]
async fn figures_can_have_a_listener_of_their_own() {
    let world = World::new().await;
    let [main, metrics] =
        [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let [at, figures] = [&main, &metrics].map(|listener| listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let listeners = Listeners { main, metrics: Some(metrics), tls: None };
    let running = tokio::spawn(daypass_authority::run_at(listeners, Arc::clone(&world.service), async {
        let _ = stopped.await;
    }));
    for (address, path, status) in [
        (figures, "/metrics", "200 OK"),
        (figures, "/readyz", "200 OK"),
        (figures, "/sessions", "404 Not Found"),
        (at, "/metrics", "404 Not Found"),
        (at, "/readyz", "200 OK"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut seen = String::new();
        stream.read_to_string(&mut seen).await.unwrap();
        assert!(seen.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{address} {path}: {seen}");
    }
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn who_drains_says_so_first_and_serves_on_until_it_closes() {
    let config = Config { drain_delay: Duration::from_secs(3), ..Config::default() };
    let world = World::of(config).await;
    let mut idle = world.connect().await;
    let mut kept = world.connect().await;
    let ask = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut answered = vec![0; 4096];
    kept.write_all(ask).await.unwrap();
    let count = kept.read(&mut answered).await.unwrap();
    assert!(answered[..count].starts_with(b"HTTP/1.1 200 "));
    let address = world.address;
    let master = world.demo.pocketpaw_master_token.expose().to_owned();
    let ending = tokio::spawn(world.end());
    // The connection that was kept open is told, and closed after it.
    let mut seen = String::new();
    loop {
        let mut again = TcpStream::connect(address).await.unwrap();
        again.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
        seen.clear();
        again.read_to_string(&mut seen).await.unwrap();
        if seen.starts_with("HTTP/1.1 503 ") {
            break;
        }
    }
    kept.write_all(ask).await.unwrap();
    seen.clear();
    kept.read_to_string(&mut seen).await.unwrap();
    assert!(seen.starts_with("HTTP/1.1 503 ") && seen.contains("connection: close\r\n"), "{seen}");
    // New ones are served as ever.
    let mut fresh = TcpStream::connect(address).await.unwrap();
    let head = format!("POST /api/auth/session HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {master}\r\n\r\n");
    fresh.write_all(head.as_bytes()).await.unwrap();
    seen.clear();
    fresh.read_to_string(&mut seen).await.unwrap();
    assert!(seen.starts_with("HTTP/1.1 200 ") && seen.contains("connection: close\r\n"), "{seen}");
    seen.clear();
    idle.read_to_string(&mut seen).await.unwrap();
    assert_eq!(seen, "");
    ending.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
