//! What foreign eyes make of the authority: schemathesis of its OpenAPI document, PyJWT and `jose` of its tokens and keys,
//! `openid-client` of its OAuth.

use std::process::Command;

use daypass_test_support::program::{Authority, Installation, Outcome, finish};
use serde_json::{Value, json};

use crate::peers::{installed, project};

/// A command that no proxy of the machine's stands before: both ends are on loopback.
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env("NO_PROXY", "*").env("no_proxy", "*").env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn python(script: &str, input: &Value) -> Vec<Value> {
    let script = project("tests/interop/foreign").join(script);
    lines(&finish(command(installed("foreign", "bin/python")).arg(script), &input.to_string()))
}

fn node(script: &str, input: &Value) -> Vec<Value> {
    lines(&finish(command("node").arg(installed("oauth", script)), &input.to_string()))
}

fn lines(outcome: &Outcome) -> Vec<Value> {
    assert_eq!(outcome.code, 0, "{}\n{}", outcome.stdout, outcome.stderr);
    outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn start() -> (Installation, Authority) {
    let installation = Installation::new(env!("CARGO_BIN_EXE_daypass"));
    let authority = Authority::start(&installation, None);
    (installation, authority)
}

/// What the flows of `openid-client` come to, where the client shows its secret by `auth`.
fn flows(authority: &Authority, auth: &str) -> Value {
    let client = &authority.demo["native"];
    let input = json!({
        "url": authority.url, "client": client["client_id"], "secret": client["client_secret"], "auth": auth,
    });
    node("flows.mjs", &input).remove(0)
}

#[test]
fn schemathesis_finds_no_answer_outside_the_document() {
    let (installation, authority) = start();
    let folder = project("tests/interop/foreign");
    let mut run = command(installed("foreign", "bin/schemathesis"));
    run.arg("--config-file").arg("schemathesis.toml").arg("run").arg(format!("{}/openapi.json", authority.url));
    run.args(["--no-color", "--report-dir"]).arg(installation.beside());
    run.env("DAYPASS_URL", &authority.url).env("DAYPASS_DEMO", authority.demo.to_string()).current_dir(folder);
    let outcome = finish(&mut run, "");
    assert_eq!(outcome.code, 0, "{}\n{}", outcome.stdout, outcome.stderr);
    // All of it was tried, in every way there is.
    for phase in ["Examples", "Coverage", "Fuzzing", "Stateful"] {
        assert!(outcome.stdout.lines().any(|line| line.contains(phase) && line.contains('✅')), "{}", outcome.stdout);
    }
}

#[test]
fn pyjwt_and_jose_take_our_tokens_and_no_forgeries() {
    let (_installation, authority) = start();
    let tokens = vec![access_token(&authority)];
    let said = python("verify.py", &json!({ "url": authority.url, "tokens": tokens })).remove(0);
    let kid = said["good"].as_str().unwrap();
    assert!(kid.len() > 20, "the name of a key, not of an error: {said}");
    assert_eq!(said["issuer"], "InvalidIssuerError");
    assert_eq!(said["audience"], "InvalidAudienceError");
    assert_eq!(said["algorithm"], "InvalidAlgorithmError");
    let forged = said["forged"].as_object().unwrap();
    for (name, error) in [
        ("claims", "InvalidSignatureError"),
        ("signature", "InvalidSignatureError"),
        ("none", "InvalidAlgorithmError"),
        ("hmac", "InvalidAlgorithmError"),
        ("kid", "PyJWKClientError"),
    ] {
        assert_eq!(forged[name]["became"], error, "{name}");
    }

    let names: Vec<_> = forged.keys().collect();
    let texts: Vec<_> = forged.values().map(|forgery| forgery["token"].clone()).collect();
    let mut said = node("verify.mjs", &json!({ "url": authority.url, "tokens": tokens, "forged": texts }));
    let good = said.remove(0);
    let client = &authority.demo["native"]["client_id"];
    assert_eq!(good["good"], json!({ "kid": kid, "alg": "EdDSA", "sub": client }));
    for (name, error) in [
        ("issuer", "ERR_JWT_CLAIM_VALIDATION_FAILED"),
        ("audience", "ERR_JWT_CLAIM_VALIDATION_FAILED"),
        ("typ", "ERR_JWT_CLAIM_VALIDATION_FAILED"),
        ("algorithm", "ERR_JOSE_ALG_NOT_ALLOWED"),
        ("late", "ERR_JWT_EXPIRED"),
    ] {
        assert_eq!(good[name]["error"], error, "{name}");
    }
    for (name, outcome) in names.into_iter().zip(said) {
        assert!(outcome["error"].is_string(), "{name}: {outcome}");
    }
}

/// An access token of the demo client, as `openid-client` got it.
fn access_token(authority: &Authority) -> Value {
    flows(authority, "basic")["token"].clone()
}

#[test]
fn openid_client_goes_through_every_flow() {
    let (_installation, authority) = start();
    for auth in ["basic", "post"] {
        let said = flows(&authority, auth);
        assert_eq!(said["metadata"]["issuer"], authority.url);
        let client = &authority.demo["native"]["client_id"];
        assert_eq!(said["own"], json!({ "type": "bearer", "scope": "read", "expires": 600, "refresh": null }));
        assert_eq!(said["ownFacts"], json!({ "active": true, "client": client, "sub": client, "type": "Bearer" }));
        assert_eq!(said["wrongSecret"]["status"], 401);
        assert_eq!(said["wrongScope"]["error"], "invalid_scope");
        assert_eq!(said["wrongGrant"]["error"], "unsupported_grant_type");

        assert!(said["page"].as_str().unwrap().starts_with(&format!("{}/device?user_code=", authority.url)));
        assert_eq!(said["pending"]["error"], "authorization_pending");
        assert_eq!(said["approved"], 200);
        assert_eq!(said["signedIn"], json!({ "scope": "read write", "refresh": "string" }));
        assert_eq!(said["userIsNotTheClient"], true);

        assert_eq!(said["lostAnswerIsGivenAgain"], true);
        assert_eq!((&said["narrowed"], &said["whole"]), (&json!("read"), &json!("read write")));
        for replayed in ["replayed", "afterReplay"] {
            assert_eq!(said[replayed]["error"], "invalid_grant", "{replayed}");
            assert!(said[replayed]["about"].as_str().unwrap().contains("used again"), "and says why: {said}");
        }
        assert_eq!(said["tokenAfterReplay"], false);

        assert_eq!(said["revoked"], json!({ "active": false }));
        assert_eq!(said["unknown"], json!({ "active": false }));
        assert_eq!(said["wrongRefresh"]["error"], "invalid_grant");
    }
}
