//! Attacks on tokens that somebody made: forged JWTs, guessed ids, guesses without end, and what a guess could learn.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use daypass_authority::{ClientKind, Config, Rate};
use daypass_core::Secret;
use daypass_core::token::jwt;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use crate::attacks_matrix::doors;
use crate::native::{by, introspect, registered, signed_in};
use crate::place::Place;
use crate::world::{RequestBuilder, World, answer, good, secret};

/// What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 section 7).
const PKCS8: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
/// What stands before the 32 bytes of a public one in its PEM and DER form (RFC 8410 section 4).
const SPKI: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// A world in which nobody is told to wait.
async fn patient() -> World {
    let config = Config { failures: Rate { burst: 10_000, per_second: 1.0 }, ..Config::default() };
    World::of(config).await
}

fn encoded(part: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(part.as_ref())
}

/// The attacker's own key, and its public half as a JWK.
fn attacker() -> (EncodingKey, Value) {
    let key = EncodingKey::from_ed_der(&[PKCS8, &[9; 32]].concat());
    let public = daypass_core::token::access::Signer::from_seed(&[9; 32]).unwrap().jwk();
    (key, public)
}

/// `payload` under `header`, signed by `key` as `algorithm`.
fn signed(header: &str, payload: &str, key: &EncodingKey, algorithm: Algorithm) -> Secret {
    let message = format!("{}.{payload}", encoded(header));
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    Secret::new(format!("{message}.{signature}"))
}

/// That no door takes `token`, which says of itself what a good one does.
async fn is_refused(world: &World, token: &Secret, why: &str) {
    assert_eq!(introspect(world, token).await, json!({ "active": false }), "{why}");
    for (method, path) in [("GET", "/oauth2/sessions"), ("DELETE", "/oauth2/sessions/current"), ("GET", "/profile/me")]
    {
        let (status, body) = answer(world.bearing(method, path, token)).await;
        assert_eq!(status, 401, "{why}: {method} {path} {body}");
    }
    // As good as revoked (RFC 7009 section 2.2), and nothing is.
    good(by(world, &world.demo.native_client, "revoke", &[("token", token.expose())])).await;
}

#[tokio::test]
async fn no_algorithm_but_ours_is_believed_whatever_the_header_says() {
    let world = patient().await;
    let issued = signed_in(&world, &world.demo.native_client).await;
    let access = secret(&issued, "access_token");
    let [_, payload, signature] = access.expose().split('.').collect::<Vec<_>>()[..] else { panic!("no JWT") };
    let jwk = good(world.request("GET", "/.well-known/jwks.json")).await["keys"][0].clone();
    let (kid, x) = (jwk["kid"].as_str().unwrap(), jwk["x"].as_str().unwrap());
    let public = BASE64URL_NOPAD.decode(x.as_bytes()).unwrap();
    let header = |alg: &str| format!("{{\"alg\":\"{alg}\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}}");

    // The same text with another algorithm, and no signature, the good one, or the one of zeros that careless readers of
    // ECDSA take for good.
    for alg in ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS256", "ES256", "ES384", "eddsa", "Ed448"] {
        for end in ["", signature, &encoded([0; 64])] {
            let forged = Secret::new(format!("{}.{payload}.{end}", encoded(header(alg))));
            is_refused(&world, &forged, alg).await;
        }
    }
    let unsigned = Secret::new(format!("{}.{payload}.", encoded(header("EdDSA"))));
    is_refused(&world, &unsigned, "no signature").await;
    // The public key, in each of its forms, as the key of an HMAC.
    let der = [SPKI, &public].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", data_encoding::BASE64.encode(&der));
    for key in [public.as_slice(), x.as_bytes(), &der, pem.as_bytes(), jwk.to_string().as_bytes(), b"", kid.as_bytes()]
    {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let name = format!("{algorithm:?}");
            let forged = signed(&header(&name), payload, &EncodingKey::from_secret(key), algorithm);
            is_refused(&world, &forged, &name).await;
        }
    }
    // The same at Discovr's door, whose JWTs are signed with HS256.
    let body = json!({ "profileId": world.demo.discovr_profile_id });
    let minted = world.bearing("POST", "/auth/session-token", &world.demo.discovr_refresh_token).json(&body);
    let session = secret(&good(minted).await, "sessionToken");
    let payload = session.expose().split('.').nth(1).unwrap();
    for alg in ["none", "None", "HS384", "EdDSA"] {
        let forged = Secret::new(format!("{}.{payload}.", encoded(header(alg))));
        is_refused(&world, &forged, alg).await;
    }
    is_refused(&world, &signed(&header("EdDSA"), payload, &attacker().0, Algorithm::EdDSA), "EdDSA").await;
    is_refused(
        &world,
        &signed(&header("HS256"), payload, &EncodingKey::from_secret(&public), Algorithm::HS256),
        "HS256",
    )
    .await;

    assert_eq!(introspect(&world, &access).await["active"], true);
    good(world.bearing("GET", "/profile/me", &session)).await;
}

