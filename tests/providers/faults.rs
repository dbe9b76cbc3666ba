//! Servers that fail, over real sockets: what is told, and that no credential goes where it must not.

use std::time::Duration;

use daypass_core::Secret;
use daypass_providers::{Limits, Listed, ProviderError, Wish};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{Answer, DATE, NOW, Server, built_in, engine, engine_with, map, secret};

const MASTER: &str = "0b5f9d3e-2c1a-4e8f-9b7d-6a5c4d3e2f10";

/// Mints at `url` by PocketPaw's definition.
async fn mint(url: &str, limits: Limits) -> ProviderError {
    let pocketpaw = built_in("pocketpaw");
    let target = pocketpaw.target(Some(url), map(&[])).unwrap();
    let error = engine_with(limits).mint(&pocketpaw, &target, &secret(MASTER), &Wish::default()).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains(MASTER), "{error:?}");
    error
}

/// A server that reads the request's head, writes `bytes`, and then keeps silent (`hold`) or hangs up.
async fn raw(bytes: impl Into<Vec<u8>>, hold: bool) -> String {
    let bytes = bytes.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let bytes = bytes.clone();
            tokio::spawn(async move {
                read_head(&mut stream).await;
                // The client may hang up in the middle; that is what some of the tests are for.
                let _ = stream.write_all(&bytes).await;
                if hold {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    url
}

async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
}

fn short() -> Limits {
    Limits { connect: Duration::from_millis(200), total: Duration::from_millis(300), body: 1 << 20 }
}

/// The message without the port, which is another in every run.
fn offline(error: ProviderError, url: &str) -> (String, bool) {
    let ProviderError::Offline { message, maybe_done } = error else { panic!("{error:?}") };
    (message.replace(url.strip_prefix("http://").unwrap(), "HOST"), maybe_done)
}

#[tokio::test]
async fn a_refused_connection_did_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let told = offline(mint(&url, Limits::default()).await, &url);
    assert_eq!(told, ("PocketPaw at HOST cannot be reached: the connection was refused.".to_owned(), false));
}

#[tokio::test]
async fn a_name_that_nobody_knows_did_nothing() {
    // RFC 6761 section 6.4: `.invalid` never resolves. In a child, because a proxy would be asked for it.
    in_child("https://pocketpaw.invalid", None, "pocketpaw.invalid cannot be reached: its name is not known.").await;
}

#[tokio::test]
async fn a_server_without_tls_did_nothing() {
    // It answers the greeting of TLS with a 400 in plain text.
    let url = Server::always(Answer::text(200, "")).await.url;
    let error = mint(&url.replace("http:", "https:"), Limits::default()).await;
    let told = offline(error, &url);
    assert_eq!(told, ("PocketPaw at HOST cannot be reached: no secure connection can be agreed on.".to_owned(), false));
}

#[tokio::test]
async fn an_answer_that_is_cut_leaves_open_whether_it_was_done() {
    let cut = "PocketPaw at HOST closed the connection before its answer was complete.".to_owned();
    for bytes in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"session_token\":",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"ses",
    ] {
        let url = raw(bytes, false).await;
        assert_eq!(offline(mint(&url, Limits::default()).await, &url), (cut.clone(), true), "{bytes:?}");
    }
}

