//! A request as a dialect sees it, what can be wrong with one, and the answers that they share.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use daypass_core::Secret;
use daypass_core::token::MAX_TOKEN_BYTES;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Response, StatusCode, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::model::Refused;
use crate::rate::Target;

/// An answer on its way out.
pub(crate) type Reply = Response<Full<Bytes>>;

/// What became of a request, in one word, on an answer that a dialect wrote by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome(pub(crate) &'static str);

/// A request whose head was accepted and whose body has arrived.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Who asks.
    pub(crate) peer: IpAddr,
    /// What the client calls the authority: scheme, host and port, as the request names them or the operator says.
    pub(crate) origin: String,
}

/// Why a request is not done. Each dialect writes these in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// 401: no credential at all.
    NoCredential,
    /// 401: a credential that is not known, not readable, or revoked.
    BadCredential,
    /// 401: a credential that was good once.
    ExpiredCredential,
    /// 401: a credential that is good elsewhere, but not here.
    WrongKind,
    /// 401: the token is intact, but its session is no more.
    SessionGone,
    /// 403: a credential that may not do this.
    Forbidden(&'static str),
    /// 400: a request that cannot be read.
    Malformed(Cow<'static, str>),
    /// 400, or 422 where the dialect says so: readable, but with fields missing or of the wrong kind.
    WrongShape(Cow<'static, str>),
    /// 404: what the request names does not exist.
    Unknown(&'static str),
    /// 404: no such route.
    NoRoute,
    /// 405: the route exists, with these methods.
    Method(&'static str),
    /// 408: the request did not arrive in time.
    TimedOut,
    /// 409: there are as many as there may be.
    TooManyOf(&'static str),
    /// 413: the body is too long.
    TooLarge,
    /// 414: the path is too long.
    PathTooLong,
    /// 415: the body is of a kind that is not read here.
    MediaType,
    /// 421: the request is meant for another host.
    Misdirected,
    /// 429: too often.
    TooOften(Duration),
    /// 431: the head is too long.
    HeadTooLarge,
    /// 503: the store does not work at the moment.
    Unavailable,
}

impl Problem {
    /// The status, unless a dialect documents another one.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoCredential
            | Self::BadCredential
            | Self::ExpiredCredential
            | Self::WrongKind
            | Self::SessionGone => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Malformed(_) | Self::WrongShape(_) => StatusCode::BAD_REQUEST,
            Self::Unknown(_) | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyOf(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::PathTooLong => StatusCode::URI_TOO_LONG,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// One clear sentence, unless a dialect documents another one.
    pub(crate) fn message(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::NoCredential => "No token was sent",
            Self::BadCredential => "The token is not valid",
            Self::ExpiredCredential => "The token has expired",
            Self::WrongKind => "This kind of token is not accepted here",
            Self::SessionGone => "The session has ended",
            Self::Forbidden(message) | Self::Unknown(message) | Self::TooManyOf(message) => message,
            Self::Malformed(message) | Self::WrongShape(message) => return message.clone(),
            Self::NoRoute => "There is no such route",
            Self::Method(_) => "This route does not know that method",
            Self::TimedOut => "The request took too long to arrive",
            Self::TooLarge => "The request body is too large",
            Self::PathTooLong => "The path is too long",
            Self::MediaType => "The body must be sent as application/json",
            Self::Misdirected => "This server does not answer for that host",
            Self::TooOften(_) => "Too many requests",
            Self::HeadTooLarge => "The request's headers are too large",
            Self::Unavailable => "The store does not work at the moment",
        })
    }

    /// The problem with its headers, and `body` in the dialect's form.
    pub(crate) fn reply(&self, status: StatusCode, body: &impl Serialize) -> Reply {
        let mut reply = json(status, body);
        let headers = reply.headers_mut();
        match self {
            Self::Method(allowed) => {
                headers.insert("allow", HeaderValue::from_static(allowed));
            }
            Self::TooOften(after) => {
                // Whole seconds, never too few (RFC 9110 section 10.2.3).
                let seconds = after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0)).max(1);
                headers.insert("retry-after", HeaderValue::from(seconds));
            }
            Self::Unavailable => {
                headers.insert("retry-after", HeaderValue::from_static("1"));
            }
            _ => {}
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 section 15.5.2 demands one.
            headers.insert("www-authenticate", HeaderValue::from_static("Bearer"));
        }
        reply
    }

    /// The one word for it, in the log and the figures.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::NoCredential => "no_credential",
            Self::BadCredential => "bad_credential",
            Self::ExpiredCredential => "expired_credential",
            Self::WrongKind => "wrong_kind",
            Self::SessionGone => "session_gone",
            Self::Forbidden(_) => "forbidden",
            Self::Malformed(_) => "malformed",
            Self::WrongShape(_) => "wrong_shape",
            Self::Unknown(_) => "unknown",
            Self::NoRoute => "no_route",
            Self::Method(_) => "method",
            Self::TimedOut => "timed_out",
            Self::TooManyOf(_) => "too_many_of",
            Self::TooLarge => "too_large",
            Self::PathTooLong => "path_too_long",
            Self::MediaType => "media_type",
            Self::Misdirected => "misdirected",
            Self::TooOften(_) => "too_often",
            Self::HeadTooLarge => "head_too_large",
            Self::Unavailable => "unavailable",
        }
    }

    /// Whether this counts as a guess at somebody's token.
    pub(crate) fn is_guess(&self) -> bool {
        matches!(self, Self::BadCredential | Self::ExpiredCredential | Self::WrongKind | Self::SessionGone)
    }
}

