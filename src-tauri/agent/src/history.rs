//! The history: what happened to every account and to the vault, for the user to read. Never a secret.
//!
//! What a change of an account means is written in the transaction that stores the change. All else waits a moment in
//! memory, and goes to the vault with the next such change, or together in a transaction of its own. While the vault cannot
//! be written, entries wait; the oldest of too many are dropped.

mod entry;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use daypass_api::request::LogQuery;
use daypass_api::view::{LogEntry, LogEvent, LogView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::{Time, clock};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub(crate) use self::entry::{Entry, Why, holds, timed};
use crate::accounts::bad_request;
use crate::inner::Inner;
use crate::vault::{Store, VaultError, Written};

/// How many entries wait at most: one each of ten thousand accounts, with room to spare.
const MOST_WAITING: usize = 16_384;
/// How long entries are gathered, so that what happens to many accounts at once is one transaction.
const GATHERED_FOR: Duration = Duration::from_millis(100);
/// How long until the next attempt where the vault cannot be written; it comes sooner where the vault opens.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// How long until the next old entries are dropped.
const NEXT_STEP: Duration = Duration::from_secs(1);
/// A failure that is like the last one of its account is written again only after this long.
const SAME_AGAIN: Duration = Duration::from_secs(60 * 60);
/// How many entries can be asked for at once.
const MOST_ASKED: u32 = 1000;
/// How many entries a listener reads at once.
const PAGE: u32 = 100;

/// What is on its way into the history, and what came there.
pub(crate) struct History {
    queue: Mutex<Queue>,
    /// Wakes the writer: there is something to write.
    pub(crate) wake: Notify,
    /// Wakes the writer: the vault can be written again.
    pub(crate) again: Notify,
    /// What this agent has written so far.
    durable: watch::Sender<Durable>,
}

/// Entries that wait, and what was failing last.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Entry>,
    /// The failure that an account repeats, by its name.
    runs: HashMap<String, Run>,
}

/// Failures of one account that are all the same.
struct Run {
    code: Option<ErrorCode>,
    reason: Option<String>,
    written_at: Time,
    /// How many have not been written since then.
    left_out: u32,
}

/// How far the history is durable.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Durable {
    /// The id of the last entry that was there before this agent.
    before: u64,
    /// The id of the last one.
    last: u64,
}

impl Default for History {
    fn default() -> Self {
        Self {
            queue: Mutex::default(),
            wake: Notify::new(),
            again: Notify::new(),
            durable: watch::Sender::new(Durable::default()),
        }
    }
}

impl History {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What of `entries` is worth writing: a failure like the last one of its account is not.
    pub(crate) fn screen(&self, entries: impl IntoIterator<Item = Entry>) -> Vec<Entry> {
        let mut queue = self.queue();
        entries.into_iter().filter_map(|entry| queue.unless_repeated(entry)).collect()
    }

    /// Puts an entry in line, if it is worth writing.
    fn put(&self, entry: Entry) {
        let entry = self.queue().unless_repeated(entry);
        self.line_up(entry);
    }

    /// Puts entries in line.
    pub(crate) fn line_up(&self, entries: impl IntoIterator<Item = Entry>) {
        let mut queue = self.queue();
        queue.waiting.extend(entries);
        let surplus = queue.waiting.len().saturating_sub(MOST_WAITING);
        queue.waiting.drain(..surplus);
    }

    /// Writes all that waits and then `own`, by `write`, in one transaction. To be called with the vault's file in hand:
    /// entries then stand in it in the order in which they happened. Where that fails, those that waited wait on.
    ///
    /// # Errors
    /// Those of `write`; nothing is told of `own` then.
    pub(crate) fn write<T>(
        &self,
        own: Vec<Entry>,
        write: impl FnOnce(&[Entry]) -> Result<(T, Written), VaultError>,
    ) -> Result<T, VaultError> {
        let waiting: Vec<Entry> = self.queue().waiting.drain(..).collect();
        let count = waiting.len();
        let mut entries = waiting;
        entries.extend(own);
        match write(&entries) {
            Ok((done, written)) => {
                self.written(written);
                Ok(done)
            }
            Err(error) => {
                entries.truncate(count);
                self.put_back(entries);
                Err(error)
            }
        }
    }

    /// Puts entries back to the beginning of the line.
    fn put_back(&self, entries: Vec<Entry>) {
        let mut queue = self.queue();
        let room = MOST_WAITING.saturating_sub(queue.waiting.len());
        for entry in entries.into_iter().rev().take(room) {
            queue.waiting.push_front(entry);
        }
    }

    /// Takes in that the vault's history goes up to the entry `last` before this agent adds to it.
    pub(crate) fn begins_after(&self, last: u64) {
        self.durable.send_if_modified(|durable| {
            let unknown = durable.last == 0;
            if unknown {
                *durable = Durable { before: last, last };
            }
            unknown
        });
    }

    /// Tells listeners that entries are durable.
    pub(crate) fn written(&self, written: Written) {
        if let Some((first, last)) = written.first.zip(written.last) {
            self.durable.send_modify(|durable| {
                if durable.last == 0 {
                    // What was there before is not known yet, and is no news.
                    durable.before = first.saturating_sub(1);
                }
                durable.last = durable.last.max(last);
            });
        }
    }

