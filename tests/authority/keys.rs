//! The keys of access tokens as clients and verifiers meet them: rotation with overlap, withdrawal, several processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daypass_authority::{Config, KeyFacts, Phase};
use daypass_core::Secret;
use daypass_core::token::jwt;
use serde_json::Value;

use crate::native::{by, introspect, signed_in};
use crate::place::Place;
use crate::world::{World, good, secret};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// A token that the client of `world` is issued for itself.
pub(crate) async fn issued(world: &World) -> Secret {
    let request = by(world, &world.demo.native_client, "token", &[("grant_type", "client_credentials")]);
    secret(&good(request).await, "access_token")
}

/// The ids of the keys that verifiers are told.
pub(crate) async fn public(world: &World) -> Vec<String> {
    let keys = good(world.request("GET", "/.well-known/jwks.json")).await;
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The id of the key that signed `token`.
pub(crate) fn signed_by(token: &Secret) -> String {
    jwt::contents(token).unwrap().header["kid"].as_str().unwrap().to_owned()
}

async fn is_active(world: &World, token: &Secret) -> bool {
    introspect(world, token).await["active"] == true
}

/// Asks again and again until the answer is yes.
async fn until(mut asked: impl AsyncFnMut() -> bool) {
    let yes = async { while !asked().await {} };
    tokio::time::timeout(Duration::from_secs(20), yes).await.unwrap();
}

fn phases(keys: &[KeyFacts]) -> Vec<Phase> {
    keys.iter().map(|key| key.phase).collect()
}

#[tokio::test]
async fn a_key_is_told_a_day_before_it_signs_and_verifies_until_its_last_token_is_over() {
    let world = World::new().await;
    let first = signed_by(&issued(&world).await);
    assert_eq!(public(&world).await, std::slice::from_ref(&first));
    world.pass(DAY * 89);
    let told = public(&world).await;
    assert_eq!((told.len(), &told[0]), (2, &first), "the next one is told");
    let last = issued(&world).await;
    assert_eq!(signed_by(&last), first, "and does not sign yet");

    world.pass(DAY);
    assert_eq!(public(&world).await, told);
    let token = issued(&world).await;
    assert_eq!(signed_by(&token), told[1]);
    world.pass(MINUTE * 12);
    assert_eq!(public(&world).await, told[1..], "the first one is forgotten");
}

#[tokio::test]
async fn keys_may_be_kept_for_less_time_than_they_are_told_ahead() {
    let world = World::new().await;
    let response = world.request("GET", "/.well-known/jwks.json").send().await.unwrap();
    let kept = response.headers()["cache-control"].to_str().unwrap();
    let seconds = kept.rsplit_once("max-age=").unwrap().1.parse().unwrap();
    assert!(Duration::from_secs(seconds) < Config::default().key_ahead, "{kept}");
}

#[tokio::test]
async fn a_rotation_at_once_ends_nothing() {
    let world = World::new().await;
    let client = &world.demo.native_client;
    let session = signed_in(&world, client).await;
    let old = secret(&session, "access_token");
    world.pass(SECOND);
    let keys = world.service.rotate_key(true).await.unwrap();
    assert_eq!(phases(&keys), [Phase::Retiring, Phase::Active]);
    assert!(is_active(&world, &old).await);
    // The refresh tokens know nothing of these keys.
    let refresh_token = secret(&session, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
    let renewed = good(by(&world, client, "token", &fields)).await;
    let new = secret(&renewed, "access_token");
    assert_eq!((signed_by(&old), signed_by(&new)), (keys[0].id.clone(), keys[1].id.clone()));
    assert!(is_active(&world, &new).await);
    assert_eq!(public(&world).await, [signed_by(&old), signed_by(&new)]);
}

#[tokio::test]
async fn what_a_withdrawn_key_signed_is_refused_and_its_sessions_go_on() {
    let world = World::new().await;
    let client = &world.demo.native_client;
    let session = signed_in(&world, client).await;
    let old = secret(&session, "access_token");
    let keys = world.service.withdraw_key(&signed_by(&old)).await.unwrap().unwrap();
    assert_eq!(phases(&keys), [Phase::Withdrawn, Phase::Active]);
    assert!(!is_active(&world, &old).await);
    assert_eq!(world.bearing("GET", "/oauth2/sessions", &old).send().await.unwrap().status(), 401);
    assert_eq!(public(&world).await, [keys[1].id.clone()]);
    let refresh_token = secret(&session, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
    let renewed: Value = good(by(&world, client, "token", &fields)).await;
    assert!(is_active(&world, &secret(&renewed, "access_token")).await);
    assert_eq!(world.service.withdraw_key("nothing").await.unwrap(), None);
}

#[tokio::test]
async fn two_processes_on_one_store_sign_and_verify_as_one_while_keys_change() {
    let place = Place::new();
    let (one, other) = (Arc::new(World::at(&place).await), World::at(&place).await);
    // Whoever draws the first key, both have it.
    let first = issued(&one).await;
    assert_eq!(signed_by(&issued(&other).await), signed_by(&first));

    let stop = Arc::new(AtomicBool::new(false));
    let mut load = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (one, stop) = (Arc::clone(&one), Arc::clone(&stop));
        load.spawn(async move {
            let mut verified = 0;
            while !stop.load(Ordering::Acquire) {
                assert!(is_active(&one, &issued(&one).await).await);
                verified += 1;
            }
            verified
        });
    }
    for _ in 0..5 {
        // The one a second later, as on a machine whose clock is behind.
        other.pass(SECOND);
        let keys = other.service.rotate_key(true).await.unwrap();
        let active = keys.last().unwrap().id.clone();
        one.pass(SECOND);
        until(async || signed_by(&issued(&one).await) == active).await;
        // A token of the one is good at the other, and the oldest at both.
        assert!(is_active(&other, &issued(&one).await).await && is_active(&one, &issued(&other).await).await);
        assert!(is_active(&one, &first).await && is_active(&other, &first).await);
    }
    let begun = tokio::time::Instant::now();
    other.service.withdraw_key(&signed_by(&first)).await.unwrap().unwrap();
    until(async || !is_active(&one, &first).await).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    stop.store(true, Ordering::Release);
    assert!(load.join_all().await.into_iter().all(|verified| verified > 0));
}
