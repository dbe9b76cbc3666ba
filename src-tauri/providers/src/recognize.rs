//! Finds out which provider a `curl` command calls that was copied from an API's documentation, and takes out of it what an
//! account needs.
//!
//! It knows no provider by name: the command is held against the requests of the definitions, and what stands where a
//! definition writes `{credential}` or `{param.KEY}` is taken for that.

mod command;
mod example;
mod fit;

use std::collections::BTreeMap;
use std::sync::Arc;

use daypass_core::{Phrase, Secret, phrase};
use url::Url;

use self::command::Command;
use self::example::is_example;
use self::fit::{Address, Fit, Host};
use crate::file::Placeholder;
use crate::{Catalog, Definition, ProviderError, policy, values};

/// The longest host that a message repeats, in characters.
const MAX_SHOWN: usize = 80;

/// What a command comes down to.
#[derive(Debug, Clone)]
pub struct Recognized {
    /// The provider that it calls.
    pub definition: Arc<Definition>,
    /// Where it calls it; `None` where that is the provider's own address, or the command only has a placeholder there.
    pub base_url: Option<Url>,
    /// The account's parameters that stand in it.
    pub params: BTreeMap<String, String>,
    /// The credential, where one stands in it and not a placeholder for one.
    pub credential: Option<Secret>,
}

/// Why a command says nothing about an account. None of these repeats more of it than its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.phrase())]
pub enum RecognizeError {
    /// It is longer than any documentation's.
    TooLong,
    /// There is no `curl` in it.
    NotCurl,
    /// There is no address in it, or none that can be read.
    NoAddress,
    /// No definition has such a request.
    Unknown {
        /// The host that it calls.
        host: String,
    },
    /// Credentials must not be sent to where it leads.
    Address {
        /// Why.
        message: Phrase,
    },
}

impl RecognizeError {
    /// The sentence that says it.
    pub fn phrase(&self) -> Phrase {
        match self {
            Self::TooLong => phrase!("error-curl-long", "This is longer than 64 KiB; paste the curl command alone."),
            Self::NotCurl => phrase!("error-curl-none", "This is no curl command; paste one that begins with curl."),
            Self::NoAddress => phrase!("error-curl-address", "The command names no address that can be read."),
            Self::Unknown { host } => {
                phrase!(
                    "error-curl-unknown",
                    "None of the providers here is called at {host} in this way.",
                    host = host
                )
            }
            Self::Address { message } => message.clone(),
        }
    }
}

impl Catalog {
    /// Finds the provider that `command` calls.
    ///
    /// # Errors
    /// [`RecognizeError`].
    pub fn recognize(&self, command: &Secret) -> Result<Recognized, RecognizeError> {
        let command = Command::read(command)?;
        let address = Address::read(&command.address).ok_or(RecognizeError::NoAddress)?;
        let mut best: Option<(&Arc<Definition>, Fit)> = None;
        for definition in self.all() {
            for fit in fit::all(definition, &command, &address) {
                if best.as_ref().is_none_or(|(_, there)| fit.rank() > there.rank()) {
                    best = Some((definition, fit));
                }
            }
        }
        let Some((definition, fit)) = best else {
            let host = address.shown().chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect();
            return Err(RecognizeError::Unknown { host });
        };
        taken(definition, &address, fit)
    }
}

/// What the command says of an account, by the request that it fits best.
fn taken(definition: &Arc<Definition>, address: &Address, fit: Fit) -> Result<Recognized, RecognizeError> {
    let base_url = match &address.host {
        Host::At(url) if !fit.at_own_place => {
            let mut base = url.clone();
            base.set_path(fit.prefix.as_deref().unwrap_or_default());
            base.set_query(None);
            base.set_fragment(None);
            policy::check(&base).map_err(not_there)?;
            Some(base)
        }
        _ => None,
    };
    let mut params = BTreeMap::new();
    let mut credential = None;
    for (placeholder, value) in fit.found {
        if is_example(&value) {
            continue;
        }
        match placeholder {
            Placeholder::Credential if credential.is_none() => credential = Some(Secret::new(value.as_str())),
            Placeholder::Param(key) if definition.params().iter().any(|param| param.key == key) => {
                let kind = definition.checked.param_kinds.get(&key).copied().unwrap_or_default();
                if values::read_param(&key, kind, &value).is_ok() {
                    params.entry(key).or_insert_with(|| value.to_string());
                }
            }
            _ => {}
        }
    }
    Ok(Recognized { definition: definition.clone(), base_url, params, credential })
}

