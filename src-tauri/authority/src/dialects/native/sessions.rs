//! The sessions of a user, with a bearer access token of that user.
//!
//! `GET /oauth2/sessions` lists them, oldest first; `POST` opens one more, `DELETE` ends all. `/oauth2/sessions/{id}` is one of
//! them (`GET`, `PATCH` to name it, `DELETE`), where `current` stands for the caller's own, and
//! `DELETE /oauth2/sessions/others` ends all but that. OAuth has no such interface, so these are our own; what they lean on:
//!
//! - **Token and errors**: RFC 6750. Only the `Authorization` header is read (section 2.1), the other two ways are discouraged
//!   there. `invalid_request`, `invalid_token` and `insufficient_scope` are those of section 3.1; a request without a token is
//!   told nothing but the challenge, as it says. 404 and 409 are `not_found` and `too_many_sessions` (codes may be added,
//!   RFC 6749 section 8.5).
//! - **Fields** are named as in RFC 7591 and RFC 7662, instants are seconds since 1970 as there. `last_used_at` is the
//!   opening, the last refresh or the last access token that was accepted, here or by introspection, whichever was latest;
//!   of access tokens it tells to a minute, and one or two minutes late. `expires_at` is when the session ends if it is not
//!   refreshed any more: no other use prolongs it.
//! - **Scopes**: no token may reach beyond its own scopes, so that one that was narrowed (RFC 6749 section 6) is not worth
//!   more to a thief than what it was narrowed to. Every token sees and ends its own session, as signing out is nobody
//!   else's business and RFC 7009 grants it as well. To see the others it needs all scopes of its session; to name or end one
//!   also all scopes of that one. Ending several is all or none. The challenge names what is missing (RFC 6750 section 3).
//! - **A new session** is of the same user and client, has no scope that the token lacks, and ends no later than the
//!   caller's: neither reach nor life grows. It lives on when the caller's is ended; it is in the list.
//! - **The limit** is [`crate::Config::most_sessions`]; at it, opening is refused. Services that end the oldest do so at a
//!   sign-in, where refusing would lock a person out. Here a program asks that has the list at hand, and ending a session
//!   for it would let a token end one that it may not: so also Google Cloud's and AWS's limits on keys refuse. A sign-in that an
//!   administrator approves for a user with as many sessions as may be ends the one that was used longest ago, as those of Google
//!   and GitHub do: who approves may do everything, and the person at the device cannot make room.
//! - **`PATCH`** sets `name`, or takes it away by `null`, as in RFC 7396; nothing else can be changed. Bodies are `application/json`.
//! - **`DELETE`** answers how many sessions it ended, `{"revoked": 1}`. All their tokens are refused from the next request on;
//!   who verifies access tokens by the public key alone accepts them to their end.

use daypass_core::lineage::Scopes;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::metadata::issuer;
use super::token::body;
use super::{Refusal, invalid_request, unkept};
use crate::Service;
use crate::call::{Call, Problem, Reply, json as written, json_of, ok};
use crate::model::{Caller, Denied, Listed, Which};

/// The longest name of a session, in characters.
const LONGEST_NAME: usize = 256;

/// What a new session is to be.
#[derive(Deserialize)]
struct Asked {
    name: Option<String>,
    scope: Option<String>,
}

/// A session as its user sees it.
#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    name: Option<&'a str>,
    client_id: &'a str,
    scope: &'a str,
    created_at: i64,
    last_used_at: i64,
    expires_at: i64,
    current: bool,
}

/// How long one is as JSON, more or less.
const SHOWN: usize = 256;

/// Several of them.
#[derive(Serialize)]
struct List<'a> {
    sessions: Vec<Shown<'a>>,
}

/// Answers for the path `/oauth2/sessions` and what follows it.
pub(super) async fn answer(service: &Service, call: &Call, rest: &[&str]) -> Result<Reply, Refusal> {
    match (call.method.as_str(), rest) {
        ("GET" | "HEAD", []) => list(service, call).await,
        ("POST", []) => open(service, call).await,
        ("DELETE", []) => end(service, call, |_| Ok(Which::All)).await,
        (_, []) => Err(Problem::Method("GET, HEAD, POST, DELETE").into()),
        ("DELETE", ["others"]) => end(service, call, |_| Ok(Which::Others)).await,
        (_, ["others"]) => Err(Problem::Method("DELETE").into()),
        ("GET" | "HEAD", [id]) => inspect(service, call, id).await,
        ("PATCH", [id]) => name(service, call, id).await,
        ("DELETE", [id]) => end(service, call, |by| named(by, id).map(Which::One)).await,
        (_, [_]) => Err(Problem::Method("GET, HEAD, PATCH, DELETE").into()),
        _ => Err(Problem::NoRoute.into()),
    }
}

