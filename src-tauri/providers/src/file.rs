//! A definition file as it is written: the tables of the TOML, each value already of its own type.
//!
//! What is wrong with one value is found here, by the type that reads it. What is wrong between values is found in
//! [`crate::check`]. The words are those of `definitions/README.md`.

mod expiry;
mod one_or_many;
mod pointer;
mod request;
mod rule;
mod span;
mod template;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;
use url::Url;

pub(crate) use expiry::{Expiry, Instant};
pub(crate) use one_or_many::OneOrMany;
pub(crate) use pointer::Pointers;
pub(crate) use request::{HeaderText, Method, Node, Place, Request};
pub(crate) use rule::Rules;
pub(crate) use span::Span;
pub(crate) use template::{Piece, Placeholder, Template};

use crate::{LifeRange, policy};

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) name: Spanned<Key>,
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) base_url: BaseUrl,
    pub(crate) credential: Credential,
    pub(crate) session: Session,
    #[serde(default)]
    pub(crate) params: Vec<Spanned<Param>>,
    pub(crate) effects: Effects,
    #[serde(default)]
    pub(crate) answers: Answers,
    pub(crate) mint: Spanned<Mint>,
    pub(crate) renew: Option<Spanned<Renew>>,
    pub(crate) list: Option<Spanned<List>>,
    pub(crate) inspect: Option<Inspect>,
    pub(crate) create: Option<Spanned<Create>>,
    pub(crate) revoke: Option<Spanned<Revoke>>,
    pub(crate) revoke_all: Option<Spanned<RevokeAll>>,
    pub(crate) sign_in: Option<SignIn>,
    #[serde(default)]
    pub(crate) offers: BTreeMap<String, Spanned<Offers>>,
}

/// A name that stands in commands and file names: 1 to 32 of `a-z`, `0-9`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Key(pub(crate) String);

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} is not a name: 1 to 32 of a-z, 0-9, _ and -"))
        }
    }
}

/// A base URL that credentials may be sent to.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct BaseUrl(pub(crate) Url);

impl TryFrom<String> for BaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        policy::parse(&text).map(Self).map_err(|error| error.to_string())
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credential {
    pub(crate) label: String,
    pub(crate) help: String,
}

/// What the provider's session tokens are like.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    pub(crate) header: HeaderText,
    #[serde(default)]
    pub(crate) prefix: String,
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) is_credential: bool,
    pub(crate) deletes_predecessor: Option<Spanned<bool>>,
    #[serde(default)]
    pub(crate) shown_once: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Param {
    pub(crate) key: Key,
    pub(crate) label: String,
    pub(crate) help: String,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) kind: ParamKind,
}

/// What a parameter is in a JSON body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ParamKind {
    /// A string.
    #[default]
    Text,
    /// An array of strings, given with commas or spaces between them.
    List,
    /// A number.
    Number,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Effects {
    pub(crate) revoke: String,
    pub(crate) revoke_all: Option<Spanned<String>>,
}

/// What answers mean, beyond their status.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answers {
    #[serde(default)]
    pub(crate) sign_in_again: Rules,
    #[serde(default)]
    pub(crate) already_gone: Rules,
    #[serde(default)]
    pub(crate) rejected: Rules,
    #[serde(default)]
    pub(crate) try_later: Rules,
}

/// Opens a session: `[mint]` and `[create]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mint {
    pub(crate) request: Request,
    pub(crate) answer: MintAnswer,
    pub(crate) life: Option<Spanned<Life>>,
    pub(crate) default_name: Option<String>,
}

impl Mint {
    /// The lives that may be asked for; `None` where the provider decides.
    pub(crate) fn life_range(&self) -> Option<LifeRange> {
        let life = self.life.as_ref()?.get_ref();
        Some(LifeRange { min: life.min.0, max: life.max.0, default: life.default.0 })
    }
}

/// The lives that may be asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Life {
    pub(crate) min: Span,
    pub(crate) max: Span,
    pub(crate) default: Span,
    #[serde(default)]
    pub(crate) send_default: bool,
}

