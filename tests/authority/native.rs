//! The native dialect as its clients see it: grants, errors, revocation, introspection, keys.

use std::time::Duration;

use daypass_authority::{ClientKind, Config, Rate, RegisteredClient};
use daypass_core::Secret;
use daypass_core::lineage::Scopes;
use daypass_core::token::jwt;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::world::{RequestBuilder, START, World, answer, good, secret};

/// The grant type of a device sign-in.
pub(crate) const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A form sent to `/oauth2/…`, by nobody yet.
pub(crate) fn form(world: &World, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    world.request("POST", &format!("/oauth2/{path}")).form(fields)
}

/// The same, by `client` in an Authorization header.
pub(crate) fn by(world: &World, client: &RegisteredClient, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    form(world, path, fields).basic_auth(&client.id, client.secret.as_ref().map(Secret::expose))
}

/// A client of `world` named `id`, with the scopes read and write.
pub(crate) async fn registered(world: &World, id: &str, kind: ClientKind) -> RegisteredClient {
    let scopes = Scopes::parse("read write").unwrap();
    world.service.register_client(id, kind, scopes).await.unwrap().unwrap()
}

/// A device sign-in of `client`, approved by a person: what the token endpoint answers.
pub(crate) async fn signed_in(world: &World, client: &RegisteredClient) -> Value {
    let begun = good(by(world, client, "device_authorization", &[])).await;
    assert_eq!(decide(world, &begun, "approve").await, 200);
    good(poll(world, client, &begun)).await
}

pub(crate) fn poll(world: &World, client: &RegisteredClient, begun: &Value) -> RequestBuilder {
    let code = begun["device_code"].as_str().unwrap();
    by(world, client, "token", &[("grant_type", DEVICE), ("device_code", code)])
}

pub(crate) async fn decide(world: &World, begun: &Value, decision: &str) -> u16 {
    let code = begun["user_code"].as_str().unwrap();
    let origin = format!("http://{}", world.address);
    let fields = [("user_code", code), ("decision", decision)];
    let request = world.request("POST", "/device").header("origin", origin).form(&fields);
    request.send().await.unwrap().status().as_u16()
}

/// The whole answer of the introspection of `token`.
pub(crate) async fn introspect(world: &World, token: &Secret) -> Value {
    good(by(world, &world.demo.native_client, "introspect", &[("token", token.expose())])).await
}

/// Status, `error` and headers of a refusal in OAuth's form.
pub(crate) async fn refused(request: RequestBuilder) -> (u16, String, HeaderMap) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body: Value = response.json().await.unwrap();
    assert!(body["error_description"].is_string(), "{body}");
    (status, body["error"].as_str().unwrap().to_owned(), headers)
}

#[tokio::test]
async fn a_client_acts_for_itself() {
    let world = World::new().await;
    let demo = &world.demo.native_client;
    let request = by(&world, demo, "token", &[("grant_type", "client_credentials"), ("scope", "read")]);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["pragma"], "no-cache");
    let issued: Value = response.json().await.unwrap();
    let token = secret(&issued, "access_token");
    let expected =
        json!({ "access_token": token.expose(), "token_type": "Bearer", "expires_in": 600, "scope": "read" });
    assert_eq!(issued, expected, "and no refresh token: RFC 6749 section 4.4.3");

    let contents = jwt::contents(&token).unwrap();
    let keys = good(world.request("GET", "/.well-known/jwks.json")).await;
    let key = &keys["keys"][0];
    assert_eq!(contents.header["kid"], key["kid"]);
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"], &key["use"]),
        (&"OKP".into(), &"Ed25519".into(), &"EdDSA".into(), &"sig".into())
    );
    assert!(key.get("d").is_none() && keys["keys"].as_array().unwrap().len() == 1, "nothing secret");
    let issuer = format!("http://{}", world.address);
    for (name, value) in [
        ("iss", json!(issuer)),
        ("aud", json!(issuer)),
        ("sub", json!(demo.id)),
        ("client_id", json!(demo.id)),
        ("scope", json!("read")),
        ("iat", json!(START)),
        ("exp", json!(START + 600)),
    ] {
        assert_eq!(contents.claims[name], value, "{name}");
    }
    assert!(contents.claims["jti"].is_string());

    let facts = introspect(&world, &token).await;
    assert_eq!(facts["active"], true);
    for name in ["iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti", "sid"] {
        assert_eq!(facts[name], contents.claims[name], "{name}");
    }
    assert_eq!(facts["token_type"], "Bearer");
    world.pass(Duration::from_secs(600));
    assert_eq!(introspect(&world, &token).await, json!({ "active": false }));
}

