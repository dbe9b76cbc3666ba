//! PocketPaw's contract (<https://github.com/pocketpaw/pocketpaw>, its docs): session tokens from a master token.
//!
//! A session token is `session:<exp>:<hmac>`, the documented form: the HMAC-SHA256 of the decimal expiry under the
//! master token. The master is that key, and yet it is nowhere stored: it is at hand when a token is minted, for that
//! is when it is presented, and a token that comes back is found by its hash. Two tokens that are minted in the same
//! second are therefore one and the same, as on the real server.
//!
//! Both `/api/…` and `/api/v1/…` exist. Errors are FastAPI's `{"detail": …}`.

use std::time::Duration;

use chrono::SubsecRound as _;
use daypass_core::token::{opaque, stamped};
use daypass_core::{Secret, clock};
use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use serde_json::json;

use crate::Service;
use crate::call::{Call, Problem, Reply, ok};
use crate::model::{CredentialKind, Door, SessionKind, Subject};
use crate::service::Wanted;

/// The documented life of a session token.
const SESSION_LIFE: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn answer(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let segments = call.segments();
    let route = match segments.as_slice() {
        ["api", "v1", rest @ ..] | ["api", rest @ ..] => rest,
        _ => return Err(Problem::NoRoute),
    };
    match (call.method.as_str(), route) {
        ("POST", ["auth", "session"]) => mint(service, call).await,
        (_, ["auth", "session"]) => Err(Problem::Method("POST")),
        ("POST", ["token", "regenerate"]) => regenerate(service, call).await,
        (_, ["token", "regenerate"]) => Err(Problem::Method("POST")),
        ("GET" | "HEAD", ["sessions"]) => chats(service, call).await,
        (_, ["sessions"]) => Err(Problem::Method("GET, HEAD")),
        _ => Err(Problem::NoRoute),
    }
}

pub(super) fn refuse(problem: &Problem) -> Reply {
    // FastAPI's own words where it has some.
    let (status, detail) = match problem {
        Problem::WrongKind => (problem.status(), "Invalid master token".into()),
        Problem::NoCredential | Problem::BadCredential | Problem::ExpiredCredential | Problem::SessionGone => {
            (problem.status(), "Unauthorized".into())
        }
        Problem::NoRoute => (problem.status(), "Not Found".into()),
        Problem::Method(_) => (problem.status(), "Method Not Allowed".into()),
        Problem::WrongShape(_) => (StatusCode::UNPROCESSABLE_ENTITY, problem.message()),
        other => (other.status(), other.message()),
    };
    problem.reply(status, &json!({ "detail": detail }))
}

/// Mints with the master, and with nothing else; the body is not read.
async fn mint(service: &Service, call: &Call) -> Result<Reply, Problem> {
    service.count_pocketpaw(call.peer).map_err(Problem::TooOften)?;
    let master = bearer(call)?;
    let life = service.config().life(SESSION_LIFE);
    // Whole seconds, rounded up, so that the life is never shorter than promised.
    let expires_at = clock::later(service.now(), life + Duration::from_nanos(999_999_999)).trunc_subsecs(0);
    let token = stamped::sign(&master, expires_at, stamped::Form::Documented).map_err(|_| Problem::BadCredential)?;
    let wanted = Wanted {
        id: opaque::uuid(service.chance()),
        kind: SessionKind::PocketPaw,
        name: None,
        subject: Subject::Everything,
        expires_at,
    };
    let door = Door::Credential(CredentialKind::PocketPawMaster);
    service.open_session(&master, door, &token, wanted, None).await?.map_err(|_| Problem::WrongKind)?;
    ok(&json!({ "session_token": token.expose(), "expires_in_hours": hours(life) }))
}

/// Replaces the master. Any credential may: a session token is worth as much as the master.
async fn regenerate(service: &Service, call: &Call) -> Result<Reply, Problem> {
    service.count_pocketpaw(call.peer).map_err(Problem::TooOften)?;
    let master = service.regenerate(&bearer(call)?).await??;
    ok(&json!({ "token": master.expose() }))
}

/// The protected route: PocketPaw's chat sessions, of which there are none here.
async fn chats(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let token = bearer(call)?;
    if service.verify_session(&token, |kind| kind == SessionKind::PocketPaw).await?.is_err() {
        service.verify_credential(&token, CredentialKind::PocketPawMaster).await??;
    }
    ok(&json!({ "sessions": [], "total": 0 }))
}

/// The token of `Authorization: Bearer …`, with the scheme in exactly this case, as PocketPaw demands.
fn bearer(call: &Call) -> Result<Secret, Problem> {
    let value = call.token(AUTHORIZATION.as_str())?;
    value.expose().strip_prefix("Bearer ").map(Secret::new).ok_or(Problem::BadCredential)
}

/// A life in whole hours, rounded up, and never none: a client that counts from here and not from the token's stamp
/// would take a token that says 0 hours for dead. The stamp is the truth.
fn hours(life: Duration) -> u64 {
    life.as_secs().div_ceil(3600).max(1)
}
