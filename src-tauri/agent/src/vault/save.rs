//! Storing an account: the path that every refresh takes. Only what differs from what is stored is written and sealed.

use daypass_core::session::{Session, Standing};
use daypass_core::{Chance, Secret, Time};
use rusqlite::{Transaction, params};

use super::error::VaultError;
use super::log::{Written, drop_old, put_entries};
use super::record::{AccountRecord, Sealed, SessionRecord};
use super::rows::{credential_of, end_intent, grant_of, millis, text, token_of};
use super::seal::{Cipher, Place};
use super::store::{Store, micros};
use crate::fail;
use crate::history::Entry;

impl Store {
    /// Stores the account in one transaction, ends `ended` and writes `entries` of the history in the same; answers the
    /// account with its rows filled in, and what became of the entries. `stored` is what the file is known to hold of it.
    ///
    /// # Errors
    /// `Locked` without the key; `Full`, `ReadOnly`, `Failed`, and then nothing has changed.
    pub(crate) fn save(
        &mut self,
        mut account: AccountRecord,
        stored: Option<&AccountRecord>,
        ended: &[i64],
        entries: &[Entry],
        now: Time,
    ) -> Result<(AccountRecord, Written), VaultError> {
        let by = self.ages_by(now)?;
        let written = self.sealing(|all, sealing| {
            put_account(all, &mut account, stored, sealing)?;
            put_sessions(all, &mut account, stored, sealing)?;
            for intent in ended {
                end_intent(all, *intent, now)?;
            }
            let mut written = put_entries(all, entries)?;
            if written.looks_for_old() {
                written.more_to_drop = drop_old(all, by)?;
            }
            fail::point("save.unfinished");
            Ok(written)
        })?;
        Ok((account, written))
    }

    /// Runs `work`, which needs to seal, in one transaction.
    ///
    /// # Errors
    /// `Locked` without the key; those of the transaction.
    pub(super) fn sealing<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &Sealing<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, VaultError> {
        let cipher = self.cipher.take().ok_or(VaultError::Locked)?;
        let chance = self.chance.clone();
        let done = self.transact(|all| work(all, &Sealing { cipher: &cipher, chance: &*chance }));
        self.cipher = Some(cipher);
        done
    }
}

/// What is needed to seal.
pub(super) struct Sealing<'a> {
    cipher: &'a Cipher,
    chance: &'a dyn Chance,
}

impl Sealing<'_> {
    fn seal(&self, place: Place, secret: &Secret) -> rusqlite::Result<Vec<u8>> {
        // Only a secret of more than 256 GiB cannot be sealed.
        self.cipher.seal(self.chance, place, secret).ok_or(rusqlite::Error::InvalidQuery)
    }
}

/// Writes the account itself, and gives a new one its row.
pub(super) fn put_account(
    all: &Transaction<'_>,
    account: &mut AccountRecord,
    stored: Option<&AccountRecord>,
    sealing: &Sealing<'_>,
) -> rusqlite::Result<()> {
    if account.row == 0 {
        let insert =
            "INSERT INTO account (name, provider, params, pinned, created_at, resting) VALUES (?1, ?2, '{}', 0, 0, 0)";
        all.prepare_cached(insert)?.execute(params![account.name, account.provider])?;
        account.row = all.last_insert_rowid();
    }
    let row = account.row;
    let mut update = all.prepare_cached(
        "UPDATE account SET base_url = ?2, params = ?3, life = ?4, pinned = ?5, created_at = ?6, last_used_at = ?7,
         resting = ?8, refused = ?9, live_until = ?10 WHERE id = ?1",
    )?;
    let changed = update.execute(params![
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
    ])?;
    if changed != 1 {
        return Err(rusqlite::Error::StatementChangedRows(changed));
    }
    if stored.is_none_or(|stored| stored.credential != account.credential) {
        put_credential(all, account, sealing)?;
    }
    if stored.is_none_or(|stored| stored.grant != account.grant) {
        put_grant(all, account, sealing)?;
    }
    Ok(())
}

fn put_credential(all: &Transaction<'_>, account: &AccountRecord, sealing: &Sealing<'_>) -> rusqlite::Result<()> {
    let sealed = match &account.credential {
        Sealed::Open(secret) => Some(sealing.seal(credential_of(account.row), secret)?),
        Sealed::Nothing => None,
        // What is shut or damaged stays as it is in the file.
        Sealed::Shut | Sealed::Damaged => return Ok(()),
    };
    let update = "UPDATE account SET credential_sealed = ?2 WHERE id = ?1";
    all.prepare_cached(update)?.execute(params![account.row, sealed]).map(drop)
}

