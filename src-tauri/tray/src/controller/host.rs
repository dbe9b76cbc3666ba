//! Whether somebody shows the icon. Where nobody does, the window takes its place, and the user is told how Daypass is
//! reached: once, not at every start.

use std::time::Duration;

use daypass_api::view::Place;
use tokio::time::Instant;

use super::{Controller, Done};
use crate::desktop::Desktop;
use crate::door::Door;
use crate::note::{Note, Topic};

/// How long a tray host may take to come: at login the panel and we start at the same time, and a panel that crashed is
/// started again.
const GRACE: Duration = Duration::from_secs(2);
/// How long nothing of a window is to be seen until it counts as closed: what ended may only have called another.
const CLOSED: Duration = Duration::from_secs(1);
/// What is said in the terminal where there is no tray host.
const NO_TRAY: &str =
    "This desktop shows no tray icons, so the window opens instead. Run `daypass tray` again to see it later.";

/// What is known of the tray host.
#[derive(Debug, Default)]
pub(super) struct Host {
    state: State,
    /// Whether one was ever there.
    was_there: bool,
    /// When it is asked for again.
    check: Option<Instant>,
    /// When the user is told, after closing the window, that Daypass is still there.
    tell: Option<Instant>,
    /// Whether that was told, or that it is there without its icon.
    told: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody has answered yet.
    #[default]
    Unknown,
    /// The icon is shown.
    Present,
    /// There is none at the moment; one may come.
    Awaited,
    /// There is none.
    Absent,
}

impl Host {
    /// When there is something to look at.
    pub(super) fn next_check(&self) -> Option<Instant> {
        [self.check, self.tell].into_iter().flatten().min()
    }
}

impl<A: Door, D: Desktop> Controller<A, D> {
    pub(super) fn ask_for_host(&mut self) {
        let reply = self.desktop.has_tray_host();
        self.jobs.spawn(async move { Done::Host { present: reply.await.unwrap_or(false) } });
    }

    /// A tray host is there, or is not.
    pub(super) fn on_host(&mut self, present: bool) {
        let before = self.host.state;
        if present {
            self.host.check = None;
            (self.host.state, self.host.was_there) = (State::Present, true);
            if before == State::Absent {
                self.desktop.withdraw(Topic::NoTray);
            }
            return;
        }
        match before {
            State::Unknown | State::Present => {
                self.host.state = State::Awaited;
                self.host.check = Some(Instant::now() + GRACE);
            }
            // What was asked for again has not come; but a host that only comes and goes is asked for by itself.
            State::Awaited if self.host.check.is_none() => {
                self.host.state = State::Absent;
                self.there_is_none();
            }
            State::Awaited | State::Absent => {}
        }
    }

    fn there_is_none(&mut self) {
        // Whoever had an icon until now is at work; a window that opens by itself would only be in the way. And this desktop
        // has a tray, which may come back: some take it away while the screen is locked.
        if self.host.was_there {
            return self.tell_still_here();
        }
        if !self.marks.no_tray_was_told() {
            self.desktop.say(NO_TRAY);
            self.notify(Note::no_tray(&self.words));
        }
        self.open_for_user(Place::default());
    }

    fn tell_still_here(&mut self) {
        if !std::mem::replace(&mut self.host.told, true) {
            self.notify(Note::still_here(&self.words));
        }
    }

    /// The window's program has ended: where nothing else shows Daypass, the user is told that it is still there.
    pub(super) fn window_closed(&mut self) {
        if self.host.state == State::Absent && !self.host.told {
            self.host.tell = Some(Instant::now() + CLOSED);
        }
    }

    /// Looks at what is due: whether there is a host by now, and whether the window is closed.
    pub(super) fn look_at_host(&mut self, now: Instant) {
        if self.host.check.take_if(|at| now >= *at).is_some() {
            self.ask_for_host();
        }
        let closed = self.host.tell.take_if(|at| now >= *at).is_some();
        if closed && self.host.state == State::Absent && !self.window.is_there() && !self.agent.has_window() {
            self.tell_still_here();
        }
    }
}
