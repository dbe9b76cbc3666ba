//! The parsers of the token formats. An input is a token.
//!
//! What is read of a token is what was written into one; no error repeats it.

use std::time::Duration;

use daypass_core::token::{self, jwt, stamped};
use daypass_core::{Secret, Time, TokenError, clock};

use crate::still::now;

/// Signs what the fuzzer brings.
const KEY: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

/// See the module.
pub fn tokens(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let token = Secret::new(text);
    let master = Secret::new("0b5f9d3e-2c1a-4e8f-9b7d-6a5c4d3e2f10");
    let inside = token::expiry_inside(&token);

    let peeked = jwt::peek(&token);
    silent(&token, peeked.as_ref().err());
    silent(&token, jwt::verify(KEY, &token, now()).as_ref().err());
    if let Ok(claims) = &peeked {
        assert_eq!(text.split('.').count(), 3, "{text:?}");
        if claims.expires_at.is_some() {
            assert_eq!(inside, claims.expires_at);
        }
        signed_again(claims);
    }

    let stamp = stamped::peek(&token);
    silent(&token, stamp.as_ref().err());
    silent(&token, stamped::verify(&master, &token, now()).as_ref().err());
    if let Ok(at) = stamp {
        assert!(peeked.is_err(), "a token has one form");
        assert_eq!(inside, Some(at));
        for form in [stamped::Form::Documented, stamped::Form::Bare] {
            let again = stamped::sign(&master, at, form).unwrap();
            assert_eq!(stamped::peek(&again), Ok(at));
            // A stamp is good up to its last second, a forged one never.
            assert_eq!(stamped::verify(&master, &again, at), Ok(at));
            assert_eq!(stamped::verify(&Secret::new("other"), &again, at), Err(TokenError::WrongSignature));
        }
    }
}

/// The claims of a token, signed by us, are the same claims.
fn signed_again(claims: &jwt::Claims) {
    let Some(at) = claims.expires_at else { return };
    let signed = match jwt::sign(KEY, &claims.all, at) {
        Ok(signed) => signed,
        Err(error) => return assert_eq!(error, TokenError::TooLong, "{claims:?}"),
    };
    assert_eq!(jwt::peek(&signed).unwrap().subject, claims.subject);
    let last_moment = clock::earlier(at, Duration::from_secs(1));
    match jwt::verify(KEY, &signed, last_moment) {
        Ok(again) => assert_eq!((again.expires_at, again.subject), (Some(at), claims.subject.clone())),
        Err(TokenError::NotYetValid { from }) => assert!(from > last_moment),
        // `nbf` may be nonsense, where a mere look does not ask for it.
        Err(error) => assert!(error == TokenError::AbsurdExpiry && claims.all.contains_key("nbf"), "{error:?}"),
    }
    assert_eq!(jwt::verify(KEY, &signed, at), Err(TokenError::Expired { at }));
    assert!(at >= Time::UNIX_EPOCH);
}

/// No error repeats the token.
fn silent(token: &Secret, error: Option<&TokenError>) {
    let text = token.expose();
    // What is shorter, or has blanks, may be a part of the error's own words.
    if let Some(error) = error.filter(|_| text.len() >= 16 && !text.contains(char::is_whitespace)) {
        assert!(!format!("{error} {error:?}").contains(text), "{error:?}");
    }
}
