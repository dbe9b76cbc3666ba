//! The history in the vault's file: entries are added at its end, read from there, and dropped at its beginning.
//!
//! It holds no secret, so it can be read without the key. Written is it only once the key is known to fit: until then
//! nothing of the file is changed.

use std::time::Duration;

use daypass_api::request::LogQuery;
use daypass_api::view::{LogEntry, LogView};
use daypass_core::{Time, clock};
use rusqlite::types::Value;
use rusqlite::{Row, Transaction, params, params_from_iter};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::VaultError;
use super::store::{Store, instant, micros};
use crate::history::Entry;

/// Entries are kept for this long.
const KEPT: Duration = Duration::from_secs(90 * 86_400);
/// And no more than these, about 40 MB: what fails without end must not fill the disk.
const MOST: i64 = 250_000;
/// How many old entries one transaction drops at most, so that none takes long.
const STEP: i64 = 256;
/// Where entries are written along with an account, old ones are looked for once in so many: that costs as much as to write
/// one.
const LOOK_EVERY: u64 = 16;
/// How many entries are answered where the query does not say.
const USUAL: u32 = 100;

/// What became of entries that were to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// The id of the first; `None` where there was nothing to write.
    pub(crate) first: Option<u64>,
    /// The id of the last; `None` where there was nothing to write.
    pub(crate) last: Option<u64>,
    /// Whether there may be more old entries to drop.
    pub(crate) more_to_drop: bool,
}

impl Store {
    /// Writes entries in one transaction, and drops some that are too old.
    ///
    /// # Errors
    /// `Locked` without the key; `Full`, `ReadOnly`, `Failed`, and then nothing has changed.
    pub(crate) fn log(&mut self, entries: &[Entry], now: Time) -> Result<Written, VaultError> {
        if !self.is_unlocked() {
            return Err(VaultError::Locked);
        }
        let by = self.ages_by(now)?;
        self.transact(|all| {
            let written = put_entries(all, entries)?;
            Ok(Written { more_to_drop: drop_old(all, by)?, ..written })
        })
    }

    /// Takes in that the wall clock has stood for long enough to be believed: by `now` entries are dropped from here on.
    pub(crate) fn believe(&mut self, now: Time) {
        self.believed = Some(now);
    }

    /// By which instant it is told how old entries are: never later than what is believed, which at first is the moment of
    /// the newest entry. A clock that is put ahead by a mistake is put back, and what it has dropped would not come back. To be
    /// asked before any entry is written: what is written by that clock would be the newest.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(super) fn ages_by(&mut self, now: Time) -> Result<Time, VaultError> {
        let believed = match self.believed {
            Some(believed) => believed,
            None => self.one("SELECT at FROM log ORDER BY id DESC LIMIT 1")?.map_or(now, instant),
        };
        self.believed = Some(believed);
        Ok(believed.min(now))
    }

    /// The entries that `query` asks for, newest first; those that are older than [`KEPT`] are not there any more.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(crate) fn history(&self, query: &LogQuery, now: Time) -> Result<LogView, VaultError> {
        let oldest = clock::earlier(now, KEPT);
        let since = query.since.map_or(oldest, |since| since.max(oldest));
        let limit = query.limit.unwrap_or(USUAL) as usize;
        let mut sql = "SELECT * FROM log WHERE at >= ?1 AND id < ?2".to_owned();
        let mut values = vec![Value::from(micros(since)), Value::from(number(query.before.unwrap_or(u64::MAX)))];
        // No index is of sessions: to look through all the entries that there can be takes less time than anybody notices, and
        // an index would make every refresh dearer.
        for (column, wanted) in [("account", &query.account), ("session", &query.session)] {
            if let Some(wanted) = wanted {
                values.push(Value::from(wanted.clone()));
                sql += &format!(" AND {column} = ?{}", values.len());
            }
        }
        // One more than was asked for tells whether there are more.
        let entries = self.read(&format!("{sql} ORDER BY id DESC LIMIT {}", limit + 1), values)?;
        let more = entries.len() > limit;
        Ok(LogView { entries: entries.into_iter().take(limit).collect(), more })
    }

    /// Entries with ids above `after` up to `last`, oldest first, `limit` at most.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(crate) fn history_after(&self, after: u64, last: u64, limit: u32) -> Result<Vec<LogEntry>, VaultError> {
        let sql = format!("SELECT * FROM log WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT {limit}");
        self.read(&sql, vec![Value::from(number(after)), Value::from(number(last))])
    }

    /// The id of the last entry; 0 where there is none.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(crate) fn last_entry(&self) -> Result<u64, VaultError> {
        Ok(self.one::<i64>("SELECT coalesce(max(id), 0) FROM log")?.unwrap_or_default().unsigned_abs())
    }

    /// Whether the history speaks of an account of this name, there or removed.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(crate) fn remembers(&self, account: &str) -> Result<bool, VaultError> {
        let mut query = self.db.prepare_cached("SELECT 1 FROM log WHERE account = ?1").map_err(|e| self.told(&e))?;
        query.exists([account]).map_err(|error| self.told(&error))
    }

    fn read(&self, sql: &str, values: Vec<Value>) -> Result<Vec<LogEntry>, VaultError> {
        let mut query = self.db.prepare_cached(sql).map_err(|error| self.told(&error))?;
        let rows = query.query_map(params_from_iter(values), entry);
        rows.and_then(Iterator::collect).map_err(|error| self.told(&error))
    }

    fn told(&self, error: &rusqlite::Error) -> VaultError {
        VaultError::of_sqlite(error, &self.path)
    }
}

