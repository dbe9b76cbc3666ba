//! Reads what an answer says into sessions, tokens and lives.

use std::time::Duration;

use daypass_core::expiry::{self, Source, Timing};
use daypass_core::fresh::{Life, RefreshKind};
use daypass_core::session::Session;
use daypass_core::token::MAX_TOKEN_BYTES;
use daypass_core::{ExpiryError, Secret, Time, phrase};
use serde_json::Value;

use super::wire::Reply;
use crate::file::{
    BeginAnswer, Expiry, InspectAnswer, Instant, ListAnswer, MintAnswer, OffersAnswer, OneOrMany, Pointers,
};
use crate::{Definition, DeviceCode, Grant, Inspected, Listed, Minted, Offer, ProviderError};

/// The longest id, in characters.
const MAX_ID: usize = 256;
/// An answer that cannot be used.
macro_rules! bad {
    ($definition:expr, $id:literal, $text:literal $(, place = $place:expr)?) => {
        ProviderError::BadAnswer { message: phrase!($id, $text, provider = $definition.title() $(, place = $place)?) }
    };
}

/// The longest name or kind that is kept, in characters.
const MAX_NAME: usize = 200;
/// The longest picture of a user code, in bytes of its `data:` URL.
const MAX_PICTURE: usize = 256 << 10;

/// What is known of a session before the answer is read.
pub(super) struct Opened<'a> {
    /// The life that was asked for, or is believed where the answer should not say.
    pub(super) asked: Option<Duration>,
    /// The name that was wished for.
    pub(super) name: Option<&'a str>,
    /// What the next refresh of it does.
    pub(super) kind: RefreshKind,
}

/// Reads the answer to a mint, a create or a renewal.
///
/// # Errors
/// [`ProviderError::BadAnswer`]: not JSON, no token, no readable expiry, or one in the past.
pub(super) fn minted(
    definition: &Definition,
    answer: &MintAnswer,
    reply: &Reply,
    opened: Opened<'_>,
) -> Result<Minted, ProviderError> {
    let json = json(definition, reply)?;
    let token = secret(definition, reply, &answer.token)?;
    let timing = reply.timing;
    let expires_at = issued_until(definition, answer.expires.get_ref(), json, &token, opened.asked, timing)?;
    let life = Life { sent_at: timing.sent_at, expires_at, hint: None, kind: opened.kind, doubtful: false };

    let grant = answer.grant.as_ref().and_then(|at| usable(json, at));
    let grant = grant.map(|grant| {
        let until = answer.grant_expires.as_ref();
        let until = until.and_then(|until| issued_until(definition, until, json, &grant, None, timing).ok());
        Grant { token: grant, expires_at: until, life: life.length() }
    });
    let session = Session {
        id: answer.id.as_ref().and_then(|at| id(json, at)).unwrap_or_else(|| token.fingerprint()),
        name: word(json, answer.name.as_ref()).or(opened.name.map(str::to_owned)),
        kind: word(json, answer.kind.as_ref()).or_else(|| definition.checked.kind.clone()),
        created_at: answer.created_at.as_ref().and_then(|at| moment(json, at, timing)).or(Some(timing.sent_at)),
        expires_at: Some(expires_at),
    };
    let credential = answer.credential.as_ref().and_then(|at| usable(json, at));
    Ok(Minted { session, token, life, grant, credential })
}

/// Reads the sessions of a list; a row without a readable id is left out, any other fault costs only its field.
///
/// # Errors
/// [`ProviderError::BadAnswer`]: not JSON, no list, or a list of which no row can be read.
pub(super) fn sessions(definition: &Definition, answer: &ListAnswer, reply: &Reply) -> Result<Listed, ProviderError> {
    let rows = rows(definition, reply, &answer.items)?;
    let read = |row: &Value| {
        Some(Session {
            id: id(row, &answer.id)?,
            name: word(row, answer.name.as_ref()),
            kind: word(row, answer.kind.as_ref()),
            created_at: answer.created_at.as_ref().and_then(|at| moment(row, at, reply.timing)),
            expires_at: answer.expires.as_ref().and_then(|at| moment(row, at, reply.timing)),
        })
    };
    let sessions: Vec<Session> = rows.iter().filter_map(read).collect();
    if sessions.is_empty() && !rows.is_empty() {
        return Err(bad!(
            definition,
            "error-answer-ids",
            "The answer of {provider} lists sessions without an id at {place}.",
            place = answer.id
        ));
    }
    Ok(Listed { whole: sessions.len() == rows.len(), sessions })
}

/// Reads what the provider says of the credential's own session.
///
/// # Errors
/// [`ProviderError::BadAnswer`]: not JSON.
pub(super) fn inspected(
    definition: &Definition,
    answer: &InspectAnswer,
    reply: &Reply,
    credential: &Secret,
) -> Result<Inspected, ProviderError> {
    let json = json(definition, reply)?;
    let barred = answer.barred.first_match(reply.status, &reply.text(), Some(json));
    Ok(Inspected {
        id: answer.id.as_ref().and_then(|at| id(json, at)).unwrap_or_else(|| credential.fingerprint()),
        kind: word(json, answer.kind.as_ref()),
        barred: barred.map(|why| if why.is_empty() { "barred".to_owned() } else { plain(&why) }),
    })
}

