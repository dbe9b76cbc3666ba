//! From one machine to another: every account in one file, sealed under a passphrase, and out of it again.

mod content;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod sealed;

use std::collections::BTreeSet;
use std::sync::Arc;

use daypass_api::request::{Export, Import};
use daypass_api::view::{ExportView, ImportView, LogEvent};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::rotation::Intent;
use daypass_core::{Secret, clock, phrase};

use self::content::{Content, Exported, ExportedIntent};
use self::sealed::SealError;
use crate::accounts::{bad_request, check_name};
use crate::fail;
use crate::history::Entry;
use crate::inner::Inner;
use crate::state::Account;
use crate::vault::{Imported, Incoming, OpenIntent, Sealed, Store, VaultError};

/// The shortest passphrase, in characters. Whoever gets the file can try as many as they like.
const MIN_PASSPHRASE: usize = 12;
/// The longest text of an export, in bytes: an import takes 32 MiB, with what JSON puts around it.
const MAX_SEALED: usize = 31 << 20;

/// What an import will do, decided before anything is written.
struct Plan {
    incoming: Vec<Incoming>,
    view: ImportView,
}

impl Inner {
    /// Every account with its secrets, as a text that is sealed under the passphrase.
    ///
    /// It is taken from memory, so that what is held can be saved even where the vault's file is damaged or gone.
    ///
    /// # Errors
    /// `bad_request` for a short passphrase, and where there is no account; `locked` while the key is not here; what is
    /// wrong with the vault, where nothing is known of the accounts.
    pub(crate) async fn export(self: &Arc<Self>, request: Export) -> Result<ExportView, ApiError> {
        check_passphrase(&request.passphrase)?;
        let opened = self.unlock().await;
        let rows = {
            let state = self.state();
            let shut = |account: &Account| account.record.credential == Sealed::Shut;
            if state.accounts.values().next().is_none() || state.accounts.values().any(shut) {
                opened?;
                return Err(bad_request(phrase!("error-nothing-to-export", "There is no account to export.")));
            }
            state.accounts.values().map(|account| account.record.row).collect()
        };
        let mut content = Content { accounts: self.at_rest(rows).await };
        let accounts = u32::try_from(content.accounts.len()).unwrap_or(u32::MAX);
        let (chance, catalog) = (self.setup.chance.clone(), self.setup.catalog.clone());
        let sealed = off_the_runtime(move || {
            let seal = |content: &Content| {
                let text = content.write().map_err(|error| SealError::NoKey(error.to_string()))?;
                sealed::seal(&*chance, &request.passphrase, &text)
            };
            let sealed = seal(&content)?;
            if sealed.len() <= MAX_SEALED {
                return Ok(sealed);
            }
            // What can be opened again with what is in it anyway does not keep the rest out.
            content.leave_tokens_out(|provider| {
                let definition = catalog.find(provider);
                definition.is_some_and(|known| !known.token_shown_once() && !known.session_is_credential())
            });
            seal(&content)
        })
        .await?;
        if sealed.len() > MAX_SEALED {
            let why = phrase!(
                "error-export-long",
                "The accounts are too many for one export: it would be longer than an import takes."
            );
            return Err(ApiError::of(ErrorCode::NotSupported, &why));
        }
        self.log(Entry::of_vault(self.now(), LogEvent::Exported).because(format!("{}.", counted(accounts as usize))));
        Ok(ExportView { accounts, sealed })
    }

    /// The accounts of `rows`, each as it is while no refresh of it is under way, and no other call that may use its
    /// credential up: what such a call brings comes along, and no intent of it that another machine would settle.
    async fn at_rest(&self, mut rows: Vec<i64>) -> Vec<Exported> {
        let mut found = Vec::with_capacity(rows.len());
        loop {
            let flight = {
                let state = self.state();
                rows.retain(|row| {
                    let Some(account) = state.accounts.row(*row) else { return false };
                    let rests = account.in_flight().is_none() && !self.is_calling_once(*row);
                    found.extend(rests.then(|| exported(account, &state.intents)));
                    !rests
                });
                rows.first().and_then(|row| state.accounts.row(*row)?.in_flight().cloned())
            };
            let Some(row) = rows.first().copied() else { return found };
            if let Some(mut flight) = flight {
                // However it ends, it has ended.
                let _ = flight.wait_for(Option::is_some).await;
            }
            self.called_once(|calling| calling == row).await;
        }
    }

    /// Takes the accounts of an export into this vault, all in one transaction.
    ///
    /// # Errors
    /// `bad_request` for a text that cannot be opened, with the reason; those of the vault. Nothing has changed then.
    pub(crate) async fn import(self: &Arc<Self>, request: Import) -> Result<ImportView, ApiError> {
        let Import { passphrase, sealed, replace } = request;
        let text = off_the_runtime(move || sealed::open(&passphrase, &sealed)).await?;
        let content = Content::read(&text).map_err(|_| unreadable())?;
        drop(text);
        let names = check_names(&content)?;
        self.unlock().await?;
        let mut reserved = Vec::with_capacity(names.len());
        for name in &names {
            reserved.push(self.reserve(name)?);
        }
        // A change that is just being stored ends first; one that comes later finds another generation.
        let rows: BTreeSet<i64> = {
            let state = self.state();
            names.iter().filter_map(|name| Some(state.accounts.get(name)?.record.row)).collect()
        };
        let mut turns = Vec::with_capacity(rows.len());
        for row in rows.into_iter().filter(|_| replace) {
            turns.push(self.saving.take(row).await);
        }
        let Plan { incoming, view } = self.plan_import(content, replace);
        if !incoming.is_empty() {
            self.store_import(incoming).await?;
        }
        Ok(view)
    }