impl Written {
    /// Whether it is time to look for old entries.
    pub(super) fn looks_for_old(&self) -> bool {
        self.first.zip(self.last).is_some_and(|(first, last)| (first - 1) / LOOK_EVERY < last / LOOK_EVERY)
    }
}

/// Writes entries within a transaction, and drops none.
pub(super) fn put_entries(all: &Transaction<'_>, entries: &[Entry]) -> rusqlite::Result<Written> {
    let insert = "INSERT INTO log (at, account, event, code, reason, session, fingerprint, took_ms)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let mut insert = all.prepare_cached(insert)?;
    let (mut first, mut last) = (None, None);
    for entry in entries {
        let took = entry.took.map(|took| i64::try_from(took.as_millis()).unwrap_or(i64::MAX));
        insert.execute(params![
            micros(entry.at),
            entry.account,
            word(&entry.event)?,
            entry.code.as_ref().map(word).transpose()?,
            entry.reason,
            entry.session,
            entry.fingerprint,
            took,
        ])?;
        last = Some(all.last_insert_rowid().unsigned_abs());
        first = first.or(last);
    }
    Ok(Written { first, last, more_to_drop: false })
}

/// Drops some entries that are too old by the instant `by` of [`Store::ages_by`], or too many; answers whether there may be
/// more of them.
pub(super) fn drop_old(all: &Transaction<'_>, by: Time) -> rusqlite::Result<bool> {
    // The limits are in the text: SQLite plans a statement anew for every value that a limit is given.
    let old = format!("DELETE FROM log WHERE id IN (SELECT id FROM log WHERE at < ?1 ORDER BY at LIMIT {STEP})");
    let old = all.prepare_cached(&old)?.execute([micros(clock::earlier(by, KEPT))])?;
    // Ids count up without gaps but those at the beginning, so the last one tells how many there are at most.
    let many = format!(
        "DELETE FROM log WHERE id IN
         (SELECT id FROM log WHERE id <= (SELECT max(id) FROM log) - {MOST} ORDER BY id LIMIT {STEP})"
    );
    let many = all.prepare_cached(&many)?.execute([])?;
    Ok(old.max(many) as i64 >= STEP)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<LogEntry> {
    Ok(LogEntry {
        id: row.get::<_, i64>("id")?.unsigned_abs(),
        at: instant(row.get("at")?),
        account: row.get("account")?,
        event: read_word(row.get("event")?)?,
        code: row.get::<_, Option<String>>("code")?.map(read_word).transpose()?,
        reason: row.get("reason")?,
        session: row.get("session")?,
        fingerprint: row.get("fingerprint")?,
        duration_ms: row.get::<_, Option<i64>>("took_ms")?.map(i64::unsigned_abs),
    })
}

/// A value of an enum as the word that the local API has for it.
fn word<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    let told = |error: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    match serde_json::to_value(value).map_err(told)? {
        serde_json::Value::String(word) => Ok(word),
        other => Ok(other.to_string()),
    }
}

fn read_word<T: DeserializeOwned>(word: String) -> rusqlite::Result<T> {
    serde_json::from_value(serde_json::Value::String(word))
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
}

