//! Every operation of the document is done once, by one who may, and refused in each way that stands there; and every path
//! knows exactly the methods that stand there.

use daypass_authority::{Config, Rate};
use daypass_core::Secret;
use serde_json::{Value, json};

use super::request::RequestBuilder;
use super::{Document, held};
use crate::native::{by, registered, signed_in};
use crate::world::{World, good, secret};

async fn document(world: &World) -> Document {
    Document::read(good(world.request("GET", "/openapi.json")).await)
}

/// A request that does what the operation is for, in a world of its own.
async fn well_asked(world: &World, id: &str, method: &str, path: &str) -> RequestBuilder {
    let demo = &world.demo;
    let bearing = |token| world.bearing(method, path, token);
    let user = || async { secret(&signed_in(world, &demo.native_client).await, "access_token") };
    let id = id.strip_suffix("Head").unwrap_or(id);
    match id.strip_suffix("V1").unwrap_or(id) {
        "discovrMint" => bearing(&demo.discovr_refresh_token).json(&json!({ "profileId": demo.discovr_profile_id })),
        "discovrSignOut" | "discovrProfiles" => bearing(&demo.discovr_refresh_token),
        "discovrAddProfile" => bearing(&demo.discovr_refresh_token).json(&json!({ "name": "Kids", "avatarUrl": null })),
        "discovrMyProfile" => {
            let body = json!({ "profileId": demo.discovr_profile_id });
            let mint = world.bearing("POST", "/auth/session-token", &demo.discovr_refresh_token).json(&body);
            bearing(&secret(&good(mint).await, "sessionToken"))
        }
        "discovrBeginSignIn" => world.request(method, path).json(&json!({ "clientID": "tv" })),
        "discovrPoll" => {
            let begun = begun(world).await;
            world.request(method, &path.replace("{deviceCode}", begun["deviceCode"].as_str().unwrap()))
        }
        "deviceShow" => {
            let begun = begun(world).await;
            world.request(method, &format!("{path}?user_code={}", begun["userCode"].as_str().unwrap()))
        }
        "deviceSettle" => {
            let code = begun(world).await["userCode"].as_str().unwrap().to_owned();
            let fields = [("user_code", code.as_str()), ("decision", "approve")];
            world.request(method, path).header("origin", format!("http://{}", world.address)).form(&fields)
        }
        "pocketpawMint" | "pocketpawRegenerate" | "pocketpawChats" => bearing(&demo.pocketpaw_master_token),
        "antiraidCurrent" | "antiraidList" => bearing(&demo.antiraid_login_token),
        "antiraidCreate" => {
            bearing(&demo.antiraid_login_token).json(&json!({ "name": "x", "type": "api", "expiry": 60 }))
        }
        "antiraidDelete" => {
            let me = good(world.bearing("GET", "/sessions/@me", &demo.antiraid_login_token)).await;
            let path = path.replace("{id}", me["id"].as_str().unwrap());
            world.bearing(method, &path, &demo.antiraid_login_token)
        }
        "discoverMint" => discover_key(world, method, path),
        "discoverRenew" => {
            let minted = good(discover_key(world, "POST", path)).await;
            bearing(&secret(&minted, "refreshToken"))
        }
        "discoverSearch" | "discoverSearchByBody" => {
            let minted = good(discover_key(world, "POST", "/account/1/access-token")).await;
            let token = secret(&minted, "accessToken");
            let request = world.bearing(method, &path.replace("{customer}", "1-2"), &token);
            if method == "POST" { request.json(&json!({})) } else { request }
        }
        "oauthToken" => by(world, &demo.native_client, "token", &[("grant_type", "client_credentials")]),
        "oauthBeginSignIn" => by(world, &demo.native_client, "device_authorization", &[("scope", "read")]),
        "oauthRevoke" => by(world, &demo.native_client, "revoke", &[("token", "x")]),
        "oauthIntrospect" => by(world, &demo.native_client, "introspect", &[("token", "x")]),
        "oauthSessions" | "oauthEndSessions" | "oauthEndOthers" => bearing(&user().await),
        "oauthOpenSession" => bearing(&user().await).json(&json!({ "name": "laptop", "scope": "read" })),
        "oauthSession" | "oauthEndSession" => world.bearing(method, &path.replace("{id}", "current"), &user().await),
        "oauthNameSession" => {
            world.bearing(method, &path.replace("{id}", "current"), &user().await).json(&json!({ "name": "phone" }))
        }
        "oauthKeys" | "oauthMetadata" | "document" | "operationLives" | "operationReady" | "operationFigures" => {
            world.request(method, path)
        }
        unknown => panic!("{unknown} is new: please say here how it is asked for"),
    }
}

async fn begun(world: &World) -> Value {
    good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await
}

fn discover_key(world: &World, method: &str, path: &str) -> RequestBuilder {
    let request = world.request(method, path).header("x-api-key", world.demo.discover_api_key.expose());
    request.json(&json!({ "scope": ["search-rec"] }))
}

/// Does every operation, each in a world that `begin` makes.
pub(crate) async fn do_all(begin: impl AsyncFn() -> World) {
    let operations = document(&begin().await).await.operations();
    assert!(operations.len() > 50, "{}", operations.len());
    for (method, path, id) in operations {
        // Some end the credential that they are asked with.
        let world = begin().await;
        let response = well_asked(&world, &id, &method, &path).await.send().await.unwrap();
        assert!(response.status().is_success(), "{id}: {}", response.status());
        world.end().await;
    }
}

