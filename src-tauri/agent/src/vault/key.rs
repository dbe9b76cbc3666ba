//! The vault's key: out of the keyring, a key file, or a passphrase.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use daypass_api::reason;
use daypass_core::Chance;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::oneshot;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::error::VaultError;
use super::keyring::{self, KeyringError};
use super::seal::Key;
use crate::KeySource;

/// How long a call of the keyring is waited for. It goes on behind that, and its answer is still taken.
pub(super) const KEYRING_PATIENCE: Duration = Duration::from_secs(3);
/// The least that a key file must hold, in bytes: as much as the key.
const MIN_KEY_FILE: usize = 32;
/// The most that is read of a key file or passphrase file: 64 KiB.
const MAX_KEY_FILE: u64 = 64 << 10;

/// How the key of a vault is come by; kept in the vault, in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recipe {
    /// The keyring's entry for the vault's id is the key.
    Keyring,
    /// HMAC-SHA256 of the file under the salt (the extraction of RFC 5869).
    KeyFile { salt: Vec<u8> },
    /// Argon2id of the passphrase (RFC 9106).
    Passphrase { salt: Vec<u8>, cost: Cost },
}

/// The cost of Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// KiB of memory.
    pub(crate) memory: u32,
    /// Passes over it.
    pub(crate) passes: u32,
    /// Lanes.
    pub(crate) lanes: u32,
}

impl Cost {
    /// The second choice of RFC 9106 section 4 (64 MiB, 3 passes), on one lane: nothing here runs several threads.
    pub(crate) const USUAL: Self = Self { memory: 64 << 10, passes: 3, lanes: 1 };

    /// The key that Argon2id makes of `passphrase`; blocking, and slow by intent (about 0.1 s).
    ///
    /// # Errors
    /// Why it cannot be made, for the middle of a sentence.
    pub(crate) fn key(self, passphrase: &[u8], salt: &[u8]) -> Result<Key, String> {
        let mut key = Key::new([0; 32]);
        Params::new(self.memory, self.passes, self.lanes, Some(key.len()))
            .and_then(|params| {
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(passphrase, salt, &mut *key)
            })
            .map_err(|error| reason(&error))?;
        Ok(key)
    }
}

impl Recipe {
    /// The recipe of a new vault.
    pub(crate) fn new(source: &KeySource, chance: &dyn Chance) -> Self {
        let mut salt = vec![0; 16];
        chance.fill(&mut salt);
        match source {
            KeySource::Keyring => Self::Keyring,
            KeySource::KeyFile(_) => Self::KeyFile { salt },
            KeySource::PassphraseFile(_) => Self::Passphrase { salt, cost: Cost::USUAL },
        }
    }

    /// The kind in words, as it stands in messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Keyring => "the keyring",
            Self::KeyFile { .. } => "a key file (DAYPASS_VAULT_KEY_FILE)",
            Self::Passphrase { .. } => "a passphrase (DAYPASS_PASSPHRASE_FILE)",
        }
    }

    /// The kind in one word, as the file and the local API have it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::KeyFile { .. } => "key_file",
            Self::Passphrase { .. } => "passphrase",
        }
    }

    /// The key of this recipe from a file; blocking, and for a passphrase slow by intent (about 0.1 s).
    ///
    /// # Errors
    /// [`VaultError::KeyFile`], [`VaultError::OtherKind`].
    pub(crate) fn key_from_file(&self, source: &KeySource) -> Result<Key, VaultError> {
        match (self, source) {
            (Self::KeyFile { salt }, KeySource::KeyFile(path)) => from_key_file(path, salt),
            (Self::Passphrase { salt, cost }, KeySource::PassphraseFile(path)) => from_passphrase(path, salt, *cost),
            (recipe, source) => Err(recipe.other_than(source)),
        }
    }

    /// That the vault was made with another kind of key than `source`.
    pub(crate) fn other_than(&self, source: &KeySource) -> VaultError {
        let given = match source {
            KeySource::Keyring => Self::Keyring.kind(),
            KeySource::KeyFile(_) => Self::KeyFile { salt: Vec::new() }.kind(),
            KeySource::PassphraseFile(_) => Self::Passphrase { salt: Vec::new(), cost: Cost::USUAL }.kind(),
        };
        VaultError::OtherKind { made_with: self.kind(), given }
    }
}

