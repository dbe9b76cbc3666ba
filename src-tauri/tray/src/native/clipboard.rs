//! The clipboard, on a thread of its own: whoever owns a selection must answer for it, and may have to wait for others.
//!
//! Tokens are marked with the target `x-kde-passwordManagerHint` = `secret`, which clipboard managers heed. On Wayland this
//! goes through XWayland: the data-control protocol would bring a dozen crates into the lean program, GNOME does not have it,
//! and the desktops that do run XWayland, too.

use std::borrow::Cow;
use std::sync::mpsc::{Receiver, Sender, channel};

#[cfg(target_os = "macos")]
use arboard::SetExtApple;
#[cfg(target_os = "linux")]
use arboard::SetExtLinux;
#[cfg(windows)]
use arboard::SetExtWindows;
use arboard::{Clipboard, Set};
use daypass_core::Secret;
use tokio::sync::oneshot;

use super::{reply, thread};
use crate::desktop::{Cleared, DesktopError, Reply};

type Answer<T> = oneshot::Sender<Result<T, DesktopError>>;

enum Command {
    Copy(Secret, Answer<()>),
    Holds(String, Answer<bool>),
    Clear(String, Answer<Cleared>),
}

/// The thread that owns the clipboard. It starts with the first copy and ends with this value.
#[derive(Default)]
pub(super) struct ClipboardThread(Option<Sender<Command>>);

impl ClipboardThread {
    pub(super) fn copy(&mut self, token: Secret) -> Reply<()> {
        let (answer, answered) = oneshot::channel();
        self.send(Command::Copy(token, answer));
        reply(answered)
    }

    pub(super) fn holds(&mut self, digest: String) -> Reply<bool> {
        let (answer, answered) = oneshot::channel();
        self.send(Command::Holds(digest, answer));
        reply(answered)
    }

    pub(super) fn clear(&mut self, digest: String) -> Reply<Cleared> {
        let (answer, answered) = oneshot::channel();
        self.send(Command::Clear(digest, answer));
        reply(answered)
    }

    /// Where there is no thread, the command is dropped with its answer, which the receiver sees.
    fn send(&mut self, command: Command) {
        if self.0.is_none() {
            let (sender, commands) = channel();
            self.0 = thread("clipboard", move || run(&commands)).ok().map(|()| sender);
        }
        let unsent = match &self.0 {
            Some(sender) => sender.send(command).is_err(),
            None => true,
        };
        if unsent {
            self.0 = None;
        }
    }
}

fn run(commands: &Receiver<Command>) {
    // It is there only while something of ours may be on it: it costs a connection and a thread.
    let mut clipboard = None;
    for command in commands {
        match command {
            Command::Copy(token, answer) => {
                let _ = answer.send(copy(&mut clipboard, &token).map_err(unreachable));
            }
            Command::Holds(digest, answer) => {
                let _ = answer.send(open(&mut clipboard).map(|open| holds(open, &digest)).map_err(unreachable));
            }
            Command::Clear(digest, answer) => {
                let _ = answer.send(clear(&mut clipboard, &digest).map_err(unreachable));
            }
        }
    }
}

fn copy(clipboard: &mut Option<Clipboard>, token: &Secret) -> Result<(), arboard::Error> {
    // The display may have been restarted since the last copy; a connection to the old one is of no use.
    if let Some(open) = clipboard
        && put(open, token).is_ok()
    {
        return Ok(());
    }
    *clipboard = None;
    put(clipboard.insert(Clipboard::new()?), token)
}

fn put(clipboard: &mut Clipboard, token: &Secret) -> Result<(), arboard::Error> {
    unseen(clipboard.set()).text(Cow::Borrowed(token.expose()))
}

/// Marked as a secret, for whoever keeps what is copied.
#[cfg(not(windows))]
fn unseen(set: Set<'_>) -> Set<'_> {
    set.exclude_from_history()
}

/// The same; there some of those who keep it take it to other machines.
#[cfg(windows)]
fn unseen(set: Set<'_>) -> Set<'_> {
    set.exclude_from_monitoring()
}

/// The clipboard, which is connected to where it is not.
fn open(clipboard: &mut Option<Clipboard>) -> Result<&mut Clipboard, arboard::Error> {
    match clipboard {
        Some(open) => Ok(open),
        None => Ok(clipboard.insert(Clipboard::new()?)),
    }
}

/// Compares by digest, so that nobody has to keep the token.
fn holds(clipboard: &mut Clipboard, digest: &str) -> bool {
    match clipboard.get().text().map(Secret::new) {
        Ok(text) => text.digest() == digest,
        // No text, or an owner that does not answer: not ours, since we do.
        Err(_) => false,
    }
}

/// What an earlier run left there may be in the hands of another program by now; it is cleared all the same.
fn clear(clipboard: &mut Option<Clipboard>, digest: &str) -> Result<Cleared, arboard::Error> {
    let is_ours = clipboard.is_some();
    let open = open(clipboard)?;
    if !holds(open, digest) {
        if !is_ours {
            *clipboard = None;
        }
        return Ok(Cleared::NotOurs);
    }
    let cleared = open.clear();
    *clipboard = None;
    cleared.map(|()| Cleared::Ours)
}

fn unreachable(error: arboard::Error) -> DesktopError {
    let reason = match error {
        arboard::Error::Unknown { description } => description,
        other => other.to_string(),
    };
    DesktopError::Clipboard(reason.trim_end_matches('.').to_owned())
}
