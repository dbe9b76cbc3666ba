//! Quick copy: the shortcut, and the palette that it opens.

use daypass_api::settings::{QuickCopy, ShortcutView};
use tokio::time::Instant;

use super::acting::broken;
use super::{Controller, Done};
use crate::desktop::{Desktop, DesktopError, Unbound};
use crate::door::Door;
use crate::note::Attempt;
use crate::shortcut::{self, Shortcut};

impl<A: Door, D: Desktop> Controller<A, D> {
    /// Brings shortcut and palette in line with the settings, where these have changed.
    pub(super) fn apply_quick_copy(&mut self, wanted: &QuickCopy) {
        if self.palette.shortcut(&wanted.shortcut) {
            self.bind(&wanted.shortcut);
        }
        if self.palette.warm(wanted.keep_warm)
            && let Err(error) = self.start_palette(true)
        {
            self.desktop.say(&error.to_string());
        }
    }

    /// Takes in how the desktop took the shortcut `text`, unless another is wanted by now.
    pub(super) fn shortcut_bound(&mut self, text: &str, result: Result<String, Unbound>) {
        if self.palette.is_shortcut(text) {
            self.agent.shortcut_is(shortcut::bound(result));
        }
    }

    /// The shortcut was pressed; there is nobody but the user to be told that the palette does not come.
    pub(super) fn shortcut_pressed(&mut self) {
        if let Err(error) = self.toggle_palette() {
            self.desktop.say(&error.to_string());
            self.fail("", Attempt::OpenPalette, &error.told());
        }
    }

    /// Has the palette show itself, or go where it is shown.
    pub(super) fn toggle_palette(&mut self) -> Result<(), DesktopError> {
        if self.agent.toggle_palette() || !self.palette.wanted(Instant::now()) {
            return Ok(());
        }
        self.start_palette(false)
    }

    /// Tries again a palette that did not listen yet when its keys were pressed.
    pub(super) fn check_palette(&mut self, now: Instant) {
        if self.palette.take_check(now) {
            self.shortcut_pressed();
        }
    }

    /// The palette's program has ended.
    pub(super) fn palette_ended(&mut self, success: bool) {
        if !success {
            self.fail("", Attempt::ShowPalette, &broken());
        }
        if self.palette.ended() {
            self.shortcut_pressed();
        }
    }

    fn start_palette(&mut self, hidden: bool) -> Result<(), DesktopError> {
        self.desktop.open_palette(hidden)?;
        self.palette.started(hidden, Instant::now());
        Ok(())
    }

    fn bind(&mut self, text: &str) {
        let shortcut = match text.trim() {
            "" => None,
            text => match text.parse::<Shortcut>() {
                Ok(shortcut) => Some(shortcut),
                Err(error) => {
                    self.agent.shortcut_is(shortcut::unreadable(&error));
                    drop(self.desktop.bind(None));
                    return;
                }
            },
        };
        let reply = self.desktop.bind(shortcut);
        if shortcut.is_none() {
            return self.agent.shortcut_is(ShortcutView::Off);
        }
        let text = text.to_owned();
        self.jobs.spawn(async move { Done::Bound { text, result: reply.await } });
    }
}
