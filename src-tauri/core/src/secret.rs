//! Secrets: text that is wiped when dropped, never printed, and compared in constant time.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A credential or token.
///
/// It is neither `Display` nor `Serialize`, and its `Debug` shows nothing of it. [`Secret::expose`] is the one way to
/// the text, and the word to look for in a review. The memory is wiped on drop.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes `text` in; the caller's copy is moved, not cloned.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A short name for this secret that can be shown and logged: the first 12 hex digits of its SHA-256.
    ///
    /// 48 bits tell a user's tokens apart, and say nothing about a secret with the entropy of a token.
    pub fn fingerprint(&self) -> String {
        let mut hex = self.digest();
        hex.truncate(12);
        hex
    }

    /// The SHA-256 of the text in lower-case hex (64 characters): what an issuer stores in place of the token.
    pub fn digest(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.sha256())
    }

    /// The same in its 32 bytes.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Constant-time in the content (not in the length).
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::new("rt_0123");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert!(!format!("{:#?}", Some(&secret)).contains("0123"));
    }

    #[test]
    fn fingerprint_is_the_head_of_the_digest() {
        // printf abc | sha256sum
        let secret = Secret::new("abc");
        assert_eq!(secret.fingerprint(), "ba7816bf8f01");
        assert!(secret.digest().starts_with("ba7816bf8f01cfea4141"));
    }

    #[test]
    fn equality_is_by_content() {
        assert_eq!(Secret::new("a"), Secret::new("a"));
        assert_ne!(Secret::new("a"), Secret::new("b"));
        assert_ne!(Secret::new("a"), Secret::new("ab"));
    }
}
