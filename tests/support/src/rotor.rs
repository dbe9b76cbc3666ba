//! A provider of which there is none: refresh tokens that are used once, each bringing its successor with the session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::http::{Answer, Request, Server};

/// What the server does with a refresh token that comes a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// It takes it for stolen, and revokes the whole family (RFC 9700 section 4.14.2).
    Revokes,
    /// It is answered again, until its successor was used: a lost answer loses nothing.
    Forgives,
}

/// Its definition for Daypass, under the name `rotor`.
pub const DEFINITION: &str = r#"# Replaces its credential with every mint.
name = "rotor"
title = "Rotor"
about = "An API that only tests know: every mint replaces the refresh token."
base_url = "https://rotor.example"

[credential]
label = "Refresh token"
help = "Anywhere."

[session]
header = "Authorization"
prefix = "Bearer "

[effects]
revoke = "Forgets the token here."

[mint]
life = { min = "1s", max = "1h", default = "10m", send_default = true }

[mint.request]
method = "POST"
path = "/token"
headers.Authorization = "Bearer {credential}"
json.life = "{life_seconds}"

[mint.answer]
token = "/access_token"
id = "/id"
expires = { at = "/expires_in", notation = "seconds_from_now" }
credential = "/refresh_token"
"#;

/// The same server for Daypass under the name `press`: an API key opens a grant, which every renewal replaces.
pub const RENEWING: &str = r#"# Renews by a grant that is used once.
name = "press"
title = "Press"
about = "An API that only tests know: every renewal replaces the grant."
base_url = "https://press.example"

[credential]
label = "API key"
help = "Anywhere."

[session]
header = "Authorization"
prefix = "Bearer "

[effects]
revoke = "Forgets the token here."

[mint.request]
method = "POST"
path = "/open"
headers.Authorization = "Bearer {credential}"

[mint.answer]
token = "/access_token"
id = "/id"
expires = { at = "/expires_in", notation = "seconds_from_now" }
grant = "/refresh_token"

[renew.request]
method = "POST"
path = "/token"
headers.Authorization = "Bearer {grant}"

[renew.answer]
token = "/access_token"
id = "/id"
expires = { at = "/expires_in", notation = "seconds_from_now" }
grant = "/refresh_token"
"#;

/// The server.
#[derive(Debug, Clone)]
pub struct Rotor {
    server: Server,
    books: Arc<Mutex<Books>>,
}

/// What the server knows: every secret is `FAMILY-NUMBER`, behind `rt-` or `at-`.
#[derive(Debug)]
struct Books {
    reuse: Reuse,
    families: HashMap<String, Family>,
    minted: u64,
}

/// All that came of one first refresh token.
#[derive(Debug, Default)]
struct Family {
    /// The number of the newest refresh token; those before it are used up.
    newest: u64,
    revoked: bool,
    /// When each session token dies.
    sessions: HashMap<u64, Instant>,
}

impl Rotor {
    /// Starts the server.
    pub fn start(reuse: Reuse) -> Self {
        let books = Arc::new(Mutex::new(Books { reuse, families: HashMap::new(), minted: 0 }));
        let kept = books.clone();
        let server =
            Server::start(move |asked| Some(kept.lock().unwrap_or_else(PoisonError::into_inner).answer(asked)));
        Self { server, books }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// The first refresh token of a new family.
    pub fn credential(&self, family: &str) -> String {
        self.books.lock().unwrap().families.insert(family.to_owned(), Family::default());
        format!("rt-{family}-0")
    }

    /// Whether a session token is taken now.
    pub fn accepts(&self, token: &str) -> bool {
        let books = self.books.lock().unwrap();
        let Some((family, number)) = parts("at-", token) else { return false };
        let family = books.families.get(family).filter(|family| !family.revoked);
        let end = family.and_then(|family| family.sessions.get(&number));
        end.is_some_and(|end| Instant::now() < *end)
    }

    /// How many tokens were made.
    pub fn minted(&self) -> u64 {
        self.books.lock().unwrap().minted
    }

    /// How many grants were opened with an API key.
    pub fn opened(&self) -> usize {
        self.books.lock().unwrap().families.keys().filter(|name| name.contains('.')).count()
    }
}

impl Books {
    fn answer(&mut self, asked: &Request) -> Answer {
        let refused = || Answer::json(401, &json!({ "error": "invalid_grant" }));
        let bearer = asked.value("Authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let (name, number) = match (asked.path.as_str(), bearer.strip_prefix("key-"), parts("rt-", bearer)) {
            ("/open", Some(key), _) => {
                let name = format!("{key}.{}", self.minted);
                self.families.insert(name.clone(), Family::default());
                (name, 0)
            }
            ("/token", _, Some((name, number))) => (name.to_owned(), number),
            _ => return refused(),
        };
        let life = serde_json::from_str(&asked.body).ok().and_then(|body: serde_json::Value| body["life"].as_u64());
        let Some(family) = self.families.get_mut(&name) else { return refused() };
        // A used one is forgiven as long as nobody has shown its successor.
        let again = self.reuse == Reuse::Forgives && number + 1 == family.newest;
        if family.revoked || (number != family.newest && !again) {
            family.revoked |= number < family.newest;
            return refused();
        }
        let (successor, life) = (number + 1, life.unwrap_or(600));
        family.newest = successor;
        self.minted += 1;
        let id = self.minted;
        family.sessions.insert(id, Instant::now() + Duration::from_secs(life));
        Answer::json(
            200,
            &json!({
                "access_token": format!("at-{name}-{id}"),
                "refresh_token": format!("rt-{name}-{successor}"),
                "id": id.to_string(),
                "expires_in": life,
            }),
        )
    }
}

/// The family and number of a secret.
fn parts<'a>(kind: &str, secret: &'a str) -> Option<(&'a str, u64)> {
    let (family, number) = secret.strip_prefix(kind)?.rsplit_once('-')?;
    Some((family, number.parse().ok()?))
}
