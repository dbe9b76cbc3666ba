//! Access tokens: held against the key of RFC 8037 appendix A, and what is refused.

use data_encoding::BASE64URL_NOPAD;
use daypass_core::token::{access::Signer, jwt};
use daypass_core::{Secret, TokenError};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use crate::clock::noon;

/// `d` of the key in RFC 8037 appendix A.1.
const SEED: &[u8] = b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
/// `x` of the same key.
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
/// Its thumbprint, appendix A.3.
const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

fn signer() -> Signer {
    let seed = BASE64URL_NOPAD.decode(SEED).unwrap();
    Signer::from_seed(seed.as_slice().try_into().unwrap()).unwrap()
}

/// The key made of a seed in base64url, as another library makes it (RFC 8410 section 7).
fn key(seed: &[u8]) -> EncodingKey {
    let seed = BASE64URL_NOPAD.decode(seed).unwrap();
    let head = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".as_slice();
    EncodingKey::from_ed_der(&[head, &seed].concat())
}

/// `claims` under the text `header`, signed by `key` with Ed25519 whatever the header says.
fn signed(header: &str, claims: &Value, key: &EncodingKey) -> Secret {
    let parts = [header, &claims.to_string()].map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
    let message = parts.join(".");
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, Algorithm::EdDSA).unwrap();
    Secret::new(format!("{message}.{signature}"))
}

#[test]
fn the_public_key_is_that_of_the_rfc() {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "kid": THUMBPRINT, "alg": "EdDSA", "use": "sig" });
    assert_eq!(signer().jwk(), jwk);
}

#[test]
fn a_token_says_what_it_is_and_is_read_back() {
    let token = signer().sign(&json!({ "sub": "u1", "exp": 1 }), noon(600)).unwrap();
    let contents = jwt::contents(&token).unwrap();
    assert_eq!(Value::from(contents.header), json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": THUMBPRINT }));
    let claims = signer().verify(&token, noon(599)).unwrap();
    assert_eq!((claims.subject.as_deref(), claims.expires_at), (Some("u1"), Some(noon(600))));
    assert_eq!(signer().verify(&token, noon(600)), Err(TokenError::Expired { at: noon(600) }));
}

#[test]
fn a_token_that_pyjwt_made_with_the_same_key_is_accepted() {
    // jwt.encode({"sub": "u1", "exp": 1767269400}, key, "EdDSA", {"typ": "at+jwt", "kid": THUMBPRINT}), PyJWT 2.15.1, where
    // the key is PyJWK({"kty": "OKP", "crv": "Ed25519", "d": SEED, "x": PUBLIC}).key. The signature has no chance in it.
    let head = "eyJhbGciOiJFZERTQSIsImtpZCI6ImtQcktfcW14VldhWVZBOXd3QkY2SXVvM3ZWeno3VHhIQ1R3WEJ5Z3JTNGsiLCJ0eXAiOiJhdCtqd3QifQ";
    let tail = "eyJzdWIiOiJ1MSIsImV4cCI6MTc2NzI2OTQwMH0._DzA-HYisP_mM92r3YyFVADk7GJK8-kHhMjuA9fZEZHrlWBO-dt0cyJxdt5iRqd2e3kIaPU4IbFcvNF3BcfrCg";
    let claims = signer().verify(&Secret::new(format!("{head}.{tail}")), noon(0)).unwrap();
    assert_eq!((claims.subject.as_deref(), claims.expires_at), (Some("u1"), Some(noon(600))));
}

#[test]
fn a_header_that_is_not_ours_is_refused_although_our_key_has_signed_it() {
    let claims = json!({ "sub": "u1", "exp": noon(600).timestamp() });
    let good = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": THUMBPRINT });
    let under = |header: &str| signed(header, &claims, &key(SEED));
    assert!(signer().verify(&under(&good.to_string()), noon(0)).is_ok(), "the header alone is what is wrong below");
    let stranger = Signer::from_seed(&[7; 32]).unwrap().jwk();
    for (name, value, error) in [
        ("alg", json!("none"), TokenError::Malformed),
        ("alg", json!("eddsa"), TokenError::Malformed),
        ("alg", json!("HS256"), TokenError::WrongAlgorithm),
        ("alg", json!("ES256"), TokenError::WrongAlgorithm),
        ("typ", json!("JWT"), TokenError::Malformed),
        ("typ", json!("AT+JWT"), TokenError::Malformed),
        ("typ", json!(null), TokenError::Malformed),
        ("kid", json!("other"), TokenError::Malformed),
        ("kid", json!("../../etc/passwd"), TokenError::Malformed),
        ("kid", json!(""), TokenError::Malformed),
        ("kid", json!(null), TokenError::Malformed),
        ("crit", json!(["exp"]), TokenError::Malformed),
        ("crit", json!(["b64"]), TokenError::Malformed),
    ] {
        let mut header = good.clone();
        header[name] = value;
        assert_eq!(signer().verify(&under(&header.to_string()), noon(0)), Err(error), "{header}");
    }
    let two = format!("{{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"other\",\"kid\":\"{THUMBPRINT}\"}}");
    assert_eq!(signer().verify(&under(&two), noon(0)), Err(TokenError::Malformed));
    // A key that a header brings is not looked at, for good or ill.
    let mut header = good;
    header["jwk"] = stranger;
    header["jku"] = json!("https://localhost/keys");
    assert!(signer().verify(&under(&header.to_string()), noon(0)).is_ok());
}

#[test]
fn what_another_key_has_signed_is_refused_whatever_it_says() {
    let claims = json!({ "sub": "u1", "exp": noon(600).timestamp() });
    let stranger = Signer::from_seed(&[7; 32]).unwrap();
    for header in [
        json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": THUMBPRINT }),
        json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": THUMBPRINT, "jwk": stranger.jwk() }),
    ] {
        let forged = signed(&header.to_string(), &claims, &key(BASE64URL_NOPAD.encode(&[7; 32]).as_bytes()));
        assert_eq!(signer().verify(&forged, noon(0)), Err(TokenError::WrongSignature), "{header}");
    }
    let token = signer().sign(&json!({ "sub": "u1" }), noon(600)).unwrap();
    assert_eq!(stranger.verify(&token, noon(0)), Err(TokenError::WrongSignature));
    // With no signature, and with ones that are none.
    let (text, _) = token.expose().rsplit_once('.').unwrap();
    for end in ["", "AAAA", &BASE64URL_NOPAD.encode(&[0; 64])] {
        assert_eq!(signer().verify(&Secret::new(format!("{text}.{end}")), noon(0)), Err(TokenError::WrongSignature));
    }
    // The public key as the key of an HMAC, which a verifier that believes `alg` would take.
    let public = BASE64URL_NOPAD.decode(PUBLIC.as_bytes()).unwrap();
    let confused = jwt::sign(&public, &json!({ "sub": "u1" }), noon(600)).unwrap();
    assert_eq!(signer().verify(&confused, noon(0)), Err(TokenError::WrongAlgorithm));
    assert_eq!(signer().verify(&Secret::new("a.b.c"), noon(0)), Err(TokenError::Malformed));
    assert_eq!(signer().verify(&Secret::new("x".repeat(8193)), noon(0)), Err(TokenError::TooLong));
}
