//! Steps of two authorities on one PostgreSQL that meet in the middle: a gate in the database holds the one where the other
//! would do harm.

use std::time::Duration;

use daypass_authority::{Config, SessionFilter, Store};
use daypass_core::Secret;
use daypass_test_support::postgres::{self, Database, Session};
use daypass_test_support::wait;
use serde_json::json;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::native::{by, decide, introspect, poll, signed_in};
use crate::world::{RequestBuilder, World, answer, good, secret};

/// How long what must happen may take, on a machine that is busy.
const SOON: Duration = Duration::from_secs(30);

/// An authority on `database`, whose statements may wait for longer than those of a real one.
async fn over(database: &Database, more: &str) -> World {
    let waits = "?options=-c%20statement_timeout%3D60000%20-c%20lock_timeout%3D60000";
    let url = Secret::new(format!("{}{waits}{more}", database.url()));
    World::with(Config::default(), Store::postgres(&url, None).unwrap()).await
}

/// Who does something to a table waits here until this is dropped.
struct Gate(#[expect(dead_code, reason = "its end opens the gate")] Session);

impl Gate {
    /// One before each `deed`, such as `INSERT ON sessions`.
    fn before(database: &Database, deed: &str) -> Self {
        database.run(&format!(
            "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END';
             CREATE TRIGGER gate BEFORE {deed} FOR EACH ROW EXECUTE FUNCTION gate()"
        ));
        let mut keeper = database.session();
        keeper.run("SELECT pg_advisory_lock(4711)");
        Self(keeper)
    }
}

/// How many wait for a lock in `database`: at the gate, for a user, for a row.
fn waiting(database: &Database) -> u32 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    database.run(sql).parse().unwrap()
}

/// Sends `request`, and waits until it stands at the gate.
async fn at_the_gate(database: &Database, request: RequestBuilder) -> JoinHandle<serde_json::Value> {
    standing(database, tokio::spawn(async move { good(request).await })).await
}

