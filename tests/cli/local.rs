//! The local authority beside an agent: on and off, on another port, on one that is taken, and for whoever just tries it.

use std::net::TcpListener;

use daypass_api::Home;
use daypass_api::client::Client;
use daypass_api::view::{AccountView, Snapshot};
use daypass_test_support::http::Request;
use daypass_test_support::program::{Installation, START_LIMIT};
use daypass_test_support::wait;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::installation;

/// The agent's state of the authority, and its URL or message.
fn stands(client: &Client) -> (String, String) {
    let snapshot: Snapshot = client.get("/v1/snapshot").unwrap();
    let view = serde_json::to_value(snapshot.settings.authority).unwrap();
    let text = |key: &str| view[key].as_str().unwrap_or_default().to_owned();
    (text("state"), text("url") + &text("message"))
}

/// Waits for a state of the authority, and answers its URL or message.
#[track_caller]
fn until(client: &Client, state: &str) -> String {
    wait::until(&format!("the authority to be {state}"), START_LIMIT, || {
        let (there, text) = stands(client);
        (there == state).then_some(text)
    })
}

/// Changes the settings of the authority in their file, as a user does.
fn write(home: &Installation, authority: &str) {
    let folder = home.root().join("config");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), format!("[authority]\n{authority}\n")).unwrap();
}

fn client(home: &Installation) -> Client {
    Client::new(&Home::under(&home.root())).unwrap()
}

/// Whether an authority answers there.
fn answers(url: &str) -> bool {
    Request::new("GET", "/device").send(url).is_some_and(|answer| answer.status == 200)
}

/// What the authority says to the current token of a PocketPaw account.
fn asked(home: &Installation, url: &str) -> u16 {
    let token = home.run(&["token", "try-pocketpaw"]).ok();
    let bearer = format!("Bearer {}", token.trim_end());
    Request::new("GET", "/api/sessions").header("Authorization", &bearer).send(url).unwrap().status
}

#[test]
fn it_is_switched_on_and_off_and_moved_while_the_agent_runs() {
    let home = installation();
    let _agent = home.agent();
    let client = client(&home);
    assert_eq!(stands(&client).0, "off");
    write(&home, "enabled = true\nport = 0");
    let url = until(&client, "running");
    assert!(answers(&url));

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    write(&home, &format!("enabled = true\nport = {free}"));
    let there = format!("http://127.0.0.1:{free}");
    wait::until("the authority to move", START_LIMIT, || (stands(&client).1 == there).then_some(()));
    assert!(answers(&there) && !answers(&url));

    write(&home, "enabled = false");
    until(&client, "off");
    assert!(!answers(&there));
}

#[test]
fn a_port_that_is_taken_is_told() {
    let home = installation();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    write(&home, &format!("enabled = true\nport = {port}"));
    let _agent = home.agent();
    let client = client(&home);
    let message = until(&client, "failed");
    assert!(message.contains(&format!("Port {port} is taken")), "{message}");
    let error = client.post::<Vec<AccountView>>("/v1/try", &json!({})).unwrap_err();
    assert!(error.to_string().contains(&format!("Port {port} is taken")), "{error}");
    drop(taken);
    let accounts: Vec<AccountView> = client.post("/v1/try", &json!({})).unwrap();
    assert_eq!(accounts.len(), 4);
}

#[test]
fn whoever_tries_it_has_four_live_tokens_that_outlive_the_agent() {
    let home = installation();
    write(&home, "port = 0");
    let mut agent = home.agent();
    let tried: Value = client(&home).post("/v1/try", &json!({})).unwrap();
    let names: Vec<&str> = tried.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["try-discovr", "try-pocketpaw", "try-antiraid", "try-discover"]);
    let url = until(&client(&home), "running");
    assert_eq!(asked(&home, &url), 200);
    let kept: Vec<String> = names.iter().map(|name| home.run(&["token", name]).ok()).collect();

    // A second click finds what is there.
    let again: Value = client(&home).post("/v1/try", &json!({})).unwrap();
    assert_eq!(again.as_array().unwrap().len(), 4);
    assert_eq!(names.iter().map(|name| home.run(&["token", name]).ok()).collect::<Vec<_>>(), kept);

    assert_eq!(agent.end_by(Signal::TERM).code(), Some(0));
    assert!(!answers(&url), "it outlives the agent");
    let _agent = home.agent();
    assert_eq!(until(&client(&home), "running"), url, "any free port is the one of last time");
    for name in names {
        home.run(&["token", name, "--fresh"]).ok();
    }
    assert_eq!(asked(&home, &url), 200);
}