fn not_there(error: ProviderError) -> RecognizeError {
    let message = match error {
        ProviderError::BadRequest { message } => message,
        other => other.to_string().into(),
    };
    RecognizeError::Address { message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognize(command: &str) -> Result<Recognized, RecognizeError> {
        Catalog::built_in().recognize(&Secret::new(command))
    }

    /// Provider, base URL, parameters and credential.
    fn told(command: &str) -> (String, Option<String>, Vec<String>, Option<String>) {
        let found = recognize(command).unwrap();
        (
            found.definition.name().to_owned(),
            found.base_url.map(|url| url.to_string()),
            found.params.iter().map(|(key, value)| format!("{key}={value}")).collect(),
            found.credential.map(|credential| credential.expose().to_owned()),
        )
    }

    fn said(
        name: &str,
        base: Option<&str>,
        params: &[&str],
        credential: Option<&str>,
    ) -> (String, Option<String>, Vec<String>, Option<String>) {
        let own = |text: &str| text.to_owned();
        (own(name), base.map(own), params.iter().map(|text| own(text)).collect(), credential.map(own))
    }

    #[test]
    fn discover_as_documented() {
        let mint = "curl -X POST \\\n  https://api.rfksrv.com/account/1/access-token \\\n  -H 'Content-Type: application/json' \\\n  \
                    -H 'x-api-key: 01-90d33624-99f708fa77a1e94a25c4a1afd0f28a4c23ff5251' \\\n  \
                    -d '{\"scope\":[\"search-rec\"], \"accessExpiry\": 43200000, \"refreshExpiry\": 259200000}'";
        let key = "01-90d33624-99f708fa77a1e94a25c4a1afd0f28a4c23ff5251";
        assert_eq!(told(mint), said("discover", None, &["scope=search-rec"], Some(key)));
        // Its quotes do not match, on the page as well.
        let renew = "curl -X PUT \\\n\n  https://api.rfksrv.com/account/1/access-token \\\n\n  -H 'Authorization': Bearer \
                     <refresh-token>' \\ \n\n  -H 'Content-Type: application/json'";
        assert_eq!(told(renew), said("discover", None, &[], None));
        let real =
            "curl -X PUT https://api.rfksrv.com/account/1/access-token -H 'Authorization: Bearer 1b555d88sss448'";
        assert_eq!(told(real), said("discover", None, &[], None), "a refresh token is no API key");
        let several = mint.replace("[\"search-rec\"]", "[\"search-rec\", \"event\"]");
        assert_eq!(told(&several), said("discover", None, &["scope=search-rec,event"], Some(key)));
    }

    #[test]
    fn pocketpaw_as_documented() {
        let page = "curl -X POST \"http://localhost:8000/api/auth/session\" \\\n  -H \"Content-Type: application/json\" \\\n  \
                    -H \"Authorization: Bearer <token>\"";
        assert_eq!(told(page), said("pocketpaw", None, &[], None));
        let token = "0b5f9d3e-2c1a-4e8f-9b7d-6a5c4d3e2f10";
        let real = format!("curl -X POST http://127.0.0.1:8888/api/v1/auth/session -H 'authorization: bearer {token}'");
        assert_eq!(told(&real), said("pocketpaw", Some("http://127.0.0.1:8888/"), &[], Some(token)));
        let proxied =
            format!("curl -XPOST https://home.example/paw/api/auth/session -H 'Authorization: Bearer {token}'");
        assert_eq!(told(&proxied), said("pocketpaw", Some("https://home.example/paw"), &[], Some(token)));
        let somewhere = "curl -X POST $POCKETPAW_URL/api/auth/session -H 'Authorization: Bearer $TOKEN'";
        assert_eq!(told(somewhere), said("pocketpaw", None, &[], None));
    }

    #[test]
    fn discovr_as_documented() {
        let mint = "curl --request POST \\\n  --url https://api.discovr.media/auth/session-token \\\n  --header 'Authorization: \
                    Bearer <token>' \\\n  --header 'Content-Type: application/json' \\\n  --data '\n{\n  \"profileId\": \
                    \"profile_abc123\"\n}\n'";
        assert_eq!(told(mint), said("discovr", None, &["profile_id=profile_abc123"], None));
        let real = mint.replace("<token>", "rt_5f2b6c1a");
        assert_eq!(told(&real), said("discovr", None, &["profile_id=profile_abc123"], Some("rt_5f2b6c1a")));
        let page = "curl https://api.discovr.media/pages/home -H 'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.x1'";
        assert_eq!(told(page), said("discovr", None, &[], None), "a session token is no credential");
        let begin = "curl https://api.discovr.media/auth/device-codes --json '{\"clientID\": \"tv-app\"}'";
        assert_eq!(told(begin), said("discovr", None, &["client_id=tv-app"], None));
    }

    #[test]
    fn antiraid_as_documented() {
        let token = "a1".repeat(64);
        for scheme in ["", "User "] {
            let me = format!(
                "curl https://splashtail-staging.antiraid.xyz/sessions/@me -H 'Authorization: {scheme}{token}'"
            );
            assert_eq!(told(&me), said("antiraid", None, &[], Some(&token)));
        }
        let create = format!(
            "curl -X POST https://splashtail-staging.antiraid.xyz/sessions -H 'Authorization: {token}' -H 'Content-Type: \
             application/json' -d '{{\"name\": \"ci\", \"type\": \"api\", \"expiry\": 3600}}'"
        );
        assert_eq!(told(&create), said("antiraid", None, &[], Some(&token)));
        let elsewhere = create.replace("https://splashtail-staging.antiraid.xyz", "https://splashtail.antiraid.xyz");
        assert_eq!(told(&elsewhere), said("antiraid", Some("https://splashtail.antiraid.xyz/"), &[], Some(&token)));
    }

    #[test]
    fn an_account_and_a_password_are_what_curl_makes_of_them() {
        let definition = include_str!("../definitions/pocketpaw.toml")
            .replace("\"pocketpaw\"", "\"own\"")
            .replace("http://localhost:8000", "https://own.example")
            .replace("Bearer {credential}", "Basic {credential}");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("own.toml"), definition).unwrap();
        let (catalog, errors) = Catalog::load(folder.path());
        assert_eq!(errors, []);
        let found =
            catalog.recognize(&Secret::new("curl -X POST -u me:pw https://own.example/api/auth/session")).unwrap();
        assert_eq!(found.definition.name(), "own");
        assert_eq!(found.credential.unwrap().expose(), "bWU6cHc=");
    }

    #[test]
    fn a_longer_path_among_those_of_a_request_finds_the_credential_too() {
        let definition = include_str!("../definitions/pocketpaw.toml")
            .replace("\"pocketpaw\"", "\"own\"")
            .replace("http://localhost:8000", "https://own.example")
            .replace("[\"/api/auth/session\", ", "[\"/session\", \"/auth/session\", ");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("own.toml"), definition).unwrap();
        let (catalog, errors) = Catalog::load(folder.path());
        assert_eq!(errors, []);
        let command = Secret::new("curl -X POST https://own.example/auth/session -H 'Authorization: Bearer 0b5f9d3e'");
        let found = catalog.recognize(&command).unwrap();
        assert_eq!((found.definition.name(), found.base_url), ("own", None));
        assert_eq!(found.credential.unwrap().expose(), "0b5f9d3e");
    }

    #[test]
    fn somebody_elses_host_is_never_taken_for_the_providers_own() {
        for host in ["evil.example", "api.discovr.media.evil.example", "evil.example:443", "api.discovr.media:8443"] {
            let command = format!(
                "curl -X POST https://{host}/auth/session-token -H 'Authorization: Bearer rt_5f2b6c1a' --json \
                 '{{\"profileId\": \"p1\"}}'"
            );
            let (_, base, ..) = told(&command);
            assert_eq!(base, Some(url::Url::parse(&format!("https://{host}")).unwrap().to_string()), "{host}");
        }
    }

    #[test]
    fn what_calls_nobody_we_know_is_told() {
        let unknown = |command: &str| match recognize(command) {
            Err(RecognizeError::Unknown { host }) => host,
            other => panic!("{other:?}"),
        };
        assert_eq!(unknown("curl https://api.github.com/user -H 'Authorization: Bearer abc1'"), "api.github.com");
        assert_eq!(unknown("curl https://api.github.com/sessions -H 'Authorization: abc1'"), "api.github.com");
        assert_eq!(unknown("curl http://localhost:8000/ -H 'Authorization: Bearer abc1'"), "localhost:8000");
        assert_eq!(unknown("curl $HOST/user"), "$HOST");
        assert_eq!(unknown("curl https://me:s3cr3t@$HOST/user"), "$HOST", "a password is not repeated");
        assert_eq!(unknown("curl https://me:s3cr3t@api.github.com/user"), "api.github.com");
        assert_eq!(recognize("curl 'http://'").err(), Some(RecognizeError::NoAddress));
    }

    #[test]
    fn no_credential_is_taken_to_where_it_must_not_be_sent() {
        let error =
            recognize("curl -X POST http://paw.example/api/auth/session -H 'Authorization: Bearer abc1'").unwrap_err();
        assert!(matches!(&error, RecognizeError::Address { message } if message.contains("Plain http")), "{error:?}");
        let error =
            recognize("curl -X POST https://me:pw@paw.example/api/auth/session -H 'Authorization: Bearer abc1'");
        assert!(matches!(error, Err(RecognizeError::Address { .. })));
    }
}
