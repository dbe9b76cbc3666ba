//! The values that placeholders take in one call, and how they are written into each place of a request.

use std::collections::BTreeMap;
use std::time::Duration;

use daypass_core::{Secret, phrase};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::file::{Node, ParamKind, Piece, Placeholder, Template};
use crate::{Definition, ProviderError, Target};

/// What is written with `%` in a path: all but the unreserved characters (RFC 3986 section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The values of one call. What is `None` has no value, and what it stands in is left out.
#[derive(Default)]
pub(crate) struct Values<'a> {
    pub(crate) credential: Option<&'a Secret>,
    pub(crate) grant: Option<&'a Secret>,
    pub(crate) device_code: Option<&'a Secret>,
    pub(crate) session_id: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) life: Option<Duration>,
    pub(crate) params: BTreeMap<&'a str, ParamValue>,
    /// The parameters that must have a value wherever they are used.
    pub(crate) required: Vec<&'a str>,
}

/// A parameter's value by its kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ParamValue {
    Text(String),
    List(Vec<String>),
    Number(serde_json::Number),
}

/// Reads the text of a parameter by its kind.
///
/// # Errors
/// [`ProviderError::BadRequest`] for a list without an element, or a number that is none.
pub(crate) fn read_param(key: &str, kind: ParamKind, text: &str) -> Result<ParamValue, ProviderError> {
    let empty = || ProviderError::BadRequest {
        message: phrase!("error-parameter-empty", "The parameter {parameter} is empty.", parameter = key),
    };
    let no_number = || ProviderError::BadRequest {
        message: phrase!("error-parameter-no-number", "The parameter {parameter} is not a number.", parameter = key),
    };
    match kind {
        ParamKind::Text if text.trim().is_empty() => Err(empty()),
        ParamKind::Text => Ok(ParamValue::Text(text.to_owned())),
        ParamKind::List => {
            let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
            let words: Vec<String> = words.map(str::to_owned).collect();
            if words.is_empty() { Err(empty()) } else { Ok(ParamValue::List(words)) }
        }
        ParamKind::Number => text.trim().parse().map(ParamValue::Number).map_err(|_| no_number()),
    }
}

/// The text of a secret, which must not be empty: some servers take an empty one for "nobody", and let nobody in.
fn sent(secret: Option<&Secret>) -> Result<Option<String>, ProviderError> {
    match secret {
        Some(secret) if secret.expose().trim().is_empty() => {
            Err(ProviderError::BadRequest { message: phrase!("error-credential-empty", "The credential is empty.") })
        }
        secret => Ok(secret.map(|secret| secret.expose().to_owned())),
    }
}

impl<'a> Values<'a> {
    /// The values of an account's parameters, those left out by their default; the rest is to be filled in.
    ///
    /// # Errors
    /// [`ProviderError::BadRequest`] as [`read_param`].
    pub(crate) fn of(definition: &'a Definition, target: &'a Target) -> Result<Self, ProviderError> {
        let mut values = Self::default();
        for param in definition.params() {
            let key = param.key.as_str();
            let kind = definition.checked.param_kinds.get(key).copied().unwrap_or_default();
            if let Some(text) = target.params.get(key).or(param.default.as_ref()) {
                values.params.insert(key, read_param(key, kind, text)?);
            }
            if param.required {
                values.required.push(key);
            }
        }
        Ok(values)
    }