fn put_grant(all: &Transaction<'_>, account: &AccountRecord, sealing: &Sealing<'_>) -> rusqlite::Result<()> {
    let grant = match &account.grant {
        Sealed::Open(grant) => Some((sealing.seal(grant_of(account.row), &grant.token)?, grant)),
        Sealed::Nothing => None,
        Sealed::Shut | Sealed::Damaged => return Ok(()),
    };
    let sealed = grant.as_ref().map(|(sealed, _)| sealed);
    let expires = grant.as_ref().and_then(|(_, grant)| grant.expires_at).map(micros);
    let life = grant.as_ref().map(|(_, grant)| millis(grant.life));
    let update = "UPDATE account SET grant_sealed = ?2, grant_expires_at = ?3, grant_life = ?4 WHERE id = ?1";
    all.prepare_cached(update)?.execute(params![account.row, sealed, expires, life]).map(drop)
}

/// Writes the sessions, and gives new ones their rows; those that the account has no more are deleted.
pub(super) fn put_sessions(
    all: &Transaction<'_>,
    account: &mut AccountRecord,
    stored: Option<&AccountRecord>,
    sealing: &Sealing<'_>,
) -> rusqlite::Result<()> {
    for gone in rows_in_file(all, account.row, stored)? {
        let kept = account.sessions.iter().any(|session| session.row == Some(gone)) || account.damaged.contains(&gone);
        if !kept {
            all.prepare_cached("DELETE FROM session WHERE id = ?1")?.execute([gone])?;
        }
    }
    let unchanged = |session: &SessionRecord| {
        session.row.is_some() && stored.is_some_and(|stored| stored.sessions.contains(session))
    };
    for session in account.sessions.iter_mut() {
        if unchanged(session) {
            continue;
        }
        match session.row {
            Some(row) if update_session(all, row, session)? => {}
            _ => session.row = Some(insert_session(all, account.row, session, sealing)?),
        }
    }
    Ok(())
}

/// The rows of the account's sessions, as far as they are known without asking.
fn rows_in_file(all: &Transaction<'_>, account: i64, stored: Option<&AccountRecord>) -> rusqlite::Result<Vec<i64>> {
    if let Some(stored) = stored {
        let shown = stored.sessions.iter().filter_map(|session| session.row);
        return Ok(shown.chain(stored.damaged.iter().copied()).collect());
    }
    let mut rows = all.prepare_cached("SELECT id FROM session WHERE account = ?1")?;
    rows.query_map([account], |row| row.get(0))?.collect()
}

/// Answers whether there is such a row.
fn update_session(all: &Transaction<'_>, row: i64, session: &SessionRecord) -> rusqlite::Result<bool> {
    let update = "UPDATE session SET remote_id = ?2, name = ?3, kind = ?4, created_at = ?5, expires_at = ?6,
                  standing = ?7, current = ?8, retire_at = ?9, life = ?10 WHERE id = ?1";
    put_session(all, update, row, session).map(|changed| changed == 1)
}

fn insert_session(
    all: &Transaction<'_>,
    account: i64,
    session: &SessionRecord,
    sealing: &Sealing<'_>,
) -> rusqlite::Result<i64> {
    let insert = "INSERT INTO session (account, remote_id, name, kind, created_at, expires_at, standing, current,
                  retire_at, life) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    put_session(all, insert, account, session)?;
    let row = all.last_insert_rowid();
    // A token never changes within its row, so it is sealed once: bound to the row, which is only known now.
    if let Sealed::Open(token) = &session.token {
        let sealed = sealing.seal(token_of(row), token)?;
        let update = "UPDATE session SET token_sealed = ?2 WHERE id = ?1";
        all.prepare_cached(update)?.execute(params![row, sealed])?;
    }
    Ok(row)
}

