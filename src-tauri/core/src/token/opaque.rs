//! Opaque random tokens with a prefix: `rt_<hex>`, `dvc_<hex>`, AntiRaid's alphanumerics, UUIDs.

use crate::{Chance, Secret};

/// The 62 characters of an alphanumeric token.
const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// `prefix` followed by `bytes` random bytes in lower-case hex (two characters each).
pub fn hex(prefix: &str, bytes: usize, chance: &dyn Chance) -> Secret {
    let mut random = zeroize::Zeroizing::new(vec![0; bytes]);
    chance.fill(&mut random);
    // Room from the start: a string that grows leaves copies of itself behind.
    let mut text = String::with_capacity(prefix.len() + 2 * bytes);
    text.push_str(prefix);
    data_encoding::HEXLOWER.encode_append(&random, &mut text);
    Secret::new(text)
}

/// `length` characters, each drawn evenly from `A-Z a-z 0-9` (by rejection, so that no character is favoured).
pub fn alphanumeric(length: usize, chance: &dyn Chance) -> Secret {
    let mut text = String::with_capacity(length);
    let mut block = zeroize::Zeroizing::new([0_u8; 64]);
    while text.len() < length {
        chance.fill(&mut *block);
        // 248 = 4 × 62: bytes above it would favour the first characters.
        let drawn = block.iter().filter(|byte| **byte < 248).map(|byte| ALPHANUMERIC[usize::from(byte % 62)] as char);
        text.extend(drawn.take(length - text.len()));
    }
    Secret::new(text)
}

/// A random UUID, version 4 (RFC 9562 section 5.4), lower case with hyphens: 36 characters.
pub fn uuid(chance: &dyn Chance) -> String {
    let mut bytes = [0; 16];
    chance.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts upward: every byte value comes up.
    struct Counting(std::sync::atomic::AtomicU8);

    impl Chance for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn each_form_has_its_alphabet_and_length() {
        let chance = Counting(0.into());
        let hex = hex("rt_", 32, &chance);
        assert_eq!(hex.expose().len(), 3 + 64);
        assert!(hex.expose().starts_with("rt_0001"));
        let text = alphanumeric(128, &chance);
        assert_eq!(text.expose().len(), 128);
        assert!(text.expose().bytes().all(|b| b.is_ascii_alphanumeric()));
    }

    #[test]
    fn alphanumerics_are_drawn_evenly() {
        let chance = Counting(0.into());
        let text = alphanumeric(62 * 4 * 10, &chance);
        for character in ALPHANUMERIC {
            let count = text.expose().bytes().filter(|b| b == character).count();
            assert_eq!(count, 40, "{}", *character as char);
        }
    }

    #[test]
    fn uuid_says_version_4_variant_1() {
        let uuid = uuid(&Counting(0.into()));
        assert_eq!(uuid, "00010203-0405-4607-8809-0a0b0c0d0e0f");
    }
}
