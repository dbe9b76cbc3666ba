//! Refresh tokens over the wire: lost answers, crowds, failures to save, thieves, ends, restarts, and an older store.

use std::time::Duration;

use daypass_authority::RegisteredClient;
use daypass_core::Secret;
use serde_json::{Value, json};

use crate::native::{by, introspect, refused, signed_in};
use crate::place::Place;
use crate::world::{RequestBuilder, World, answer, good, secret};

const DAY: Duration = Duration::from_secs(86_400);

/// The request that presents `token`.
fn refresh(world: &World, client: &RegisteredClient, token: &Secret) -> RequestBuilder {
    by(world, client, "token", &[("grant_type", "refresh_token"), ("refresh_token", token.expose())])
}

/// The successor that `token` is answered.
pub(crate) async fn next(world: &World, token: &Secret) -> Secret {
    secret(&good(refresh(world, &world.demo.native_client, token)).await, "refresh_token")
}

/// A session's first refresh token.
pub(crate) async fn first(world: &World) -> Secret {
    secret(&signed_in(world, &world.demo.native_client).await, "refresh_token")
}

/// What a refused refresh says.
async fn reason(world: &World, token: &Secret) -> String {
    let (status, body) = answer(refresh(world, &world.demo.native_client, token)).await;
    assert_eq!((status.as_u16(), body["error"].as_str()), (400, Some("invalid_grant")), "{body}");
    body["error_description"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_lost_answer_is_answered_again() {
    let world = World::new().await;
    let mut held = first(&world).await;
    for _ in 0..5 {
        let lost = next(&world, &held).await;
        let again = next(&world, &held).await;
        assert_eq!(lost, again);
        assert_ne!(held, again);
        held = again;
    }
    assert_eq!(introspect(&world, &held).await["active"], true);
}

#[tokio::test]
async fn fifty_at_once_are_answered_one_successor() {
    let place = Place::new();
    let world = World::at(&place).await;
    let token = next(&world, &first(&world).await).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let request = refresh(&world, &world.demo.native_client, &token);
        asking.spawn(async move { good(request).await });
    }
    let answers = asking.join_all().await;
    let successor = secret(&answers[0], "refresh_token");
    for answered in &answers {
        assert_eq!(secret(answered, "refresh_token"), successor);
        assert_eq!(introspect(&world, &secret(answered, "access_token")).await["active"], true);
    }
    next(&world, &successor).await;
}

#[tokio::test]
async fn who_failed_to_save_one_goes_on_and_who_is_older_ends_the_session() {
    let world = World::new().await;
    let t0 = first(&world).await;
    let t1 = next(&world, &t0).await;
    let issued = good(refresh(&world, &world.demo.native_client, &t1)).await;
    let t2 = secret(&issued, "refresh_token");
    // t1 is in use, and was never saved.
    assert_eq!(next(&world, &t0).await, t1);
    assert_eq!(next(&world, &t1).await, t2);
    let t3 = next(&world, &t2).await;
    assert_eq!(next(&world, &t1).await, t2, "one behind again");
    // t0 is two behind: two hold what one should.
    assert_eq!(introspect(&world, &t0).await["active"], false, "asking about it ends nothing");
    let ended = "An old refresh token was used again, so the session was ended: sign in again";
    assert_eq!(reason(&world, &t0).await, ended);
    for token in [&t0, &t1, &t2, &t3] {
        assert_eq!(reason(&world, token).await, ended);
        assert_eq!(introspect(&world, token).await, json!({ "active": false }));
    }
    let access = secret(&issued, "access_token");
    assert_eq!(introspect(&world, &access).await, json!({ "active": false }), "its access tokens die with it");
}

#[tokio::test]
async fn a_made_up_token_ends_nothing() {
    let world = World::new().await;
    let t0 = first(&world).await;
    let held = next(&world, &next(&world, &next(&world, &t0).await).await).await;
    // The right session and an old generation, and a secret or a tag that is not.
    for at in [10, 30, 60, 95] {
        let text = t0.expose();
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        let guess = Secret::new(format!("{}{other}{}", &text[..at], &text[at + 1..]));
        assert_eq!(reason(&world, &guess).await, "The refresh token is not known", "{at}");
        good(by(&world, &world.demo.native_client, "revoke", &[("token", guess.expose())])).await;
    }
    // Nor does another client that got hold of an old one.
    let other = crate::native::registered(&world, "other", daypass_authority::ClientKind::Confidential).await;
    assert_eq!(refused(refresh(&world, &other, &t0)).await.1, "invalid_grant");
    next(&world, &held).await;
}

#[tokio::test]
async fn scopes_can_be_narrowed_and_never_widened() {
    let world = World::new().await;
    let demo = &world.demo.native_client;
    let token = first(&world).await;
    let asking = |scope| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.expose()), ("scope", scope)];
        by(&world, demo, "token", &fields)
    };
    let narrowed = good(asking("read")).await;
    assert_eq!(narrowed["scope"], "read");
    assert_eq!(introspect(&world, &secret(&narrowed, "access_token")).await["scope"], "read");
    for beyond in ["read root", "root", "\"", "read  write"] {
        assert_eq!(refused(asking(beyond)).await.1, "invalid_scope", "{beyond}");
    }
    let whole = good(refresh(&world, demo, &token)).await;
    assert_eq!(whole["scope"], "read write", "the session kept its scopes (RFC 6749 section 6)");
    assert_eq!(whole["refresh_token"], narrowed["refresh_token"]);
}