/// Runs a statement whose parameters are a row and then the columns of `session`; answers how many rows it changed.
fn put_session(all: &Transaction<'_>, sql: &str, row: i64, session: &SessionRecord) -> rusqlite::Result<usize> {
    let Session { id, name, kind, created_at, expires_at } = &session.session;
    all.prepare_cached(sql)?.execute(params![
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
    ])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use daypass_api::view::LogEvent;

    use super::super::key::Recipe;
    use super::super::seal::Key;
    use super::super::seal::tests::Counting;
    use super::*;

    fn store(dir: &tempfile::TempDir) -> Store {
        let chance: Arc<dyn Chance> = Arc::new(Counting(0.into()));
        Store::create(&dir.path().join("vault.sqlite"), "id", &Recipe::Keyring, &Key::new([1; 32]), &chance).unwrap()
    }

    fn session(id: &str) -> SessionRecord {
        let session =
            Session { id: id.to_owned(), name: None, kind: None, created_at: None, expires_at: Some(Time::UNIX_EPOCH) };
        SessionRecord {
            row: None,
            session,
            standing: Standing::Held,
            current: false,
            retire_at: None,
            token: Sealed::Open(Secret::new(format!("token-of-{id}"))),
            life: None,
            print: Default::default(),
        }
    }

    fn record() -> AccountRecord {
        AccountRecord {
            credential: Sealed::Open(Secret::new("credential")),
            sessions: vec![session("one"), session("two")],
            ..AccountRecord::new("work", "discovr", Time::UNIX_EPOCH)
        }
    }

    fn save(store: &mut Store, record: AccountRecord, stored: Option<&AccountRecord>) -> AccountRecord {
        store.save(record, stored, &[], &[], Time::UNIX_EPOCH).unwrap().0
    }

    /// The sealed credential and tokens, as they are in the file.
    fn sealed(store: &Store) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut tokens = store.db.prepare("SELECT token_sealed FROM session ORDER BY id").unwrap();
        let tokens = tokens.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        (store.one("SELECT credential_sealed FROM account").unwrap().unwrap(), tokens)
    }

    #[test]
    fn only_what_differs_is_sealed_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(&dir);
        let first = save(&mut store, record(), None);
        let before = sealed(&store);
        let mut changed = AccountRecord { pinned: true, ..first.clone() };
        changed.sessions[1].current = true;
        let second = save(&mut store, changed, Some(&first));
        assert_eq!(sealed(&store), before);
        assert_eq!(store.load_all().unwrap(), std::slice::from_ref(&second));

        let mut changed = AccountRecord { credential: Sealed::Open(Secret::new("successor")), ..second.clone() };
        changed.sessions.remove(0);
        changed.sessions.push(session("three"));
        let third = save(&mut store, changed, Some(&second));
        let after = sealed(&store);
        assert_ne!(after.0, before.0);
        assert_eq!((after.1.len(), &after.1[0]), (2, &before.1[1]));
        assert_eq!(store.load_all().unwrap(), [third]);
    }

    #[test]
    fn without_knowing_what_is_stored_everything_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(&dir);
        let first = save(&mut store, record(), None);
        store.db.execute_batch("UPDATE account SET credential_sealed = NULL; INSERT INTO session SELECT NULL, account, 'x', name, kind, created_at, expires_at, standing, current, retire_at, NULL, life FROM session").unwrap();
        let again = save(&mut store, first, None);
        assert_eq!(store.load_all().unwrap(), [again]);
    }

    #[test]
    fn a_session_whose_row_is_gone_is_stored_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(&dir);
        let first = save(&mut store, record(), None);
        store.db.execute_batch("DELETE FROM session").unwrap();
        let mut changed = first.clone();
        changed.sessions[0].current = true;
        changed.sessions[1].current = true;
        let again = save(&mut store, changed, Some(&first));
        assert_ne!(again.sessions[0].row, first.sessions[0].row);
        assert_eq!(store.load_all().unwrap(), [again]);
    }

    #[test]
    fn old_entries_go_also_where_nothing_happens_but_saving() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(&dir);
        let entry = |at| [Entry::new(at, "work", LogEvent::Refreshed)];
        let mut record = save(&mut store, record(), None);
        store.log(&entry(Time::UNIX_EPOCH), Time::UNIX_EPOCH).unwrap();
        let later = Time::from_timestamp(100 * 86_400, 0).unwrap();
        store.believe(later);
        for _ in 0..16 {
            record = store.save(record.clone(), Some(&record), &[], &entry(later), later).unwrap().0;
        }
        assert_eq!(store.one("SELECT count(*) FROM log").unwrap(), Some(16_i64));
    }
}