#[tokio::test]
async fn a_client_authenticates_in_one_of_the_ways_there_are() {
    let world = World::new().await;
    let demo = &world.demo.native_client;
    let secret = demo.secret.as_ref().unwrap().expose();
    let grant = ("grant_type", "client_credentials");
    good(form(&world, "token", &[grant, ("client_id", &demo.id), ("client_secret", secret)])).await;
    good(by(&world, demo, "token", &[grant, ("client_id", &demo.id), ("client_secret", "")])).await;
    // Form-encoded before base64, as RFC 6749 section 2.3.1 wants it: "-" may be written as "%2D".
    good(form(&world, "token", &[grant]).basic_auth(demo.id.replace('-', "%2D"), Some(secret))).await;

    let public = registered(&world, "tv", ClientKind::Public).await;
    assert!(public.secret.is_none());
    let wrong = "0".repeat(64);
    for request in [
        form(&world, "token", &[grant]),
        form(&world, "token", &[grant, ("client_id", &demo.id)]),
        form(&world, "token", &[grant, ("client_id", &demo.id), ("client_secret", &wrong)]),
        form(&world, "token", &[grant, ("client_id", "nobody"), ("client_secret", secret)]),
        form(&world, "token", &[grant, ("client_id", "tv"), ("client_secret", secret)]),
        form(&world, "token", &[grant]).basic_auth(&demo.id, Some("")),
        form(&world, "token", &[grant]).basic_auth(&demo.id, Some(&secret[..63])),
        form(&world, "token", &[grant]).bearer_auth(secret),
        form(&world, "token", &[grant]).header("authorization", "Basic %%%"),
    ] {
        let (status, error, head) = refused(request).await;
        assert_eq!((status, error.as_str()), (401, "invalid_client"));
        assert_eq!(head["www-authenticate"], "Basic realm=\"daypass\"");
        assert_eq!(head["cache-control"], "no-store");
    }
    for request in [
        by(&world, demo, "token", &[grant, ("client_secret", secret)]),
        by(&world, demo, "token", &[grant, ("client_id", "tv")]),
    ] {
        let (status, error, _) = refused(request).await;
        assert_eq!((status, error.as_str()), (400, "invalid_request"));
    }
    let request = form(&world, "token", &[grant, ("client_id", "tv")]);
    let (status, error, _) = refused(request).await;
    assert_eq!((status, error.as_str()), (400, "unauthorized_client"));
}

