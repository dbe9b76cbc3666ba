//! The way to the agent: asks it, and starts one in the background where none runs.

use std::fmt::Write;

use daypass_api::client::{CallError, Client};
use daypass_api::view::{StatusView, VaultView};
use daypass_api::{ApiError, ErrorCode, Home};

use crate::failure::Failure;
use crate::launch;

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
    ask(home, || client.get::<StatusView>("/v1/status"))?;
    Ok(client)
}

/// Does `call`, which must be harmless to do twice; where no agent runs, starts one and does it again.
///
/// # Errors
/// Those of `call`, and where no agent can be started.
pub(crate) fn ask<T>(home: &Home, mut call: impl FnMut() -> Result<T, CallError>) -> Result<T, Failure> {
    match call() {
        Err(CallError::NotRunning) => {
            launch::in_background(home)?;
            Ok(call()?)
        }
        answer => Ok(answer?),
    }
}

/// `text` as one segment of a path: all but unreserved characters percent-encoded (RFC 3986 section 2.1).
pub(crate) fn segment(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') || (byte == b'.' && text.len() > 2) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// The path of an account on the local API, with `rest` after it.
pub(crate) fn account_path(account: &str, rest: &str) -> String {
    format!("/v1/accounts/{}{rest}", segment(account))
}

/// Why the vault is of no use now, where it is not.
pub(crate) fn vault_problem(vault: &VaultView) -> Option<ApiError> {
    match vault {
        VaultView::Open => None,
        VaultView::Locked { message } | VaultView::Absent { message } => {
            Some(ApiError::new(ErrorCode::Locked, message.clone()))
        }
        VaultView::Failing { message } => Some(ApiError::new(ErrorCode::Internal, message.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_segment() {
        assert_eq!(segment("work-1_a.b"), "work-1_a.b");
        assert_eq!(segment("a/../b?c#d"), "a%2F..%2Fb%3Fc%23d");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("me@x+y"), "me%40x%2By");
        assert_eq!(segment("é\r\n"), "%C3%A9%0D%0A");
    }
}
