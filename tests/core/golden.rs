//! Tokens that other implementations made (`golden/make.py`), and what is expected of each.

use daypass_core::{Secret, Time, TokenError};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Golden {
    now: i64,
    exp: i64,
    pub(crate) key: String,
    pub(crate) weak_key: String,
    pub(crate) weak_token: String,
    pub(crate) master: String,
    pub(crate) jwt: Vec<Case>,
    pub(crate) stamped: Vec<Case>,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    token: String,
    pub(crate) expect: String,
}

impl Golden {
    pub(crate) fn load() -> Self {
        serde_json::from_str(include_str!("golden/golden.json")).unwrap()
    }

    /// The instant at which the cases are told.
    pub(crate) fn now(&self) -> Time {
        Time::from_timestamp(self.now, 0).unwrap()
    }

    /// The expiry of most good tokens: half an hour later.
    pub(crate) fn exp(&self) -> Time {
        Time::from_timestamp(self.exp, 0).unwrap()
    }
}

impl Case {
    pub(crate) fn token(&self) -> Secret {
        Secret::new(self.token.as_str())
    }
}

/// The first token that bears this name.
pub(crate) fn named(cases: &[Case], name: &str) -> Secret {
    cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case is called {name}")).token()
}

/// The word of `golden.json` for an outcome.
pub(crate) fn word<T>(outcome: &Result<T, TokenError>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(TokenError::TooLong) => "too_long",
        Err(TokenError::Malformed) => "malformed",
        Err(TokenError::WrongAlgorithm) => "wrong_algorithm",
        Err(TokenError::WrongSignature) => "wrong_signature",
        Err(TokenError::NoExpiry) => "no_expiry",
        Err(TokenError::AbsurdExpiry) => "absurd_expiry",
        Err(TokenError::Expired { .. }) => "expired",
        Err(TokenError::NotYetValid { .. }) => "not_yet_valid",
        Err(TokenError::WeakKey) => "weak_key",
    }
}
