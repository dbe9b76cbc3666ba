//! A definition of a user's own, loaded from a folder, does all that a built-in one does.

use std::sync::Arc;

use daypass_core::fresh::RefreshKind;
use daypass_core::session::Session;
use daypass_providers::{Catalog, Definition, Grant, Listed, Offer, Poll, ProviderError, Target, Wish};
use serde_json::json;

use crate::server::{Answer, NOW, Server, at, engine, map, seconds, secret};

const FILE: &str = include_str!("mill.toml");

fn mill() -> Arc<Definition> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a mill.toml"), FILE).unwrap();
    std::fs::write(dir.path().join("notes.txt"), "not a definition").unwrap();
    let (catalog, errors) = Catalog::load(dir.path());
    assert_eq!(errors, []);
    assert_eq!(catalog.all().count(), 5);
    let mill = catalog.find("mill").unwrap();
    assert!(mill.own());
    mill
}

fn target(server: &Server, mill: &Definition, more: &[(&str, &str)]) -> Target {
    let mut params = map(&[("team", "a b/c")]);
    params.extend(map(more));
    mill.target(Some(&format!("{}/api/v2/", server.url)), params).unwrap()
}

fn stone() -> Answer {
    Answer::json(
        200,
        json!({
            "stone": {"token": "t-1", "ids": [7], "name": "Big", "kind": "granite", "made": NOW - 5,
                "until": "2026-01-01T01:00:00+00:30"},
            "regrind": "g-1", "next_key": "k-2",
        }),
    )
}