#[tokio::test]
async fn a_session_has_an_idle_and_an_absolute_life() {
    let world = World::new().await;
    let idle = first(&world).await;
    let mut kept = first(&world).await;
    for _ in 0..3 {
        world.pass(29 * DAY);
        kept = next(&world, &kept).await;
    }
    assert_eq!(reason(&world, &idle).await, "The session was not used for too long: sign in again");
    assert_eq!(introspect(&world, &idle).await["active"], false);
    // Three days are left, and then the last access token ends with the session.
    world.pass(3 * DAY - Duration::from_secs(60));
    let last = good(refresh(&world, &world.demo.native_client, &kept)).await;
    assert_eq!(last["expires_in"], 60);
    let access = secret(&last, "access_token");
    assert_eq!(introspect(&world, &access).await["active"], true);
    world.pass(Duration::from_secs(60));
    assert_eq!(introspect(&world, &access).await["active"], false);
    assert_eq!(reason(&world, &kept).await, "The session has reached the end of its life: sign in again");
}

#[tokio::test]
async fn a_restart_changes_nothing() {
    let place = Place::new();
    let world = World::at(&place).await;
    let t0 = first(&world).await;
    let t1 = next(&world, &t0).await;
    let issued = good(refresh(&world, &world.demo.native_client, &t1)).await;
    let (access, t2) = (secret(&issued, "access_token"), secret(&issued, "refresh_token"));
    let keys = good(world.request("GET", "/.well-known/jwks.json")).await;
    let client =
        RegisteredClient { id: world.demo.native_client.id.clone(), secret: world.demo.native_client.secret.clone() };
    world.end().await;

    let world = World::at(&place).await;
    assert_eq!(good(world.request("GET", "/.well-known/jwks.json")).await, keys);
    assert_eq!(introspect(&world, &access).await["active"], true);
    let successor = |answered: Value| secret(&answered, "refresh_token");
    assert_eq!(successor(good(refresh(&world, &client, &t0)).await), t1);
    assert_eq!(successor(good(refresh(&world, &client, &t1)).await), t2);
    let t3 = successor(good(refresh(&world, &client, &t2)).await);
    assert_eq!(refused(refresh(&world, &client, &t0)).await.1, "invalid_grant");
    world.end().await;

    let world = World::at(&place).await;
    assert_eq!(refused(refresh(&world, &client, &t3)).await.1, "invalid_grant", "what has ended stays so");
}

#[tokio::test]
async fn no_token_of_a_session_is_in_any_file() {
    let place = Place::new();
    let world = World::at(&place).await;
    let t0 = first(&world).await;
    let t1 = next(&world, &t0).await;
    let t2 = next(&world, &t1).await;
    world.end().await;
    let bytes = place.bytes();
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    for token in [t0, t1, t2] {
        let raw = data_encoding::BASE64URL_NOPAD.decode(&token.expose().as_bytes()[5..]).unwrap();
        assert!(holds(&raw[..16]), "the session is there: the search finds what is");
        assert!(!holds(&raw[20..52]) && !holds(&token.expose().as_bytes()[32..76]));
    }
}

#[tokio::test]
async fn sessions_that_are_over_leave_the_file() {
    let place = Place::new();
    let world = World::at(&place).await;
    let token = first(&world).await;
    good(by(&world, &world.demo.native_client, "token", &[("grant_type", "client_credentials")])).await;
    let left = || place.run("SELECT count(*) FROM native_sessions");
    let sweep = async || while world.service.expire().await.unwrap() > 0 {};
    sweep().await;
    assert_eq!(left(), "2");
    world.pass(Duration::from_secs(600));
    sweep().await;
    assert_eq!(left(), "1", "nobody asks after one that a client opened for itself");
    world.pass(36 * DAY);
    sweep().await;
    assert_eq!(reason(&world, &token).await, "The session was not used for too long: sign in again");
    // 37 days after its last use, at the next full hour.
    world.pass(DAY + Duration::from_secs(3600));
    sweep().await;
    assert_eq!(left(), "0");
    assert_eq!(reason(&world, &token).await, "The refresh token is not known");
}
