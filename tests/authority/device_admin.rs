//! Device sign-ins that an administrator settles, by a process of its own on the store: where `/device` answers nobody.

use std::time::Duration;

use daypass_authority::{Config, Settled, SignInFacts, Speech};
use daypass_core::lineage::Scopes;
use daypass_core::{Secret, Time};
use serde_json::{Value, json};

use crate::native::{by, introspect, poll, refused, signed_in};
use crate::place::Place;
use crate::world::{START, World, answer, good, secret};

/// The server, and the process of the administrator.
async fn both(place: &Place) -> (World, World) {
    (World::at(place).await, World::at(place).await)
}

/// A sign-in of the native dialect for the scope `read`.
async fn begun(world: &World) -> Value {
    good(by(world, &world.demo.native_client, "device_authorization", &[("scope", "read")])).await
}

fn code(begun: &Value) -> &str {
    begun["user_code"].as_str().unwrap()
}

/// What the device is issued, after an administrator has approved it for `user`.
async fn approved(world: &World, admin: &World, user: &str) -> Value {
    let begun = begun(world).await;
    let settled = admin.service.approve_sign_in(code(&begun), Some(user)).await.unwrap();
    assert_eq!(settled, Settled::Approved(user.to_owned()));
    good(poll(world, &world.demo.native_client, &begun)).await
}

async fn is_alive(world: &World, issued: &Value) -> bool {
    introspect(world, &secret(issued, "access_token")).await["active"] == true
}

