//! Discovr's contract (<https://docs.discovr.media>): session JWTs from a refresh token, profiles, sign-in by device code.
//!
//! Two tiers, as documented: `/profiles` and `/auth/*` take the refresh token (`rt_…`), `/profile/*` the session JWT;
//! the other one is told `WRONG_TOKEN_KIND`. Errors are `{"code", "message"}`; the form is not published, the four
//! codes of a 401 are.

mod page;
mod sign_in;

use std::time::Duration;

use chrono::SubsecRound as _;
use daypass_core::token::{jwt, opaque};
use daypass_core::{Secret, Time, TokenError, clock};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Service;
use crate::call::{Call, Problem, Reply, ok};
use crate::model::{Credential, CredentialKind, Door, Profile, Refused, SessionKind, Subject};
use crate::service::Wanted;

/// The documented life of a session token.
const SESSION_LIFE: Duration = Duration::from_secs(30 * 60);

/// The longest name of a profile, and the longest address of its picture, in characters.
const LONGEST_NAME: usize = 100;
const LONGEST_URL: usize = 2048;

pub(super) async fn answer(service: &Service, call: &Call) -> Result<Reply, Problem> {
    match (call.method.as_str(), call.segments().as_slice()) {
        ("POST", ["auth", "session-token"]) => mint(service, call).await,
        (_, ["auth", "session-token"]) => Err(Problem::Method("POST")),
        ("DELETE", ["auth", "session"]) => sign_out(service, call).await,
        (_, ["auth", "session"]) => Err(Problem::Method("DELETE")),
        ("GET" | "HEAD", ["profiles"]) => list_profiles(service, call).await,
        ("POST", ["profiles"]) => create_profile(service, call).await,
        (_, ["profiles"]) => Err(Problem::Method("GET, HEAD, POST")),
        ("GET" | "HEAD", ["profile", "me"]) => my_profile(service, call).await,
        (_, ["profile", "me"]) => Err(Problem::Method("GET, HEAD")),
        ("POST", ["auth", "device-codes"]) => sign_in::begin(service, call).await,
        (_, ["auth", "device-codes"]) => Err(Problem::Method("POST")),
        ("POST", ["auth", "device-codes", code, "poll"]) => sign_in::poll(service, code).await,
        (_, ["auth", "device-codes", _, "poll"]) => Err(Problem::Method("POST")),
        ("GET" | "HEAD", ["device"]) => page::show(service, call).await,
        ("POST", ["device"]) => page::settle(service, call).await,
        (_, ["device"]) => Err(Problem::Method("GET, HEAD, POST")),
        _ => Err(Problem::NoRoute),
    }
}

pub(super) fn refuse(problem: &Problem) -> Reply {
    let code = match problem {
        Problem::NoCredential | Problem::BadCredential => "TOKEN_INVALID",
        Problem::ExpiredCredential => "TOKEN_EXPIRED",
        Problem::WrongKind => "WRONG_TOKEN_KIND",
        Problem::SessionGone => "SESSION_EXPIRED",
        Problem::Forbidden(_) | Problem::Misdirected => "FORBIDDEN",
        Problem::Unknown(_) | Problem::NoRoute => "NOT_FOUND",
        Problem::Method(_) => "METHOD_NOT_ALLOWED",
        Problem::TimedOut => "REQUEST_TIMEOUT",
        Problem::TooManyOf(_) => "LIMIT_REACHED",
        Problem::TooOften(_) => "RATE_LIMITED",
        Problem::Unavailable => "UNAVAILABLE",
        Problem::Malformed(_)
        | Problem::WrongShape(_)
        | Problem::TooLarge
        | Problem::PathTooLong
        | Problem::MediaType
        | Problem::HeadTooLarge => "INVALID_REQUEST",
    };
    problem.reply(problem.status(), &json!({ "code": code, "message": problem.message() }))
}

/// What a session JWT says besides `exp`. The subject is the profile; the user is not named.
#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    sid: &'a str,
    iat: i64,
}

