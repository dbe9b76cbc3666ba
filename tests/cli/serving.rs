//! The authority as a server of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use daypass_test_support::program::{Authority, Running};
use rustix::process::Signal;

use crate::installation;

fn status_of(url: &str, path: &str) -> u16 {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let host = url.strip_prefix("http://").unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn the_ready_line_names_everything_a_client_needs() {
    let home = installation();
    let mut authority = Authority::start(&home, Some(5));
    assert!(authority.url.starts_with("http://127.0.0.1:"));
    let text = |provider: &str, key: &str| authority.demo[provider][key].as_str().unwrap().to_owned();
    assert!(text("discovr", "refresh_token").starts_with("rt_"));
    assert!(!text("discovr", "profile_id").is_empty());
    assert_eq!(text("pocketpaw", "master_token").len(), 36);
    assert_eq!(text("antiraid", "login_token").len(), 128);
    assert!(!text("antiraid", "user_id").is_empty());
    assert_eq!(text("discover", "api_key").len(), 52);
    assert_eq!(text("native", "client_secret").len(), 64);
    assert_eq!(authority.demo.as_object().unwrap().len(), 5);
    assert_eq!(status_of(&authority.url, "/sessions"), 401);
    assert_eq!(authority.process.end_by(Signal::TERM).code(), Some(0));
}

#[test]
fn the_client_of_the_demo_gets_a_token() {
    let home = installation();
    let authority = Authority::start(&home, None);
    let host = authority.url.strip_prefix("http://").unwrap();
    let part = |key: &str| authority.demo["native"][key].as_str().unwrap();
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        part("client_id"),
        part("client_secret")
    );
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /oauth2/token HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("\"token_type\":\"Bearer\""), "{answer}");
}

#[test]
fn a_store_keeps_its_user_and_shows_it_once() {
    let home = installation();
    let mut first = Authority::start(&home, None);
    first.connect(&home, "antiraid", "raid");
    first.process.end_by(Signal::TERM);
    let store = home.beside().join("authority.sqlite");
    assert_eq!(std::fs::metadata(&store).unwrap().permissions().mode() & 0o777, 0o600);

    let listen = first.url.strip_prefix("http://").unwrap();
    let store = format!("sqlite:{}", store.display());
    let mut again =
        Running::start(&mut home.command(&["serve", "--demo", "--json", "--listen", listen, "--store", &store]));
    assert_eq!(
        again.line("the ready line", |line| line.starts_with("{\"url\":")),
        format!("{{\"url\":\"{}\"}}", first.url)
    );
    home.run(&["token", "raid", "--fresh"]).ok();
    again.end_by(Signal::TERM);
    assert!(again.rest().iter().any(|line| line.contains("no user was created")));
}

#[test]
fn two_new_stores_have_different_credentials() {
    let [one, two] = [installation(), installation()];
    let [one, two] = [Authority::start(&one, None), Authority::start(&two, None)];
    for provider in ["discovr", "pocketpaw", "antiraid", "discover"] {
        assert_ne!(one.credential(provider), two.credential(provider), "{provider}");
    }
}

#[test]
fn without_json_a_person_reads_how_to_go_on() {
    let home = installation();
    let mut serve = Running::start(&mut home.command(&["serve", "--demo", "--listen", "127.0.0.1:0"]));
    serve.line("the address", |line| line.starts_with("The authority listens on http://127.0.0.1:"));
    serve.line("a credential", |line| line.contains("discovr") && line.contains("rt_"));
    serve.line("what to do next", |line| line.contains("daypass account add"));
    serve.line("the client's way", |line| line.contains("curl -u ") && line.ends_with("/oauth2/token"));
    assert_eq!(serve.end_by(Signal::INT).code(), Some(0));
}

#[test]
fn an_address_that_is_not_loopback_or_taken_is_refused() {
    let home = installation();
    let said = home.run(&["serve", "--demo", "--listen", "0.0.0.0:0"]).refused(2);
    assert!(said.contains("loopback"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let said = home.run(&["serve", "--demo", "--listen", &taken.local_addr().unwrap().to_string()]).refused(1);
    assert!(said.contains("already in use; choose another with --listen"), "{said}");
}

#[test]
fn a_store_that_is_no_store_is_refused_and_left_alone() {
    let home = installation();
    let file = home.beside().join("notes.txt");
    std::fs::write(&file, "not a database, but somebody's notes ".repeat(50)).unwrap();
    let before = std::fs::read(&file).unwrap();
    let store = format!("sqlite:{}", file.display());
    home.run(&["serve", "--listen", "127.0.0.1:0", "--store", &store]).refused(1);
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn what_happens_is_told_on_stderr_to_the_last_line() {
    let home = installation();
    for (arguments, told) in [
        (["--log-format", "json"].as_slice(), Some("\"event\":\"stopped\"")),
        (["--log-format", "text", "--log-level", "info"].as_slice(), Some(" info stopped cut=0")),
        (["--log-level", "off"].as_slice(), None),
    ] {
        let serve = ["serve", "--demo", "--json", "--listen", "127.0.0.1:0"];
        let mut running = Running::start(&mut home.command(&[&serve, arguments].concat()));
        running.line("the ready line", |line| line.starts_with("{\"url\":"));
        assert_eq!(running.end_by(Signal::TERM).code(), Some(0));
        let rest = running.rest();
        match told {
            Some(told) => assert!(rest.last().unwrap().contains(told), "{rest:#?}"),
            None => assert_eq!(rest, [""; 0]),
        }
    }
}
