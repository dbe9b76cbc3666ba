//! The vault: the one file that holds every secret, sealed under a key that is kept elsewhere.
//!
//! It opens in two steps. The file can be read at once: names, expiries, the journal. The secrets wait for the key,
//! which the keyring may give late; until then everything that needs them says `locked`, and nothing is changed.

mod clock;
mod error;
mod format;
mod import;
mod key;
mod keyring;
mod line;
mod log;
#[cfg(feature = "measuring")]
mod measured;
mod place;
mod record;
mod rows;
mod save;
mod seal;
mod store;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use daypass_api::view::{BackupView, VaultFileView, VaultView};
use daypass_core::Chance;
use tokio::time::Instant;

pub(crate) use error::VaultError;
pub(crate) use import::{Imported, Incoming};
pub(crate) use key::Cost;
use key::{KEYRING_PATIENCE, KeyringCall, Recipe};
use line::Line;
pub(crate) use log::Written;
#[cfg(feature = "measuring")]
pub use measured::MeasuredVault;
pub(crate) use record::{AccountRecord, OpenIntent, Refusal, Sealed, SessionRecord, shift_session};
use seal::Key;
pub(crate) use store::Store;

use crate::{KeySource, fail};

/// After a prompt was dismissed, no other is opened for this long, however often the vault is asked for.
const PROMPT_REST: Duration = Duration::from_secs(30);

/// The vault of one home.
pub(crate) struct Vault {
    path: PathBuf,
    source: KeySource,
    chance: Arc<dyn Chance>,
    /// Whether its work is done on the thread that asks for it.
    in_turn: bool,
    /// Else it is done in this line, off the runtime.
    line: Line,
    /// `None` until the file is there and readable, and again after [`Vault::close`].
    store: Arc<Mutex<Slot>>,
    /// Held while somebody tries to open it; the question to the keyring that is still unanswered.
    opening: tokio::sync::Mutex<Opening>,
}

#[derive(Default)]
struct Slot {
    store: Option<Store>,
    /// Whether there was a vault: then none is made in its place.
    seen: bool,
    closed: bool,
}

impl Slot {
    fn made(&mut self, store: Store) {
        (self.store, self.seen) = (Some(store), true);
    }
}

#[derive(Default)]
struct Opening {
    call: Option<KeyringCall>,
    /// A new vault's id and key, which the keyring has and the disk did not take: not to be made again every time.
    made: Option<(String, Key)>,
    prompted_at: Option<Instant>,
}

impl Vault {
    /// The vault at `path`; nothing is touched yet.
    pub(crate) fn new(path: PathBuf, source: KeySource, chance: Arc<dyn Chance>) -> Self {
        let opening = tokio::sync::Mutex::default();
        Self { path, source, chance, in_turn: false, line: Line::default(), store: Arc::default(), opening }
    }

    /// From here on its work is done on the thread that asks for it, in turn with what else is ready there.
    pub(crate) fn works_in_turn(&mut self) {
        self.in_turn = true;
    }

    /// Whether its key comes from the keyring, so that it may take a while.
    pub(crate) fn waits_for_keyring(&self) -> bool {
        self.source == KeySource::Keyring
    }

    /// Opens the file, without the key, or looks whether the open one is still in its place: whether there is a vault.
    ///
    /// # Errors
    /// `Corrupt`, `Newer`, `Gone`, `Replaced`, `Failed`, …
    pub(crate) async fn open_file(&self) -> Result<bool, VaultError> {
        let (path, chance) = (self.path.clone(), self.chance.clone());
        self.blocking(move |slot| {
            Store::put_in_place(&mut slot.store)?;
            if slot.store.is_none() {
                slot.store = Store::open(&path, &chance)?;
            }
            if slot.seen && slot.store.is_none() {
                return Err(VaultError::Gone { path });
            }
            slot.seen |= slot.store.is_some();
            Ok(slot.store.is_some())
        })
        .await
    }

    /// Opens the vault, or makes it where there is none. With `prompt` the keyring may ask the user.
    ///
    /// One at a time; whoever comes second finds it open. With the keyring, all of them give up after 3 s.
    ///
    /// # Errors
    /// Every [`VaultError`]. It can be called again at any time.
    pub(crate) async fn open(&self, prompt: bool) -> Result<(), VaultError> {
        let give_up = Instant::now() + KEYRING_PATIENCE;
        let mut opening = if self.waits_for_keyring() {
            tokio::time::timeout_at(give_up, self.opening.lock()).await.map_err(|_| VaultError::Waiting)?
        } else {
            self.opening.lock().await
        };
        let there = self.open_file().await?;
        if there && self.run(|store| Ok(store.is_unlocked())).await? {
            return self.run(Store::try_writing).await;
        }
        let existing =
            if there { Some(self.run(|store| Ok((store.id.clone(), store.recipe.clone()))).await?) } else { None };
        if self.source != KeySource::Keyring {
            return self.open_by_file(existing).await;
        }
        if let Some((_, recipe)) = &existing
            && *recipe != Recipe::Keyring
        {
            return Err(recipe.other_than(&self.source));
        }
        self.open_by_keyring(&mut opening, existing.map(|(id, _)| id), prompt, give_up).await
    }