#[tokio::test]
async fn a_mute_server_is_given_up_and_may_have_done_it() {
    let mute = "PocketPaw at HOST did not answer within 0.3 s.".to_owned();
    for bytes in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"] {
        let url = raw(bytes, true).await;
        assert_eq!(offline(mint(&url, short()).await, &url), (mute.clone(), true), "{bytes:?}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_a_bad_answer() {
    let url = raw("SSH-2.0-OpenSSH_9.2p1\r\n\r\n", false).await;
    let message = "PocketPaw does not answer in HTTP.".into();
    assert_eq!(mint(&url, Limits::default()).await, ProviderError::BadAnswer { message });
}

#[tokio::test]
async fn nine_mebibytes_are_cut_off_whatever_the_head_says() {
    let big = "x".repeat(9 << 20);
    let too_big = ProviderError::BadAnswer {
        message: "PocketPaw answers with more than is ever needed, and was cut off.".into(),
    };
    let told = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{big}", big.len());
    let untold = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{big}");
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{big}\r\n0\r\n\r\n", big.len());
    let endless = format!("HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n{big}");
    for bytes in [told, untold, chunked, endless] {
        let url = raw(bytes, true).await;
        assert_eq!(mint(&url, Limits::default()).await, too_big);
    }
}

#[tokio::test]
async fn a_body_up_to_the_limit_is_read() {
    let padding = " ".repeat((8 << 20) - 2);
    let server = Server::always(Answer::text(200, format!("{{{padding}}}"))).await;
    let message = "The answer of PocketPaw holds no usable secret at /session_token.".into();
    assert_eq!(mint(&server.url, Limits::default()).await, ProviderError::BadAnswer { message });
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_told_for_what_it_is() {
    let long = "x".repeat(9 << 10);
    let token = "The answer of PocketPaw holds no usable secret at /session_token.";
    let past = "The answer of PocketPaw has an expiry that lies in the past; is this machine's clock right?";
    for (answer, told) in [
        (Answer::text(200, "<html>Log in</html>"), "The answer of PocketPaw is not JSON."),
        (Answer::text(200, ""), "The answer of PocketPaw is not JSON."),
        (Answer::json(200, json!({"expires_in_hours": 1})), token),
        (Answer::json(200, json!({"session_token": "", "expires_in_hours": 1})), token),
        (Answer::json(200, json!({"session_token": 7, "expires_in_hours": 1})), token),
        (Answer::json(200, json!({"session_token": "a b", "expires_in_hours": 1})), token),
        (Answer::json(200, json!({"session_token": "a\nb", "expires_in_hours": 1})), token),
        (Answer::json(200, json!({"session_token": long, "expires_in_hours": 1})), token),
        (Answer::json(200, json!({"session_token": "a"})), "The answer of PocketPaw has no expiry that can be read."),
        (
            Answer::json(200, json!({"session_token": "a", "expires_in_hours": "soon"})),
            "The answer of PocketPaw has no expiry that can be read.",
        ),
        (Answer::json(200, json!({"session_token": "a", "expires_in_hours": 0})), past),
        (
            Answer::json(
                200,
                json!({"session_token": format!("{}:{}", NOW - 1, "0".repeat(64)), "expires_in_hours": 1}),
            ),
            past,
        ),
        (Answer::text(304, ""), "PocketPaw redirects without saying where to."),
    ] {
        let server = Server::always(answer.clone()).await;
        let error = mint(&server.url, Limits::default()).await;
        assert_eq!(error, ProviderError::BadAnswer { message: told.into() }, "{answer:?}");
    }
}

#[tokio::test]
async fn no_credential_follows_a_redirect_to_another_origin() {
    let elsewhere = Server::always(Answer::json(200, json!({"sessions": []}))).await;
    let told = "AntiRaid redirects to another origin, where the credential must not go; check the base URL.";
    let antiraid = built_in("antiraid");
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/sessions", elsewhere.url);
        let server = Server::always(Answer::text(status, "").header("Location", location)).await;
        let target = server.target(&antiraid, &[]);
        let (engine, token) = (engine(), secret("login"));
        for error in [
            engine.list(&antiraid, &target, &token).await.unwrap_err(),
            engine.mint(&antiraid, &target, &token, &Wish::default()).await.unwrap_err(),
            engine.revoke(&antiraid, &target, &token, "a").await.unwrap_err(),
        ] {
            assert_eq!(error, ProviderError::BadAnswer { message: told.into() }, "{status}");
        }
    }
    assert_eq!(elsewhere.asks().len(), 0, "the other origin is not even asked");
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed_for_reading_only() {
    let server = Server::start(|ask| match ask.path.as_str() {
        "/sessions" => Answer::text(308, "").header("Location", "/v2/sessions"),
        "/v2/sessions" => Answer::json(200, json!({"sessions": []})),
        path => panic!("{path}"),
    })
    .await;
    let antiraid = built_in("antiraid");
    let target = server.target(&antiraid, &[]);
    assert_eq!(
        engine().list(&antiraid, &target, &secret("login")).await,
        Ok(Listed { sessions: Vec::new(), whole: true })
    );
    assert_eq!(server.asks()[1].header("authorization"), Some("login"));
    let error = engine().mint(&antiraid, &target, &secret("login"), &Wish::default()).await.unwrap_err();
    let message = "AntiRaid redirects a call that changes something; check the base URL.".into();
    assert_eq!(error, ProviderError::BadAnswer { message });
    assert_eq!(server.asks().len(), 3);
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let server = Server::always(Answer::text(302, "").header("Location", "/sessions")).await;
    let antiraid = built_in("antiraid");
    let target = server.target(&antiraid, &[]);
    let error = engine().list(&antiraid, &target, &secret("login")).await.unwrap_err();
    assert_eq!(error, ProviderError::BadAnswer { message: "AntiRaid redirects in a circle.".into() });
    assert_eq!(server.asks().len(), 4, "the first and three more");
}

#[tokio::test]
async fn an_echo_of_the_secret_is_not_passed_on() {
    for status in [400, 401, 403, 422, 500, 503] {
        let server = Server::start(move |ask| {
            let credential = ask.header("authorization").unwrap().to_owned();
            let body = json!({"code": credential, "message": format!("{credential} is not good"), "detail": ask.headers.len()});
            Answer::json(status, body)
        })
        .await;
        let error = mint(&server.url, Limits::default()).await;
        assert!(error.to_string().contains(&format!("({status})")), "{error:?}");
    }
}

#[tokio::test]
async fn the_environments_proxy_is_not_used_for_this_machine() {
    let server = Server::always(Answer::json(404, json!({}))).await;
    let proxy = Server::always(Answer::json(200, json!({"session_token": "stolen", "expires_in_hours": 1}))).await;
    in_child(&server.url, Some(&proxy.url), "PocketPaw refused the request (404).").await;
    assert_eq!((server.asks().len(), proxy.asks().len()), (2, 0));
}

/// Mints at `url` in a process of its own, whose environment names this proxy and no other; `told` is what that says.
async fn in_child(url: &str, proxy: Option<&str>, told: &str) {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["faults::child_that_mints", "--exact", "--nocapture"]);
    child.env("DAYPASS_TEST_URL", url).env("DAYPASS_TEST_TOLD", told);
    for name in
        ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"]
    {
        match proxy {
            Some(proxy) if !name.eq_ignore_ascii_case("no_proxy") => child.env(name, proxy),
            _ => child.env_remove(name),
        };
    }
    assert!(tokio::task::spawn_blocking(move || child.status().unwrap()).await.unwrap().success());
}

/// The part of [`in_child`] that runs in the child; by itself it does nothing.
#[tokio::test]
async fn child_that_mints() {
    if let (Ok(url), Ok(told)) = (std::env::var("DAYPASS_TEST_URL"), std::env::var("DAYPASS_TEST_TOLD")) {
        let error = mint(&url, Limits::default()).await;
        assert!(error.to_string().ends_with(&told), "{error:?}");
    }
}

#[tokio::test]
async fn localhost_is_this_machine_whatever_a_name_server_says() {
    let server = Server::always(Answer::json(200, json!({"session_token": "a", "expires_in_hours": 1}))).await;
    let pocketpaw = built_in("pocketpaw");
    let url = server.url.replace("127.0.0.1", "localhost");
    let target = pocketpaw.target(Some(&url), map(&[])).unwrap();
    engine().mint(&pocketpaw, &target, &Secret::new(MASTER), &Wish::default()).await.unwrap();
    assert_eq!(server.only_ask().headers["host"], url.strip_prefix("http://").unwrap());
    assert!(DATE.ends_with("GMT"));
}
