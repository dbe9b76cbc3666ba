//! Clients that authenticate by HTTP Basic. An input is the value of the header.
//!
//! What is read, each part form-encoded (RFC 6749 section 2.3.1) and both put together again, is read as the same.

use daypass_authority::fuzzing::basic;
use url::form_urlencoded::byte_serialize;

/// See the module.
pub fn basics(bytes: &[u8]) {
    let Some((id, secret)) = basic(bytes) else { return };
    assert!(bytes.len() > "basic ".len());
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let both = format!("{}:{}", encoded(id.expose()), encoded(secret.expose()));
    let header = format!("bAsIc {}", data_encoding::BASE64.encode(both.as_bytes()));
    // A header has its limit, and encoding makes longer.
    if header.len() <= daypass_core::token::MAX_TOKEN_BYTES {
        assert_eq!(basic(header.as_bytes()), Some((id, secret)));
    }
}
