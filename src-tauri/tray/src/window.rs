//! What the controller knows of the window's program, so that two clicks start one window.
//!
//! The program is the only one of its user by its own lock: a second one asks us, by the agent's API, to bring the first to
//! the front, and ends. While the first has the lock but does not listen yet, that must not start a third.

use std::time::Duration;

use daypass_api::view::Place;
use tokio::time::Instant;

/// How often a window that does not listen yet is tried again.
const CHECK: Duration = Duration::from_millis(100);
/// How long a window may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);
/// A program that lived so long was a window, and not one that only called the first.
const SETTLED: Duration = Duration::from_secs(2);
/// How long a window that was called by one that ended sooner may take until it listens. Then there is none: what ended
/// was a window that was closed as soon as it was there.
const CALLED: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Window {
    started: Option<Instant>,
    pending: Option<Pending>,
}

/// A page that waits for the window to listen.
#[derive(Debug)]
struct Pending {
    place: Place,
    /// Whether a user waits for it.
    user: bool,
    check: Instant,
    until: Instant,
    /// When the program is started again, where none listens by then.
    restart: Option<Instant>,
}

/// How a wish for the window is met where none listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// Its program is to be started.
    Start,
    /// It has been started and will listen; it is focused then.
    Wait,
}

impl Window {
    /// A window is wanted, and none listens.
    pub(crate) fn wanted(&mut self, place: Place, user: bool, now: Instant) -> Opening {
        if self.started.is_none() {
            return Opening::Start;
        }
        let user = user || self.pending.as_ref().is_some_and(|pending| pending.user);
        self.pending = Some(Pending { place, user, check: now + CHECK, until: now + PATIENCE, restart: None });
        Opening::Wait
    }

    /// The program was started.
    pub(crate) fn started(&mut self, now: Instant) {
        self.started = Some(now);
    }

    /// A window was brought to the front: nobody waits any more.
    pub(crate) fn focused(&mut self) {
        self.pending = None;
    }

    /// When to try again whether the window listens.
    pub(crate) fn next_check(&self) -> Option<Instant> {
        self.pending.as_ref().map(|pending| pending.check)
    }

    /// The page to try the window with now, where one waits.
    pub(crate) fn place_to_focus(&mut self, now: Instant) -> Option<Place> {
        self.pending.take_if(|pending| now >= pending.until);
        let pending = self.pending.as_mut().filter(|pending| now >= pending.check)?;
        pending.check = now + CHECK;
        Some(pending.place.clone())
    }

    /// The page to start the program with now, since none listens, and a user has waited for long enough.
    ///
    /// The wish is taken with it: where even that program only calls another, no further one is started.
    pub(crate) fn place_to_start(&mut self, now: Instant) -> Option<Place> {
        let over = |pending: &mut Pending| pending.restart.is_some_and(|at| now >= at);
        self.pending.take_if(over).map(|pending| pending.place)
    }

    /// Whether its program runs, or a page waits for it.
    pub(crate) fn is_there(&self) -> bool {
        self.started.is_some() || self.pending.is_some()
    }

    /// The program has ended. Answers the page to start it again with, where a user clicked while it was closing.
    pub(crate) fn ended(&mut self, now: Instant) -> Option<Place> {
        let lived = self.started.take().map_or(Duration::ZERO, |started| now.saturating_duration_since(started));
        if lived >= SETTLED {
            return self.pending.take_if(|pending| pending.user).map(|pending| pending.place);
        }
        if let Some(pending) = self.pending.as_mut().filter(|pending| pending.user) {
            pending.restart = Some(now + CALLED);
        }
        None
    }
}
