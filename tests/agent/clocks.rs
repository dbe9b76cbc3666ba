//! Stories about a machine: it sleeps, its clock is set, its network comes and goes.

use std::time::Duration;

use daypass_agent::{Agent, Happening};
use daypass_api::ErrorCode;
use daypass_api::request::{AddAccount, CreateSession, TokenRequest};
use daypass_core::fresh::Freshness;
use daypass_providers::ProviderError;

use crate::bed::{Bed, account, pass, read, read_fresh, settle_down, work};

fn offline() -> ProviderError {
    ProviderError::Offline { message: "127.0.0.1 cannot be reached.".into(), maybe_done: false }
}

/// `count` accounts at one provider, always kept fresh, each with a token.
async fn crowd(bed: &Bed, count: usize) -> Agent {
    let agent = bed.agent().await;
    for index in 0..count {
        let name = format!("crowd-{index}");
        agent.add_account(AddAccount { check: false, pinned: true, ..account("discovr", &name) }).await.unwrap();
    }
    settle_down().await;
    pass(2.0).await;
    assert_eq!(fresh(&agent), count);
    agent
}

/// How many accounts have a fresh token.
fn fresh(agent: &Agent) -> usize {
    let snapshot = agent.snapshot();
    snapshot.accounts.iter().filter(|account| account.freshness == Some(Freshness::Fresh)).count()
}

