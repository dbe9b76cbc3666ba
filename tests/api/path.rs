//! The paths of the local API: whatever a name or an id holds, it stays one segment.

use chrono::DateTime;
use daypass_api::request::LogQuery;
use daypass_api::{ErrorCode, path};

#[test]
fn a_name_stays_one_segment() {
    for (name, segment) in [
        ("work-1_a.b~", "work-1_a.b~"),
        ("a/../b?c#d%", "a%2F..%2Fb%3Fc%23d%25"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("...", "..."),
        ("a.", "a."),
        ("me@x+y", "me%40x%2By"),
        ("é\r\n", "%C3%A9%0D%0A"),
    ] {
        assert_eq!(path::account(name).unwrap(), format!("/v1/accounts/{segment}"));
        assert_eq!(path::token(name).unwrap(), format!("/v1/accounts/{segment}/token"));
        assert_eq!(path::refresh(name).unwrap(), format!("/v1/accounts/{segment}/refresh"));
        assert_eq!(path::sessions(name).unwrap(), format!("/v1/accounts/{segment}/sessions"));
        assert_eq!(path::session("work", name, false).unwrap(), format!("/v1/accounts/work/sessions/{segment}"));
        assert_eq!(path::session(name, "1", true).unwrap(), format!("/v1/accounts/{segment}/sessions/1?forget=true"));
        assert_eq!(path::sign_in(name).unwrap(), format!("/v1/sign-ins/{segment}"));
    }
}

#[test]
fn nothing_is_no_segment() {
    let of_nothing = [
        path::account(""),
        path::token(""),
        path::refresh(""),
        path::sessions(""),
        path::session("", "1", false),
        path::session("work", "", false),
        path::sign_in(""),
    ];
    for refused in of_nothing {
        let error = refused.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest, "{error}");
        assert!(error.message.contains("is empty"), "{error}");
    }
}

#[test]
fn what_is_asked_of_the_history_stands_in_the_query() {
    assert_eq!(path::log(&LogQuery::default()), "/v1/log");
    let query = LogQuery {
        account: Some("a&limit=9".to_owned()),
        since: Some(DateTime::from_timestamp(1_800_000_000, 0).unwrap()),
        session: Some("s/1".to_owned()),
        before: Some(7),
        limit: Some(100),
    };
    let expected = "/v1/log?account=a%26limit%3D9&since=2027-01-15T08%3A00%3A00Z&session=s%2F1&before=7&limit=100";
    assert_eq!(path::log(&query), expected);
}
