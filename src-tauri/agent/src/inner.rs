//! What all clones of an agent share, and the one way in which a change of an account is stored.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use daypass_api::settings::{Settings, SettingsView};
use daypass_api::view::{Place, Snapshot};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::{Time, phrase};
use tokio::sync::{Notify, broadcast, watch};

use crate::agent::Setup;
use crate::authority::Beside;
use crate::history::{Entry, History};
use crate::refresh::removed;
use crate::settings::SettingsFile;
use crate::state::State;
use crate::state::clocks::Clocks;
use crate::tell::Teller;
use crate::turns::Turns;
use crate::undo::Undos;
use crate::vault::{AccountRecord, Store, Vault, VaultError};
use crate::{Notice, view};

/// What all clones of an agent share.
pub(crate) struct Inner {
    pub(crate) setup: Setup,
    pub(crate) started_at: Time,
    pub(crate) vault: Vault,
    state: Mutex<State>,
    /// Wakes the keeper: the facts have changed.
    pub(crate) wake: Notify,
    /// Wakes the publisher: the snapshot has changed.
    pub(crate) changed: Notify,
    pub(crate) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(crate) notices: broadcast::Sender<Notice>,
    pub(crate) history: Arc<History>,
    pub(crate) teller: Teller,
    pub(crate) focus: broadcast::Sender<Place>,
    pub(crate) windows: AtomicUsize,
    pub(crate) palette: broadcast::Sender<()>,
    pub(crate) palettes: AtomicUsize,
    /// How much work is under way that must not be cut off.
    busy: watch::Sender<usize>,
    /// How many calls are under way, by the row of their account, whose answer is the only copy of something; each until
    /// that is stored.
    once_only: watch::Sender<BTreeMap<i64, usize>>,
    /// Whether the vault was tried once.
    pub(crate) tried: watch::Sender<bool>,
    /// One change of an account at a time goes to the vault.
    pub(crate) saving: Turns<i64>,
    /// One settlement of an account at a time.
    pub(crate) settling: Turns<i64>,
    /// What the settings' file said when it was looked at last; one change of it at a time.
    pub(crate) settings_file: tokio::sync::Mutex<SettingsFile>,
    /// Wakes who follows the settings' file.
    pub(crate) settings_wake: Notify,
    /// The settings in force, for those who apply them.
    pub(crate) settings: watch::Sender<Settings>,
    /// The local authority, where there is one.
    pub(crate) beside: Beside,
    /// What was dropped a moment ago and can be put back.
    pub(crate) undos: Undos,
    pub(crate) stopped: AtomicBool,
    pub(crate) stop: Notify,
}

/// What to do when a change cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unstored {
    /// Leave everything as it was, and say so.
    Refuse,
    /// Keep it in memory, and store it as soon as that is possible: it holds a secret that would be lost.
    Keep,
}

