//! Discovr's definition against its documented API.

use daypass_core::fresh::RefreshKind;
use daypass_providers::{DeviceCode, Offer, Poll, ProviderError, Wish};
use serde_json::json;

use crate::server::{Answer, NOW, Server, at, built_in, engine, map, seconds, secret};

/// A HS256 JWT of nobody's key, with `exp` = NOW + 1800.
const JWT: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE3NjcyMjc0MDB9.c2lnbmF0dXJl";

fn minted() -> Answer {
    Answer::json(200, json!({"sessionToken": JWT, "sessionId": "feedface", "expiresAt": NOW + 1800}))
}

#[tokio::test]
async fn a_mint_is_for_the_profile_and_tells_token_id_and_expiry() {
    let discovr = built_in("discovr");
    let server = Server::always(minted()).await;
    let target = server.target(&discovr, &[("profile_id", "p 1")]);
    let minted = engine().mint(&discovr, &target, &secret("rt_1"), &Wish::default()).await.unwrap();

    let ask = server.only_ask();
    assert_eq!(ask.line(), "POST /auth/session-token");
    assert_eq!(ask.header("authorization"), Some("Bearer rt_1"));
    assert_eq!(ask.header("content-type"), Some("application/json"));
    assert_eq!(ask.json(), json!({"profileId": "p 1"}));

    assert_eq!(minted.token.expose(), JWT);
    assert_eq!(minted.session.id, "feedface");
    assert_eq!(minted.session.kind.as_deref(), Some("session"));
    assert_eq!(minted.session.created_at, Some(at(0)));
    assert_eq!(minted.session.expires_at, Some(at(1800)));
    assert_eq!((minted.life.sent_at, minted.life.expires_at), (at(0), at(1800)));
    assert_eq!(minted.life.kind, RefreshKind::OpensNew);
    assert_eq!((minted.grant, minted.credential), (None, None));
}

#[tokio::test]
async fn the_expiry_is_told_by_our_clock() {
    let discovr = built_in("discovr");
    // The server's clock is ten minutes ahead of ours.
    let server = Server::always(
        Answer::json(200, json!({"sessionToken": JWT, "sessionId": "a", "expiresAt": NOW + 2400}))
            .header("Date", "Thu, 01 Jan 2026 00:10:00 GMT"),
    )
    .await;
    let target = server.target(&discovr, &[("profile_id", "p")]);
    let minted = engine().mint(&discovr, &target, &secret("rt_1"), &Wish::default()).await.unwrap();
    // A second less than 1800, for the part that the header cuts off.
    assert_eq!(minted.life.expires_at, at(1799));
}

#[tokio::test]
async fn any_documented_code_means_sign_in_again_whatever_its_status_and_place() {
    let discovr = built_in("discovr");
    for (status, body) in [
        (401, json!({"code": "TOKEN_EXPIRED", "message": "The token has expired."})),
        (403, json!({"error": {"code": "WRONG_TOKEN_KIND"}})),
        (400, json!({"error": "TOKEN_INVALID"})),
        (401, json!(null)),
    ] {
        let server = Server::always(Answer::json(status, body.clone())).await;
        let target = server.target(&discovr, &[("profile_id", "p")]);
        let error = engine().mint(&discovr, &target, &secret("rt_1"), &Wish::default()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Refused { .. }), "{status} {body}: {error:?}");
        assert_eq!(server.asks().len(), 1, "a refusal is not asked twice");
    }
}

#[tokio::test]
async fn a_refusal_says_what_the_provider_said() {
    let discovr = built_in("discovr");
    let server =
        Server::always(Answer::json(401, json!({"code": "TOKEN_EXPIRED", "message": "The token has expired."}))).await;
    let target = server.target(&discovr, &[("profile_id", "p")]);
    let error = engine().mint(&discovr, &target, &secret("rt_1"), &Wish::default()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Discovr does not accept the credential (401, TOKEN_EXPIRED, The token has expired)."
    );
}

#[tokio::test]
async fn the_profiles_are_offered_before_one_is_chosen() {
    let discovr = built_in("discovr");
    let server = Server::always(Answer::json(
        200,
        json!({"profiles": [
            {"id": "p2", "name": "Zoë", "avatarUrl": null, "createdAt": "2026-01-01T00:00:00Z"},
            {"id": "p1", "name": null},
            {"name": "without an id"},
        ]}),
    ))
    .await;
    let target = discovr.partial_target(Some(&server.url), map(&[])).unwrap();
    let offers = engine().offers(&discovr, &target, &secret("rt_1"), "profile_id").await.unwrap();
    let offer = |value: &str, label: &str| Offer { value: value.into(), label: label.into() };
    assert_eq!(offers, [offer("p2", "Zoë"), offer("p1", "p1")]);
    let ask = server.only_ask();
    assert_eq!((ask.line().as_str(), ask.header("authorization")), ("GET /profiles", Some("Bearer rt_1")));
    assert!(discovr.params().iter().any(|param| param.key == "profile_id" && param.required && param.offered));
}

