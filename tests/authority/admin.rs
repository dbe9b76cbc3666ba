//! What an administrator does by a process of its own, seen by the clients of another one on the same store.

use std::time::Duration;

use daypass_authority::{ClientKind, Grants, SessionFacts, SessionFilter, Speech};
use daypass_core::Secret;
use daypass_core::lineage::Scopes;
use serde_json::json;
use tokio::time::Instant;

use crate::elsewhere::{DEAD_WITHIN, remembered};
use crate::native::{by, decide, form, poll, refused, registered, signed_in};
use crate::place::Place;
use crate::world::{RequestBuilder, World, answer, good, secret};

/// The server, and the process of the administrator.
async fn both(place: &Place) -> (World, World) {
    (World::at(place).await, World::at(place).await)
}

/// One session of each dialect of the server's demo user, and the request that its token is good for.
async fn one_of_each(world: &World) -> Vec<(Speech, Secret)> {
    let demo = &world.demo;
    let body = json!({ "profileId": demo.discovr_profile_id });
    let discovr = good(world.bearing("POST", "/auth/session-token", &demo.discovr_refresh_token).json(&body)).await;
    let paw = good(world.bearing("POST", "/api/auth/session", &demo.pocketpaw_master_token)).await;
    let body = json!({ "name": "ci", "type": "api", "expiry": 600 });
    let raid = good(world.bearing("POST", "/sessions", &demo.antiraid_login_token).json(&body)).await;
    let request = world.request("POST", "/account/1/access-token").json(&json!({ "scope": ["search-rec"] }));
    let discover = good(request.header("x-api-key", demo.discover_api_key.expose())).await;
    let native = signed_in(world, &demo.native_client).await;
    vec![
        (Speech::Discovr, secret(&discovr, "sessionToken")),
        (Speech::PocketPaw, secret(&paw, "session_token")),
        (Speech::AntiRaid, secret(&raid, "token")),
        (Speech::Discover, secret(&discover, "accessToken")),
        (Speech::Native, secret(&native, "access_token")),
    ]
}

/// The request that a token of this dialect is good for.
fn call(world: &World, speech: Speech, token: &Secret) -> RequestBuilder {
    match speech {
        Speech::Discovr => world.bearing("GET", "/profile/me", token),
        Speech::PocketPaw => world.bearing("GET", "/api/sessions", token),
        Speech::AntiRaid => world.bearing("GET", "/sessions", token),
        Speech::Discover => world.bearing("GET", "/search-rec/1/3", token),
        Speech::Native => world.bearing("GET", "/oauth2/sessions", token),
    }
}

async fn is_dead(world: &World, speech: Speech, token: &Secret) -> bool {
    call(world, speech, token).send().await.unwrap().status() == 401
}

/// Asks until the token is refused, as it must be soon.
async fn dies(world: &World, speech: Speech, token: &Secret) {
    let dead = async { while !is_dead(world, speech, token).await {} };
    tokio::time::timeout(Duration::from_secs(10), dead).await.unwrap_or_else(|_| panic!("{speech:?} lives on"));
}

fn of(speech: Speech) -> SessionFilter {
    SessionFilter { dialect: Some(speech), ..SessionFilter::default() }
}

#[tokio::test]
async fn sessions_of_every_dialect_are_listed_and_each_can_be_ended_alone() {
    let place = Place::new();
    let (world, admin) = both(&place).await;
    let user = world.demo.antiraid_user_id.clone();
    let tokens = one_of_each(&world).await;
    for (speech, token) in &tokens {
        let found: Vec<SessionFacts> = admin.service.sessions(&of(*speech), 100).await.unwrap();
        let found: Vec<_> = found.into_iter().filter(|session| session.kind != "login").collect();
        assert_eq!(found.len(), 1, "{speech:?}");
        let session = &found[0];
        assert_eq!(session.dialect, *speech);
        if *speech != Speech::Native {
            assert_eq!(session.user.as_ref(), Some(&user), "{speech:?}");
        }
        let alone = SessionFilter { id: Some(session.id.clone()), ..SessionFilter::default() };
        assert_eq!(admin.service.sessions(&alone, 100).await.unwrap(), found);
        assert!(!is_dead(&world, *speech, token).await, "{speech:?}");
        assert_eq!(admin.service.end_sessions(&alone).await.unwrap(), 1, "{speech:?}");
        dies(&world, *speech, token).await;
        assert_eq!(admin.service.end_sessions(&alone).await.unwrap(), 0, "{speech:?}: it has ended");
    }
}

