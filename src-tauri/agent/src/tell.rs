//! The teller: one task that watches the vault, and tells the user of incidents when they are due.

use std::collections::HashSet;
use std::mem::discriminant;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use daypass_api::view::{LogEvent, VaultView};
use daypass_core::clock::Reading;
use daypass_core::drift::Drift;
use daypass_core::fresh::Freshness;
use daypass_core::{Clock, Time};
use tokio::sync::Notify;

use crate::history::Entry;
use crate::incident::{Incidents, Touch};
use crate::inner::Inner;
use crate::state::{Account, State};
use crate::vault::VaultError;
use crate::view;

/// The longest sleep without asking the clocks.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// It looks at most this often, however much happens.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

/// What the teller and those who report to it share.
pub(crate) struct Teller {
    open: Mutex<Open>,
    pub(crate) wake: Notify,
}

struct Open {
    incidents: Incidents,
    /// The clocks as they were last looked at.
    last: Reading,
}

impl Teller {
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        let open = Open { incidents: Incidents::default(), last: clock.reading() };
        Self { open: Mutex::new(open), wake: Notify::new() }
    }

    /// What is open, at the present reading of the clocks: that the machine slept is noticed here.
    ///
    /// Who holds the state's lock as well takes it first.
    fn open(&self, reading: Reading) -> MutexGuard<'_, Open> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if Drift::between(&open.last, &reading).slept.is_some() {
            open.incidents.woke(reading.awake);
        }
        open.last = reading;
        open
    }
}

impl Inner {
    /// Reports what happened to the incidents, with the time that the machine was awake.
    pub(crate) fn incident(&self, happened: impl FnOnce(&mut Incidents, Duration)) {
        let reading = self.setup.clock.reading();
        happened(&mut self.teller.open(reading).incidents, reading.awake);
        self.teller.wake.notify_one();
    }

    /// Tells what is due, and answers how long nothing else is; `None` where nothing is open.
    fn tell_what_is_due(&self, vault: &VaultView) -> Option<Duration> {
        let reading = self.setup.clock.reading();
        let (notices, next) = {
            let state = self.state();
            let mut open = self.teller.open(reading);
            open.incidents.vault(reading.awake, vault);
            let notices = open.incidents.due(reading.awake, |account| touch(&state, account, reading.wall));
            (notices, open.incidents.next())
        };
        for notice in notices {
            self.tell(notice);
        }
        next.map(|next| next.saturating_sub(reading.awake))
    }
}

/// Tells the user of incidents, and the history of the vault, until the agent stops.
pub(crate) async fn tell(inner: Arc<Inner>) {
    let mut vault = VaultStory::default();
    while !inner.stopped.load(Ordering::Acquire) {
        let shut = inner.state().vault.clone();
        let view = view::vault(shut.as_ref());
        if let Some(entry) = vault.goes_on(inner.now(), &view, shut) {
            if entry.event == LogEvent::VaultOpened {
                // What waited to be written can be written now.
                inner.history.again.notify_one();
            }
            inner.log(entry);
        }
        let next = inner.tell_what_is_due(&view);
        tokio::time::sleep(LOOKS_EVERY).await;
        let asleep = async {
            match next {
                Some(next) => tokio::time::sleep(next.min(LONGEST_SLEEP)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = asleep => {}
            () = inner.teller.wake.notified() => {}
        }
    }
}

/// What the history has told of the vault.
#[derive(Default)]
struct VaultStory {
    /// The last state that was seen.
    last: Option<VaultView>,
    /// The states that were told since it was open last.
    told: HashSet<std::mem::Discriminant<VaultView>>,
}

impl VaultStory {
    /// What is to be written down of the vault that is now as `view` says: each of its states once until it is open again.
    fn goes_on(&mut self, now: Time, view: &VaultView, shut: Option<VaultError>) -> Option<Entry> {
        let last = self.last.replace(view.clone());
        if last.as_ref().is_some_and(|last| discriminant(last) == discriminant(view)) {
            return None;
        }
        let Some(error) = shut else {
            self.told.clear();
            let reason = if last.is_none() { "The agent started." } else { "It can be read and written." };
            return Some(Entry::of_vault(now, LogEvent::VaultOpened).because(reason));
        };
        // At the start the keyring has just been asked.
        if last.is_none() && matches!(view, VaultView::Slow { .. }) || !self.told.insert(discriminant(view)) {
            return None;
        }
        Some(Entry::of_vault(now, LogEvent::VaultShut).failed(&error.into()))
    }
}

/// How near the end of an account's token is to the user at `now`.
fn touch(state: &State, account: &str, now: Time) -> Touch {
    let refresh = state.refresh();
    // While the user has paused it nothing runs out that was to be kept fresh.
    let kept = |account: &&Account| !refresh.paused && account.is_warm(refresh.keep_fresh, now);
    let Some(account) = state.accounts.get(account).filter(kept) else { return Touch::Not };
    match account.current_life() {
        Some(life) if life.freshness(now) < Freshness::Urgent => {
            Touch::In(life.remaining(now).saturating_sub(life.thresholds().hard))
        }
        Some(_) | None => Touch::Now,
    }
}
