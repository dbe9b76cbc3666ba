//! What changed from one snapshot to the next: with thousands of sessions a whole snapshot is megabytes, and mostly one of
//! them has changed.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::settings::SettingsView;
use crate::view::{AccountView, SessionView, Snapshot, VaultView};

/// The step from one snapshot to a later one. It only fits the very snapshot that it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct Change {
    /// The revision of the later snapshot.
    #[ts(type = "number")]
    pub revision: u64,
    /// When it was taken.
    #[ts(type = "string")]
    pub at: DateTime<Utc>,
    /// The vault's state.
    pub vault: VaultView,
    /// What the user has chosen.
    pub settings: SettingsView,
    /// The names of all accounts, in order.
    pub names: Vec<String>,
    /// Those that are new or are not as they were.
    pub accounts: Vec<AccountChange>,
}

/// How an account is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct AccountChange {
    /// All of it but its sessions, of which there are none here.
    pub account: AccountView,
    /// The ids of the sessions that it has no more.
    pub gone: Vec<String>,
    /// The sessions that are new or are not as they were, in order.
    pub put: Vec<SessionPut>,
}

/// A session with its place in the account's list, counted from 0, once all before it are in theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct SessionPut {
    /// Its place.
    #[ts(type = "number")]
    pub at: usize,
    /// It.
    pub session: SessionView,
}

impl Snapshot {
    /// What leads from this snapshot to `next`: [`Snapshot::apply`] of it makes the same.
    pub fn change_to(&self, next: &Self) -> Change {
        let before: HashMap<&str, &AccountView> = self.accounts.iter().map(|one| (&*one.name, one)).collect();
        let changed = next.accounts.iter().filter_map(|account| match before.get(&*account.name) {
            Some(before) if *before == account => None,
            Some(before) => Some(account_change(&before.sessions, account)),
            None => Some(account_change(&[], account)),
        });
        Change {
            revision: next.revision,
            at: next.at,
            vault: next.vault.clone(),
            settings: next.settings.clone(),
            names: next.accounts.iter().map(|account| account.name.clone()).collect(),
            accounts: changed.collect(),
        }
    }

    /// Makes this snapshot the later one. An account that the change takes for known, and that is not here, is left out.
    pub fn apply(&mut self, change: Change) {
        let mut known: HashMap<String, AccountView> =
            self.accounts.drain(..).map(|account| (account.name.clone(), account)).collect();
        for AccountChange { account, gone, put } in change.accounts {
            let before = known.remove(&account.name).map(|before| before.sessions).unwrap_or_default();
            let sessions = applied(before, &gone, put);
            known.insert(account.name.clone(), AccountView { sessions, ..account });
        }
        self.revision = change.revision;
        self.at = change.at;
        self.vault = change.vault;
        self.settings = change.settings;
        self.accounts = change.names.iter().filter_map(|name| known.remove(name)).collect();
    }
}

fn account_change(before: &[SessionView], account: &AccountView) -> AccountChange {
    let (gone, put) = step(before, &account.sessions).unwrap_or_else(|| whole(before, &account.sessions));
    AccountChange { account: without_sessions(account), gone, put }
}

/// What leads from one list to the other, where those that stay as they are keep their order; `None` where they do not.
fn step(before: &[SessionView], after: &[SessionView]) -> Option<(Vec<String>, Vec<SessionPut>)> {
    let known: HashMap<&str, &SessionView> = before.iter().map(|session| (&*session.id, session)).collect();
    let wanted: HashSet<&str> = after.iter().map(|session| &*session.id).collect();
    if known.len() != before.len() || wanted.len() != after.len() {
        return None;
    }
    let stays = |session: &SessionView| known.get(&*session.id) == Some(&session);
    let put: Vec<SessionPut> = after
        .iter()
        .enumerate()
        .filter(|(_, session)| !stays(session))
        .map(|(at, session)| SessionPut { at, session: session.clone() })
        .collect();
    let moved: HashSet<&str> = put.iter().map(|put| &*put.session.id).collect();
    let kept = before.iter().filter(|session| wanted.contains(&*session.id) && !moved.contains(&*session.id));
    let ordered = kept.map(|session| &*session.id).eq(after.iter().filter(|one| stays(one)).map(|one| &*one.id));
    let gone = before.iter().filter(|session| !wanted.contains(&*session.id)).map(|session| session.id.clone());
    ordered.then(|| (gone.collect(), put))
}

/// The other list in place of the one.
fn whole(before: &[SessionView], after: &[SessionView]) -> (Vec<String>, Vec<SessionPut>) {
    let put = after.iter().enumerate().map(|(at, session)| SessionPut { at, session: session.clone() });
    (before.iter().map(|session| session.id.clone()).collect(), put.collect())
}

/// The list after a step.
fn applied(before: Vec<SessionView>, gone: &[String], put: Vec<SessionPut>) -> Vec<SessionView> {
    let leaves: HashSet<String> = gone.iter().cloned().chain(put.iter().map(|put| put.session.id.clone())).collect();
    let mut kept = before.into_iter().filter(|session| !leaves.contains(&session.id));
    let mut after = Vec::new();
    for SessionPut { at, session } in put {
        after.extend(kept.by_ref().take(at.saturating_sub(after.len())));
        after.push(session);
    }
    after.extend(kept);
    after
}

/// An account but for its sessions, of which there may be many.
fn without_sessions(account: &AccountView) -> AccountView {
    AccountView {
        name: account.name.clone(),
        provider: account.provider.clone(),
        title: account.title.clone(),
        base_url: account.base_url.clone(),
        params: account.params.clone(),
        health: account.health,
        freshness: account.freshness,
        refreshing: account.refreshing,
        problem: account.problem.clone(),
        current: account.current.clone(),
        expires_at: account.expires_at,
        next_refresh_at: account.next_refresh_at,
        last_used_at: account.last_used_at,
        pinned: account.pinned,
        abilities: account.abilities.clone(),
        sessions: Vec::new(),
    }
}
