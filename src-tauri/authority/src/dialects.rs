//! The wire contracts that the authority speaks, one file each, and which of them a request belongs to.

mod antiraid;
mod discover;
mod discovr;
mod native;
mod pocketpaw;
mod routes;

use serde_json::json;

#[cfg(feature = "fuzzing")]
pub(crate) use native::{basic, parameters};
#[cfg(test)]
pub(crate) use routes::ROUTES;
pub(crate) use routes::route;

use crate::Service;
use crate::call::{Call, Problem, Reply};

/// A wire contract. Their paths do not overlap, so one port serves all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `/auth/…`, `/profiles`, `/profile/…`, and the page at `/device`.
    Discovr,
    /// `/api/…`.
    PocketPaw,
    /// `/sessions…`.
    AntiRaid,
    /// `/account/…`, `/search-rec/…`.
    Discover,
    /// `/oauth2/…`, `/.well-known/…`, and the OpenAPI document of all.
    Native,
    /// `/healthz`, `/readyz`, `/metrics`: what an operator's programs ask, whatever dialect the others speak.
    Operation,
    /// Anything else: there is nothing here, said in plain JSON.
    None,
}

impl Dialect {
    /// Whose words a request for `path` is answered in, whether or not the path exists there.
    pub(crate) fn of(path: &str) -> Self {
        match path.strip_prefix('/').unwrap_or(path).split('/').next().unwrap_or_default() {
            "auth" | "profiles" | "profile" | "device" => Self::Discovr,
            "api" => Self::PocketPaw,
            "sessions" => Self::AntiRaid,
            "account" | "search-rec" => Self::Discover,
            "healthz" | "readyz" | "metrics" => Self::Operation,
            "oauth2" | ".well-known" | "openapi.json" => Self::Native,
            _ => Self::None,
        }
    }

    /// The one word for it, in the log and the figures.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Discovr => "discovr",
            Self::PocketPaw => "pocketpaw",
            Self::AntiRaid => "antiraid",
            Self::Discover => "discover",
            Self::Native => "native",
            Self::Operation => "operation",
            Self::None => "none",
        }
    }

    /// Does what `call` asks for.
    pub(crate) async fn answer(self, service: &Service, call: &Call) -> Result<Reply, Problem> {
        match self {
            Self::Discovr => discovr::answer(service, call).await,
            Self::PocketPaw => pocketpaw::answer(service, call).await,
            Self::AntiRaid => antiraid::answer(service, call).await,
            Self::Discover => discover::answer(service, call).await,
            Self::Native => native::answer(service, call).await,
            // The transport has answered what there is.
            Self::Operation | Self::None => Err(Problem::NoRoute),
        }
    }

    /// Says `problem` in this dialect's words.
    pub(crate) fn refuse(self, problem: &Problem) -> Reply {
        match self {
            Self::Discovr => discovr::refuse(problem),
            Self::PocketPaw => pocketpaw::refuse(problem),
            Self::AntiRaid => antiraid::refuse(problem),
            Self::Discover => discover::refuse(problem),
            Self::Native => native::refuse(problem),
            Self::Operation | Self::None => {
                problem.reply(problem.status(), &json!({ "code": "bad_request", "message": problem.message() }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_dialect_of_its_first_part() {
        for (path, dialect) in [
            ("/auth/session-token", Dialect::Discovr),
            ("/profiles", Dialect::Discovr),
            ("/api/v1/nothing", Dialect::PocketPaw),
            ("/sessions/@me", Dialect::AntiRaid),
            ("/account/1/access-token", Dialect::Discover),
            ("/oauth2/token", Dialect::Native),
            ("/.well-known/jwks.json", Dialect::Native),
            ("/openapi.json", Dialect::Native),
            ("/", Dialect::None),
            ("", Dialect::None),
            ("*", Dialect::None),
            ("/sessionsx", Dialect::None),
        ] {
            assert_eq!(Dialect::of(path), dialect, "{path}");
        }
    }
}
