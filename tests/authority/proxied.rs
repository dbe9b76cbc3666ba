//! Behind a proxy: who the client is, and what the authority is called.

use std::net::SocketAddr;

use daypass_authority::{Config, Rate, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use crate::transport::last_answer;
use crate::world::World;

const PROXY: [u8; 4] = [127, 0, 0, 9];

async fn behind() -> World {
    let config = Config {
        failures: Rate { burst: 3, per_second: 0.1 },
        public_url: Some("https://sessions.example".to_owned()),
        trusted_proxies: vec!["127.0.0.9".parse().unwrap()],
        ..Config::default()
    };
    World::with(config, Store::in_memory().unwrap()).await
}

/// What `GET path` is answered that comes from `from`, with the header lines `lines`.
async fn get(world: &World, from: [u8; 4], path: &str, lines: &str) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let mut stream = socket.connect(world.address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: sessions.example\r\nconnection: close\r\n{lines}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.unwrap();
    seen
}

#[tokio::test]
async fn limits_count_by_the_client_that_a_trusted_proxy_names() {
    let world = behind().await;
    let guess = "authorization: Bearer wrong\r\n";
    let from = |client: &str| format!("{guess}x-forwarded-for: {client}\r\n");
    for _ in 0..3 {
        assert_eq!(last_answer(&get(&world, PROXY, "/sessions", &from("198.51.100.1")).await).0, 401);
    }
    assert_eq!(last_answer(&get(&world, PROXY, "/sessions", &from("198.51.100.1")).await).0, 429);
    assert_eq!(last_answer(&get(&world, PROXY, "/sessions", &from("198.51.100.2")).await).0, 401, "another client");
    // What the client wrote itself stands further left, and helps it nothing.
    assert_eq!(last_answer(&get(&world, PROXY, "/sessions", &from("203.0.113.5, 198.51.100.1")).await).0, 429);
    // Nor does it help one who is no proxy to name others.
    for n in 0..3 {
        let lines = from(&format!("203.0.113.{n}"));
        assert_eq!(last_answer(&get(&world, [127, 0, 0, 8], "/sessions", &lines).await).0, 401);
    }
    assert_eq!(last_answer(&get(&world, [127, 0, 0, 8], "/sessions", &from("203.0.113.77")).await).0, 429);
}

#[tokio::test]
async fn who_comes_through_a_proxy_is_not_this_machine() {
    let world = behind().await;
    let remote = "x-forwarded-for: 198.51.100.1\r\n";
    for path in ["/device", "/metrics"] {
        assert!(get(&world, PROXY, path, remote).await.starts_with("HTTP/1.1 403 "), "{path}");
        assert!(get(&world, PROXY, path, "").await.starts_with("HTTP/1.1 200 "), "{path}");
    }
    // A person who was sent there is told what to do.
    let page = get(&world, PROXY, "/device?user_code=BCDF-GHJK", remote).await;
    assert!(page.contains("text/html") && page.contains("daypass authority device approve"), "{page}");
    assert!(!page.contains("BCDF-GHJK"), "{page}");
}

#[tokio::test]
async fn on_its_own_machine_the_page_is_sent_from_by_either_name() {
    let world = behind().await;
    let here = format!("http://{}", world.address);
    let form = [("user_code", "BCDF-GHJK"), ("decision", "approve")];
    let sent = |origin: &str| world.request("POST", "/device").header("origin", origin).form(&form).send();
    for own in [&here, "https://sessions.example"] {
        assert_eq!(sent(own).await.unwrap().status(), 404, "{own}: no such sign-in waits");
    }
    for other in ["http://sessions.example", "http://127.0.0.1", "http://localhost", "null", &here["http://".len()..]] {
        assert_eq!(sent(other).await.unwrap().status(), 403, "{other}");
    }
}

#[tokio::test]
async fn it_is_called_by_its_public_name() {
    let world = behind().await;
    let seen = get(&world, PROXY, "/.well-known/oauth-authorization-server", "").await;
    assert!(seen.contains("\"issuer\":\"https://sessions.example\""), "{seen}");
    let head = seen.replace("sessions.example", "");
    assert!(!head.contains("127.0.0.1"), "{seen}");
}
