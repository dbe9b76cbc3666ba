//! The way to the agent: asks it, and starts one in the background where none runs.

use daypass_agent::KeySource;
use daypass_api::client::{CallError, Client};
use daypass_api::view::{StatusView, VaultView};
use daypass_api::{ApiError, ErrorCode, Home};
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::{host, launch};

/// The home that the environment names.
///
/// # Errors
/// Where it names none.
pub(crate) fn home() -> Result<Home, Failure> {
    Ok(Home::from_env(|name| std::env::var_os(name))?)
}

/// A client of an agent that runs: the one that is there, or one that is started now.
///
/// # Errors
/// Where none can be started.
pub(crate) fn open(home: &Home) -> Result<Client, Failure> {
    let client = Client::new(home)?;
    ask(home, || ready(&client))?;
    Ok(client)
}

/// What the agent answers to `GET path`; one is started where none runs.
///
/// # Errors
/// Those of the answer, and where no agent can be started.
pub(crate) fn read<T: DeserializeOwned>(home: &Home, path: &str) -> Result<T, Failure> {
    let client = Client::new(home)?;
    ask(home, || ready(&client).and_then(|_| client.get(path)))
}

/// Does `call`, which must be harmless to do twice; where no agent runs, starts one and does it again.
///
/// # Errors
/// Those of `call`, and where no agent can be started.
pub(crate) fn ask<T>(home: &Home, mut call: impl FnMut() -> Result<T, CallError>) -> Result<T, Failure> {
    match call() {
        Err(CallError::NotRunning | CallError::Ended) => {
            launch::in_background(home)?;
            call().map_err(|error| match error {
                CallError::Api(error) => error.into(),
                CallError::NotRunning | CallError::Ended => {
                    Failure::other("The agent was ended before it answered, and so was the next one; try again.")
                }
            })
        }
        answer => Ok(answer?),
    }
}

/// An agent that was only just started has asked the keyring, and knows soon how the vault is.
fn ready(client: &Client) -> Result<StatusView, CallError> {
    client.get("/v1/status?tried=true")
}

/// Where the vault is of no use to the agent that runs, and the environment names a file for it which that agent was not
/// started with: what to do. The environment of a command does not reach an agent that runs already.
pub(crate) fn unused_key(home: &Home) -> Option<String> {
    let (variable, file) = match host::key_source().ok()? {
        KeySource::Keyring => return None,
        KeySource::KeyFile(file) => (host::KEY_FILE, file),
        KeySource::PassphraseFile(file) => (host::PASSPHRASE_FILE, file),
    };
    let status = Client::new(home).ok()?.get::<StatusView>("/v1/status").ok()?;
    let (VaultView::Locked { message, .. } | VaultView::Slow { message, .. } | VaultView::Absent { message, .. }) =
        status.vault
    else {
        return None;
    };
    // An agent that has this file names it.
    if message.contains(&file.display().to_string()) {
        return None;
    }
    Some(format!(
        "{variable} is set here, but the agent that runs was started without it: stop that with `daypass agent --stop`, \
         and the next command starts one that has it."
    ))
}

/// Why the vault is of no use now, where it is not.
pub(crate) fn vault_problem(vault: &VaultView) -> Option<ApiError> {
    let code = match vault {
        VaultView::Open => return None,
        VaultView::Locked { .. } | VaultView::Slow { .. } | VaultView::Absent { .. } => ErrorCode::Locked,
        VaultView::Full { .. } | VaultView::Corrupt { .. } | VaultView::Failing { .. } => ErrorCode::Internal,
    };
    vault.message().map(|message| ApiError::new(code, message))
}
