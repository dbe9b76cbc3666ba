//! When a session was last used: refreshed, or an access token of it accepted. What that costs, and what it must not touch.

use std::time::Duration;

use daypass_authority::{ClientKind, Config, SessionFilter};
use daypass_core::Secret;
use serde_json::{Value, json};

use crate::elsewhere::remembered;
use crate::native::{by, introspect, registered, signed_in};
use crate::operation::figure;
use crate::place::Place;
use crate::world::{START, World, answer, good, secret};

/// The caller's own session.
const OWN: &str = "/oauth2/sessions/current";

/// A session whose tokens live for weeks, so that time can pass.
async fn lasting() -> (World, Value) {
    let config = Config { session_ttl: Some(Duration::from_secs(60 * 86_400)), ..Config::default() };
    let world = World::of(config).await;
    let issued = signed_in(&world, &world.demo.native_client).await;
    (world, issued)
}

/// What a session shows of itself to `token`, in seconds from the start: its last use, and its end. That it is asked is a use
/// too, so what was noted is written before.
async fn shown(world: &World, token: &Secret) -> (i64, i64) {
    world.service.write_uses().await.unwrap();
    let own = good(world.bearing("GET", OWN, token)).await;
    let listed = good(world.bearing("GET", "/oauth2/sessions", token)).await;
    assert_eq!(listed["sessions"], json!([own]), "a list says the same");
    let seconds = |name: &str| own[name].as_i64().unwrap() - START;
    (seconds("last_used_at"), seconds("expires_at"))
}

fn pass(world: &World, seconds: u64) {
    world.pass(Duration::from_secs(seconds));
}

/// What the store has of the one session that there is.
fn stored(place: &Place, column: &str) -> String {
    place.run(&format!("SELECT coalesce(CAST({column} AS TEXT), 'none') FROM native_sessions"))
}

/// So many seconds from the start, as it is stored.
fn micros(seconds: i64) -> String {
    ((START + seconds) * 1_000_000).to_string()
}

#[tokio::test]
async fn an_access_token_that_is_accepted_is_a_use_and_prolongs_nothing() {
    let (world, issued) = lasting().await;
    let (access, idle) = (secret(&issued, "access_token"), 30 * 86_400);
    assert_eq!(shown(&world, &access).await, (0, idle));
    pass(&world, 120);
    assert_eq!(introspect(&world, &access).await["active"], true);
    assert_eq!(shown(&world, &access).await, (120, idle));
    // As a bearer, also for what its session may not.
    pass(&world, 120);
    good(world.bearing("GET", "/oauth2/sessions", &access)).await;
    assert_eq!(shown(&world, &access).await, (240, idle));
    pass(&world, 120);
    assert_eq!(answer(world.bearing("PATCH", OWN, &access).json(&json!({ "name": "x" }))).await.0, 200);
    assert_eq!(shown(&world, &access).await, (360, idle));
    let filter = SessionFilter::default();
    let told = world.service.sessions(&filter, 100).await.unwrap();
    let own = told.iter().find(|session| session.kind == "native").unwrap();
    assert_eq!(own.used_at.unwrap().timestamp(), START + 360, "to an administrator too");

    // A refresh is the later use of the two, and moves the end.
    pass(&world, 100);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", issued["refresh_token"].as_str().unwrap())];
    let renewed = good(by(&world, &world.demo.native_client, "token", &fields)).await;
    assert_eq!(shown(&world, &access).await, (460, 460 + idle));

    // However much it is used: who does not refresh is idle.
    let (access, refresh) = (secret(&renewed, "access_token"), renewed["refresh_token"].as_str().unwrap());
    pass(&world, u64::try_from(idle).unwrap() - 1);
    assert_eq!(introspect(&world, &access).await["active"], true);
    assert_eq!(shown(&world, &access).await, (460 + idle - 1, 460 + idle));
    pass(&world, 1);
    assert_eq!(introspect(&world, &access).await, json!({ "active": false }));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let (status, body) = answer(by(&world, &world.demo.native_client, "token", &fields)).await;
    assert_eq!((status.as_u16(), &body["error"]), (400, &"invalid_grant".into()));
    world.end().await;
}

#[tokio::test]
async fn uses_within_a_minute_are_one_write() {
    let (world, issued) = lasting().await;
    let access = secret(&issued, "access_token");
    for (passed, last) in [(59, 0), (1, 60), (30, 60), (29, 60), (1, 120), (59, 120), (100, 279)] {
        pass(&world, passed);
        introspect(&world, &access).await;
        assert_eq!(shown(&world, &access).await.0, last);
    }
    // Many of them at once, noted while the one before is written.
    pass(&world, 60);
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (service, asked) =
            (world.service.clone(), by(&world, &world.demo.native_client, "introspect", &[("token", access.expose())]));
        racing.spawn(async move {
            good(asked).await;
            service.write_uses().await.unwrap()
        });
    }
    assert_eq!(racing.join_all().await.iter().sum::<usize>(), 1);
    assert_eq!(shown(&world, &access).await.0, 339);
    world.end().await;
}

