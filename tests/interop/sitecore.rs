//! Sitecore's official client of Discover mints at our authority.

use std::process::Command;

use daypass_test_support::program::{Authority, Installation, finish};
use serde_json::{Value, json};

use crate::peers::installed;

/// Runs the client for some calls, and answers what it said of each.
fn client(authority: &Authority, api_key: &str, calls: u32, limit_ms: u32) -> Vec<Value> {
    let script = installed("sitecore", "mint.cjs");
    let input = json!({ "url": authority.url, "apiKey": api_key, "calls": calls, "limit": limit_ms });
    let mut command = Command::new("node");
    // Nothing of the machine's proxies stands between two programs on loopback.
    command.arg(script).env("NO_PROXY", "*").env("no_proxy", "*");
    let output = finish(&mut command, &input.to_string()).ok();
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn its_client_gets_a_token_that_the_authority_accepts() {
    let installation = Installation::new(env!("CARGO_BIN_EXE_daypass"));
    let authority = Authority::start(&installation, None);
    let calls = client(&authority, authority.credential("discover"), 2, 20_000);
    let token = calls[0]["authorization"].as_str().unwrap();
    assert!(token.starts_with("Bearer ") && !token.contains(authority.credential("discover")));
    assert_eq!(calls[0]["search"], 200);
    // It believed the life that we told it in milliseconds, and did not mint again.
    assert_eq!(calls[1], calls[0]);
}

#[test]
fn its_client_is_refused_with_a_wrong_key() {
    let installation = Installation::new(env!("CARGO_BIN_EXE_daypass"));
    let authority = Authority::start(&installation, None);
    let wrong = format!("01-{}", "0".repeat(49));
    let calls = client(&authority, &wrong, 2, 3_000);
    // It falls back to the bare key, which opens nothing here; its next call never ends.
    assert_eq!(calls[0], json!({ "authorization": wrong, "search": 401 }));
    assert_eq!(calls[1], json!({ "timedOut": true }));
}
