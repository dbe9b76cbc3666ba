//! A request with placeholders, as it is written.

use std::collections::BTreeMap;

use http::HeaderName;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::{OneOrMany, Placeholder, Template};

/// The key by which the TOML reader passes on a date.
const DATE_KEY: &str = "$__toml_private_datetime";

/// What is sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Alternatives are tried in order as long as the answer is 404.
    pub(crate) path: Spanned<OneOrMany<Template>>,
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Spanned<Template>>,
    /// Alternatives of a header are tried in order as long as the answer is 401.
    #[serde(default)]
    pub(crate) headers: BTreeMap<HeaderText, Spanned<OneOrMany<Template>>>,
    pub(crate) json: Option<Spanned<Node>>,
    pub(crate) form: Option<Spanned<BTreeMap<String, Spanned<Template>>>>,
}

/// The methods that there are; by their own spelling (RFC 9110 section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// A header's name that a definition may set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct HeaderText(String);

impl HeaderText {
    /// As it was written; names do not care for case, but users do.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HeaderText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let name = HeaderName::try_from(&text).map_err(|_| format!("{text:?} is not a header's name"))?;
        // These belong to the connection; a request that says otherwise than it is done is how requests get smuggled.
        let own = [http::header::HOST, http::header::CONTENT_LENGTH, http::header::TRANSFER_ENCODING];
        if own.contains(&name) || name == http::header::CONNECTION {
            return Err(format!("the header {text:?} is written by Daypass itself"));
        }
        Ok(Self(text))
    }
}

/// A part of a JSON body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Text(Template),
    Literal(serde_json::Value),
    List(Vec<Spanned<Node>>),
    Table(BTreeMap<String, Spanned<Node>>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tree;

        impl<'de> Visitor<'de> for Tree {
            type Value = Node;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string, number, boolean, array or table")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
                Template::try_from(text.to_owned()).map(Node::Text).map_err(E::custom)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Literal(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Literal(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Literal(value.into()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
                let number = serde_json::Number::from_f64(value).ok_or_else(|| E::custom("JSON has no such number"))?;
                Ok(Node::Literal(number.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(node) = seq.next_element()? {
                    list.push(node);
                }
                Ok(Node::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut table = BTreeMap::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key == DATE_KEY {
                        return Err(A::Error::custom("JSON has no dates; write it in quotes"));
                    }
                    table.insert(key, map.next_value()?);
                }
                Ok(Node::Table(table))
            }
        }

        deserializer.deserialize_any(Tree)
    }
}

/// Where in a request a template stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
    Body,
}

impl Request {
    /// Every placeholder, with its place and the offset in the file of what holds it.
    pub(crate) fn placeholders(&self) -> Vec<(Place, usize, &Placeholder)> {
        let mut all = Vec::new();
        for template in self.path.get_ref().iter() {
            all.extend(template.placeholders().map(|found| (Place::Path, self.path.span().start, found)));
        }
        for template in self.query.values() {
            all.extend(template.get_ref().placeholders().map(|found| (Place::Query, template.span().start, found)));
        }
        for templates in self.headers.values() {
            for template in templates.get_ref().iter() {
                all.extend(template.placeholders().map(|found| (Place::Header, templates.span().start, found)));
            }
        }
        for template in self.form.iter().flat_map(|form| form.get_ref().values()) {
            all.extend(template.get_ref().placeholders().map(|found| (Place::Body, template.span().start, found)));
        }
        let mut nodes: Vec<&Spanned<Node>> = self.json.iter().collect();
        while let Some(node) = nodes.pop() {
            match node.get_ref() {
                Node::Text(template) => {
                    all.extend(template.placeholders().map(|found| (Place::Body, node.span().start, found)));
                }
                Node::Literal(_) => {}
                Node::List(list) => nodes.extend(list),
                Node::Table(table) => nodes.extend(table.values()),
            }
        }
        all
    }

    /// Whether the request has this placeholder anywhere.
    pub(crate) fn sends(&self, placeholder: &Placeholder) -> bool {
        self.placeholders().iter().any(|(_, _, found)| *found == placeholder)
    }
}
