//! Paths of the local API that hold a name or an id, for every door that asks the agent.

use chrono::SecondsFormat;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::request::LogQuery;
use crate::{ApiError, ErrorCode};

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `/v1/accounts/{account}`.
///
/// # Errors
/// [`ErrorCode::BadRequest`] where the name is empty.
pub fn account(account: &str) -> Result<String, ApiError> {
    Ok(format!("/v1/accounts/{}", segment(account, "The account's name")?))
}

/// `/v1/accounts/{account}/token`.
///
/// # Errors
/// As [`account`].
pub fn token(name: &str) -> Result<String, ApiError> {
    Ok(account(name)? + "/token")
}

/// `/v1/accounts/{account}/refresh`.
///
/// # Errors
/// As [`account`].
pub fn refresh(name: &str) -> Result<String, ApiError> {
    Ok(account(name)? + "/refresh")
}

/// `/v1/accounts/{account}/sessions`.
///
/// # Errors
/// As [`account`].
pub fn sessions(name: &str) -> Result<String, ApiError> {
    Ok(account(name)? + "/sessions")
}

/// `/v1/accounts/{account}/sessions/{id}[?forget=true]`.
///
/// # Errors
/// [`ErrorCode::BadRequest`] where the name or the id is empty: without an id the path would be that of all sessions.
pub fn session(account: &str, id: &str, forget: bool) -> Result<String, ApiError> {
    let forget = if forget { "?forget=true" } else { "" };
    Ok(format!("{}/{}{forget}", sessions(account)?, segment(id, "The session's id")?))
}

/// `/v1/accounts/{account}/sessions/{id}/claims`.
///
/// # Errors
/// As [`session`].
pub fn claims(account: &str, id: &str) -> Result<String, ApiError> {
    Ok(session(account, id, false)? + "/claims")
}

/// `/v1/undo/{id}`.
///
/// # Errors
/// [`ErrorCode::BadRequest`] where the id is empty.
pub fn undo(id: &str) -> Result<String, ApiError> {
    Ok(format!("/v1/undo/{}", segment(id, "The id of what is undone")?))
}

/// `/v1/sign-ins/{id}`.
///
/// # Errors
/// [`ErrorCode::BadRequest`] where the id is empty.
pub fn sign_in(id: &str) -> Result<String, ApiError> {
    Ok(format!("/v1/sign-ins/{}", segment(id, "The sign-in's id")?))
}

/// `/v1/log` with what `query` asks for: `/v1/log?account=work&limit=100`.
pub fn log(query: &LogQuery) -> String {
    let LogQuery { account, since, session, before, limit } = query;
    let asked = [
        account.as_ref().map(|account| format!("account={}", escape(account))),
        since.map(|since| format!("since={}", escape(&since.to_rfc3339_opts(SecondsFormat::AutoSi, true)))),
        session.as_ref().map(|session| format!("session={}", escape(session))),
        before.map(|before| format!("before={before}")),
        limit.map(|limit| format!("limit={limit}")),
    ];
    let asked: Vec<String> = asked.into_iter().flatten().collect();
    if asked.is_empty() { "/v1/log".to_owned() } else { format!("/v1/log?{}", asked.join("&")) }
}

/// `text` as one segment of a path, which it stays: what is reserved is percent-encoded (RFC 3986 section 2.1), and so
/// are the two segments that a path is shortened by (section 3.3). `what` begins the sentence where there is none.
fn segment(text: &str, what: &str) -> Result<String, ApiError> {
    match text {
        "" => Err(ApiError::new(ErrorCode::BadRequest, format!("{what} is empty; give one."))),
        "." | ".." => Ok(text.replace('.', "%2E")),
        _ => Ok(escape(text)),
    }
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
