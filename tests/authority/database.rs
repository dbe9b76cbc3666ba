//! The database itself: how it gets its schema, whose it may be, how its processes hear of one another, and its dumps.

use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use daypass_authority::{ClientKind, Config, Error, SessionFilter, Store};
use daypass_core::Secret;
use daypass_test_support::postgres::{self, Database};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::attacks_matrix::{all, live};
use crate::elsewhere::{dies_soon, remembered};
use crate::native::{by, introspect, registered, signed_in};
use crate::operation::figure;
use crate::place::Place;
use crate::world::{World, answer, good, secret};

/// The newest schema.
const SCHEMA: i64 = 4;
/// How many rows say which schema a database has, and which that is.
const VERSION: &str = "SELECT count(*), max(version) FROM daypass_schema";

fn opened(database: &Database) -> Result<Store, Error> {
    Store::postgres(&Secret::new(database.url()), None)
}

async fn over(database: &Database) -> World {
    World::with(Config::default(), opened(database).unwrap()).await
}

#[test]
fn of_many_that_start_on_a_new_database_at_once_each_finds_the_schema() {
    for _ in 0..3 {
        let database = postgres::shared().database();
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    opened(&database).map(drop).unwrap();
                });
            }
        });
        assert_eq!(database.run(VERSION), format!("1|{SCHEMA}"));
    }
}

#[tokio::test]
async fn a_database_with_the_first_schema_is_brought_to_the_newest() {
    let database = postgres::shared().database();
    database.run(include_str!("../../src-tauri/authority/src/store/postgres/schema-1.sql"));
    database.run("CREATE TABLE daypass_schema (version BIGINT NOT NULL); INSERT INTO daypass_schema VALUES (1)");
    let by_client = "SELECT count(*) FROM pg_indexes WHERE indexname = 'native_sessions_by_client'";
    assert_eq!(database.run(by_client), "0");
    database.run(
        "INSERT INTO native_sessions (id, client_id, scopes, created_at, expires_at, idle, used_at, forgotten_at, tag_key,
             generation, current_digest, current_salt)
         VALUES (decode(repeat('07', 16), 'hex'), 'tv', '', 1, 9000000000000000, 9000000000000, 1, 9000000000000000,
             decode(repeat('07', 32), 'hex'), 0, decode(repeat('07', 32), 'hex'), decode(repeat('07', 32), 'hex'))",
    );
    let world = over(&database).await;
    let told = world.service.sessions(&SessionFilter::default(), 100).await.unwrap();
    let own = told.iter().find(|session| session.kind == "native").unwrap();
    assert_eq!(own.used_at.unwrap().timestamp_micros(), 1, "as it was, and no use of a token besides");
    world.end().await;
    assert_eq!(database.run(VERSION), format!("1|{SCHEMA}"));
    assert_eq!(database.run(by_client), "1");
}

#[tokio::test]
async fn a_database_of_another_program_or_a_newer_daypass_is_refused_in_a_sentence_and_left_alone() {
    let tables =
        "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    for (sql, is_newer) in [
        ("CREATE TABLE daypass_schema (version BIGINT NOT NULL); INSERT INTO daypass_schema VALUES (99)", true),
        ("CREATE TABLE users (login TEXT)", false),
        ("CREATE TABLE daypass_schema (edition TEXT)", false),
    ] {
        let database = postgres::shared().database();
        database.run(sql);
        let before = database.run(tables);
        let Err(error) = opened(&database) else { panic!("it was taken: {sql}") };
        assert_eq!(matches!(error, Error::Newer { found: 99, known: SCHEMA }), is_newer, "{error}");
        assert_eq!(matches!(error, Error::Postgres(_)), !is_newer, "{error}");
        let said = error.to_string();
        assert!(said.starts_with("the ") && !said.contains('\n') && said.len() < 160, "{said}");
        assert_eq!(database.run(tables), before, "{sql}");
    }
    // One that was used, and that a newer one has used since.
    let database = postgres::shared().database();
    over(&database).await.end().await;
    database.run("UPDATE daypass_schema SET version = 99");
    assert!(matches!(opened(&database).map(drop), Err(Error::Newer { found: 99, known: SCHEMA })));
}

/// Takes the line with `what` out of the function that notes a change.
fn without(place: &Place, what: &str) {
    let body = "pg_get_functiondef('note_change'::regproc)";
    let line = format!(r"\n[^\n]*{what}[^\n]*;");
    assert_eq!(place.run(&format!("SELECT {body} ~ '{line}'")), "t");
    place.run(&format!("DO $do$ BEGIN EXECUTE regexp_replace({body}, '{line}', E'\\n NULL;'); END $do$"));
}

#[tokio::test]
async fn a_revocation_is_heard_within_a_second_by_either_of_the_two_ways_alone() {
    for missing in ["pg_notify", "INSERT INTO changes"] {
        let place = Place::new();
        let (here, there) = (World::at(&place).await, World::at(&place).await);
        let tv = registered(&there, "tv", ClientKind::Public).await;
        without(&place, missing);
        for _ in 0..3 {
            let token = secret(&signed_in(&there, &tv).await, "access_token");
            let ask = async || assert_eq!(introspect(&here, &token).await["active"], true);
            remembered(&here, "native_session", ask).await;
            good(by(&there, &tv, "revoke", &[("token", token.expose())])).await;
            dies_soon(&here, &token, &format!("without {missing} it")).await;
        }
        here.end().await;
        there.end().await;
    }
}