async fn list(service: &Service, call: &Call) -> Result<Reply, Refusal> {
    let by = caller(service, call).await?;
    let _turn = service.turn_to_list().await;
    let sessions = service.owned_sessions(&by).await??;
    // Room from the start: growing to the length of many would copy them several times.
    let mut body = Vec::with_capacity(64 + sessions.len() * SHOWN);
    let list = List { sessions: sessions.iter().map(|session| shown(session, &by)).collect() };
    // Texts and numbers are always written.
    serde_json::to_writer(&mut body, &list).unwrap_or_default();
    Ok(unkept(json_of(StatusCode::OK, body.into())))
}

async fn inspect(service: &Service, call: &Call, id: &str) -> Result<Reply, Refusal> {
    let by = caller(service, call).await?;
    let session = service.owned_session(&by, named(&by, id)?).await??;
    Ok(unkept(ok(&shown(&session.into(), &by))?))
}

async fn name(service: &Service, call: &Call, id: &str) -> Result<Reply, Refusal> {
    let by = caller(service, call).await?;
    let id = named(&by, id)?;
    let patch: Map<String, Value> = call.json()?;
    let name = match patch.get("name") {
        Some(Value::Null) => None,
        Some(Value::String(name)) => Some(fitting(name.clone())?),
        _ => return Err(invalid_request("The field name must be there, and be a text or null")),
    };
    let session = service.name_owned(&by, id, name).await??;
    Ok(unkept(ok(&shown(&session.into(), &by))?))
}

async fn end(
    service: &Service,
    call: &Call,
    which: impl FnOnce(&Caller) -> Result<Which, Refusal>,
) -> Result<Reply, Refusal> {
    let by = caller(service, call).await?;
    let ended = service.end_owned(&by, which(&by)?).await??;
    Ok(unkept(ok(&json!({ "revoked": ended }))?))
}

async fn open(service: &Service, call: &Call) -> Result<Reply, Refusal> {
    let by = caller(service, call).await?;
    let asked: Asked = call.json()?;
    let name = asked.name.map(fitting).transpose()?;
    let scopes = match asked.scope {
        Some(text) => Some(
            Scopes::parse(&text)
                .ok_or_else(|| invalid_request("A scope is written as words with one space between"))?,
        ),
        None => None,
    };
    let (session, issued) = service.open_owned(&by, name, scopes, &issuer(call)).await??;
    let mut body = body(&issued);
    body["session"] = json!(shown(&session.into(), &by));
    Ok(unkept(written(StatusCode::CREATED, &body)))
}

async fn caller(service: &Service, call: &Call) -> Result<Caller, Refusal> {
    let token = call.bearer()?;
    Ok(service.caller(&token).await?.ok_or(Problem::BadCredential)?)
}

/// The id that a path names: 32 hex digits, or `current`.
fn named(by: &Caller, text: &str) -> Result<[u8; 16], Refusal> {
    if text == "current" {
        return Ok(by.session);
    }
    let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(Denied::Unknown)?)
}

fn fitting(name: String) -> Result<String, Refusal> {
    let fits = !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME && !name.contains(char::is_control);
    if fits {
        Ok(name)
    } else {
        Err(invalid_request("A name has 1 to 256 characters, not spaces alone, and no control character"))
    }
}

fn shown<'a>(session: &'a Listed, by: &Caller) -> Shown<'a> {
    Shown {
        id: data_encoding::HEXLOWER.encode(&session.id),
        name: session.name.as_deref(),
        client_id: &session.client_id,
        scope: &session.scope,
        created_at: session.created_at.timestamp(),
        last_used_at: session.last_used_at.timestamp(),
        expires_at: session.over_at.timestamp(),
        current: session.id == by.session,
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Gone => Problem::SessionGone.into(),
            Denied::NoUser => Problem::Forbidden("The token is a client's own, and has no user").into(),
            Denied::Scope(needed) => Self::Scope(needed),
            Denied::Unknown => Problem::Unknown("There is no such session").into(),
            Denied::Full => Problem::TooManyOf("The user has as many sessions as may be: end one first").into(),
        }
    }
}
