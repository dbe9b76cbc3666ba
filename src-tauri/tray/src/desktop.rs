//! Everything that the desktop does for us, as one trait. [`NativeDesktop`](crate::NativeDesktop) does it for real, a
//! double in the tests remembers it.

use std::future::Future;
use std::pin::Pin;

use daypass_api::view::Place;
use daypass_api::{ApiError, ErrorCode, Said};
use daypass_core::Secret;
use daypass_words::Words;
use tokio::sync::mpsc;

use crate::menu::{Action, Menu};
use crate::note::{Note, Topic};
use crate::picture::Picture;
use crate::shortcut::Shortcut;

/// What the desktop answers later. It is started by the call that returns it, and need not be awaited.
pub type Reply<T> = Pin<Box<dyn Future<Output = Result<T, DesktopError>> + Send>>;

/// The desktop around the tray app. No call blocks: what takes time happens on threads of the desktop's own.
pub trait Desktop: Send + 'static {
    /// What the user does with the icon, and what becomes of the window. Asked for once.
    fn events(&mut self) -> mpsc::UnboundedReceiver<DesktopEvent>;

    /// Shows this as icon and menu.
    fn draw(&mut self, drawing: &Drawing);

    /// Whether somebody shows tray icons at the moment; every change of it comes as [`DesktopEvent::TrayHost`]. The icon
    /// appears by itself where somebody comes later.
    fn has_tray_host(&mut self) -> Reply<bool>;

    /// Puts a token on the clipboard, marked as secret for clipboard managers.
    fn copy(&mut self, token: Secret) -> Reply<()>;

    /// Whether the clipboard holds the text with this digest ([`Secret::digest`]) now.
    fn holds(&mut self, digest: String) -> Reply<bool>;

    /// Clears the clipboard where it still holds the text with this digest ([`Secret::digest`]).
    fn clear(&mut self, digest: String) -> Reply<Cleared>;

    /// Shows a notification; what is done with it comes as [`DesktopEvent::Chosen`]. Where there is nobody to show it, that
    /// is no error.
    fn notify(&mut self, note: Note);

    /// Takes the notifications of a topic off the screen, where they are still shown.
    fn withdraw(&mut self, topic: Topic);

    /// Starts the window's program. It is the only one of its user by itself.
    ///
    /// # Errors
    /// [`DesktopError::Window`] where the program cannot be started.
    fn open_window(&mut self, place: &Place) -> Result<(), DesktopError>;

    /// Has a shortcut come as [`DesktopEvent::Shortcut`] from now on, in place of the one before; with `None` none does.
    /// Answers its keys as a user is to read them.
    fn bind(&mut self, shortcut: Option<Shortcut>) -> Binding;

    /// Starts the palette's program; `hidden` to have it wait until it is asked for.
    ///
    /// # Errors
    /// [`DesktopError::Window`] where the program cannot be started.
    fn open_palette(&mut self, hidden: bool) -> Result<(), DesktopError>;

    /// Writes one line for whoever started the program.
    fn say(&mut self, line: &str);

    /// Takes the icon away, and the notifications, whose buttons nobody hears from then on.
    fn close(&mut self) -> Reply<()>;
}

/// How a shortcut was taken; see [`Reply`].
pub type Binding = Pin<Box<dyn Future<Output = Result<String, Unbound>> + Send>>;

/// Why a shortcut does not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbound {
    /// Another program has it.
    #[error("Another program has {0} already; choose other keys.")]
    Taken(String),
    /// The desktop asked its user, who declined.
    #[error("The desktop was told not to give Daypass a shortcut; it can be given in the desktop's settings.")]
    Declined,
    /// The keyboard has no such key.
    #[error("This keyboard has no key for {0}; choose other keys.")]
    NoKey(String),
    /// The desktop gives no program a shortcut.
    #[error("This desktop gives no program a shortcut; bind keys to `daypass palette` in the desktop's own settings.")]
    NoWay,
    /// It went wrong.
    #[error(
        "The desktop did not take the shortcut: {0}. Keys can be bound to `daypass palette` in the desktop's own settings."
    )]
    Failed(String),
}

/// What comes from the desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DesktopEvent {
    /// An entry of the menu was chosen, or a button of a notification.
    Chosen(Action),
    /// The icon was clicked with the left button.
    Clicked,
    /// Somebody shows tray icons from now on, or nobody does any more.
    TrayHost {
        /// Whether somebody does.
        present: bool,
    },
    /// The window's program ended, with success or not.
    WindowEnded {
        /// Whether it ended as it should.
        success: bool,
    },
    /// The shortcut was pressed.
    Shortcut,
    /// The shortcut was taken anew, by the desktop's own doing (another keyboard layout), or could not be.
    Rebound(Result<String, Unbound>),
    /// The palette's program ended, with success or not.
    PaletteEnded {
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
    pub fn starting(words: &Words) -> Self {
        let tooltip = words.say("menu-tip-starting", []);
        Self { picture: Picture::Refreshing, tooltip, menu: crate::menu::starting(words) }
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

impl DesktopError {
    /// The same for whoever asked.
    pub(crate) fn told(&self) -> ApiError {
        let said = match self {
            Self::Clipboard(reason) => Said::new("note-clipboard-unreachable", [("reason", reason.clone())]),
            Self::Window(reason) => Said::new("note-window-missing", [("reason", reason.clone())]),
            Self::Gone => Said::new("note-desktop-gone", []),
        };
        ApiError::new(ErrorCode::Internal, self.to_string()).said(said)
    }
}
