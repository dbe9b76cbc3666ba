//! A PostgreSQL that goes away under load, and comes back: what its authorities answer meanwhile, and afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use daypass_authority::{Config, Store};
use daypass_core::Secret;
use daypass_test_support::postgres::Server;
use tokio::task::spawn_blocking;

use crate::native::by;
use crate::world::{World, answer, good, secret};

/// How long it may take until an authority serves again.
const RECOVERED: Duration = Duration::from_secs(30);

async fn over(url: &str) -> World {
    World::with(Config::default(), Store::postgres(&Secret::new(url), None).unwrap()).await
}

#[tokio::test]
async fn authorities_answer_503_while_their_database_restarts_and_then_go_on_by_themselves() {
    // One that waits for the disk, as it is a crash that is survived.
    let server = Arc::new(Server::start(&[]));
    let database = server.database();
    let url = database.url();
    let worlds = [Arc::new(over(&url).await), Arc::new(over(&url).await)];
    let (refused, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let mut load = tokio::task::JoinSet::new();
    for one in 0..8 {
        let (world, refused, stop) = (Arc::clone(&worlds[one % 2]), Arc::clone(&refused), Arc::clone(&stop));
        load.spawn(async move {
            let mut issued = Vec::new();
            while !stop.load(Ordering::Acquire) {
                let request = by(&world, &world.demo.native_client, "token", &[("grant_type", "client_credentials")]);
                let response = request.send().await.unwrap();
                if response.status() == 200 {
                    let body: serde_json::Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
                    issued.push(secret(&body, "access_token"));
                } else {
                    assert_eq!(
                        (response.status().as_u16(), &response.headers()["retry-after"]),
                        (503, &"1".parse().unwrap())
                    );
                    refused.fetch_add(1, Ordering::Release);
                }
            }
            issued
        });
    }
    let mut seen = 0;
    for mode in ["fast", "immediate"] {
        let halting = Arc::clone(&server);
        spawn_blocking(move || halting.stop(mode)).await.unwrap();
        for world in &worlds {
            let (status, _) = answer(world.bearing("GET", "/profiles", &Secret::new("rt_unknown"))).await;
            assert_eq!(status, 503, "{mode}");
        }
        let before = refused.load(Ordering::Acquire);
        assert!(before > seen, "nobody was under way when it went: {mode}");
        let starting = Arc::clone(&server);
        spawn_blocking(move || starting.start_again()).await.unwrap();
        let again = async {
            for world in &worlds {
                while answer(world.bearing("GET", "/profiles", &Secret::new("rt_unknown"))).await.0 != 401 {}
            }
        };
        tokio::time::timeout(RECOVERED, again).await.unwrap();
        seen = refused.load(Ordering::Acquire);
    }
    stop.store(true, Ordering::Release);
    let issued: Vec<Secret> = load.join_all().await.into_iter().flatten().collect();
    assert!(issued.len() > 8);
    // What was answered is there, crash or not.
    for (one, token) in issued.iter().enumerate() {
        let world = &worlds[one % 2];
        let told = good(by(world, &world.demo.native_client, "introspect", &[("token", token.expose())])).await;
        assert_eq!(told["active"], true);
    }
}