#[tokio::test]
async fn what_is_refused_is_no_use_and_nothing_that_is_dead_is_touched() {
    let place = Place::new();
    let world = World::at(&place).await;
    let tv = registered(&world, "tv", ClientKind::Public).await;
    let issued = signed_in(&world, &tv).await;
    let [access, refresh] = ["access_token", "refresh_token"].map(|name| secret(&issued, name));
    pass(&world, 120);
    let tampered = format!("{}x", access.expose());
    for token in [&refresh, &Secret::new(tampered), &Secret::new("x")] {
        introspect(&world, token).await;
        assert_eq!(answer(world.bearing("GET", OWN, token)).await.0, 401);
    }
    pass(&world, 600);
    assert_eq!(introspect(&world, &access).await, json!({ "active": false }), "it has expired");
    assert_eq!(answer(world.bearing("GET", OWN, &access)).await.0, 401);
    assert_eq!(world.service.write_uses().await.unwrap(), 0);
    assert_eq!(stored(&place, "seen_at"), "none");

    // Used, and ended before that is written.
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
    let access = secret(&good(by(&world, &tv, "token", &fields)).await, "access_token");
    pass(&world, 60);
    assert_eq!(introspect(&world, &access).await["active"], true);
    good(by(&world, &tv, "revoke", &[("token", access.expose())])).await;
    assert_eq!(world.service.write_uses().await.unwrap(), 0);
    assert_eq!((stored(&place, "seen_at").as_str(), stored(&place, "ended").as_str()), ("none", "revoked"));
    pass(&world, 60);
    assert_eq!(introspect(&world, &access).await, json!({ "active": false }));
    assert_eq!(world.service.write_uses().await.unwrap(), 0);
    world.end().await;
}

#[tokio::test]
async fn a_write_of_a_last_use_makes_nothing_forgotten() {
    let (world, issued) = lasting().await;
    let access = secret(&issued, "access_token");
    let ask = async || assert_eq!(introspect(&world, &access).await["active"], true);
    remembered(&world, "native_session", ask).await;
    let reads = async || {
        let text = world.request("GET", "/metrics").send().await.unwrap().text().await.unwrap();
        figure(&text, "daypass_authority_store_step_seconds_count{step=\"native_session\"}")
    };
    let before = reads().await;
    pass(&world, 60);
    ask().await;
    assert_eq!(world.service.write_uses().await.unwrap(), 1);
    ask().await;
    assert_eq!(reads().await, before, "it is still answered from memory");
    world.end().await;
}

#[tokio::test]
async fn who_drains_writes_what_is_noted() {
    let place = Place::new();
    let world = World::at(&place).await;
    let access = secret(&signed_in(&world, &world.demo.native_client).await, "access_token");
    pass(&world, 90);
    introspect(&world, &access).await;
    world.end().await;
    assert_eq!(stored(&place, "seen_at"), micros(90));
    assert_eq!(stored(&place, "used_at"), micros(0));
}

#[tokio::test]
async fn two_authorities_on_one_store_write_one_use_a_minute() {
    let place = Place::new();
    let (here, there) = (World::at(&place).await, World::at(&place).await);
    let tv = registered(&there, "tv", ClientKind::Public).await;
    let access = secret(&signed_in(&there, &tv).await, "access_token");
    let used = async |world: &World, seconds| {
        pass(world, seconds);
        assert_eq!(introspect(world, &access).await["active"], true);
    };
    used(&here, 60).await;
    used(&there, 119).await;
    assert_eq!(here.service.write_uses().await.unwrap(), 1);
    assert_eq!(there.service.write_uses().await.unwrap(), 0, "less than a minute after the other's");
    assert_eq!(stored(&place, "seen_at"), micros(60));
    used(&there, 1).await;
    used(&here, 61).await;
    assert_eq!(there.service.write_uses().await.unwrap(), 1);
    assert_eq!(here.service.write_uses().await.unwrap(), 0);
    assert_eq!(stored(&place, "seen_at"), micros(120));
    here.end().await;
    there.end().await;
    assert_eq!(stored(&place, "seen_at"), micros(120), "and none at the end");
}

#[tokio::test]
async fn a_store_that_fails_loses_the_notes_and_no_answer() {
    let place = Place::new();
    let world = World::at(&place).await;
    let access = secret(&signed_in(&world, &world.demo.native_client).await, "access_token");
    pass(&world, 60);
    introspect(&world, &access).await;
    place.run("ALTER TABLE native_sessions RENAME TO elsewhere");
    assert!(world.service.write_uses().await.is_err());
    let text = world.request("GET", "/metrics").send().await.unwrap().text().await.unwrap();
    assert_eq!(figure(&text, "daypass_authority_store_failures_total{step=\"note_uses\"}"), 1.0);
    place.run("ALTER TABLE elsewhere RENAME TO native_sessions");
    assert_eq!(world.service.write_uses().await.unwrap(), 0);
    assert_eq!(introspect(&world, &access).await["active"], true);
    assert_eq!(world.service.write_uses().await.unwrap(), 1, "the next use is noted again");
    assert_eq!(stored(&place, "seen_at"), micros(60));
    world.end().await;
}
