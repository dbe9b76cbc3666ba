//! The pace at which an icon changes on Linux: one change at a time.
//!
//! A menu of another shape has other ids, and what asks for the properties of an old id is answered nothing. A panel that is
//! told of a second menu while it still reads the first (`GetLayout`, then `GetGroupProperties`) asks for old ids; libdbusmenu,
//! which XFCE's panel 4.18 and others read menus with, then has a menu without entries until the next change, and a click
//! shows the panel's own menu. So what comes soon after a change waits, and only the last of it is drawn.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::time::Instant;

use super::Command;
use crate::desktop::Drawing;

/// How long a panel is left alone to read a change; on a busy machine it took a fifth of that.
const PACE: Duration = Duration::from_millis(500);

/// The commands, with drawings at that pace at most. The first one counts from here on: an icon was just made.
pub(super) struct Paced {
    commands: Receiver<Command>,
    /// Until when drawings wait.
    until: Instant,
    waiting: Option<Drawing>,
}

impl Paced {
    pub(super) fn new(commands: Receiver<Command>) -> Self {
        Self { commands, until: Instant::now() + PACE, waiting: None }
    }

    /// Draws what has waited for long enough, and keeps the others waiting.
    fn due(&mut self) -> Option<Command> {
        let drawing = self.waiting.take()?;
        self.until = Instant::now() + PACE;
        Some(Command::Draw(drawing))
    }
}

impl Iterator for Paced {
    type Item = Command;

    fn next(&mut self) -> Option<Command> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero()
                && let Some(draw) = self.due()
            {
                return Some(draw);
            }
            let command = match self.waiting {
                None => self.commands.recv().ok()?,
                Some(_) => match self.commands.recv_timeout(left) {
                    Ok(command) => command,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return None,
                },
            };
            match command {
                Command::Draw(drawing) => self.waiting = Some(drawing),
                command => return Some(command),
            }
        }
    }
}
