//! Every command against a running agent and the real authority: what it prints, and how it ends.

use std::io::{Read, Write};
use std::net::TcpStream;

use daypass_test_support::program::{Authority, Installation, Running};
use serde_json::Value;

use crate::{installation, with_authority};

/// The keys of a JSON object, in order.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Whether `text` is an RFC 3339 time in UTC.
fn is_utc(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z'))
}

#[test]
fn a_token_is_printed_alone_as_header_and_as_json() {
    let (home, authority) = with_authority();
    let headers = [
        ("discovr", "Authorization: Bearer "),
        ("pocketpaw", "Authorization: Bearer "),
        ("antiraid", "Authorization: "),
        ("discover", "Authorization: Bearer "),
    ];
    for (provider, header) in headers {
        authority.connect(&home, provider, provider);
        let token = home.run(&["token", provider]).ok();
        let token = token.strip_suffix('\n').unwrap();
        assert!(token.len() > 20 && !token.contains(char::is_whitespace), "{provider}: {token:?}");
        assert_eq!(home.run(&["token", provider, "--header"]).ok(), format!("{header}{token}\n"));
        let json = home.run(&["token", provider, "--json"]).json();
        assert_eq!(
            keys(&json),
            ["account", "expires_at", "provider", "remaining_seconds", "session_id", "token"],
            "{provider}"
        );
        assert_eq!((json["account"].as_str(), json["provider"].as_str()), (Some(provider), Some(provider)));
        assert_eq!(json["token"].as_str(), Some(token));
        assert!(is_utc(&json["expires_at"]), "{json}");
        assert!(json["remaining_seconds"].as_u64().unwrap() > 60, "{json}");
    }
}

#[test]
fn fresh_and_min_ttl_bring_another_token() {
    let (home, authority) = with_authority();
    authority.connect(&home, "discovr", "tv");
    let token = |options: &[&str]| home.run(&[&["token", "tv"], options].concat()).ok();
    let first = token(&[]);
    assert_eq!(token(&[]), first);
    assert_eq!(token(&["--min-ttl", "60"]), first);
    assert_ne!(token(&["--fresh"]), first);
}

#[test]
fn the_account_can_be_left_out() {
    let (home, authority) = with_authority();
    let none = home.run(&["token"]).refused(6);
    assert!(none.contains("account add"), "{none}");
    authority.connect(&home, "pocketpaw", "paw");
    let paw = home.run(&["token"]).ok();
    assert_eq!(home.run(&["token", "paw"]).ok(), paw);
    authority.connect(&home, "discover", "shop");
    home.run(&["token", "shop"]).ok();
    assert_eq!(home.run(&["token"]).ok(), home.run(&["token", "shop"]).ok(), "the one used last");
}

#[test]
fn an_account_that_is_left_out_and_not_clear_is_asked_for_by_name() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    authority.connect(&home, "discover", "shop");
    let which = home.run(&["token"]).refused(2);
    assert!(which.contains("paw") && which.contains("shop"), "{which}");
}

#[test]
fn accounts_are_added_listed_shown_and_removed() {
    let (home, authority) = with_authority();
    assert_eq!(home.run(&["account", "list", "--json"]).json(), Value::Array(Vec::new()));
    authority.connect(&home, "pocketpaw", "paw");
    let said = home.run_with(&authority.add_arguments("discovr", "tv"), authority.credential("discovr")).ok();
    assert_eq!(said, format!("Connected tv to Discovr at {}.\n", authority.url.clone() + "/"), "{said}");

    let list = home.run(&["account", "list"]).ok();
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 3, "{list}");
    assert!(lines[0].starts_with("ACCOUNT  PROVIDER"), "{list}");
    assert!(lines[1].starts_with("paw      PocketPaw") && lines[2].starts_with("tv       Discovr"), "{list}");
    let json = home.run(&["account", "list", "--json"]).json();
    assert_eq!(json[1]["name"], "tv");
    assert_eq!(json[1]["params"]["profile_id"], authority.demo["discovr"]["profile_id"]);

    home.run(&["token", "tv"]).ok();
    let show = home.run(&["account", "show", "tv"]).ok();
    assert!(show.contains("Discovr (discovr)") && show.contains("min") && show.contains("left"), "{show}");
    assert_eq!(home.run(&["account", "show", "tv", "--json"]).json()["name"], "tv");

    let removed = home.run(&["account", "remove", "tv"]).ok();
    assert!(removed.contains("nothing was revoked"), "{removed}");
    home.run(&["account", "show", "tv"]).refused(6);
    home.run(&["token", "tv"]).refused(6);
    home.run(&["account", "remove", "tv"]).refused(6);
    home.run(&["token", "paw"]).ok();
}