/// Where in the answer everything stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MintAnswer {
    pub(crate) token: Pointers,
    pub(crate) id: Option<Pointers>,
    pub(crate) name: Option<Pointers>,
    pub(crate) kind: Option<Pointers>,
    pub(crate) created_at: Option<OneOrMany<Instant>>,
    pub(crate) expires: Spanned<OneOrMany<Expiry>>,
    pub(crate) grant: Option<Pointers>,
    pub(crate) grant_expires: Option<OneOrMany<Expiry>>,
    pub(crate) credential: Option<Pointers>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Renew {
    pub(crate) request: Request,
    pub(crate) answer: MintAnswer,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    pub(crate) request: Request,
    pub(crate) answer: ListAnswer,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListAnswer {
    pub(crate) items: Pointers,
    pub(crate) id: Pointers,
    pub(crate) name: Option<Pointers>,
    pub(crate) kind: Option<Pointers>,
    pub(crate) created_at: Option<OneOrMany<Instant>>,
    pub(crate) expires: Option<OneOrMany<Instant>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inspect {
    pub(crate) request: Request,
    #[serde(default)]
    pub(crate) answer: InspectAnswer,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InspectAnswer {
    pub(crate) id: Option<Pointers>,
    pub(crate) kind: Option<Pointers>,
    #[serde(default)]
    pub(crate) barred: Rules,
}

/// `create = "mint"`, or a table of its own.
#[derive(Debug, Clone)]
pub(crate) enum Create {
    AsMint,
    Own(Box<Mint>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    pub(crate) request: Request,
}

/// `revoke_all = "one_by_one"`, or a table of its own.
#[derive(Debug, Clone)]
pub(crate) enum RevokeAll {
    OneByOne,
    Own(Box<RevokeAllTable>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeAllTable {
    pub(crate) request: Request,
    #[serde(default)]
    pub(crate) answer: RevokeAllAnswer,
    #[serde(default)]
    pub(crate) signs_out: bool,
    #[serde(default)]
    pub(crate) tokens_live_on: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeAllAnswer {
    pub(crate) credential: Option<Pointers>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    pub(crate) begin: Begin,
    pub(crate) poll: Poll,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    pub(crate) request: Request,
    pub(crate) answer: BeginAnswer,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginAnswer {
    pub(crate) device_code: Pointers,
    pub(crate) user_code: Pointers,
    pub(crate) qr: Option<Pointers>,
    pub(crate) expires: Spanned<OneOrMany<Expiry>>,
    pub(crate) interval_seconds: Option<Pointers>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Poll {
    pub(crate) request: Spanned<Request>,
    pub(crate) interval: Span,
    pub(crate) answer: PollAnswer,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PollAnswer {
    pub(crate) credential: Pointers,
    pub(crate) pending: Rules,
}

/// How to ask which values a parameter takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offers {
    pub(crate) request: Request,
    pub(crate) answer: OffersAnswer,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OffersAnswer {
    pub(crate) items: Pointers,
    pub(crate) value: Pointers,
    pub(crate) label: Option<Pointers>,
}

impl<'de> Deserialize<'de> for Create {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word_or_table(deserializer, "mint", Self::AsMint, |mint| Self::Own(Box::new(mint)))
    }
}

impl<'de> Deserialize<'de> for RevokeAll {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word_or_table(deserializer, "one_by_one", Self::OneByOne, |all| Self::Own(Box::new(all)))
    }
}

/// Reads either the one `word`, or a table; serde's untagged enums would lose the reason and the line.
fn word_or_table<'de, D, W, T>(
    deserializer: D,
    word: &'static str,
    by_word: W,
    by_table: impl FnOnce(T) -> W,
) -> Result<W, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct WordOrTable<W, F, T> {
        word: &'static str,
        by_word: W,
        by_table: F,
        table: std::marker::PhantomData<T>,
    }

    impl<'de, W, F: FnOnce(T) -> W, T: Deserialize<'de>> Visitor<'de> for WordOrTable<W, F, T> {
        type Value = W;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "the word {:?} or a table", self.word)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<W, E> {
            if text == self.word {
                Ok(self.by_word)
            } else {
                Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<W, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(self.by_table)
        }
    }

    deserializer.deserialize_any(WordOrTable { word, by_word, by_table, table: std::marker::PhantomData })
}
