//! Taking in the accounts of an export: all of them in one transaction, sealed anew under this vault's key.

use daypass_core::Time;
use daypass_core::rotation::Intent;
use rusqlite::{Transaction, params};

use super::error::VaultError;
use super::log::{Written, put_entries};
use super::record::{AccountRecord, OpenIntent};
use super::rows::put_intent;
use super::save::{put_account, put_sessions};
use super::store::{Store, micros};
use crate::fail;
use crate::history::Entry;

/// An account that comes in.
pub(crate) struct Incoming {
    /// Its row is that of the account whose place it takes; 0 where it is new.
    pub(crate) record: AccountRecord,
    /// What was begun and has not ended, and when.
    pub(crate) intents: Vec<(Intent, Time)>,
}

/// An account that has come in.
pub(crate) struct Imported {
    pub(crate) record: AccountRecord,
    pub(crate) open: Vec<OpenIntent>,
}

impl Store {
    /// Stores `incoming`, and writes `entries` of the history, in one transaction; answers the accounts with their rows
    /// filled in, each with its open intents. What was open of an account whose place is taken ends.
    ///
    /// # Errors
    /// `Locked` without the key; `Full`, `ReadOnly`, `Failed`, and then nothing has changed.
    pub(crate) fn import(
        &mut self,
        mut incoming: Vec<Incoming>,
        entries: &[Entry],
        now: Time,
    ) -> Result<(Vec<Imported>, Written), VaultError> {
        self.ages_by(now)?;
        let (open, written) = self.sealing(|all, sealing| {
            let mut open: Vec<Vec<OpenIntent>> = Vec::with_capacity(incoming.len());
            for one in &mut incoming {
                if one.record.row != 0 {
                    clear(all, &one.record, now)?;
                }
                put_account(all, &mut one.record, None, sealing)?;
                put_sessions(all, &mut one.record, None, sealing)?;
                let row = one.record.row;
                let begun = one.intents.drain(..).map(|(intent, begun_at)| {
                    let id = put_intent(all, row, &intent, begun_at)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
                    Ok(OpenIntent { id, account: row, intent, begun_at, under_way: false })
                });
                open.push(begun.collect::<rusqlite::Result<_>>()?);
            }
            let written = put_entries(all, entries)?;
            fail::point("import.unfinished");
            Ok((open, written))
        })?;
        let imported = incoming.into_iter().zip(open).map(|(one, open)| Imported { record: one.record, open });
        Ok((imported.collect(), written))
    }
}

/// Ends what was open of the account whose place `record` takes, and makes it one of the same provider.
fn clear(all: &Transaction<'_>, record: &AccountRecord, now: Time) -> rusqlite::Result<()> {
    let ended = "UPDATE journal SET ended_at = ?1 WHERE account = ?2 AND ended_at IS NULL";
    all.execute(ended, params![micros(now), record.row])?;
    all.execute("UPDATE account SET provider = ?2 WHERE id = ?1", params![record.row, record.provider]).map(drop)
}
