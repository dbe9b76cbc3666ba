//! OAuth's part of the load: sessions of clients and of users, whose refresh tokens rotate, are replayed and revoked.

use serde_json::Value;

use crate::Worker;
use crate::chances::Chances;
use crate::ledger::{Ledger, Much};
use crate::line::{Cut, Line, bearing, form, text};

/// The grant type of a device sign-in (RFC 8628).
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A session as its holder knows it.
struct Session {
    /// The refresh tokens that were answered, oldest first.
    refresh: Vec<String>,
    /// The last access token.
    access: String,
}

/// A client with users.
pub(crate) struct Client {
    id: String,
    secret: String,
    /// Access tokens of sessions that the client opened for itself.
    own: Ledger<String>,
    living: Ledger<Session>,
    dead: Ledger<Session>,
}

impl Client {
    pub(crate) fn new(demo: &Value) -> Self {
        let (id, secret) = (text(&demo["native"], "client_id"), text(&demo["native"], "client_secret"));
        Self { id, secret, own: Ledger::new(), living: Ledger::new(), dead: Ledger::new() }
    }

    /// A form that the client sends to `/oauth2/…`.
    fn form(&self, path: &str, fields: &[(&str, &str)]) -> daypass_test_support::http::Request {
        let who = [("client_id", self.id.as_str()), ("client_secret", &self.secret)];
        form(&format!("/oauth2/{path}"), &[&who, fields].concat())
    }

    fn sign_in(&mut self, line: &Line<'_>) -> Result<(), Cut> {
        let begun = line.good(&self.form("device_authorization", &[]))?;
        line.approve(&text(&begun, "user_code"))?;
        let code = text(&begun, "device_code");
        let issued = line.good(&self.form("token", &[("grant_type", DEVICE), ("device_code", &code)]))?;
        self.living.note(session(&issued));
        Ok(())
    }

    /// Presents the newest refresh token; what is answered is noted, unless it is known already: a retry of what was cut.
    fn refresh(&self, line: &Line<'_>, session: &mut Session) -> Result<(), Cut> {
        let newest = session.refresh.last().unwrap();
        let issued = line.good(&self.form("token", &[("grant_type", "refresh_token"), ("refresh_token", newest)]))?;
        session.refresh.push(text(&issued, "refresh_token"));
        session.access = text(&issued, "access_token");
        Ok(())
    }

    /// Presents a token that is one behind the newest that was presented: its holder failed to save it, and gets it again.
    fn fall_back(&self, line: &Line<'_>, session: &Session) -> Result<(), Cut> {
        let [.., before, newest] = session.refresh.as_slice() else { return Ok(()) };
        let issued = line.good(&self.form("token", &[("grant_type", "refresh_token"), ("refresh_token", before)]))?;
        assert_eq!(text(&issued, "refresh_token"), *newest, "one and the same successor");
        Ok(())
    }

    /// Ends a session in one of the ways there are; it counts as ended once that is answered.
    fn end(&mut self, line: &Line<'_>, chances: &mut Chances) -> Result<(), Cut> {
        let session = self.living.take(chances.place(self.living.len()));
        match session.refresh.as_slice() {
            // Four behind: two hold what one should. The refusal is durable as well.
            [oldest, _, _, _, _, ..] if chances.below(2) == 0 => {
                let fields = [("grant_type", "refresh_token"), ("refresh_token", oldest.as_str())];
                let answer = line.ask(&self.form("token", &fields))?;
                assert_eq!(answer.status, 400, "{answer:?}");
                assert!(answer.body.contains("was used again"), "{answer:?}");
            }
            _ if chances.below(2) == 0 => {
                let path = "/oauth2/sessions/current";
                assert_eq!(line.good(&bearing("DELETE", path, &session.access))?["revoked"], 1);
            }
            [.., newest] => {
                line.good(&self.form("revoke", &[("token", newest)]))?;
            }
            [] => {}
        }
        self.dead.note(session);
        Ok(())
    }

    fn active(&self, line: &Line<'_>, token: &str) -> Result<bool, Cut> {
        Ok(line.good(&self.form("introspect", &[("token", token)]))?["active"] == true)
    }
}

/// The session of what was answered.
fn session(issued: &Value) -> Session {
    Session { refresh: vec![text(issued, "refresh_token")], access: text(issued, "access_token") }
}

impl Worker for Client {
    fn act(&mut self, line: &Line<'_>, chances: &mut Chances) -> Result<(), Cut> {
        let act = chances.below(16);
        if act == 0 || self.living.len() == 0 {
            return self.sign_in(line);
        }
        let place = chances.place(self.living.len());
        match act {
            1 | 2 => {
                let issued = line.good(&self.form("token", &[("grant_type", "client_credentials")]))?;
                self.own.note(text(&issued, "access_token"));
                Ok(())
            }
            3 | 4 => {
                let by = &self.living.at(place).access;
                let opened = bearing("POST", "/oauth2/sessions", by).body("application/json", "{}");
                let answer = line.ask(&opened)?;
                match answer.status {
                    201 => self.living.note(session(&answer.read())),
                    // The user has as many as may be.
                    status => assert_eq!(status, 409, "{answer:?}"),
                }
                Ok(())
            }
            5 => self.end(line, chances),
            6 => self.fall_back(line, self.living.at(place)),
            _ => {
                // Out of the ledger and back, so that it is looked at as something new.
                let mut session = self.living.take(place);
                let refreshed = self.refresh(line, &mut session);
                self.living.note(session);
                refreshed
            }
        }
    }

    fn check(&mut self, line: &Line<'_>, much: Much) -> Result<(), Cut> {
        for place in self.own.look(much) {
            assert!(self.active(line, self.own.at(place))?, "a client's own session is lost");
        }
        for place in self.living.look(much) {
            let session = self.living.at(place);
            assert!(self.active(line, &session.access)?, "a session is lost");
            // The newest that was answered is good, whether or not it was presented when the authority died.
            assert!(self.active(line, session.refresh.last().unwrap())?, "a successor is lost");
        }
        if much == Much::All {
            for _ in 0..self.living.len() {
                let mut session = self.living.take(0);
                self.refresh(line, &mut session)?;
                self.living.note(session);
            }
        }
        for place in self.dead.look(much) {
            let session = self.dead.at(place);
            for token in [&session.access, session.refresh.last().unwrap()] {
                assert!(!self.active(line, token)?, "resurrected");
            }
        }
        Ok(())
    }

    fn facts(&self) -> usize {
        self.own.len() + self.living.len() + self.dead.len()
    }
}