#[tokio::test(start_paused = true)]
async fn a_token_lives_as_long_as_it_lives_however_the_clock_is_set() {
    for step in [-400_000_000, -3600, 120] {
        let bed = Bed::new();
        let agent = bed.connected("discovr").await;
        read(&agent).await.unwrap();
        pass(600.0).await;
        bed.clock.set(step);
        let token = read(&agent).await.unwrap();
        assert!((1195..=1200).contains(&token.remaining_seconds), "{step}: {}", token.remaining_seconds);
        assert_eq!(bed.script.count("mint"), 1);
        // It is refreshed when it would have been.
        pass(630.0).await;
        assert_eq!(bed.script.count("mint"), 2, "{step}");
        // What is stored was moved as well.
        agent.stop().await;
        let agent = bed.agent().await;
        let left = read(&agent).await.unwrap().remaining_seconds;
        assert!((1700..=1800).contains(&left), "{step}: {left}");
        assert_eq!(bed.script.count("mint"), 2, "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_while_the_agent_is_down_moves_what_is_stored() {
    for step in [-86_400, 120] {
        let bed = Bed::new();
        let agent = bed.connected("antiraid").await;
        let token = read(&agent).await.unwrap().token;
        agent.stop().await;
        bed.clock.set(step);
        pass(300.0).await;
        let agent = bed.agent().await;
        let again = read(&agent).await.unwrap();
        assert_eq!(again.token, token);
        assert!((1495..=1500).contains(&again.remaining_seconds), "{step}: {}", again.remaining_seconds);
        // And once more by the file alone.
        agent.stop().await;
        let again = read(&bed.agent().await).await.unwrap();
        assert!((1495..=1500).contains(&again.remaining_seconds), "{step}: {}", again.remaining_seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_during_a_sleep_is_told_from_the_sleep() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    bed.clock.sleep(600);
    bed.clock.set(-7200);
    let token = read(&agent).await.unwrap();
    assert!((1195..=1200).contains(&token.remaining_seconds), "{}", token.remaining_seconds);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_during_a_call_leaves_the_life_that_it_brought() {
    for step in [-3600, 120] {
        let bed = Bed::new();
        bed.script.plot().delay = Duration::from_secs(10);
        let agent = bed.connected("discovr").await;
        let reading = tokio::spawn({
            let agent = agent.clone();
            async move { read(&agent).await.unwrap() }
        });
        pass(5.0).await;
        bed.clock.set(step);
        let left = reading.await.unwrap().remaining_seconds;
        assert!((1785..=1790).contains(&left), "{step}: {left}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_while_an_account_is_connected_leaves_the_life_that_it_brought() {
    for step in [-3600, 120] {
        let bed = Bed::new();
        bed.script.plot().delay = Duration::from_secs(10);
        let agent = bed.agent().await;
        let connecting = tokio::spawn({
            let agent = agent.clone();
            async move { agent.add_account(account("discovr", "work")).await.unwrap() }
        });
        pass(5.0).await;
        bed.clock.set(step);
        connecting.await.unwrap();
        let left = read(&agent).await.unwrap().remaining_seconds;
        assert!((1785..=1790).contains(&left), "{step}: {left}");
        assert_eq!(bed.script.count("mint"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn time_that_passed_unseen_is_not_left_of_a_life() {
    let bed = Bed::new();
    let mut agent = bed.connected("antiraid").await;
    let old = read(&agent).await.unwrap().token;
    let beside = agent.create_session("work", CreateSession::default()).await.unwrap().id;
    // A virtual machine stood still for two hours with all its clocks, and then its wall clock was put right.
    bed.script.fail(&offline(), 100_000);
    bed.clock.set(7200);
    for restarted in [false, true] {
        let token = read(&agent).await.unwrap();
        assert_eq!((&token.token, token.short_because.unwrap().code), (&old, ErrorCode::Offline), "{restarted}");
        assert_eq!(work(&agent).freshness, Some(Freshness::Urgent));
        let of_it = TokenRequest { session: Some(beside.clone()), ..TokenRequest::default() };
        let word = agent.token("work", of_it).await.unwrap().short_because.unwrap();
        assert!(word.message.contains("clock"), "{word:?}");
        agent.stop().await;
        agent = bed.agent().await;
    }
    bed.script.plot().failures.clear();
    pass(60.0).await;
    assert_eq!(fresh(&agent), 1, "it was refreshed in the background");
    let token = read(&agent).await.unwrap();
    assert!(token.token != old && token.short_because.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_asked_for_before_the_clock_jumped_is_given_with_a_word() {
    let bed = Bed::new();
    bed.script.plot().delay = Duration::from_secs(10);
    let agent = bed.connected("discovr").await;
    let reading = tokio::spawn({
        let agent = agent.clone();
        async move { read(&agent).await.unwrap() }
    });
    pass(5.0).await;
    bed.clock.set(7200);
    let word = reading.await.unwrap().short_because.unwrap();
    assert!(word.message.contains("clock"), "{word:?}");
    pass(20.0).await;
    assert_eq!((bed.script.count("mint"), fresh(&agent)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn after_a_jump_of_the_clock_a_crowd_is_spread_and_soon_fresh() {
    let bed = Bed::new();
    let agent = crowd(&bed, 40).await;
    bed.clock.set(7200);
    agent.hear(Happening::ClockSet);
    pass(2.9).await;
    assert_eq!(bed.script.count("mint"), 40, "the network gets a moment");
    pass(1.0).await;
    let first = bed.script.count("mint") - 40;
    assert!((1..40).contains(&first), "{first} of 40 in the first second");
    pass(3.0).await;
    assert_eq!((bed.script.count("mint"), fresh(&agent)), (80, 40));
}

#[tokio::test(start_paused = true)]
async fn networks_that_come_all_the_time_hold_no_refresh_back() {
    let bed = Bed::new();
    let agent = crowd(&bed, 20).await;
    for _ in 0..720 {
        agent.hear(Happening::NetworkUp);
        pass(2.0).await;
    }
    assert_eq!((bed.script.count("mint"), fresh(&agent)), (40, 20));
}

#[tokio::test(start_paused = true)]
async fn networks_that_come_all_the_time_are_no_reason_to_try_each_time() {
    let bed = Bed::new();
    let agent = crowd(&bed, 1).await;
    bed.script.fail(&offline(), 100_000);
    pass(3600.0).await;
    bed.script.plot().calls.clear();
    for _ in 0..60 {
        agent.hear(Happening::NetworkUp);
        pass(0.5).await;
    }
    let tries = bed.script.count("mint");
    assert!((1..=12).contains(&tries), "{tries} in half a minute");
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_was_asked_for_lasts_however_the_clock_is_set() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    bed.script.fail(&ProviderError::RateLimited { retry_after: Some(Duration::from_secs(300)) }, 1);
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::RateLimited);
    bed.clock.set(86_400);
    pass(100.0).await;
    assert_eq!(read(&agent).await.unwrap_err().retry_after, Some(200));
    bed.clock.set(-200_000);
    agent.hear(Happening::NetworkUp);
    pass(100.0).await;
    assert_eq!(read(&agent).await.unwrap_err().retry_after, Some(100));
    pass(101.0).await;
    read(&agent).await.unwrap();
    assert_eq!(bed.script.count("mint"), 2);
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_a_crowd_is_spread_and_soon_fresh() {
    let bed = Bed::new();
    let agent = crowd(&bed, 40).await;
    bed.clock.sleep(10 * 3600);
    agent.hear(Happening::Woke);
    pass(2.9).await;
    assert_eq!(bed.script.count("mint"), 40, "the network gets a moment");
    pass(1.0).await;
    let first = bed.script.count("mint") - 40;
    assert!((1..40).contains(&first), "{first} of 40 in the first second");
    pass(3.0).await;
    assert_eq!((bed.script.count("mint"), fresh(&agent)), (80, 40));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_on_the_way_to_sleep() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    pass(1130.0).await;
    agent.hear(Happening::GoesToSleep);
    pass(25.0).await;
    agent.hear(Happening::GoesToSleep);
    pass(25.0).await;
    agent.hear(Happening::GoesToSleep);
    pass(25.0).await;
    assert_eq!(bed.script.count("mint"), 1, "it was due");
    read_fresh(&agent).await.unwrap();
    assert_eq!(bed.script.count("mint"), 2, "a reader is not held back");
    // A machine that stays awake goes on by itself.
    pass(1800.0).await;
    assert_eq!(bed.script.count("mint"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_provider_out_of_reach_is_probed_by_one_of_a_crowd() {
    let bed = Bed::new();
    let agent = crowd(&bed, 40).await;
    bed.script.fail(&offline(), 100_000);
    pass(3600.0).await;
    bed.script.plot().calls.clear();
    pass(600.0).await;
    let probes = bed.script.count("mint");
    assert!((20..=200).contains(&probes), "{probes} probes in ten minutes, by 40 accounts");
    assert_eq!(fresh(&agent), 0);

    bed.script.plot().failures.clear();
    pass(60.0).await;
    assert_eq!(fresh(&agent), 40, "within a minute of the end");
}

#[tokio::test(start_paused = true)]
async fn a_network_that_comes_up_ends_the_wait_for_it() {
    let bed = Bed::new();
    let agent = crowd(&bed, 20).await;
    bed.script.fail(&offline(), 100_000);
    pass(7200.0).await;
    bed.script.plot().failures.clear();
    agent.hear(Happening::NetworkUp);
    pass(6.0).await;
    assert_eq!(fresh(&agent), 20);
}

#[tokio::test(start_paused = true)]
async fn a_few_refreshes_of_a_crowd_are_under_way_at_once() {
    let bed = Bed::new();
    let agent = crowd(&bed, 20).await;
    bed.script.plot().delay = Duration::from_secs(10);
    bed.script.plot().calls.clear();
    bed.clock.sleep(86_400);
    agent.hear(Happening::Woke);
    pass(10.0).await;
    assert_eq!(bed.script.count("mint"), 4);
    // A reader does not stand in line.
    let began = tokio::time::Instant::now();
    let waiting = agent.snapshot().accounts.iter().find(|account| !account.refreshing).unwrap().name.clone();
    agent.token(&waiting, Default::default()).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(11));
    assert!(bed.script.count("mint") <= 9);
    pass(60.0).await;
    assert_eq!(fresh(&agent), 20);
}
