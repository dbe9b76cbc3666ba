//! The verification of access tokens. An input is a token, or the claims of one as JSON.
//!
//! No input is believed but what this key has signed; what it signs is believed until its end, and no part of it can be
//! changed.

use daypass_core::token::access::{Signer, key_id};
use daypass_core::{Secret, Time, TokenError, clock};
use serde_json::{Map, Value};

use crate::still::now;

/// See the module.
pub fn access(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let signer = Signer::from_seed(&[0x5a; 32]).unwrap();
    let token = Secret::new(text);
    let named = key_id(&token);
    match signer.verify(&token, now()) {
        Ok(_) => {
            assert_eq!(named.unwrap(), signer.id());
            unchangeable(&signer, text);
        }
        // A token is one word, and the error's own words are short.
        Err(error) => {
            let telling = text.len() >= 16 && !text.contains(' ');
            assert!(!telling || !format!("{error} {error:?}").contains(text), "{error:?}");
        }
    }
    if let Ok(claims) = serde_json::from_str::<Map<String, Value>>(text) {
        signed(&signer, &claims);
    }
}

fn signed(signer: &Signer, claims: &Map<String, Value>) {
    let end = clock::later(now(), std::time::Duration::from_secs(600));
    let token = match signer.sign(claims, end) {
        Ok(token) => token,
        Err(error) => return assert_eq!(error, TokenError::TooLong),
    };
    match signer.verify(&token, now()) {
        Ok(read) => {
            assert_eq!(read.expires_at, Some(end));
            assert!(claims.iter().all(|(name, value)| name == "exp" || read.all.get(name) == Some(value)));
            unchangeable(signer, token.expose());
        }
        // What the claims themselves say of their times.
        Err(error) => {
            let told =
                matches!(error, TokenError::NotYetValid { .. } | TokenError::AbsurdExpiry | TokenError::Malformed);
            assert!(told, "{error:?}");
        }
    }
    assert_eq!(Signer::from_seed(&[1; 32]).unwrap().verify(&token, Time::UNIX_EPOCH), Err(TokenError::WrongSignature));
    assert!(signer.verify(&token, end).is_err(), "it has ended");
}

/// Another letter anywhere, and it is refused.
fn unchangeable(signer: &Signer, text: &str) {
    // Every place of a short one, some of a long one: a signature costs.
    for at in (0..text.len()).step_by(1 + text.len() / 16) {
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        assert!(signer.verify(&Secret::new(changed), now()).is_err(), "changed at {at}: {text}");
    }
}
