//! The store: what survives a restart, what is in the file, and how rows leave it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use daypass_authority::{Config, Error, Service, Store};
use daypass_core::Secret;
use serde_json::json;

use crate::world::{Dice, World, answer, good, secret};

async fn over(path: &Path) -> World {
    World::with(Config::default(), Store::sqlite(path).unwrap()).await
}

/// Every secret that a run hands out or takes.
async fn every_secret(world: &World) -> Vec<Secret> {
    let demo = &world.demo;
    let mut secrets = vec![
        demo.discovr_refresh_token.clone(),
        demo.pocketpaw_master_token.clone(),
        demo.antiraid_login_token.clone(),
        demo.discover_api_key.clone(),
    ];
    let body = json!({ "profileId": demo.discovr_profile_id });
    let minted = good(world.bearing("POST", "/auth/session-token", &demo.discovr_refresh_token).json(&body)).await;
    secrets.push(secret(&minted, "sessionToken"));
    let minted = good(world.bearing("POST", "/api/auth/session", &demo.pocketpaw_master_token)).await;
    secrets.push(secret(&minted, "session_token"));
    let body = json!({ "name": "ci", "type": "api", "expiry": 600 });
    let created = good(world.bearing("POST", "/sessions", &demo.antiraid_login_token).json(&body)).await;
    secrets.push(secret(&created, "token"));
    let request = world.request("POST", "/account/1/access-token").json(&json!({ "scope": ["search-rec"] }));
    let minted = good(request.header("x-api-key", demo.discover_api_key.expose())).await;
    secrets.extend([secret(&minted, "accessToken"), secret(&minted, "refreshToken")]);
    let renewed = good(world.bearing("PUT", "/account/1/access-token", &secret(&minted, "refreshToken"))).await;
    secrets.push(secret(&renewed, "accessToken"));
    let begun = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
    secrets.extend([secret(&begun, "deviceCode"), secret(&begun, "userCode")]);
    secrets
}

/// Which of `secrets` stand, whole or by their long last part, in a file of `folder`.
fn found(folder: &Path, secrets: &[Secret]) -> usize {
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in secrets {
            // The last part of a JWT or a stamped token is what makes it one. Not what follows any `_`: a signature may
            // have one before its last letters, which are found everywhere.
            let text = ["rt_", "dvc_"].iter().find_map(|prefix| secret.expose().strip_prefix(prefix));
            let tail = text.unwrap_or(secret.expose()).rsplit(['.', ':']).next().unwrap().as_bytes();
            assert!(tail.len() > 8, "too short to be told from chance");
            found += usize::from(bytes.windows(tail.len()).any(|window| window == tail));
        }
    }
    found
}

#[tokio::test]
async fn sessions_and_credentials_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.sqlite");
    let world = over(&path).await;
    let secrets = every_secret(&world).await;
    world.end().await;

    let world = over(&path).await;
    good(world.bearing("GET", "/profile/me", &secrets[4])).await;
    good(world.bearing("GET", "/api/sessions", &secrets[5])).await;
    good(world.bearing("GET", "/sessions/@me", &secrets[6])).await;
    good(world.bearing("GET", "/search-rec/1/3", &secrets[7])).await;
    good(world.bearing("GET", "/profiles", &secrets[0])).await;
    world.end().await;
}

#[tokio::test]
async fn an_answered_session_is_on_the_disk_even_if_the_process_dies_now() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.sqlite");
    let world = over(&path).await;
    let secrets = every_secret(&world).await;
    // What a killed process leaves: the files as they are, without the end that tidies them up.
    let left = tempfile::tempdir().unwrap();
    for name in ["authority.sqlite", "authority.sqlite-wal"] {
        std::fs::copy(folder.path().join(name), left.path().join(name)).unwrap();
    }
    let after = over(&left.path().join("authority.sqlite")).await;
    for (path, index) in [("/profile/me", 4), ("/api/sessions", 5), ("/sessions/@me", 6), ("/search-rec/1/3", 9)] {
        good(after.bearing("GET", path, &secrets[index])).await;
    }
}

#[tokio::test]
async fn no_secret_is_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.sqlite");
    let world = over(&path).await;
    let secrets = every_secret(&world).await;
    assert_eq!(secrets.len(), 12);
    assert_eq!(found(folder.path(), &secrets), 0, "while it runs, the log beside the file included");
    world.end().await;
    assert_eq!(found(folder.path(), &secrets), 0);
    // The search finds what is there.
    std::fs::write(folder.path().join("planted"), format!("x{}x", secrets[5].expose())).unwrap();
    assert_eq!(found(folder.path(), &secrets), 1);
}