    fn plan_import(&self, content: Content, replace: bool) -> Plan {
        let state = self.state();
        let mut plan =
            Plan { incoming: Vec::new(), view: ImportView { added: vec![], replaced: vec![], left_out: vec![] } };
        for mut exported in content.accounts {
            let name = exported.name.clone();
            let intents = exported.intents.drain(..).map(|open| (open.intent, open.begun_at)).collect();
            let mut record = exported.record();
            match state.accounts.get(&name) {
                Some(_) if !replace => {
                    plan.view.left_out.push(name);
                    continue;
                }
                Some(there) => {
                    record.row = there.record.row;
                    // What a call brings that is under way with the old credential is not taken for current.
                    record.generation = there.record.generation + 1;
                    plan.view.replaced.push(name);
                }
                None => plan.view.added.push(name),
            }
            plan.incoming.push(Incoming { record, intents });
        }
        plan
    }

    /// Stores what comes in, and then puts it into memory.
    async fn store_import(self: &Arc<Self>, incoming: Vec<Incoming>) -> Result<(), ApiError> {
        let now = self.now();
        let entries = incoming.iter().map(|one| Entry::new(now, &one.record.name, LogEvent::Imported));
        let entries = self.history.screen(entries);
        let anchor = self.state().clocks.anchor();
        let by = anchor.clone();
        let stored = self.vault.run(move |store: &mut Store| {
            store.write_by(&by, incoming, |store, incoming| store.import(incoming, &entries, now))
        });
        let stored = stored.await;
        fail::point("import.stored");
        let ((stored, written), ahead) = match stored {
            Ok(stored) => stored,
            Err(error) => {
                if error != VaultError::Closed {
                    self.state().vault = Some(error.clone());
                }
                self.touched();
                return Err(error.into());
            }
        };
        self.history.written(written);
        self.incident(|incidents, _| {
            // What was told of an account is over with it; what is found of the new one is news.
            stored.iter().for_each(|one| incidents.removed(&one.record.name));
        });
        let mut state = self.state();
        let (now, step) = (self.now(), state.clocks.anchor().since(&anchor) - ahead);
        for Imported { mut record, mut open } in stored {
            record.shift(step);
            open.iter_mut().for_each(|open| open.begun_at = clock::shifted(open.begun_at, step));
            let row = record.row;
            let mut account = Account::new(record, &self.setup.catalog, now, self.setup.chance.unit());
            account.suspect = open.iter().any(|open| open.intent == Intent::Regenerate);
            state.intents.retain(|open| open.account != row);
            state.intents.extend(open);
            state.accounts.insert(account);
            state.note_revocations(row);
        }
        drop(state);
        self.touched();
        Ok(())
    }
}

/// What an export holds of an account, with what is open of it. What ends with a change that waits for the disk has ended.
fn exported(account: &Account, open: &[OpenIntent]) -> Exported {
    let ended = account.unsaved.as_deref().unwrap_or_default();
    let of_it = open.iter().filter(|open| open.account == account.record.row && !ended.contains(&open.id));
    let intents = of_it.map(|open| ExportedIntent { intent: open.intent.clone(), begun_at: open.begun_at });
    Exported::of(&account.record, intents.collect())
}

/// Runs `work`, which computes for long, on a thread of its own.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SealError> + Send + 'static,
) -> Result<T, ApiError> {
    let broken = |_| Err(SealError::NoKey("the work on it broke".to_owned()));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(broken).map_err(|error| match error {
        SealError::NoKey(_) => ApiError::of(ErrorCode::Internal, &error.phrase()),
        error => bad_request(error.phrase()),
    })
}

/// The names of the accounts: each once, and such as a user could have given it.
fn check_names(content: &Content) -> Result<BTreeSet<String>, ApiError> {
    let names: BTreeSet<String> = content.accounts.iter().map(|account| account.name.clone()).collect();
    if names.len() != content.accounts.len() || names.iter().any(|name| check_name(name).is_err()) {
        return Err(unreadable());
    }
    Ok(names)
}

fn check_passphrase(passphrase: &Secret) -> Result<(), ApiError> {
    if passphrase.expose().chars().count() < MIN_PASSPHRASE {
        return Err(bad_request(phrase!(
            "error-export-passphrase",
            "The passphrase of an export has {count} characters or more.",
            count = MIN_PASSPHRASE,
        )));
    }
    Ok(())
}

/// An export that opens, and does not hold what it should: made by a later Daypass, or by hand.
fn unreadable() -> ApiError {
    bad_request(phrase!("error-export-strange", "The export opens, but what is in it cannot be read; update Daypass."))
}

/// So many accounts, in words.
fn counted(accounts: usize) -> String {
    if accounts == 1 { "1 account".to_owned() } else { format!("{accounts} accounts") }
}
