//! The keeper: one task with one timer that does what is due, learns when the next thing is, and sleeps until then.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use daypass_api::view::LogEvent;
use daypass_core::{Time, clock};
use daypass_providers::ProviderError;
use tokio::time::Instant;

use crate::fail;
use crate::failure;
use crate::history::{Entry, timed};
use crate::inner::{Inner, Unstored};
use crate::state::clocks::Anchor;
use crate::state::{Account, State};
use crate::vault::{AccountRecord, OpenIntent, Sealed, SessionRecord, Store};
use crate::view;

/// The longest sleep without asking the wall clock: laptops sleep, clocks jump.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The shortest, so that a mistake in a plan cannot burn the processor.
const SHORTEST_SLEEP: Duration = Duration::from_millis(20);
/// How often the moments of last use go to the vault.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);
/// What the wall clock says is believed for good when nobody has set it for so long: by then a mistake was seen.
const CLOCK_BELIEVED_AFTER: Duration = Duration::from_secs(86_400);
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
    /// By which setting of the clock the vault was brought up to date last.
    anchor: Option<Anchor>,
    /// Since when the clock was not set, or it was believed since then.
    clock_stands: Instant,
    use_noted: Instant,
    vault_retry: Duration,
    vault_at: Instant,
}

/// Keeps everything fresh until the agent stops.
pub(crate) async fn keep(inner: Arc<Inner>) {
    let now = Instant::now();
    let mut rounds = Rounds {
        anchor: None,
        clock_stands: now,
        use_noted: now,
        vault_retry: VAULT_FIRST_RETRY,
        vault_at: now + VAULT_FIRST_RETRY,
    };
    while !inner.stopped.load(Ordering::Acquire) {
        rounds.look_after_the_vault(&inner).await;
        let sleep = inner.attend().map_or(LONGEST_SLEEP, |at| clock::until(inner.now(), at));
        let vault_in = rounds.vault_at.saturating_duration_since(Instant::now());
        let sleep = if inner.state().vault.is_some() { sleep.min(vault_in) } else { sleep };
        tokio::select! {
            () = tokio::time::sleep(sleep.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)) => {}
            () = inner.wake.notified() => {}
            () = inner.stop.notified() => {}
        }
    }
}

/// Sends a snapshot after every change, not more than ten a second, and when time alone has changed what is shown. Where
/// nobody watches none is drawn.
pub(crate) async fn publish(inner: Arc<Inner>) {
    while !inner.stopped.load(Ordering::Acquire) {
        if !inner.is_watched() {
            inner.forget_snapshot();
            inner.changed.notified().await;
            continue;
        }
        let now = inner.publish().at;
        tokio::time::sleep(PUBLISH_EVERY).await;
        let next = view::next_change(&inner.state(), now);
        let sleep = next.map_or(LONGEST_SLEEP, |at| clock::until(inner.now(), at));
        tokio::select! {
            () = inner.changed.notified() => {}
            () = tokio::time::sleep(sleep.min(LONGEST_SLEEP)) => {}
        }
    }
}

