//! What a request that got no whole answer means.

use std::error::Error;
use std::io::ErrorKind;

use daypass_core::{Phrase, phrase};
use url::Url;

use crate::ProviderError;
use crate::engine::Limits;

/// The fault of a call to `title` at `url`.
///
/// Where the connection was never there, nothing was sent and so nothing was done; in every other case that must be left
/// open. The client's own text is not passed on: it holds the address, which may hold a code.
pub(super) fn of(error: &reqwest::Error, title: &str, url: &Url, limits: Limits) -> ProviderError {
    let (provider, host) = (title, authority(url));
    if error.is_connect() {
        return ProviderError::Offline { message: connect_fault(error, title, &host, limits), maybe_done: false };
    }
    if error.is_timeout() {
        let message = phrase!(
            "error-no-answer",
            "{provider} at {host} did not answer within {seconds} s.",
            provider = provider,
            host = host,
            seconds = limits.total.as_secs_f64(),
        );
        return ProviderError::Offline { message, maybe_done: true };
    }
    if causes(error).any(is_not_http) {
        let message = phrase!("error-no-http", "{provider} does not answer in HTTP.", provider = provider);
        return ProviderError::BadAnswer { message };
    }
    let message = phrase!(
        "error-cut-off",
        "{provider} at {host} closed the connection before its answer was complete.",
        provider = provider,
        host = host,
    );
    ProviderError::Offline { message, maybe_done: true }
}

/// Whether a head, or a chunk of a body, is written in no way that HTTP knows.
fn is_not_http(cause: &(dyn Error + 'static)) -> bool {
    let head = cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse);
    let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    head || matches!(kind, Some(ErrorKind::InvalidInput | ErrorKind::InvalidData))
}

fn connect_fault(error: &reqwest::Error, provider: &str, host: &str, limits: Limits) -> Phrase {
    /// A phrase with the provider and its host.
    macro_rules! at {
        ($id:literal, $text:literal) => {
            phrase!($id, $text, provider = provider, host = host)
        };
    }
    if error.is_timeout() {
        return phrase!(
            "error-no-connection",
            "{provider} at {host} cannot be reached: no connection within {seconds} s.",
            provider = provider,
            host = host,
            seconds = limits.connect.as_secs_f64(),
        );
    }
    if error.is_dns() {
        return at!("error-name-unknown", "{provider} at {host} cannot be reached: its name is not known.");
    }
    match causes(error).find_map(|cause| cause.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(_)) => {
            at!("error-certificate", "{provider} at {host} cannot be reached: its certificate is not accepted.")
        }
        Some(_) => {
            at!("error-no-tls", "{provider} at {host} cannot be reached: no secure connection can be agreed on.")
        }
        None => {
            let io = causes(error).filter_map(|cause| cause.downcast_ref::<std::io::Error>()).last();
            match io.map(std::io::Error::kind) {
                Some(ErrorKind::ConnectionRefused) => {
                    at!(
                        "error-connection-refused",
                        "{provider} at {host} cannot be reached: the connection was refused."
                    )
                }
                Some(ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable) => {
                    at!("error-no-network", "{provider} at {host} cannot be reached: there is no network to it.")
                }
                _ => at!("error-connection-failed", "{provider} at {host} cannot be reached: the connection failed."),
            }
        }
    }
}

/// Host and port, as a person knows the server.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The causes of an error, outermost first. An I/O error passes over what it wraps, so that is asked for by name.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let inside = |cause: &'a (dyn Error + 'static)| {
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        wrapped.map(|wrapped| wrapped as &(dyn Error + 'static))
    };
    std::iter::successors(error.source(), move |&cause| inside(cause).or_else(|| cause.source()))
}
