//! Requests to the authority, in all dialects. The first line of an input is `METHOD /path`, then come headers up to an empty
//! line, then the body.
//!
//! Each is answered; never with an error of the server's, refusals in JSON (but for the page that a person sees), and without
//! repeating what was presented.

use std::sync::Arc;

use daypass_authority::fuzzing::answer;
use daypass_authority::{Config, Service, Store};

use crate::still::{Even, Still, run};

/// See the module.
pub fn routes(bytes: &[u8]) {
    let Some(request) = read(bytes) else { return };
    let path = request.uri().path().to_owned();
    let presented = request.headers().get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (status, body) = run(async {
        // A new one for each input, whose demo user has the same credentials each time.
        let service = Service::open(Store::in_memory().unwrap(), Arc::new(Still), Arc::new(Even), Config::default());
        let service = service.unwrap();
        service.create_demo_user().await.unwrap();
        answer(&service, request).await
    });
    assert!((200..500).contains(&status), "{status} {}", String::from_utf8_lossy(&body));
    if status >= 400 && !path.starts_with("/device") {
        let told: serde_json::Value = serde_json::from_slice(&body).expect("a refusal is told in JSON");
        assert!(told.is_object(), "{told}");
        let token = presented.as_deref().and_then(|value| value.split(' ').next_back()).unwrap_or_default();
        // Shorter ones may be words of the refusal itself, such as a media type.
        assert!(token.len() < 32 || path.contains(token) || !told.to_string().contains(token), "{told}");
    }
}

/// The request that an input tells; `None` where it is none of HTTP.
fn read(bytes: &[u8]) -> Option<http::Request<Vec<u8>>> {
    let (head, body) = match bytes.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&bytes[..at], &bytes[at + 2..]),
        None => (bytes, &[][..]),
    };
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    let mut request = http::Request::builder().method(method).uri(path);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request = request.header(name, value.trim());
    }
    request.body(body.to_vec()).ok()
}