/// Requests for an operation that have something wrong with them, whatever it is for.
fn faults(world: &World, method: &str, path: &str) -> Vec<RequestBuilder> {
    let plain = || world.request(method, path);
    let own = format!("http://{}", world.address);
    let mut faults = vec![
        plain(),
        plain().header("host", "local host"),
        plain().header("host", "evil.example"),
        plain().body("x".repeat(70_000)),
        wrong(world, method, path, false),
        wrong(world, method, path, true),
    ];
    if !["GET", "HEAD"].contains(&method) {
        for body in ["{", "[]", "{}", "a=b&a=b"] {
            for kind in ["application/json", "application/x-www-form-urlencoded", "text/plain"] {
                let asked = wrong(world, method, path, false).header("origin", own.as_str());
                faults.push(asked.header("content-type", kind).body(body));
            }
        }
    }
    faults
}

/// A request with credentials that nobody has: a client's, or a token wherever one may stand.
fn wrong(world: &World, method: &str, path: &str, client: bool) -> RequestBuilder {
    let asked = world.request(method, path);
    if client {
        return asked.basic_auth("nobody", Some("wrong")).form(&[("token", "x")]);
    }
    asked.bearer_auth("wrong").header("x-api-key", "wrong").header("refresh-token", "wrong")
}

#[tokio::test]
async fn every_refusal_that_the_document_knows_is_met_and_no_other() {
    // Those that depend on what there is, on the time, or on the machine that asks are met by the tests of each dialect.
    const ELSEWHERE: [u16; 7] = [403, 404, 408, 409, 422, 429, 503];
    let rate = |burst| Config { failures: Rate { burst, per_second: 0.001 }, ..Config::default() };
    let (world, limited) = (World::of(rate(u32::MAX)).await, World::of(rate(1)).await);
    limited.bearing("GET", "/profiles", &Secret::new("rt_0")).send().await.unwrap();
    let document = document(&world).await;
    for (method, template, id) in document.operations() {
        let path =
            template.replace("{id}", &"0".repeat(32)).replace("{deviceCode}", "dvc_0").replace("{customer}", "1");
        let known = document.statuses(&method, &template);
        let mut met = Vec::new();
        for fault in faults(&world, &method, &path) {
            // That the answer is in the document is looked at on the way.
            met.push(fault.send().await.unwrap().status().as_u16());
        }
        let missing = |met: &[u16]| {
            let refusals = known.iter().copied().filter(|status| *status >= 400 && !ELSEWHERE.contains(status));
            // Of the figures no body is read, unless they have a listener of their own.
            let refusals = refusals.filter(|status| (template.as_str(), *status) != ("/metrics", 413));
            refusals.filter(|status| !met.contains(status)).collect::<Vec<_>>()
        };
        if missing(&met) == [415] {
            // Who is not let in does not hear of this.
            let asked = well_asked(&world, &id, &method, &template).await;
            met.push(asked.of_kind("text/plain").send().await.unwrap().status().as_u16());
        }
        assert!(missing(&met).is_empty(), "{id}: {:?} of {met:?}", missing(&met));
        let way = document.all["paths"][&template][method.to_lowercase()]["security"][0].as_object();
        let schemes: Vec<&String> = way.into_iter().flat_map(|way| way.keys()).collect();
        if let [scheme] = schemes[..] {
            let mut guess = wrong(&limited, &method, &path, scheme == "oauthClient");
            if scheme != "oauthClient" {
                // Some read the body first: this one is good for all of them.
                guess = guess.json(&json!({ "name": "x", "type": "api", "expiry": 60, "scope": ["search-rec"] }));
            }
            assert_eq!(guess.send().await.unwrap().status(), 429, "{id}");
            assert!(known.contains(&429), "{id}");
        }
    }
}

#[tokio::test]
async fn every_operation_is_done_for_who_may() {
    do_all(World::new).await;
}

#[tokio::test]
async fn every_path_knows_the_methods_that_stand_there_and_no_other() {
    let world = World::new().await;
    let paths: Vec<String> = document(&world).await.all["paths"].as_object().unwrap().keys().cloned().collect();
    for path in paths {
        for method in ["BREW", "OPTIONS", "TRACE"] {
            // That `Allow` names them is held against the document on the way.
            let response = world.request(method, &path.replace(['{', '}'], "")).send().await.unwrap();
            assert_eq!(response.status(), 405, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_document_is_public_and_says_where_it_was_asked_for() {
    let world = World::new().await;
    let response = world.request("GET", "/openapi.json").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["openapi"], "3.1.1");
    assert_eq!(document["servers"], json!([{ "url": format!("http://{}", world.address) }]));
    // Its ids are all different.
    let mut ids: Vec<String> = Document::read(document).operations().into_iter().map(|(_, _, id)| id).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[tokio::test]
async fn an_answer_that_the_document_does_not_know_is_found() {
    let world = World::new().await;
    registered(&world, "tv", daypass_authority::ClientKind::Public).await;
    let document = document(&world).await;
    let asked = held::Asked {
        method: "GET".into(),
        path: "/profiles".into(),
        headers: [("authorization".parse().unwrap(), "Bearer x".parse().unwrap())].into_iter().collect(),
        body: Vec::new(),
    };
    let json = || [("content-type".parse().unwrap(), "application/json".parse().unwrap())].into_iter().collect();
    let said = |status, body: Value| held::Said { status, headers: json(), body: body.to_string().into_bytes() };
    assert_eq!(document.hold(&asked, &said(200, json!({ "profiles": [] }))), Ok(()));
    assert!(document.hold(&asked, &said(200, json!({ "profiles": [{ "id": "x" }] }))).is_err());
    assert!(document.hold(&asked, &said(500, json!({ "code": "x", "message": "x" }))).is_err());
    let elsewhere = held::Asked { path: "/not/written".into(), ..asked };
    assert!(document.hold(&elsewhere, &said(200, json!({}))).is_err());
}
