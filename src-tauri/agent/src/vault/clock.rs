//! By which setting of the wall clock the instants in the vault are: when it is set, they are moved along.

use chrono::TimeDelta;
use daypass_core::drift::SMALLEST_STEP;
use daypass_core::fresh::Life;
use daypass_core::{Time, clock};
use rusqlite::{Transaction, params};

use super::error::VaultError;
use super::import::Incoming;
use super::record::{AccountRecord, Refusal};
use super::store::Store;
use crate::state::clocks::Anchor;

/// What is by a setting of the wall clock.
pub(crate) trait Instants {
    /// The wall clock was set by `step`: every instant is moved by it.
    fn shift(&mut self, step: TimeDelta);
}

impl Instants for AccountRecord {
    fn shift(&mut self, step: TimeDelta) {
        self.shift(step);
    }
}

impl Instants for Incoming {
    fn shift(&mut self, step: TimeDelta) {
        self.record.shift(step);
        self.intents.iter_mut().for_each(|(_, begun_at)| *begun_at = clock::shifted(*begun_at, step));
    }
}

/// The last use of an account, by row, and whether it rests since.
impl Instants for (i64, Time, bool) {
    fn shift(&mut self, step: TimeDelta) {
        self.1 = clock::shifted(self.1, step);
    }
}

impl<T: Instants> Instants for Vec<T> {
    fn shift(&mut self, step: TimeDelta) {
        self.iter_mut().for_each(|one| one.shift(step));
    }
}

impl Store {
    /// Writes, with `write`, what is by the setting of the clock that `by` tells of, as it is by that of the vault. Answers
    /// what came of it, and by how much that setting is ahead of the caller's.
    ///
    /// # Errors
    /// Those of [`Store::bring_to`] and of `write`.
    pub(crate) fn write_by<I: Instants, O>(
        &mut self,
        by: &Anchor,
        mut what: I,
        write: impl FnOnce(&mut Self, I) -> Result<O, VaultError>,
    ) -> Result<(O, TimeDelta), VaultError> {
        let ahead = self.bring_to(by)?;
        what.shift(ahead);
        Ok((write(self, what)?, ahead))
    }

    /// Brings what is stored to the setting of the clock that `to` tells of, in one transaction, and answers zero. Where
    /// it is by a later one already, it answers by how much the caller's own instants are to be moved.
    ///
    /// What was stored by another process in the same boot of the machine is moved as well: by what the wall clock has
    /// run apart from the time since the boot. Of what was stored in an earlier boot nothing better is known than the
    /// wall clock of then.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Failed`: nothing has changed then.
    pub(crate) fn bring_to(&mut self, to: &Anchor) -> Result<TimeDelta, VaultError> {
        let from = self.by_anchor(to)?;
        if from.settings > to.settings {
            return Ok(from.since(to));
        }
        if self.anchor.as_ref() == Some(to) {
            return Ok(TimeDelta::zero());
        }
        let step = to.since(&from);
        let anchor = to.boot.as_deref().zip(to.wall_minus_boot.num_microseconds());
        self.transact(|all| {
            if let Some(step) = whole_step(step) {
                shift_all(all, step)?;
            }
            if let Some((boot, wall_minus_boot)) = anchor {
                all.execute("UPDATE vault SET boot = ?1, wall_minus_boot = ?2", params![boot, wall_minus_boot])?;
            }
            Ok(())
        })?;
        self.anchor = Some(to.clone());
        Ok(TimeDelta::zero())
    }

    /// By how much what is read out of the vault now is to be moved to be by `to`.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(crate) fn lag_behind(&self, to: &Anchor) -> Result<TimeDelta, VaultError> {
        let step = to.since(&self.by_anchor(to)?);
        Ok(whole_step(step).map_or(TimeDelta::zero(), TimeDelta::microseconds))
    }

    /// The setting that what is stored is by; of another boot it is taken to be that of now.
    fn by_anchor(&self, now: &Anchor) -> Result<Anchor, VaultError> {
        if let Some(known) = &self.anchor {
            return Ok(known.clone());
        }
        let stored = self.anchored()?.filter(|(boot, _)| Some(boot.as_str()) == now.boot.as_deref());
        let wall_minus_boot = stored.map_or(now.wall_minus_boot, |(_, micros)| TimeDelta::microseconds(micros));
        Ok(Anchor { settings: 0, wall_minus_boot, boot: now.boot.clone() })
    }
}

