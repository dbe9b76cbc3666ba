//! Everything that the desktop does for us, as one trait. [`NativeDesktop`](crate::NativeDesktop) does it for real, a
//! double in the tests remembers it.

use std::future::Future;
use std::pin::Pin;

use daypass_api::view::Place;
use daypass_core::Secret;
use tokio::sync::mpsc;

use crate::menu::{Action, Menu};
use crate::note::{Note, Topic};
use crate::picture::Picture;

/// What the desktop answers later. It is started by the call that returns it, and need not be awaited.
pub type Reply<T> = Pin<Box<dyn Future<Output = Result<T, DesktopError>> + Send>>;

/// The desktop around the tray app. No call blocks: what takes time happens on threads of the desktop's own.
pub trait Desktop: Send + 'static {
    /// What the user does with the icon, and what becomes of the window. Asked for once.
    fn events(&mut self) -> mpsc::UnboundedReceiver<DesktopEvent>;

    /// Shows this as icon and menu.
    fn draw(&mut self, drawing: &Drawing);

    /// Whether somebody shows tray icons at the moment. The icon appears by itself where somebody comes later.
    fn has_tray_host(&mut self) -> Reply<bool>;

    /// Puts a token on the clipboard, marked as secret for clipboard managers.
    fn copy(&mut self, token: Secret) -> Reply<()>;

    /// Clears the clipboard where it still holds the text with this digest ([`Secret::digest`]).
    fn clear(&mut self, digest: String) -> Reply<Cleared>;

    /// Shows a notification. Where there is nobody to show it, that is no error.
    fn notify(&mut self, note: Note);

    /// Takes the notifications of a topic off the screen, where they are still shown.
    fn withdraw(&mut self, topic: Topic);

    /// Starts the window's program. It is the only one of its user by itself.
    ///
    /// # Errors
    /// [`DesktopError::Window`] where the program cannot be started.
    fn open_window(&mut self, place: &Place) -> Result<(), DesktopError>;

    /// Writes one line for whoever started the program.
    fn say(&mut self, line: &str);

    /// Takes the icon away.
    fn close(&mut self) -> Reply<()>;
}

/// What comes from the desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DesktopEvent {
    /// An entry of the menu was chosen.
    Chosen(Action),
    /// The icon was clicked with the left button.
    Clicked,
    /// The window's program ended, with success or not.
    WindowEnded {
        /// Whether it ended as it should.
        success: bool,
    },
}

/// What the tray shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The icon's picture.
    pub picture: Picture,
    /// One sentence on the worst state.
    pub tooltip: String,
    /// The menu.
    pub menu: Menu,
}

impl Drawing {
    /// What is shown before the agent has answered for the first time.
    pub fn starting() -> Self {
        Self { picture: Picture::Refreshing, tooltip: "Daypass is starting.".to_owned(), menu: crate::menu::starting() }
    }
}

/// What became of the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleared {
    /// It held our text and is empty now.
    Ours,
    /// It held something else, or nothing, and was left alone.
    NotOurs,
}

/// Why the desktop did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DesktopError {
    /// There is no clipboard here (no display), or it does not answer.
    #[error("The clipboard cannot be reached: {0}.")]
    Clipboard(String),
    /// The window's program is missing or cannot be started.
    #[error("The window cannot be opened: {0}.")]
    Window(String),
    /// The thread that does it has ended.
    #[error("The desktop does not answer any more.")]
    Gone,
}