#[tokio::test]
async fn all_sessions_of_a_user_a_client_or_the_store_are_ended_in_steps() {
    let place = Place::new();
    let (world, admin) = both(&place).await;
    let before = admin.service.sessions(&SessionFilter::default(), 5000).await.unwrap().len();
    let client = registered(&world, "web", ClientKind::Confidential).await;
    let mut one = None;
    // More than one step ends.
    for _ in 0..510 {
        let issued = good(by(&world, &client, "token", &[("grant_type", "client_credentials")])).await;
        one = Some(secret(&issued, "access_token"));
    }
    let filter = SessionFilter { client: Some("web".to_owned()), ..SessionFilter::default() };
    assert_eq!(admin.service.client_facts("web").await.unwrap().unwrap().sessions, 510);
    assert_eq!(admin.service.sessions(&filter, 20).await.unwrap().len(), 20);
    assert_eq!(admin.service.end_sessions(&filter).await.unwrap(), 510);
    // A session without a user answers 403 where it lives.
    dies(&world, Speech::Native, &one.unwrap()).await;

    let user = SessionFilter { user: Some(world.demo.antiraid_user_id.clone()), ..SessionFilter::default() };
    assert_eq!(admin.service.end_sessions(&user).await.unwrap(), 1, "the login");
    dies(&world, Speech::AntiRaid, &world.demo.antiraid_login_token).await;
    assert_eq!(admin.service.end_sessions(&SessionFilter::default()).await.unwrap(), before - 1);
}

#[tokio::test]
async fn a_disabled_user_is_refused_everywhere_until_it_is_enabled() {
    let place = Place::new();
    let (world, admin) = both(&place).await;
    let demo = &world.demo;
    let user = &demo.antiraid_user_id;
    let mint = || world.bearing("POST", "/api/auth/session", &demo.pocketpaw_master_token);
    let profiles = || world.bearing("GET", "/profiles", &demo.discovr_refresh_token);
    let token = secret(&good(mint()).await, "session_token");
    remembered(&world, "credential", async || drop(good(profiles()).await)).await;
    assert!(admin.service.disable_user(user).await.unwrap());
    let disabled = Instant::now();
    dies(&world, Speech::PocketPaw, &token).await;
    dies(&world, Speech::AntiRaid, &demo.antiraid_login_token).await;
    assert_eq!(answer(mint()).await.0, 401);
    loop {
        let asked = Instant::now();
        if answer(profiles()).await.0 == 401 {
            break;
        }
        assert!(asked.duration_since(disabled) < DEAD_WITHIN, "a credential that was remembered lives on");
    }
    let (facts, credentials) = admin.service.user_facts(user).await.unwrap().unwrap();
    assert!(facts.disabled_at.is_some() && facts.sessions == 0 && facts.credentials == 3);
    assert_eq!(credentials.len(), 3, "they are kept");
    assert!(admin.service.enable_user(user).await.unwrap());
    let again = async { while answer(mint()).await.0 != 200 {} };
    tokio::time::timeout(Duration::from_secs(10), again).await.unwrap();
    assert!(!admin.service.disable_user("nobody").await.unwrap());
}

#[tokio::test]
async fn a_removed_user_or_client_leaves_nothing() {
    let place = Place::new();
    let (world, admin) = both(&place).await;
    let client = &world.demo.native_client;
    let tokens = one_of_each(&world).await;
    for (speech, token) in &tokens {
        assert!(!is_dead(&world, *speech, token).await, "{speech:?}");
    }
    // One who was approved, and whose device has not asked since.
    let begun = good(by(&world, client, "device_authorization", &[])).await;
    assert_eq!(decide(&world, &begun, "approve").await, 200);
    let going = admin.service.users(10).await.unwrap();
    let kept = admin.service.create_user().await.unwrap().antiraid_user_id;
    let rows = |table: &str, which: &str| place.run(&format!("SELECT count(*) FROM {table} WHERE {which}"));
    let tables = ["credentials", "profiles", "sessions", "native_sessions", "device_codes"];
    let (gone, stays) = (format!("user_id <> '{kept}'"), format!("user_id = '{kept}'"));
    let of_kept = tables.map(|table| rows(table, &stays));
    for table in tables {
        assert_ne!(rows(table, &gone), "0", "{table}: there is something to remove");
    }
    for user in &going {
        assert!(admin.service.remove_user(&user.id).await.unwrap());
        assert!(!admin.service.remove_user(&user.id).await.unwrap());
    }
    for table in tables {
        assert_eq!(rows(table, &gone), "0", "{table}");
    }
    assert_eq!(tables.map(|table| rows(table, &stays)), of_kept, "another user is left alone");
    for (speech, token) in &tokens {
        dies(&world, *speech, token).await;
    }
    let left: Vec<_> = admin.service.users(10).await.unwrap().into_iter().map(|user| user.id).collect();
    assert_eq!(left, [kept]);

    let token = secret(&signed_in(&world, client).await, "access_token");
    good(by(&world, client, "device_authorization", &[])).await;
    let other = registered(&world, "web", ClientKind::Confidential).await;
    let fields = [("grant_type", "client_credentials")];
    let living = secret(&good(by(&world, &other, "token", &fields)).await, "access_token");
    let of_client = format!("client_id = '{}'", client.id);
    for table in ["native_sessions", "device_codes"] {
        assert_ne!(rows(table, &of_client), "0", "{table}: there is something to remove");
    }
    assert!(admin.service.remove_client(&client.id).await.unwrap());
    assert!(!admin.service.remove_client(&client.id).await.unwrap());
    for table in ["native_sessions", "device_codes"] {
        assert_eq!(rows(table, &of_client), "0", "{table}");
    }
    dies(&world, Speech::Native, &token).await;
    assert!(!is_dead(&world, Speech::Native, &living).await, "another client is left alone");
    let ask = || by(&world, client, "token", &[("grant_type", "client_credentials")]);
    let refused = async { while answer(ask()).await.0 != 401 {} };
    tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap();
}