/// Reads the beginning of a sign-in; `interval` is taken where the answer names none.
///
/// # Errors
/// [`ProviderError::BadAnswer`]: not JSON, a code or the expiry is missing.
pub(super) fn device_code(
    definition: &Definition,
    answer: &BeginAnswer,
    reply: &Reply,
    interval: Duration,
) -> Result<DeviceCode, ProviderError> {
    let json = json(definition, reply)?;
    let device_code = secret(definition, reply, &answer.device_code)?;
    let user_code = word(json, Some(&answer.user_code)).ok_or_else(|| {
        bad!(
            definition,
            "error-answer-code",
            "The answer of {provider} holds no user code at {place}.",
            place = answer.user_code
        )
    })?;
    let expires_at = issued_until(definition, answer.expires.get_ref(), json, &device_code, None, reply.timing)?;
    let picture = answer.qr.as_ref().and_then(|at| at.text(json));
    let said = answer.interval_seconds.as_ref().and_then(|at| at.find(json)?.as_u64());
    Ok(DeviceCode {
        device_code,
        user_code,
        // Only a picture that stands in the answer itself: loading one would tell another host who signs in.
        qr: picture.filter(|url| url.starts_with("data:image/") && url.len() <= MAX_PICTURE),
        expires_at,
        interval: said.map_or(interval, |seconds| Duration::from_secs(seconds.clamp(1, 60))),
    })
}

/// Reads the values that a parameter can take; a row without a value is left out.
///
/// # Errors
/// [`ProviderError::BadAnswer`]: not JSON, or no list.
pub(super) fn offers(
    definition: &Definition,
    answer: &OffersAnswer,
    reply: &Reply,
) -> Result<Vec<Offer>, ProviderError> {
    let read = |row: &Value| {
        let value = id(row, &answer.value)?;
        let label = word(row, answer.label.as_ref()).unwrap_or_else(|| value.clone());
        Some(Offer { value, label })
    };
    Ok(rows(definition, reply, &answer.items)?.iter().filter_map(read).collect())
}

/// The secret that the answer must hold.
///
/// # Errors
/// [`ProviderError::BadAnswer`]: not JSON, or nothing there that can be sent in a header.
pub(super) fn secret(definition: &Definition, reply: &Reply, at: &Pointers) -> Result<Secret, ProviderError> {
    usable(json(definition, reply)?, at).ok_or_else(|| {
        bad!(
            definition,
            "error-answer-secret",
            "The answer of {provider} holds no usable secret at {place}.",
            place = at
        )
    })
}

fn json<'a>(definition: &Definition, reply: &'a Reply) -> Result<&'a Value, ProviderError> {
    reply.json().ok_or_else(|| bad!(definition, "error-answer-json", "The answer of {provider} is not JSON."))
}

fn rows<'a>(definition: &Definition, reply: &'a Reply, at: &Pointers) -> Result<&'a [Value], ProviderError> {
    let rows = at.find(json(definition, reply)?).and_then(Value::as_array);
    rows.map(Vec::as_slice).ok_or_else(|| {
        bad!(definition, "error-answer-list", "The answer of {provider} holds no list at {place}.", place = at)
    })
}

/// A secret that can be sent in a header and printed on one line: 1 byte to 8 KiB of visible ASCII.
fn usable(json: &Value, at: &Pointers) -> Option<Secret> {
    let text = at.find(json)?.as_str()?;
    let fits = (1..=MAX_TOKEN_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| Secret::new(text))
}

/// Until when something that was just issued lives: by the first notation that can be read.
fn issued_until(
    definition: &Definition,
    expiries: &OneOrMany<Expiry>,
    json: &Value,
    token: &Secret,
    asked: Option<Duration>,
    timing: Timing,
) -> Result<Time, ProviderError> {
    for expiry in expiries.iter() {
        let value = expiry.at.as_ref().and_then(|at| at.find(json));
        match expiry::read(expiry.notation, Source { value, token, asked: asked.or(expiry.life), timing }) {
            Ok(at) => return Ok(at),
            // What one notation says is dead is not brought to life by another.
            Err(ExpiryError::Past) => {
                return Err(bad!(
                    definition,
                    "error-answer-past",
                    "The answer of {provider} has an expiry that lies in the past; is this machine's clock right?"
                ));
            }
            Err(ExpiryError::Missing | ExpiryError::Unreadable) => {}
        }
    }
    Err(bad!(definition, "error-answer-expiry", "The answer of {provider} has no expiry that can be read."))
}

/// A moment in a list, told by our clock; `None` where it cannot be read.
fn moment(json: &Value, places: &OneOrMany<Instant>, timing: Timing) -> Option<Time> {
    places.iter().find_map(|place| {
        let at = expiry::instant(place.notation, place.at.find(json)?).ok()?;
        Some(timing.by_our_clock(at))
    })
}

fn id(json: &Value, at: &Pointers) -> Option<String> {
    at.text(json).filter(|id| id.chars().count() <= MAX_ID && !id.chars().any(char::is_control))
}

fn word(json: &Value, at: Option<&Pointers>) -> Option<String> {
    at?.text(json).map(|text| plain(&text)).filter(|text| !text.is_empty())
}

/// Text for people, on one line and of bounded length, whatever the provider wrote.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}
