//! Accounts, sessions and the journal in the vault's file.

use std::time::Duration;

use daypass_core::rotation::Intent;
use daypass_core::session::{Session, Standing};
use daypass_core::{Secret, Time};
use daypass_providers::Grant;
use rusqlite::{Row, Transaction, params};

use super::error::VaultError;
use super::log::{Written, put_entries};
use super::record::{AccountRecord, OpenIntent, Sealed, SessionRecord};
use super::seal::{Cipher, Place};
use super::store::{Store, instant, micros};
use crate::history::Entry;

/// Ended entries of the journal are kept this long.
const JOURNAL_KEPT: Duration = Duration::from_secs(90 * 86_400);

impl Store {
    /// Hands out every account, in the order of the names, with its secrets where the key is here. One after another, so
    /// that a crowd is never there twice: the system would not get that memory back.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(crate) fn load(&self, mut take: impl FnMut(AccountRecord)) -> Result<(), VaultError> {
        let told = |error: rusqlite::Error| VaultError::of_sqlite(&error, &self.path);
        let cipher = self.cipher.as_ref();
        let mut accounts = self.db.prepare("SELECT * FROM account ORDER BY name").map_err(told)?;
        let accounts = accounts.query_map([], |row| account(row, cipher)).map_err(told)?;
        let mut sessions = self.db.prepare("SELECT * FROM session WHERE account = ?1 ORDER BY id").map_err(told)?;
        for account in accounts {
            let mut account = account.map_err(told)?;
            let rows = sessions.query_map([account.row], |row| session(row, cipher)).map_err(told)?;
            for session in rows {
                let session = session.map_err(told)?;
                match (&session.token, session.row) {
                    (Sealed::Damaged, Some(row)) => account.damaged.push(row),
                    _ => account.sessions.push(session),
                }
            }
            take(account);
        }
        Ok(())
    }

    /// All of them at once.
    #[cfg(test)]
    pub(super) fn load_all(&self) -> Result<Vec<AccountRecord>, VaultError> {
        let mut all = Vec::new();
        self.load(|record| all.push(record)).map(|()| all)
    }

    /// Notes when accounts, by row, were used, and whether they rest since. Not worth a transaction of its own more than now and then.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Failed`.
    pub(crate) fn note_used(&mut self, used: &[(i64, Time, bool)]) -> Result<(), VaultError> {
        self.transact(|all| {
            for (row, at, resting) in used {
                let update = "UPDATE account SET last_used_at = ?1, resting = ?2 WHERE id = ?3";
                all.execute(update, params![micros(*at), resting, row])?;
            }
            Ok(())
        })
    }

    /// Removes an account with its sessions and open intents, and writes `entries` of the history in the same transaction.
    ///
    /// # Errors
    /// `Corrupt`, `Full`, `ReadOnly`, `Failed`.
    pub(crate) fn remove(&mut self, row: i64, entries: &[Entry], now: Time) -> Result<Written, VaultError> {
        self.ages_by(now)?;
        self.transact(|all| {
            all.execute("DELETE FROM account WHERE id = ?1", [row])?;
            let ended = "UPDATE journal SET ended_at = ?1 WHERE account = ?2 AND ended_at IS NULL";
            all.execute(ended, params![micros(now), row])?;
            put_entries(all, entries)
        })
    }

    /// Writes an intent down; it is durable when this answers its id. `None` where the account is gone, and nobody would
    /// ever end it.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Failed`: then the call that was intended must not be made.
    pub(crate) fn begin(&mut self, account: i64, intent: &Intent, now: Time) -> Result<Option<i64>, VaultError> {
        self.transact(|all| put_intent(all, account, intent, now))
    }

    /// Ends an intent that brought nothing.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Failed`.
    pub(crate) fn end(&mut self, intent: i64, now: Time) -> Result<(), VaultError> {
        self.transact(|all| end_intent(all, intent, now))
    }

    /// The intents that never ended, oldest first; long ended ones, and those of accounts that are gone, are dropped on the
    /// way.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(crate) fn open_intents(&mut self, now: Time) -> Result<Vec<OpenIntent>, VaultError> {
        let old = micros(daypass_core::clock::earlier(now, JOURNAL_KEPT));
        let idle = format!("ended_at < {old} OR (ended_at IS NULL AND account NOT IN (SELECT id FROM account))");
        if self.one::<i64>(&format!("SELECT id FROM journal WHERE {idle} LIMIT 1"))?.is_some() {
            self.transact(|all| all.execute(&format!("DELETE FROM journal WHERE {idle}"), []).map(drop))?;
        }
        let told = |error: rusqlite::Error| VaultError::of_sqlite(&error, &self.path);
        let query = "SELECT id, account, intent, begun_at FROM journal WHERE ended_at IS NULL ORDER BY id";
        let mut query = self.db.prepare(query).map_err(told)?;
        let rows = query.query_map([], |row| {
            let intent = json(row, 2)?;
            let (id, account, begun_at) = (row.get(0)?, row.get(1)?, instant(row.get(3)?));
            Ok(OpenIntent { id, account, intent, begun_at, under_way: false })
        });
        rows.and_then(Iterator::collect).map_err(told)
    }
}

