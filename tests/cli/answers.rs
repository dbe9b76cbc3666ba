//! Providers that refuse, are away, or answer nonsense: one sentence, the right code, and nothing stored is changed.

use daypass_core::token::jwt;
use daypass_test_support::program::Installation;
use serde_json::{Value, json};

use crate::peer::Peer;
use crate::with_authority;

/// A credential that must not turn up in anything that is said.
const CREDENTIAL: &str = "01-credential-of-a-bad-day";

/// Tries to connect `provider` at `url`, which must fail with `code`, beside an account that must stay as it is.
#[track_caller]
fn refused(provider: &str, url: &str, code: i32) -> String {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "good");
    let token = home.run(&["token", "good"]).ok();
    let before = stored(&home);

    let mut arguments = vec!["account", "add", provider, "--name", "bad", "--base-url", url, "--credential-stdin"];
    if provider == "discovr" {
        arguments.extend(["--set", "profile_id=p"]);
    }
    let said = home.run_with(&arguments, CREDENTIAL).refused(code);
    assert!(!said.contains(CREDENTIAL), "{said}");

    assert_eq!(stored(&home), before);
    assert_eq!(home.run(&["token", "good"]).ok(), token);
    said
}

/// What is stored of the accounts, less what only says when they were used.
fn stored(home: &Installation) -> Vec<(Value, Value, Value)> {
    let accounts = home.run(&["account", "list", "--json"]).json();
    let stored = accounts
        .as_array()
        .unwrap()
        .iter()
        .map(|account| (account["name"].clone(), account["base_url"].clone(), account["current"].clone()));
    stored.collect()
}

#[test]
fn a_wrong_credential_is_not_stored() {
    for provider in ["discovr", "pocketpaw", "antiraid", "discover"] {
        let (_home, authority) = with_authority();
        let said = refused(provider, &authority.url, 3);
        assert!(said.contains("does not accept the credential"), "{provider}: {said}");
    }
}

#[test]
fn without_the_check_a_wrong_credential_is_stored_and_told_on_use() {
    let (home, authority) = with_authority();
    let mut arguments = authority.add_arguments("pocketpaw", "paw");
    arguments.push("--no-check".to_owned());
    home.run_with(&arguments, CREDENTIAL).ok();
    let said = home.run(&["token", "paw"]).refused(3);
    assert!(!said.contains(CREDENTIAL), "{said}");
    let account = home.run(&["account", "show", "paw", "--json"]).json();
    assert_eq!(account["health"], "needs_you");
    // The window shows the same words, and has a button for it.
    let why = account["problem"]["message"].as_str().unwrap();
    assert!(why.ends_with("Connect paw again, or sign in again."), "{why}");
    assert_eq!(said, format!("{why} `daypass account add` takes another credential, or signs in."));
}

#[test]
fn claims_that_would_steer_the_terminal_are_escaped() {
    let claims = json!({ "sub": "\u{9b}2Jgone\u{7f}", "aud\u{202e}": ["\u{1b}[31m", "\u{2066}Zoë"] });
    let end = chrono::DateTime::from_timestamp(4_000_000_000, 0).unwrap();
    let token = jwt::sign(&[7; 32], &claims, end).unwrap();
    let answer = json!({ "accessToken": token.expose(), "accessTokenExpiry": 3_600_000 });
    let peer = Peer::json(200, &answer.to_string());
    let (home, _authority) = with_authority();
    let add = ["account", "add", "discover", "--name", "shop", "--base-url", &peer.url, "--credential-stdin"];
    home.run_with(&add, CREDENTIAL).ok();
    home.run(&["token", "shop"]).ok();
    let sessions = home.run(&["sessions", "shop", "--json"]).json();
    let shown = home.run(&["session", "show", "shop", sessions[0]["id"].as_str().unwrap()]).ok();
    for escaped in [r#""sub": "\u009b2Jgone\u007f""#, r#""aud\u202e": ["#, r#""\u001b[31m""#, r#""\u2066Zoë""#] {
        assert!(shown.contains(escaped), "{escaped} is not in {shown:?}");
    }
    assert!(!shown.contains(['\u{9b}', '\u{7f}', '\u{202e}', '\u{1b}', '\u{2066}']), "{shown:?}");
}

#[test]
fn a_server_that_is_not_there_is_code_5() {
    refused("discover", &Peer::nobody(), 5);
}

#[test]
fn a_server_that_never_answers_is_code_5() {
    refused("discover", &Peer::mute().url, 5);
}

#[test]
fn an_answer_that_is_not_json_is_code_5() {
    refused("discover", &Peer::json(200, "<html>welcome</html>").url, 5);
    refused("discover", &Peer::raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()).url, 5);
}

