//! Sealing: XChaCha20-Poly1305 under the vault's key, every sealed value bound to the place where it stands.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use daypass_core::{Chance, Secret};
use zeroize::Zeroizing;

/// The vault's key: 256 bits.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// The length of XChaCha20-Poly1305's nonce: long enough to be drawn at random for every value.
const NONCE_BYTES: usize = 24;

/// Where a sealed value stands. It opens nowhere else, so that swapped rows and columns are found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: i64,
}

/// Seals and opens the secrets of one vault.
pub(crate) struct Cipher {
    aead: XChaCha20Poly1305,
    vault: String,
}

impl Cipher {
    /// A cipher for the vault of this id.
    pub(crate) fn new(key: &Key, vault: &str) -> Self {
        Self { aead: XChaCha20Poly1305::new((&**key).into()), vault: vault.to_owned() }
    }

    /// The sealed form of `secret`: a fresh nonce, then the ciphertext with its tag. `None` for more than 256 GiB.
    pub(crate) fn seal(&self, chance: &dyn Chance, place: Place, secret: &Secret) -> Option<Vec<u8>> {
        let mut sealed = vec![0; NONCE_BYTES];
        chance.fill(&mut sealed);
        let nonce = XNonce::try_from(sealed.as_slice()).ok()?;
        let aad = self.bound_to(place);
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &aad };
        sealed.extend(self.aead.encrypt(&nonce, payload).ok()?);
        Some(sealed)
    }

    /// What was sealed for this very place; `None` for any other key, place or content.
    pub(crate) fn open(&self, place: Place, sealed: &[u8]) -> Option<Secret> {
        let (nonce, text) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        let aad = self.bound_to(place);
        let bytes = Zeroizing::new(self.aead.decrypt(&nonce, Payload { msg: text, aad: &aad }).ok()?);
        std::str::from_utf8(&bytes).ok().map(Secret::new)
    }

    /// The associated data. No part holds a zero byte, so no two places are written alike.
    fn bound_to(&self, place: Place) -> Vec<u8> {
        let Place { table, column, row } = place;
        format!("daypass-vault-1\0{}\0{table}\0{column}\0{row}", self.vault).into_bytes()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Counts upward, so that no two nonces are alike.
    pub(in crate::vault) struct Counting(pub(in crate::vault) std::sync::atomic::AtomicU8);

    impl Chance for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn opens_at_its_own_place_under_its_own_key_alone() {
        let chance = Counting(0.into());
        let cipher = Cipher::new(&Key::new([7; 32]), "one");
        let place = Place { table: "account", column: "credential", row: 1 };
        let sealed = cipher.seal(&chance, place, &Secret::new("rt_0123")).unwrap();
        assert_eq!(cipher.open(place, &sealed), Some(Secret::new("rt_0123")));
        assert!(!sealed.windows(7).any(|window| window == b"rt_0123"));
        assert_ne!(cipher.seal(&chance, place, &Secret::new("rt_0123")).unwrap(), sealed, "the nonce is drawn anew");

        assert_eq!(cipher.open(Place { row: 2, ..place }, &sealed), None);
        assert_eq!(cipher.open(Place { column: "grant_token", ..place }, &sealed), None);
        assert_eq!(cipher.open(Place { table: "session", ..place }, &sealed), None);
        assert_eq!(Cipher::new(&Key::new([7; 32]), "two").open(place, &sealed), None);
        assert_eq!(Cipher::new(&Key::new([8; 32]), "one").open(place, &sealed), None);
        let mut bent = sealed.clone();
        *bent.last_mut().unwrap() ^= 1;
        assert_eq!(cipher.open(place, &bent), None);
        assert_eq!(cipher.open(place, &sealed[..10]), None);
    }
}