#[tokio::test]
async fn what_is_wrong_with_a_token_request_is_told_in_the_words_of_the_rfc() {
    let world = World::new().await;
    let demo = &world.demo.native_client;
    let credentials = ("grant_type", "client_credentials");
    for (fields, error) in [
        (&[][..], "invalid_request"),
        (&[("grant_type", "")], "invalid_request"),
        (&[credentials, credentials], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[("grant_type", "authorization_code"), ("code", "x")], "unsupported_grant_type"),
        (&[credentials, ("scope", "read root")], "invalid_scope"),
        (&[credentials, ("scope", "read  write")], "invalid_scope"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (&[("grant_type", "refresh_token"), ("refresh_token", "dprt_x")], "invalid_grant"),
        (&[("grant_type", DEVICE)], "invalid_request"),
        (&[("grant_type", DEVICE), ("device_code", "dvc_0")], "invalid_grant"),
    ] {
        let (status, told, head) = refused(by(&world, demo, "token", fields)).await;
        assert_eq!((status, told.as_str()), (400, error), "{fields:?}");
        assert_eq!(head["cache-control"], "no-store");
        assert_eq!(head["pragma"], "no-cache");
    }
    let json = world.request("POST", "/oauth2/token").json(&json!({ "grant_type": "client_credentials" }));
    assert_eq!(refused(json).await.1, "invalid_request");
    for (method, path, status) in [
        ("GET", "/oauth2/token", 405),
        ("POST", "/.well-known/jwks.json", 405),
        ("POST", "/oauth2/nothing", 404),
        ("GET", "/.well-known/openid-configuration", 404),
    ] {
        let (told, error, _) = refused(world.request(method, path)).await;
        assert_eq!((told, error.as_str()), (status, "invalid_request"), "{path}");
    }
}

#[tokio::test]
async fn guesses_at_clients_and_tokens_are_limited() {
    let config = Config { failures: Rate { burst: 4, per_second: 0.1 }, ..Config::default() };
    let world = World::of(config).await;
    let demo = &world.demo.native_client;
    let guess = [("grant_type", "client_credentials"), ("client_id", "nobody")];
    for _ in 0..2 {
        assert_eq!(refused(form(&world, "token", &guess)).await.0, 401);
    }
    let token = [("grant_type", "refresh_token"), ("refresh_token", "dprt_x")];
    assert_eq!(refused(by(&world, demo, "token", &token)).await.0, 400);
    let code = [("grant_type", DEVICE), ("device_code", "dvc_0")];
    assert_eq!(refused(by(&world, demo, "token", &code)).await.0, 400);
    let (status, error, head) = refused(form(&world, "token", &guess)).await;
    assert_eq!((status, error.as_str()), (429, "temporarily_unavailable"));
    assert_eq!(head["retry-after"], "10");
    assert_eq!(refused(by(&world, demo, "token", &token)).await.0, 429);
    good(by(&world, demo, "token", &[("grant_type", "client_credentials")])).await;
}

#[tokio::test]
async fn a_device_is_signed_in_and_waits_until_it_is() {
    let world = World::new().await;
    registered(&world, "tv", ClientKind::Public).await;
    let begun = good(form(&world, "device_authorization", &[("client_id", "tv"), ("scope", "read")])).await;
    let page = format!("http://{}/device", world.address);
    assert_eq!(
        (&begun["expires_in"], &begun["interval"], &begun["verification_uri"]),
        (&600.into(), &5.into(), &page.clone().into())
    );
    let complete = format!("{page}?user_code={}", begun["user_code"].as_str().unwrap());
    assert_eq!(begun["verification_uri_complete"], complete);
    let device = begun["device_code"].as_str().unwrap();
    let ask =
        |client: &str| form(&world, "token", &[("grant_type", DEVICE), ("device_code", device), ("client_id", client)]);
    assert_eq!(refused(ask("tv")).await.1, "authorization_pending");
    let html = world.request("GET", complete.strip_prefix(&format!("http://{}", world.address)).unwrap());
    assert!(html.send().await.unwrap().text().await.unwrap().contains("<b>tv</b>"));
    assert_eq!(decide(&world, &begun, "approve").await, 200);

    // Neither another client nor the other dialect gets it.
    registered(&world, "radio", ClientKind::Public).await;
    assert_eq!(refused(ask("radio")).await.1, "invalid_grant");
    let foreign = world.request("POST", &format!("/auth/device-codes/{device}/poll"));
    assert_eq!(answer(foreign).await.0, 401);
    let issued = good(ask("tv")).await;
    assert_eq!((&issued["scope"], &issued["expires_in"]), (&"read".into(), &600.into()));
    let claims = jwt::contents(&secret(&issued, "access_token")).unwrap().claims;
    assert_eq!(claims["client_id"], "tv");
    assert_ne!(claims["sub"], "tv", "it acts for the person");
    assert!(introspect(&world, &secret(&issued, "refresh_token")).await["active"].as_bool().unwrap());

    let denied = good(form(&world, "device_authorization", &[("client_id", "tv")])).await;
    assert_eq!(decide(&world, &denied, "deny").await, 200);
    assert_eq!(decide(&world, &denied, "approve").await, 404, "no is no");
    let code = denied["device_code"].as_str().unwrap();
    let ask = form(&world, "token", &[("grant_type", DEVICE), ("device_code", code), ("client_id", "tv")]);
    assert_eq!(refused(ask).await.1, "access_denied");
    let late = good(form(&world, "device_authorization", &[("client_id", "tv")])).await;
    world.pass(Duration::from_secs(600));
    let code = late["device_code"].as_str().unwrap();
    let ask = form(&world, "token", &[("grant_type", DEVICE), ("device_code", code), ("client_id", "tv")]);
    assert_eq!(refused(ask).await.1, "expired_token");
    let beyond = form(&world, "device_authorization", &[("client_id", "tv"), ("scope", "root")]);
    assert_eq!(refused(beyond).await.1, "invalid_scope");
}

#[tokio::test]
async fn a_sign_in_of_discovr_is_none_of_the_native_dialect() {
    let world = World::new().await;
    let tv = registered(&world, "tv", ClientKind::Public).await;
    let begun = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
    assert_eq!(decide(&world, &json!({ "user_code": begun["userCode"] }), "approve").await, 200);
    let code = begun["deviceCode"].as_str().unwrap();
    let ask = form(&world, "token", &[("grant_type", DEVICE), ("device_code", code), ("client_id", &tv.id)]);
    assert_eq!(refused(ask).await.1, "invalid_grant");
    good(world.request("POST", &format!("/auth/device-codes/{code}/poll"))).await;
}

#[tokio::test]
async fn a_revoked_session_is_dead_with_all_its_tokens() {
    let world = World::new().await;
    let demo = &world.demo.native_client;
    let other = registered(&world, "other", ClientKind::Confidential).await;
    for which in ["access_token", "refresh_token"] {
        let issued = signed_in(&world, demo).await;
        let tokens = [secret(&issued, "access_token"), secret(&issued, "refresh_token")];
        let revoke = |client, token: &str| by(&world, client, "revoke", &[("token", token), ("token_type_hint", "x")]);
        let chosen = secret(&issued, which);
        assert_eq!(refused(revoke(&other, chosen.expose())).await.1, "invalid_grant", "another client's");
        for token in &tokens {
            assert_eq!(introspect(&world, token).await["active"], true);
        }
        good(revoke(demo, chosen.expose())).await;
        for token in &tokens {
            assert_eq!(introspect(&world, token).await, json!({ "active": false }), "{which}");
        }
        let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens[1].expose())];
        let (status, body) = answer(by(&world, demo, "token", &fields)).await;
        let told = (status.as_u16(), body["error"].as_str(), body["error_description"].as_str());
        assert_eq!(told, (400, Some("invalid_grant"), Some("The session was revoked")));
        good(revoke(demo, chosen.expose())).await;
    }
    for unknown in ["x", "dprt_x", "a.b.c"] {
        good(by(&world, demo, "revoke", &[("token", unknown)])).await;
    }
    assert_eq!(refused(by(&world, demo, "revoke", &[])).await.1, "invalid_request");
    assert_eq!(refused(form(&world, "revoke", &[("token", "x")])).await.1, "invalid_client");
}