    fn is_empty(&self) -> bool {
        self.queue().waiting.is_empty()
    }
}

impl Queue {
    /// The entry, unless it is a failure like the one before it.
    fn unless_repeated(&mut self, mut entry: Entry) -> Option<Entry> {
        let Some(account) = &entry.account else { return Some(entry) };
        if entry.event != LogEvent::Failed {
            // A copy or a forgotten session says nothing of what fails.
            if matches!(entry.event, LogEvent::Minted | LogEvent::Refreshed | LogEvent::Refused | LogEvent::Removed) {
                self.runs.remove(account);
            }
            return Some(entry);
        }
        let fresh = Run { code: entry.code, reason: entry.reason.clone(), written_at: entry.at, left_out: 0 };
        match self.runs.get_mut(account) {
            Some(run) if run.code == entry.code && run.reason == entry.reason => {
                let rested = clock::until(run.written_at, entry.at).max(clock::until(entry.at, run.written_at));
                if rested < SAME_AGAIN {
                    run.left_out += 1;
                    return None;
                }
                if run.left_out > 0 {
                    let times = run.left_out;
                    let reason = entry.reason.unwrap_or_default();
                    entry.reason = Some(format!("{reason} (It failed {times} times more since the last entry.)"));
                }
                *run = fresh;
            }
            _ => drop(self.runs.insert(account.clone(), fresh)),
        }
        Some(entry)
    }
}

/// A question to the vault for entries, under way.
type Reading = JoinHandle<Result<Vec<LogEntry>, VaultError>>;

/// A reader of what comes into the history from now on.
pub(crate) struct Follower {
    inner: Arc<Inner>,
    durable: watch::Receiver<Durable>,
    /// Up to this id entries were told, or are in `page`.
    last: u64,
    page: VecDeque<LogEntry>,
    /// The question to the vault that is under way, and the id up to which it asks. It outlives whoever waits for it.
    reading: Option<(u64, Reading)>,
}

impl Follower {
    /// Follows from the last entry that is durable now.
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        let durable = inner.history.durable.subscribe();
        let last = durable.borrow().last;
        Self { inner, durable, last, page: VecDeque::new(), reading: None }
    }

    /// The next entry; it waits until there is one. Nothing is left out, and nothing is told twice. It can be dropped while
    /// it waits.
    pub(crate) async fn next(&mut self) -> LogEntry {
        loop {
            if let Some(entry) = self.page.pop_front() {
                return entry;
            }
            if let Some((to, reading)) = &mut self.reading {
                let (to, read) = (*to, reading.await);
                self.reading = None;
                // What cannot be read now is read when the next entry comes.
                if let Ok(Ok(read)) = read {
                    let full = read.len() >= PAGE as usize;
                    self.last = read.last().filter(|_| full).map_or(to, |entry| entry.id);
                    self.page.extend(read);
                    self.ask();
                    continue;
                }
            }
            if self.durable.changed().await.is_err() {
                // The agent is gone, and with it the stream.
                std::future::pending::<()>().await;
            }
            self.ask();
        }
    }

    /// Asks the vault for the next page, where there is more than was told.
    fn ask(&mut self) {
        let Durable { before, last } = *self.durable.borrow_and_update();
        let after = self.last.max(before);
        if after < last {
            let inner = self.inner.clone();
            let read = async move { inner.vault.run(move |store| store.history_after(after, last, PAGE)).await };
            self.reading = Some((last, tokio::spawn(read)));
        }
    }
}

impl Inner {
    /// Notes that something happened; it is written within a moment.
    pub(crate) fn log(&self, entry: Entry) {
        let entry = {
            let state = self.state();
            let account = entry.account.as_deref().and_then(|name| state.accounts.get(name));
            match account {
                Some(account) => entry.without_secrets(&[&account.record]),
                None => entry.without_secrets(&[]),
            }
        };
        self.history.put(entry);
        self.history.wake.notify_one();
    }

    /// The same of an account by its row, with what is to say of it.
    pub(crate) fn log_of(&self, row: i64, event: LogEvent, say: impl FnOnce(Entry) -> Entry) {
        let name = self.state().by_row(row).map(|account| account.record.name.clone());
        if let Some(name) = name {
            self.log(say(Entry::new(self.now(), &name, event)));
        }
    }

    /// Notes that a token went to the clipboard.
    pub(crate) fn copied(&self, account: &str, session: &str) {
        let entry = {
            let state = self.state();
            let kept = state.accounts.get(account).and_then(|account| account.record.session(session));
            let token = kept.and_then(|kept| kept.token.open());
            Entry::new(self.now(), account, LogEvent::Copied).session(session, token)
        };
        self.log(entry.because("The user copied it to the clipboard."));
    }

    /// Writes all that waits, and drops some of what is too old. Answers whether there is more to drop.
    ///
    /// # Errors
    /// Those of the vault; the entries then wait on.
    pub(crate) async fn write_history(&self) -> Result<bool, VaultError> {
        let (history, now) = (self.history.clone(), self.now());
        let write = move |store: &mut Store| {
            history.write(Vec::new(), |entries| store.log(entries, now).map(|written| (written.more_to_drop, written)))
        };
        self.vault.run(write).await
    }

