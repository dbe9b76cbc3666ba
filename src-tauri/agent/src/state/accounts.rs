//! The accounts, by row and by name, with a note of those that were touched since the keeper looked at them.

use std::collections::BTreeSet;

use daypass_core::Time;

use super::Account;

/// Every account of the agent. Whoever gets one to change it touches it, and the keeper plans it anew.
#[derive(Default)]
pub(crate) struct Accounts {
    /// In the order of their rows. A new account has the highest, so that this grows at its end.
    #[expect(clippy::vec_box, reason = "an account is large: a list that grows is not to keep room for as many again")]
    by_row: Vec<Box<Account>>,
    /// Their rows, in the order of the names.
    by_name: Vec<i64>,
    touched: BTreeSet<i64>,
}

impl Accounts {
    /// The account of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Account> {
        let at = self.find_name(name).ok()?;
        self.row(self.by_name[at])
    }

    /// The account of this name, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Account> {
        let at = self.find_name(name).ok()?;
        self.row_mut(self.by_name[at])
    }

    /// The account of this row.
    pub(crate) fn row(&self, row: i64) -> Option<&Account> {
        self.find_row(row).ok().map(|at| &*self.by_row[at])
    }

    /// The account of this row, to be changed.
    pub(crate) fn row_mut(&mut self, row: i64) -> Option<&mut Account> {
        let at = self.find_row(row).ok()?;
        self.touched.insert(row);
        Some(&mut self.by_row[at])
    }

    /// All of them, in the order of their names.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Account> {
        self.by_name.iter().filter_map(|row| self.row(*row))
    }

    /// All of them, to be changed.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Account> {
        self.touch_all();
        self.by_row.iter_mut().map(|account| &mut **account)
    }

    /// Everybody is to be planned anew: what all are planned by has changed.
    pub(crate) fn touch_all(&mut self) {
        self.touched.extend(self.by_name.iter().copied());
    }

    /// What is not in the vault yet of the uses: the row, the moment of the last one, and whether the account rests after it.
    pub(crate) fn take_uses(&mut self) -> Vec<(i64, Time, bool)> {
        let used = self.by_row.iter_mut().filter(|account| account.used_unsaved);
        // Nothing is planned by whether a use is stored: this touches none of them.
        used.filter_map(|account| {
            account.used_unsaved = false;
            let record = &account.record;
            Some((record.row, record.last_used_at?, record.resting))
        })
        .collect()
    }

    /// These uses could not be stored after all.
    pub(crate) fn put_uses_back(&mut self, rows: impl IntoIterator<Item = i64>) {
        for row in rows {
            if let Ok(at) = self.find_row(row) {
                self.by_row[at].used_unsaved = true;
            }
        }
    }

    /// Puts an account in, in place of any of the same row.
    pub(crate) fn insert(&mut self, account: Account) {
        let row = account.record.row;
        self.remove(row);
        let (Ok(at) | Err(at)) = self.find_name(&account.record.name);
        self.by_name.insert(at, row);
        let (Ok(at) | Err(at)) = self.find_row(row);
        self.by_row.insert(at, Box::new(account));
        self.touched.insert(row);
    }

    /// Takes the account of this row out.
    pub(crate) fn remove(&mut self, row: i64) {
        if let Ok(at) = self.find_row(row) {
            self.by_row.remove(at);
            self.by_name.retain(|known| *known != row);
        }
        // The keeper takes it off the agenda.
        self.touched.insert(row);
    }

    /// The rows of those that were touched since this was asked last.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<i64> {
        std::mem::take(&mut self.touched)
    }

    fn find_row(&self, row: i64) -> Result<usize, usize> {
        self.by_row.binary_search_by_key(&row, |account| account.record.row)
    }

    fn find_name(&self, name: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|row| self.row(*row).map_or("", |account| &account.record.name).cmp(name))
    }
}

impl FromIterator<Box<Account>> for Accounts {
    fn from_iter<T: IntoIterator<Item = Box<Account>>>(accounts: T) -> Self {
        let mut all = Self::default();
        all.by_row.extend(accounts);
        all.by_row.sort_by_key(|account| account.record.row);
        let mut by_name: Vec<&Account> = all.by_row.iter().map(|account| &**account).collect();
        by_name.sort_by(|one, other| one.record.name.cmp(&other.record.name));
        all.by_name = by_name.into_iter().map(|account| account.record.row).collect();
        all.touched.extend(all.by_name.iter().copied());
        all
    }
}

#[cfg(test)]
mod tests {
    use daypass_core::clock;
    use daypass_providers::Catalog;

    use super::*;
    use crate::vault::AccountRecord;

    fn account(row: i64) -> Box<Account> {
        let record = AccountRecord {
            row,
            last_used_at: Some(clock::later(Time::UNIX_EPOCH, std::time::Duration::from_secs(row.unsigned_abs()))),
            ..AccountRecord::new(&format!("account-{row}"), "discovr", Time::UNIX_EPOCH)
        };
        Box::new(Account::new(record, &Catalog::built_in(), Time::UNIX_EPOCH, 0.0))
    }

    #[test]
    fn uses_are_noted_without_planning_anybody_anew() {
        let mut accounts: Accounts = (1..=3).map(account).collect();
        accounts.row_mut(2).unwrap().used_unsaved = true;
        accounts.take_touched();
        let used = accounts.take_uses();
        assert_eq!(used, [(2, account(2).record.last_used_at.unwrap(), false)]);
        assert_eq!(accounts.take_uses(), []);
        // The vault would not take it.
        accounts.put_uses_back([2, 77]);
        assert_eq!(accounts.take_uses(), used);
        assert!(accounts.take_touched().is_empty());
    }
}
