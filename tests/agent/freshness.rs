//! Stories about a clock: what readers get, and when the keeper asks.

use std::time::Duration;

use daypass_agent::Notice;
use daypass_api::ErrorCode;
use daypass_api::request::{AddAccount, TokenRequest};
use daypass_api::view::Health;
use daypass_providers::ProviderError;

use crate::bed::{Bed, account, notices, pass, read, read_fresh, settle_down, work};

fn offline() -> ProviderError {
    ProviderError::Offline { message: "127.0.0.1 cannot be reached.".into(), maybe_done: false }
}

#[tokio::test(start_paused = true)]
async fn the_first_use_mints_and_a_fresh_token_is_served_as_it_is() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    assert_eq!(bed.script.count("mint"), 0, "nothing is opened before somebody asks");
    let first = read(&agent).await.unwrap();
    assert_eq!((first.session_id.as_str(), first.token.expose()), ("s1", "token-1"));
    assert_eq!((first.header_name.as_str(), first.header_prefix.as_str()), ("Authorization", "Bearer "));
    assert!((1799..=1800).contains(&first.remaining_seconds));
    let again = read(&agent).await.unwrap();
    assert_eq!(again.token, first.token);
    assert_eq!(bed.script.plot().calls, ["mint credential-of-work"]);
}

#[tokio::test(start_paused = true)]
async fn a_warm_account_is_refreshed_before_its_token_ends() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    // T = 30 min, so S = 10 min, started up to a tenth of S earlier.
    pass(1800.0 - 661.0).await;
    assert_eq!(bed.script.count("mint"), 1);
    pass(62.0).await;
    assert_eq!(bed.script.count("mint"), 2);
    let mut tokens = std::collections::BTreeSet::new();
    for _ in 0..200 {
        pass(60.0).await;
        let token = read(&agent).await.unwrap();
        assert!(token.remaining_seconds >= 180 && token.short_because.is_none());
        tokens.insert(token.token.expose().to_owned());
    }
    assert!((10..=12).contains(&tokens.len()), "one refresh every 20 minutes or so: {}", tokens.len());
}