    /// A part of the history, newest first.
    ///
    /// # Errors
    /// `bad_request`; `unknown_account` for a name that never was; what is wrong with the vault.
    pub(crate) async fn history(&self, query: LogQuery) -> Result<LogView, ApiError> {
        if query.limit.is_some_and(|limit| limit == 0 || limit > MOST_ASKED) {
            return Err(bad_request(format!("`limit` is a number from 1 to {MOST_ASKED}.")));
        }
        if query.account.as_deref() == Some("") {
            return Err(bad_request("`account` is empty; leave it out for the history of all.".to_owned()));
        }
        if query.session.as_deref() == Some("") {
            return Err(bad_request("`session` is empty; leave it out for the history of all.".to_owned()));
        }
        self.still_running()?;
        // What has just happened is in it. Where it cannot be written now, it is read as far as it is.
        if !self.history.is_empty() {
            drop(self.write_history().await);
        }
        let now = self.now();
        let account = query.account.clone();
        let view = self.vault.run(move |store| store.history(&query, now)).await?;
        if let Some(name) = account.filter(|_| view.entries.is_empty())
            && !self
                .vault
                .run({
                    let name = name.clone();
                    move |store| store.remembers(&name)
                })
                .await?
        {
            // Of an account that was removed the history tells, of others it is known whether they are there.
            self.state().account(&name)?;
        }
        Ok(view)
    }
}

/// Writes what comes into the history until the agent stops; what comes then is written by [`crate::Agent::stop`].
pub(crate) async fn write(inner: Arc<Inner>) {
    let mut more_to_drop = false;
    loop {
        if inner.history.is_empty() && !more_to_drop {
            inner.history.wake.notified().await;
        }
        tokio::time::sleep(if more_to_drop { NEXT_STEP } else { GATHERED_FOR }).await;
        if inner.stopped.load(Ordering::Acquire) {
            return;
        }
        if inner.history.is_empty() && !more_to_drop {
            // A change that was stored in the meantime took them along.
            continue;
        }
        match inner.write_history().await {
            Ok(more) => more_to_drop = more,
            Err(_) => tokio::select! {
                () = tokio::time::sleep(TRY_AGAIN) => {}
                () = inner.history.again.notified() => {}
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(history: &History) -> Vec<Entry> {
        history.queue().waiting.drain(..).collect()
    }

    fn failure(account: usize, at: Time) -> Entry {
        let error = ApiError::new(ErrorCode::Offline, "The provider cannot be reached.");
        Entry::new(at, &format!("account-{account}"), LogEvent::Failed).failed(&error)
    }

    #[test]
    fn what_ten_thousand_accounts_tell_at_once_is_one_transaction() {
        let history = History::default();
        (0..10_000).for_each(|account| history.put(failure(account, Time::UNIX_EPOCH)));
        let all = taken(&history);
        assert_eq!(all.len(), 10_000);
        // Where it fails they wait on in their order, before what came meanwhile; only of too many the oldest are dropped.
        history.put(failure(20_000, Time::UNIX_EPOCH));
        history.put_back(all.clone());
        assert_eq!(taken(&history)[..10_000], all);
        (30_000..60_000).for_each(|account| history.put(failure(account, Time::UNIX_EPOCH)));
        history.put_back(all);
        let waiting = taken(&history);
        assert_eq!(waiting.len(), MOST_WAITING);
        assert_eq!(waiting.last(), Some(&failure(59_999, Time::UNIX_EPOCH)));
    }

    #[test]
    fn what_was_there_before_is_no_news() {
        let history = History::default();
        // The vault is opened, and written before its end is known.
        history.written(Written { first: Some(41), last: Some(42), more_to_drop: false });
        history.begins_after(42);
        let Durable { before, last } = *history.durable.borrow();
        assert_eq!((before, last), (40, 42));
    }

    #[test]
    fn a_failure_like_the_last_one_is_left_out_for_an_hour() {
        let history = History::default();
        let at = |minutes: u64| clock::later(Time::UNIX_EPOCH, Duration::from_secs(minutes * 60));
        (0..=60).for_each(|minute| history.put(failure(1, at(minute))));
        let told = taken(&history);
        assert_eq!(told.len(), 2);
        assert!(
            told[1]
                .reason
                .as_deref()
                .is_some_and(|reason| reason.ends_with("(It failed 59 times more since the last entry.)"))
        );
        // Another account, another reason, or a success in between is news; so is one by a clock that was turned back.
        history.put(failure(2, at(61)));
        history.put(failure(1, at(61)).because("It said no."));
        history.put(failure(1, at(61)));
        history.put(Entry::new(at(61), "account-1", LogEvent::Refreshed));
        history.put(failure(1, at(61)));
        history.put(Entry::new(at(61), "account-1", LogEvent::Copied));
        history.put(failure(1, at(62)));
        history.put(failure(1, at(0)));
        assert_eq!(taken(&history).len(), 7);
    }
}
