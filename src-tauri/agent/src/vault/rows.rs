//! Accounts, sessions and the journal in the vault's file.

use std::time::Duration;

use daypass_core::rotation::Intent;
use daypass_core::session::{Session, Standing};
use daypass_core::{Chance, Secret, Time};
use daypass_providers::Grant;
use rusqlite::{Row, Transaction, params};

use super::error::VaultError;
use super::log::{Written, put_entries};
use super::record::{AccountRecord, OpenIntent, Sealed, SessionRecord};
use super::seal::{Cipher, Place};
use super::store::{Store, instant, micros};
use crate::fail;
use crate::history::Entry;

/// Ended entries of the journal are kept this long.
const JOURNAL_KEPT: Duration = Duration::from_secs(90 * 86_400);

impl Store {
    /// Every account, with its secrets where the key is here.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(crate) fn load(&self) -> Result<Vec<AccountRecord>, VaultError> {
        let told = |error: rusqlite::Error| VaultError::of_sqlite(&error, &self.path);
        let cipher = self.cipher.as_ref();
        let mut accounts = self.db.prepare("SELECT * FROM account ORDER BY name").map_err(told)?;
        let accounts = accounts.query_map([], |row| account(row, cipher)).map_err(told)?;
        let mut accounts: Vec<AccountRecord> = accounts.collect::<Result<_, _>>().map_err(told)?;
        let mut sessions = self.db.prepare("SELECT * FROM session WHERE account = ?1 ORDER BY id").map_err(told)?;
        for account in &mut accounts {
            let rows = sessions.query_map([account.row], |row| session(row, cipher)).map_err(told)?;
            for session in rows {
                let session = session.map_err(told)?;
                match (&session.token, session.row) {
                    (Sealed::Damaged, Some(row)) => account.damaged.push(row),
                    _ => account.sessions.push(session),
                }
            }
        }
        Ok(accounts)
    }

    /// Stores the whole account in one transaction, ends `ended` and writes `entries` of the history in the same; answers
    /// the account with its rows filled in, and what became of the entries.
    ///
    /// # Errors
    /// `Locked` without the key; `Full`, `ReadOnly`, `Failed`, and then nothing has changed.
    pub(crate) fn save(
        &mut self,
        mut account: AccountRecord,
        ended: &[i64],
        entries: &[Entry],
        now: Time,
    ) -> Result<(AccountRecord, Written), VaultError> {
        let cipher = self.cipher.take().ok_or(VaultError::Locked)?;
        let chance = self.chance.clone();
        let sealing = Sealing { cipher: &cipher, chance: &*chance };
        let done = self.transact(|all| {
            put_account(all, &mut account, &sealing)?;
            put_sessions(all, &mut account, &sealing)?;
            for intent in ended {
                all.execute("UPDATE journal SET ended_at = ?1 WHERE id = ?2", params![micros(now), intent])?;
            }
            let written = put_entries(all, entries, now)?;
            fail::point("save.unfinished");
            Ok(written)
        });
        self.cipher = Some(cipher);
        done.map(|written| (account, written))
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
    /// `Full`, `ReadOnly`, `Failed`.
    pub(crate) fn remove(&mut self, row: i64, entries: &[Entry], now: Time) -> Result<Written, VaultError> {
        self.transact(|all| {
            all.execute("DELETE FROM account WHERE id = ?1", [row])?;
            let ended = "UPDATE journal SET ended_at = ?1 WHERE account = ?2 AND ended_at IS NULL";
            all.execute(ended, params![micros(now), row])?;
            put_entries(all, entries, now)
        })
    }

    /// Writes an intent down; it is durable when this answers.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Failed`: then the call that was intended must not be made.
    pub(crate) fn begin(&mut self, account: i64, intent: &Intent, now: Time) -> Result<i64, VaultError> {
        let text = serde_json::to_string(intent).map_err(|error| VaultError::Failed { reason: error.to_string() })?;
        self.transact(|all| {
            let insert = "INSERT INTO journal (account, intent, begun_at) VALUES (?1, ?2, ?3)";
            all.execute(insert, params![account, text, micros(now)])?;
            Ok(all.last_insert_rowid())
        })
    }

    /// Ends an intent that brought nothing.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Failed`.
    pub(crate) fn end(&mut self, intent: i64, now: Time) -> Result<(), VaultError> {
        self.transact(|all| {
            all.execute("UPDATE journal SET ended_at = ?1 WHERE id = ?2", params![micros(now), intent]).map(drop)
        })
    }

    /// The intents that never ended, oldest first; long ended ones are dropped on the way.
    ///
    /// # Errors
    /// `Corrupt`, `Failed`.
    pub(crate) fn open_intents(&mut self, now: Time) -> Result<Vec<OpenIntent>, VaultError> {
        let old = micros(daypass_core::clock::earlier(now, JOURNAL_KEPT));
        if self.one::<i64>(&format!("SELECT id FROM journal WHERE ended_at < {old} LIMIT 1"))?.is_some() {
            self.transact(|all| all.execute("DELETE FROM journal WHERE ended_at < ?1", [old]).map(drop))?;
        }
        let told = |error: rusqlite::Error| VaultError::of_sqlite(&error, &self.path);
        let query = "SELECT id, account, intent, begun_at FROM journal WHERE ended_at IS NULL ORDER BY id";
        let mut query = self.db.prepare(query).map_err(told)?;
        let rows = query.query_map([], |row| {
            let intent = json(row, 2)?;
            Ok(OpenIntent { id: row.get(0)?, account: row.get(1)?, intent, begun_at: instant(row.get(3)?) })
        });
        rows.and_then(Iterator::collect).map_err(told)
    }
}

