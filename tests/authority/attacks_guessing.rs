//! Brute force: guesses at one thing are slowed from however many addresses they come, and its owner notices nothing.

use std::net::SocketAddr;
use std::time::Duration;

use daypass_authority::{ClientKind, Config, Rate, Settled};
use daypass_core::Secret;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use crate::native::{by, registered, signed_in};
use crate::transport::last_answer;
use crate::world::{World, good, secret};

/// A server that bears `burst` failures, and then one in ten seconds.
async fn bearing(burst: u32) -> World {
    World::of(Config { failures: Rate { burst, per_second: 0.1 }, ..Config::default() }).await
}

/// What comes back for `bytes` that are sent from `from`.
async fn raw_from(world: &World, from: [u8; 4], bytes: &[u8]) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let mut stream = socket.connect(world.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.unwrap();
    seen
}

/// Status and all of the answer to `line` from the address 127.0.`from`, with `headers`, and a form where there is one.
async fn ask(world: &World, from: [u8; 2], line: &str, headers: &str, form: &str) -> (u16, String) {
    let request = format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    let seen = raw_from(world, [127, 0, from[0], from[1]], request.as_bytes()).await;
    // Some are pages.
    (seen[9..12].parse().unwrap(), seen)
}

/// The same token with another signature or tag.
fn forged(token: &Secret) -> String {
    let (rest, last) = token.expose().split_at(token.expose().len() - 8);
    let last: String = last.chars().rev().map(|c| if c == 'A' { 'Q' } else { 'A' }).collect();
    format!("{rest}{last}")
}

