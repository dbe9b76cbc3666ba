//! A copy of a store that runs, opened elsewhere; and files that are none, or no longer, or not yet.

use std::path::{Path, PathBuf};

use daypass_authority::{Config, Error, Store};
use rusqlite::Connection;
use serde_json::json;

use crate::attacks_matrix::{all, live};
use crate::world::{World, answer, good, secret};

async fn over(path: &Path) -> World {
    World::with(Config::default(), Store::sqlite(path).unwrap()).await
}

/// A copy of the store at `path` as of now, while it is in use, by SQLite itself.
fn copied(path: &Path, to: &Path) {
    Connection::open(path).unwrap().execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
}

#[tokio::test]
async fn a_copy_of_a_store_in_use_serves_all_its_sessions_elsewhere() {
    let [folder, elsewhere] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (path, copy) = (folder.path().join("x.sqlite"), elsewhere.path().join("y.sqlite"));
    let mut world = over(&path).await;
    let secrets = all(&world).await;
    let ended = world.bearing("POST", "/sessions", &world.demo.antiraid_login_token);
    let ended = good(ended.json(&json!({ "name": "x", "type": "api", "expiry": 600 }))).await;
    let id = ended["session_id"].as_str().unwrap();
    let end = world.bearing("DELETE", &format!("/sessions/{id}"), &world.demo.antiraid_login_token);
    assert_eq!(end.send().await.unwrap().status(), 204);
    let keys = good(world.request("GET", "/.well-known/jwks.json")).await;

    // While others write.
    let (login, url) = (world.demo.antiraid_login_token.clone(), format!("http://{}/sessions", world.address));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let writing = tokio::spawn(async move {
        let body = json!({ "name": "load", "type": "api", "expiry": 600 });
        loop {
            let request = http.post(&url).bearer_auth(login.expose()).json(&body);
            assert_eq!(request.send().await.unwrap().status(), 200);
        }
    });
    let to = copy.clone();
    tokio::task::spawn_blocking(move || copied(&path, &to)).await.unwrap();
    writing.abort();

    let mut restored = over(&copy).await;
    std::mem::swap(&mut world.demo, &mut restored.demo);
    assert_eq!(good(restored.request("GET", "/.well-known/jwks.json")).await, keys);
    live(&restored, &secrets).await;
    let dead = restored.bearing("GET", "/sessions/@me", &secret(&ended, "token"));
    assert_eq!(answer(dead).await.0, 401, "what had ended stays so");
    restored.end().await;
}

/// Stores that cannot be used: a name, and the file.
async fn unusable(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    let good = folder.join("good.sqlite");
    let world = over(&good).await;
    for _ in 0..50 {
        all(&world).await;
    }
    world.end().await;
    let whole = std::fs::read(&good).unwrap();
    assert!(whole.len() > 16 * 4096, "many pages: {}", whole.len());
    let mut files = Vec::new();
    for name in ["cut in the middle", "cut by a byte", "cut within its head", "a page of noise", "a head of noise"] {
        let mut bytes = whole.clone();
        match name {
            "cut in the middle" => bytes.truncate(whole.len() / 2),
            "cut by a byte" => bytes.truncate(whole.len() - 1),
            "cut within its head" => bytes.truncate(50),
            // The third: one of a table or of an index, and never the head.
            "a page of noise" => bytes[2 * 4096..3 * 4096].fill(0x5a),
            _ => bytes[..100].fill(0x5a),
        }
        files.push((name, bytes));
    }
    let mut found: Vec<_> = files
        .into_iter()
        .map(|(name, bytes)| {
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            (name, path)
        })
        .collect();
    for (name, sql) in [
        ("a newer one", "PRAGMA journal_mode = WAL; PRAGMA user_version = 99"),
        ("a newer one without a log", "PRAGMA journal_mode = DELETE; PRAGMA user_version = 99"),
    ] {
        let path = folder.join(name);
        std::fs::copy(&good, &path).unwrap();
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        found.push((name, path));
    }
    let path = folder.join("another program's");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    found.push(("another program's", path));
    found
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_in_a_sentence_and_is_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    for (name, path) in unusable(folder.path()).await {
        let before = std::fs::read(&path).unwrap();
        let Err(error) = Store::sqlite(&path) else { panic!("{name} is taken for a store") };
        assert_eq!(matches!(error, Error::Newer { found: 99, .. }), name.starts_with("a newer"), "{name}: {error}");
        let said = error.to_string();
        assert!(said.starts_with("the store ") && !said.contains('\n') && said.len() < 160, "{name}: {said}");
        assert!(std::fs::read(&path).unwrap() == before, "{name} was changed");
    }
}