/// How many sessions the holder of `token` is told of.
async fn listed(world: &World, token: &Secret) -> usize {
    good(world.bearing("GET", "/oauth2/sessions", token)).await["sessions"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_waits_is_shown_without_a_code_and_approved_with_one() {
    let place = Place::new();
    let (world, admin) = both(&place).await;
    let at = |seconds| Time::from_timestamp(START + seconds, 0).unwrap();
    let native = begun(&world).await;
    world.pass(Duration::from_secs(60));
    let discovr = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
    let discovr_code = discovr["userCode"].as_str().unwrap();
    let expected = [
        SignInFacts { client: "tv".to_owned(), scopes: None, created_at: at(60), expires_at: at(660) },
        SignInFacts {
            client: world.demo.native_client.id.clone(),
            scopes: Scopes::parse("read"),
            created_at: at(0),
            expires_at: at(600),
        },
    ];
    assert_eq!(expected.clone().map(|waiting| waiting.dialect()), [Speech::Discovr, Speech::Native]);
    assert_eq!(admin.service.sign_ins(10).await.unwrap(), expected);
    assert_eq!(admin.service.sign_ins(1).await.unwrap(), expected[..1]);
    let typed = code(&native).to_lowercase().replace('-', " ");
    assert_eq!(admin.service.sign_in_facts(&typed).await.unwrap().as_ref(), Some(&expected[1]));
    assert_eq!(admin.service.sign_in_facts("BCDF-GHJK").await.unwrap(), None);

    // Whoever is approved without a user gets one of its own, as at the page.
    let mut users = Vec::new();
    for code in [typed.as_str(), discovr_code] {
        let Settled::Approved(user) = admin.service.approve_sign_in(code, None).await.unwrap() else {
            panic!("{code}")
        };
        assert!(admin.service.user_facts(&user).await.unwrap().is_some());
        assert_eq!(admin.service.approve_sign_in(code, None).await.unwrap(), Settled::NotWaiting, "once");
        assert_eq!(admin.service.deny_sign_in(code).await.unwrap(), Settled::NotWaiting);
        assert_eq!(admin.service.sign_in_facts(code).await.unwrap(), None);
        users.push(user);
    }
    assert_eq!(admin.service.sign_ins(10).await.unwrap(), []);
    let issued = good(poll(&world, &world.demo.native_client, &native)).await;
    assert_eq!(issued["scope"], "read");
    assert_eq!(introspect(&world, &secret(&issued, "access_token")).await["sub"], users[0]);
    let path = format!("/auth/device-codes/{}/poll", discovr["deviceCode"].as_str().unwrap());
    assert_eq!(good(world.request("POST", &path)).await["publicId"], users[1]);
}

#[tokio::test]
async fn a_device_that_an_administrator_denies_is_told_so_and_one_that_came_too_late_is_not_approved() {
    let place = Place::new();
    let (world, admin) = both(&place).await;
    let (denied, late) = (begun(&world).await, begun(&world).await);
    assert_eq!(admin.service.deny_sign_in(code(&denied)).await.unwrap(), Settled::Denied);
    assert_eq!(refused(poll(&world, &world.demo.native_client, &denied)).await.1, "access_denied");
    assert_eq!(admin.service.approve_sign_in(code(&denied), None).await.unwrap(), Settled::NotWaiting);
    assert_eq!(admin.service.sign_ins(10).await.unwrap().len(), 1);
    for world in [&world, &admin] {
        world.pass(Duration::from_secs(600));
    }
    assert_eq!(admin.service.approve_sign_in(code(&late), None).await.unwrap(), Settled::NotWaiting);
    assert_eq!(admin.service.sign_ins(10).await.unwrap(), []);
    assert_eq!(admin.service.approve_sign_in("not a code", None).await.unwrap(), Settled::NotWaiting);
}

#[tokio::test]
async fn devices_that_are_approved_for_one_user_see_and_end_each_other() {
    let place = Place::new();
    let (world, admin) = both(&place).await;
    let first = signed_in(&world, &world.demo.native_client).await;
    let sub = introspect(&world, &secret(&first, "access_token")).await["sub"].clone();
    let second = approved(&world, &admin, sub.as_str().unwrap()).await;
    assert_eq!(introspect(&world, &secret(&second, "access_token")).await["sub"], sub);
    assert_eq!(listed(&world, &secret(&first, "access_token")).await, 2);
    let ended = good(world.bearing("DELETE", "/oauth2/sessions/others", &secret(&first, "access_token"))).await;
    assert_eq!(ended["revoked"], 1);
    assert!(is_alive(&world, &first).await && !is_alive(&world, &second).await);

    // Discovr's: the refresh token is one more of the user's, who has the profiles that it had.
    let discovr = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
    let user = world.demo.antiraid_user_id.as_str();
    let settled = admin.service.approve_sign_in(discovr["userCode"].as_str().unwrap(), Some(user)).await.unwrap();
    assert_eq!(settled, Settled::Approved(user.to_owned()));
    let path = format!("/auth/device-codes/{}/poll", discovr["deviceCode"].as_str().unwrap());
    let signed_in = good(world.request("POST", &path)).await;
    assert_eq!(signed_in["publicId"], user);
    let profiles = good(world.bearing("GET", "/profiles", &secret(&signed_in, "refreshToken"))).await;
    assert_eq!(profiles["profiles"][0]["id"], world.demo.discovr_profile_id);
}

#[tokio::test]
async fn nobody_is_signed_in_as_a_user_who_is_not_there_or_disabled() {
    let place = Place::new();
    let (world, admin) = both(&place).await;
    let begun = begun(&world).await;
    let user = world.demo.antiraid_user_id.as_str();
    let approve = |user: &'static str| admin.service.approve_sign_in(code(&begun), Some(user));
    assert_eq!(approve("nobody").await.unwrap(), Settled::NoUser);
    assert_eq!(approve("").await.unwrap(), Settled::NoUser);
    admin.service.disable_user(user).await.unwrap();
    let settled = admin.service.approve_sign_in(code(&begun), Some(user)).await.unwrap();
    assert_eq!(settled, Settled::UserDisabled);
    assert_eq!(refused(poll(&world, &world.demo.native_client, &begun)).await.1, "authorization_pending");
    admin.service.enable_user(user).await.unwrap();
    let settled = admin.service.approve_sign_in(code(&begun), Some(user)).await.unwrap();
    assert_eq!(settled, Settled::Approved(user.to_owned()));
    // Removed before the device asks: there is nothing left to be signed in to.
    admin.service.remove_user(user).await.unwrap();
    assert_eq!(refused(poll(&world, &world.demo.native_client, &begun)).await.1, "invalid_grant");
}

/// A server that lets a user have `most` sessions.
async fn narrow(place: &Place, most: u32) -> World {
    World::with(Config { most_sessions: most, ..Config::default() }, place.store()).await
}

#[tokio::test]
async fn a_sign_in_at_the_limit_ends_the_session_that_was_used_longest_ago() {
    let place = Place::new();
    let (world, admin) = (narrow(&place, 2).await, World::at(&place).await);
    let user = world.demo.antiraid_user_id.as_str();
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(approved(&world, &admin, user).await);
        world.pass(Duration::from_secs(1));
    }
    // Of somebody else: it has nothing to do with it.
    let other = signed_in(&world, &world.demo.native_client).await;
    let token = secret(&held[0], "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.expose())];
    held[0] = good(by(&world, &world.demo.native_client, "token", &fields)).await;
    for issued in &held {
        assert!(is_alive(&world, issued).await, "and is remembered as such");
    }
    world.pass(Duration::from_secs(1));
    let third = approved(&world, &admin, user).await;
    assert!(!is_alive(&world, &held[1]).await, "it was not used after the other");
    assert!(is_alive(&world, &held[0]).await && is_alive(&world, &third).await && is_alive(&world, &other).await);
    let (status, body) = answer(by(
        &world,
        &world.demo.native_client,
        "token",
        &[("grant_type", "refresh_token"), ("refresh_token", secret(&held[1], "refresh_token").expose())],
    ))
    .await;
    assert_eq!((status.as_u16(), &body["error_description"]), (400, &"The session was revoked".into()));
    // What a session opens itself is refused as ever: only a person's sign-in makes room.
    let open = world.bearing("POST", "/oauth2/sessions", &secret(&third, "access_token")).json(&json!({}));
    assert_eq!(answer(open).await.0, 409);
    assert_eq!(listed(&world, &secret(&third, "access_token")).await, 2);

    // That its access token is accepted is a use as well.
    world.pass(Duration::from_secs(60));
    assert!(is_alive(&world, &held[0]).await);
    assert_eq!(world.service.write_uses().await.unwrap(), 1);
    let fourth = approved(&world, &admin, user).await;
    assert!(!is_alive(&world, &third).await, "it was opened later, and not used since");
    assert!(is_alive(&world, &held[0]).await && is_alive(&world, &fourth).await);
}

#[tokio::test]
async fn of_two_that_sign_in_at_once_no_more_live_than_may_be() {
    let place = Place::new();
    let (one, two, admin) = (narrow(&place, 1).await, narrow(&place, 1).await, World::at(&place).await);
    let (user, client) = (one.demo.antiraid_user_id.as_str(), &one.demo.native_client);
    for round in 0..10 {
        let mut asking = tokio::task::JoinSet::new();
        for world in [&one, &two] {
            let begun = begun(&one).await;
            admin.service.approve_sign_in(code(&begun), Some(user)).await.unwrap();
            let request = poll(world, client, &begun);
            asking.spawn(async move { good(request).await });
        }
        let mut living = 0;
        for issued in asking.join_all().await {
            living += usize::from(is_alive(&one, &issued).await);
        }
        assert_eq!(living, 1, "in round {round}");
    }
}