#[tokio::test(start_paused = true)]
async fn readers_share_one_flight() {
    let bed = Bed::new();
    bed.script.plot().delay = Duration::from_secs(3);
    let agent = bed.connected("discovr").await;
    let readers: Vec<_> = (0..50)
        .map(|_| {
            let agent = agent.clone();
            tokio::spawn(async move { read(&agent).await.unwrap().token })
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap().expose(), "token-1");
    }
    assert_eq!(bed.script.count("mint"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_away_does_not_end_the_flight() {
    let bed = Bed::new();
    bed.script.plot().delay = Duration::from_secs(3);
    let agent = bed.connected("discovr").await;
    tokio::time::timeout(Duration::from_secs(1), read(&agent)).await.unwrap_err();
    pass(3.0).await;
    assert_eq!(work(&agent).current.as_deref(), Some("s1"));
    assert_eq!(bed.script.count("mint"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stale_token_is_served_at_once_and_refreshed_behind() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    bed.script.fail(&offline(), 100);
    pass(1300.0).await;
    bed.script.plot().failures.clear();
    bed.script.plot().delay = Duration::from_secs(5);
    let before = tokio::time::Instant::now();
    let stale = read(&agent).await.unwrap();
    assert!(before.elapsed() < Duration::from_millis(1));
    assert!(stale.short_because.is_none());
    pass(60.0).await;
    assert_ne!(read(&agent).await.unwrap().token, stale.token);
}

#[tokio::test(start_paused = true)]
async fn an_urgent_token_is_served_with_the_reason_when_the_refresh_fails() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let first = read(&agent).await.unwrap();
    bed.script.fail(&offline(), 1000);
    // H = T/10 = 180 s.
    pass(1800.0 - 100.0).await;
    let urgent = read(&agent).await.unwrap();
    assert_eq!(urgent.token, first.token);
    assert_eq!(urgent.short_because.unwrap().code, ErrorCode::Offline);
    assert!((95..=100).contains(&urgent.remaining_seconds));
    assert_eq!(work(&agent).health, Health::Trouble);
    let problem = work(&agent).problem.unwrap();
    assert!(problem.code == ErrorCode::Offline && problem.retry_at.is_some());

    pass(101.0).await;
    let error = read(&agent).await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::Offline, "127.0.0.1 cannot be reached."));

    bed.script.plot().failures.clear();
    pass(61.0).await;
    let mended = read(&agent).await.unwrap();
    assert!(mended.remaining_seconds > 1700 && mended.short_because.is_none());
    assert_eq!(work(&agent).health, Health::Well);
}

#[tokio::test(start_paused = true)]
async fn with_fresh_the_old_token_is_no_substitute() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let first = read(&agent).await.unwrap();
    let second = read_fresh(&agent).await.unwrap();
    assert_ne!(first.token, second.token);
    bed.script.fail(&offline(), 1);
    assert_eq!(read_fresh(&agent).await.unwrap_err().code, ErrorCode::Offline);
    assert_eq!(read(&agent).await.unwrap().token, second.token);
}

#[tokio::test(start_paused = true)]
async fn more_life_than_any_token_has_is_told_and_not_asked_for_twice() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let request = TokenRequest { min_ttl: Some(86_400), ..TokenRequest::default() };
    for _ in 0..3 {
        let token = agent.token("work", request.clone()).await.unwrap();
        assert_eq!(token.short_because.unwrap().code, ErrorCode::NotSupported);
    }
    assert_eq!(bed.script.count("mint"), 1);

    pass(300.0).await;
    let request = TokenRequest { min_ttl: Some(1700), ..TokenRequest::default() };
    let token = agent.token("work", request).await.unwrap();
    assert!(token.remaining_seconds >= 1700 && token.short_because.is_none());
    assert_eq!(bed.script.count("mint"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_stops_the_timer_and_is_told_once() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let mut heard = agent.notices();
    read(&agent).await.unwrap();
    bed.script.plot().refused.push("credential-of-work".to_owned());
    pass(1250.0).await;
    let asked = bed.script.count("mint");
    assert_eq!(asked, 2);
    assert_eq!(work(&agent).health, Health::NeedsYou);
    assert_eq!(work(&agent).next_refresh_at, None);
    read(&agent).await.expect("the token still lives");

    pass(7200.0).await;
    for _ in 0..10 {
        let error = read(&agent).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::NeedsSignIn);
        assert!(error.message.ends_with("Connect work again, or sign in again."), "{}", error.message);
    }
    assert_eq!(bed.script.count("mint"), asked, "nobody asks with a refused credential");
    assert_eq!(read_fresh(&agent).await.unwrap_err().code, ErrorCode::NeedsSignIn);
    assert_eq!(bed.script.count("mint"), asked + 1, "unless the user wants to see it for themselves");
    let told = notices(&mut heard);
    assert!(matches!(told.as_slice(), [Notice::NeedsYou { accounts, .. }] if *accounts == ["work"]), "{told:?}");

    // It outlives a restart.
    agent.stop().await;
    let agent = bed.agent().await;
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::NeedsSignIn);
    assert_eq!(bed.script.count("mint"), asked + 1);

    // A new credential mends it, under the same name.
    let credential = daypass_core::Secret::new("a-better-one");
    agent.add_account(AddAccount { credential: Some(credential), ..account("discovr", "work") }).await.unwrap();
    assert_eq!(work(&agent).health, Health::Well);
    assert!(read(&agent).await.unwrap().remaining_seconds > 1700);
}

#[tokio::test(start_paused = true)]
async fn a_429_cools_the_whole_provider_down() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    agent.add_account(AddAccount { check: false, ..account("pocketpaw", "other") }).await.unwrap();
    agent.add_account(AddAccount { check: false, ..account("discovr", "elsewhere") }).await.unwrap();
    bed.script.fail(&ProviderError::RateLimited { retry_after: Some(Duration::from_secs(60)) }, 1);
    let error = read(&agent).await.unwrap_err();
    assert_eq!((error.code, error.retry_after), (ErrorCode::RateLimited, Some(60)));

    pass(20.0).await;
    for name in ["work", "other"] {
        for fresh in [false, true] {
            let error = agent.token(name, TokenRequest { fresh, ..TokenRequest::default() }).await.unwrap_err();
            assert_eq!((error.code, error.retry_after), (ErrorCode::RateLimited, Some(40)));
        }
    }
    assert_eq!(bed.script.count("mint"), 1);
    agent.token("elsewhere", TokenRequest::default()).await.unwrap();

    pass(41.0).await;
    agent.token("other", TokenRequest::default()).await.unwrap();
    read(&agent).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_patience_gets_it() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let busy = ProviderError::TryLater { message: "503.".into(), retry_after: Some(Duration::from_secs(30)) };
    bed.script.fail(&busy, 1);
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::Offline);
    pass(10.0).await;
    let error = read_fresh(&agent).await.unwrap_err();
    assert_eq!((error.code, error.retry_after), (ErrorCode::Offline, Some(20)));
    assert_eq!(bed.script.count("mint"), 1);
    pass(21.0).await;
    read(&agent).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn readers_do_not_hammer_a_provider_that_has_just_failed() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    bed.script.fail(&offline(), 100);
    for _ in 0..50 {
        assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::Offline);
    }
    assert_eq!(bed.script.count("mint"), 1);
}

