//! AntiRaid's definition against its documented and its observed API.

use daypass_core::session::Session;
use daypass_providers::{Listed, ProviderError, Wish};
use serde_json::json;

use crate::server::{Answer, Server, at, built_in, engine, seconds, secret};

const ID: &str = "550e8400-e29b-41d4-a716-446655440000";

fn created(status: u16) -> Answer {
    let body = json!({"user_id": "1", "token": "a1".repeat(64), "session_id": ID,
        "expiry": "2026-01-08T00:00:00.123456789Z", "user": null});
    Answer::json(status, body)
}

#[tokio::test]
async fn a_mint_creates_an_api_session_with_name_and_life() {
    let antiraid = built_in("antiraid");
    for status in [200, 201] {
        let server = Server::always(created(status)).await;
        let target = server.target(&antiraid, &[]);
        let wish = Wish { name: Some("workbench".into()), life: Some(seconds(3600)) };
        let minted = engine().mint(&antiraid, &target, &secret("login"), &wish).await.unwrap();
        let ask = server.only_ask();
        assert_eq!(ask.line(), "POST /sessions");
        assert_eq!(ask.header("authorization"), Some("login"), "raw, without a scheme");
        assert_eq!(ask.json(), json!({"name": "workbench", "type": "api", "expiry": 3600}));
        assert_eq!(minted.session.id, ID);
        assert_eq!(minted.session.name.as_deref(), Some("workbench"));
        assert_eq!(minted.session.kind.as_deref(), Some("api"));
        assert_eq!(minted.life.expires_at.timestamp(), at(7 * 86_400).timestamp());
    }
}

#[tokio::test]
async fn the_id_may_stand_in_either_place() {
    let antiraid = built_in("antiraid");
    let body = json!({"token": "t", "session_id": null, "id": ID, "expiry": "2026-01-08T00:00:00Z"});
    let server = Server::always(Answer::json(200, body)).await;
    let target = server.target(&antiraid, &[]);
    let minted = engine().mint(&antiraid, &target, &secret("login"), &Wish::default()).await.unwrap();
    assert_eq!(minted.session.id, ID);
}

#[tokio::test]
async fn what_is_not_wished_for_is_seven_days_under_our_name() {
    let antiraid = built_in("antiraid");
    let server = Server::always(created(200)).await;
    let target = server.target(&antiraid, &[]);
    engine().create(&antiraid, &target, &secret("login"), &Wish::default()).await.unwrap();
    assert_eq!(server.only_ask().json(), json!({"name": "Daypass", "type": "api", "expiry": 604_800}));
}

#[tokio::test]
async fn a_life_out_of_range_is_not_sent() {
    let antiraid = built_in("antiraid");
    let server = Server::always(created(200)).await;
    let target = server.target(&antiraid, &[]);
    let hundred_years = 100 * 31_557_600;
    for life in [0, hundred_years + 1] {
        let wish = Wish { life: Some(seconds(life)), ..Wish::default() };
        let error = engine().mint(&antiraid, &target, &secret("login"), &wish).await.unwrap_err();
        let message = "A session of AntiRaid lives from 1s to 100y.".into();
        assert_eq!(error, ProviderError::BadRequest { message });
    }
    let wish = Wish { life: Some(seconds(hundred_years)), ..Wish::default() };
    engine().mint(&antiraid, &target, &secret("login"), &wish).await.unwrap();
    assert_eq!(server.only_ask().json()["expiry"], json!(hundred_years));
}

#[test]
fn a_life_is_checked_before_anything_is_asked() {
    let antiraid = built_in("antiraid");
    for fine in [None, Some(seconds(1)), Some(seconds(3_155_760_000))] {
        assert_eq!(antiraid.check_life(fine), Ok(()));
    }
    let message = "A session of AntiRaid lives from 1s to 100y.".into();
    assert_eq!(antiraid.check_life(Some(seconds(0))), Err(ProviderError::BadRequest { message }));
    let discovr = built_in("discovr");
    assert_eq!(discovr.check_life(None), Ok(()));
    let message = "Discovr does not let the life of a session be chosen.".into();
    assert_eq!(discovr.check_life(Some(seconds(60))), Err(ProviderError::NotSupported { message }));
}

