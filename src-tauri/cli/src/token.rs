//! `daypass token`: the quickest path. It touches the local API alone.

use chrono::{DateTime, Utc};
use daypass_api::client::{CallError, Client};
use daypass_api::request::TokenRequest;
use daypass_api::view::{Snapshot, TokenView};
use daypass_api::{ApiError, ErrorCode, path};
use serde::Serialize;

use crate::args::TokenArgs;
use crate::failure::Failure;
use crate::{door, output};

/// What `--json` prints.
#[derive(Serialize)]
struct Line<'a> {
    account: &'a str,
    provider: &'a str,
    token: &'a str,
    expires_at: Option<DateTime<Utc>>,
    session_id: &'a str,
    remaining_seconds: u64,
}

/// Prints the token, and on stderr why it is shorter-lived than was asked, where it is.
pub(crate) fn run(args: &TokenArgs) -> Result<(), Failure> {
    let home = door::home()?;
    let client = Client::new(&home)?;
    let view = door::ask(&home, || ask(&client, args))?;
    if let Some(reason) = &view.short_because {
        let seconds = view.remaining_seconds;
        output::tell(&format!("daypass: this token lives for only {seconds} s more. {}", reason.message));
    }
    if args.json {
        return output::json(&Line {
            account: &view.account,
            provider: &view.provider,
            token: view.token.expose(),
            expires_at: view.expires_at,
            session_id: &view.session_id,
            remaining_seconds: view.remaining_seconds,
        });
    }
    let token = view.token.expose();
    if args.header {
        output::write_parts(&[&view.header_name, ": ", &view.header_prefix, token, "\n"])
    } else {
        output::write_parts(&[token, "\n"])
    }
}

fn ask(client: &Client, args: &TokenArgs) -> Result<TokenView, CallError> {
    let request = TokenRequest { min_ttl: args.min_ttl, fresh: args.fresh, session: args.session.clone() };
    let path = match &args.account {
        Some(account) => path::token(account)?,
        None => path::token(&usual_account(&client.get("/v1/snapshot?tried=true")?)?)?,
    };
    client.post(&path, &request)
}

/// The account that is meant where none is named: the only one, or the one used last.
fn usual_account(snapshot: &Snapshot) -> Result<String, ApiError> {
    let used_last = snapshot.accounts.iter().filter(|account| account.last_used_at.is_some());
    let used_last = used_last.max_by_key(|account| account.last_used_at);
    match (snapshot.accounts.as_slice(), used_last) {
        ([], _) => Err(door::vault_problem(&snapshot.vault).unwrap_or_else(|| {
            let message = "There is no account yet; connect one with `daypass account add`.";
            ApiError::new(ErrorCode::UnknownAccount, message)
        })),
        ([only], _) => Ok(only.name.clone()),
        (_, Some(account)) => Ok(account.name.clone()),
        (accounts, None) => {
            let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
            let message = format!("Which account? Name one of: {}.", names.join(", "));
            Err(ApiError::new(ErrorCode::BadRequest, message))
        }
    }
}