    /// A user asks for the vault by name: the prompt need not rest any longer. While somebody opens it, nothing is done.
    pub(crate) fn prompt_again(&self) {
        if let Ok(mut opening) = self.opening.try_lock() {
            opening.prompted_at = None;
        }
    }

    async fn open_by_file(&self, existing: Option<(String, Recipe)>) -> Result<(), VaultError> {
        let (path, source, chance) = (self.path.clone(), self.source.clone(), self.chance.clone());
        self.blocking(move |slot| {
            let is_new = existing.is_none();
            let (id, recipe) = existing.unwrap_or_else(|| (new_id(&*chance), Recipe::new(&source, &*chance)));
            let key = recipe.key_from_file(&source)?;
            if is_new {
                fail::point("vault.keyed");
                slot.made(Store::create(&path, &id, &recipe, &key, &chance)?);
                return Ok(());
            }
            slot.store.as_mut().ok_or(VaultError::Closed)?.unlock(&key)
        })
        .await
    }

    async fn open_by_keyring(
        &self,
        opening: &mut Opening,
        existing: Option<String>,
        prompt: bool,
        give_up: Instant,
    ) -> Result<(), VaultError> {
        if existing.is_none()
            && let Some((id, key)) = opening.made.clone()
        {
            return self.make(opening, id, key).await;
        }
        // The question that is still open is waited for again, if it is about this vault.
        opening.call.take_if(|call| existing.as_ref().map_or(!call.new, |id| *id != call.vault || call.new));
        let call = match &mut opening.call {
            Some(call) => call,
            none => {
                let rested = opening.prompted_at.is_none_or(|at| at.elapsed() >= PROMPT_REST);
                let unlock = prompt && rested;
                if unlock {
                    opening.prompted_at = Some(Instant::now());
                }
                none.insert(match &existing {
                    Some(id) => KeyringCall::read(id, unlock)?,
                    None => KeyringCall::store_new(&new_id(&*self.chance), &self.chance, unlock)?,
                })
            }
        };
        let key = match call.answer(&self.path, give_up).await {
            Err(VaultError::Waiting) => return Err(VaultError::Waiting),
            answer => answer,
        };
        let id = call.vault.clone();
        opening.call = None;
        let key = key?;
        if existing.is_none() {
            return self.make(opening, id, key).await;
        }
        self.run(move |store| store.unlock(&key)).await
    }

    /// Makes a vault for a key that the keyring has just taken.
    async fn make(&self, opening: &mut Opening, id: String, key: Key) -> Result<(), VaultError> {
        opening.made = Some((id.clone(), key.clone()));
        fail::point("vault.keyed");
        let (path, chance) = (self.path.clone(), self.chance.clone());
        self.blocking(move |slot| {
            slot.made(Store::create(&path, &id, &Recipe::Keyring, &key, &chance)?);
            Ok(())
        })
        .await?;
        opening.made = None;
        Ok(())
    }

    /// Runs `work` on the open file, off the runtime. It runs to its end even if nobody waits for it any more.
    ///
    /// # Errors
    /// Those of `work`; `Closed` after [`Vault::close`]; `Asked` where there is no file yet.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        self.blocking(move |slot| work(slot.store.as_mut().ok_or(VaultError::Asked)?)).await
    }

    /// What can be told of the file, with or without the key; `vault` is its state.
    ///
    /// # Errors
    /// `Closed`.
    pub(crate) async fn describe(&self, vault: VaultView) -> Result<VaultFileView, VaultError> {
        let path = self.path.clone();
        self.blocking(move |slot| {
            let store = slot.store.as_ref();
            let backups = format::backups(&path).into_iter();
            Ok(VaultFileView {
                vault,
                bytes: std::fs::metadata(&path).map_or(0, |file| file.len()),
                format: store.map(|_| format::FORMAT.unsigned_abs().try_into().unwrap_or(u32::MAX)),
                key: store.map(|store| store.recipe.word().to_owned()),
                backups: backups.map(|(file, bytes)| BackupView { file: file.display().to_string(), bytes }).collect(),
                file: path.display().to_string(),
            })
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Slot) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let store = self.store.clone();
        let work = move || {
            let mut slot = store.lock().unwrap_or_else(PoisonError::into_inner);
            if slot.closed {
                return Err(VaultError::Closed);
            }
            work(&mut slot)
        };
        if self.in_turn {
            tokio::task::yield_now().await;
            let done = work();
            tokio::task::yield_now().await;
            return done;
        }
        let broke = || Err(VaultError::Failed { reason: "the work on it broke".to_owned() });
        self.line.run(work).await.unwrap_or_else(broke)
    }

    /// Closes the file; what runs on it ends first.
    pub(crate) async fn close(&self) {
        // Already closed is closed.
        let _ = self
            .blocking(|slot| {
                *slot = Slot { store: None, seen: true, closed: true };
                Ok(())
            })
            .await;
    }
}

/// A new vault's id: 8 random bytes in hex.
fn new_id(chance: &dyn Chance) -> String {
    let mut bytes = [0; 8];
    chance.fill(&mut bytes);
    data_encoding::HEXLOWER.encode(&bytes)
}
