//! An authority that is measured: the real program, on a store of a given size, and what is asked of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use data_encoding::BASE64;
use daypass_test_support::process;
use daypass_test_support::program::{Installation, Running};
use rustix::process::Signal;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::http::{form, get, post};
use super::store::Store;
use crate::load::{self, Load, Once, Script, Turns};
use crate::programs::Programs;

/// How many tokens verifications and introspections ask after, in turns.
const TOKENS: usize = 1000;
/// The same where they are to be more than the authority remembers.
const SCATTERED: usize = 50_000;
/// The grant of a device sign-in (RFC 8628).
const DEVICE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verb {
    /// A session is opened, durably: `client_credentials`.
    Issue,
    /// A session token of Discovr's is verified: its profile is answered.
    Verify,
    /// An access token is introspected.
    Introspect,
    /// The same with more tokens than are remembered: each is checked and its session read from the store.
    Scattered,
    /// A refresh token is exchanged for the next, durably.
    Refresh,
    /// The sessions of a user who has 1 000 are listed.
    List,
    /// A session is ended, durably.
    Revoke,
}

impl Verb {
    pub(super) const ALL: [Self; 7] =
        [Self::Issue, Self::Verify, Self::Introspect, Self::Scattered, Self::Refresh, Self::List, Self::Revoke];

    /// The word for it in a report.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Verify => "verify",
            Self::Introspect => "introspect",
            Self::Scattered => "introspect 50 000 in turn",
            Self::Refresh => "refresh",
            Self::List => "list of 1 000",
            Self::Revoke => "revoke",
        }
    }
}

/// The authority, for as long as this lives.
pub(super) struct Stage {
    processes: Vec<Running>,
    addresses: Vec<String>,
    store: Store,
    basic: String,
    verify: Vec<Vec<u8>>,
    introspect: Vec<Vec<u8>>,
    scattered: Vec<Vec<u8>>,
    list: Vec<u8>,
    /// Of the user whose sessions are listed.
    refresh_token: String,
    refresh_tokens: Vec<String>,
    _installation: Installation,
}

impl Stage {
    /// Starts `processes` of it on `store`, which is empty, with so many `sessions` in it.
    ///
    /// # Errors
    /// Where it does not do what is asked of it.
    pub(super) fn start(
        programs: &Programs,
        runtime: &Runtime,
        store: Store,
        sessions: usize,
        processes: usize,
    ) -> anyhow::Result<Self> {
        let installation = Installation::new(&programs.daypass);
        let url = store.url();
        let (mut first, ready) = start(&installation, &url, true)?;
        let demo = ready["demo"].clone();
        let text = |path: &str| demo.pointer(path).and_then(Value::as_str).context("the demo user is not told");
        let pair = format!("{}:{}", text("/native/client_id")?, text("/native/client_secret")?);
        let basic = format!("Authorization: Basic {}\r\n", BASE64.encode(pair.as_bytes()));

        // One user is signed in: its session is what the others are copies of.
        let refresh_token = runtime.block_on(sign_in(&address(&ready)?, &basic))?;
        ensure!(first.end_by(Signal::TERM).success(), "the authority did not end well");
        store.fill(sessions)?;
        let running = (0..processes).map(|_| start(&installation, &url, false)).collect::<Result<Vec<_>, _>>()?;
        let addresses = running.iter().map(|(_, ready)| address(ready)).collect::<Result<Vec<_>, _>>()?;

        let mint = post(
            "/auth/session-token",
            &format!("{}Content-Type: application/json\r\n", bearer(text("/discovr/refresh_token")?)),
            &serde_json::json!({ "profileId": text("/discovr/profile_id")? }).to_string(),
        );
        let mut stage = Self {
            processes: running.into_iter().map(|(process, _)| process).collect(),
            addresses,
            store,
            basic,
            verify: Vec::new(),
            introspect: Vec::new(),
            scattered: Vec::new(),
            list: Vec::new(),
            refresh_token,
            refresh_tokens: Vec::new(),
            _installation: installation,
        };
        let minted = stage.collect(runtime, &mint, "sessionToken", TOKENS)?;
        stage.verify = minted.iter().map(|token| get("/profile/me", &bearer(token))).collect();
        stage.renew(runtime, false)?;
        Ok(stage)
    }

