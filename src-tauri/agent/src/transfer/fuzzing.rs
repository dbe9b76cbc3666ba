//! An import, up to where it would be stored: for fuzzers.

use daypass_api::ApiError;
use daypass_core::Secret;

use super::content::{Content, Exported};
use super::{check_names, sealed, unreadable};
use crate::accounts::bad_request;

/// Opens the text of an export, as an import does. Blocking.
///
/// # Errors
/// `bad_request`: why it is not opened.
pub fn open_export(passphrase: &Secret, text: &str) -> Result<Vec<u8>, ApiError> {
    sealed::open(passphrase, text).map(|content| content.to_vec()).map_err(|error| bad_request(error.to_string()))
}

/// Reads what was in an export into the records that an import stores, and writes these as an export does.
///
/// # Errors
/// `bad_request` where an import takes none of it.
pub fn reread_content(text: &[u8]) -> Result<Vec<u8>, ApiError> {
    let content = Content::read(text).map_err(|_| unreadable())?;
    check_names(&content)?;
    let again = content.accounts.into_iter().map(|mut account| {
        let intents = std::mem::take(&mut account.intents);
        Exported::of(&account.record(), intents)
    });
    let content = Content { accounts: again.collect() };
    content.write().map(|text| text.to_vec()).map_err(|_| unreadable())
}