/// A number as SQLite takes it.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use daypass_api::ErrorCode;
    use daypass_api::view::LogEvent;
    use daypass_core::Chance;

    use super::super::key::Recipe;
    use super::super::seal::Key;
    use super::super::seal::tests::Counting;
    use super::*;

    fn store(dir: &tempfile::TempDir) -> Store {
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        Store::create(&dir.path().join("vault.sqlite"), "id", &Recipe::Keyring, &Key::new([1; 32]), &chance).unwrap()
    }

    fn entries(count: usize, at: Time) -> Vec<Entry> {
        vec![Entry::new(at, "work", LogEvent::Copied); count]
    }

    fn count(store: &Store) -> i64 {
        store.one("SELECT count(*) FROM log").unwrap().unwrap()
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(&dir);
        let now = Time::from_timestamp(1_800_000_000, 0).unwrap();
        let error = daypass_api::ApiError::new(ErrorCode::BadAnswer, "That is no token.");
        let entry = Entry::new(now, "work", LogEvent::OrphanFound).failed(&error);
        let entry = entry.session("s1", None).took(Some(Duration::from_millis(1234)));
        let written = store.log(&[Entry::of_vault(now, LogEvent::VaultOpened), entry.clone()], now).unwrap();
        assert_eq!(written, Written { first: Some(1), last: Some(2), more_to_drop: false });
        let LogView { entries, more } = store.history(&LogQuery::default(), now).unwrap();
        assert!(!more && entries[1].account.is_none() && entries[1].event == LogEvent::VaultOpened);
        let read = &entries[0];
        assert_eq!((read.id, read.at, read.event, read.code), (2, entry.at, entry.event, entry.code));
        assert_eq!((&read.account, &read.reason, &read.session), (&entry.account, &entry.reason, &entry.session));
        assert_eq!((read.duration_ms, &read.fingerprint), (Some(1234), &None));
    }

    #[test]
    fn old_entries_are_dropped_in_small_steps() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(&dir);
        let now = Time::from_timestamp(1_800_000_000, 0).unwrap();
        store.log(&entries(600, now), now).unwrap();
        let later = clock::later(now, KEPT + Duration::from_secs(1));
        let more = |store: &mut Store| store.log(&[], later).unwrap().more_to_drop;
        assert!(!more(&mut store), "a clock that was only just put ahead is not believed");
        assert_eq!(count(&store), 600);
        store.believe(later);
        assert!(more(&mut store));
        assert_eq!(count(&store), 600 - STEP);
        assert!(more(&mut store) && !more(&mut store));
        assert_eq!(count(&store), 0);
        // Ids go on, so that nobody who follows sees one twice.
        assert_eq!(store.log(&entries(1, later), later).unwrap().last, Some(601));
    }

    #[test]
    fn a_clock_that_is_ahead_when_an_account_is_removed_drops_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let now = Time::from_timestamp(1_800_000_000, 0).unwrap();
        store(&dir).log(&entries(10, now), now).unwrap();
        let later = clock::later(now, KEPT + Duration::from_secs(1));
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        let mut again = Store::open(&dir.path().join("vault.sqlite"), &chance).unwrap().unwrap();
        again.unlock(&Key::new([1; 32])).unwrap();
        again.remove(1, &entries(1, later), later).unwrap();
        again.log(&[], later).unwrap();
        assert_eq!(count(&again), 11);
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(&dir);
        let now = Time::from_timestamp(1_800_000_000, 0).unwrap();
        store.log(&entries(300, now), now).unwrap();
        store.db.execute("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'log'", [MOST + 100]).unwrap();
        assert!(!store.log(&entries(1, now), now).unwrap().more_to_drop);
        assert_eq!(store.one("SELECT min(id) FROM log").unwrap(), Some(102_i64));
    }

    #[test]
    fn without_the_key_it_is_read_and_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let now = Time::from_timestamp(1_800_000_000, 0).unwrap();
        store(&dir).log(&entries(1, now), now).unwrap();
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        let mut store = Store::open(&dir.path().join("vault.sqlite"), &chance).unwrap().unwrap();
        assert_eq!(store.log(&entries(1, now), now), Err(VaultError::Locked));
        assert_eq!(store.history(&LogQuery::default(), now).unwrap().entries.len(), 1);
    }
}
