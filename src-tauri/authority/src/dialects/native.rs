//! The native dialect: OAuth 2.0 (RFC 6749) as it is used today.
//!
//! `POST /oauth2/token` with `client_credentials`, `refresh_token` and device code (RFC 8628), which begins at
//! `POST /oauth2/device_authorization` and is approved at `/device`; `POST /oauth2/revoke` (RFC 7009) and
//! `POST /oauth2/introspect` (RFC 7662); a user's sessions at `/oauth2/sessions` ([`sessions`]); the keys and the metadata (RFC 8414) under `/.well-known/`;
//! the OpenAPI document of all dialects at `/openapi.json`. Access tokens are JWTs
//! (RFC 9068), refresh tokens rotate by [`daypass_core::lineage`]. Errors are those of RFC 6749 section 5.2, and of RFC 6750
//! section 3 where an access token is sent.
//!
//! The issuer is [`crate::Config::public_url`], or else the scheme and the host that the request named, one of ours.

mod form;
mod metadata;
mod sessions;
mod token;
mod tokens;

#[cfg(feature = "fuzzing")]
pub(crate) use form::{basic, parameters};

use std::borrow::Cow;

use daypass_core::lineage::Scopes;
use hyper::StatusCode;
use hyper::header::{HeaderValue, PRAGMA, WWW_AUTHENTICATE};
use serde_json::json;

use crate::call::{Call, Outcome, Problem, Reply, json};
use crate::dialects::Dialect;
use crate::rate::Target;
use crate::{Error, Service};

/// Why a request is refused: in the words of OAuth, or of every dialect.
enum Refusal {
    /// An error code of RFC 6749 section 5.2 or RFC 8628 section 3.5, and what it means here.
    OAuth(&'static str, Cow<'static, str>),
    /// The same, where a client or token was guessed at, and what is known of whose.
    Guess(&'static str, Cow<'static, str>, Vec<Target>),
    /// `insufficient_scope` of RFC 6750 section 3.1, and the scopes that it takes.
    Scope(Scopes),
    /// What any request can meet.
    Problem(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Problem(error.into())
    }
}

/// `invalid_request`: the request cannot be read.
fn invalid_request(about: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::OAuth("invalid_request", about.into())
}

pub(super) async fn answer(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let done = match (call.method.as_str(), call.segments().as_slice()) {
        ("POST", ["oauth2", "token"]) => token::answer(service, call).await,
        ("POST", ["oauth2", "device_authorization"]) => token::begin(service, call).await,
        ("POST", ["oauth2", "revoke"]) => tokens::revoke(service, call).await,
        ("POST", ["oauth2", "introspect"]) => tokens::introspect(service, call).await,
        (_, ["oauth2", "token" | "device_authorization" | "revoke" | "introspect"]) => {
            Err(Problem::Method("POST").into())
        }
        (_, ["oauth2", "sessions", rest @ ..]) => sessions::answer(service, call, rest).await,
        ("GET" | "HEAD", [".well-known", "jwks.json"]) => metadata::keys(service).await,
        ("GET" | "HEAD", [".well-known", "oauth-authorization-server"]) => metadata::server(call),
        ("GET" | "HEAD", ["openapi.json"]) => metadata::document(call),
        (_, [".well-known", "jwks.json" | "oauth-authorization-server"] | ["openapi.json"]) => {
            Err(Problem::Method("GET, HEAD").into())
        }
        _ => Err(Problem::NoRoute.into()),
    };
    match done {
        Ok(reply) => Ok(reply),
        Err(Refusal::Problem(problem)) => Err(problem),
        Err(Refusal::Scope(needed)) => Ok(beyond(&needed)),
        Err(Refusal::OAuth(error, about)) => Ok(refused(error, &about)),
        Err(Refusal::Guess(error, about, targets)) => {
            service.refuse_guess(Dialect::Native, error, call.peer, &targets).map_err(Problem::TooOften)?;
            Ok(refused(error, &about))
        }
    }
}

/// An error as RFC 6749 section 5.2 writes it: 400, or 401 for a client that is not known.
fn refused(error: &'static str, about: &str) -> Reply {
    let body = json!({ "error": error, "error_description": about });
    let known = error != "invalid_client";
    let mut reply = json(if known { StatusCode::BAD_REQUEST } else { StatusCode::UNAUTHORIZED }, &body);
    reply.extensions_mut().insert(Outcome(error));
    if known {
        return unkept(reply);
    }
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"daypass\""));
    unkept(reply)
}

/// The answer with the second header that RFC 6749 section 5.1 demands; the first is on every answer in JSON.
fn unkept(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    reply
}

/// A token that lacks a scope, as RFC 6750 section 3 answers it.
fn beyond(needed: &Scopes) -> Reply {
    let about = "The token lacks a scope that this needs";
    let body = json!({ "error": "insufficient_scope", "error_description": about, "scope": needed.to_string() });
    let mut reply = json(StatusCode::FORBIDDEN, &body);
    reply.extensions_mut().insert(Outcome("insufficient_scope"));
    // A scope has no character that would end the quotes (RFC 6749 section 3.3).
    challenge(
        &mut reply,
        &format!(", error=\"insufficient_scope\", error_description=\"{about}\", scope=\"{needed}\""),
    );
    unkept(reply)
}

/// Puts the challenge of RFC 6750 section 3 into an answer, with `rest` after the realm.
fn challenge(reply: &mut Reply, rest: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer realm=\"daypass\"{rest}")) {
        reply.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}

pub(super) fn refuse(problem: &Problem) -> Reply {
    let about = problem.message();
    let error = match problem {
        // Who sends no token is told no error (RFC 6750 section 3.1).
        Problem::NoCredential => {
            let mut reply = problem.reply(problem.status(), &json!({}));
            challenge(&mut reply, "");
            return reply;
        }
        Problem::Unavailable | Problem::TooOften(_) => "temporarily_unavailable",
        Problem::Forbidden(_) => "insufficient_scope",
        Problem::Unknown(_) => "not_found",
        Problem::TooManyOf(_) => "too_many_sessions",
        guess if guess.is_guess() => "invalid_token",
        _ => "invalid_request",
    };
    let mut reply = problem.reply(problem.status(), &json!({ "error": error, "error_description": about }));
    if matches!(error, "invalid_token" | "insufficient_scope") {
        challenge(&mut reply, &format!(", error=\"{error}\", error_description=\"{about}\""));
    }
    reply
}