#[tokio::test]
async fn the_files_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.sqlite");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let world = over(&path).await;
    every_secret(&world).await;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name());
    }
    assert_eq!(names.len(), 3, "{names:?}");
}

#[tokio::test]
async fn expired_rows_leave_the_file_in_small_steps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.sqlite");
    let world = over(&path).await;
    let count = || {
        let db = rusqlite::Connection::open(&path).unwrap();
        db.query_row("SELECT count(*) FROM sessions", [], |row| row.get::<_, u32>(0)).unwrap()
    };
    let body = json!({ "name": "ci", "type": "api", "expiry": 60 });
    for _ in 0..1100 {
        good(world.bearing("POST", "/sessions", &world.demo.antiraid_login_token).json(&body)).await;
    }
    assert_eq!(world.service.expire().await.unwrap(), 0);
    assert_eq!(count(), 1101);
    world.pass(Duration::from_secs(60));
    let listed = good(world.bearing("GET", "/sessions", &world.demo.antiraid_login_token)).await;
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1, "gone for everyone before they are removed");
    for (removed, left) in [(500, 601), (500, 101), (100, 1), (0, 1)] {
        assert_eq!(world.service.expire().await.unwrap(), removed);
        assert_eq!(count(), left);
    }
    // An expired credential is remembered for a week, so that its owner is told what happened.
    let refresh = &world.demo.discovr_refresh_token;
    for (days, code) in [(90, "TOKEN_EXPIRED"), (6, "TOKEN_EXPIRED"), (1, "TOKEN_INVALID")] {
        world.pass(Duration::from_secs(days * 86_400));
        while world.service.expire().await.unwrap() > 0 {}
        assert_eq!(answer(world.bearing("GET", "/profiles", refresh)).await.1["code"], code);
    }
}

#[tokio::test]
async fn a_running_authority_removes_expired_rows_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.sqlite");
    let world = over(&path).await;
    let body = json!({ "name": "ci", "type": "api", "expiry": 0 });
    good(world.bearing("POST", "/sessions", &world.demo.antiraid_login_token).json(&body)).await;
    world.end().await;
    // It looks as soon as it starts: by the time that it has answered twice, the row is gone or being removed.
    let world = over(&path).await;
    let db = rusqlite::Connection::open(&path).unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(15);
    loop {
        let left: u32 = db.query_row("SELECT count(*) FROM sessions WHERE name = 'ci'", [], |row| row.get(0)).unwrap();
        if left == 0 {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "still there");
        good(world.bearing("GET", "/sessions", &world.demo.antiraid_login_token)).await;
    }
}

#[tokio::test]
async fn what_is_not_a_store_of_ours_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "dear diary, ".repeat(100)).unwrap();
    assert!(matches!(Store::sqlite(&text), Err(Error::Database(_))));
    assert_eq!(std::fs::read_to_string(&text).unwrap(), "dear diary, ".repeat(100));

    let newer = folder.path().join("newer.sqlite");
    rusqlite::Connection::open(&newer).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(matches!(Store::sqlite(&newer), Err(Error::Newer { found: 99, .. })));

    assert!(matches!(Store::sqlite(&folder.path().join("none/x.sqlite")), Err(Error::File { .. })));

    let damaged = folder.path().join("damaged.sqlite");
    drop(over(&damaged).await);
    let db = rusqlite::Connection::open(&damaged).unwrap();
    db.execute("UPDATE meta SET value = x'00'", []).unwrap();
    let clock = over(&folder.path().join("other.sqlite")).await.clock;
    let opened = Service::open(Store::sqlite(&damaged).unwrap(), clock, Arc::new(Dice::new()), Config::default());
    assert!(matches!(opened.map(drop), Err(Error::Damaged(_))));
}

#[tokio::test]
async fn a_store_that_cannot_write_says_so_and_goes_on_when_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.sqlite");
    let world = over(&path).await;
    let mint = || world.bearing("POST", "/api/auth/session", &world.demo.pocketpaw_master_token);
    good(mint()).await;
    world.pass(Duration::from_secs(1));
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Another process holds the file for longer than is waited for.
    let (status, body) = answer(mint()).await;
    assert_eq!(status, 503);
    assert!(body["detail"].is_string());
    other.execute_batch("ROLLBACK").unwrap();
    good(mint()).await;
}
