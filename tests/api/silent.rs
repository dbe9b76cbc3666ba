//! Agents that are there and do not answer, that are slow, that end, and that answer elsewhere.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use daypass_api::client::CallError;
use daypass_api::{Client, ErrorCode, Home};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::Instant;

/// Longer than a client waits for a sign of life, twice over, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn home() -> (Home, TempDir) {
    let scratch = tempfile::tempdir().unwrap();
    let home = Home::under(scratch.path());
    std::fs::create_dir_all(home.run_dir()).unwrap();
    std::fs::create_dir_all(home.data_dir()).unwrap();
    (home, scratch)
}

/// What the client says of an agent that does nothing.
fn given_up(home: &Home) -> String {
    let begun = Instant::now();
    let outcome = Client::new(home).unwrap().get::<Value>("/v1/status");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    let Err(CallError::Api(error)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.code, ErrorCode::Internal);
    error.message
}

/// Reads one request, of which only the path is told.
fn path_of(stream: &mut UnixStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "the head is cut");
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn an_agent_that_takes_a_connection_and_never_answers_is_given_up() {
    let (home, _scratch) = home();
    let _listener = UnixListener::bind(home.socket().unwrap()).unwrap();
    std::fs::write(home.agent_lock(), "4711\n/elsewhere").unwrap();
    let said = given_up(&home);
    assert!(said.contains("(process 4711) does not answer") && said.contains("`kill -KILL 4711`"), "{said}");
}

#[test]
fn an_agent_that_takes_no_more_connections_is_given_up() {
    let (home, _scratch) = home();
    let socket = home.socket().unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    // As few may wait as the kernel allows.
    rustix::net::listen(&listener, 0).unwrap();
    let _waiting = UnixStream::connect(&socket).unwrap();
    let said = given_up(&home);
    assert!(said.starts_with("The agent does not answer."), "{said}");
}

#[test]
fn an_agent_that_is_slow_and_alive_is_waited_for() {
    let (home, _scratch) = home();
    let listener = UnixListener::bind(home.socket().unwrap()).unwrap();
    let agent = std::thread::spawn(move || {
        let (mut slow, _) = listener.accept().unwrap();
        let asked = path_of(&mut slow);
        // The first is answered only when the client has asked for a sign of life.
        let (mut sign, _) = listener.accept().unwrap();
        let for_life = path_of(&mut sign);
        sign.write_all(b"HTTP/1.0 200 OK\r\n\r\n[]").unwrap();
        slow.write_all(b"HTTP/1.0 200 OK\r\n\r\n\"at last\"").unwrap();
        [asked, for_life]
    });
    assert_eq!(Client::new(&home).unwrap().get::<String>("/v1/slow"), Ok("at last".to_owned()));
    assert_eq!(agent.join().unwrap(), ["/v1/slow", "/v1/providers"]);
}

#[test]
fn an_agent_that_is_killed_has_ended() {
    let (home, _scratch) = home();
    let listener = UnixListener::bind(home.socket().unwrap()).unwrap();
    // What was not read when it is closed is answered with a reset by the kernel, not with an end.
    let agent = std::thread::spawn(move || assert_eq!(listener.accept().unwrap().0.read(&mut [0]).unwrap(), 1));
    assert_eq!(Client::new(&home).unwrap().get::<Value>("/v1/status"), Err(CallError::Ended));
    agent.join().unwrap();
}

#[test]
fn an_agent_with_another_runtime_folder_is_found_by_its_lock() {
    let (home, scratch) = home();
    let elsewhere = scratch.path().join("elsewhere.sock");
    let client = Client::new(&home).unwrap();
    for nonsense in ["", "4711", "4711\n", "4711\nrelative.sock", "x\n/y", "4711\n\0"] {
        std::fs::write(home.agent_lock(), nonsense).unwrap();
        assert_eq!(client.get::<Value>("/v1/status"), Err(CallError::NotRunning), "{nonsense:?}");
    }
    std::fs::write(home.agent_lock(), format!("4711\n{}", elsewhere.display())).unwrap();
    assert_eq!(client.get::<Value>("/v1/status"), Err(CallError::NotRunning), "its socket is gone as well");
    let listener = UnixListener::bind(&elsewhere).unwrap();
    let agent = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        path_of(&mut stream);
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n\"here\"").unwrap();
    });
    assert_eq!(client.get::<String>("/v1/status"), Ok("here".to_owned()));
    agent.join().unwrap();
}
