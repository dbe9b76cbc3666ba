//! What the native dialect's requests have in common: a form, and a client that authenticates (RFC 6749 section 2.3).

use std::borrow::Cow;
use std::sync::Arc;

use data_encoding::BASE64;
use daypass_core::Secret;
use daypass_core::lineage::Scopes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use url::form_urlencoded;

use super::{Refusal, invalid_request};
use crate::Service;
use crate::call::Call;
use crate::model::Client;
use crate::rate::Target;

/// The parameters of a request. Any of them may be a secret.
pub(super) struct Form(Vec<(String, Secret)>);

impl Form {
    /// Reads the body. A parameter without a value counts as left out (RFC 6749 section 3.2); unknown ones are ignored.
    pub(super) fn read(call: &Call) -> Result<Self, Refusal> {
        let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(invalid_request("The body must be sent as application/x-www-form-urlencoded"));
        }
        let mut fields: Vec<(String, Secret)> = Vec::new();
        for (name, value) in pairs(&call.body) {
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(invalid_request("A parameter was sent more than once"));
            }
            fields.push((name.into_owned(), Secret::new(value)));
        }
        fields.retain(|(_, value)| !value.is_empty());
        Ok(Self(fields))
    }

    /// The value of `name`, where there is one.
    pub(super) fn find(&self, name: &str) -> Option<&Secret> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The value of `name`, which must be there.
    pub(super) fn demand(&self, name: &str) -> Result<&Secret, Refusal> {
        self.find(name).ok_or_else(|| invalid_request(format!("The parameter {name} is missing")))
    }

    /// The scopes that are asked for, where some are: within `allowed`.
    pub(super) fn scopes(&self, allowed: &Scopes) -> Result<Option<Scopes>, Refusal> {
        let Some(text) = self.find("scope") else { return Ok(None) };
        match Scopes::parse(text.expose()) {
            Some(scopes) if allowed.include(&scopes) => Ok(Some(scopes)),
            _ => Err(Refusal::OAuth("invalid_scope", "A scope is not among those that the client may ask for".into())),
        }
    }
}

/// The pairs of a form. Where nothing is escaped, as in most, they are read as they stand: decoding a token, which is long,
/// took a twelfth of an introspection.
fn pairs(form: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let escaped = form.iter().any(|byte| matches!(byte, b'%' | b'+') || !byte.is_ascii());
    let (plain, escaped) = if escaped { (None, form) } else { (str::from_utf8(form).ok(), &[][..]) };
    let plain = plain.into_iter().flat_map(|form| form.split('&')).filter(|pair| !pair.is_empty());
    let plain = plain.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    plain.map(|(name, value)| (name.into(), value.into())).chain(form_urlencoded::parse(escaped))
}

/// For fuzzers: the parameters that are read, if the form is not refused.
#[cfg(feature = "fuzzing")]
pub(crate) fn parameters(call: &Call) -> Option<Vec<(String, Secret)>> {
    Form::read(call).ok().map(|form| form.0)
}

/// The client that makes the call: by HTTP Basic (`client_secret_basic`), by the form (`client_secret_post`), or, where it
/// is public, by its id alone (`none`).
pub(super) async fn client(service: &Service, call: &Call, form: &Form) -> Result<Arc<Client>, Refusal> {
    let in_form = form.find("client_id");
    let (id, secret) = if call.headers.contains_key(AUTHORIZATION) {
        if form.find("client_secret").is_some() {
            return Err(invalid_request("The client must authenticate in one way, not in two at once"));
        }
        let (id, secret) = basic(call).ok_or_else(|| unknown(None))?;
        if in_form.is_some_and(|other| *other != id) {
            return Err(invalid_request("The client_id differs from the one in the Authorization header"));
        }
        (id, Some(secret))
    } else {
        (in_form.ok_or_else(|| unknown(None))?.clone(), form.find("client_secret").cloned())
    };
    // A public client may send an empty secret, as some libraries do.
    let secret = secret.filter(|secret| !secret.is_empty());
    service.verify_client(id.expose(), secret.as_ref()).await?.ok_or_else(|| unknown(Some(&id)))
}

/// The client, where it must have shown a secret.
pub(super) async fn confidential(service: &Service, call: &Call, form: &Form) -> Result<Arc<Client>, Refusal> {
    let client = client(service, call, form).await?;
    if client.digest.is_some() { Ok(client) } else { Err(unknown(None)) }
}

fn unknown(id: Option<&Secret>) -> Refusal {
    let about = "The client is not known, or its secret is wrong";
    Refusal::Guess("invalid_client", about.into(), id.map(|id| Target::client(id.expose())).into_iter().collect())
}

/// Id and secret of `Authorization: Basic …`, each form-encoded before they were put together (RFC 6749 section 2.3.1).
pub(crate) fn basic(call: &Call) -> Option<(Secret, Secret)> {
    let value = call.token(AUTHORIZATION.as_str()).ok()?;
    let (scheme, encoded) = value.expose().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = BASE64.decode(encoded.trim().as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok())?;
    let text = Secret::new(text);
    let (id, secret) = text.expose().split_once(':')?;
    Some((decoded(id), decoded(secret)))
}

/// One value that was form-encoded; what cannot have been stays as it is, and is no client's.
fn decoded(text: &str) -> Secret {
    let mut pairs = pairs(text.as_bytes());
    match (pairs.next(), pairs.next()) {
        (Some((value, rest)), None) if rest.is_empty() => Secret::new(value),
        _ => Secret::new(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_by_the_library_whether_or_not_something_is_escaped() {
        for form in [
            "",
            "&",
            "=",
            "a",
            "a=",
            "=b",
            "a=b",
            "a=b=c",
            "&&a=b&",
            "a=b&a=c",
            "a=b&&c",
            "a==",
            "a=b c",
            "a=b\u{0}",
            "a+b=c",
            "a=%41",
            "a=b&c=%zz",
            "a=ä",
            "%26=%3d&x=y",
        ] {
            let expected: Vec<_> = form_urlencoded::parse(form.as_bytes()).collect();
            assert_eq!(pairs(form.as_bytes()).collect::<Vec<_>>(), expected, "{form}");
        }
        let broken = b"a=\xff&b=c";
        assert!(pairs(broken).eq(form_urlencoded::parse(broken)));
    }
}
