//! Sitecore Discover's part of the load: access tokens of an API key and of refresh tokens. Nothing can be ended in it.

use daypass_test_support::http::Request;
use serde_json::Value;

use crate::Worker;
use crate::chances::Chances;
use crate::ledger::{Ledger, Much};
use crate::line::{Cut, Line, bearing, text};

/// Who holds an API key.
pub(crate) struct Shop {
    key: String,
    access: Ledger<String>,
    refresh: Ledger<String>,
}

impl Shop {
    pub(crate) fn new(demo: &Value) -> Self {
        Self { key: text(&demo["discover"], "api_key"), access: Ledger::new(), refresh: Ledger::new() }
    }

    fn renew(line: &Line<'_>, token: &str) -> Result<String, Cut> {
        let renewed = line.good(&bearing("PUT", "/account/1/access-token", token))?;
        Ok(text(&renewed, "accessToken"))
    }
}

impl Worker for Shop {
    fn act(&mut self, line: &Line<'_>, chances: &mut Chances) -> Result<(), Cut> {
        if let Some(token) = self.refresh.last()
            && chances.below(2) == 0
        {
            let access = Self::renew(line, token)?;
            self.access.note(access);
            return Ok(());
        }
        let request = Request::new("POST", "/account/1/access-token").header("x-api-key", &self.key);
        let minted = line.good(&request.body("application/json", "{\"scope\":[\"search-rec\"]}"))?;
        self.access.note(text(&minted, "accessToken"));
        self.refresh.note(text(&minted, "refreshToken"));
        Ok(())
    }

    fn check(&mut self, line: &Line<'_>, much: Much) -> Result<(), Cut> {
        for place in self.access.look(much) {
            let token = self.access.at(place);
            line.good(&bearing("GET", "/search-rec/1/3", token))?;
        }
        for place in self.refresh.look(much) {
            let token = self.refresh.at(place);
            Self::renew(line, token)?;
        }
        Ok(())
    }

    fn facts(&self) -> usize {
        self.access.len() + self.refresh.len()
    }
}