#[tokio::test]
async fn it_mints_with_a_form_a_query_and_another_header() {
    let mill = mill();
    let server = Server::always(stone()).await;
    let wish = Wish { name: Some("Groß & Klein".into()), life: Some(seconds(120)) };
    let target = target(&server, &mill, &[("grains", "rye, oat")]);
    let minted = engine().mint(&mill, &target, &secret("k-1"), &wish).await.unwrap();
    let ask = server.only_ask();
    assert_eq!(ask.line(), "POST /api/v2/teams/a%20b%2Fc/grind?grains=rye+oat&shift=1");
    assert_eq!((ask.header("x-mill-key"), ask.header("authorization")), (Some("key=k-1"), None));
    assert_eq!(ask.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(ask.body, "for=120s&grant=stone&name=Gro%C3%9F+%26+Klein&secret=k-1");
    assert_eq!(
        minted.session,
        Session {
            id: "7".into(),
            name: Some("Big".into()),
            kind: Some("granite".into()),
            created_at: Some(at(-5)),
            expires_at: Some(at(1800)),
        }
    );
    assert_eq!((minted.token.expose(), minted.life.kind), ("t-1", RefreshKind::Renews));
    assert_eq!(minted.credential, Some(secret("k-2")));
    assert_eq!(minted.grant, Some(Grant { token: secret("g-1"), expires_at: None, life: seconds(1800) }));
}

#[tokio::test]
async fn what_has_no_value_is_left_out() {
    let mill = mill();
    let server = Server::always(stone()).await;
    let target = target(&server, &mill, &[("shift", "2")]);
    engine().mint(&mill, &target, &secret("k-1"), &Wish::default()).await.unwrap();
    let ask = server.only_ask();
    assert_eq!(ask.path, "/api/v2/teams/a%20b%2Fc/grind?shift=2");
    assert_eq!(ask.body, "grant=stone&secret=k-1");
}

#[tokio::test]
async fn it_renews_with_typed_json_and_rotates_the_grant() {
    let mill = mill();
    let server = Server::always(Answer::json(200, json!({"token": "t-2", "regrind": "g-2"}))).await;
    let target = target(&server, &mill, &[("grains", "rye")]);
    let grant = Grant { token: secret("g-1"), expires_at: None, life: seconds(600) };
    let minted = engine().renew(&mill, &target, &grant).await.unwrap();
    let ask = server.only_ask();
    assert_eq!(ask.line(), "PATCH /api/v2/regrind");
    let fixed = json!([1, true, 2.5, 1, ["rye"]]);
    assert_eq!(ask.json(), json!({"token": "g-1", "fixed": fixed, "note": "team a b/c"}));
    assert_eq!((minted.token.expose(), minted.life.expires_at), ("t-2", at(600)));
    assert_eq!(minted.grant, Some(Grant { token: secret("g-2"), expires_at: None, life: seconds(600) }));
}

#[tokio::test]
async fn it_creates_in_its_own_way() {
    let mill = mill();
    let server = Server::always(Answer::json(200, json!({"token": "t-3"}))).await;
    let target = target(&server, &mill, &[]);
    let wish = Wish { name: Some("third".into()), life: None };
    let minted = engine().create(&mill, &target, &secret("k-1"), &wish).await.unwrap();
    assert_eq!(server.only_ask().line(), "PUT /api/v2/stones");
    assert_eq!(server.only_ask().json(), json!({"stone": {"name": "third"}}));
    assert_eq!(minted.life.expires_at, at(300), "as the definition says where nothing was asked for");
    assert_eq!(minted.life.kind, RefreshKind::OpensNew, "there is no grant to renew with");
    let create = mill.abilities().create.clone().unwrap();
    assert_eq!((create.name_is_sent, create.life), (true, None));
}

#[tokio::test]
async fn it_lists_inspects_revokes_and_offers() {
    let mill = mill();
    let server = Server::start(|ask| match ask.path.as_str() {
        "/api/v2/stones" => Answer::json(
            200,
            json!({"stones": {"all": [{"ids": ["s-1"], "name": "One", "made": NOW, "until": "2026-01-02T00:00:00Z"}]}}),
        ),
        "/api/v2/me" => Answer::json(200, json!({"kind": "miller", "barred": true})),
        "/api/v2/stop" if ask.body == "stone=s-1" => Answer::text(202, "stopping"),
        "/api/v2/stop" => Answer::text(410, ""),
        "/api/v2/lock" => Answer::json(200, json!({"keys": {"new": "k-9"}})),
        "/api/v2/teams" => Answer::json(200, json!([{"slug": "a"}, {"slug": 3}])),
        path => panic!("{path}"),
    })
    .await;
    let (engine, target, key) = (engine(), target(&server, &mill, &[]), secret("k-1"));
    let sessions = engine.list(&mill, &target, &key).await.unwrap();
    let one = Session {
        id: "s-1".into(),
        name: Some("One".into()),
        kind: None,
        created_at: Some(at(0)),
        expires_at: Some(at(86_400)),
    };
    assert_eq!(sessions, Listed { sessions: vec![one], whole: true });
    let inspected = engine.inspect(&mill, &target, &key).await.unwrap();
    assert_eq!(inspected.id, key.fingerprint());
    assert_eq!((inspected.kind.as_deref(), inspected.barred.as_deref()), (Some("miller"), Some("true")));
    assert_eq!(engine.revoke(&mill, &target, &key, "s-1").await, Ok(()));
    assert_eq!(engine.revoke(&mill, &target, &key, "s-2").await, Err(ProviderError::AlreadyGone));
    assert_eq!(engine.revoke_all(&mill, &target, &key).await.unwrap().credential, Some(secret("k-9")));
    let offers = engine.offers(&mill, &target, &key, "team").await.unwrap();
    let offer = |value: &str| Offer { value: value.into(), label: value.into() };
    assert_eq!(offers, [offer("a"), offer("3")]);
}

#[tokio::test]
async fn it_signs_in_by_the_standard_device_flow() {
    let mill = mill();
    let server = Server::start(|ask| match ask.path.as_str() {
        "/api/v2/device" => {
            Answer::json(200, json!({"device_code": "d", "user_code": "WDJB", "expires_in": 1800, "interval": 7}))
        }
        "/api/v2/token" if ask.body.contains("device_code=d&") => {
            Answer::json(400, json!({"error": "authorization_pending"}))
        }
        "/api/v2/token" if ask.body.contains("device_code=done&") => Answer::json(200, json!({"access_token": "k-5"})),
        "/api/v2/token" => Answer::json(400, json!({"error": "expired_token"})),
        path => panic!("{path}"),
    })
    .await;
    let (engine, target) = (engine(), target(&server, &mill, &[]));
    let mut code = engine.begin_sign_in(&mill, &target).await.unwrap();
    assert_eq!((code.user_code.as_str(), code.interval, code.expires_at), ("WDJB", seconds(7), at(1800)));
    assert_eq!(server.only_ask().body, "client_id=daypass");
    assert_eq!(engine.poll_sign_in(&mill, &target, &code).await, Ok(Poll::Pending));
    code.device_code = secret("done");
    assert_eq!(engine.poll_sign_in(&mill, &target, &code).await, Ok(Poll::Done(secret("k-5"))));
    code.device_code = secret("old");
    let error = engine.poll_sign_in(&mill, &target, &code).await.unwrap_err();
    assert!(matches!(error, ProviderError::Rejected { .. }), "{error:?}");
}

#[tokio::test]
async fn its_rules_say_what_answers_mean() {
    let mill = mill();
    for (answer, kind) in [
        (Answer::json(403, json!({"fault": [{"kind": "lock-changed"}]})), "Refused"),
        (Answer::json(403, json!({"fault": [{"kind": "other"}]})), "Rejected"),
        (Answer::text(200, "<p>There is GRIT in the works</p>"), "Rejected"),
        (Answer::text(418, ""), "TryLater"),
        (Answer::text(410, ""), "Rejected"),
    ] {
        let server = Server::always(answer.clone()).await;
        let error =
            engine().mint(&mill, &target(&server, &mill, &[]), &secret("k"), &Wish::default()).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(kind), "{answer:?}: {error:?}");
    }
}

