//! PocketPaw's part of the load: session tokens of the master, which is replaced now and then.

use serde_json::Value;

use crate::Worker;
use crate::chances::Chances;
use crate::ledger::{Ledger, Much};
use crate::line::{Cut, Line, bearing, text};

/// Who holds the master token.
pub(crate) struct Paw {
    master: String,
    /// Session tokens of the master that is.
    living: Ledger<String>,
    /// Masters that were replaced, and session tokens of theirs.
    dead: Ledger<String>,
}

impl Paw {
    pub(crate) fn new(demo: &Value) -> Self {
        Self { master: text(&demo["pocketpaw"], "master_token"), living: Ledger::new(), dead: Ledger::new() }
    }
}

impl Worker for Paw {
    fn act(&mut self, line: &Line<'_>, _: &mut Chances) -> Result<(), Cut> {
        let minted = line.good(&bearing("POST", "/api/v1/auth/session", &self.master))?;
        let token = text(&minted, "session_token");
        // One and the same within a second.
        if self.living.last() != Some(&token) {
            self.living.note(token);
        }
        Ok(())
    }

    fn check(&mut self, line: &Line<'_>, much: Much) -> Result<(), Cut> {
        line.good(&bearing("GET", "/api/sessions", &self.master))?;
        for place in self.living.look(much) {
            let token = self.living.at(place);
            line.good(&bearing("GET", "/api/sessions", token))?;
        }
        for place in self.dead.look(much) {
            let token = self.dead.at(place);
            assert_eq!(line.ask(&bearing("GET", "/api/sessions", token))?.status, 401, "resurrected");
        }
        Ok(())
    }

    fn rest(&mut self, line: &Line<'_>) -> Result<(), Cut> {
        let answer = line.good(&bearing("POST", "/api/v1/token/regenerate", &self.master))?;
        self.dead.note(std::mem::replace(&mut self.master, text(&answer, "token")));
        // The last ones tell as much as all of them would.
        for _ in 0..self.living.len().min(3) {
            self.dead.note(self.living.take(self.living.len() - 1));
        }
        self.living = Ledger::new();
        Ok(())
    }

    fn facts(&self) -> usize {
        self.living.len() + self.dead.len()
    }
}
