//! How PostgreSQL goes about each statement of its store: none reads through a table of users' things.
//!
//! The server tells the plan of every statement that it runs (`auto_explain`), those of triggers and foreign keys included,
//! as it would be made for any values; the store is full, so that an index is worth its while.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use daypass_authority::{Config, SessionFilter, Store};
use daypass_core::Secret;
use daypass_test_support::postgres::{Database, Server};
use serde_json::{Value, json};

use crate::attacks_matrix::{all, live};
use crate::document::every::do_all;
use crate::native::{by, decide, introspect, poll, signed_in};
use crate::world::{START, World, good, secret};

/// The tables with as many rows as there are users, sessions or changes.
const LARGE: [&str; 8] =
    ["changes", "clients", "credentials", "device_codes", "native_sessions", "profiles", "sessions", "users"];

/// What may read through a table, by how it begins: an administrator's lists, which keep nobody waiting; the sign-ins that
/// are about to go, of which there are never many; and the changes of the last minutes.
const RARE: [&str; 6] = [
    "SELECT id, created_at, disabled_at, (SELECT count(*) FROM credentials",
    "SELECT id, digest IS NULL, scopes, grants",
    "SELECT id, kind, user_id, NULL::text, name",
    "DELETE FROM device_codes WHERE user_id",
    "DELETE FROM device_codes WHERE client_id",
    "DELETE FROM changes WHERE noted_at",
];

/// Fills the tables with what is living, and keeps quiet about it.
const FILL: &str = "
    SET auto_explain.log_min_duration = -1;
    INSERT INTO users (id, created_at) SELECT 'u' || n, n FROM generate_series(1, 20000) n;
    INSERT INTO profiles (id, user_id, name, created_at) SELECT 'p' || n, 'u' || n, 'x', n FROM generate_series(1, 20000) n;
    INSERT INTO clients (id, scopes, grants, created_at) SELECT 'c' || n, '', '', n FROM generate_series(1, 5000) n;
    INSERT INTO credentials (digest, user_id, kind, created_at, expires_at)
        SELECT sha256(n::text::bytea), 'u' || n % 20000 + 1, 'discover_refresh', n, END_ + n FROM generate_series(1, 60000) n;
    INSERT INTO sessions (digest, id, user_id, root, kind, created_at, expires_at)
        SELECT sha256(n::text::bytea), 's' || n, 'u' || n % 20000 + 1, n, (ARRAY['discovr', 'pocketpaw', 'api'])[n % 3 + 1], n,
            END_ + n FROM generate_series(1, 60000) n;
    INSERT INTO native_sessions (id, client_id, user_id, scopes, created_at, expires_at, idle, used_at, ended, forgotten_at,
            tag_key, generation, current_digest, current_salt)
        SELECT substr(sha256(n::text::bytea), 1, 16), 'c' || n % 5000 + 1, 'u' || n % 20000 + 1, '', n, END_ + n, 10000000000000,
            n, CASE WHEN n % 2 = 0 THEN 'revoked' END, END_ + n, '', 0, '', '' FROM generate_series(1, 60000) n;
    INSERT INTO device_codes (digest, user_code, client_id, created_at, expires_at)
        SELECT sha256(n::text::bytea), sha256(n::text::bytea), 'c1', n, LATELY - n FROM generate_series(1, 20000) n;
    INSERT INTO changes (what) SELECT 'n' || n FROM generate_series(1, 20000) n;
    ANALYZE";

fn fill(database: &Database) {
    let (end, lately) = ((START + 86_400 * 1000) * 1_000_000, (START - 3600) * 1_000_000);
    database.run(&FILL.replace("END_", &end.to_string()).replace("LATELY", &lately.to_string()));
}

/// The statements of the store as they stand in its source, in pieces: each text that begins like one.
fn pieces() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/postgres");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        let code: Vec<_> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        // A quotation mark within a text is no end of it.
        for text in code.join("\n").replace("\\\"", "\u{1}").split('"').skip(1).step_by(2) {
            let text = plain(&text.replace('\u{1}', "\""));
            let begins = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WHERE ", "UNION "];
            if begins.iter().any(|begin| text.starts_with(begin)) {
                found.push(text);
            }
        }
    }
    found
}