    /// Every secret that this call may send: none of them may come back in a message.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &'a Secret> {
        [self.credential, self.grant, self.device_code].into_iter().flatten()
    }

    /// The value in JSON, with its own type.
    fn json(&self, placeholder: &Placeholder) -> Result<Option<Value>, ProviderError> {
        let text = |text: &str| Value::String(text.to_owned());
        Ok(match placeholder {
            Placeholder::LifeSeconds => self.life.map(|life| life.as_secs().into()),
            Placeholder::LifeMs => self.life.map(|life| u64::try_from(life.as_millis()).unwrap_or(u64::MAX).into()),
            Placeholder::Param(key) => match self.param(key)? {
                None => None,
                Some(ParamValue::Text(word)) => Some(text(word)),
                Some(ParamValue::List(words)) => Some(words.clone().into()),
                Some(ParamValue::Number(number)) => Some(Value::Number(number.clone())),
            },
            _ => self.text(placeholder)?.map(|word| text(&word)),
        })
    }

    /// The value as text: a list with spaces between its words.
    fn text(&self, placeholder: &Placeholder) -> Result<Option<String>, ProviderError> {
        Ok(match placeholder {
            Placeholder::Credential => sent(self.credential)?,
            Placeholder::Grant => sent(self.grant)?,
            Placeholder::DeviceCode => sent(self.device_code)?,
            Placeholder::SessionId => self.session_id.map(str::to_owned),
            Placeholder::Name => self.name.map(str::to_owned),
            Placeholder::LifeSeconds => self.life.map(|life| life.as_secs().to_string()),
            Placeholder::LifeMs => self.life.map(|life| life.as_millis().to_string()),
            Placeholder::Param(key) => match self.param(key)? {
                None => None,
                Some(ParamValue::Text(word)) => Some(word.clone()),
                Some(ParamValue::List(words)) => Some(words.join(" ")),
                Some(ParamValue::Number(number)) => Some(number.to_string()),
            },
        })
    }

    fn param(&self, key: &str) -> Result<Option<&ParamValue>, ProviderError> {
        let value = self.params.get(key);
        if value.is_none() && self.required.contains(&key) {
            let message = phrase!("error-parameter-missing", "The parameter {parameter} is missing.", parameter = key);
            return Err(ProviderError::BadRequest { message });
        }
        Ok(value)
    }

    /// A template as text; `None` where a placeholder in it has no value.
    ///
    /// # Errors
    /// [`ProviderError::BadRequest`] where a required parameter is missing.
    pub(crate) fn fill(&self, template: &Template) -> Result<Option<String>, ProviderError> {
        let mut filled = String::new();
        for piece in template.pieces() {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Value(placeholder) => match self.text(placeholder)? {
                    Some(text) => filled.push_str(&text),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(filled))
    }

    /// A template as a path; each value is one segment's worth of text, percent-encoded.
    ///
    /// # Errors
    /// [`ProviderError::BadRequest`] for a value that is missing or empty, or that would step to another path.
    pub(crate) fn path(&self, template: &Template) -> Result<String, ProviderError> {
        let mut path = String::new();
        for piece in template.pieces() {
            match piece {
                Piece::Text(text) => path.push_str(text),
                Piece::Value(placeholder) => {
                    let text = self.text(placeholder)?.unwrap_or_default();
                    // `.` and `..` are steps however they are encoded (WHATWG URL, "double-dot URL path segment").
                    if text.is_empty() || text == "." || text == ".." {
                        let message = phrase!(
                            "error-value-in-address",
                            "{value} cannot stand in an address as it is.",
                            value = placeholder
                        );
                        return Err(ProviderError::BadRequest { message });
                    }
                    path.extend(utf8_percent_encode(&text, SEGMENT));
                }
            }
        }
        Ok(path)
    }

    /// A JSON body; what has no value is left out.
    ///
    /// # Errors
    /// [`ProviderError::BadRequest`] where a required parameter is missing.
    pub(crate) fn body(&self, node: &Node) -> Result<Option<Value>, ProviderError> {
        Ok(match node {
            Node::Literal(value) => Some(value.clone()),
            Node::Text(template) => match template.sole() {
                Some(placeholder) => self.json(placeholder)?,
                None => self.fill(template)?.map(Value::String),
            },
            Node::List(nodes) => {
                let mut list = Vec::new();
                for node in nodes {
                    list.extend(self.body(node.get_ref())?);
                }
                Some(Value::Array(list))
            }
            Node::Table(nodes) => {
                let mut table = serde_json::Map::new();
                for (key, node) in nodes {
                    if let Some(value) = self.body(node.get_ref())? {
                        table.insert(key.clone(), value);
                    }
                }
                Some(Value::Object(table))
            }
        })
    }
}
