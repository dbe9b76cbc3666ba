//! What is said to a person: in English, and by the names under which the message files have it in other languages.

use std::fmt;
use std::ops::Deref;

/// One sentence, or several that follow each other. It never holds a secret.
///
/// It is made by [`phrase!`](crate::phrase!), so that the English text and the variables stand in one place; a test of
/// `daypass-words` compares each with its message.
#[derive(Debug, Clone)]
pub struct Phrase {
    text: String,
    messages: Vec<Message>,
}

/// A message of the message files, with its variables by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: &'static str,
    /// Its variables. An instant is written as in RFC 3339, so that a face can write it in its own way.
    pub args: Vec<(&'static str, String)>,
}

impl Phrase {
    /// The sentence `text`, which is the message `id` with these variables.
    pub fn new(id: &'static str, text: String, args: Vec<(&'static str, String)>) -> Self {
        Self { text, messages: vec![Message { id, args }] }
    }

    /// The same, and `next` after it.
    pub fn and(mut self, next: Self) -> Self {
        // What is there in English in part is there in English only.
        let whole = !self.messages.is_empty() && !next.messages.is_empty();
        self.messages.extend(next.messages);
        self.messages.truncate(if whole { usize::MAX } else { 0 });
        Self { text: format!("{} {}", self.text, next.text), messages: self.messages }
    }

    /// What it says in English.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The messages that say it, one after the other; none where it is there in English only.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Two phrases are one where they say the same.
impl PartialEq for Phrase {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Phrase {}

impl Deref for Phrase {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// A sentence that is there in English only: somebody else's words.
impl From<String> for Phrase {
    fn from(text: String) -> Self {
        Self { text, messages: Vec::new() }
    }
}

impl From<&str> for Phrase {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// A [`Phrase`]: the message's id, its English text as for [`format!`], and each variable of it by name.
///
/// ```
/// let phrase = daypass_core::phrase!("error-name", "There is no account {account}.", account = "work");
/// assert_eq!(phrase.text(), "There is no account work.");
/// assert_eq!(phrase.messages()[0].args, [("account", "work".to_owned())]);
/// ```
#[macro_export]
macro_rules! phrase {
    ($id:literal, $text:literal $(, $name:ident = $value:expr)* $(,)?) => {{
        $(let $name = ::std::string::ToString::to_string(&$value);)*
        let text = ::std::format!($text $(, $name = $name)*);
        $crate::Phrase::new($id, text, ::std::vec![$((::std::stringify!($name), $name)),*])
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_said_after_it_in_every_language_or_in_english_alone() {
        let first = phrase!("error-a", "{who} is away.", who = "It");
        let both = first.clone().and(phrase!("error-b", "Wait."));
        assert_eq!(both.text(), "It is away. Wait.");
        assert_eq!(both.messages().iter().map(|message| message.id).collect::<Vec<_>>(), ["error-a", "error-b"]);
        assert_eq!(first.clone().and("Foreign words.".into()).messages(), []);
        assert_eq!(Phrase::from("Foreign words.").and(first).messages(), []);
    }
}
