//! What a request that got no whole answer means.

use std::error::Error;
use std::io::ErrorKind;

use url::Url;

use crate::ProviderError;
use crate::engine::Limits;

/// The fault of a call to `title` at `url`.
///
/// Where the connection was never there, nothing was sent and so nothing was done; in every other case that must be left
/// open. The client's own text is not passed on: it holds the address, which may hold a code.
pub(super) fn of(error: &reqwest::Error, title: &str, url: &Url, limits: Limits) -> ProviderError {
    let who = format!("{title} at {}", authority(url));
    let offline = |message: String, maybe_done| ProviderError::Offline { message, maybe_done };
    if error.is_connect() {
        return offline(format!("{who} cannot be reached: {}.", connect_fault(error, limits)), false);
    }
    if error.is_timeout() {
        return offline(format!("{who} did not answer within {} s.", limits.total.as_secs_f64()), true);
    }
    if causes(error).any(is_not_http) {
        return ProviderError::BadAnswer { message: format!("{title} does not answer in HTTP.") };
    }
    offline(format!("{who} closed the connection before its answer was complete."), true)
}

/// Whether a head, or a chunk of a body, is written in no way that HTTP knows.
fn is_not_http(cause: &(dyn Error + 'static)) -> bool {
    let head = cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse);
    let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    head || matches!(kind, Some(ErrorKind::InvalidInput | ErrorKind::InvalidData))
}

fn connect_fault(error: &reqwest::Error, limits: Limits) -> String {
    if error.is_timeout() {
        return format!("no connection within {} s", limits.connect.as_secs_f64());
    }
    if error.is_dns() {
        return "its name is not known".to_owned();
    }
    let words = match causes(error).find_map(|cause| cause.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(_)) => "its certificate is not accepted",
        Some(_) => "no secure connection can be agreed on",
        None => {
            let io = causes(error).filter_map(|cause| cause.downcast_ref::<std::io::Error>()).last();
            match io.map(std::io::Error::kind) {
                Some(ErrorKind::ConnectionRefused) => "the connection was refused",
                Some(ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable) => "there is no network to it",
                _ => "the connection failed",
            }
        }
    };
    words.to_owned()
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