/// What is needed to seal.
struct Sealing<'a> {
    cipher: &'a Cipher,
    chance: &'a dyn Chance,
}

impl Sealing<'_> {
    fn seal(&self, place: Place, secret: &Secret) -> rusqlite::Result<Vec<u8>> {
        // Only a secret of more than 256 GiB cannot be sealed.
        self.cipher.seal(self.chance, place, secret).ok_or(rusqlite::Error::InvalidQuery)
    }
}

fn put_account(all: &Transaction<'_>, account: &mut AccountRecord, sealing: &Sealing<'_>) -> rusqlite::Result<()> {
    if account.row == 0 {
        let insert =
            "INSERT INTO account (name, provider, params, pinned, created_at, resting) VALUES (?1, ?2, '{}', 0, 0, 0)";
        all.execute(insert, params![account.name, account.provider])?;
        account.row = all.last_insert_rowid();
    }
    let row = account.row;
    let changed = all.execute(
        "UPDATE account SET base_url = ?2, params = ?3, life = ?4, pinned = ?5, created_at = ?6, last_used_at = ?7,
         resting = ?8, refused = ?9, live_until = ?10 WHERE id = ?1",
        params![
            row,
            account.base_url,
            text(&account.params)?,
            account.life.map(millis),
            account.pinned,
            micros(account.created_at),
            account.last_used_at.map(micros),
            account.resting,
            account.refused.as_ref().map(text).transpose()?,
            account.live_until.map(micros),
        ],
    )?;
    if changed != 1 {
        return Err(rusqlite::Error::StatementChangedRows(changed));
    }
    // A secret that is shut or damaged stays as it is in the file.
    let credential = match &account.credential {
        Sealed::Open(secret) => Some(Some(sealing.seal(credential_of(row), secret)?)),
        Sealed::Nothing => Some(None),
        Sealed::Shut | Sealed::Damaged => None,
    };
    if let Some(sealed) = credential {
        all.execute("UPDATE account SET credential_sealed = ?2 WHERE id = ?1", params![row, sealed])?;
    }
    let grant = match &account.grant {
        Sealed::Open(grant) => Some(Some((sealing.seal(grant_of(row), &grant.token)?, grant))),
        Sealed::Nothing => Some(None),
        Sealed::Shut | Sealed::Damaged => None,
    };
    if let Some(grant) = grant {
        let sealed = grant.as_ref().map(|(sealed, _)| sealed);
        let expires = grant.as_ref().and_then(|(_, grant)| grant.expires_at).map(micros);
        let life = grant.as_ref().map(|(_, grant)| millis(grant.life));
        let update = "UPDATE account SET grant_sealed = ?2, grant_expires_at = ?3, grant_life = ?4 WHERE id = ?1";
        all.execute(update, params![row, sealed, expires, life])?;
    }
    Ok(())
}

fn put_sessions(all: &Transaction<'_>, account: &mut AccountRecord, sealing: &Sealing<'_>) -> rusqlite::Result<()> {
    let kept: Vec<i64> =
        account.sessions.iter().filter_map(|session| session.row).chain(account.damaged.iter().copied()).collect();
    let mut stored = all.prepare_cached("SELECT id FROM session WHERE account = ?1")?;
    let stored: Vec<i64> = stored.query_map([account.row], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for gone in stored.iter().filter(|row| !kept.contains(row)) {
        all.execute("DELETE FROM session WHERE id = ?1", [gone])?;
    }
    for session in &mut account.sessions {
        let row = match session.row {
            Some(row) => row,
            None => {
                let insert = "INSERT INTO session (account, remote_id, standing, current) VALUES (?1, '', 'orphan', 0)";
                all.execute(insert, [account.row])?;
                let row = all.last_insert_rowid();
                // A token never changes within its row, so it is sealed once.
                if let Sealed::Open(token) = &session.token {
                    let sealed = sealing.seal(token_of(row), token)?;
                    all.execute("UPDATE session SET token_sealed = ?2 WHERE id = ?1", params![row, sealed])?;
                }
                row
            }
        };
        let Session { id, name, kind, created_at, expires_at } = &session.session;
        all.execute(
            "UPDATE session SET remote_id = ?2, name = ?3, kind = ?4, created_at = ?5, expires_at = ?6, standing = ?7,
             current = ?8, retire_at = ?9, life = ?10 WHERE id = ?1",
            params![
                row,
                id,
                name,
                kind,
                created_at.map(micros),
                expires_at.map(micros),
                if session.standing == Standing::Orphan { "orphan" } else { "held" },
                session.current,
                session.retire_at.map(micros),
                session.life.as_ref().map(text).transpose()?,
            ],
        )?;
        session.row = Some(row);
    }
    Ok(())
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
    })
}