/// Writes an intent down, and answers its id; `None` where there is no such account.
pub(super) fn put_intent(
    all: &Transaction<'_>,
    account: i64,
    intent: &Intent,
    now: Time,
) -> rusqlite::Result<Option<i64>> {
    let insert = "INSERT INTO journal (account, intent, begun_at) SELECT id, ?2, ?3 FROM account WHERE id = ?1";
    let written = all.prepare_cached(insert)?.execute(params![account, text(intent)?, micros(now)])?;
    Ok((written > 0).then(|| all.last_insert_rowid()))
}

/// Ends an intent.
pub(super) fn end_intent(all: &Transaction<'_>, intent: i64, now: Time) -> rusqlite::Result<()> {
    let update = "UPDATE journal SET ended_at = ?1 WHERE id = ?2";
    all.prepare_cached(update)?.execute(params![micros(now), intent]).map(drop)
}

fn account(row: &Row<'_>, cipher: Option<&Cipher>) -> rusqlite::Result<AccountRecord> {
    let id: i64 = row.get("id")?;
    let at = |column: &str| row.get::<_, Option<i64>>(column).map(|at| at.map(instant));
    let grant = match opened(row.get("grant_sealed")?, grant_of(id), cipher) {
        Sealed::Open(token) => {
            let life = span(row.get::<_, Option<i64>>("grant_life")?.unwrap_or_default());
            Sealed::Open(Grant { token, expires_at: at("grant_expires_at")?, life })
        }
        Sealed::Nothing => Sealed::Nothing,
        Sealed::Shut => Sealed::Shut,
        Sealed::Damaged => Sealed::Damaged,
    };
    Ok(AccountRecord {
        row: id,
        name: row.get("name")?,
        provider: row.get("provider")?,
        base_url: row.get("base_url")?,
        params: json(row, "params")?,
        life: row.get::<_, Option<i64>>("life")?.map(span),
        pinned: row.get("pinned")?,
        created_at: instant(row.get("created_at")?),
        last_used_at: at("last_used_at")?,
        resting: row.get("resting")?,
        refused: optional_json(row, "refused")?,
        live_until: at("live_until")?,
        credential: opened(row.get("credential_sealed")?, credential_of(id), cipher),
        generation: 0,
        grant,
        sessions: Vec::new(),
        damaged: Vec::new(),
    })
}

fn session(row: &Row<'_>, cipher: Option<&Cipher>) -> rusqlite::Result<SessionRecord> {
    let id: i64 = row.get("id")?;
    let at = |column: &str| row.get::<_, Option<i64>>(column).map(|at| at.map(instant));
    let orphan = row.get::<_, String>("standing")? == "orphan";
    Ok(SessionRecord {
        row: Some(id),
        session: Session {
            id: row.get("remote_id")?,
            name: row.get("name")?,
            kind: row.get("kind")?,
            created_at: at("created_at")?,
            expires_at: at("expires_at")?,
        },
        standing: if orphan { Standing::Orphan } else { Standing::Held },
        current: row.get("current")?,
        retire_at: at("retire_at")?,
        token: opened(row.get("token_sealed")?, token_of(id), cipher),
        life: optional_json(row, "life")?,
        print: Default::default(),
    })
}

fn opened(sealed: Option<Vec<u8>>, place: Place, cipher: Option<&Cipher>) -> Sealed<Secret> {
    match (sealed, cipher) {
        (None, _) => Sealed::Nothing,
        (Some(_), None) => Sealed::Shut,
        (Some(sealed), Some(cipher)) => cipher.open(place, &sealed).map_or(Sealed::Damaged, Sealed::Open),
    }
}

pub(super) fn credential_of(row: i64) -> Place {
    Place { table: "account", column: "credential_sealed", row }
}

pub(super) fn grant_of(row: i64) -> Place {
    Place { table: "account", column: "grant_sealed", row }
}

pub(super) fn token_of(row: i64) -> Place {
    Place { table: "session", column: "token_sealed", row }
}

