//! The real desktop: on Linux D-Bus for the icon and the notifications, X11 for the clipboard; elsewhere what the system has; and
//! a child process for the window.
//!
//! Each has a thread of its own, so that a slow one blocks neither the controller nor the others.

#[cfg_attr(not(target_os = "linux"), path = "elsewhere/bus.rs")]
mod bus;
mod clipboard;
mod icon;
#[cfg(target_os = "macos")]
pub(crate) mod main_thread;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/notifier.rs")]
mod notifier;
mod pictures;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/shortcut.rs")]
mod shortcut;
mod window;

use std::path::PathBuf;

use daypass_api::settings::Language;
use daypass_api::view::Place;
use daypass_core::Secret;
use daypass_words::{Spoken, Words};
use tokio::sync::{mpsc, oneshot};

use crate::desktop::{Binding, Cleared, Desktop, DesktopError, DesktopEvent, Drawing, Reply};
use crate::note::{Note, Topic};
use crate::shortcut::Shortcut;

/// What the real desktop needs to know.
pub struct NativeSetup {
    /// The folder that the window is given as `DAYPASS_HOME`, where ours does not come from the environment that the
    /// window inherits anyhow.
    pub window_home: Option<PathBuf>,
    /// Reads a variable of the environment: until the agent has answered, the icon speaks the language that stands there.
    pub variable: fn(&str) -> Option<String>,
    /// Writes one line for whoever started the program, such as to stderr.
    pub say: Box<dyn Fn(&str) + Send>,
}

/// The real desktop. One a process: `tray-icon` has one pair of event handlers for all icons.
pub struct NativeDesktop {
    setup: NativeSetup,
    icon: icon::IconThread,
    clipboard: clipboard::ClipboardThread,
    notifier: notifier::Notifier,
    shortcut: shortcut::Holder,
    sender: mpsc::UnboundedSender<DesktopEvent>,
    events: Option<mpsc::UnboundedReceiver<DesktopEvent>>,
}

impl NativeDesktop {
    /// Shows the icon, in its starting state, as soon as the desktop lets us. Does not wait for that.
    ///
    /// # Errors
    /// [`DesktopError::Gone`] where no thread can be started.
    pub fn start(setup: NativeSetup) -> Result<Self, DesktopError> {
        let (sender, events) = mpsc::unbounded_channel();
        let bus = bus::Bus::new(sender.clone());
        let first = Drawing::starting(&Words::new(Spoken::of(Language::System, setup.variable)));
        let icon = icon::IconThread::start(first, bus.clone(), sender.clone())?;
        let (clipboard, notifier) = (clipboard::ClipboardThread::default(), notifier::Notifier::new(bus));
        Ok(Self {
            setup,
            icon,
            clipboard,
            notifier,
            shortcut: shortcut::Holder::default(),
            sender,
            events: Some(events),
        })
    }
}

impl Desktop for NativeDesktop {
    fn events(&mut self) -> mpsc::UnboundedReceiver<DesktopEvent> {
        self.events.take().unwrap_or_else(|| mpsc::unbounded_channel().1)
    }

    fn draw(&mut self, drawing: &Drawing) {
        self.icon.draw(drawing.clone());
    }

    fn has_tray_host(&mut self) -> Reply<bool> {
        self.icon.has_host()
    }

    fn copy(&mut self, token: Secret) -> Reply<()> {
        self.clipboard.copy(token)
    }

    fn holds(&mut self, digest: String) -> Reply<bool> {
        self.clipboard.holds(digest)
    }

    fn clear(&mut self, digest: String) -> Reply<Cleared> {
        self.clipboard.clear(digest)
    }

    fn notify(&mut self, note: Note) {
        self.notifier.show(note);
    }

    fn withdraw(&mut self, topic: Topic) {
        self.notifier.withdraw(topic);
    }

    fn open_window(&mut self, place: &Place) -> Result<(), DesktopError> {
        window::open(place, self.setup.window_home.as_deref(), self.sender.clone())
    }

    fn bind(&mut self, shortcut: Option<Shortcut>) -> Binding {
        self.shortcut.bind(shortcut, self.sender.clone())
    }

    fn open_palette(&mut self, hidden: bool) -> Result<(), DesktopError> {
        window::open_palette(hidden, self.setup.window_home.as_deref(), self.sender.clone())
    }

    fn say(&mut self, line: &str) {
        (self.setup.say)(line);
    }

    fn close(&mut self) -> Reply<()> {
        let (icon, notifications) = (self.icon.close(), self.notifier.close());
        Box::pin(async {
            let icon = icon.await;
            notifications.await.and(icon)
        })
    }
}

/// The answer of a thread, which is [`DesktopError::Gone`] where it has ended.
fn reply<T: Send + 'static>(answer: oneshot::Receiver<Result<T, DesktopError>>) -> Reply<T> {
    Box::pin(async { answer.await.unwrap_or(Err(DesktopError::Gone)) })
}

/// Starts a named thread.
fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), DesktopError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(|_| DesktopError::Gone)
}
