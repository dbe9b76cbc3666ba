//! The light client, against an agent that says what a test tells it to.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;

use daypass_api::client::{CallError, Listener};
use daypass_api::view::StreamEvent;
use daypass_api::{Client, ErrorCode, Home};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An agent that reads one request and answers with `answer`, whatever it was.
struct Agent {
    client: Client,
    request: JoinHandle<String>,
    _scratch: TempDir,
}

impl Agent {
    fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let home = Home::under(scratch.path());
        std::fs::create_dir_all(home.run_dir()).unwrap();
        let listener = UnixListener::bind(home.socket().unwrap()).unwrap();
        let answer = answer.into();
        let request = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let request = read_request(&mut BufReader::new(stream.try_clone().unwrap()));
            // The client may have seen enough, and be gone.
            let _ = stream.write_all(&answer);
            request
        });
        Self { client: Client::new(&home).unwrap(), request, _scratch: scratch }
    }

    /// What it was asked.
    fn request(self) -> String {
        self.request.join().unwrap()
    }
}

/// Reads a head, and the body whose length it tells.
fn read_request(reader: &mut impl BufRead) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut text).unwrap(), 0, "the head is cut: {text:?}");
    }
    let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    text + std::str::from_utf8(&body).unwrap()
}

/// An answer with this status line and body.
fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.0 {status}\r\ncontent-type: application/json\r\n\r\n{body}")
}

/// The code and the message of a failure that the agent answered with.
fn api_error<T: std::fmt::Debug>(outcome: Result<T, CallError>) -> (ErrorCode, String) {
    match outcome {
        Err(CallError::Api(error)) => (error.code, error.message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_plain_http_with_json() {
    let agent = Agent::saying(answer("200 OK", r#"{"token":"t"}"#));
    let reply: Value = agent.client.post("/v1/accounts/work/token", &json!({"fresh": true})).unwrap();
    assert_eq!(reply, json!({"token": "t"}));
    let request = agent.request();
    assert!(request.starts_with("POST /v1/accounts/work/token HTTP/1.0\r\nHost: daypass\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"fresh\":true}"), "{request}");
}

#[test]
fn an_answer_that_tells_its_length_ends_there_and_not_with_the_connection() {
    let text = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n\"one\"\"and more that would be no JSON";
    let agent = Agent::saying(text);
    assert_eq!(agent.client.get::<String>("/v1/status"), Ok("one".to_owned()));
}

#[test]
fn an_answer_that_is_shorter_than_it_tells_is_told() {
    let agent = Agent::saying("HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\n\"one\"");
    let (code, message) = api_error(agent.client.get::<String>("/v1/status"));
    assert_eq!(code, ErrorCode::Internal);
    assert!(message.contains("the body is cut"), "{message}");
}

#[test]
fn an_answer_without_a_body_is_nothing() {
    let agent = Agent::saying("HTTP/1.0 204 No Content\r\n\r\n");
    agent.client.delete::<()>("/v1/accounts/work").unwrap();
    assert!(agent.request().starts_with("DELETE /v1/accounts/work HTTP/1.0\r\n"));
}

#[test]
fn a_refusal_keeps_its_code_and_its_sentence() {
    let body = r#"{"code":"rate_limited","message":"Wait a little.","retry_after":7}"#;
    let outcome = Agent::saying(answer("429 Too Many Requests", body)).client.get::<Value>("/v1/status");
    let Err(CallError::Api(error)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((error.code, error.retry_after), (ErrorCode::RateLimited, Some(7)));
    assert_eq!(error.to_string(), "Wait a little.");
}

#[test]
fn without_an_agent_there_is_one_clear_answer() {
    let scratch = tempfile::tempdir().unwrap();
    let home = Home::under(scratch.path());
    let client = Client::new(&home).unwrap();
    assert_eq!(client.get::<Value>("/v1/status"), Err(CallError::NotRunning), "no folder");
    std::fs::create_dir_all(home.run_dir()).unwrap();
    assert_eq!(client.get::<Value>("/v1/status"), Err(CallError::NotRunning), "no socket");
    drop(UnixListener::bind(home.socket().unwrap()).unwrap());
    assert_eq!(client.get::<Value>("/v1/status"), Err(CallError::NotRunning), "a socket that was left behind");
}

#[test]
fn an_agent_that_ends_without_a_word_may_have_done_what_it_was_asked() {
    assert_eq!(Agent::saying("").client.get::<Value>("/v1/status"), Err(CallError::Ended));
}

#[test]
fn nonsense_is_told_and_never_repeated() {
    let secret = "rt_0123456789";
    let nonsense = [
        answer("200 OK", &format!("<p>{secret}</p>")),
        answer("200 OK", &format!(r#"{{"token":"{secret}""#)),
        answer("500 Internal Server Error", secret),
        format!("SSH-2.0-{secret}\r\n\r\n"),
        format!("HTTP/1.0 200 OK\r\n{secret}"),
        format!("HTTP/1.0 200 OK\r\nx: {}\r\n\r\n{{}}", "x".repeat(9000)),
        "\r\n\r\n".to_owned(),
    ];
    for text in nonsense {
        let (code, message) = api_error(Agent::saying(text.as_str()).client.get::<Value>("/v1/status"));
        assert_eq!(code, ErrorCode::Internal, "{text:?}");
        assert!(message.ends_with("is it of another version?"), "{message}");
        assert!(!message.contains(secret), "{message}");
    }
}

#[test]
fn a_stream_is_read_line_by_line_until_the_agent_ends() {
    let agent = Agent::saying(answer("200 OK", "{\"event\":\"bye\"}\nnonsense\n"));
    let mut events = agent.client.events(Listener::Window).unwrap();
    assert_eq!(events.next(), Some(Ok(StreamEvent::Bye)));
    assert_eq!(api_error(events.next().unwrap()).0, ErrorCode::Internal);
    assert!(events.next().is_none());
    assert!(agent.request().starts_with("GET /v1/events?window=true&changes=true HTTP/1.0\r\n"));
}

#[test]
fn a_stream_that_is_refused_says_why() {
    let body = r#"{"code":"internal","message":"No."}"#;
    let outcome = Agent::saying(answer("500 Internal Server Error", body)).client.events(Listener::Other);
    assert_eq!(api_error(outcome), (ErrorCode::Internal, "No.".to_owned()));
}