/// The access tokens of a new user's sessions, so many.
async fn tokens(world: &World, many: usize) -> Vec<Secret> {
    let first = secret(&signed_in(world, &world.demo.native_client).await, "access_token");
    let mut all = vec![first];
    while all.len() < many {
        let (status, issued) = answer(world.bearing("POST", "/oauth2/sessions", &all[0]).json(&json!({}))).await;
        assert_eq!(status, 201, "{issued}");
        all.push(secret(&issued, "access_token"));
    }
    all
}

#[tokio::test]
async fn a_last_use_is_called_out_to_nobody_and_written_where_the_session_stands() {
    let place = Place::new();
    let (here, there) = (World::at(&place).await, World::at(&place).await);
    // More than a page holds.
    let tokens = tokens(&there, 40).await;
    let ask = async || {
        for token in &tokens {
            assert_eq!(introspect(&there, token).await["active"], true);
        }
    };
    remembered(&there, "native_session", ask).await;
    let figures = async || there.request("GET", "/metrics").send().await.unwrap().text().await.unwrap();
    let reads = "daypass_authority_store_step_seconds_count{step=\"native_session\"}";
    let before = figure(&figures().await, reads);
    let pages = "SELECT string_agg((ctid::text::point)[0]::text, ' ' ORDER BY id) FROM native_sessions";
    let stands = place.run(pages);
    assert!(stands.starts_with('0') || stands.contains(" 0"), "{stands}");
    assert!(stands.contains('1'), "{stands}");

    here.pass(Duration::from_secs(60));
    for token in &tokens[..2] {
        assert_eq!(introspect(&here, token).await["active"], true);
    }
    assert_eq!(here.service.write_uses().await.unwrap(), 2);
    assert_eq!(place.run("SELECT count(*) FROM native_sessions WHERE seen_at IS NOT NULL"), "2");
    assert_eq!(
        place.run("SELECT count(*) FROM changes WHERE what LIKE 'n%'"),
        "0",
        "whatever is called out is noted there"
    );
    ask().await;
    assert_eq!(figure(&figures().await, reads), before, "the other one still answers from memory");
    assert_eq!(place.run(pages), stands, "on the same pages");
    here.end().await;
    there.end().await;
}

#[tokio::test]
async fn a_last_use_waits_for_nobody_who_holds_the_session() {
    let database = postgres::shared().database();
    let world = over(&database).await;
    let tokens = tokens(&world, 2).await;
    world.pass(Duration::from_secs(60));
    for token in &tokens {
        assert_eq!(introspect(&world, token).await["active"], true);
    }
    let mut held = database.session();
    held.run("BEGIN; SELECT FROM native_sessions LIMIT 1 FOR UPDATE");
    assert_eq!(world.service.write_uses().await.unwrap(), 1, "the other one");
    drop(held);
    for token in &tokens {
        assert_eq!(introspect(&world, token).await["active"], true);
    }
    assert_eq!(world.service.write_uses().await.unwrap(), 1, "its next use is noted");
    world.end().await;
}

#[tokio::test]
async fn a_dump_under_load_holds_all_that_was_answered_before_it_and_serves_elsewhere() {
    let database = Arc::new(postgres::shared().database());
    let mut world = over(&database).await;
    let secrets = all(&world).await;
    let body = json!({ "name": "x", "type": "api", "expiry": 600 });
    let ended = good(world.bearing("POST", "/sessions", &world.demo.antiraid_login_token).json(&body)).await;
    let path = format!("/sessions/{}", ended["session_id"].as_str().unwrap());
    let end = world.bearing("DELETE", &path, &world.demo.antiraid_login_token);
    assert_eq!(end.send().await.unwrap().status(), 204);
    let keys = good(world.request("GET", "/.well-known/jwks.json")).await;

    let answered = Arc::new(Mutex::new(Vec::new()));
    let mut load = tokio::task::JoinSet::new();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..4 {
        let (login, url) = (world.demo.antiraid_login_token.clone(), format!("http://{}/sessions", world.address));
        let (http, body, answered) = (http.clone(), body.clone(), Arc::clone(&answered));
        load.spawn(async move {
            loop {
                let response = http.post(&url).bearer_auth(login.expose()).json(&body).send().await.unwrap();
                let issued: serde_json::Value = response.json().await.unwrap();
                answered.lock().unwrap().push(secret(&issued, "token"));
            }
        });
    }
    let some = async {
        while answered.lock().unwrap().len() < 40 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), some).await.unwrap();
    let before: Vec<Secret> = answered.lock().unwrap().clone();
    let dumped = Arc::clone(&database);
    let dump = spawn_blocking(move || dumped.tool("pg_dump", &["--format=custom"])).await.unwrap();
    load.shutdown().await;
    assert!(answered.lock().unwrap().len() > before.len(), "nobody wrote meanwhile");

    // Over what another authority had left there.
    let elsewhere = postgres::shared().database();
    over(&elsewhere).await.end().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump");
    std::fs::write(&file, dump).unwrap();
    elsewhere.tool("pg_restore", &["--clean", "--if-exists", file.to_str().unwrap()]);

    let mut restored = over(&elsewhere).await;
    std::mem::swap(&mut world.demo, &mut restored.demo);
    assert_eq!(good(restored.request("GET", "/.well-known/jwks.json")).await, keys);
    live(&restored, &secrets).await;
    for token in &before {
        good(restored.bearing("GET", "/sessions/@me", token)).await;
    }
    let dead = restored.bearing("GET", "/sessions/@me", &secret(&ended, "token"));
    assert_eq!(answer(dead).await.0, 401, "what had ended stays so");
    restored.end().await;
    world.end().await;
}