#[tokio::test]
async fn introspection_is_for_clients_with_a_secret_and_for_our_tokens() {
    let world = World::new().await;
    registered(&world, "tv", ClientKind::Public).await;
    let public = form(&world, "introspect", &[("client_id", "tv"), ("token", "x")]);
    assert_eq!(refused(public).await.1, "invalid_client");
    assert_eq!(refused(by(&world, &world.demo.native_client, "introspect", &[])).await.1, "invalid_request");

    let demo = &world.demo;
    let body = json!({ "profileId": demo.discovr_profile_id });
    let minted = good(world.bearing("POST", "/auth/session-token", &demo.discovr_refresh_token).json(&body)).await;
    let issued = signed_in(&world, &demo.native_client).await;
    let (access, refresh) = (secret(&issued, "access_token"), secret(&issued, "refresh_token"));
    let mut parts: Vec<&str> = access.expose().split('.').collect();
    let none = data_encoding::BASE64URL_NOPAD.encode(b"{\"alg\":\"none\",\"typ\":\"at+jwt\"}");
    parts[0] = &none;
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    // Tokens of other dialects, and what a forger would try.
    for token in [
        secret(&minted, "sessionToken"),
        demo.discovr_refresh_token.clone(),
        demo.antiraid_login_token.clone(),
        Secret::new(parts.join(".")),
        Secret::new(unsigned),
        Secret::new(&refresh.expose()[..refresh.expose().len() - 1]),
    ] {
        assert_eq!(introspect(&world, &token).await, json!({ "active": false }), "{}", token.expose());
    }
    // And the other way round.
    assert_eq!(answer(world.bearing("GET", "/profiles", &refresh)).await.0, 401);
    assert_eq!(answer(world.bearing("GET", "/profile/me", &access)).await.0, 401);
    assert_eq!(answer(world.bearing("GET", "/sessions/@me", &access)).await.0, 401);
    let facts = introspect(&world, &refresh).await;
    assert_eq!((&facts["active"], &facts["scope"]), (&true.into(), &"read write".into()));
    assert_eq!(facts["exp"], START + 30 * 86_400, "when it ends if nobody uses it");
}