    /// Gets the access tokens that are sent or asked after, which live for ten minutes; those of [`Verb::Scattered`] too where that is
    /// `scattered`.
    ///
    /// # Errors
    /// As [`Stage::start`].
    pub(super) fn renew(&mut self, runtime: &Runtime, scattered: bool) -> anyhow::Result<()> {
        let renewed = runtime.block_on(refresh(&self.addresses[0], &self.basic, &self.refresh_token))?;
        self.refresh_token = member(&renewed, "refresh_token")?;
        self.list = get("/oauth2/sessions", &bearer(&member(&renewed, "access_token")?));
        self.introspect = self.introspections(runtime, TOKENS)?;
        self.scattered = if scattered { self.introspections(runtime, SCATTERED)? } else { Vec::new() };
        Ok(())
    }

    /// Questions after so many new tokens, each of a session of its own.
    fn introspections(&self, runtime: &Runtime, count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
        let issued = self.collect(runtime, &self.issue(), "access_token", count)?;
        let ask = |token: &String| form("/oauth2/introspect", &self.basic, &format!("token={token}"));
        Ok(issued.iter().map(ask).collect())
    }

    /// The memory of its processes, in MiB.
    pub(super) fn memory(&self) -> f64 {
        let families = self.processes.iter().flat_map(|process| process::family(process.pid()));
        families.map(|process| process.memory_kib()).sum::<u64>() as f64 / 1024.0
    }

    /// How long an answer to `verb` is, in bytes.
    ///
    /// # Errors
    /// Where there is none.
    pub(super) fn size(&mut self, runtime: &Runtime, verb: Verb) -> anyhow::Result<usize> {
        let request = self.requests(verb).context("it has no request of its own")?.swap_remove(0);
        Ok(runtime.block_on(load::ask_once(&self.addresses[0], &request))?.len())
    }

    /// What is asked again and again, where that is so.
    pub(super) fn requests(&self, verb: Verb) -> Option<Vec<Vec<u8>>> {
        match verb {
            Verb::Issue => Some(vec![self.issue()]),
            Verb::Verify => Some(self.verify.clone()),
            Verb::Introspect => Some(self.introspect.clone()),
            Verb::Scattered => Some(self.scattered.clone()),
            Verb::List => Some(vec![self.list.clone()]),
            Verb::Refresh | Verb::Revoke => None,
        }
    }

    /// Measures `verb` for `time` with so many `connections`.
    ///
    /// # Errors
    /// Where an answer is not the one that was meant to come.
    pub(super) fn measure(
        &mut self,
        runtime: &Runtime,
        load: &mut Load,
        verb: Verb,
        connections: usize,
        time: Duration,
    ) -> anyhow::Result<()> {
        let scripts: Vec<Box<dyn Script>> = match (self.requests(verb), verb) {
            (Some(requests), Verb::Introspect | Verb::Scattered) => {
                Turns::all(requests, connections, r#""active":true"#)
            }
            (Some(requests), _) => Turns::all(requests, connections, ""),
            (None, Verb::Refresh) => self.refreshers(runtime, connections)?,
            (None, _) => {
                let issued = self.collect(runtime, &self.issue(), "access_token", self.store.most_revoked())?;
                let revoke = |token: &String| form("/oauth2/revoke", &self.basic, &format!("token={token}"));
                Once::all(issued.iter().map(revoke).collect(), connections)
            }
        };
        runtime.block_on(load::run(load, &self.addresses, scripts, time))
    }

    fn issue(&self) -> Vec<u8> {
        form("/oauth2/token", &self.basic, "grant_type=client_credentials&scope=read")
    }

    /// One for each connection, each with a session of its own; the sessions are signed in once.
    fn refreshers(&mut self, runtime: &Runtime, connections: usize) -> anyhow::Result<Vec<Box<dyn Script>>> {
        while self.refresh_tokens.len() < connections {
            self.refresh_tokens.push(runtime.block_on(sign_in(&self.addresses[0], &self.basic))?);
        }
        let fresh = self.refresh_tokens.split_off(self.refresh_tokens.len() - connections);
        let refresher = |token| Box::new(Refresher { basic: self.basic.clone(), token, now: Vec::new() }) as Box<_>;
        Ok(fresh.into_iter().map(refresher).collect())
    }

    /// Asks until so many answers have come, and collects their members `name`.
    fn collect(
        &self,
        runtime: &Runtime,
        request: &[u8],
        name: &'static str,
        count: usize,
    ) -> anyhow::Result<Vec<String>> {
        let found = Arc::new(Mutex::new(Vec::new()));
        let collector =
            |_| Box::new(Collector { request: request.to_vec(), name, count, found: Arc::clone(&found) }) as Box<_>;
        let scripts = (0..64).map(collector).collect();
        runtime.block_on(load::run(&mut Load::default(), &self.addresses, scripts, Duration::from_secs(60)))?;
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(found.len() >= count, "only {} of {count} answers came", found.len());
        Ok(std::mem::take(&mut *found))
    }
}

/// Collects a member of each answer.
struct Collector {
    request: Vec<u8>,
    name: &'static str,
    count: usize,
    found: Arc<Mutex<Vec<String>>>,
}

impl Script for Collector {
    fn request(&mut self) -> Option<&[u8]> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).len();
        (found < self.count).then_some(&self.request)
    }

    fn answered(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let member = member(body, self.name)?;
        self.found.lock().unwrap_or_else(PoisonError::into_inner).push(member);
        Ok(())
    }
}