fn opened(sealed: Option<Vec<u8>>, place: Place, cipher: Option<&Cipher>) -> Sealed<Secret> {
    match (sealed, cipher) {
        (None, _) => Sealed::Nothing,
        (Some(_), None) => Sealed::Shut,
        (Some(sealed), Some(cipher)) => cipher.open(place, &sealed).map_or(Sealed::Damaged, Sealed::Open),
    }
}

fn credential_of(row: i64) -> Place {
    Place { table: "account", column: "credential_sealed", row }
}

fn grant_of(row: i64) -> Place {
    Place { table: "account", column: "grant_sealed", row }
}

fn token_of(row: i64) -> Place {
    Place { table: "session", column: "token_sealed", row }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn span(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

fn text<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
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
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::super::key::Recipe;
    use super::super::seal::Key;
    use super::super::seal::tests::Counting;
    use super::*;

    fn record(name: &str) -> AccountRecord {
        AccountRecord {
            row: 0,
            name: name.to_owned(),
            provider: "discovr".to_owned(),
            base_url: None,
            params: BTreeMap::new(),
            life: Some(Duration::from_secs(7)),
            pinned: true,
            created_at: Time::UNIX_EPOCH,
            last_used_at: Some(Time::MAX_UTC),
            resting: false,
            refused: None,
            live_until: None,
            credential: Sealed::Open(Secret::new("x".repeat(8000))),
            generation: 0,
            grant: Sealed::Nothing,
            sessions: Vec::new(),
            damaged: Vec::new(),
        }
    }

    #[test]
    fn a_full_disk_is_told_and_what_was_stored_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.sqlite");
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        let key = Key::new([1; 32]);
        let mut store = Store::create(&path, "id", &Recipe::Keyring, &key, &chance).unwrap();
        store.save(record("first"), &[], &[], Time::UNIX_EPOCH).unwrap();
        let pages: i64 = store.one("PRAGMA page_count").unwrap().unwrap();
        store.db.execute_batch(&format!("PRAGMA max_page_count = {}", pages + 1)).unwrap();
        assert_eq!(store.save(record("second"), &[], &[], Time::UNIX_EPOCH), Err(VaultError::Full));
        let names = |store: &Store| store.load().unwrap().into_iter().map(|a| a.name).collect::<Vec<_>>();
        assert_eq!(names(&store), ["first"]);
        // With room again it goes on, on the same connection.
        store.db.execute_batch("PRAGMA max_page_count = 1000").unwrap();
        store.save(record("second"), &[], &[], Time::UNIX_EPOCH).unwrap();
        assert_eq!(names(&store), ["first", "second"]);
    }

    #[test]
    fn an_account_that_was_removed_is_not_stored_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.sqlite");
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        let mut store = Store::create(&path, "id", &Recipe::Keyring, &Key::new([1; 32]), &chance).unwrap();
        let stored = store.save(record("one"), &[], &[], Time::UNIX_EPOCH).unwrap().0;
        store.remove(stored.row, &[], Time::UNIX_EPOCH).unwrap();
        let error = store.save(stored, &[], &[], Time::UNIX_EPOCH).unwrap_err();
        assert!(matches!(error, VaultError::Failed { .. }), "{error}");
        assert_eq!(store.load().unwrap(), []);
    }

    #[test]
    fn what_is_stored_is_what_is_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.sqlite");
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        let key = Key::new([1; 32]);
        let mut store = Store::create(&path, "id", &Recipe::Keyring, &key, &chance).unwrap();
        let stored = store.save(record("one"), &[], &[], Time::UNIX_EPOCH).unwrap().0;
        assert_eq!(stored.row, 1);
        drop(store);
        let mut store = Store::open(&path, &chance).unwrap().unwrap();
        assert_eq!(store.load().unwrap()[0].credential, Sealed::Shut);
        assert_eq!(store.unlock(&Key::new([2; 32])), Err(VaultError::WrongKey { path }));
        store.unlock(&key).unwrap();
        let mut loaded = store.load().unwrap().remove(0);
        // Instants are kept to the microsecond.
        loaded.last_used_at = stored.last_used_at;
        assert_eq!(loaded, stored);
    }
}
