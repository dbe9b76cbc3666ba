//! The file of the SQLite store: what a killed process leaves, who may read it, and older and foreign files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use daypass_authority::{Config, Error, Service, Store};
use daypass_core::Secret;
use daypass_core::token::access::Signer;

use crate::keys::{issued, public, signed_by};
use crate::native_rotation::{first, next};
use crate::store::every_secret;
use crate::world::{Dice, World, good};

async fn over(path: &Path) -> World {
    World::with(Config::default(), Store::sqlite(path).unwrap()).await
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
async fn a_store_of_the_first_schema_is_carried_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.sqlite");
    let digest = |secret: &Secret| data_encoding::HEXLOWER.decode(secret.digest().as_bytes()).unwrap();
    let (refresh_token, device_code) = (Secret::new(format!("rt_{}", "7".repeat(64))), Secret::new("dvc_old"));
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(include_str!("../../src-tauri/authority/src/store/schema.sql")).unwrap();
    db.execute_batch("PRAGMA user_version = 1; INSERT INTO users VALUES ('1', 0); INSERT INTO users VALUES ('2', 0)")
        .unwrap();
    let insert = "INSERT INTO credentials (digest, user_id, kind, created_at) VALUES (?1, '1', 'discovr_refresh', 0)";
    db.execute(insert, [digest(&refresh_token)]).unwrap();
    let insert = "INSERT INTO device_codes VALUES (?1, x'00', 'tv', '2', 0, 9000000000000000)";
    db.execute(insert, [digest(&device_code)]).unwrap();
    drop(db);

    let world = over(&path).await;
    good(world.bearing("GET", "/profiles", &refresh_token)).await;
    good(world.request("POST", &format!("/auth/device-codes/{}/poll", device_code.expose()))).await;
    next(&world, &first(&world).await).await;
    world.end().await;
    let db = rusqlite::Connection::open(&path).unwrap();
    assert_eq!(db.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0)).unwrap(), 8);
}

#[tokio::test]
async fn the_key_of_an_older_store_still_verifies_and_gets_a_successor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.sqlite");
    let db = rusqlite::Connection::open(&path).unwrap();
    for step in [
        include_str!("../../src-tauri/authority/src/store/schema.sql"),
        include_str!("../../src-tauri/authority/src/store/schema-2.sql"),
        include_str!("../../src-tauri/authority/src/store/schema-3.sql"),
    ] {
        db.execute_batch(step).unwrap();
    }
    db.execute("INSERT INTO meta VALUES ('access_key', ?1)", [[7_u8; 32]]).unwrap();
    db.execute_batch("PRAGMA user_version = 3").unwrap();
    drop(db);

    let world = over(&path).await;
    let told = public(&world).await;
    assert_eq!((told.len(), &*told[0]), (2, Signer::from_seed(&[7; 32]).unwrap().id()));
    assert_eq!(signed_by(&issued(&world).await), told[0]);
    world.pass(Duration::from_secs(86_400));
    assert_eq!(signed_by(&issued(&world).await), told[1]);
}