fn from_key_file(path: &Path, salt: &[u8]) -> Result<Key, VaultError> {
    let bytes = read(path)?;
    if bytes.len() < MIN_KEY_FILE {
        return Err(unusable(path, "it holds less than 32 bytes".to_owned()));
    }
    let mac = Hmac::<Sha256>::new_from_slice(salt).map_err(|error| unusable(path, error.to_string()))?;
    Ok(Key::new(mac.chain_update(&*bytes).finalize().into_bytes().into()))
}

fn from_passphrase(path: &Path, salt: &[u8], cost: Cost) -> Result<Key, VaultError> {
    let bytes = read(path)?;
    let passphrase = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let passphrase = passphrase.strip_suffix(b"\r").unwrap_or(passphrase);
    if passphrase.is_empty() {
        return Err(unusable(path, "it is empty".to_owned()));
    }
    cost.key(passphrase, salt).map_err(|reason| unusable(path, reason))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    let read = File::open(path).and_then(|file| file.take(MAX_KEY_FILE + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) if bytes.len() as u64 > MAX_KEY_FILE => Err(unusable(path, "it holds more than 64 KiB".to_owned())),
        Ok(_) => Ok(bytes),
        Err(error) => Err(unusable(path, reason(&error))),
    }
}

fn unusable(path: &Path, reason: String) -> VaultError {
    VaultError::KeyFile { path: path.to_owned(), reason }
}

/// One question to the keyring, on a thread of its own.
///
/// A call that outlives the patience stays here and is waited for again, so that there is never more than one, and so
/// never more than one prompt.
pub(crate) struct KeyringCall {
    /// The id of the vault that it asks for.
    pub(crate) vault: String,
    /// The new key that it stores, where the vault is new.
    pub(crate) new: bool,
    answer: oneshot::Receiver<Result<Key, KeyringError>>,
}

impl KeyringCall {
    /// Asks for the key of an existing vault.
    pub(crate) fn read(vault: &str, unlock: bool) -> Result<Self, VaultError> {
        let user = user_of(vault);
        Self::begin(vault, false, move || keyring::read(&user, unlock).and_then(|text| parse(&text)))
    }

    /// Stores a new key for a vault that is about to be made, and reads it back.
    pub(crate) fn store_new(vault: &str, chance: &Arc<dyn Chance>, unlock: bool) -> Result<Self, VaultError> {
        let user = user_of(vault);
        let mut key = Key::new([0; 32]);
        chance.fill(&mut *key);
        Self::begin(vault, true, move || {
            let text = Zeroizing::new(data_encoding::HEXLOWER.encode(&*key));
            keyring::write(&user, text.as_bytes(), unlock)?;
            let stored = keyring::read(&user, unlock).and_then(|text| parse(&text))?;
            if *stored == *key {
                Ok(key)
            } else {
                Err(KeyringError::Absent("it does not keep what it is given".into()))
            }
        })
    }

    fn begin(
        vault: &str,
        new: bool,
        call: impl FnOnce() -> Result<Key, KeyringError> + Send + 'static,
    ) -> Result<Self, VaultError> {
        let (tell, answer) = oneshot::channel();
        std::thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || {
                // Nobody may listen any more: the agent has ended.
                let _ = tell.send(call());
            })
            .map_err(|error| VaultError::Failed { reason: reason(&error) })?;
        Ok(Self { vault: vault.to_owned(), new, answer })
    }

    /// The answer, where it comes until `give_up`; [`VaultError::Waiting`] otherwise, and then it can be asked for again.
    pub(crate) async fn answer(&mut self, vault_file: &Path, give_up: Instant) -> Result<Key, VaultError> {
        let told = match tokio::time::timeout_at(give_up, &mut self.answer).await {
            Err(_) => return Err(VaultError::Waiting),
            Ok(Err(_)) => return Err(VaultError::NoKeyring { reason: "the call of it broke".to_owned() }),
            Ok(Ok(told)) => told,
        };
        told.map_err(|error| match error {
            KeyringError::Locked => VaultError::Locked,
            KeyringError::Absent(reason) => VaultError::NoKeyring { reason },
            KeyringError::NoEntry => VaultError::KeyMissing { path: PathBuf::from(vault_file) },
        })
    }
}

/// The user name of a vault's entry: several homes can share one keyring.
fn user_of(vault: &str) -> String {
    format!("vault-key-{vault}")
}

fn parse(text: &[u8]) -> Result<Key, KeyringError> {
    let bytes = data_encoding::HEXLOWER.decode(text).map(Zeroizing::new).ok();
    let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(&bytes[..]).ok());
    key.map(Key::new).ok_or_else(|| KeyringError::Absent("its entry for the vault is not a key".to_owned()))
}