async fn mint(service: &Service, call: &Call) -> Result<Reply, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Request {
        profile_id: String,
    }
    let refresh_token = refresh_token(service, call)?;
    let Request { profile_id } = call.json()?;
    if profile_id.len() > 128 {
        return Err(Problem::Unknown("There is no such profile"));
    }

    let now = service.now();
    // Whole seconds, rounded up, so that the life is never shorter than promised.
    let expires_at = clock::later(now, service.config().life(SESSION_LIFE) + Duration::from_nanos(999_999_999));
    let expires_at = expires_at.trunc_subsecs(0);
    let session_id = opaque::hex("", 16, service.chance()).expose().to_owned();
    let claims = Claims { sub: &profile_id, sid: &session_id, iat: now.timestamp() };
    let token = jwt::sign(service.key(), &claims, expires_at).map_err(|_| Problem::Unavailable)?;

    let wanted = Wanted {
        id: session_id.clone(),
        kind: SessionKind::Discovr,
        name: None,
        subject: Subject::Profile(profile_id.clone()),
        expires_at,
    };
    let door = Door::Credential(CredentialKind::DiscovrRefresh);
    service.open_session(&refresh_token, door, &token, wanted, None).await??;
    ok(&json!({ "sessionToken": token.expose(), "sessionId": session_id, "expiresAt": expires_at.timestamp() }))
}

/// Kills the refresh token. Session JWTs live on to their end, as documented.
async fn sign_out(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let token = refresh_token(service, call)?;
    service.verify_credential(&token, CredentialKind::DiscovrRefresh).await??;
    if service.revoke_credential(&token, CredentialKind::DiscovrRefresh).await? {
        ok(&json!({ "revoked": true }))
    } else {
        Err(Problem::BadCredential)
    }
}

async fn list_profiles(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let user = identity(service, call).await?;
    let profiles = service.profiles(&user.user_id).await?;
    ok(&json!({ "profiles": profiles.iter().map(wire).collect::<Vec<_>>() }))
}

async fn create_profile(service: &Service, call: &Call) -> Result<Reply, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Request {
        name: String,
        avatar_url: Option<String>,
    }
    let user = identity(service, call).await?;
    let Request { name, avatar_url } = call.json()?;
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Problem::WrongShape("The name must have 1 to 100 characters, and not spaces alone".into()));
    }
    if avatar_url.as_ref().is_some_and(|url| url.chars().count() > LONGEST_URL) {
        return Err(Problem::WrongShape("The avatarUrl is too long".into()));
    }
    match service.add_profile(&user.user_id, name.trim().to_owned(), avatar_url).await? {
        Some(id) => ok(&json!({ "profileId": id })),
        None => Err(Problem::TooManyOf("There are as many profiles as there may be")),
    }
}

/// The protected route: the profile that the session was opened for.
async fn my_profile(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let token = call.bearer()?;
    if token.expose().starts_with("rt_") {
        return Err(Problem::WrongKind);
    }
    jwt::verify(service.key(), &token, service.now()).map_err(|error| match error {
        TokenError::Expired { .. } => Problem::ExpiredCredential,
        _ => Problem::BadCredential,
    })?;
    // The signature is ours: so where there is no row, the session has been ended.
    let session = service.verify_session(&token, |kind| kind == SessionKind::Discovr).await?;
    let session = session.map_err(|refused| match refused {
        Refused::Expired => Problem::ExpiredCredential,
        _ => Problem::SessionGone,
    })?;
    let Subject::Profile(id) = &session.subject else { return Err(Problem::SessionGone) };
    let profile = service.profile_of(&session.user_id, id).await?.ok_or(Problem::SessionGone)?;
    ok(&wire(&profile))
}

/// The refresh token of an identity-tier call; a session JWT of ours, dead or alive, is of the wrong kind.
fn refresh_token(service: &Service, call: &Call) -> Result<Secret, Problem> {
    let token = call.bearer()?;
    if token.expose().starts_with("rt_") {
        return Ok(token);
    }
    match jwt::verify(service.key(), &token, service.now()) {
        Ok(_) | Err(TokenError::Expired { .. }) => Err(Problem::WrongKind),
        Err(_) => Err(Problem::BadCredential),
    }
}

/// Who makes an identity-tier call.
async fn identity(service: &Service, call: &Call) -> Result<Credential, Problem> {
    let token = refresh_token(service, call)?;
    Ok(service.verify_credential(&token, CredentialKind::DiscovrRefresh).await??)
}

/// A profile as Discovr writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    id: &'a str,
    name: &'a str,
    avatar_url: Option<&'a str>,
    created_at: i64,
}

fn wire(profile: &Profile) -> Wire<'_> {
    Wire {
        id: &profile.id,
        name: &profile.name,
        avatar_url: profile.avatar_url.as_deref(),
        created_at: seconds(profile.created_at),
    }
}

/// Unix seconds, as Discovr writes every instant.
fn seconds(at: Time) -> i64 {
    at.timestamp()
}