#[test]
fn sessions_are_created_listed_handed_out_and_revoked() {
    let (home, authority) = with_authority();
    authority.connect(&home, "antiraid", "raid");
    let made = home.run(&["session", "create", "raid", "--name", "ci", "--life", "7d", "--json"]).json();
    assert_eq!(keys(&made), ["account", "created_at", "expires_at", "held", "id", "name", "state", "type"]);
    assert_eq!((made["name"].as_str(), made["held"].as_bool()), (Some("ci"), Some(true)));
    let id = made["id"].as_str().unwrap();

    let all = home.run(&["sessions", "raid", "--json"]).json();
    let ours = all.as_array().unwrap().iter().find(|session| session["id"] == id).unwrap();
    assert_eq!(keys(ours), keys(&made));
    assert!(is_utc(&ours["expires_at"]) && is_utc(&ours["created_at"]), "{ours}");
    assert_eq!(ours["type"], "api");
    let foreign = all.as_array().unwrap().iter().filter(|session| session["held"] == false);
    assert!(foreign.clone().all(|session| session["state"] == "foreign"), "{all}");
    assert!(foreign.count() >= 1, "the login session is foreign: {all}");

    let table = home.run(&["sessions", "raid"]).ok();
    let row = table.lines().find(|line| line.contains(id)).unwrap();
    assert!(row.contains("ci") && row.contains("6 d 23 h left") && row.contains("fresh, held"), "{table}");

    let token = home.run(&["token", "raid", "--session", id]).ok();
    assert_ne!(token, home.run(&["token", "raid"]).ok());

    home.run(&["session", "revoke", "raid", id]).ok();
    let left = home.run(&["sessions", "raid", "--json"]).json();
    assert!(left.as_array().unwrap().iter().all(|session| session["id"] != id), "{left}");
    home.run(&["session", "revoke", "raid", id]).refused(6);
    home.run(&["token", "raid", "--session", id]).refused(6);
    home.run(&["token", "raid"]).ok();
}

#[test]
fn sessions_of_all_accounts_are_listed_together() {
    let (home, authority) = with_authority();
    for provider in ["antiraid", "discovr"] {
        authority.connect(&home, provider, provider);
        home.run(&["token", provider]).ok();
    }
    let sessions = home.run(&["sessions", "--json"]).json();
    for provider in ["antiraid", "discovr"] {
        assert!(sessions.as_array().unwrap().iter().any(|session| session["account"] == provider), "{sessions}");
    }
    let table = home.run(&["sessions"]).ok();
    assert!(table.starts_with("ACCOUNT "), "{table}");
}

#[test]
fn everything_of_an_account_is_revoked_at_once() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    let old = home.run(&["token", "paw"]).ok();
    let said = home.run(&["session", "revoke", "paw", "--all"]).ok();
    assert!(said.ends_with(".\n"), "{said}");
    // The new master token was stored before anything else, so the account goes on.
    assert_ne!(home.run(&["token", "paw"]).ok(), old);

    authority.connect(&home, "discovr", "tv");
    home.run(&["token", "tv"]).ok();
    home.run(&["session", "revoke", "tv", "--all"]).ok();
    let out = home.run(&["token", "tv", "--fresh"]).refused(3);
    assert!(!out.contains("rt_"), "{out}");
}

#[test]
fn what_a_provider_cannot_do_is_code_7() {
    let (home, authority) = with_authority();
    authority.connect(&home, "discovr", "tv");
    home.run(&["token", "tv"]).ok();
    let id = home.run(&["token", "tv", "--json"]).json()["session_id"].as_str().unwrap().to_owned();
    let said = home.run(&["session", "revoke", "tv", &id]).refused(7);
    assert!(said.contains("--forget") && said.contains("--all"), "it says what can be done instead: {said}");
    let forgotten = home.run(&["session", "revoke", "tv", &id, "--forget"]).ok();
    assert!(forgotten.contains("valid until") || forgotten.contains("until"), "{forgotten}");
    home.run(&["session", "create", "tv", "--life", "7d"]).refused(7);
}