#[tokio::test]
async fn no_key_is_taken_from_a_header_and_none_is_fetched() {
    let world = patient().await;
    let issued = signed_in(&world, &world.demo.native_client).await;
    let access = secret(&issued, "access_token");
    let payload = access.expose().split('.').nth(1).unwrap();
    let kid = jwt::contents(&access).unwrap().header["kid"].as_str().unwrap().to_owned();
    let (key, jwk) = attacker();
    let own = jwk["kid"].as_str().unwrap();
    // Where the attacker's key could be had.
    let bait = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    bait.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", bait.local_addr().unwrap());

    let head = "\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"";
    let mut headers = vec![
        format!("{{{head}}}"),
        format!("{{{head},\"kid\":null}}"),
        format!("{{{head},\"kid\":[\"{kid}\"]}}"),
        // Two of them: a reader may take the first, and another the last.
        format!("{{{head},\"kid\":\"{kid}\",\"kid\":\"{own}\"}}"),
        format!("{{{head},\"kid\":\"{own}\",\"kid\":\"{kid}\"}}"),
        format!("{{{head},\"kid\":\"{kid}\",\"crit\":[\"jwk\"],\"jwk\":{jwk}}}"),
    ];
    for named in [
        kid.as_str(),
        own,
        "",
        "../../../../dev/null",
        "/dev/null",
        "' OR '1'='1",
        "x' UNION SELECT value FROM meta WHERE key = 'jwt_key' --",
        "x; DROP TABLE native_sessions",
        "|id",
        "\\u0000",
        url.as_str(),
    ] {
        headers.push(format!("{{{head},\"kid\":\"{named}\"}}"));
    }
    for (name, value) in [
        ("jwk", jwk.clone()),
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("x5c", json!([data_encoding::BASE64.encode(&[SPKI, &[9; 32]].concat())])),
        ("x5t", json!(own)),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
    ] {
        for named in [kid.as_str(), own] {
            headers.push(format!("{{{head},\"kid\":\"{named}\",\"{name}\":{value}}}"));
        }
    }
    for header in &headers {
        is_refused(&world, &signed(header, payload, &key, Algorithm::EdDSA), header).await;
    }
    assert_eq!(bait.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came for a key");
    assert_eq!(introspect(&world, &access).await["active"], true);
}

#[tokio::test]
async fn a_token_of_another_authority_is_none_here() {
    let place = Place::new();
    let world = World::at(&place).await;
    let access = secret(&signed_in(&world, &world.demo.native_client).await, "access_token");
    assert_eq!(introspect(&world, &access).await["active"], true);
    world.end().await;
    // The same sessions under other keys: only the signature tells.
    assert_eq!(place.run("SELECT count(*) FROM access_keys"), "1");
    place.run("DELETE FROM access_keys");
    let world = World::at(&place).await;
    is_refused(&world, &access, "access").await;
}

/// All that an answer tells, but for what differs in each.
async fn whole(request: RequestBuilder) -> (u16, Vec<String>, String) {
    let response = request.send().await.unwrap();
    let headers = response.headers().iter().filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"));
    let mut headers: Vec<_> = headers.map(|header| format!("{header:?}")).collect();
    headers.sort();
    (response.status().as_u16(), headers, response.text().await.unwrap())
}

#[tokio::test]
async fn what_is_another_user_s_looks_as_if_it_were_not_there() {
    let world = patient().await;
    let demo = &world.demo.native_client;
    let (mine, theirs) = (signed_in(&world, demo).await, signed_in(&world, demo).await);
    let (mine, refresh) = (secret(&mine, "access_token"), secret(&theirs, "refresh_token"));
    let id = introspect(&world, &refresh).await["sid"].as_str().unwrap().to_owned();
    let stranger = world.service.create_demo_user().await.unwrap();
    let created = json!({ "name": "x", "type": "api", "expiry": 600 });
    let created = good(world.bearing("POST", "/sessions", &stranger.antiraid_login_token).json(&created)).await;

    let none = "00000000000000000000000000000000";
    for (method, body) in [("GET", json!(null)), ("PATCH", json!({ "name": "x" })), ("DELETE", json!(null))] {
        let ask = |id: &str| whole(world.bearing(method, &format!("/oauth2/sessions/{id}"), &mine).json(&body));
        assert_eq!(ask(&id).await, ask(none).await, "{method}");
    }
    let end = |id: &str| whole(world.bearing("DELETE", &format!("/sessions/{id}"), &world.demo.antiraid_login_token));
    let none = "00000000-0000-4000-8000-000000000000";
    assert_eq!(end(created["session_id"].as_str().unwrap()).await, end(none).await);
    let mint = |profile: &str| {
        let body = json!({ "profileId": profile });
        whole(world.bearing("POST", "/auth/session-token", &world.demo.discovr_refresh_token).json(&body))
    };
    assert_eq!(mint(&stranger.discovr_profile_id).await, mint("profile_0000000000000000").await);

    // A client that has another one's refresh token or device code, and one that made some up.
    let other = registered(&world, "other", ClientKind::Confidential).await;
    let begun = good(by(&world, demo, "device_authorization", &[])).await;
    let made_up = format!("dprt_{}", encoded([7; 68]));
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    for (grant, field, right, wrong) in [
        ("refresh_token", "refresh_token", refresh.expose(), made_up.as_str()),
        (grant, "device_code", begun["device_code"].as_str().unwrap(), "dvc_0"),
    ] {
        let ask = |value: &str| whole(by(&world, &other, "token", &[("grant_type", grant), (field, value)]));
        assert_eq!(ask(right).await, ask(wrong).await, "{field}");
    }
    assert_eq!(introspect(&world, &refresh).await["active"], true);
    good(world.bearing("GET", "/sessions/@me", &secret(&created, "token"))).await;
}

#[tokio::test]
async fn guesses_are_limited_at_every_door_and_together() {
    let config = Config { failures: Rate { burst: 1, per_second: 0.001 }, ..Config::default() };
    let world = World::of(config).await;
    let wrong = Secret::new("0".repeat(64));
    for door in doors() {
        let ask = async || door.ask(&world, &wrong).send().await.unwrap().status().as_u16();
        assert!(matches!(ask().await, 400 | 401), "{}", door.name);
        for other in doors() {
            let status = other.ask(&world, &wrong).send().await.unwrap().status();
            assert_eq!(status, 429, "{} after {}", other.name, door.name);
        }
        // One guess in a thousand seconds.
        world.pass(Duration::from_secs(1000));
    }
}

#[tokio::test]
async fn scopes_never_grow_along_any_way() {
    let world = patient().await;
    let demo = &world.demo.native_client;
    let issued = signed_in(&world, demo).await;
    let refresh = |token: &Secret, scope: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.expose()), ("scope", scope)];
        by(&world, demo, "token", &fields)
    };
    let open = |token: &Secret, asked: Value| answer(world.bearing("POST", "/oauth2/sessions", token).json(&asked));
    let (status, reader) = open(&secret(&issued, "access_token"), json!({ "scope": "read" })).await;
    assert_eq!((status.as_u16(), &reader["scope"]), (201, &json!("read")));
    // By its refresh token, by its access token, and by one that was made of both.
    let mut held = reader;
    for _ in 0..3 {
        let (access, token) = (secret(&held, "access_token"), secret(&held, "refresh_token"));
        for beyond in ["read write", "write", "read admin"] {
            assert_eq!(answer(refresh(&token, beyond)).await.1["error"], "invalid_scope", "{beyond}");
            let (status, body) = open(&access, json!({ "scope": beyond })).await;
            assert_eq!((status.as_u16(), &body["error"]), (403, &json!("insufficient_scope")), "{beyond}");
        }
        let renewed = good(refresh(&token, "read")).await;
        assert_eq!(renewed["scope"], "read");
        let (status, child) = open(&secret(&renewed, "access_token"), json!({})).await;
        assert_eq!((status.as_u16(), &child["scope"]), (201, &json!("read")));
        held = child;
    }
}
