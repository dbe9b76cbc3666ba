//! Paths of the local API that hold a name or an id.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `/v1/accounts/{account}`.
pub(crate) fn account(account: &str) -> String {
    format!("/v1/accounts/{}", segment(account))
}

/// `/v1/accounts/{account}/sessions`.
pub(crate) fn sessions(name: &str) -> String {
    format!("{}/sessions", account(name))
}

/// `/v1/accounts/{account}/sessions/{id}[?forget=true]`.
pub(crate) fn session(account: &str, id: &str, forget: bool) -> String {
    format!("{}/{}{}", sessions(account), segment(id), if forget { "?forget=true" } else { "" })
}

/// `/v1/sign-ins/{id}`.
pub(crate) fn sign_in(id: &str) -> String {
    format!("/v1/sign-ins/{}", segment(id))
}

fn segment(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_leaves_its_segment() {
        assert_eq!(session("work", "a/b?c#d%", true), "/v1/accounts/work/sessions/a%2Fb%3Fc%23d%25?forget=true");
        assert_eq!(session("wörk@x", "1\r\n2", false), "/v1/accounts/w%C3%B6rk%40x/sessions/1%0D%0A2");
    }
}