/// A statement on one line.
fn plain(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a server has told in its log: each statement, and what it reads through of the large tables.
fn told(log: &str) -> BTreeSet<(String, Vec<String>)> {
    let mut found = BTreeSet::new();
    for entry in log.split("\n@").filter(|entry| entry.contains("plan:\n")) {
        let (_, json) = entry.split_once("plan:\n").unwrap();
        // The lines that belong to an entry are indented.
        let json: String = json.lines().take_while(|line| line.starts_with('\t')).collect();
        let told: Value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
        let mut scanned = Vec::new();
        scans(&told["Plan"], None, &mut scanned);
        found.insert((plain(told["Query Text"].as_str().unwrap()), scanned));
    }
    found
}

/// What a part of a plan reads through; `heap` is the table of the bitmap that it makes.
fn scans(part: &Value, heap: Option<&str>, found: &mut Vec<String>) {
    let kind = part["Node Type"].as_str().unwrap();
    let table = part["Relation Name"].as_str().or(heap);
    let by_index = part["Index Cond"].is_string() || kind == "Bitmap Heap Scan";
    if let Some(table) = table.filter(|table| LARGE.contains(table) && kind.contains("Scan") && !by_index) {
        found.push(format!("{kind} on {table}"));
    }
    let heap = part["Relation Name"].as_str().filter(|_| kind == "Bitmap Heap Scan").or(heap);
    for below in part["Plans"].as_array().into_iter().flatten() {
        scans(below, heap, found);
    }
}

/// Everything that an authority does: what its clients ask for, what an administrator does, and what it does by itself.
async fn do_everything(begin: impl AsyncFn() -> World) {
    do_all(&begin).await;
    let world = begin().await;
    let demo = &world.demo;
    let secrets = all(&world).await;
    live(&world, &secrets).await;
    let client = &demo.native_client;
    let refresh = secret(&signed_in(&world, client).await, "refresh_token");
    for _ in 0..2 {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
        good(by(&world, client, "token", &fields)).await;
    }
    let access = secret(&signed_in(&world, client).await, "access_token");
    signed_in(&world, client).await;
    for (method, path) in
        [("GET", "/oauth2/sessions"), ("DELETE", "/oauth2/sessions/others"), ("DELETE", "/oauth2/sessions")]
    {
        let answer = world.bearing(method, path, &access).send().await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
    }
    let begun = good(by(&world, client, "device_authorization", &[])).await;
    assert_eq!(decide(&world, &begun, "deny").await, 200);
    assert_eq!(poll(&world, client, &begun).send().await.unwrap().status(), 400);

    let begun = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
    let service = &world.service;
    service.sign_ins(10).await.unwrap();
    service.approve_sign_in(begun["userCode"].as_str().unwrap(), Some("u6")).await.unwrap();
    let path = format!("/auth/device-codes/{}/poll", begun["deviceCode"].as_str().unwrap());
    good(world.request("POST", &path)).await;

    let used = secret(&signed_in(&world, client).await, "access_token");
    world.pass(Duration::from_secs(60));
    assert_eq!(introspect(&world, &used).await["active"], true);
    assert!(service.write_uses().await.unwrap() > 0);
    service.users(10).await.unwrap();
    service.user_facts("u7").await.unwrap().unwrap();
    service.clients().await.unwrap();
    service.client_facts(&client.id).await.unwrap().unwrap();
    service.rotate_client_secret(&client.id).await.unwrap().unwrap();
    service.rotate_key(true).await.unwrap();
    let by_user = SessionFilter { user: Some("u8".to_owned()), ..SessionFilter::default() };
    assert!(!service.sessions(&by_user, 10).await.unwrap().is_empty());
    assert!(service.end_sessions(&by_user).await.unwrap() > 0);
    let by_client = SessionFilter { client: Some("c10".to_owned()), ..SessionFilter::default() };
    assert!(service.end_sessions(&by_client).await.unwrap() > 0);
    assert!(service.disable_user("u10").await.unwrap() && service.enable_user("u10").await.unwrap());
    assert!(service.remove_user("u10").await.unwrap());
    assert!(service.remove_client("c11").await.unwrap());
    service.expire().await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn no_statement_reads_through_a_table() {
    let settings = ["shared_preload_libraries=auto_explain", "auto_explain.log_min_duration=0"];
    let more = ["auto_explain.log_nested_statements=on", "auto_explain.log_format=json", "log_line_prefix=@"];
    let any = ["plan_cache_mode=force_generic_plan", "autovacuum=off", "fsync=off", "synchronous_commit=off"];
    let server = Server::start(&[settings.as_slice(), &more, &any].concat());
    let database = server.database();
    let store = || Store::postgres(&Secret::new(database.url()), None).unwrap();
    World::with(Config::default(), store()).await.end().await;
    fill(&database);
    // Until here the tables were empty, and read through at once.
    let before = server.log().len();
    do_everything(async || World::with(Config::default(), store()).await).await;
    let log = server.log();
    let (told, ever) = (told(&log[before..]), told(&log));

    let mut rare = BTreeSet::new();
    let mut wrong = Vec::new();
    for (sql, scanned) in told.iter().filter(|(_, scanned)| !scanned.is_empty()) {
        match RARE.iter().find(|begin| sql.starts_with(**begin)) {
            Some(begin) => drop(rare.insert(*begin)),
            None => wrong.push(format!("{scanned:?}: {sql}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let idle: Vec<_> = RARE.iter().filter(|begin| !rare.contains(*begin)).collect();
    assert!(idle.is_empty(), "what reads no table through needs no leave: {idle:?}");
    let pieces = pieces();
    assert!(pieces.len() > 60, "they are found: {}", pieces.len());
    let unseen: Vec<_> =
        pieces.iter().filter(|piece| !ever.iter().any(|(sql, _)| sql.contains(piece.as_str()))).collect();
    assert!(unseen.is_empty(), "the plan of these is not known: {unseen:#?}");
}
