//! Discovr's sign-in by device code, finished at the authority's own page.

use std::time::Duration;

use data_encoding::BASE64;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{RequestBuilder, START, World, answer, good, secret};

async fn begin(world: &World) -> Value {
    good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv <b>" }))).await
}

fn poll(world: &World, begun: &Value) -> RequestBuilder {
    world.request("POST", &format!("/auth/device-codes/{}/poll", begun["deviceCode"].as_str().unwrap()))
}

fn decide(world: &World, user_code: &str, decision: &str) -> RequestBuilder {
    world
        .request("POST", "/device")
        .header("origin", format!("http://{}", world.address))
        .form(&[("user_code", user_code), ("decision", decision)])
}

async fn page(request: RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(response.headers()["x-frame-options"], "DENY");
    assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    (response.status(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_device_is_signed_in_by_who_sees_its_code() {
    let world = World::new().await;
    let begun = begin(&world).await;
    assert_eq!(begun["expiresIn"], 600_000);
    assert!(begun["deviceCode"].as_str().unwrap().starts_with("dvc_"));
    let user_code = begun["userCode"].as_str().unwrap();
    let image = begun["authQRCode"].as_str().unwrap().strip_prefix("data:image/svg+xml;base64,").unwrap();
    let image = String::from_utf8(BASE64.decode(image.as_bytes()).unwrap()).unwrap();
    assert!(image.contains("<svg") && image.contains("<path"));
    assert_eq!(good(poll(&world, &begun)).await, json!({ "status": "pending" }));

    let (status, html) = page(world.request("GET", &format!("/device?user_code={user_code}"))).await;
    assert_eq!(status, 200);
    assert!(html.contains(user_code) && html.contains("tv &lt;b&gt;") && !html.contains("tv <b>"), "{html}");
    assert_eq!(good(poll(&world, &begun)).await, json!({ "status": "pending" }));
    let (status, _) = page(decide(&world, &user_code.to_lowercase().replace('-', " "), "approve")).await;
    assert_eq!(status, 200);

    let signed_in = good(poll(&world, &begun)).await;
    assert_eq!(signed_in["expiresAt"], START + 90 * 86_400);
    assert!(signed_in["publicId"].is_string());
    let refresh = secret(&signed_in, "refreshToken");
    assert!(refresh.expose().starts_with("rt_") && refresh.expose().len() == 67);
    let profiles = good(world.bearing("GET", "/profiles", &refresh)).await;
    let profile = &profiles["profiles"][0]["id"];
    assert_ne!(*profile, world.demo.discovr_profile_id.as_str(), "nobody is let in to a user who is already there");
    good(world.bearing("POST", "/auth/session-token", &refresh).json(&json!({ "profileId": profile }))).await;

    // Used up, on both sides.
    let (status, body) = answer(poll(&world, &begun)).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("TOKEN_INVALID")));
    assert_eq!(page(decide(&world, user_code, "approve")).await.0, 404);
}

#[tokio::test]
async fn a_denied_or_late_sign_in_ends_the_asking() {
    let world = World::new().await;
    let (denied, late) = (begin(&world).await, begin(&world).await);
    assert_eq!(page(decide(&world, denied["userCode"].as_str().unwrap(), "deny")).await.0, 200);
    let (status, body) = answer(poll(&world, &denied)).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("TOKEN_INVALID")));

    world.pass(Duration::from_secs(600));
    assert_eq!(page(decide(&world, late["userCode"].as_str().unwrap(), "approve")).await.0, 404);
    let (status, body) = answer(poll(&world, &late)).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("TOKEN_EXPIRED")));
}

#[tokio::test]
async fn another_site_cannot_approve() {
    let world = World::new().await;
    let begun = begin(&world).await;
    let user_code = begun["userCode"].as_str().unwrap();
    let form = [("user_code", user_code), ("decision", "approve")];
    for origin in ["http://evil.example", "null", "http://127.0.0.1", "https://localhost"] {
        let request = world.request("POST", "/device").header("origin", origin).form(&form);
        assert_eq!(answer(request).await.0, 403, "{origin}");
    }
    assert_eq!(answer(world.request("POST", "/device").form(&form)).await.0, 403);
    assert_eq!(good(poll(&world, &begun)).await, json!({ "status": "pending" }));
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_told() {
    let world = World::new().await;
    assert_eq!(answer(decide(&world, "BCDF-GHJK", "perhaps")).await.0, 400);
    let own = format!("http://{}", world.address);
    let bare = world.request("POST", "/device").header("origin", &own).form(&[("decision", "approve")]);
    assert_eq!(answer(bare).await.0, 400);
    let text = world.request("POST", "/device").header("origin", &own).body("user_code=x&decision=approve");
    assert_eq!(answer(text).await.0, 415);
    let unknown = "/device?user_code=%22%3E%3Cscript%3E";
    let (status, html) = page(world.request("GET", unknown)).await;
    assert_eq!(status, 404);
    assert!(!html.contains("<script"));
    assert_eq!(page(world.request("GET", "/device")).await.0, 200);
    for body in [json!({}), json!({ "clientID": "" }), json!({ "clientID": "x".repeat(129) }), json!({ "clientID": 1 })]
    {
        assert_eq!(answer(world.request("POST", "/auth/device-codes").json(&body)).await.0, 400);
    }
}

#[tokio::test]
async fn not_too_many_sign_ins_wait_at_once() {
    let world = World::new().await;
    for _ in 0..1000 {
        begin(&world).await;
    }
    let request = world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "600");
    world.pass(Duration::from_secs(600));
    begin(&world).await;
}
