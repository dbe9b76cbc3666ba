//! A shortcut of the whole desktop: by X11 where that has the keyboard, by the desktop's portal on Wayland.
//!
//! Not by the crate `global-hotkey`: its thread wakes up twenty times a second to look for events, and a keyboard layout that
//! changes loses it the keys. On X11 all that is needed is `x11rb`, which the clipboard brings along.

mod portal;
mod x11;

use std::ffi::OsString;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::desktop::{Binding, DesktopEvent, Unbound};
use crate::shortcut::Shortcut;

/// Who has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// An X server.
    X11,
    /// A Wayland compositor, whose portal may give shortcuts. Its X server sees only the keys of its own windows.
    Portal,
}

/// The shortcut, and whoever holds it. Nothing runs as long as none was ever bound.
#[derive(Default)]
pub(super) struct Holder {
    x11: Option<x11::Thread>,
    portal: Option<JoinHandle<()>>,
}

impl Holder {
    /// Takes this shortcut in place of the one before.
    pub(super) fn bind(&mut self, shortcut: Option<Shortcut>, events: UnboundedSender<DesktopEvent>) -> Binding {
        // Without its connection the portal has no session of ours any more.
        if let Some(portal) = self.portal.take() {
            portal.abort();
        }
        let Some(shortcut) = shortcut else {
            // The thread ends, and lets go of the keys.
            self.x11 = None;
            return Box::pin(std::future::ready(Ok(String::new())));
        };
        let (answer, answered) = oneshot::channel();
        match way(|name| std::env::var_os(name)) {
            Way::X11 => self.wish((shortcut, answer), events),
            Way::Portal => self.portal = Some(tokio::spawn(portal::hold(shortcut, answer, events))),
        }
        Box::pin(async {
            answered.await.unwrap_or_else(|_| Err(Unbound::Failed("it does not answer any more".to_owned())))
        })
    }

    /// Tells the thread, or a new one where there is none or it has ended, as it does when its server goes.
    fn wish(&mut self, wish: x11::Wish, events: UnboundedSender<DesktopEvent>) {
        let left = match &mut self.x11 {
            Some(thread) => thread.bind(wish),
            None => Err(wish),
        };
        let Err(wish) = left else { return };
        match x11::Thread::start(events) {
            Ok(mut thread) => {
                // The thread waits for its first wish before it can end.
                let _ = thread.bind(wish);
                self.x11 = Some(thread);
            }
            Err(error) => drop(wish.1.send(Err(Unbound::Failed(error.to_string())))),
        }
    }
}

fn way(variable: impl Fn(&str) -> Option<OsString>) -> Way {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    if is_set("WAYLAND_DISPLAY") || !is_set("DISPLAY") { Way::Portal } else { Way::X11 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portal_is_asked_where_wayland_has_the_keyboard() {
        let way_with = |set: &[&str]| way(|name| set.contains(&name).then(|| ":0".into()));
        assert_eq!(way_with(&["DISPLAY"]), Way::X11);
        assert_eq!(way_with(&["DISPLAY", "WAYLAND_DISPLAY"]), Way::Portal);
        assert_eq!(way_with(&[]), Way::Portal);
    }
}