#[tokio::test(start_paused = true)]
async fn trouble_of_a_token_that_is_good_for_a_while_is_not_told() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let mut heard = agent.notices();
    read(&agent).await.unwrap();
    bed.script.fail(&offline(), 1);
    pass(1300.0).await;
    assert_eq!(bed.script.count("mint"), 3, "tried again after 30 s at the earliest, and well");
    assert_eq!(notices(&mut heard), []);

    bed.script.fail(&offline(), 4);
    pass(1600.0).await;
    assert_eq!(notices(&mut heard), [], "not even that it is over");
}

#[tokio::test(start_paused = true)]
async fn only_warm_accounts_are_kept_fresh() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    agent.add_account(AddAccount { check: false, pinned: true, ..account("discovr", "pinned") }).await.unwrap();
    settle_down().await;
    assert_eq!(agent.account("pinned").unwrap().current.as_deref(), Some("s1"), "a pinned one is opened at once");
    read(&agent).await.unwrap();
    pass(12.0 * 3600.0).await;
    let work = work(&agent);
    assert_eq!(work.freshness, Some(daypass_core::fresh::Freshness::Expired));
    assert_eq!(work.next_refresh_at, None);
    let pinned = agent.account("pinned").unwrap();
    assert!(pinned.expires_at.unwrap() > agent.snapshot().at);
    let token = read(&agent).await.unwrap();
    assert!(token.remaining_seconds > 1700, "the rest is refreshed on use");
}

#[tokio::test(start_paused = true)]
async fn after_sleep_the_network_gets_a_moment() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    pass(100.0).await;
    bed.clock.sleep(3 * 3600);
    // Within 30 s the keeper asks the wall clock again; then it waits for 3 to 5 s.
    let mut waited = 0.0;
    while work(&agent).next_refresh_at.is_none_or(|at| at <= agent.snapshot().at) {
        pass(0.1).await;
        waited += 0.1;
        assert!(waited < 31.0, "the keeper never noticed");
        assert_eq!(bed.script.count("mint"), 1);
    }
    pass(2.8).await;
    assert_eq!(bed.script.count("mint"), 1);
    pass(2.5).await;
    assert_eq!(bed.script.count("mint"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reader_waits_for_25_seconds_and_not_longer() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    bed.script.plot().delay = Duration::from_secs(1000);
    let began = tokio::time::Instant::now();
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::Offline);
    assert!((25..26).contains(&began.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn a_grant_renews_and_the_credential_mints_when_it_is_over() {
    let bed = Bed::new();
    bed.script.plot().grants = true;
    let agent = bed.connected("discover").await;
    read(&agent).await.unwrap();
    read_fresh(&agent).await.unwrap();
    read_fresh(&agent).await.unwrap();
    assert_eq!(bed.script.plot().calls, ["mint credential-of-work", "renew grant-1", "renew grant-1"]);

    // It outlives a restart, and is given up when it is refused.
    agent.stop().await;
    let agent = bed.agent().await;
    bed.script.plot().takes_grants = false;
    read_fresh(&agent).await.unwrap();
    assert_eq!(bed.script.plot().calls[3..], ["renew grant-1", "mint credential-of-work"]);
    assert_eq!(work(&agent).health, Health::Well);
}

#[tokio::test(start_paused = true)]
async fn a_token_outlives_the_agent() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let token = read(&agent).await.unwrap();
    agent.stop().await;
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::Offline);
    let agent = bed.agent().await;
    assert_eq!(read(&agent).await.unwrap().token, token.token);
    assert_eq!(bed.script.count("mint"), 1);
}

#[tokio::test(start_paused = true)]
async fn snapshots_come_after_changes_and_not_more_than_ten_a_second() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let mut watch = agent.watch();
    settle_down().await;
    watch.mark_unchanged();
    let before = agent.snapshot().revision;
    for _ in 0..100 {
        read(&agent).await.unwrap();
        pass(0.01).await;
    }
    settle_down().await;
    let after = watch.borrow_and_update().clone();
    assert_eq!(after.accounts[0].current.as_deref(), Some("s1"));
    assert!((2..=14).contains(&(after.revision - before)), "{}", after.revision - before);
    // Time alone changes a snapshot as well: fresh, stale (and refreshed), …
    settle_down().await;
    watch.mark_unchanged();
    tokio::time::timeout(Duration::from_secs(1300), watch.changed()).await.unwrap().unwrap();
}