#[tokio::test]
async fn an_older_server_gets_its_scheme_after_it_refused_the_raw_token() {
    let antiraid = built_in("antiraid");
    let server = Server::start(|ask| match ask.header("authorization") {
        Some("User login") if ask.method == "DELETE" => Answer::json(200, json!(null)),
        Some("User login") => created(201),
        _ => Answer::json(401, json!({"message": "Expected User token", "code": "InvalidToken"})),
    })
    .await;
    let target = server.target(&antiraid, &[]);
    engine().mint(&antiraid, &target, &secret("login"), &Wish::default()).await.unwrap();
    engine().revoke(&antiraid, &target, &secret("login"), ID).await.unwrap();
    assert_eq!(server.asks().len(), 4);
    let error = engine().mint(&antiraid, &target, &secret("other"), &Wish::default()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Refused { .. }), "{error:?}");
}

#[tokio::test]
async fn one_unreadable_row_does_not_lose_the_list() {
    let antiraid = built_in("antiraid");
    let server = Server::always(Answer::json(
        200,
        json!({"sessions": [
            {"id": "a", "name": "Production", "user_id": "1", "created_at": "2026-01-01T00:00:00.123456789Z", "type": "api", "expiry": "2026-02-01T00:00:00Z"},
            {"id": "b", "name": null, "user_id": "1", "created_at": "2026-01-01T00:00:00Z", "type": "login", "expiry": "+255536-10-17T00:00:00Z"},
            {"id": "c", "name": "", "user_id": "1", "created_at": "yesterday", "type": "app_login", "expiry": 7},
            {"name": "without an id"},
            17,
        ]}),
    ))
    .await;
    let target = server.target(&antiraid, &[]);
    let Listed { sessions, whole } = engine().list(&antiraid, &target, &secret("t")).await.unwrap();
    assert!(!whole, "two rows have no id");
    let kinds: Vec<_> = sessions.iter().map(|s| (s.id.as_str(), s.kind.as_deref().unwrap())).collect();
    assert_eq!(kinds, [("a", "api"), ("b", "login"), ("c", "app_login")]);
    assert_eq!(sessions[0].name.as_deref(), Some("Production"));
    assert_eq!(sessions[0].expires_at, Some(at(31 * 86_400)));
    assert!(sessions[1].expires_at.unwrap() > at(200 * 31_557_600), "a huge expiry is very late");
    let bare =
        Session { id: "c".into(), name: None, kind: Some("app_login".into()), created_at: None, expires_at: None };
    assert_eq!(sessions[2], bare);
    assert_eq!(server.only_ask().line(), "GET /sessions");
}

#[tokio::test]
async fn an_empty_list_is_a_list_and_anything_else_is_not() {
    let antiraid = built_in("antiraid");
    for (body, good) in [
        (json!({"sessions": []}), true),
        (json!([]), true),
        (json!({"sessions": null}), false),
        (json!({"sessions": [{}, {}]}), false),
        (json!(null), false),
    ] {
        let server = Server::always(Answer::json(200, body.clone())).await;
        let target = server.target(&antiraid, &[]);
        let result = engine().list(&antiraid, &target, &secret("t")).await;
        assert_eq!(result.is_ok(), good, "{body}: {result:?}");
        assert!(good || matches!(result, Err(ProviderError::BadAnswer { .. })), "{body}");
    }
}

#[tokio::test]
async fn inspecting_tells_the_session_and_whether_the_user_is_banned() {
    let antiraid = built_in("antiraid");
    for (state, barred) in [("normal", None), ("banned", Some("banned"))] {
        let body = json!({"user_id": "1", "id": ID, "state": state, "type": "login"});
        let server = Server::always(Answer::json(200, body)).await;
        let target = server.target(&antiraid, &[]);
        let inspected = engine().inspect(&antiraid, &target, &secret("login")).await.unwrap();
        assert_eq!((inspected.id.as_str(), inspected.kind.as_deref()), (ID, Some("login")));
        assert_eq!(inspected.barred.as_deref(), barred);
        assert_eq!(server.only_ask().line(), "GET /sessions/@me");
    }
}

