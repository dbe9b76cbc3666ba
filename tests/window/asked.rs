//! Each command asks the agent one thing and gives its answer, or its error, back as it is.

use daypass_api::view::Page;
use serde_json::{Value, json};

use crate::agent::{Asked, FakeAgent};
use crate::stage::{Stage, call, entry};

fn abilities() -> Value {
    json!({ "list": false, "create": null, "revoke": false, "revoke_effect": "", "revoke_all_effect": null, "sign_in": true })
}

fn account() -> Value {
    json!({
        "name": "work", "provider": "antiraid", "title": "AntiRaid", "base_url": "https://api.test", "params": {},
        "health": "well", "freshness": null, "refreshing": false, "problem": null, "current": null, "expires_at": null,
        "next_refresh_at": null, "last_used_at": null, "pinned": false, "abilities": abilities(), "sessions": [],
    })
}

fn session() -> Value {
    json!({
        "account": "work", "id": "s1", "name": null, "type": "api", "created_at": null,
        "expires_at": "2026-11-20T14:00:00Z", "state": "fresh", "held": true, "current": false,
        "fingerprint": null,
    })
}

fn sign_in() -> Value {
    json!({
        "id": "i1", "user_code": "KXQ", "qr": null, "expires_at": "2026-11-20T14:00:00Z", "state": { "state": "pending" },
    })
}

#[test]
fn every_command_asks_its_question_and_gives_the_answer() {
    let stage = Stage::new();
    let agent = FakeAgent::start(&stage.home);
    let window = stage.open();
    let provider = json!({
        "name": "antiraid", "title": "AntiRaid", "about": "", "base_url": "https://api.test",
        "credential": { "label": "", "help": "" }, "params": [], "abilities": abilities(), "own": false,
    });
    let new_account = json!({
        "provider": "antiraid", "name": "work", "base_url": null, "params": { "a": "b" }, "credential": "hunter2",
        "check": true, "life": 60, "pinned": true,
    });
    let sign_in_request = json!({ "provider": "discovr", "name": "films", "base_url": null, "params": {} });
    let copied = json!({
        "account": "work", "session_id": "s1", "expires_at": null, "cleared_at": "2026-11-20T14:00:45Z",
    });
    let revoked = json!({ "revoked": 1, "valid_until": null, "message": "Done." });
    // Command, its arguments, the question with its body, the answer.
    let table = [
        ("quit", json!({}), "POST /v1/shutdown", json!({ "take_over": false }), Value::Null),
        ("providers", json!({}), "GET /v1/providers", Value::Null, json!([provider])),
        ("add_account", json!({ "request": new_account }), "POST /v1/accounts", new_account.clone(), account()),
        (
            "remove_account",
            json!({ "account": "work" }),
            "DELETE /v1/accounts/work",
            Value::Null,
            json!({ "undo": { "id": "u1", "until": "2026-11-20T14:00:10Z" } }),
        ),
        (
            "claims",
            json!({ "account": "work", "id": "a/b" }),
            "GET /v1/accounts/work/sessions/a%2Fb/claims",
            Value::Null,
            json!({ "header": { "alg": "HS256" }, "claims": { "sub": "u1" } }),
        ),
        ("undo", json!({ "id": "u1" }), "POST /v1/undo/u1", json!({}), Value::Null),
        ("refresh", json!({ "account": "work" }), "POST /v1/accounts/work/refresh", json!({}), account()),
        // What is listed comes with the updates.
        ("sessions", json!({ "account": "work" }), "GET /v1/accounts/work/sessions", Value::Null, Value::Null),
        (
            "create_session",
            json!({ "account": "work", "request": { "name": "ci", "life": 60 } }),
            "POST /v1/accounts/work/sessions",
            json!({ "name": "ci", "life": 60 }),
            session(),
        ),
        (
            "revoke_session",
            json!({ "account": "work", "id": "s1", "forget": false }),
            "DELETE /v1/accounts/work/sessions/s1",
            Value::Null,
            revoked.clone(),
        ),
        (
            "revoke_session",
            json!({ "account": "work", "id": "a/b?forget=false", "forget": true }),
            "DELETE /v1/accounts/work/sessions/a%2Fb%3Fforget%3Dfalse?forget=true",
            Value::Null,
            revoked.clone(),
        ),
        ("revoke_all", json!({ "account": "work" }), "DELETE /v1/accounts/work/sessions", Value::Null, revoked),
        (
            "copy",
            json!({ "request": { "account": "work", "session": "s1" } }),
            "POST /v1/copy",
            json!({ "account": "work", "session": "s1" }),
            copied,
        ),
        (
            "log",
            json!({ "query": { "account": "a b", "before": 7, "limit": 2 } }),
            "GET /v1/log?account=a%20b&before=7&limit=2",
            Value::Null,
            json!({ "entries": [entry()], "more": true }),
        ),
        ("open_vault", json!({}), "POST /v1/vault/open", json!({}), Value::Null),
        ("sign_in", json!({ "request": sign_in_request }), "POST /v1/sign-ins", sign_in_request.clone(), sign_in()),
        ("sign_in_state", json!({ "id": "i1" }), "GET /v1/sign-ins/i1", Value::Null, sign_in()),
        ("cancel_sign_in", json!({ "id": "i1" }), "DELETE /v1/sign-ins/i1", Value::Null, Value::Null),
        (
            "change_settings",
            json!({ "patch": { "refresh": { "paused": true } } }),
            "PATCH /v1/settings",
            json!({ "refresh": { "paused": true } }),
            Value::Null,
        ),
    ];
    for (command, args, line, body, answer) in table {
        agent.will_answer(200, answer.clone());
        assert_eq!(call(&window, command, args), Ok(answer), "{command}");
        assert_eq!(agent.next_asked(), Asked { line: line.to_owned(), body }, "{command}");
    }
}

#[test]
fn the_agents_error_reaches_the_page_as_it_is() {
    let stage = Stage::new();
    let agent = FakeAgent::start(&stage.home);
    let window = stage.open();
    let error = json!({ "code": "rate_limited", "message": "Too many requests.", "retry_after": 9 });
    agent.will_answer(429, error.clone());
    assert_eq!(call(&window, "refresh", json!({ "account": "work" })), Err(error));
}

#[test]
fn an_answer_in_another_language_is_an_error_that_does_not_repeat_it() {
    let stage = Stage::new();
    let agent = FakeAgent::start(&stage.home);
    let window = stage.open();
    agent.will_answer(200, json!({ "token": "hunter2" }));
    let error = call(&window, "refresh", json!({ "account": "work" })).unwrap_err();
    assert_eq!(error["code"], "internal");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn without_an_agent_a_command_says_how_to_start_one() {
    let stage = Stage::new();
    let window = stage.open();
    let error = call(&window, "providers", json!({})).unwrap_err();
    assert_eq!(error["code"], "offline");
    assert!(error["message"].as_str().unwrap().contains("daypass tray"), "{error}");
}

#[test]
fn the_page_begins_where_the_command_line_says_and_only_once() {
    let stage = Stage::showing(Page::Connect);
    let window = stage.open();
    let subscribe = || call(&window, "subscribe", json!({ "updates": "__CHANNEL__:1" }));
    assert_eq!(subscribe(), Ok(json!({ "page": "connect" })));
    assert_eq!(subscribe(), Ok(json!({ "page": "sessions" })));
}
