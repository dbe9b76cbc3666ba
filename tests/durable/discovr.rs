//! Discovr's part of the load: sign-ins by device code, sessions, and sign-outs.

use daypass_test_support::http::Request;
use serde_json::Value;

use crate::Worker;
use crate::chances::Chances;
use crate::ledger::{Ledger, Much};
use crate::line::{Cut, Line, bearing, text};

/// The most sign-outs between two starts: looking for one is a failure, and those are limited.
const MOST_ENDED: usize = 8;

/// Who watches.
pub(crate) struct Player {
    refresh: String,
    profile: String,
    sessions: Ledger<String>,
    /// Refresh tokens of sign-ins.
    signed_in: Ledger<String>,
    /// Refresh tokens that were signed out, and device codes that were used.
    ended: Ledger<Ended>,
    /// How many have ended since the last look.
    recently: usize,
}

enum Ended {
    SignedOut(String),
    Used(String),
}

impl Ended {
    fn check(&self, line: &Line<'_>) -> Result<(), Cut> {
        let answer = match self {
            Self::SignedOut(token) => line.ask(&bearing("GET", "/profiles", token))?,
            Self::Used(code) => line.ask(&Request::new("POST", &format!("/auth/device-codes/{code}/poll")))?,
        };
        assert_eq!(answer.status, 401, "resurrected: {answer:?}");
        Ok(())
    }
}

impl Player {
    pub(crate) fn new(demo: &Value) -> Self {
        let (refresh, profile) = (text(&demo["discovr"], "refresh_token"), text(&demo["discovr"], "profile_id"));
        let [sessions, signed_in] = [Ledger::new(), Ledger::new()];
        Self { refresh, profile, sessions, signed_in, ended: Ledger::new(), recently: 0 }
    }

    fn sign_in(&mut self, line: &Line<'_>) -> Result<(), Cut> {
        let request = Request::new("POST", "/auth/device-codes").body("application/json", "{\"clientID\":\"tv\"}");
        let begun = line.good(&request)?;
        line.approve(&text(&begun, "userCode"))?;
        let code = text(&begun, "deviceCode");
        let signed_in = line.good(&Request::new("POST", &format!("/auth/device-codes/{code}/poll")))?;
        self.signed_in.note(text(&signed_in, "refreshToken"));
        self.end(Ended::Used(code));
        Ok(())
    }

    fn end(&mut self, what: Ended) {
        if self.recently < MOST_ENDED {
            self.recently += 1;
            self.ended.note(what);
        }
    }
}

impl Worker for Player {
    fn act(&mut self, line: &Line<'_>, chances: &mut Chances) -> Result<(), Cut> {
        match chances.below(8) {
            0 => self.sign_in(line),
            1 if self.signed_in.len() > 0 && self.recently < MOST_ENDED => {
                let token = self.signed_in.take(chances.place(self.signed_in.len()));
                line.good(&bearing("DELETE", "/auth/session", &token))?;
                self.end(Ended::SignedOut(token));
                Ok(())
            }
            _ => {
                let body = format!("{{\"profileId\":\"{}\"}}", self.profile);
                let request = bearing("POST", "/auth/session-token", &self.refresh).body("application/json", &body);
                self.sessions.note(text(&line.good(&request)?, "sessionToken"));
                Ok(())
            }
        }
    }

    fn check(&mut self, line: &Line<'_>, much: Much) -> Result<(), Cut> {
        for place in self.sessions.look(much) {
            let token = self.sessions.at(place);
            line.good(&bearing("GET", "/profile/me", token))?;
        }
        for place in self.signed_in.look(much) {
            let token = self.signed_in.at(place);
            line.good(&bearing("GET", "/profiles", token))?;
        }
        for place in self.ended.look(Much::New) {
            self.ended.at(place).check(line)?;
        }
        for place in self.ended.again(MOST_ENDED) {
            self.ended.at(place).check(line)?;
        }
        self.recently = 0;
        Ok(())
    }

    fn facts(&self) -> usize {
        self.sessions.len() + self.signed_in.len() + self.ended.len()
    }
}
