//! The words of the local API, byte for byte: programs that others wrote rely on them.

use daypass_api::request::{AddAccount, CopyRequest, CreateSession, TokenRequest};
use daypass_api::view::TokenView;
use daypass_api::{ApiError, ErrorCode};
use daypass_core::Secret;
use serde_json::json;

#[test]
fn each_code_has_its_word_and_its_status() {
    let table = [
        (ErrorCode::UnknownAccount, "unknown_account", 404),
        (ErrorCode::UnknownSession, "unknown_session", 404),
        (ErrorCode::Locked, "locked", 423),
        (ErrorCode::NeedsSignIn, "needs_sign_in", 401),
        (ErrorCode::Offline, "offline", 503),
        (ErrorCode::Rejected, "rejected", 422),
        (ErrorCode::RateLimited, "rate_limited", 429),
        (ErrorCode::BadAnswer, "bad_answer", 502),
        (ErrorCode::NotSupported, "not_supported", 405),
        (ErrorCode::BadRequest, "bad_request", 400),
        (ErrorCode::Internal, "internal", 500),
    ];
    for (code, word, status) in table {
        assert_eq!(serde_json::to_value(code).unwrap(), json!(word));
        assert_eq!(code.status(), status, "{word}");
    }
}

#[test]
fn an_error_says_when_to_come_back_only_where_it_knows() {
    let mut error = ApiError::new(ErrorCode::RateLimited, "Slowly.");
    assert_eq!(serde_json::to_value(&error).unwrap(), json!({"code": "rate_limited", "message": "Slowly."}));
    error.retry_after = Some(5);
    let text = json!({"code": "rate_limited", "message": "Slowly.", "retry_after": 5});
    assert_eq!(serde_json::to_value(&error).unwrap(), text);
    assert_eq!(serde_json::from_value::<ApiError>(text).unwrap(), error);
}

#[test]
fn a_token_crosses_the_socket_and_no_other_door() {
    let view = TokenView {
        account: "work".to_owned(),
        provider: "discovr".to_owned(),
        token: Secret::new("eyJ.secret"),
        header_name: "Authorization".to_owned(),
        header_prefix: "Bearer ".to_owned(),
        expires_at: Some("2026-01-01T12:30:00Z".parse().unwrap()),
        session_id: "0123".to_owned(),
        remaining_seconds: 1800,
        short_because: None,
    };
    let text = json!({
        "account": "work", "provider": "discovr", "token": "eyJ.secret",
        "header_name": "Authorization", "header_prefix": "Bearer ",
        "expires_at": "2026-01-01T12:30:00Z", "session_id": "0123", "remaining_seconds": 1800,
    });
    assert_eq!(serde_json::to_value(&view).unwrap(), text);
    assert_eq!(serde_json::from_value::<TokenView>(text).unwrap(), view);
    assert!(!format!("{view:?}").contains("secret"), "{view:?}");
}

#[test]
fn what_a_request_leaves_out_has_a_default() {
    let least: AddAccount =
        serde_json::from_value(json!({"provider": "discovr", "name": "work", "credential": "rt_1"})).unwrap();
    assert!(least.check, "a credential is tried unless one says otherwise");
    assert!(!least.pinned && least.params.is_empty() && least.base_url.is_none() && least.life.is_none());
    assert!(!format!("{least:?}").contains("rt_1"), "{least:?}");
    assert_eq!(serde_json::from_str::<TokenRequest>("{}").unwrap(), TokenRequest::default());
    assert_eq!(serde_json::from_str::<CreateSession>("{}").unwrap(), CreateSession::default());
}

#[test]
fn a_word_that_nobody_knows_is_refused_and_not_ignored() {
    // `min_tll` would otherwise mean "no minimum".
    assert!(serde_json::from_str::<TokenRequest>(r#"{"min_tll": 60}"#).is_err());
    assert!(serde_json::from_str::<CopyRequest>(r#"{"account": "work", "sesion": "1"}"#).is_err());
    assert!(serde_json::from_str::<CreateSession>(r#"{"nmae": "ci"}"#).is_err());
}