#[tokio::test]
async fn guessing_a_secret_is_slowed_wherever_it_comes_from_and_the_owner_goes_on() {
    let config = Config { failures: Rate { burst: 20, per_second: 0.1 }, ..Config::default() };
    let world = World::of(config).await;
    let client = &world.demo.native_client;
    let request = |id: &str, secret: &str| {
        let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        format!(
            "POST /oauth2/token HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let right = request(&client.id, client.secret.as_ref().unwrap().expose());
    // From one address: slowed, whomever it guesses at.
    for n in 0..20 {
        let seen = raw_from(&world, [127, 0, 1, 1], request(&format!("somebody-{n}"), "guess").as_bytes()).await;
        assert_eq!(last_answer(&seen).0, 401, "{n}");
    }
    let seen = raw_from(&world, [127, 0, 1, 1], request("anybody", "guess").as_bytes()).await;
    assert!(last_answer(&seen).0 == 429 && seen.contains("retry-after: 10\r\n"), "{seen}");
    // From twenty addresses, once each, at one client.
    for n in 0..20 {
        let seen = raw_from(&world, [127, 0, 2, n], request(&client.id, "guess").as_bytes()).await;
        assert_eq!(last_answer(&seen).0, 401, "{n}");
    }
    let seen = raw_from(&world, [127, 0, 3, 1], request(&client.id, "guess").as_bytes()).await;
    assert!(last_answer(&seen).0 == 429 && seen.contains("retry-after: 10\r\n"), "{seen}");
    // The address is not to blame, and who has the secret notices nothing.
    let seen = raw_from(&world, [127, 0, 3, 1], request("another", "guess").as_bytes()).await;
    assert_eq!(last_answer(&seen).0, 401);
    for from in [[127, 0, 1, 1], [127, 0, 3, 1]] {
        assert_eq!(last_answer(&raw_from(&world, from, right.as_bytes()).await).0, 200);
    }
}

#[tokio::test]
async fn the_refresh_tokens_of_a_session_are_not_guessed_by_many_clients_at_many_addresses() {
    let world = bearing(4).await;
    let demo = &world.demo.native_client;
    let (held, other) = (signed_in(&world, demo).await, signed_in(&world, demo).await);
    for n in 0..6 {
        registered(&world, &format!("thief-{n}"), ClientKind::Public).await;
    }
    let form =
        |client: u8, token: &str| format!("grant_type=refresh_token&client_id=thief-{client}&refresh_token={token}");
    let guess = forged(&secret(&held, "refresh_token"));
    for n in 0..4 {
        let (status, seen) = ask(&world, [4, n], "POST /oauth2/token", "", &form(n, &guess)).await;
        assert!(status == 400 && seen.contains("invalid_grant"), "{seen}");
    }
    // A fifth client at a fifth address: neither has guessed before.
    let (status, seen) = ask(&world, [4, 4], "POST /oauth2/token", "", &form(4, &guess)).await;
    assert!(status == 429 && seen.contains("retry-after: 10\r\n"), "{seen}");
    // A guess at another session is another matter, and who has the token goes on.
    let elsewhere = forged(&secret(&other, "refresh_token"));
    assert_eq!(ask(&world, [4, 5], "POST /oauth2/token", "", &form(5, &elsewhere)).await.0, 400);
    let token = secret(&held, "refresh_token");
    good(by(&world, demo, "token", &[("grant_type", "refresh_token"), ("refresh_token", token.expose())])).await;
    world.pass(Duration::from_secs(10));
    assert_eq!(ask(&world, [4, 6], "POST /oauth2/token", "", &form(5, &guess)).await.0, 400);
}

#[tokio::test]
async fn the_signed_tokens_of_a_session_are_not_guessed_from_many_addresses() {
    let world = bearing(4).await;
    let demo = &world.demo;
    let body = json!({ "profileId": demo.discovr_profile_id });
    let mint = || world.bearing("POST", "/auth/session-token", &demo.discovr_refresh_token).json(&body);
    let native = async || secret(&signed_in(&world, &demo.native_client).await, "access_token");
    let discovr = async || secret(&good(mint()).await, "sessionToken");
    let native: [Secret; 2] = [native().await, native().await];
    let discovr: [Secret; 2] = [discovr().await, discovr().await];
    for (net, line, [held, other]) in [(5, "GET /oauth2/sessions", native), (6, "GET /profile/me", discovr)] {
        let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
        for n in 0..4 {
            assert_eq!(ask(&world, [net, n], line, &bearer(&forged(&held)), "").await.0, 401, "{line}");
        }
        let (status, seen) = ask(&world, [net, 4], line, &bearer(&forged(&held)), "").await;
        assert!(status == 429 && seen.contains("retry-after: 10\r\n"), "{line}: {seen}");
        assert_eq!(ask(&world, [net, 5], line, &bearer(&forged(&other)), "").await.0, 401, "{line}");
        assert_eq!(ask(&world, [net, 4], line, &bearer(held.expose()), "").await.0, 200, "{line}");
    }
}

#[tokio::test]
async fn user_codes_are_not_guessed_from_many_addresses_and_an_administrator_approves_all_the_while() {
    let world = bearing(4).await;
    let begun: Value = good(by(&world, &world.demo.native_client, "device_authorization", &[])).await;
    let code = begun["user_code"].as_str().unwrap();
    for (n, guess) in (0..).zip(["BCDF-GHJK", "BCDF-GHJL", "BCDF-GHJM", "BCDF-GHJN"]) {
        let line = format!("GET /device?user_code={guess}");
        assert_eq!(ask(&world, [7, n], &line, "", "").await.0, 404, "{guess}");
    }
    // Not even the right one is looked at, at an address that never failed: it might be the next guess.
    let (status, seen) = ask(&world, [7, 4], &format!("GET /device?user_code={code}"), "", "").await;
    assert!(status == 429 && seen.contains("retry-after: 10\r\n"), "{seen}");
    let form = format!("user_code={code}&decision=approve");
    assert_eq!(ask(&world, [7, 5], "POST /device", "origin: http://localhost\r\n", &form).await.0, 429);
    assert!(matches!(world.service.approve_sign_in(code, None).await.unwrap(), Settled::Approved(_)));
}
