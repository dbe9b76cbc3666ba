//! Servers that are odd in time, size or form, over real sockets: each is bounded, and told for what it is.

use std::io::Read;
use std::time::Duration;

use daypass_providers::{Limits, ProviderError, Wish};
use daypass_test_support::faulty::{Fault, Faulty};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::server::{built_in, engine_with, map, secret};

const MASTER: &str = "0b5f9d3e-2c1a-4e8f-9b7d-6a5c4d3e2f10";
const GOOD: &str = r#"{"session_token": "good", "expires_in_hours": 1}"#;
/// What a busy machine may need beside what the limits allow.
const SLACK: Duration = Duration::from_secs(10);

async fn mint(url: &str, limits: Limits) -> Result<String, ProviderError> {
    let pocketpaw = built_in("pocketpaw");
    let target = pocketpaw.target(Some(url), map(&[])).unwrap();
    let minted = engine_with(limits).mint(&pocketpaw, &target, &secret(MASTER), &Wish::default()).await;
    assert!(!format!("{minted:?}").contains(MASTER));
    minted.map(|minted| minted.token.expose().to_owned())
}

/// What is told, without the port.
fn told(outcome: Result<String, ProviderError>, server: &Faulty) -> String {
    outcome.unwrap_err().to_string().replace(server.url.strip_prefix("http://").unwrap(), "HOST")
}

#[tokio::test]
async fn one_byte_a_second_is_given_up_when_the_time_is_over() {
    let limits = Limits { total: Duration::from_millis(2500), ..Limits::default() };
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{GOOD}", GOOD.len());
    // A second for each byte ends in the head, and 40 ms in the body: the time is that of the whole call.
    for pause in [Duration::from_secs(1), Duration::from_millis(40)] {
        let server = Faulty::start(Fault::Drips(answer.clone().into_bytes(), pause)).await;
        let began = Instant::now();
        let outcome = mint(&server.url, limits).await;
        assert_eq!(told(outcome, &server), "PocketPaw at HOST did not answer within 2.5 s.");
        assert!(began.elapsed() < limits.total + SLACK, "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn of_a_hundred_mebibytes_little_more_than_the_limit_is_taken() {
    const FLOOD: usize = 100 << 20;
    for head in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: {FLOOD}\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned(),
    ] {
        let server = Faulty::start(Fault::Floods(head, FLOOD)).await;
        let outcome = mint(&server.url, Limits::default()).await;
        assert_eq!(told(outcome, &server), "PocketPaw answers with more than is ever needed, and was cut off.");
        // The limit of 8 MiB, and what the system's buffers on both sides of a loopback connection take by themselves.
        assert!(server.sent() < 32 << 20, "{} MiB were taken", server.sent() >> 20);
    }
}

#[tokio::test]
async fn http_1_0_is_understood() {
    let server = Faulty::start(Fault::Sends(format!("HTTP/1.0 200 OK\r\n\r\n{GOOD}").into_bytes())).await;
    assert_eq!(mint(&server.url, Limits::default()).await.as_deref(), Ok("good"));
}

#[tokio::test]
async fn an_answer_before_the_answer_is_passed_over() {
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    let answer = format!("{early}HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{GOOD}", GOOD.len());
    let server = Faulty::start(Fault::Sends(answer.into_bytes())).await;
    assert_eq!(mint(&server.url, Limits::default()).await.as_deref(), Ok("good"));
}

#[tokio::test]
async fn chunks_that_are_garbage_are_a_bad_answer() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for garbage in ["zz\r\n{}\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}", "2\r\n{}x\r\n0\r\n\r\n", "-1\r\n{}\r\n"] {
        let server = Faulty::start(Fault::Sends(format!("{chunked}{garbage}").into_bytes())).await;
        let outcome = mint(&server.url, Limits::default()).await;
        assert_eq!(told(outcome, &server), "PocketPaw does not answer in HTTP.", "{garbage:?}");
    }
}

#[tokio::test]
async fn a_head_that_is_huge_is_a_bad_answer() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n{GOOD}", "y".repeat(2 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n{GOOD}", "x: y\r\n".repeat(1000));
    for bytes in [long, many] {
        let server = Faulty::start(Fault::Sends(bytes.into_bytes())).await;
        let outcome = mint(&server.url, Limits::default()).await;
        assert_eq!(told(outcome, &server), "PocketPaw does not answer in HTTP.");
    }
}

#[tokio::test]
async fn what_is_packed_is_not_unpacked() {
    // A kibibyte of gzip may be a mebibyte of text: nothing was asked to be packed, and nothing is unpacked.
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".repeat(100);
    for encoding in ["gzip", "br", "deflate", "zstd"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 1000\r\n\r\n");
        let server = Faulty::start(Fault::Sends([head.as_bytes(), &packed].concat())).await;
        let outcome = mint(&server.url, Limits::default()).await;
        assert_eq!(told(outcome, &server), "The answer of PocketPaw is not JSON.", "{encoding}");
        assert!(!server.heard()[0].to_lowercase().contains("accept-encoding"), "{:?}", server.heard());
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_end_did_nothing() {
    let server = Faulty::start(Fault::Mute).await;
    let url = server.url.replace("http:", "https:");
    // Reading the system's certificates on the way may take a while; they are read before the time of the connection.
    let limits = Limits { connect: Duration::from_millis(300), ..Limits::default() };
    let error = mint(&url, limits).await.unwrap_err();
    let host = server.url.strip_prefix("http://").unwrap();
    let message = format!("PocketPaw at {host} cannot be reached: no connection within 0.3 s.");
    assert_eq!(error, ProviderError::Offline { message: message.into(), maybe_done: false });
}

#[tokio::test]
async fn a_connection_that_is_reset_leaves_open_whether_it_was_done() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        tokio::task::spawn_blocking(move || {
            // Closed with the rest of the request unread, which the system answers with a reset.
            let _ = stream.read(&mut [0]);
        })
        .await
    });
    let error = mint(&format!("http://{host}"), Limits::default()).await.unwrap_err();
    let message = format!("PocketPaw at {host} closed the connection before its answer was complete.");
    assert_eq!(error, ProviderError::Offline { message: message.into(), maybe_done: true });
}
