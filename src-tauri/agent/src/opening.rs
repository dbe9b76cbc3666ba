//! Opening the vault, at the start and whenever it was shut: what it holds comes into memory, what waits goes to it.

use std::sync::Arc;

use daypass_api::view::LogEvent;
use daypass_core::clock;
use daypass_core::rotation::Intent;

use crate::history::Entry;
use crate::inner::{Inner, Unstored};
use crate::state::Account;
use crate::vault::{Store, VaultError};

impl Inner {
    /// The first look: what can be known without the key.
    pub(crate) async fn first_look(self: &Arc<Self>) {
        let looked = match self.vault.open_file().await {
            Ok(true) => self.load().await,
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
            self.state().vault = Some(error);
        }
    }

    /// Tries to open the vault; with `prompt` the keyring may ask the user.
    pub(crate) async fn open_vault(self: &Arc<Self>, prompt: bool) -> Result<(), VaultError> {
        let opened = self.open_and_store(prompt).await;
        match &opened {
            Ok(()) => self.state().vault = None,
            Err(VaultError::Closed) => {}
            Err(error) => self.state().vault = Some(error.clone()),
        }
        self.tried.send_replace(true);
        self.touched();
        opened
    }

    async fn open_and_store(self: &Arc<Self>, prompt: bool) -> Result<(), VaultError> {
        self.vault.open(prompt).await?;
        self.load().await?;
        self.store_what_waits().await
    }

    /// Opens the vault because somebody needs it now: the user may be prompted.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) async fn unlock(self: &Arc<Self>) -> Result<(), daypass_api::ApiError> {
        if self.state().vault.is_none() {
            return Ok(());
        }
        let inner = self.clone();
        self.to_the_end(async move { inner.open_vault(true).await.map_err(Into::into) }).await
    }

    /// Reads the accounts and the open intents into memory. What is here already stays: it may be newer.
    async fn load(self: &Arc<Self>) -> Result<(), VaultError> {
        let (anchor, now) = (self.state().clocks.anchor(), self.now());
        let read_by = anchor.clone();
        let (catalog, chance) = (self.setup.catalog.clone(), self.setup.chance.clone());
        let read = move |store: &mut Store| {
            // What cannot be moved in the file, because it cannot be written, is moved as it is read.
            let lag = store.bring_to(&anchor).or_else(|_| store.lag_behind(&anchor))?;
            let mut accounts = Vec::new();
            store.load(|mut record| {
                record.shift(lag);
                accounts.push(Box::new(Account::new(record, &catalog, now, chance.unit())));
            })?;
            let mut intents = store.open_intents(now)?;
            intents.iter_mut().for_each(|open| open.begun_at = clock::shifted(open.begun_at, lag));
            let history = (store.last_entry()?, store.upgraded_from.take());
            Ok((accounts, intents, store.is_unlocked(), history))
        };
        let (mut accounts, mut intents, unlocked, (last_entry, upgraded_from)) = self.vault.run(read).await?;
        self.history.begins_after(last_entry);
        if let Some(format) = upgraded_from {
            let reason = format!("It was of format {format}; a backup of it was made before.");
            self.log(Entry::of_vault(now, LogEvent::VaultUpgraded).because(reason));
        }
        let mut state = self.state();
        if unlocked && state.vault.is_none() && state.loaded {
            return Ok(());
        }
        let newer = |account: &Account| account.record.credential.open().is_some() || account.unsaved.is_some();
        let waiting = state.accounts.values().any(newer);
        if !waiting {
            let step = state.clocks.anchor().since(&read_by);
            accounts.iter_mut().for_each(|account| account.shift(step));
            intents.iter_mut().for_each(|open| open.begun_at = clock::shifted(open.begun_at, step));
            state.accounts = accounts.into_iter().collect();
            for open in &intents {
                let replaced = open.intent == Intent::Regenerate;
                if let Some(account) = state.by_row(open.account).filter(|_| replaced) {
                    account.suspect = true;
                }
            }
            let rows: Vec<i64> = intents.iter().map(|open| open.account).collect();
            state.intents = intents;
            rows.into_iter().for_each(|row| state.note_revocations(row));
        }
        state.loaded = true;
        Ok(())
    }

    /// Stores the accounts that a full disk kept out of the vault.
    ///
    /// # Errors
    /// What keeps one of them out again; it stays waiting.
    async fn store_what_waits(&self) -> Result<(), VaultError> {
        let rows: Vec<i64> = {
            let state = self.state();
            let waiting = state.accounts.values().filter(|account| account.unsaved.is_some());
            waiting.map(|account| account.record.row).collect()
        };
        for row in rows {
            // It fails only where the account was removed in the meantime; what cannot be stored stays waiting.
            let _ = self.commit(row, Vec::new(), Unstored::Keep, |_| {}).await;
            let mut state = self.state();
            let waits = state.by_row(row).is_some_and(|account| account.unsaved.is_some());
            if let (true, Some(error)) = (waits, &state.vault) {
                return Err(error.clone());
            }
        }
        Ok(())
    }
}
