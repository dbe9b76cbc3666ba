//! The keeper: one task with one timer that does what is due, learns when the next thing is, and sleeps until then.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use daypass_api::view::LogEvent;
use daypass_core::fresh::{self, Plan};
use daypass_core::{Time, clock};
use tokio::time::Instant;

use crate::fail;
use crate::history::{Entry, Why, timed};
use crate::inner::{Inner, Unstored};
use crate::vault::AccountRecord;

/// The longest sleep without asking the wall clock: laptops sleep, clocks jump.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The shortest, so that a mistake in a plan cannot burn the processor.
const SHORTEST_SLEEP: Duration = Duration::from_millis(20);
/// The wall clock is ahead of the timer by this much: the machine slept.
const JUMP: Duration = Duration::from_secs(5);
/// After waking the network gets this long, and up to [`GRACE_SPREAD`] more, drawn for each account.
const GRACE: Duration = Duration::from_secs(3);
/// See [`GRACE`].
const GRACE_SPREAD: Duration = Duration::from_secs(2);
/// How often the moments of last use go to the vault.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);
/// How soon a vault that is shut is tried again; doubles up to [`LONGEST_SLEEP`].
const VAULT_FIRST_RETRY: Duration = Duration::from_secs(2);
/// How long a predecessor whose revocation failed is left before the next attempt.
const RETIRE_AGAIN: Duration = Duration::from_secs(30);
/// A session that ended is shown as expired for a day, and then forgotten.
const DEAD_SHOWN_FOR: Duration = Duration::from_secs(86_400);
/// Snapshots go out at most this often.
const PUBLISH_EVERY: Duration = Duration::from_millis(100);

/// What the keeper remembers between two rounds.
struct Rounds {
    wall: Time,
    timer: Instant,
    use_noted: Instant,
    vault_retry: Duration,
    vault_at: Instant,
}

/// Keeps everything fresh until the agent stops.
pub(crate) async fn keep(inner: Arc<Inner>) {
    let now = Instant::now();
    let mut rounds = Rounds {
        wall: inner.now(),
        timer: now,
        use_noted: now,
        vault_retry: VAULT_FIRST_RETRY,
        vault_at: now + VAULT_FIRST_RETRY,
    };
    while !inner.stopped.load(Ordering::Acquire) {
        let now = inner.now();
        rounds.notice_a_jump(&inner, now);
        rounds.look_after_the_vault(&inner).await;
        let next = [inner.refresh_what_is_due(now), inner.retire_what_is_due(now), inner.settle_what_is_due(now)];
        let sleep = next.into_iter().flatten().min().map_or(LONGEST_SLEEP, |at| clock::until(inner.now(), at));
        let vault_in = rounds.vault_at.saturating_duration_since(Instant::now());
        let sleep = if inner.state().vault.is_some() { sleep.min(vault_in) } else { sleep };
        tokio::select! {
            () = tokio::time::sleep(sleep.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)) => {}
            () = inner.wake.notified() => {}
            () = inner.stop.notified() => {}
        }
    }
}

/// Sends a snapshot after every change, not more than ten a second.
pub(crate) async fn publish(inner: Arc<Inner>) {
    while !inner.stopped.load(Ordering::Acquire) {
        inner.changed.notified().await;
        inner.publish();
        tokio::time::sleep(PUBLISH_EVERY).await;
    }
}

impl Rounds {
    /// The timer stands still while the machine sleeps, the wall clock does not.
    fn notice_a_jump(&mut self, inner: &Inner, now: Time) {
        let by_wall = clock::until(self.wall, now);
        let by_timer = self.timer.elapsed();
        (self.wall, self.timer) = (now, Instant::now());
        if by_wall.saturating_sub(by_timer) < JUMP {
            return;
        }
        let mut state = inner.state();
        for account in state.accounts.values_mut() {
            let spread = GRACE_SPREAD.mul_f64(inner.setup.chance.unit());
            account.not_before = Some(clock::later(now, GRACE + spread));
        }
        drop(state);
        inner.changed.notify_one();
    }

    /// Opens the vault when it is shut, stores what is not stored, and notes uses now and then.
    async fn look_after_the_vault(&mut self, inner: &Arc<Inner>) {
        let shut = inner.state().vault.is_some();
        if !shut {
            self.vault_retry = VAULT_FIRST_RETRY;
            self.vault_at = Instant::now() + self.vault_retry;
        } else if self.vault_at <= Instant::now() {
            let opening = inner.clone();
            // On the side: the keyring may take its time, and held tokens are refreshed meanwhile.
            inner.spawn(async move { opening.open_vault(false).await });
            self.vault_retry = (self.vault_retry * 2).min(LONGEST_SLEEP);
            self.vault_at = Instant::now() + self.vault_retry;
        }
        if !shut && self.use_noted.elapsed() >= USE_NOTED_EVERY {
            self.use_noted = Instant::now();
            inner.note_uses().await;
        }
    }
}

