//! Places in a JSON answer, by JSON pointer (RFC 6901).

use serde::Deserialize;
use serde_json::Value;

use super::OneOrMany;

/// One place; `""` is the whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Pointer(String);

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || text.starts_with('/') {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} is not a JSON pointer; did you mean \"/{text}\"?"))
        }
    }
}

/// A place, or several of which the first that holds something counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Pointers(OneOrMany<Pointer>);

impl Pointers {
    /// The first value that is there and not `null`.
    pub(crate) fn find<'a>(&self, answer: &'a Value) -> Option<&'a Value> {
        self.0.iter().find_map(|pointer| answer.pointer(&pointer.0).filter(|value| !value.is_null()))
    }

    /// The value as text, where it is a string that is not empty, or a number.
    pub(crate) fn text(&self, answer: &Value) -> Option<String> {
        match self.find(answer)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// The places as they are named in messages: `/session_id or /id`.
impl std::fmt::Display for Pointers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (rank, pointer) in self.0.iter().enumerate() {
            let before = if rank == 0 { "" } else { " or " };
            let name = if pointer.0.is_empty() { "the top" } else { &pointer.0 };
            write!(f, "{before}{name}")?;
        }
        Ok(())
    }
}