impl Rounds {
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
        let now = inner.now();
        let anchor = inner.state().clocks.anchor();
        if self.anchor.as_ref() == Some(&anchor) && self.clock_stands.elapsed() >= CLOCK_BELIEVED_AFTER {
            self.clock_stands = Instant::now();
            let believe = move |store: &mut Store| {
                store.believe(now);
                Ok(())
            };
            // Where there is no file, there is nothing that could be too old.
            drop(inner.vault.run(believe).await);
        }
        if !shut && self.anchor.as_ref() != Some(&anchor) {
            self.clock_stands = Instant::now();
            let to = anchor.clone();
            // Where it cannot be written, it is moved with the next change that can.
            if inner.vault.run(move |store| store.bring_to(&to)).await.is_ok() {
                self.anchor = Some(anchor);
            }
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

    /// Does what is due: refreshes, revocations of predecessors, settlements. Answers when the next is.
    fn attend(self: &Arc<Self>) -> Option<Time> {
        /// What is begun changes its account, which is then planned once more; that comes to rest.
        const PASSES: usize = 4;
        let mut state = self.state();
        let (now, anchor) = (self.now(), state.clocks.anchor());
        if state.clocks.is_about_to_sleep() {
            return None;
        }
        for _ in 0..PASSES {
            let due = state.plan(now);
            for row in &due {
                let why = state.why(*row);
                if let Some(account) = state.by_row(*row) {
                    self.begin_flight(account, why, anchor.clone(), now);
                }
            }
            let mut chores = false;
            while let Some(row) = state.chores.pop(now) {
                chores = true;
                self.do_chores(&mut state, row, now);
            }
            if due.is_empty() && !chores {
                break;
            }
        }
        [state.planner.next(), state.chores.next()].into_iter().flatten().min()
    }

    /// Does what is due about one account besides refreshing it.
    fn do_chores(self: &Arc<Self>, state: &mut State, row: i64, now: Time) {
        // However it comes out, it is planned anew: it may be due later than it was when that was put down.
        if state.by_row(row).is_none() {
            return;
        }
        let Some(known) = state.accounts.row(row) else { return };
        let rests_until = state.chores_rest_until(known).max(state.planner.closed_until(&known.place, now));
        let settles = known.settles_at(&state.intents, rests_until, now);
        let due = known.retirements(rests_until).filter(|(_, at)| *at <= now);
        let due: Vec<String> = due.map(|(session, _)| session.session.id.clone()).collect();
        let Some(account) = state.by_row(row) else { return };
        if settles.is_some_and(|at| at <= now) {
            self.begin_settlement(account, now);
        }
        for session in account.record.sessions.iter_mut().filter(|session| due.contains(&session.session.id)) {
            // It was handed out once more after its end was put down.
            if let Some(promised) = account.promised.of(&session.session.id).filter(|until| *until > now) {
                session.retire_at = Some(promised);
                continue;
            }
            session.retire_at = Some(clock::later(now, RETIRE_AGAIN));
            let (inner, id) = (self.clone(), session.session.id.clone());
            let dead = end_of(session).is_some_and(|end| end <= now);
            self.spawn(async move { inner.retire(row, &id, dead).await });
        }
    }

    /// Revokes a predecessor whose promises have ended, or drops what has died.
    async fn retire(self: Arc<Self>, row: i64, id: &str, dead: bool) {
        fail::point("retire.due");
        let mut took = None;
        let gone = dead || {
            let answer = timed(&mut took, self.ask_revoke(row, id)).await;
            let failed = match answer {
                Ok(Ok(()) | Err(ProviderError::AlreadyGone)) => None,
                Ok(Err(error)) => Some(failure::told(&error)),
                Err(error) => Some(error),
            };
            if let Some(error) = &failed {
                self.retire_again(row, id, failure::rest(error, RETIRE_AGAIN));
            }
            failed.is_none()
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

    /// Leaves a predecessor that could not be revoked for `wait`.
    fn retire_again(&self, row: i64, id: &str, wait: Duration) {
        let mut state = self.state();
        let again = clock::later(self.now(), wait);
        let Some(account) = state.by_row(row) else { return };
        if let Some(session) = account.record.sessions.iter_mut().find(|session| session.session.id == id) {
            session.retire_at = Some(again);
        }
    }

    /// Writes the moments of last use, and whether the accounts still rest after them.
    pub(crate) async fn note_uses(&self) {
        let (used, anchor) = {
            let mut state = self.state();
            (state.accounts.take_uses(), state.clocks.anchor())
        };
        if !used.is_empty() {
            let rows: Vec<i64> = used.iter().map(|(row, ..)| *row).collect();
            let note = move |store: &mut Store| store.write_by(&anchor, used, |store, used| store.note_used(&used));
            if self.vault.run(note).await.is_err() {
                // A full disk tells of itself elsewhere; these are noted when it has room again.
                self.state().accounts.put_uses_back(rows);
            }
        }
    }
}

impl Account {
    /// When something besides refreshing it is due, where nothing of that is done before `rests_until`.
    pub(crate) fn next_chore(&self, intents: &[OpenIntent], rests_until: Option<Time>, now: Time) -> Option<Time> {
        if self.record.credential == Sealed::Shut {
            return None;
        }
        let retires = self.retirements(rests_until).map(|(_, at)| at);
        retires.chain(self.settles_at(intents, rests_until, now)).min()
    }

    /// The sessions that are revoked or forgotten, and when.
    fn retirements(&self, rests_until: Option<Time>) -> impl Iterator<Item = (&SessionRecord, Time)> {
        // A predecessor is all that there is after a crash, until its successor is stored.
        let sessions = self.record.sessions.iter().filter(|_| self.unsaved.is_none());
        let refused = self.record.refused.is_some();
        sessions.filter_map(move |session| {
            let at = retires_at(session)?;
            // Without a credential that is taken nobody is asked: it ends by itself.
            let at = if refused && session.retire_at.is_some() { at.max(end_of(session)?) } else { at };
            Some((session, rests_until.map_or(at, |until| at.max(until))))
        })
    }
}

/// When a session ends, as far as is known.
fn end_of(session: &SessionRecord) -> Option<Time> {
    session.life.map(|life| life.expires_at).or(session.session.expires_at)
}

/// When a session beside the current one is revoked, or forgotten.
fn retires_at(session: &SessionRecord) -> Option<Time> {
    let forgotten = end_of(session).filter(|_| !session.current).map(|end| clock::later(end, DEAD_SHOWN_FOR));
    session.retire_at.or(forgotten)
}
