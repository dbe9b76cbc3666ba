//! AntiRaid's part of the load: API sessions that are created and ended.

use daypass_test_support::http::Request;
use serde_json::Value;

use crate::Worker;
use crate::chances::Chances;
use crate::ledger::{Ledger, Much};
use crate::line::{Cut, Line, bearing, text};

/// A session as it was answered.
struct Session {
    id: String,
    token: String,
}

/// Who is logged in.
pub(crate) struct Raider {
    login: String,
    living: Ledger<Session>,
    dead: Ledger<Session>,
}

impl Raider {
    pub(crate) fn new(demo: &Value) -> Self {
        Self { login: text(&demo["antiraid"], "login_token"), living: Ledger::new(), dead: Ledger::new() }
    }
}

impl Worker for Raider {
    fn act(&mut self, line: &Line<'_>, chances: &mut Chances) -> Result<(), Cut> {
        if self.living.len() > 0 && chances.below(4) == 0 {
            let session = self.living.take(chances.place(self.living.len()));
            let answer = line.ask(&bearing("DELETE", &format!("/sessions/{}", session.id), &self.login))?;
            assert_eq!(answer.status, 204, "{answer:?}");
            self.dead.note(session);
            return Ok(());
        }
        let body = "{\"name\":\"load\",\"type\":\"api\",\"expiry\":86400}";
        let request = bearing("POST", "/sessions", &self.login).body("application/json", body);
        let created = line.good(&request)?;
        self.living.note(Session { id: text(&created, "session_id"), token: text(&created, "token") });
        Ok(())
    }

    fn check(&mut self, line: &Line<'_>, much: Much) -> Result<(), Cut> {
        for place in self.living.look(much) {
            let session = self.living.at(place);
            let shown = line.good(&Request::new("GET", "/sessions/@me").header("Authorization", &session.token))?;
            assert_eq!(shown["id"], session.id);
        }
        for place in self.dead.look(much) {
            // Not by its token, as failures are counted.
            let path = format!("/sessions/{}", self.dead.at(place).id);
            assert_eq!(line.ask(&bearing("DELETE", &path, &self.login))?.status, 404, "resurrected");
        }
        Ok(())
    }

    fn facts(&self) -> usize {
        self.living.len() + self.dead.len()
    }
}