impl Inner {
    /// Waits for `span`, and no longer than by the wall clock: when the machine has slept it is over soon after waking.
    pub(crate) async fn pause(&self, span: Duration) {
        let (by_wall, by_timer) = (clock::later(self.now(), span), Instant::now() + span);
        loop {
            let left = clock::until(self.now(), by_wall).min(by_timer.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
        }
    }

    /// Starts the flights that are due. Answers when to look again: for the next flight, or because a token passes
    /// from one state into the next, which faces show.
    fn refresh_what_is_due(self: &Arc<Self>, now: Time) -> Option<Time> {
        let mut state = self.state();
        let mut due = Vec::new();
        let mut next: Vec<Time> = Vec::new();
        for account in state.accounts.values() {
            match fresh::plan(now, &state.facts(account, now)) {
                Plan::Refresh => due.push(account.record.row),
                Plan::Wait(at) => next.push(at),
                Plan::Rest => {}
            }
            for session in &account.record.sessions {
                let Some(life) = session.life else { continue };
                let thresholds = life.thresholds();
                let early = [thresholds.soft, thresholds.hard, Duration::ZERO];
                next.extend(
                    early.map(|early| clock::earlier(life.expires_at, early)).into_iter().filter(|at| *at > now),
                );
            }
        }
        for row in due {
            if let Some(account) = state.by_row(row) {
                let why = if account.failure.is_some() { Why::Again } else { Why::Due };
                self.join_flight(account, why);
            }
        }
        state.cool_downs.retain(|_, until| *until > now);
        drop(state);
        // Time alone changes what is shown; whoever listens gets it only where it did.
        self.changed.notify_one();
        next.into_iter().min()
    }

    /// Revokes predecessors whose promises have ended, and drops what has died. Answers when the next is due.
    fn retire_what_is_due(self: &Arc<Self>, now: Time) -> Option<Time> {
        let mut next: Option<Time> = None;
        let mut state = self.state();
        let mut due = Vec::new();
        for account in state.accounts.values_mut() {
            let row = account.record.row;
            if account.record.credential == crate::vault::Sealed::Shut {
                continue;
            }
            for session in &mut account.record.sessions {
                let end = session.life.map(|life| life.expires_at).or(session.session.expires_at);
                let forgotten = end.filter(|_| !session.current).map(|end| clock::later(end, DEAD_SHOWN_FOR));
                let Some(at) = session.retire_at.or(forgotten) else { continue };
                if at > now {
                    next = Some(next.map_or(at, |next| next.min(at)));
                } else {
                    session.retire_at = Some(clock::later(now, RETIRE_AGAIN));
                    let dead = end.is_some_and(|end| end <= now);
                    due.push((row, session.session.id.clone(), dead));
                }
            }
        }
        drop(state);
        for (row, id, dead) in due {
            let inner = self.clone();
            self.spawn(async move { inner.retire(row, &id, dead).await });
        }
        next
    }

    async fn retire(self: Arc<Self>, row: i64, id: &str, dead: bool) {
        fail::point("retire.due");
        let mut took = None;
        let gone = dead || {
            let answer = timed(&mut took, self.ask_revoke(row, id)).await;
            matches!(answer, Ok(Ok(()) | Err(daypass_providers::ProviderError::AlreadyGone)))
        };
        if gone {
            fail::point("retire.answered");
            // Where it cannot be stored now, it is tried again: the session is then already gone.
            let now = self.now();
            let drop = |record: &mut AccountRecord| {
                let ended = record.session(id).filter(|_| !dead).map(|session| {
                    let reason = "Its successor had taken its place.";
                    Entry::new(now, &record.name, LogEvent::Revoked).because(reason).kept(session).took(took)
                });
                record.drop_session(id);
                ended.into_iter().collect()
            };
            let _ = self.commit_logged(row, Vec::new(), Unstored::Refuse, drop).await;
            fail::point("retire.stored");
        }
    }

    /// Writes the moments of last use, and whether the accounts still rest after them.
    pub(crate) async fn note_uses(&self) {
        let used: Vec<(i64, Time, bool)> = {
            let mut state = self.state();
            let used = state.accounts.values_mut().filter_map(|account| {
                let unsaved = std::mem::take(&mut account.used_unsaved);
                let record = &account.record;
                record.last_used_at.filter(|_| unsaved).map(|at| (record.row, at, record.resting))
            });
            used.collect()
        };
        if !used.is_empty() {
            // It is a convenience; a full disk tells of itself elsewhere.
            let _ = self.vault.run(move |store| store.note_used(&used)).await;
        }
    }
}
