//! What an answer looks like that means something.

use serde::Deserialize;
use serde_json::Value;

use super::{OneOrMany, Pointers};

/// One look; every condition that is written must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RuleTable")]
pub(crate) struct Rule {
    status: Option<OneOrMany<u16>>,
    at: Option<Pointers>,
    is: Option<OneOrMany<String>>,
    contains: Option<String>,
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    status: Option<OneOrMany<u16>>,
    at: Option<Pointers>,
    is: Option<OneOrMany<String>>,
    contains: Option<String>,
}

impl TryFrom<RuleTable> for Rule {
    type Error = String;

    fn try_from(table: RuleTable) -> Result<Self, String> {
        let RuleTable { status, at, is, contains } = table;
        if status.is_none() && at.is_none() && contains.is_none() {
            return Err("a rule needs a status, a place (at) or a text (contains)".to_owned());
        }
        if is.is_some() && at.is_none() {
            return Err("a rule with `is` needs the place (at) to look at".to_owned());
        }
        Ok(Self { status, at, is, contains: contains.map(|text| text.to_ascii_lowercase()) })
    }
}

impl Rule {
    /// Whether an answer with this status, body as text, and body as JSON looks like that.
    fn matches(&self, status: u16, text: &str, json: Option<&Value>) -> bool {
        let spoken = self.at.as_ref().map(|at| json.and_then(|json| at.find(json)).map(plain));
        let is_status = self.status.as_ref().is_none_or(|known| known.iter().any(|known| *known == status));
        let is_there = !matches!(spoken, Some(None));
        let spoken = spoken.flatten();
        let is_word = self
            .is
            .as_ref()
            .is_none_or(|known| spoken.as_ref().is_some_and(|spoken| known.iter().any(|known| known == spoken)));
        let contains = self.contains.as_ref().is_none_or(|part| {
            let whole = if self.at.is_some() { spoken.as_deref().unwrap_or_default() } else { text };
            whole.to_ascii_lowercase().contains(part)
        });
        is_status && is_there && is_word && contains
    }
}

/// A scalar as text; other values have none worth comparing.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// Several rules, any of which is enough; none match nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Rules(Option<OneOrMany<Rule>>);

impl Rules {
    /// Whether any rule matches.
    pub(crate) fn match_any(&self, status: u16, text: &str, json: Option<&Value>) -> bool {
        self.first_match(status, text, json).is_some()
    }

    /// What the first matching rule found at its place, empty where it looks at none.
    pub(crate) fn first_match(&self, status: u16, text: &str, json: Option<&Value>) -> Option<String> {
        let rule = self.0.as_ref()?.iter().find(|rule| rule.matches(status, text, json))?;
        let found = rule.at.as_ref().and_then(|at| json.and_then(|json| at.find(json)));
        Some(found.map(plain).unwrap_or_default())
    }
}