#[tokio::test]
async fn a_deletion_is_done_with_any_success_and_gone_is_gone() {
    let antiraid = built_in("antiraid");
    let gone = Err(ProviderError::AlreadyGone);
    for (answer, result) in [
        (Answer::text(204, ""), Ok(())),
        (Answer::json(200, json!(null)), Ok(())),
        (Answer::json(404, json!({"message": "Session not found", "code": "NotFound"})), gone.clone()),
        (Answer::json(500, json!({"message": "No session found to delete", "code": "InternalError"})), gone),
    ] {
        let server = Server::always(answer).await;
        let target = server.target(&antiraid, &[]);
        assert_eq!(engine().revoke(&antiraid, &target, &secret("t"), ID).await, result);
        assert_eq!(server.only_ask().line(), format!("DELETE /sessions/{ID}"));
    }
}

#[tokio::test]
async fn another_500_is_not_taken_for_gone_and_gone_not_for_anything_else() {
    let antiraid = built_in("antiraid");
    let server = Server::always(Answer::json(500, json!({"message": "database is down"}))).await;
    let target = server.target(&antiraid, &[]);
    let error = engine().revoke(&antiraid, &target, &secret("t"), ID).await.unwrap_err();
    assert!(matches!(error, ProviderError::TryLater { .. }), "{error:?}");

    let server = Server::always(Answer::text(404, "nothing here")).await;
    let target = server.target(&antiraid, &[]);
    let error = engine().list(&antiraid, &target, &secret("t")).await.unwrap_err();
    assert!(matches!(error, ProviderError::Rejected { .. }), "{error:?}");
}

#[tokio::test]
async fn an_id_cannot_lead_to_another_path() {
    let antiraid = built_in("antiraid");
    let server = Server::always(Answer::text(204, "")).await;
    let target = server.target(&antiraid, &[]);
    for (id, path) in [("a/../b", "a%2F..%2Fb"), ("a?b#c", "a%3Fb%23c"), ("ä %", "%C3%A4%20%25")] {
        engine().revoke(&antiraid, &target, &secret("t"), id).await.unwrap();
        assert_eq!(server.asks().last().unwrap().line(), format!("DELETE /sessions/{path}"));
    }
    let so_far = server.asks().len();
    for id in ["", ".", ".."] {
        let error = engine().revoke(&antiraid, &target, &secret("t"), id).await.unwrap_err();
        assert!(matches!(error, ProviderError::BadRequest { .. }), "{id:?}: {error:?}");
    }
    assert_eq!(server.asks().len(), so_far);
}

#[tokio::test]
async fn refusals_that_are_not_the_tokens_fault_are_rejections() {
    let antiraid = built_in("antiraid");
    for answer in [
        Answer::json(403, json!({"message": "You are banned", "code": "ApiBanned"})),
        Answer::json(403, json!({"message": "not api", "code": "Restricted"})),
        Answer::json(400, json!({"message": "Invalid expiry", "code": "InvalidToken"})),
        Answer::text(422, "Failed to deserialize the JSON body into the target type"),
        Answer::text(415, "Expected request with `Content-Type: application/json`"),
    ] {
        let server = Server::always(answer).await;
        let target = server.target(&antiraid, &[]);
        let error = engine().mint(&antiraid, &target, &secret("t"), &Wish::default()).await.unwrap_err();
        let ProviderError::Rejected { message } = error else { panic!("{error:?}") };
        assert!(!message.contains("deserialize"), "a raw body is not passed on: {message}");
    }
}

#[test]
fn the_definition_says_how_its_sessions_are_kept() {
    let antiraid = built_in("antiraid");
    assert!(antiraid.session_is_credential() && antiraid.deletes_predecessor() && antiraid.token_shown_once());
    assert_eq!(antiraid.header(), ("Authorization", ""));
    let abilities = antiraid.abilities();
    assert!(abilities.list && abilities.inspect && abilities.revoke && !abilities.renew && !abilities.sign_in);
    let life = abilities.create.as_ref().unwrap().life.unwrap();
    assert_eq!((life.min, life.max, life.default), (seconds(1), seconds(3_155_760_000), seconds(604_800)));
}