pub(super) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn span(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

pub(super) fn text<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn json<T: serde::de::DeserializeOwned, I: rusqlite::RowIndex>(row: &Row<'_>, column: I) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
}

fn optional_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    if row.get_ref(column)?.data_type() == rusqlite::types::Type::Null { Ok(None) } else { json(row, column).map(Some) }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use daypass_core::Chance;

    use super::super::key::Recipe;
    use super::super::seal::Key;
    use super::super::seal::tests::Counting;
    use super::*;

    pub(in crate::vault) fn record(name: &str) -> AccountRecord {
        AccountRecord {
            life: Some(Duration::from_secs(7)),
            pinned: true,
            last_used_at: Some(Time::MAX_UTC),
            credential: Sealed::Open(Secret::new("x".repeat(8000))),
            ..AccountRecord::new(name, "discovr", Time::UNIX_EPOCH)
        }
    }

    #[test]
    fn a_full_disk_is_told_and_what_was_stored_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.sqlite");
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        let key = Key::new([1; 32]);
        let mut store = Store::create(&path, "id", &Recipe::Keyring, &key, &chance).unwrap();
        store.save(record("first"), None, &[], &[], Time::UNIX_EPOCH).unwrap();
        let pages: i64 = store.one("PRAGMA page_count").unwrap().unwrap();
        store.db.execute_batch(&format!("PRAGMA max_page_count = {}", pages + 1)).unwrap();
        assert_eq!(store.save(record("second"), None, &[], &[], Time::UNIX_EPOCH), Err(VaultError::Full));
        let names = |store: &Store| store.load_all().unwrap().into_iter().map(|a| a.name).collect::<Vec<_>>();
        assert_eq!(names(&store), ["first"]);
        // With room again it goes on, on the same connection.
        store.db.execute_batch("PRAGMA max_page_count = 1000").unwrap();
        store.save(record("second"), None, &[], &[], Time::UNIX_EPOCH).unwrap();
        assert_eq!(names(&store), ["first", "second"]);
    }

    #[test]
    fn an_account_that_was_removed_is_not_stored_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.sqlite");
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        let mut store = Store::create(&path, "id", &Recipe::Keyring, &Key::new([1; 32]), &chance).unwrap();
        let stored = store.save(record("one"), None, &[], &[], Time::UNIX_EPOCH).unwrap().0;
        store.remove(stored.row, &[], Time::UNIX_EPOCH).unwrap();
        let error = store.save(stored, None, &[], &[], Time::UNIX_EPOCH).unwrap_err();
        assert!(matches!(error, VaultError::Failed { .. }), "{error}");
        assert_eq!(store.load_all().unwrap(), []);
    }

    #[test]
    fn nothing_is_begun_for_an_account_that_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.sqlite");
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        let mut store = Store::create(&path, "id", &Recipe::Keyring, &Key::new([1; 32]), &chance).unwrap();
        let stored = store.save(record("one"), None, &[], &[], Time::UNIX_EPOCH).unwrap().0;
        assert!(store.begin(stored.row, &Intent::Renew, Time::UNIX_EPOCH).unwrap().is_some());
        assert_eq!(store.open_intents(Time::UNIX_EPOCH).unwrap().len(), 1);
        store.remove(stored.row, &[], Time::UNIX_EPOCH).unwrap();
        assert_eq!(store.begin(stored.row, &Intent::Renew, Time::UNIX_EPOCH).unwrap(), None);
        // What an earlier Daypass left behind in such a race goes with the next look.
        let left = "INSERT INTO journal (account, intent, begun_at) VALUES (77, '{\"what\":\"renew\"}', 0)";
        store.db.execute(left, []).unwrap();
        assert_eq!(store.open_intents(Time::UNIX_EPOCH).unwrap(), []);
        assert_eq!(store.one::<i64>("SELECT count(*) FROM journal WHERE ended_at IS NULL").unwrap(), Some(0));
    }

    #[test]
    fn what_is_stored_is_what_is_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.sqlite");
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        let key = Key::new([1; 32]);
        let mut store = Store::create(&path, "id", &Recipe::Keyring, &key, &chance).unwrap();
        let stored = store.save(record("one"), None, &[], &[], Time::UNIX_EPOCH).unwrap().0;
        assert_eq!(stored.row, 1);
        drop(store);
        let mut store = Store::open(&path, &chance).unwrap().unwrap();
        assert_eq!(store.load_all().unwrap()[0].credential, Sealed::Shut);
        assert_eq!(store.unlock(&Key::new([2; 32])), Err(VaultError::WrongKey { path }));
        store.unlock(&key).unwrap();
        let mut loaded = store.load_all().unwrap().remove(0);
        // Instants are kept to the microsecond.
        loaded.last_used_at = stored.last_used_at;
        assert_eq!(loaded, stored);
    }
}
