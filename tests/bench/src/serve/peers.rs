//! What others offer for the same job: better-auth (durable, SQLite) and oidc-provider (in memory), both on Node.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use data_encoding::BASE64;
use daypass_test_support::program::Running;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::http::{form, get, post};
use super::stage::member;
use crate::load;

/// Where the Makefile installs them.
const FOLDER: &str = "target/peers";

/// A peer that runs, and the two requests that it is measured by.
pub(super) struct Peer {
    /// Its name in a report.
    pub(super) name: &'static str,
    /// `HOST:PORT`.
    pub(super) address: String,
    /// Opens a session.
    pub(super) issue: Vec<u8>,
    /// Asks after one.
    pub(super) verify: Vec<u8>,
    _process: Running,
}

/// better-auth: a password is exchanged for a session, and the session is asked after.
///
/// # Errors
/// Where it cannot be started, or does not answer.
pub(super) fn better_auth(runtime: &Runtime, file: &Path) -> anyhow::Result<Peer> {
    let (process, ready) = start("better-auth.mjs", Some(file))?;
    let address = text(&ready, "address")?;
    let body = serde_json::json!({ "email": text(&ready, "email")?, "password": text(&ready, "password")? });
    let issue = post("/api/auth/sign-in/email", "Content-Type: application/json\r\n", &body.to_string());
    let token = member(&runtime.block_on(load::ask_once(&address, &issue))?, "token")?;
    let verify = get("/api/auth/get-session", &format!("Authorization: Bearer {token}\r\n"));
    let session = runtime.block_on(load::ask_once(&address, &verify))?;
    member(&session, "token").context("better-auth does not know its own session")?;
    Ok(Peer { name: "better-auth", address, issue, verify, _process: process })
}

/// oidc-provider: `client_credentials`, and introspection.
///
/// # Errors
/// As [`better_auth`].
pub(super) fn oidc_provider(runtime: &Runtime) -> anyhow::Result<Peer> {
    let (process, ready) = start("oidc-provider.mjs", None)?;
    let address = text(&ready, "address")?;
    let pair = format!("{}:{}", text(&ready, "id")?, text(&ready, "secret")?);
    let basic = format!("Authorization: Basic {}\r\n", BASE64.encode(pair.as_bytes()));
    let issue = form("/token", &basic, "grant_type=client_credentials&scope=read");
    let token = member(&runtime.block_on(load::ask_once(&address, &issue))?, "access_token")?;
    let verify = form("/token/introspection", &basic, &format!("token={token}"));
    let facts = runtime.block_on(load::ask_once(&address, &verify))?;
    member(&facts, "client_id").context("oidc-provider does not know its own token")?;
    Ok(Peer { name: "oidc-provider", address, issue, verify, _process: process })
}

fn start(script: &str, file: Option<&Path>) -> anyhow::Result<(Running, Value)> {
    let mut command = Command::new("node");
    command.env("NODE_ENV", "production").arg(Path::new(FOLDER).join(script)).args(file);
    let process = Running::start(&mut command);
    let line = process.line("the address of a peer", |line| line.starts_with("{\"address\":"));
    Ok((process, serde_json::from_str(&line)?))
}

fn text(ready: &Value, name: &str) -> anyhow::Result<String> {
    Ok(ready[name].as_str().with_context(|| format!("a peer does not tell its {name}"))?.to_owned())
}
