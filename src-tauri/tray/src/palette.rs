//! What the controller knows of the palette's program, so that two presses start one palette, and of the shortcut that
//! opens it.
//!
//! Once it listens on the agent's stream, it is asked there, and shows or hides itself. Until then, and while it ends, it
//! can only be waited for. One that was started hidden and is asked for before it listens is looked at until it does.

use std::time::Duration;

use tokio::time::Instant;

/// So long a program that does not listen is taken to be on its way up; later, to be on its way out.
const STARTS: Duration = Duration::from_secs(3);

/// How often a hidden one that does not listen yet is tried again.
const CHECK: Duration = Duration::from_millis(50);
/// How long it may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Palette {
    started: Option<Instant>,
    /// Whether it was started hidden.
    hidden: bool,
    /// When one that was started hidden, and is asked for, is tried next.
    check: Option<Instant>,
    /// Whether it was asked for while it was on its way out.
    again: bool,
    /// Whether the settings keep it warm; `None` before they were looked at.
    warm: Option<bool>,
    /// The text of the shortcut that was applied last; `None` before the first.
    shortcut: Option<String>,
}

impl Palette {
    /// It is asked for, and none listens. Answers whether its program is to be started.
    pub(crate) fn wanted(&mut self, now: Instant) -> bool {
        let Some(started) = self.started else { return true };
        let lived = now.saturating_duration_since(started);
        let looked_at = self.hidden && lived < PATIENCE;
        // Whoever presses again while it comes up means the same palette.
        self.again = !looked_at && lived >= STARTS;
        self.check = looked_at.then(|| now + CHECK);
        false
    }

    /// The program was started, to stay `hidden` or not.
    pub(crate) fn started(&mut self, hidden: bool, now: Instant) {
        (self.started, self.hidden) = (Some(now), hidden);
    }

    /// When it is to be tried again.
    pub(crate) fn next_check(&self) -> Option<Instant> {
        self.check
    }

    /// Whether it is to be tried again now; where it does not listen even then, say so by [`Palette::wanted`].
    pub(crate) fn take_check(&mut self, now: Instant) -> bool {
        self.check.take_if(|at| now >= *at).is_some()
    }

    /// The program has ended. Answers whether it is to be started again, for it was asked for meanwhile.
    pub(crate) fn ended(&mut self) -> bool {
        self.started = None;
        std::mem::take(&mut self.again) | self.check.take().is_some()
    }

    /// Takes the settings' word on keeping it warm. Answers whether its program is to be started for that, now; a warm one
    /// that ended by itself is not: it starts when it is asked for.
    pub(crate) fn warm(&mut self, keep: bool) -> bool {
        self.warm.replace(keep) != Some(keep) && keep && self.started.is_none()
    }

    /// Takes the text of the shortcut. Answers whether it has changed.
    pub(crate) fn shortcut(&mut self, text: &str) -> bool {
        let changed = self.shortcut.as_deref() != Some(text);
        if changed {
            self.shortcut = Some(text.to_owned());
        }
        changed
    }

    /// Whether `text` is the shortcut of now.
    pub(crate) fn is_shortcut(&self, text: &str) -> bool {
        self.shortcut.as_deref() == Some(text)
    }
}
