//! Where a credential may be sent: `https` anywhere, plain `http` only to this very machine.

use daypass_core::{Phrase, phrase};
use url::{Host, Url};

use crate::ProviderError;

/// Reads a base URL that a person gave.
///
/// # Errors
/// [`ProviderError::BadRequest`] with a sentence that says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Url, ProviderError> {
    let text = text.trim();
    let url = Url::parse(text).map_err(|_| {
        refuse(phrase!("error-url-unreadable", "The base URL cannot be read; write it like https://api.example.org."))
    })?;
    check(&url)?;
    Ok(url)
}

/// Refuses an address that credentials must not be sent to.
///
/// # Errors
/// [`ProviderError::BadRequest`].
pub(crate) fn check(url: &Url) -> Result<(), ProviderError> {
    if url.host().is_none() || !matches!(url.scheme(), "http" | "https") {
        return Err(refuse(phrase!(
            "error-url-scheme",
            "The base URL must begin with https:// (or http:// for this machine) and name a host."
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(phrase!("error-url-user", "The base URL must not hold a user name or password.")));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse(phrase!("error-url-query", "The base URL must end with its path, without ? or #.")));
    }
    if url.scheme() == "http" && !is_loopback(url) {
        return Err(refuse(phrase!(
            "error-url-plain",
            "Plain http is only allowed to this machine (localhost, 127.0.0.1, [::1]); use https."
        )));
    }
    Ok(())
}

/// Whether the address is this machine: `localhost`, 127.0.0.0/8 or `::1` (RFC 6890), written literally.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn refuse(message: Phrase) -> ProviderError {
    ProviderError::BadRequest { message }
}
