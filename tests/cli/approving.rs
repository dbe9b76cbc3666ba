//! Device sign-ins that an administrator settles by command, while a server runs that answers nobody at its page.

use std::io::{Read, Write};
use std::net::TcpStream;

use daypass_test_support::program::{Authority, Installation, Outcome};
use serde_json::Value;

use crate::installation;
use crate::terminal::Terminal;

/// A server behind a proxy on this machine: its page takes nobody for one who sits here.
fn behind_a_proxy() -> (Installation, Authority) {
    let home = installation();
    let authority = Authority::start_with(&home, &["--trusted-proxies", "127.0.0.0/8"]);
    (home, authority)
}

fn admin(home: &Installation, arguments: &[&str]) -> Outcome {
    home.run(&arguments_of(home, arguments))
}

fn arguments_of(home: &Installation, arguments: &[&str]) -> Vec<String> {
    let store = format!("sqlite:{}", home.beside().join("authority.sqlite").display());
    let arguments = ["authority", "device"].iter().chain(arguments).map(ToString::to_string);
    arguments.chain(["--store".to_owned(), store]).collect()
}

/// What a client at 198.51.100.1 is answered: the status, and the body.
fn ask(authority: &Authority, line: &str, body: &str) -> (u16, String) {
    let host = authority.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX-Forwarded-For: 198.51.100.1\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A form sent to `/oauth2/…` by the demo's client.
fn form(authority: &Authority, path: &str, fields: &str) -> (u16, Value) {
    let demo = &authority.demo["native"];
    let (id, secret) = (demo["client_id"].as_str().unwrap(), demo["client_secret"].as_str().unwrap());
    let body = format!("client_id={id}&client_secret={secret}&{fields}");
    let (status, body) = ask(authority, &format!("POST /oauth2/{path}"), &body);
    (status, serde_json::from_str(&body).unwrap())
}

/// A device sign-in for the scope `read`: its user code, and its device code.
fn begun(authority: &Authority) -> (String, String) {
    let (status, begun) = form(authority, "device_authorization", "scope=read");
    assert_eq!(status, 200, "{begun}");
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    (text("user_code"), text("device_code"))
}

fn poll(authority: &Authority, device_code: &str) -> (u16, Value) {
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    form(authority, "token", &format!("grant_type={grant}&device_code={device_code}"))
}

#[test]
fn where_the_page_answers_nobody_an_administrator_approves() {
    let (home, authority) = behind_a_proxy();
    let (code, device) = begun(&authority);
    for line in [format!("GET /device?user_code={code}"), "POST /device".to_owned()] {
        let (status, page) = ask(&authority, &line, "user_code=x&decision=approve");
        assert_eq!(status, 403, "{line}");
        assert!(page.contains("<code>daypass authority device approve</code>"), "{page}");
    }
    let (id, client) =
        (authority.demo["antiraid"]["user_id"].as_str().unwrap(), &authority.demo["native"]["client_id"]);

    let listed = admin(&home, &["list", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(
        (&listed[0]["client"], &listed[0]["scopes"], &listed[0]["dialect"]),
        (client, &"read".into(), &"native".into())
    );
    let table = admin(&home, &["list"]).ok();
    assert!(table.contains(client.as_str().unwrap()) && !table.contains(&code), "{table}");
    assert_eq!(admin(&home, &["show", &code.to_lowercase(), "--json"]).json(), listed[0]);
    assert!(admin(&home, &["show", &code]).ok().contains("the scopes read"));

    // Nothing is approved by a script that does not say so, and nothing as somebody who is not there.
    let said = admin(&home, &["approve", &code]).refused(2);
    assert!(said.contains("--yes"), "{said}");
    let said = admin(&home, &["approve", &code, "--user", "nobody", "--yes"]).refused(6);
    assert!(said.contains("There is no user \"nobody\"") && said.contains("user list"), "{said}");
    assert_eq!(poll(&authority, &device).1["error"], "authorization_pending");

    let approved = admin(&home, &["approve", &code, "--user", id, "--yes", "--json"]).json();
    assert_eq!((&approved["user"], &approved["client"], &approved["scopes"]), (&id.into(), client, &"read".into()));
    let (status, issued) = poll(&authority, &device);
    assert_eq!((status, &issued["scope"]), (200, &"read".into()), "{issued}");
    let (_, facts) = form(&authority, "introspect", &format!("token={}", issued["access_token"].as_str().unwrap()));
    assert_eq!(facts["sub"], id);

    for command in ["approve", "deny", "show"] {
        let more: &[&str] = if command == "approve" { &["--yes"] } else { &[] };
        let said = admin(&home, &[&[command, code.as_str()], more].concat()).refused(6);
        assert!(said.contains("No sign-in waits with the code") && said.contains("device list"), "{said}");
    }
    assert!(admin(&home, &["list"]).stderr.contains("No device waits"));
}

#[test]
fn a_device_is_denied_and_a_disabled_user_is_not_signed_in() {
    let (home, authority) = behind_a_proxy();
    let (code, device) = begun(&authority);
    assert_eq!(admin(&home, &["deny", &code]).ok(), "The sign-in is denied.\n");
    assert_eq!(poll(&authority, &device).1["error"], "access_denied");

    let (code, _) = begun(&authority);
    let id = authority.demo["antiraid"]["user_id"].as_str().unwrap();
    let store = arguments_of(&home, &[]).split_off(2);
    home.run(&[["authority", "user", "disable", id].map(str::to_owned).to_vec(), store].concat()).ok();
    let said = admin(&home, &["approve", &code, "--user", id, "--yes"]).refused(2);
    assert!(said.contains("is disabled"), "{said}");
    let said = admin(&home, &["approve", &code, "--yes"]).ok();
    assert!(said.contains("the scopes read, for the new user "), "{said}");
}

#[test]
fn a_person_sees_what_is_approved_and_says_yes() {
    let (home, authority) = behind_a_proxy();
    // Anybody may begin one of these, under any name.
    let (_, begun) = ask(&authority, "POST /auth/device-codes", "{\"clientID\":\"tv\\u202e by IT\"}");
    let begun: Value = serde_json::from_str(&begun).unwrap();
    let code = begun["userCode"].as_str().unwrap();
    let arguments = arguments_of(&home, &["approve", code]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let poll = || {
        let (status, _) =
            ask(&authority, &format!("POST /auth/device-codes/{}/poll", begun["deviceCode"].as_str().unwrap()), "{}");
        status
    };
    let mut terminal = Terminal::start(&home, &arguments, &[]);
    terminal.until("tv\u{fffd} by IT  (as the device calls itself)");
    terminal.until("all that its user may do");
    terminal.until("a new one");
    terminal.until("Type yes to do it:");
    terminal.type_in("y\n");
    let (code_of_exit, shown) = terminal.end();
    assert_eq!(code_of_exit, Some(2), "{shown}");
    assert!(shown.contains("Nothing was approved."), "{shown}");
    assert_eq!(admin(&home, &["list", "--json"]).json().as_array().unwrap().len(), 1);

    let mut terminal = Terminal::start(&home, &arguments, &[]);
    terminal.until("Type yes to do it:");
    terminal.type_in("yes\n");
    let (code_of_exit, shown) = terminal.end();
    assert_eq!(code_of_exit, Some(0), "{shown}");
    assert!(shown.contains("is approved: with all that its user may do, for the new user "), "{shown}");
    assert_eq!(poll(), 200);
}