/// A step in microseconds, where it is one: clocks that are disciplined run apart by less.
fn whole_step(step: TimeDelta) -> Option<i64> {
    step.num_microseconds().filter(|_| step.abs().to_std().is_ok_and(|size| size >= SMALLEST_STEP))
}

fn shift_all(all: &Transaction<'_>, step: i64) -> rusqlite::Result<()> {
    all.execute(
        "UPDATE account SET created_at = created_at + ?1, last_used_at = last_used_at + ?1, live_until = live_until + ?1,
         grant_expires_at = grant_expires_at + ?1",
        [step],
    )?;
    all.execute(
        "UPDATE session SET created_at = created_at + ?1, expires_at = expires_at + ?1, retire_at = retire_at + ?1",
        [step],
    )?;
    all.execute("UPDATE journal SET begun_at = begun_at + ?1 WHERE ended_at IS NULL", [step])?;
    let step = TimeDelta::microseconds(step);
    each_text(all, "session", "life", |life: Life| life.shifted(step))?;
    each_text(all, "account", "refused", |refused: Refusal| {
        let since = clock::shifted(refused.since, step);
        Refusal { since, ..refused }
    })
}

/// Changes a column of JSON in every row that has one.
fn each_text<T: serde::Serialize + serde::de::DeserializeOwned>(
    all: &Transaction<'_>,
    table: &str,
    column: &str,
    change: impl Fn(T) -> T,
) -> rusqlite::Result<()> {
    let unreadable = |error: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    let mut read = all.prepare(&format!("SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL"))?;
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
    let mut write = all.prepare(&format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1"))?;
    for (id, text) in rows {
        // What cannot be read stays as it is, and says so where it is needed.
        let Ok(value) = serde_json::from_str(&text) else { continue };
        write.execute(params![id, serde_json::to_string(&change(value)).map_err(unreadable)?])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use daypass_core::Chance;
    use daypass_core::rotation::Intent;

    use super::super::key::Recipe;
    use super::super::rows::tests::record;
    use super::super::seal::Key;
    use super::super::seal::tests::Counting;
    use super::*;

    #[test]
    fn what_was_made_by_an_earlier_setting_is_written_by_that_of_the_vault() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.sqlite");
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        let mut store = Store::create(&path, "id", &Recipe::Keyring, &Key::new([1; 32]), &chance).unwrap();
        let hour = TimeDelta::hours(1);
        let earlier = Anchor::default();
        let later = Anchor { settings: 1, wall_minus_boot: hour, ..Anchor::default() };
        store.bring_to(&earlier).unwrap();
        store.bring_to(&later).unwrap();

        let now = Time::UNIX_EPOCH;
        let incoming = vec![Incoming { record: record("one"), intents: vec![(Intent::Renew, now)] }];
        let import = |store: &mut Store, incoming| store.import(incoming, &[], now);
        let ((imported, _), ahead) = store.write_by(&earlier, incoming, import).unwrap();
        assert_eq!(ahead, hour);
        assert_eq!((imported[0].record.created_at, imported[0].open[0].begun_at), (now + hour, now + hour));
        assert_eq!(store.load_all().unwrap()[0].created_at, now + hour);

        let row = imported[0].record.row;
        let note = |store: &mut Store, used: Vec<_>| store.note_used(&used);
        store.write_by(&earlier, vec![(row, now, false)], note).unwrap();
        assert_eq!(store.load_all().unwrap()[0].last_used_at, Some(now + hour));

        let known = store.load_all().unwrap().remove(0);
        let save = |store: &mut Store, record| store.save(record, Some(&known), &[], &[], now);
        let ((saved, _), ahead) = store.write_by(&later, known.clone(), save).unwrap();
        assert_eq!((saved, ahead), (known, TimeDelta::zero()));
    }
}
