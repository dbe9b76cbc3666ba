//! Sitecore Discover's contract (<https://doc.sitecore.com/discover>): access tokens from an API key or a refresh token.
//!
//! Lives are durations in milliseconds. Errors are `{"error-id", "type", "message", "code"}`, with the documented
//! statuses: 400, 401, 406 for a body of the wrong format, 408, 429.

use std::time::Duration;

use daypass_core::clock;
use daypass_core::expiry::MAX_LIFE;
use daypass_core::token::opaque;
use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::{Map, Number, Value, json};

use crate::Service;
use crate::call::{Call, Problem, Reply, ok, whole};
use crate::model::{CredentialKind, Door, Scope, Scopes, SessionKind, Subject};
use crate::service::Wanted;

/// The documented lives: 86 400 000 and 604 800 000 ms.
const ACCESS_LIFE: Duration = Duration::from_secs(86_400);
const REFRESH_LIFE: Duration = Duration::from_secs(604_800);

pub(super) async fn answer(service: &Service, call: &Call) -> Result<Reply, Problem> {
    match (call.method.as_str(), call.segments().as_slice()) {
        ("POST", ["account", "1", "access-token"]) => mint(service, call).await,
        ("PUT", ["account", "1", "access-token"]) => renew(service, call).await,
        (_, ["account", "1", "access-token"]) => Err(Problem::Method("POST, PUT")),
        ("GET" | "HEAD" | "POST", ["search-rec", _customer, "3"]) => search(service, call).await,
        (_, ["search-rec", _, "3"]) => Err(Problem::Method("GET, HEAD, POST")),
        _ => Err(Problem::NoRoute),
    }
}

pub(super) fn refuse(problem: &Problem) -> Reply {
    let status = match problem {
        Problem::MediaType => StatusCode::NOT_ACCEPTABLE,
        // 403 is not among the documented statuses: what the key does not allow cannot be served.
        Problem::Forbidden(_) => StatusCode::BAD_REQUEST,
        other => other.status(),
    };
    let kind = match problem {
        Problem::NoCredential | Problem::BadCredential | Problem::WrongKind | Problem::SessionGone => "unauthorized",
        Problem::ExpiredCredential => "token_expired",
        Problem::Forbidden(_) => "invalid_scope",
        Problem::Unknown(_) | Problem::NoRoute => "not_found",
        Problem::Method(_) => "method_not_allowed",
        Problem::MediaType => "invalid_format",
        Problem::TimedOut => "timeout",
        Problem::TooOften(_) | Problem::TooManyOf(_) => "rate_limit",
        Problem::Unavailable => "unavailable",
        Problem::Malformed(_)
        | Problem::WrongShape(_)
        | Problem::TooLarge
        | Problem::PathTooLong
        | Problem::HeadTooLarge
        | Problem::Misdirected => "invalid_request",
    };
    let code = status.as_u16();
    problem.reply(status, &json!({ "error-id": kind, "type": kind, "message": problem.message(), "code": code }))
}

/// The scopes as they come: an array in the samples, one string by the table.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Many(Vec<String>),
    One(String),
}

async fn mint(service: &Service, call: &Call) -> Result<Reply, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Request {
        scope: Words,
        access_expiry: Option<Number>,
        refresh_expiry: Option<Number>,
    }
    let key = call.token("x-api-key")?;
    let request: Request = call.json()?;
    let words = match &request.scope {
        Words::Many(words) => words.as_slice(),
        Words::One(word) => std::slice::from_ref(word),
    };
    let scopes = Scopes::from_words(words.iter().map(String::as_str))
        .ok_or(Problem::WrongShape("The scope must name search-rec, event, feed or services".into()))?;
    let asked = request.access_expiry.as_ref().map(life).transpose()?;
    let access_life = asked.unwrap_or_else(|| service.config().life(ACCESS_LIFE));
    // By default never shorter than what it is to refresh; as short as asked, where the client asks.
    let refresh_life = request.refresh_expiry.as_ref().map(life).transpose()?.unwrap_or(REFRESH_LIFE.max(access_life));

    let access_token = opaque::hex("", 32, service.chance());
    let refresh_token = opaque::hex("", 32, service.chance());
    let mut refresh = service.credential(&refresh_token, CredentialKind::DiscoverRefresh, Some(refresh_life));
    refresh.scopes = Some(scopes.clone());
    // The answer to PUT names no life: the one of this answer holds for it too.
    refresh.life = Some(access_life);

    let wanted = wanted(service, scopes, access_life);
    let door = Door::Credential(CredentialKind::DiscoverKey);
    service.open_session(&key, door, &access_token, wanted, Some(refresh)).await??;
    ok(&json!({
        "accessToken": access_token.expose(),
        "refreshToken": refresh_token.expose(),
        "accessTokenExpiry": millis(access_life),
        "refreshTokenExpiry": millis(refresh_life),
    }))
}

/// A new access token from a refresh token, which stays as it is.
async fn renew(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let refresh_token =
        if call.headers.contains_key(AUTHORIZATION) { call.bearer()? } else { call.token("refresh-token")? };
    if !call.body.iter().all(u8::is_ascii_whitespace) {
        // Nothing in it is read, but what is not JSON is a mistake that its sender should hear of.
        call.lenient_json::<Map<String, Value>>()?;
    }
    let refresh = service.verify_credential(&refresh_token, CredentialKind::DiscoverRefresh).await??;
    let scopes = refresh.scopes.ok_or(Problem::BadCredential)?;
    let access_life = refresh.life.unwrap_or(ACCESS_LIFE);
    let access_token = opaque::hex("", 32, service.chance());
    let wanted = wanted(service, scopes, access_life);
    let door = Door::Credential(CredentialKind::DiscoverRefresh);
    service.open_session(&refresh_token, door, &access_token, wanted, None).await??;
    ok(&json!({ "accessToken": access_token.expose() }))
}

/// The protected route: a search that finds nothing. Takes the access token with or without `Bearer`.
async fn search(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let value = call.token(AUTHORIZATION.as_str())?;
    let token = if value.expose().contains(' ') { call.bearer()? } else { value };
    if call.method == hyper::Method::POST {
        call.json::<Map<String, Value>>()?;
    }
    let session = service.verify_session(&token, |kind| kind == SessionKind::Discover).await??;
    match &session.subject {
        Subject::Scopes(scopes) if scopes.contains(Scope::SearchRec) => {
            ok(&json!({ "content": { "product": { "total_item": 0, "n_item": 0, "value": [] } } }))
        }
        _ => Err(Problem::Forbidden("The access token does not have the scope search-rec")),
    }
}

fn wanted(service: &Service, scopes: Scopes, life: Duration) -> Wanted {
    Wanted {
        id: opaque::uuid(service.chance()),
        kind: SessionKind::Discover,
        name: None,
        subject: Subject::Scopes(scopes),
        expires_at: clock::later(service.now(), life),
    }
}

/// A life that a client asks for, in milliseconds.
fn life(millis: &Number) -> Result<Duration, Problem> {
    let life = whole(millis).map(Duration::from_millis).filter(|life| !life.is_zero() && *life <= MAX_LIFE);
    life.ok_or(Problem::WrongShape("An expiry must be a whole number of milliseconds, up to 100 years".into()))
}

fn millis(life: Duration) -> u64 {
    u64::try_from(life.as_millis()).unwrap_or(u64::MAX)
}
