//! The resident face of Daypass: the icon in the system tray and its menu, the clipboard, notifications, and the window's
//! start.
//!
//! The menu is a value ([`Menu`]), made from the agent's snapshot by one pure function ([`menu()`]) and only then drawn. One task,
//! [`run`], owns the state of the desktop; whatever the desktop does for us goes through one trait, [`Desktop`].
//!
//! # How it is put together
//!
//! ```text
//! let desktop = NativeDesktop::start(NativeSetup { window_home, variable, say })?;   // the icon is there from now on
//! let (face, requests) = TrayFace::new();
//! let agent = Agent::start(setup).await?;
//! let server = tokio::spawn(serve(agent.clone(), &home, Some(Arc::new(face)), shutdown));
//! let ended = daypass_tray::run(agent.clone(), desktop, surroundings, requests, ctrl_c).await;   // until Quit
//! agent.stop().await;
//! ```
//!
//! - [`NativeDesktop::start`] needs no runtime and does not block; call it first, so that the icon does not wait for the vault.
//! - [`run`] needs a tokio runtime with time enabled; one thread is enough. D-Bus, clipboard and notifications have threads of
//!   their own, which are only there while they are needed.
//! - When [`run`] answers, the clipboard is cleared, and icon and notifications are gone; stopping the agent is the caller's.
//! - Being the only one of its user is the caller's too (the agent's lock): a second start asks `POST /v1/window` of the first.
//!
//! On Linux and the BSDs the icon is a StatusNotifierItem over D-Bus. On macOS the main thread is for the icon alone: all of the
//! above happens beside it, within `beside_the_main_thread`.

mod clip;
mod controller;
mod copied;
mod desktop;
mod door;
mod face;
mod marks;
mod menu;
mod native;
mod note;
mod palette;
mod picture;
mod shortcut;
mod text;
mod told;
mod window;

pub use controller::{Ended, Surroundings, run};
pub use copied::Fate;
pub use desktop::{Binding, Cleared, Desktop, DesktopError, DesktopEvent, Drawing, Reply, Unbound};
pub use door::Door;
pub use face::{Requests, TrayFace};
pub use menu::{Action, Entry, Menu, OnClipboard, menu, starting};
#[cfg(target_os = "macos")]
pub use native::main_thread::beside as beside_the_main_thread;
pub use native::{NativeDesktop, NativeSetup};
pub use note::{Attempt, Note, Offer, Topic};
pub use picture::{Picture, picture, tooltip};
pub use shortcut::{Key, Named, Shortcut, ShortcutError};
