//! What was promised to readers of an account: until when the token of a session, by its id, is left alive.

use chrono::TimeDelta;
use daypass_core::{Time, clock};

/// The promises of one account: few, mostly none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promises(Vec<(Box<str>, Time)>);

impl Promises {
    /// Until when the token of the session `id` was promised to live.
    pub(crate) fn of(&self, id: &str) -> Option<Time> {
        self.0.iter().find(|(of, _)| **of == *id).map(|(_, until)| *until)
    }

    /// Promises that the token of the session `id` lives until `until`; an earlier promise is not taken back.
    pub(crate) fn keep(&mut self, id: &str, until: Time) {
        match self.0.iter_mut().find(|(of, _)| **of == *id) {
            Some((_, known)) => *known = until.max(*known),
            None => self.0.push((id.into(), until)),
        }
    }

    /// Forgets what was promised of sessions that are not `there` any more.
    pub(crate) fn retain(&mut self, there: impl Fn(&str) -> bool) {
        self.0.retain(|(id, _)| there(id));
        self.0.shrink_to_fit();
    }

    /// The wall clock was set by `step`.
    pub(crate) fn shift(&mut self, step: TimeDelta) {
        self.0.iter_mut().for_each(|(_, until)| *until = clock::shifted(*until, step));
    }
}
