//! Device sign-ins of the native dialect beyond the plain way: who asks too often, and who lost the answer.

use std::time::Duration;

use daypass_authority::ClientKind;
use serde_json::Value;

use crate::native::{by, decide, introspect, poll, refused, registered, signed_in};
use crate::place::Place;
use crate::world::{World, answer, good, secret};

async fn begun(world: &World) -> Value {
    good(by(world, &world.demo.native_client, "device_authorization", &[])).await
}

/// The error that the device is told.
async fn told(world: &World, begun: &Value) -> String {
    let (status, error, head) = refused(poll(world, &world.demo.native_client, begun)).await;
    assert_eq!((status, &head["cache-control"]), (400, &"no-store".parse().unwrap()));
    error
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_told_to_slow_down() {
    let world = World::new().await;
    let begun = begun(&world).await;
    assert_eq!(told(&world, &begun).await, "authorization_pending", "the first question is never too soon");
    assert_eq!(told(&world, &begun).await, "slow_down");
    // Ten seconds it is now, and fifteen after another one that came too soon.
    world.pass(Duration::from_secs(5));
    assert_eq!(told(&world, &begun).await, "slow_down");
    world.pass(Duration::from_secs(15));
    assert_eq!(told(&world, &begun).await, "authorization_pending");
    let other = self::begun(&world).await;
    assert_eq!(told(&world, &other).await, "authorization_pending", "each device has its own pace");
    assert_eq!(told(&world, &begun).await, "slow_down");
    // Who is signed in is not kept waiting for having been hasty.
    assert_eq!(decide(&world, &begun, "approve").await, 200);
    good(poll(&world, &world.demo.native_client, &begun)).await;
}

#[tokio::test]
async fn who_is_denied_or_late_or_unknown_is_told_so_however_often_it_asks() {
    let world = World::new().await;
    let denied = begun(&world).await;
    assert_eq!(decide(&world, &denied, "deny").await, 200);
    let unknown = serde_json::json!({ "device_code": "dvc_0" });
    for _ in 0..3 {
        assert_eq!(told(&world, &denied).await, "access_denied");
        assert_eq!(told(&world, &unknown).await, "invalid_grant");
    }
}

#[tokio::test]
async fn a_device_that_lost_the_answer_is_answered_again_until_a_token_is_used() {
    let place = Place::new();
    let world = World::at(&place).await;
    let demo = &world.demo.native_client;
    let begun = begun(&world).await;
    assert_eq!(decide(&world, &begun, "approve").await, 200);
    let lost = good(poll(&world, demo, &begun)).await;
    world.pass(Duration::from_secs(100));
    let again = good(poll(&world, demo, &begun)).await;
    assert_eq!(again["refresh_token"], lost["refresh_token"], "one session, one token");
    assert_ne!(again["access_token"], lost["access_token"]);
    assert_eq!(again["scope"], lost["scope"]);
    for token in [secret(&lost, "access_token"), secret(&again, "access_token"), secret(&again, "refresh_token")] {
        assert_eq!(introspect(&world, &token).await["active"], true);
    }
    // No other client is, and no other dialect.
    let radio = registered(&world, "radio", ClientKind::Public).await;
    assert_eq!(refused(poll(&world, &radio, &begun)).await.1, "invalid_grant");
    let foreign = format!("/auth/device-codes/{}/poll", begun["device_code"].as_str().unwrap());
    assert_eq!(answer(world.request("POST", &foreign)).await.0, 401);

    let refresh = secret(&again, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
    good(by(&world, demo, "token", &fields)).await;
    assert_eq!(told(&world, &begun).await, "invalid_grant", "the tokens have arrived");
    good(by(&world, demo, "token", &fields)).await;
}

#[tokio::test]
async fn nobody_is_answered_again_for_long_or_after_a_revocation() {
    let world = World::new().await;
    let demo = &world.demo.native_client;
    for revoked in [false, true] {
        let begun = begun(&world).await;
        assert_eq!(decide(&world, &begun, "approve").await, 200);
        let issued = good(poll(&world, demo, &begun)).await;
        if revoked {
            let token = secret(&issued, "access_token");
            good(by(&world, demo, "revoke", &[("token", token.expose())])).await;
        } else {
            world.pass(Duration::from_secs(120));
        }
        assert_eq!(told(&world, &begun).await, "invalid_grant");
    }
    signed_in(&world, demo).await;
}

#[tokio::test]
async fn of_many_that_ask_at_once_all_are_answered_the_same_session() {
    let world = World::new().await;
    let demo = &world.demo.native_client;
    let begun = begun(&world).await;
    assert_eq!(decide(&world, &begun, "approve").await, 200);
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let request = poll(&world, demo, &begun);
        asking.spawn(async move { good(request).await["refresh_token"].clone() });
    }
    let mut tokens = asking.join_all().await;
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
}
