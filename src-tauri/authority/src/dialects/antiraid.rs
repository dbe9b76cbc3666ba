//! AntiRaid's sessions contract: sessions that are listed, opened and ended with the token of any session.
//!
//! The token stands in `Authorization`, as it is; `Bearer …` and the older `User …` are taken too. Errors are
//! `{"message", "code"}`.

use std::time::Duration;

use chrono::SecondsFormat;
use daypass_core::token::opaque;
use daypass_core::{Secret, Time, clock};
use http_body_util::Full;
use hyper::header::AUTHORIZATION;
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Service;
use crate::call::{Call, Problem, Reply, ok, whole};
use crate::model::{Door, Session, SessionKind, Subject, storable};
use crate::service::Wanted;

/// The longest documented life, in seconds: 292 million years. What lies beyond the calendar is cut to its last day.
const LONGEST: u64 = 9_223_372_036_854_775;

/// The longest name of a session, in characters.
const LONGEST_NAME: usize = 256;

pub(super) async fn answer(service: &Service, call: &Call) -> Result<Reply, Problem> {
    match (call.method.as_str(), call.segments().as_slice()) {
        ("GET" | "HEAD", ["sessions", "@me"]) => current(service, call).await,
        ("GET" | "HEAD", ["sessions"]) => list(service, call).await,
        ("POST", ["sessions"]) => create(service, call).await,
        (_, ["sessions"]) => Err(Problem::Method("GET, HEAD, POST")),
        ("DELETE", ["sessions", id]) if *id != "@me" => delete(service, call, id).await,
        (_, ["sessions", "@me"]) => Err(Problem::Method("GET, HEAD")),
        (_, ["sessions", _]) => Err(Problem::Method("DELETE")),
        _ => Err(Problem::NoRoute),
    }
}

pub(super) fn refuse(problem: &Problem) -> Reply {
    let code = match problem {
        Problem::NoCredential => "NoAuthToken",
        // Bad, expired and deleted look alike here.
        Problem::BadCredential | Problem::ExpiredCredential | Problem::WrongKind | Problem::SessionGone => {
            "InvalidToken"
        }
        Problem::Forbidden(_) | Problem::Misdirected => "Restricted",
        Problem::Unknown(_) | Problem::NoRoute => "NotFound",
        Problem::Method(_) => "MethodNotAllowed",
        Problem::TimedOut => "Timeout",
        Problem::TooOften(_) | Problem::TooManyOf(_) => "Ratelimited",
        Problem::Unavailable => "InternalError",
        // Observed for an expiry out of range, odd as it is.
        Problem::Malformed(_) => "InvalidToken",
        Problem::WrongShape(_)
        | Problem::TooLarge
        | Problem::PathTooLong
        | Problem::MediaType
        | Problem::HeadTooLarge => "InvalidRequest",
    };
    let status = match problem {
        Problem::WrongShape(_) => StatusCode::UNPROCESSABLE_ENTITY,
        other => other.status(),
    };
    let message = match problem {
        Problem::ExpiredCredential | Problem::WrongKind | Problem::SessionGone => Problem::BadCredential.message(),
        other => other.message(),
    };
    problem.reply(status, &json!({ "message": message, "code": code }))
}

async fn current(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let session = signed_in(service, call).await?;
    // Nobody can be banned here.
    ok(&json!({ "user_id": session.user_id, "id": session.id, "state": "normal", "type": session.kind.word() }))
}

async fn list(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let session = signed_in(service, call).await?;
    let _turn = service.turn_to_list().await;
    let sessions: Vec<Value> = service
        .list(&session.user_id)
        .await?
        .iter()
        .map(|session| {
            json!({
                "id": session.id,
                "name": session.name,
                "user_id": session.user_id,
                "created_at": iso(session.created_at),
                "type": session.kind.word(),
                "expiry": iso(session.expires_at),
            })
        })
        .collect();
    ok(&json!({ "sessions": sessions }))
}

async fn create(service: &Service, call: &Call) -> Result<Reply, Problem> {
    #[derive(Deserialize)]
    struct Request {
        name: String,
        r#type: String,
        expiry: serde_json::Number,
    }
    let presented = token(call)?;
    let request: Request = call.json()?;
    if request.r#type != SessionKind::Api.word() {
        return Err(Problem::Forbidden("Only sessions of type api can be created"));
    }
    if request.name.chars().count() > LONGEST_NAME {
        return Err(Problem::WrongShape("The name is longer than 256 characters".into()));
    }
    if request.expiry.as_f64().is_some_and(|seconds| seconds.fract() != 0.0) {
        return Err(Problem::WrongShape("The expiry must be a whole number of seconds".into()));
    }
    let life = whole(&request.expiry).filter(|seconds| *seconds <= LONGEST).map(Duration::from_secs);
    let life = life.ok_or(Problem::Malformed("The expiry must be between 0 and 9223372036854775 seconds".into()))?;

    let new_token = opaque::alphanumeric(128, service.chance());
    let id = opaque::uuid(service.chance());
    let expires_at = storable(clock::later(service.now(), life));
    let wanted = Wanted {
        id: id.clone(),
        kind: SessionKind::Api,
        name: Some(request.name),
        subject: Subject::Everything,
        expires_at,
    };
    let user_id = service.open_session(&presented, Door::AntiRaidSession, &new_token, wanted, None).await??;
    ok(&json!({
        "user_id": user_id,
        "token": new_token.expose(),
        "session_id": id,
        "expiry": iso(expires_at),
        "user": null,
    }))
}

async fn delete(service: &Service, call: &Call, id: &str) -> Result<Reply, Problem> {
    let session = signed_in(service, call).await?;
    if !service.revoke(&session.user_id, id).await? {
        return Err(Problem::Unknown("No session found to delete"));
    }
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = StatusCode::NO_CONTENT;
    Ok(reply)
}

/// The session whose token the call bears.
async fn signed_in(service: &Service, call: &Call) -> Result<Session, Problem> {
    Ok(service.verify_session(&token(call)?, SessionKind::is_antiraid).await??)
}

fn token(call: &Call) -> Result<Secret, Problem> {
    let value = call.token(AUTHORIZATION.as_str())?;
    let text = value.expose();
    Ok(Secret::new(text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("User ")).unwrap_or(text)))
}

/// RFC 3339 with nanoseconds; years beyond 9999 with a sign, as the real server writes them.
fn iso(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}
