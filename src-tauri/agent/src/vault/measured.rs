//! The vault by itself, for the benchmark: its commits without the agent around them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use daypass_api::ApiError;
use daypass_api::view::LogEvent;
use daypass_core::fresh::{Life, RefreshKind};
use daypass_core::session::{Session, Standing};
use daypass_core::{Chance, Secret, Time, clock};

use super::key::Recipe;
use super::record::{AccountRecord, Sealed, SessionRecord};
use super::seal::Key;
use super::store::Store;
use crate::history::Entry;

/// A vault with one account.
pub struct MeasuredVault {
    store: Store,
    account: AccountRecord,
}

impl MeasuredVault {
    /// Makes one at `path`, where there is none.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn create(path: &Path, chance: &Arc<dyn Chance>) -> Result<Self, ApiError> {
        let mut store = Store::create(path, "measured", &Recipe::Keyring, &Key::new([7; 32]), chance)?;
        let account = AccountRecord {
            credential: Sealed::Open(Secret::new("0b5f9d3e-2c1a-4e8f-9b7d-6a5c4d3e2f10")),
            ..AccountRecord::new("work", "pocketpaw", Time::UNIX_EPOCH)
        };
        let (account, _) = store.save(account, None, &[], &[], Time::UNIX_EPOCH)?;
        Ok(Self { store, account })
    }

    /// Stores what a refresh brings, durably: another current session with its `token`, and a line of history.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn commit(&mut self, token: Secret, now: Time) -> Result<(), ApiError> {
        let expires_at = clock::later(now, Duration::from_secs(3600));
        let session = Session {
            id: token.fingerprint(),
            name: None,
            kind: Some("session".to_owned()),
            created_at: Some(now),
            expires_at: Some(expires_at),
        };
        let entry = Entry::new(now, "work", LogEvent::Refreshed).session(&session.id, Some(&token));
        let life = Life { sent_at: now, expires_at, hint: None, kind: RefreshKind::OpensNew, doubtful: false };
        let record = SessionRecord {
            row: None,
            session,
            standing: Standing::Held,
            current: true,
            retire_at: None,
            token: Sealed::Open(token),
            life: Some(life),
            print: Default::default(),
        };
        let next = AccountRecord { sessions: vec![record], last_used_at: Some(now), ..self.account.clone() };
        let (stored, _) = self.store.save(next, Some(&self.account), &[], &[entry], now)?;
        self.account = stored;
        Ok(())
    }
}