/// What was begun, once it stands at the gate.
async fn standing<T>(database: &Database, begun: JoinHandle<T>) -> JoinHandle<T> {
    tokio::time::timeout(SOON, async {
        while waiting(database) < 1 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("nobody comes to the gate");
    begun
}

/// Opens the gate as soon as `other` has ended or waits too, and answers what that did.
async fn meet<T: Send + 'static>(database: &Database, gate: Gate, other: JoinHandle<T>) -> T {
    tokio::time::timeout(SOON, async {
        while !other.is_finished() && waiting(database) < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it neither waits nor ends");
    drop(gate);
    other.await.unwrap()
}

#[tokio::test]
async fn who_disables_a_user_waits_for_the_sign_in_that_is_under_way_and_ends_it() {
    let database = postgres::shared().database();
    let (world, admin) = (over(&database, "").await, over(&database, "").await);
    let client = &world.demo.native_client;
    // So that this is the newest user.
    world.pass(Duration::from_secs(1));
    let begun = good(by(&world, client, "device_authorization", &[])).await;
    assert_eq!(decide(&world, &begun, "approve").await, 200);
    let user = admin.service.users(1).await.unwrap().remove(0).id;
    let gate = Gate::before(&database, "INSERT ON native_sessions");
    let polling = at_the_gate(&database, poll(&world, client, &begun)).await;
    let (service, id) = (std::sync::Arc::clone(&admin.service), user.clone());
    assert!(meet(&database, gate, tokio::spawn(async move { service.disable_user(&id).await.unwrap() })).await);
    let token = secret(&polling.await.unwrap(), "access_token");
    assert_eq!(admin.service.user_facts(&user).await.unwrap().unwrap().0.sessions, 0, "it was opened behind the end");
    assert_eq!(introspect(&admin, &token).await, json!({ "active": false }));
}

#[tokio::test]
async fn who_ends_the_sessions_of_a_user_ends_the_one_that_one_of_them_is_opening() {
    let database = postgres::shared().database();
    let (world, admin) = (over(&database, "").await, over(&database, "").await);
    let user = SessionFilter { user: Some(world.demo.antiraid_user_id.clone()), ..SessionFilter::default() };
    let gate = Gate::before(&database, "INSERT ON sessions");
    let body = json!({ "name": "ci", "type": "api", "expiry": 600 });
    let request = world.bearing("POST", "/sessions", &world.demo.antiraid_login_token).json(&body);
    let opening = at_the_gate(&database, request).await;
    let (service, filter) = (std::sync::Arc::clone(&admin.service), user.clone());
    let ended = meet(&database, gate, tokio::spawn(async move { service.end_sessions(&filter).await.unwrap() })).await;
    let token = secret(&opening.await.unwrap(), "token");
    assert_eq!(ended, 2, "the login, and what it opened");
    assert_eq!(admin.service.sessions(&user, 10).await.unwrap(), []);
    assert_eq!(answer(admin.bearing("GET", "/sessions/@me", &token)).await.0, 401);
}

#[tokio::test]
async fn what_waits_for_a_connection_in_vain_is_told_so_and_the_next_one_is_served() {
    let database = postgres::shared().database();
    let world = over(&database, "&connections=1").await;
    let gate = Gate::before(&database, "INSERT ON sessions");
    let body = json!({ "name": "ci", "type": "api", "expiry": 600 });
    let request = world.bearing("POST", "/sessions", &world.demo.antiraid_login_token).json(&body);
    let opening = at_the_gate(&database, request).await;
    let response = world.bearing("GET", "/profiles", &Secret::new("rt_unknown")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    drop(gate);
    opening.await.unwrap();
    assert_eq!(answer(world.bearing("GET", "/profiles", &Secret::new("rt_unknown"))).await.0, 401);
}

#[tokio::test]
async fn a_step_that_nobody_waits_for_any_more_is_done_and_its_connection_serves_on() {
    let database = postgres::shared().database();
    let world = over(&database, "&connections=1").await;
    // The last thing that a new user gets.
    let gate = Gate::before(&database, "INSERT ON sessions");
    let users = "SELECT count(*) FROM users";
    let before: u32 = database.run(users).parse().unwrap();
    let service = std::sync::Arc::clone(&world.service);
    let adding = standing(&database, tokio::spawn(async move { service.create_user().await.map(drop) })).await;
    assert_eq!(database.run(users), before.to_string(), "half of a user is none");
    adding.abort();
    assert!(adding.await.unwrap_err().is_cancelled());
    drop(gate);
    let added = || (database.run(users).parse() == Ok(before + 1)).then_some(());
    wait::until("the user that nobody waited for", SOON, added);
    assert_eq!(answer(world.bearing("GET", "/profiles", &Secret::new("rt_unknown"))).await.0, 401);
}

#[tokio::test]
async fn a_database_with_another_isolation_for_its_clients_is_used_as_any_other() {
    let database = spawn_blocking(|| postgres::shared().database()).await.unwrap();
    for isolation in ["repeatable read", "serializable"] {
        database.run(&format!("ALTER DATABASE {} SET default_transaction_isolation = '{isolation}'", database.name()));
        let (here, there) = (over(&database, "").await, over(&database, "").await);
        let client = &here.demo.native_client;
        let token = secret(&signed_in(&here, client).await, "refresh_token");
        let refresh =
            |world| by(world, client, "token", &[("grant_type", "refresh_token"), ("refresh_token", token.expose())]);
        let gate = Gate::before(&database, "UPDATE ON native_sessions");
        let first = at_the_gate(&database, refresh(&here)).await;
        // It waits for the row, and must then see what the first one has written there.
        let other = meet(&database, gate, tokio::spawn(answer(refresh(&there)))).await;
        assert_eq!(other.0, 200, "{isolation}");
        assert_eq!(other.1["refresh_token"], first.await.unwrap()["refresh_token"], "{isolation}");
        database.run("DROP TRIGGER gate ON native_sessions; DROP FUNCTION gate");
    }
}
