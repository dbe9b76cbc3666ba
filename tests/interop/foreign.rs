//! What foreign eyes make of the authority: schemathesis of its OpenAPI document, PyJWT and `jose` of its tokens and keys,
//! `openid-client` of its OAuth.

use std::process::Command;
use std::time::Duration;

use daypass_test_support::program::{Authority, Installation, Outcome, finish};
use daypass_test_support::wait;
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

/// What the flows of `openid-client` come to; `how` are the rest of its settings.
fn flows(authority: &Authority, how: &Value) -> Value {
    let client = &authority.demo["native"];
    let mut input = json!({ "url": authority.url, "client": client["client_id"], "secret": client["client_secret"] });
    input.as_object_mut().unwrap().extend(how.as_object().unwrap().clone());
    node("flows.mjs", &input).remove(0)
}

#[test]
fn schemathesis_finds_no_answer_outside_the_document() {
    let installation = Installation::new(env!("CARGO_BIN_EXE_daypass"));
    // No limit on failures, which would be the answer to nearly all that it tries.
    let authority = Authority::start_with(&installation, &["--failures", "1000000000/1000000000"]);
    let ours = project("tests/interop/foreign").canonicalize().unwrap();
    let mut run = command(installed("foreign", "bin/schemathesis").canonicalize().unwrap());
    run.arg("--config-file").arg(ours.join("schemathesis.toml")).arg("run").arg("--no-color");
    run.args(["--checks", "all"])
        .arg(format!("{}/openapi.json", authority.url))
        .env("SCHEMATHESIS_HOOKS", ours.join("keys.py"));
    run.env("DAYPASS_URL", &authority.url).env("DAYPASS_DEMO", authority.demo.to_string());
    // It keeps notes where it stands.
    run.current_dir(installation.beside());
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

/// A fresh access token of the demo client, as `openid-client` got it.
fn access_token(authority: &Authority) -> Value {
    flows(authority, &json!({ "auth": "basic", "only": "token" }))
}

/// The names of the keys that verified some tokens, or the errors: as PyJWT says, and as `jose` does.
fn verified(authority: &Authority, tokens: &[Value]) -> [Vec<Value>; 2] {
    let input = json!({ "url": authority.url, "tokens": tokens, "forged": [] });
    let said =
        |lines: Vec<Value>, at: &str| lines.iter().map(|line| line.pointer(at).cloned().unwrap_or_default()).collect();
    [said(python("verify.py", &input), "/good"), said(node("verify.mjs", &input), "/good/kid")]
}

#[test]
fn both_keys_are_read_while_one_follows_the_other() {
    let (installation, authority) = start();
    let store = format!("sqlite:{}", installation.beside().join("authority.sqlite").display());
    let before = access_token(&authority);
    let [old, _] = verified(&authority, std::slice::from_ref(&before));
    installation.run(&["authority", "key", "rotate", "--now", "--store", &store]).ok();
    // The server hears of it within a second.
    let mut after = Value::Null;
    let mut both = [Vec::new(), Vec::new()];
    wait::until("a token of the next key", Duration::from_secs(30), || {
        after = access_token(&authority);
        both = verified(&authority, &[before.clone(), after.clone()]);
        (both[0][1] != old[0]).then_some(())
    });
    let [python, node] = both;
    assert_eq!(python, node, "both libraries take both tokens, each by its own key");
    assert_eq!(python[0], old[0]);
    assert!(python.iter().all(|kid| kid.as_str().is_some_and(|kid| kid.len() > 20)), "{python:?}");

    let (kid, next) = (old[0].as_str().unwrap(), python[1].clone());
    installation.run(&["authority", "key", "withdraw", kid, "--store", &store]).ok();
    wait::until("the withdrawn key to be gone", Duration::from_secs(30), || {
        let [python, node] = verified(&authority, &[after.clone(), before.clone()]);
        assert_eq!((&python[0], &node[0]), (&next, &next), "the next key stays");
        (python[1] == "PyJWKClientError" && node[1].is_null()).then_some(())
    });
}

#[test]
fn openid_client_goes_through_every_flow() {
    let (_installation, authority) = start();
    for auth in ["basic", "post"] {
        let said = flows(&authority, &json!({ "auth": auth }));
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