#[tokio::test]
async fn a_client_finds_everything_from_the_issuer() {
    let world = World::new().await;
    let response = world.request("GET", "/.well-known/oauth-authorization-server").send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    let metadata: Value = response.json().await.unwrap();
    let issuer = format!("http://{}", world.address);
    assert_eq!(metadata["issuer"], issuer);
    assert_eq!(metadata["response_types_supported"], json!([]));
    assert_eq!(metadata["grant_types_supported"], json!(["client_credentials", "refresh_token", DEVICE]));
    for name in ["token", "device_authorization", "revocation", "introspection"] {
        let url = metadata[format!("{name}_endpoint")].as_str().unwrap();
        let path = url.strip_prefix(&issuer).unwrap();
        let (status, error, _) = refused(world.request("POST", path).form(&[("a", "b")])).await;
        assert_eq!((status, error.as_str()), (401, "invalid_client"), "{path} is there");
    }
    let keys = metadata["jwks_uri"].as_str().unwrap().strip_prefix(&issuer).unwrap();
    good(world.request("GET", keys)).await;
}

#[tokio::test]
async fn a_client_without_scopes_is_told_of_none() {
    let world = World::new().await;
    let bare =
        world.service.register_client("bare", ClientKind::Confidential, Scopes::default()).await.unwrap().unwrap();
    let issued = good(by(&world, &bare, "token", &[("grant_type", "client_credentials")])).await;
    // A scope that is there has at least one character (RFC 6749 appendix A.4).
    assert!(issued.get("scope").is_none(), "{issued}");
    let token = secret(&issued, "access_token");
    assert!(!jwt::contents(&token).unwrap().claims.contains_key("scope"));
    assert!(introspect(&world, &token).await.get("scope").is_none());
}

#[tokio::test]
async fn a_client_has_an_id_that_can_be_shown_and_is_its_own() {
    let world = World::new().await;
    let long = "x".repeat(65);
    for id in ["", "a b", "a:b", "ä", "<b>", long.as_str()] {
        let client = world.service.register_client(id, ClientKind::Public, Scopes::default()).await.unwrap();
        assert!(client.is_none(), "{id}");
    }
    let first = registered(&world, "tv", ClientKind::Confidential).await;
    let second = world.service.register_client("tv", ClientKind::Public, Scopes::default()).await.unwrap();
    assert!(second.is_none());
    good(by(&world, &first, "token", &[("grant_type", "client_credentials")])).await;
}

#[tokio::test]
async fn an_access_token_that_was_verified_before_expires_all_the_same() {
    let world = World::new().await;
    let client = &world.demo.native_client;
    let issued = signed_in(&world, client).await;
    let token = secret(&issued, "access_token");
    for _ in 0..3 {
        assert_eq!(introspect(&world, &token).await["active"], true);
    }
    let (rest, signature) = token.expose().rsplit_once('.').unwrap();
    let forged = format!("{rest}.{}", signature.chars().rev().collect::<String>());
    assert_eq!(introspect(&world, &Secret::new(forged)).await, json!({ "active": false }));
    world.pass(Duration::from_secs(601));
    assert_eq!(introspect(&world, &token).await, json!({ "active": false }));
    assert_eq!(introspect(&world, &secret(&issued, "refresh_token")).await["active"], true, "the session lives");
}