impl Inner {
    pub(crate) fn new(setup: Setup) -> Self {
        let now = setup.clock.now();
        let vault = Vault::new(setup.home.vault_file(), setup.key.clone(), setup.chance.clone());
        let shut = VaultError::Asked;
        let empty = Snapshot {
            revision: 0,
            at: now,
            vault: shut.view(),
            settings: SettingsView::default(),
            accounts: Vec::new(),
        };
        Self {
            started_at: now,
            vault,
            state: Mutex::new(State { vault: Some(shut), clocks: Clocks::new(setup.clock.boot()), ..State::default() }),
            wake: Notify::new(),
            changed: Notify::new(),
            snapshots: watch::Sender::new(Arc::new(empty)),
            notices: broadcast::Sender::new(64),
            history: Arc::default(),
            teller: Teller::new(&*setup.clock),
            focus: broadcast::Sender::new(8),
            windows: AtomicUsize::new(0),
            palette: broadcast::Sender::new(8),
            palettes: AtomicUsize::new(0),
            busy: watch::Sender::new(0),
            once_only: watch::Sender::default(),
            tried: watch::Sender::new(false),
            saving: Turns::default(),
            settling: Turns::default(),
            settings_file: SettingsFile::at(setup.home.settings_file()).into(),
            settings_wake: Notify::new(),
            settings: watch::Sender::default(),
            beside: Beside::default(),
            undos: Undos::default(),
            stopped: AtomicBool::new(false),
            stop: Notify::new(),
            setup,
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.setup.clock.now()
    }

    /// The state, as it is by the clocks of now. Hold it for a moment only.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.take_in(self.setup.clock.reading()) {
            self.touched();
        }
        state
    }

    /// Says that something changed which the keeper plans by and the faces show.
    pub(crate) fn touched(&self) {
        self.wake.notify_one();
        self.changed.notify_one();
        self.teller.wake.notify_one();
    }

    /// A name for a new session: after the machine, with a tag of chance by which this very session is found again.
    pub(crate) fn session_name(&self) -> String {
        let machine = Some(&*self.setup.machine).filter(|name| !name.is_empty()).unwrap_or("Daypass");
        format!("{machine}-{}", &daypass_core::token::opaque::uuid(&*self.setup.chance)[..6])
    }

    pub(crate) fn tell(&self, notice: Notice) {
        // Without a listener there is nobody to tell.
        let _ = self.notices.send(notice);
    }

    /// Whether anybody hears of snapshots.
    pub(crate) fn is_watched(&self) -> bool {
        self.snapshots.receiver_count() > 0
    }

    /// Keeps no copy of what nobody watches; only its number is kept.
    pub(crate) fn forget_snapshot(&self) {
        self.snapshots.send_if_modified(|last| {
            if !last.accounts.is_empty() {
                *last = Arc::new(without_accounts(last));
            }
            false
        });
    }

    /// Takes the snapshot anew; watchers hear of it where more than its moment has changed. While nobody watches, every
    /// one has a number of its own.
    pub(crate) fn publish(&self) -> Arc<Snapshot> {
        let now = self.now();
        let mut fresh = None;
        let watched = self.is_watched();
        self.snapshots.send_if_modified(|last| {
            // Under the channel's lock, so that revisions are counted once and in order.
            let taken = view::snapshot(&self.state(), now, last.revision);
            let same = last.revision > 0
                && last.vault == taken.vault
                && last.settings == taken.settings
                && last.accounts == taken.accounts;
            let taken = Arc::new(if same { taken } else { Snapshot { revision: last.revision + 1, ..taken } });
            fresh = Some(taken.clone());
            if !same {
                *last = if watched { taken } else { Arc::new(without_accounts(&taken)) };
            }
            !same
        });
        fresh.unwrap_or_else(|| self.snapshots.borrow().clone())
    }

    /// Runs `work` to its end even if the caller goes away: between a call and its storing nothing may be cut off.
    ///
    /// # Errors
    /// Those of `work`; `offline` once the agent has stopped.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.still_running()?;
        let broken = |_| {
            let why = phrase!("error-broke-off", "The work broke off; see the agent's log.");
            Err(ApiError::of(ErrorCode::Internal, &why))
        };
        self.spawn(work).await.unwrap_or_else(broken)
    }

    /// Starts `work`; [`Inner::idle`] waits for it.
    pub(crate) fn spawn<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        let busy = Busy::new(self.clone());
        tokio::spawn(async move {
            let _busy = busy;
            work.await
        })
    }

    /// Waits until no work is under way.
    pub(crate) async fn idle(&self) {
        // The sender is ours, so this only ends by the condition.
        let _ = self.busy.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Counts a call for the account of `row` whose answer is the only copy of something, until what this answers is
    /// dropped: that is to be when the answer is stored.
    pub(crate) fn calls_once(self: &Arc<Self>, row: i64) -> OnceOnly {
        self.once_only.send_modify(|rows| *rows.entry(row).or_default() += 1);
        OnceOnly { inner: self.clone(), row }
    }

    /// Whether such a call is under way for the account of `row`.
    pub(crate) fn is_calling_once(&self, row: i64) -> bool {
        self.once_only.borrow().contains_key(&row)
    }

    /// Waits until no such call is under way for the accounts that `which` says.
    pub(crate) async fn called_once(&self, which: impl Fn(i64) -> bool) {
        // The sender is ours, so this only ends by the condition.
        let _ = self.once_only.subscribe().wait_for(|rows| !rows.keys().any(|row| which(*row))).await;
    }

    /// # Errors
    /// `offline` once the agent has stopped.
    pub(crate) fn still_running(&self) -> Result<(), ApiError> {
        if self.stopped.load(Ordering::Acquire) { Err(VaultError::Closed.into()) } else { Ok(()) }
    }

    /// Changes an account: the changed record is stored in one transaction, which also ends the intents `ended`, and
    /// only then takes the place of the old one in memory.
    ///
    /// # Errors
    /// With [`Unstored::Refuse`], those of the vault. `unknown_account` where it was removed in the meantime.
    pub(crate) async fn commit(
        &self,
        row: i64,
        ended: Vec<i64>,
        unstored: Unstored,
        change: impl FnOnce(&mut AccountRecord) + Send,
    ) -> Result<(), ApiError> {
        let silent = |record: &mut AccountRecord| {
            change(record);
            Vec::new()
        };
        self.commit_logged(row, ended, unstored, silent).await
    }

    /// The same of a change that the history tells of: `change` answers its entries, which are written in the transaction
    /// that stores it.
    ///
    /// # Errors
    /// As [`Inner::commit`].
    pub(crate) async fn commit_logged(
        &self,
        row: i64,
        ended: Vec<i64>,
        unstored: Unstored,
        change: impl FnOnce(&mut AccountRecord) -> Vec<Entry> + Send,
    ) -> Result<(), ApiError> {
        let gone = removed;
        let _one_at_a_time = self.saving.take(row).await;
        let (mut record, is_stored, mut ended, anchor) = {
            let state = self.state();
            let account = state.accounts.row(row).ok_or_else(gone)?;
            let ended = [ended, account.unsaved.clone().unwrap_or_default()].concat();
            (account.record.clone(), account.unsaved.is_none(), ended, state.clocks.anchor())
        };
        let before = record.clone();
        let own = change(&mut record).into_iter().map(|entry| entry.without_secrets(&[&before, &record]));
        let own = self.history.screen(own);
        let now = self.now();
        let stored = {
            let (record, ended, own) = (record.clone(), ended.clone(), own.clone());
            let (anchor, history) = (anchor.clone(), self.history.clone());
            let known = is_stored.then_some(before);
            let save = move |store: &mut Store| {
                // What is moved differs from what is known, and is written.
                store.write_by(&anchor, record, |store, record| {
                    history.write(own, |entries| store.save(record, known.as_ref(), &ended, entries, now))
                })
            };
            self.vault.run(save).await
        };
        let mut state = self.state();
        // The clock may have been set while the vault was busy.
        let set = state.clocks.anchor().since(&anchor);
        let result = match stored {
            Ok((mut stored, ahead)) => {
                stored.shift(set - ahead);
                state.intents.retain(|intent| !ended.contains(&intent.id));
                state.note_revocations(row);
                // A vault that was in trouble is only well again once everything that waits is stored: see `open_vault`.
                state.by_row(row).ok_or_else(gone)?.replace(stored, None);
                Ok(())
            }
            Err(error) => {
                if error != VaultError::Closed {
                    state.vault = Some(error.clone());
                }
                if unstored == Unstored::Refuse {
                    Err(error.into())
                } else {
                    self.history.line_up(own);
                    ended.dedup();
                    record.shift(set);
                    state.by_row(row).ok_or_else(gone)?.replace(record, Some(ended));
                    Ok(())
                }
            }
        };
        drop(state);
        self.touched();
        result
    }
}

/// What is kept of a snapshot that nobody watches.
fn without_accounts(snapshot: &Snapshot) -> Snapshot {
    Snapshot {
        revision: snapshot.revision,
        at: snapshot.at,
        vault: snapshot.vault.clone(),
        settings: snapshot.settings.clone(),
        accounts: Vec::new(),
    }
}

/// A call whose answer is the only copy of something, until that is stored.
pub(crate) struct OnceOnly {
    inner: Arc<Inner>,
    row: i64,
}

impl Drop for OnceOnly {
    fn drop(&mut self) {
        self.inner.once_only.send_modify(|rows| {
            let left = rows.get(&self.row).map_or(0, |count| count - 1);
            if left == 0 {
                rows.remove(&self.row);
            } else {
                rows.insert(self.row, left);
            }
        });
    }
}

/// Counts as work under way while it lives.
struct Busy(Arc<Inner>);

impl Busy {
    fn new(inner: Arc<Inner>) -> Self {
        inner.busy.send_modify(|count| *count += 1);
        Self(inner)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.send_modify(|count| *count -= 1);
    }
}