#[tokio::test]
async fn a_rotated_secret_takes_the_place_of_the_one_before() {
    let place = Place::new();
    let (world, admin) = both(&place).await;
    let client = registered(&world, "web", ClientKind::Confidential).await;
    let fields = [("grant_type", "client_credentials")];
    let token = secret(&good(by(&world, &client, "token", &fields)).await, "access_token");
    let new = admin.service.rotate_client_secret("web").await.unwrap().unwrap();
    let refused = async { while answer(by(&world, &client, "token", &fields)).await.0 != 401 {} };
    tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap();
    good(form(&world, "token", &fields).basic_auth("web", Some(new.expose()))).await;
    assert!(!is_dead(&world, Speech::Native, &token).await, "sessions live on");
    registered(&world, "tv", ClientKind::Public).await;
    assert_eq!(admin.service.rotate_client_secret("tv").await.unwrap(), None, "a public client has none");
    assert_eq!(admin.service.client_facts("tv").await.unwrap().unwrap().kind, ClientKind::Public, "and gets none");
    assert_eq!(admin.service.rotate_client_secret("nobody").await.unwrap(), None);
}

#[tokio::test]
async fn a_client_has_only_the_grants_that_it_was_given() {
    let world = World::new().await;
    let scopes = Scopes::parse("read").unwrap();
    for (id, grants, itself, people) in [
        ("job", Grants { client_credentials: true, device_code: false }, 200, 400),
        ("web", Grants { client_credentials: false, device_code: true }, 400, 200),
    ] {
        let client = world.service.register_client_for(id, ClientKind::Confidential, scopes.clone(), grants).await;
        let client = client.unwrap().unwrap();
        assert_eq!(world.service.client_facts(id).await.unwrap().unwrap().grants, grants);
        let (status, body) = answer(by(&world, &client, "token", &[("grant_type", "client_credentials")])).await;
        assert_eq!(status, itself, "{id}: {body}");
        assert!(status == 200 || body["error"] == "unauthorized_client");
        let (status, body) = answer(by(&world, &client, "device_authorization", &[])).await;
        assert_eq!(status, people, "{id}: {body}");
        assert!(status == 200 || body["error"] == "unauthorized_client");
    }
}

#[tokio::test]
async fn who_administers_in_the_process_that_serves_is_heard_at_once() {
    let world = World::new().await;
    let tokens = one_of_each(&world).await;
    for (speech, token) in &tokens {
        assert!(!is_dead(&world, *speech, token).await, "{speech:?}");
    }
    world.service.end_sessions(&SessionFilter::default()).await.unwrap();
    for (speech, token) in &tokens {
        assert!(is_dead(&world, *speech, token).await, "{speech:?}");
    }
    world.service.disable_user(&world.demo.antiraid_user_id).await.unwrap();
    assert_eq!(answer(world.bearing("GET", "/profiles", &world.demo.discovr_refresh_token)).await.0, 401);
}

#[tokio::test]
async fn a_sign_in_that_was_approved_is_refused_while_its_user_is_disabled() {
    let place = Place::new();
    let (world, admin) = both(&place).await;
    let demo = &world.demo.native_client;
    // So that they are the newest users.
    world.pass(Duration::from_secs(1));
    let native = good(by(&world, demo, "device_authorization", &[])).await;
    let discovr = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
    let path = format!("/auth/device-codes/{}/poll", discovr["deviceCode"].as_str().unwrap());
    let ask = || world.request("POST", &path);
    assert_eq!(decide(&world, &native, "approve").await, 200);
    assert_eq!(decide(&world, &json!({ "user_code": discovr["userCode"] }), "approve").await, 200);
    let users: Vec<_> = admin.service.users(2).await.unwrap().into_iter().map(|user| user.id).collect();
    for user in &users {
        assert!(admin.service.disable_user(user).await.unwrap());
    }
    for _ in 0..2 {
        let (status, error, _) = refused(poll(&world, demo, &native)).await;
        assert_eq!((status, error.as_str()), (400, "invalid_grant"));
        assert_eq!(answer(ask()).await.0, 401);
    }
    for user in &users {
        assert_eq!(admin.service.user_facts(user).await.unwrap().unwrap().0.sessions, 0);
        assert!(admin.service.enable_user(user).await.unwrap());
    }
    let token = secret(&good(poll(&world, demo, &native)).await, "access_token");
    assert!(!is_dead(&world, Speech::Native, &token).await);
    let token = secret(&good(ask()).await, "refreshToken");
    good(world.bearing("GET", "/profiles", &token)).await;
}
