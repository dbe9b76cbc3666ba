//! A keyring that breaks: mute from the start, killed in the middle of a question, stopped and started again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daypass_agent::{AgentLock, serve};
use daypass_api::view::{Snapshot, StatusView, VaultView};
use daypass_api::{Client, ErrorCode};
use tokio::time::Instant;

use crate::bed::{pass, read, read_fresh};
use crate::keyring::{
    SERVICE, keyring_pid, lock, on_its_own_bus, settled, signal, start_keyring, unlock, until_open, with_an_account,
};

/// Somebody who has the keyring's name on the bus, and never answers. The bus may take a moment to see that a keyring that
/// was killed has gone.
fn mute_keyring() -> zbus::blocking::Connection {
    let mute = zbus::blocking::Connection::session().unwrap();
    daypass_test_support::wait::until("the keyring's name", Duration::from_secs(10), || {
        mute.request_name(SERVICE).ok()
    });
    mute
}

/// What a question to the agent may take on a machine that is busy with other things; without a load it is a thousandth.
const AT_ONCE: Duration = Duration::from_secs(1);

#[test]
fn the_agent_answers_while_a_keyring_is_mute() {
    on_its_own_bus("keyring_faults::the_agent_answers_while_a_keyring_is_mute", || async {
        let (bed, agent) = with_an_account().await;
        agent.stop().await;
        signal("-KILL", &keyring_pid());
        let mute = mute_keyring();

        let began = Instant::now();
        let agent = bed.agent().await;
        let lock = AgentLock::acquire(&bed.home).unwrap().unwrap();
        let (server, home) = (agent.clone(), bed.home.clone());
        tokio::spawn(async move { serve(server, lock, &home, None, std::future::pending()).await });
        let given_up = Arc::new(AtomicBool::new(false));
        let asking = {
            let (client, given_up) = (Client::new(&bed.home).unwrap(), given_up.clone());
            tokio::task::spawn_blocking(move || ask_until(&client, &given_up))
        };
        while !matches!(&agent.snapshot().vault, VaultView::Slow { message, .. } if !message.contains("just now")) {
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", agent.snapshot().vault);
            pass(0.01).await;
        }
        assert!(began.elapsed() >= Duration::from_secs(3), "given up after {:?}", began.elapsed());
        given_up.store(true, Ordering::Relaxed);
        let (answers, longest) = asking.await.unwrap();
        assert!(answers >= 10 && longest < AT_ONCE, "{answers} answers, the longest after {longest:?}");

        // Whoever needs the key waits for 3 s, and all of them at once.
        let began = Instant::now();
        let readers: Vec<_> = (0..8)
            .map(|_| {
                tokio::spawn({
                    let agent = agent.clone();
                    async move { read(&agent).await }
                })
            })
            .collect();
        for reader in readers {
            assert_eq!(reader.await.unwrap().unwrap_err().code, ErrorCode::Locked);
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());

        drop(mute);
        start_keyring();
        until_open(&agent).await;
        read(&agent).await.unwrap();
        agent.stop().await;
    });
}

/// Asks what faces ask, over and over: how many answers came, and how long the slowest took. In the answers the vault is
/// shut, and the account is there.
fn ask_until(client: &Client, over: &AtomicBool) -> (u32, Duration) {
    let (mut answers, mut longest) = (0, Duration::ZERO);
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let Ok(status) = client.get::<StatusView>("/v1/status") else { continue };
        let snapshot: Snapshot = client.get("/v1/snapshot").unwrap();
        longest = longest.max(began.elapsed());
        assert_ne!(status.vault, VaultView::Open);
        assert_eq!(snapshot.accounts.len(), 1);
        answers += 1;
    }
    (answers, longest)
}

#[test]
fn a_keyring_that_is_killed_while_it_is_asked_is_found_again() {
    on_its_own_bus("keyring_faults::a_keyring_that_is_killed_while_it_is_asked_is_found_again", || async {
        let (bed, agent) = with_an_account().await;
        agent.stop().await;
        let pid = keyring_pid();
        signal("-STOP", &pid);
        let agent = bed.agent().await;
        // The question is on its way once a second has passed without an answer; it is not given up yet.
        pass(1.0).await;
        assert!(matches!(&agent.snapshot().vault, VaultView::Slow { message, .. } if message.contains("just now")));
        signal("-KILL", &pid);
        let absent = settled(&agent).await;
        assert!(matches!(absent, VaultView::Absent { .. }), "{absent:?}");
        start_keyring();
        until_open(&agent).await;
        read(&agent).await.unwrap();
    });
}

#[test]
fn a_keyring_that_goes_and_comes_back_is_not_missed() {
    on_its_own_bus("keyring_faults::a_keyring_that_goes_and_comes_back_is_not_missed", || async {
        let (bed, agent) = with_an_account().await;
        signal("-KILL", &keyring_pid());
        let token = read_fresh(&agent).await.expect("the key is in memory").token;
        assert_eq!(agent.snapshot().vault, VaultView::Open);
        agent.stop().await;
        // An agent that starts without it tells so, and goes on by itself when it is back, locked at first.
        let agent = bed.agent().await;
        let absent = settled(&agent).await;
        assert!(matches!(absent, VaultView::Absent { .. }), "{absent:?}");
        start_keyring();
        lock();
        assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::Locked);
        assert!(matches!(agent.snapshot().vault, VaultView::Locked { .. }), "{:?}", agent.snapshot().vault);
        unlock();
        until_open(&agent).await;
        assert_eq!(read(&agent).await.unwrap().token, token);
    });
}