#[test]
fn a_huge_answer_is_code_5() {
    let body = format!("{{\"accessToken\":\"t\",\"padding\":\"{}\"}}", "x".repeat(3 << 20));
    refused("discover", &Peer::json(200, &body).url, 5);
}

#[test]
fn an_answer_without_the_token_is_code_5() {
    refused("discover", &Peer::json(200, r#"{"refreshToken":"r","accessTokenExpiry":1000}"#).url, 5);
    refused("discover", &Peer::json(200, r#"{"accessToken":"","accessTokenExpiry":60000}"#).url, 5);
}

#[test]
fn an_expiry_in_the_past_is_code_5() {
    let body = r#"{"sessionToken":"opaque","sessionId":"s","expiresAt":1000}"#;
    refused("discovr", &Peer::json(200, body).url, 5);
}

#[test]
fn a_server_with_troubles_of_its_own_is_code_5() {
    refused("discover", &Peer::json(500, "{}").url, 5);
    refused("discover", &Peer::json(429, "{}").url, 5);
    refused("discover", &Peer::json(400, "{}").url, 5);
}

#[test]
fn a_redirect_elsewhere_is_not_followed() {
    let elsewhere = Peer::json(200, r#"{"accessToken":"stolen","accessTokenExpiry":60000}"#);
    let answer = format!("HTTP/1.1 307 X\r\nLocation: {}/x\r\nContent-Length: 0\r\n\r\n", elsewhere.url);
    refused("discover", &Peer::raw(answer.into_bytes()).url, 5);
}

#[test]
fn plain_http_to_another_machine_and_wrong_addresses_are_code_2() {
    let said = refused("discover", "http://example.com", 2);
    assert!(said.contains("https"), "{said}");
    refused("discover", "nonsense", 2);
    refused("discover", "ftp://example.com", 2);
    refused("discover", "https://user:password@example.com", 2);
}

#[test]
fn names_and_parameters_are_checked() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    let add = |provider: &str, name: &str, more: &[&str]| {
        let arguments =
            [&["account", "add", provider, "--name", name, "--base-url", &authority.url, "--credential-stdin"], more]
                .concat();
        home.run_with(&arguments, authority.credential("pocketpaw"))
    };
    let said = add("nonsense", "a", &[]).refused(2);
    assert!(said.contains("nonsense"), "{said}");
    add("pocketpaw", "paw", &[]).refused(2);
    add("pocketpaw", "../paw", &[]).refused(2);
    assert_eq!(add("pocketpaw", "", &[]).code, 2);
    let said = add("pocketpaw", "b", &["--set", "colour=red"]).refused(2);
    assert!(said.contains("colour"), "{said}");
    let said = add("discovr", "b", &[]).refused(2);
    assert!(said.contains("profile_id"), "{said}");
    add("pocketpaw", "b", &["--set", "a=1", "--set", "a=2"]).refused(2);
    let said = home.run(&["account", "add", "pocketpaw", "--name", "b"]).refused(2);
    assert!(said.contains("--credential-stdin"), "{said}");
    home.run_with(&authority.add_arguments("pocketpaw", "b"), "").refused(2);
    home.run_with(&authority.add_arguments("pocketpaw", "b"), "two\nlines\n").refused(2);
    let names = home.run(&["account", "list", "--json"]).json();
    assert_eq!(names.as_array().unwrap().len(), 1, "{names}");
}

#[test]
fn what_is_not_there_is_code_6() {
    let (home, authority) = with_authority();
    authority.connect(&home, "antiraid", "raid");
    let nowhere: [&[&str]; 7] = [
        &["token", "nobody"],
        &["token", "../raid"],
        &["sessions", "nobody"],
        &["session", "create", "nobody"],
        &["session", "revoke", "nobody", "--all"],
        &["session", "revoke", "raid", "no such id"],
        &["account", "remove", "nobody"],
    ];
    for arguments in nowhere {
        home.run(arguments).refused(6);
    }
    home.run(&["token", "raid"]).ok();
}

#[test]
fn one_provider_that_is_away_does_not_hide_the_sessions_of_the_others() {
    let (home, mut authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    authority.connect(&home, "antiraid", "raid");
    home.run(&["token", "paw"]).ok();
    home.run(&["token", "raid"]).ok();
    authority.process.end_by(rustix::process::Signal::TERM);
    let outcome = home.run(&["sessions", "--json"]);
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("raid: "), "{}", outcome.stderr);
    let sessions: Value = serde_json::from_str(&outcome.stdout).unwrap();
    for account in ["paw", "raid"] {
        assert!(sessions.as_array().unwrap().iter().any(|session| session["account"] == account), "{sessions}");
    }
    // The tokens still live, so they are still handed out.
    home.run(&["token", "raid"]).ok();
}
