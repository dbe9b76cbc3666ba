//! A set of scopes as OAuth writes one: words with a space between (RFC 6749 section 3.3).

use std::collections::BTreeSet;
use std::fmt;

/// The most words of a set, and the longest of them in bytes.
const MOST: usize = 64;
const LONGEST: usize = 128;

/// A set of scope words, in alphabetical order. It may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// The scopes that `text` names, with single spaces between; the empty text names none.
    ///
    /// `None` where a character is not one of a scope (visible ASCII but `"` and `\`), where two spaces meet, or where
    /// there are more than 64 or one has more than 128 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let word = |word: &str| {
            let fits = !word.is_empty() && word.len() <= LONGEST;
            (fits && word.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))).then(|| word.to_owned())
        };
        let words: BTreeSet<String> = text.split(' ').map(word).collect::<Option<_>>()?;
        (words.len() <= MOST).then_some(Self(words))
    }

    /// Whether every one of `asked` is in here.
    pub fn include(&self, asked: &Self) -> bool {
        asked.0.is_subset(&self.0)
    }

    /// What is in here or in `other`. It may have more words than [`Scopes::parse`] reads.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { " " } else { "" })?;
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_words_with_single_spaces() {
        let scopes = Scopes::parse("write read read").unwrap();
        assert_eq!(scopes.to_string(), "read write");
        assert!(scopes.include(&Scopes::parse("read").unwrap()) && scopes.include(&Scopes::default()));
        assert!(!Scopes::parse("read").unwrap().include(&scopes));
        assert_eq!(Scopes::parse(""), Some(Scopes::default()));
        assert_eq!(scopes.union(&Scopes::parse("admin read").unwrap()).to_string(), "admin read write");
        let many: Vec<String> = (0..65).map(|n| n.to_string()).collect();
        for bad in [" ", "a  b", " a", "a ", "a\"", "a\\", "é", "a\tb", &"x".repeat(129), &many.join(" ")] {
            assert_eq!(Scopes::parse(bad), None, "{bad:?}");
        }
    }
}