#[test]
fn providers_are_listed_with_the_users_own() {
    let home = installation();
    let table = home.run(&["providers"]).ok();
    for name in ["discovr", "pocketpaw", "antiraid", "discover"] {
        assert!(table.lines().any(|line| line.starts_with(&format!("{name} "))), "{table}");
    }
    let json = home.run(&["providers", "--json"]).json();
    assert_eq!(json.as_array().unwrap().len(), 4);
    assert!(json.as_array().unwrap().iter().all(|provider| provider["own"] == false));
}

#[test]
fn copying_needs_the_tray_app() {
    let (home, authority) = with_authority();
    let said = home.run(&["copy", "paw"]).refused(1);
    assert!(said.contains("daypass tray"), "{said}");
    assert!(!home.socket().exists(), "no headless agent is started for it");
    authority.connect(&home, "pocketpaw", "paw");
    assert_eq!(home.run(&["copy", "paw"]).refused(1), said);
}

#[test]
fn status_tells_whether_an_agent_runs_and_starts_none() {
    let (home, authority) = with_authority();
    assert_eq!(home.run(&["status", "--json"]).json(), serde_json::json!({ "running": false }));
    assert!(home.run(&["status"]).ok().contains("No agent is running"));
    authority.connect(&home, "pocketpaw", "paw");
    let status = home.run(&["status", "--json"]).json();
    assert_eq!((status["running"].as_bool(), status["tray"].as_bool()), (Some(true), Some(false)));
    assert_eq!(status["accounts"], 1);
    assert_eq!(status["vault"]["state"], "open");
    assert_eq!(status["pid"].as_u64().map(|pid| pid as u32), home.agent_pid());
    assert!(home.run(&["status"]).ok().contains("headless"));
}

/// A sign-in that has shown its code, and the code.
fn sign_in(home: &Installation, authority: &Authority) -> (Running, String) {
    // The profile is left out: it is only known once the provider knows who signs in.
    let arguments = ["account", "add", "discovr", "--name", "tv", "--sign-in", "--base-url", &authority.url];
    let waiting = Running::start(&mut home.command(&arguments));
    let said = waiting.line("the code", |line| line.contains("Enter the code"));
    assert!(said.contains("on another device"), "{said}");
    let code = said.split("Enter the code ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    (waiting, code)
}

/// What a person does on the other device: the form of the authority's own page.
fn decide(authority: &Authority, code: &str, decision: &str) {
    let host = authority.url.strip_prefix("http://").unwrap();
    let form = format!("user_code={code}&decision={decision}");
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /device HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_sign_in_by_device_code_connects_once_it_is_approved() {
    let (home, authority) = with_authority();
    let (mut waiting, code) = sign_in(&home, &authority);
    decide(&authority, &code, "approve");
    let code = waiting.ended().code();
    let rest = waiting.rest();
    assert!(
        code == Some(0) && rest.iter().any(|line| line.starts_with("Connected tv to Discovr")),
        "{code:?} {rest:?}"
    );
    home.run(&["token", "tv"]).ok();
}

#[test]
fn a_sign_in_that_is_denied_or_given_up_stores_nothing() {
    let (home, authority) = with_authority();
    let (mut waiting, code) = sign_in(&home, &authority);
    decide(&authority, &code, "deny");
    assert_eq!(waiting.ended().code(), Some(3), "{:?}", waiting.rest());
    home.run(&["account", "show", "tv"]).refused(6);

    let (mut waiting, _) = sign_in(&home, &authority);
    assert_eq!(waiting.end_by(rustix::process::Signal::INT).code(), Some(1));
    let rest = waiting.rest();
    assert!(rest.iter().any(|line| line.contains("given up")), "{rest:?}");
    home.run(&["account", "show", "tv"]).refused(6);
}

#[test]
fn a_sign_in_where_there_is_none_is_code_7() {
    let (home, authority) = with_authority();
    home.run(&["account", "add", "pocketpaw", "--name", "a", "--sign-in", "--base-url", &authority.url]).refused(7);
    home.run(&["account", "add", "nonsense", "--name", "a", "--sign-in"]).refused(2);
}
