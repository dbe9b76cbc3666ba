//! Text with `{placeholders}`.

use serde::Deserialize;

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// `{credential}`: the account's long-lived secret.
    Credential,
    /// `{grant}`: the secret that renews a session.
    Grant,
    /// `{session_id}`: the session that is to be revoked.
    SessionId,
    /// `{device_code}`: the secret that a sign-in is polled with.
    DeviceCode,
    /// `{name}`: the name of the session that is opened.
    Name,
    /// `{life_seconds}`: the life that is asked for, in seconds.
    LifeSeconds,
    /// `{life_ms}`: the same in milliseconds.
    LifeMs,
    /// `{param.KEY}`: a parameter of the account.
    Param(String),
}

impl Placeholder {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "credential" => Self::Credential,
            "grant" => Self::Grant,
            "session_id" => Self::SessionId,
            "device_code" => Self::DeviceCode,
            "name" => Self::Name,
            "life_seconds" => Self::LifeSeconds,
            "life_ms" => Self::LifeMs,
            _ => Self::Param(word.strip_prefix("param.").filter(|key| !key.is_empty())?.to_owned()),
        })
    }
}

impl std::fmt::Display for Placeholder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Credential => f.write_str("{credential}"),
            Self::Grant => f.write_str("{grant}"),
            Self::SessionId => f.write_str("{session_id}"),
            Self::DeviceCode => f.write_str("{device_code}"),
            Self::Name => f.write_str("{name}"),
            Self::LifeSeconds => f.write_str("{life_seconds}"),
            Self::LifeMs => f.write_str("{life_ms}"),
            Self::Param(key) => write!(f, "{{param.{key}}}"),
        }
    }
}

/// One part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Value(Placeholder),
}

/// Text with placeholders; `{{` and `}}` stand for the braces themselves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Template(Vec<Piece>);

impl Template {
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.0
    }

    pub(crate) fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value(placeholder) => Some(placeholder),
            Piece::Text(_) => None,
        })
    }

    /// The placeholder, where the template is nothing else: its value then keeps its type in JSON.
    pub(crate) fn sole(&self) -> Option<&Placeholder> {
        match self.0.as_slice() {
            [Piece::Value(placeholder)] => Some(placeholder),
            _ => None,
        }
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(source: String) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = source.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            text.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                text.push_str(&from[..1]);
                rest = after;
                continue;
            }
            let Some((word, after)) = from.strip_prefix('{').and_then(|inside| inside.split_once('}')) else {
                return Err(format!("a brace in {source:?} has no partner; write {{{{ or }}}} for the brace itself"));
            };
            let placeholder = Placeholder::parse(word).ok_or_else(|| {
                format!(
                    "there is no placeholder {{{word}}}; there are credential, grant, session_id, device_code, name, \
                     life_seconds, life_ms and param.KEY"
                )
            })?;
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(Piece::Value(placeholder));
            rest = after;
        }
        text.push_str(rest);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self(pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<Template, String> {
        Template::try_from(text.to_owned())
    }

    #[test]
    fn text_and_placeholders_alternate() {
        let template = template("/a/{session_id}/{param.x}").unwrap();
        assert_eq!(
            template.pieces(),
            [
                Piece::Text("/a/".into()),
                Piece::Value(Placeholder::SessionId),
                Piece::Text("/".into()),
                Piece::Value(Placeholder::Param("x".into())),
            ]
        );
        assert_eq!(template.sole(), None);
    }

    #[test]
    fn a_doubled_brace_is_the_brace_itself() {
        assert_eq!(template("{{a}}").unwrap().pieces(), [Piece::Text("{a}".into())]);
        assert_eq!(template("").unwrap().pieces(), []);
    }

    #[test]
    fn a_lone_brace_and_an_unknown_word_are_refused() {
        for text in ["{", "}", "a{b", "a}b", "{}", "{tokn}", "{param.}", "{ credential }"] {
            assert!(template(text).is_err(), "{text}");
        }
    }
}