impl From<Error> for Problem {
    fn from(_: Error) -> Self {
        Self::Unavailable
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unknown => Self::BadCredential,
            Refused::Expired => Self::ExpiredCredential,
            Refused::Profile => Self::Unknown("There is no such profile"),
            Refused::Scope => Self::Forbidden("A scope is not among those of the key"),
        }
    }
}

impl Call {
    /// The parts of the path, without the leading slash.
    pub(crate) fn segments(&self) -> Vec<&str> {
        let path = self.uri.path();
        path.strip_prefix('/').unwrap_or(path).split('/').collect()
    }

    /// The one value of the header `name`, as a token: visible ASCII, not empty, at most 8 KiB.
    pub(crate) fn token(&self, name: &str) -> Result<Secret, Problem> {
        let mut values = self.headers.get_all(name).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(if self.headers.contains_key(name) { Problem::BadCredential } else { Problem::NoCredential });
        };
        let text = value.to_str().map_err(|_| Problem::BadCredential)?.trim();
        if text.is_empty() {
            return Err(Problem::NoCredential);
        }
        if text.len() > MAX_TOKEN_BYTES { Err(Problem::BadCredential) } else { Ok(Secret::new(text)) }
    }

    /// The token of `Authorization: Bearer …` (RFC 6750 section 2.1); the scheme in any case.
    pub(crate) fn bearer(&self) -> Result<Secret, Problem> {
        let value = self.token(AUTHORIZATION.as_str())?;
        match value.expose().split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
                Ok(Secret::new(token.trim()))
            }
            _ if value.expose().eq_ignore_ascii_case("bearer") => Err(Problem::NoCredential),
            _ => Err(Problem::BadCredential),
        }
    }

    /// The session that the call's token says it is of, where it was a guess.
    pub(crate) fn guessed_at(&self) -> Option<Target> {
        let value = self.token(AUTHORIZATION.as_str()).ok()?;
        Target::session(&Secret::new(value.expose().rsplit(' ').next().unwrap_or_default()))
    }

    /// The body as JSON of the form `T`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Problem::MediaType);
        }
        self.lenient_json()
    }

    /// The body as JSON of the form `T`, whatever it calls itself.
    pub(crate) fn lenient_json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        // A struct is read from an array as well, by the order of its fields; no contract here knows such bodies.
        if self.body.trim_ascii_start().starts_with(b"[") {
            return Err(Problem::WrongShape("The body must be a JSON object".into()));
        }
        // The parser's message names fields and positions, never values of the body: those of "invalid type" are
        // left out, as one of them may be a token in the wrong place.
        serde_json::from_slice(&self.body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                let text = error.to_string();
                let field = text.strip_prefix("missing field ").and_then(|rest| rest.split('`').nth(1));
                Problem::WrongShape(match field {
                    Some(field) => format!("The field {field} is missing").into(),
                    None => "A field of the body has a wrong type or value".into(),
                })
            }
            _ => Problem::Malformed("The body is not valid JSON".into()),
        })
    }
}

/// A number as a whole one: `60` and `60.0` are the same (JSON Schema 2020-12 section 4.2.3). Nothing for a fraction, and
/// below zero or from 2⁶³ on.
pub(crate) fn whole(number: &serde_json::Number) -> Option<u64> {
    let written = |value: &f64| value.fract() == 0.0 && (0.0..9_223_372_036_854_775_808.0).contains(value);
    // Exact: a float without a fraction is a whole number, and this one is in the range.
    number.as_u64().or_else(|| number.as_f64().filter(written).map(|value| value as u64))
}

/// A JSON answer that nobody may keep (RFC 6749 section 5.1).
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    // Only maps with odd keys and failing writers cannot be written, and there are none here.
    json_of(status, serde_json::to_vec(body).unwrap_or_default().into())
}

/// The same of a body that is written already.
pub(crate) fn json_of(status: StatusCode, body: Bytes) -> Reply {
    let mut reply = Reply::new(Full::new(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// [`json`] with 200.
pub(crate) fn ok(body: &impl Serialize) -> Result<Reply, Problem> {
    Ok(json(StatusCode::OK, body))
}