#[test]
fn an_account_is_checked_against_the_parameters() {
    let mill = mill();
    let told = |url: Option<&str>, params: &[(&str, &str)]| mill.target(url, map(params)).unwrap_err().to_string();
    assert_eq!(told(None, &[]), "Mill needs the parameter team (the team to grind for).");
    assert_eq!(
        told(None, &[("team", "a"), ("tea", "b")]),
        "Mill has no parameter \"tea\"; known: team, shift, grains."
    );
    assert_eq!(told(None, &[("team", " ")]), "The parameter team is empty.");
    assert_eq!(told(None, &[("team", "a"), ("shift", "two")]), "The parameter shift is not a number.");
    assert_eq!(told(None, &[("team", "a"), ("grains", " , ")]), "The parameter grains is empty.");
    let target = mill.target(None, map(&[("team", "a")])).unwrap();
    assert_eq!(target.base_url.as_str(), "https://mill.example/api/v2/");
}

#[test]
fn credentials_go_over_https_or_to_this_machine_only() {
    let mill = mill();
    let goes = |url: &str| mill.target(Some(url), map(&[("team", "a")])).is_ok();
    for url in [
        "https://api.example.org",
        " https://api.example.org/v1/ ",
        "http://localhost:7277",
        "http://LOCALHOST",
        "http://127.0.0.1:7277",
        "http://127.9.9.9",
        "http://[::1]:7277",
        "https://localhost",
    ] {
        assert!(goes(url), "{url}");
    }
    for url in [
        "http://api.example.org",
        "http://localhost.example.org",
        "http://0.0.0.0",
        "http://192.168.1.1",
        "http://[::2]",
        "http://128.0.0.1",
        "ftp://localhost",
        "file:///etc/passwd",
        "unix:/run/x",
        "localhost:7277",
        "api.example.org",
        "https://user:word@api.example.org",
        "https://user@api.example.org",
        "https://api.example.org?x=1",
        "https://api.example.org/#x",
        "",
    ] {
        assert!(!goes(url), "{url}");
    }
}

#[tokio::test]
async fn an_address_that_was_put_together_elsewhere_is_checked_too() {
    let mill = mill();
    let target = Target { base_url: "http://api.example.org".parse().unwrap(), params: map(&[("team", "a")]) };
    let error = engine().mint(&mill, &target, &secret("k"), &Wish::default()).await.unwrap_err();
    assert!(matches!(error, ProviderError::BadRequest { .. }), "{error:?}");
}

#[test]
fn the_reference_describes_what_is_read() {
    let reference = include_str!("../../src-tauri/providers/definitions/README.md");
    let examples: Vec<&str> = reference.split("```").filter_map(|part| part.strip_prefix("toml\n")).collect();
    assert_eq!(examples.len(), 2);
    let ledger = Definition::parse("README.md", examples[0]).unwrap();
    assert_eq!((ledger.name(), ledger.abilities().revoke), ("ledger", true));
    // The second is a part: it stands in a file that has the rest.
    let (head, tail) = examples[0].split_once("[mint.request]").unwrap();
    Definition::parse("README.md", &format!("{head}{}[mint.request]{tail}", examples[1])).unwrap();
}
