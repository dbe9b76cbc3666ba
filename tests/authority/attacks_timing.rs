//! What the time of an answer could tell of a secret: nothing, since no secret is compared with another.
//!
//! What is looked for and compared is the SHA-256 of what was presented. A guess that is right in all but its last letter has
//! a digest as far from the stored one as any other guess, so how long a comparison takes says nothing of how near the guess
//! came. These tests show that it is the digest, by changing it in the file: the secret is then worth nothing, and another
//! text, which was never issued, is let in. Refresh tokens of OAuth are in addition compared in constant time
//! (`lineage::chain`), and signatures are public-key ones (Ed25519) or of tokens whose digest must be stored as well.

use std::path::Path;

use daypass_authority::{Config, RegisteredClient, Store};
use daypass_core::Secret;
use rusqlite::Connection;
use serde_json::json;

use crate::native::{by, introspect, signed_in};
use crate::world::{World, answer, good, secret};

async fn over(path: &Path) -> World {
    World::with(Config::default(), Store::sqlite(path).unwrap()).await
}

fn digest(secret: &Secret) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(secret.digest().as_bytes()).unwrap()
}

/// Lets the digest of `new` stand where that of `old` did, in one row of `table`.
fn put(db: &Connection, table: &str, old: &Secret, new: &Secret) {
    let sql = format!("UPDATE {table} SET digest = ?2 WHERE digest = ?1");
    assert_eq!(db.execute(&sql, [digest(old), digest(new)]).unwrap(), 1, "{table}");
}

#[tokio::test]
async fn a_secret_is_found_by_its_digest_and_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let world = over(&path).await;
    let demo = &world.demo;
    let request = world.request("POST", "/account/1/access-token").json(&json!({ "scope": ["search-rec"] }));
    let shop = good(request.header("x-api-key", demo.discover_api_key.expose())).await;
    let begun = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
    let client = demo.native_client.id.clone();
    let old = [
        ("credentials", demo.discovr_refresh_token.clone()),
        ("credentials", demo.pocketpaw_master_token.clone()),
        ("credentials", demo.discover_api_key.clone()),
        ("sessions", demo.antiraid_login_token.clone()),
        ("sessions", secret(&shop, "accessToken")),
        ("device_codes", secret(&begun, "deviceCode")),
        ("clients", demo.native_client.secret.clone().unwrap()),
    ];
    world.end().await;
    // Nothing like the old ones, but for what tells the dialect.
    let new: Vec<Secret> =
        ["rt_x", "master", "key", "login", "access", "code", "client"].into_iter().map(Secret::new).collect();
    let db = Connection::open(&path).unwrap();
    for ((table, old), new) in old.iter().zip(&new) {
        put(&db, table, old, new);
    }
    drop(db);

    let world = over(&path).await;
    let ask = |number: usize, token: &Secret| match number {
        0 => world.bearing("GET", "/profiles", token),
        1 => world.bearing("GET", "/api/sessions", token),
        2 => {
            let request = world.request("POST", "/account/1/access-token").json(&json!({ "scope": ["event"] }));
            request.header("x-api-key", token.expose())
        }
        3 => world.bearing("GET", "/sessions/@me", token),
        4 => world.bearing("GET", "/search-rec/1/3", token),
        5 => world.request("POST", &format!("/auth/device-codes/{}/poll", token.expose())),
        _ => {
            let client = RegisteredClient { id: client.clone(), secret: Some(token.clone()) };
            by(&world, &client, "token", &[("grant_type", "client_credentials")])
        }
    };
    for (number, ((table, old), new)) in old.iter().zip(&new).enumerate() {
        assert_eq!(answer(ask(number, old)).await.0, 401, "{table} {number}");
        good(ask(number, new)).await;
    }
}

#[tokio::test]
async fn a_refresh_token_is_held_against_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let world = over(&path).await;
    let token = secret(&signed_in(&world, &world.demo.native_client).await, "refresh_token");
    world.end().await;
    let raw = data_encoding::BASE64URL_NOPAD.decode(&token.expose().as_bytes()[5..]).unwrap();
    let db = Connection::open(&path).unwrap();
    let stored: Vec<u8> = db.query_row("SELECT current_digest FROM native_sessions", [], |row| row.get(0)).unwrap();
    let of_secret = <sha2::Sha256 as sha2::Digest>::digest(&raw[20..52]);
    assert_eq!(stored, of_secret.as_slice());
    // Right in all but one bit of the digest: the token itself is as it was.
    let mut near = stored.clone();
    near[31] ^= 1;
    for (digest, active) in [(near, false), (stored, true)] {
        db.execute("UPDATE native_sessions SET current_digest = ?1", [digest]).unwrap();
        let world = over(&path).await;
        assert_eq!(introspect(&world, &token).await["active"], active);
        world.end().await;
    }
}
