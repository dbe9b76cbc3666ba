//! HS256 JWTs: held against tokens by PyJWT, and our own against an HMAC made by hand.

use data_encoding::BASE64URL_NOPAD;
use daypass_core::token::{expiry_inside, jwt};
use daypass_core::{Secret, TokenError};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

use crate::clock::{at, noon};
use crate::golden::{Golden, named, word};

#[test]
fn each_golden_token_is_accepted_or_refused_as_it_should_be() {
    let golden = Golden::load();
    let (key, now) = (golden.key.as_bytes(), golden.now());
    for case in &golden.jwt {
        let outcome = jwt::verify(key, &case.token(), now);
        assert_eq!(word(&outcome), case.expect, "{}", case.name);
    }
}

#[test]
fn the_claims_of_a_golden_token_are_read() {
    let golden = Golden::load();
    let token = named(&golden.jwt, "a plain session token");
    let claims = jwt::verify(golden.key.as_bytes(), &token, golden.now()).unwrap();
    assert_eq!(claims.subject.as_deref(), Some("u1"));
    assert_eq!(claims.expires_at, Some(golden.exp()));
    assert_eq!(claims.issued_at, Some(golden.now()));
    assert_eq!(claims.all["sid"], "0123456789abcdef0123456789abcdef");
    // A client has no key, and reads the same.
    assert_eq!(jwt::peek(&token), Ok(claims));
    assert_eq!(expiry_inside(&token), Some(golden.exp()));

    let token = named(&golden.jwt, "names beyond ASCII");
    assert_eq!(jwt::peek(&token).unwrap().subject.as_deref(), Some("Jürgen 🦀"));
}

#[test]
fn a_token_dies_in_the_second_that_it_names() {
    let golden = Golden::load();
    let (key, exp) = (golden.key.as_bytes(), golden.exp());
    for name in ["a plain session token", "a fraction of a second in exp is cut off"] {
        let token = named(&golden.jwt, name);
        assert!(jwt::verify(key, &token, exp - chrono::TimeDelta::nanoseconds(1)).is_ok(), "{name}");
        assert_eq!(jwt::verify(key, &token, exp), Err(TokenError::Expired { at: exp }), "{name}");
    }
}

#[test]
fn a_weak_key_neither_signs_nor_verifies() {
    let golden = Golden::load();
    let (weak, token) = (golden.weak_key.as_bytes(), Secret::new(golden.weak_token.as_str()));
    assert_eq!(jwt::verify(weak, &token, golden.now()), Err(TokenError::WeakKey));
    assert_eq!(jwt::sign(weak, &json!({}), golden.exp()), Err(TokenError::WeakKey));
    assert_eq!(jwt::verify(b"", &token, golden.now()), Err(TokenError::WeakKey));
}

/// Every single character of a token matters: header, payload and signature.
#[test]
fn no_character_of_a_token_can_be_changed() {
    let golden = Golden::load();
    let token = named(&golden.jwt, "a plain session token");
    for at in 0..token.expose().len() {
        let mut bytes = token.expose().as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = Secret::new(String::from_utf8(bytes).unwrap());
        let outcome = jwt::verify(golden.key.as_bytes(), &changed, golden.now());
        assert!(outcome.is_err(), "character {at}");
    }
}

#[test]
fn what_we_sign_is_what_rfc_7515_says() {
    let golden = Golden::load();
    let token = jwt::sign(golden.key.as_bytes(), &json!({"sub": "u1", "exp": 7}), golden.exp()).unwrap();
    let (message, signature) = token.expose().rsplit_once('.').unwrap();
    let code = Hmac::<sha2::Sha256>::new_from_slice(golden.key.as_bytes()).unwrap().chain_update(message);
    assert_eq!(signature, BASE64URL_NOPAD.encode(&code.finalize().into_bytes()));

    let part =
        |text: &str| -> Value { serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()).unwrap() };
    let (header, payload) = message.split_once('.').unwrap();
    assert_eq!(part(header), json!({"alg": "HS256", "typ": "JWT"}));
    // The expiry that was asked for takes the place of one among the claims.
    assert_eq!(part(payload), json!({"sub": "u1", "exp": golden.exp().timestamp()}));
    assert!(jwt::verify(golden.key.as_bytes(), &token, golden.now()).is_ok());
}

#[test]
fn what_could_never_be_verified_is_not_signed() {
    let key = [7; 32];
    assert_eq!(jwt::sign(&key, &json!({}), at("1969-12-31T23:59:59Z")), Err(TokenError::AbsurdExpiry));
    assert_eq!(jwt::sign(&key, &json!(["a list"]), noon(60)), Err(TokenError::Malformed));
    assert_eq!(jwt::sign(&key, &json!({"pad": "x".repeat(8192)}), noon(60)), Err(TokenError::TooLong));
}

#[test]
fn peeking_is_as_careful_about_length_and_form() {
    let golden = Golden::load();
    assert_eq!(jwt::peek(&named(&golden.jwt, "one character over 8 KiB")), Err(TokenError::TooLong));
    assert_eq!(jwt::peek(&named(&golden.jwt, "two parts")), Err(TokenError::Malformed));
    assert_eq!(jwt::peek(&named(&golden.jwt, "a fourth part")), Err(TokenError::Malformed));
    assert_eq!(jwt::peek(&named(&golden.jwt, "exp is negative")), Err(TokenError::AbsurdExpiry));
    assert_eq!(jwt::peek(&named(&golden.jwt, "no exp")).unwrap().expires_at, None);
}