#[tokio::test]
async fn a_mint_without_a_profile_is_not_sent() {
    let discovr = built_in("discovr");
    let server = Server::always(minted()).await;
    assert!(matches!(discovr.target(Some(&server.url), map(&[])), Err(ProviderError::BadRequest { .. })));
    let target = discovr.partial_target(Some(&server.url), map(&[])).unwrap();
    let error = engine().mint(&discovr, &target, &secret("rt_1"), &Wish::default()).await.unwrap_err();
    assert_eq!(error, ProviderError::BadRequest { message: "The parameter profile_id is missing.".into() });
    assert_eq!(server.asks().len(), 0);
}

#[tokio::test]
async fn a_sign_in_begins_waits_and_ends_with_the_refresh_token() {
    let discovr = built_in("discovr");
    let polls = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |ask| match ask.line().as_str() {
        "POST /auth/device-codes" => Answer::json(
            200,
            json!({"deviceCode": "dvc_a/b", "userCode": "AB-12", "authQRCode": "data:image/png;base64,AA==", "expiresIn": 600_000}),
        ),
        "POST /auth/device-codes/dvc_a%2Fb/poll" => match polls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Answer::json(200, json!({"status": "pending"})),
            1 => Answer::json(200, json!({"refreshToken": "rt_new", "publicId": "u", "expiresAt": NOW + 7_776_000})),
            _ => Answer::json(401, json!({"code": "TOKEN_INVALID"})),
        },
        line => panic!("{line}"),
    })
    .await;
    let target = discovr.partial_target(Some(&server.url), map(&[])).unwrap();
    let code = engine().begin_sign_in(&discovr, &target).await.unwrap();
    assert_eq!(
        code,
        DeviceCode {
            device_code: secret("dvc_a/b"),
            user_code: "AB-12".into(),
            qr: Some("data:image/png;base64,AA==".into()),
            expires_at: at(600),
            interval: seconds(5),
        }
    );
    assert_eq!(server.only_ask().json(), json!({"clientID": "daypass"}));
    assert_eq!(engine().poll_sign_in(&discovr, &target, &code).await, Ok(Poll::Pending));
    assert_eq!(engine().poll_sign_in(&discovr, &target, &code).await, Ok(Poll::Done(secret("rt_new"))));
    let error = engine().poll_sign_in(&discovr, &target, &code).await.unwrap_err();
    assert!(matches!(error, ProviderError::Refused { .. }), "{error:?}");
}

#[tokio::test]
async fn a_picture_from_elsewhere_is_not_shown() {
    let discovr = built_in("discovr");
    let server = Server::always(Answer::json(
        200,
        json!({"deviceCode": "d", "userCode": "u", "authQRCode": "https://elsewhere.example/qr.png", "expiresIn": 1000}),
    ))
    .await;
    let target = discovr.partial_target(Some(&server.url), map(&[])).unwrap();
    assert_eq!(engine().begin_sign_in(&discovr, &target).await.unwrap().qr, None);
}

#[tokio::test]
async fn revoking_all_signs_out_and_says_that_tokens_live_on() {
    let discovr = built_in("discovr");
    let server = Server::always(Answer::json(200, json!({"revoked": true}))).await;
    let target = server.target(&discovr, &[("profile_id", "p")]);
    let all = engine().revoke_all(&discovr, &target, &secret("rt_1")).await.unwrap();
    assert_eq!((all.credential, all.signed_out, all.tokens_live_on), (None, true, true));
    assert_eq!(server.only_ask().line(), "DELETE /auth/session");
    assert!(discovr.abilities().revoke_all_effect.as_ref().unwrap().contains("live until they expire"));

    let server = Server::always(Answer::json(200, json!({"revoked": false}))).await;
    let target = server.target(&discovr, &[("profile_id", "p")]);
    let error = engine().revoke_all(&discovr, &target, &secret("rt_1")).await.unwrap_err();
    assert!(matches!(error, ProviderError::Rejected { .. }), "{error:?}");
}

#[tokio::test]
async fn what_discovr_cannot_do_is_said_and_not_sent() {
    let discovr = built_in("discovr");
    let server = Server::always(minted()).await;
    let target = server.target(&discovr, &[("profile_id", "p")]);
    let (engine, credential) = (engine(), secret("rt_1"));
    let wish = Wish { life: Some(seconds(60)), ..Wish::default() };
    for error in [
        engine.list(&discovr, &target, &credential).await.unwrap_err(),
        engine.inspect(&discovr, &target, &credential).await.unwrap_err(),
        engine.revoke(&discovr, &target, &credential, "feedface").await.unwrap_err(),
        engine.create(&discovr, &target, &credential, &Wish::default()).await.unwrap_err(),
        engine.mint(&discovr, &target, &credential, &wish).await.unwrap_err(),
        engine.offers(&discovr, &target, &credential, "client_id").await.unwrap_err(),
    ] {
        assert!(matches!(error, ProviderError::NotSupported { .. }), "{error:?}");
    }
    assert_eq!(server.asks().len(), 0);
}
