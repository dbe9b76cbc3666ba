//! Access tokens: held against the key of RFC 8037 appendix A, and what is refused.

use data_encoding::BASE64URL_NOPAD;
use daypass_core::token::{access::Signer, jwt};
use daypass_core::{Secret, TokenError};
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

/// A token with `header`, the payload of `of`, and its signature.
fn with_header(of: &Secret, header: &Value) -> Secret {
    let (_, rest) = of.expose().split_once('.').unwrap();
    Secret::new(format!("{}.{rest}", BASE64URL_NOPAD.encode(header.to_string().as_bytes())))
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
fn another_key_algorithm_type_or_extension_is_refused() {
    let token = signer().sign(&json!({ "sub": "u1" }), noon(600)).unwrap();
    let other = Signer::from_seed(&[7; 32]).unwrap();
    assert!(other.verify(&token, noon(0)).is_err());
    let good = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": THUMBPRINT });
    let mut changed = Vec::new();
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("ES256")),
        ("typ", json!("JWT")),
        ("typ", json!(null)),
        ("kid", json!("../../etc/passwd")),
        ("kid", json!(null)),
        ("crit", json!(["b64"])),
        ("jwk", other.jwk()),
    ] {
        let mut header = good.clone();
        header[name] = value;
        changed.push(header);
    }
    for header in changed {
        assert!(signer().verify(&with_header(&token, &header), noon(0)).is_err(), "{header}");
    }
    // The public key as the key of an HMAC, which a verifier that believes `alg` would take.
    let public = BASE64URL_NOPAD.decode(PUBLIC.as_bytes()).unwrap();
    let confused = jwt::sign(&public, &json!({ "sub": "u1" }), noon(600)).unwrap();
    assert_eq!(signer().verify(&confused, noon(0)), Err(TokenError::WrongAlgorithm));
    assert_eq!(signer().verify(&Secret::new("a.b.c"), noon(0)), Err(TokenError::Malformed));
    assert_eq!(signer().verify(&Secret::new("x".repeat(8193)), noon(0)), Err(TokenError::TooLong));
}

#[test]
fn what_is_signed_with_our_key_and_is_no_access_token_is_refused() {
    // A signature that is good for a header that is not: only the type and the key's name tell.
    let seed = BASE64URL_NOPAD.decode(SEED).unwrap();
    let der = [b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".as_slice(), &seed].concat();
    let key = jsonwebtoken::EncodingKey::from_ed_der(&der);
    let claims = json!({ "sub": "u1", "exp": noon(600).timestamp() });
    let sign = |typ: &str, kid: &str, crit: Option<&str>| {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
        (header.typ, header.kid) = (Some(typ.to_owned()), Some(kid.to_owned()));
        header.crit = crit.map(|name| vec![name.to_owned()]);
        Secret::new(jsonwebtoken::encode(&header, &claims, &key).unwrap())
    };
    assert!(signer().verify(&sign("at+jwt", THUMBPRINT, None), noon(0)).is_ok());
    assert_eq!(signer().verify(&sign("JWT", THUMBPRINT, None), noon(0)), Err(TokenError::Malformed));
    assert_eq!(signer().verify(&sign("at+jwt", "other", None), noon(0)), Err(TokenError::Malformed));
    assert!(signer().verify(&sign("at+jwt", THUMBPRINT, Some("exp")), noon(0)).is_err());
}