/// Exchanges a refresh token for the next, again and again.
struct Refresher {
    basic: String,
    token: String,
    now: Vec<u8>,
}

impl Script for Refresher {
    fn request(&mut self) -> Option<&[u8]> {
        let body = format!("grant_type=refresh_token&refresh_token={}", self.token);
        self.now = form("/oauth2/token", &self.basic, &body);
        Some(&self.now)
    }

    fn answered(&mut self, body: &[u8]) -> anyhow::Result<()> {
        self.token = member(body, "refresh_token")?;
        Ok(())
    }
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

fn start(installation: &Installation, store: &str, demo: bool) -> anyhow::Result<(Running, Value)> {
    let mut arguments = vec!["serve", "--json", "--listen", "127.0.0.1:0", "--store", store, "--log-level", "warn"];
    arguments.extend(demo.then_some("--demo"));
    let process = Running::start(&mut installation.command(&arguments));
    let line = process.line("the ready line", |line| line.starts_with("{\"url\":"));
    Ok((process, serde_json::from_str(&line)?))
}

fn address(ready: &Value) -> anyhow::Result<String> {
    let url = ready["url"].as_str().context("no address is told")?;
    Ok(url.trim_start_matches("http://").to_owned())
}

/// Signs a new user in by device code; answers its refresh token.
async fn sign_in(address: &str, basic: &str) -> anyhow::Result<String> {
    let begun = load::ask_once(address, &form("/oauth2/device_authorization", basic, "scope=read")).await?;
    let origin = format!("Origin: http://{address}\r\nHost: {address}\r\n");
    let approve = format!("decision=approve&user_code={}", member(&begun, "user_code")?);
    load::ask_once(address, &form("/device", &origin, &approve)).await?;
    let poll = format!("grant_type={DEVICE}&device_code={}", member(&begun, "device_code")?);
    member(&load::ask_once(address, &form("/oauth2/token", basic, &poll)).await?, "refresh_token")
}

async fn refresh(address: &str, basic: &str, token: &str) -> anyhow::Result<Vec<u8>> {
    let body = format!("grant_type=refresh_token&refresh_token={token}");
    load::ask_once(address, &form("/oauth2/token", basic, &body)).await
}

/// The text member `name` of a JSON body.
pub(super) fn member(body: &[u8], name: &str) -> anyhow::Result<String> {
    let text = std::str::from_utf8(body)?;
    let rest = text.split_once(&format!("\"{name}\":\"")).map(|(_, rest)| rest);
    let value = rest.and_then(|rest| rest.split('"').next());
    Ok(value.with_context(|| format!("no {name} in {text}"))?.to_owned())
}
