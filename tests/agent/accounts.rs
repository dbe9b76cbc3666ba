//! Connecting, mending and removing accounts.

use std::time::Duration;

use daypass_agent::Agent;
use daypass_api::request::{AddAccount, CreateSession, TokenRequest};
use daypass_api::view::{AccountView, Health};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::Secret;
use daypass_providers::ProviderError;
use tokio::task::JoinHandle;

use crate::bed::{Bed, account, pass, read, settle_down, work};

#[tokio::test(start_paused = true)]
async fn connecting_tries_the_credential_in_the_cheapest_way_and_opens_nothing_twice() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let added = agent.add_account(account("antiraid", "raid")).await.unwrap();
    assert_eq!(added.current, None);
    let added = agent.add_account(account("discovr", "work")).await.unwrap();
    assert_eq!(added.current.as_deref(), Some("s1"), "the first mint is kept");
    read(&agent).await.unwrap();
    assert_eq!(bed.script.plot().calls, ["inspect credential-of-raid", "mint credential-of-work"]);
    assert_eq!(added.base_url, "http://127.0.0.1:9/");
    assert_eq!(added.params["profile_id"], "p1");
}

#[tokio::test(start_paused = true)]
async fn a_refused_or_unreachable_credential_is_not_stored() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let errors = [
        (ProviderError::Refused { message: "No".into() }, ErrorCode::NeedsSignIn),
        (ProviderError::Offline { message: "Gone.".into(), maybe_done: false }, ErrorCode::Offline),
        (ProviderError::BadAnswer { message: "Not JSON.".into() }, ErrorCode::BadAnswer),
        (ProviderError::Rejected { message: "Banned.".into() }, ErrorCode::Rejected),
    ];
    for (error, code) in errors {
        bed.script.fail(&error, 1);
        assert_eq!(agent.add_account(account("discovr", "work")).await.unwrap_err().code, code);
    }
    assert_eq!(agent.snapshot().accounts, []);
    agent.stop().await;
    assert_eq!(bed.agent().await.snapshot().accounts, []);
}

#[tokio::test(start_paused = true)]
async fn without_the_check_it_is_stored_as_it_is() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    assert_eq!(bed.script.plot().calls, Vec::<String>::new());
    assert_eq!(work(&agent).health, Health::Well);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_request_is_told_before_anything_is_asked() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let good = || account("discovr", "other");
    let wrong = [
        AddAccount { name: "a b".to_owned(), ..good() },
        AddAccount { name: "..".to_owned(), ..good() },
        AddAccount { provider: "nobody".to_owned(), ..good() },
        AddAccount { credential: Some(Secret::new("")), ..good() },
        AddAccount { credential: Some(Secret::new("a\nb")), ..good() },
        AddAccount { credential: Some(Secret::new("x".repeat(9000))), ..good() },
        AddAccount { params: Default::default(), ..good() },
        AddAccount { params: [("nonsense".to_owned(), "1".to_owned())].into(), ..good() },
        AddAccount { base_url: Some("http://example.com".to_owned()), ..good() },
        AddAccount { base_url: Some("nonsense".to_owned()), ..good() },
        AddAccount { life: Some(0), ..account("antiraid", "other") },
        account("discovr", "work"),
        account("pocketpaw", "work"),
    ];
    for request in wrong {
        let shown = format!("{request:?}");
        let error = agent.add_account(request).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest, "{shown}: {error}");
    }
    let error = agent.add_account(AddAccount { life: Some(60), ..good() }).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotSupported, "the provider decides itself");
    assert_eq!(bed.script.plot().calls, Vec::<String>::new());
    assert_eq!(agent.snapshot().accounts.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_who_connect_the_same_name_at_once_do_not_both_succeed() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let (one, two) =
        tokio::join!(agent.add_account(account("discovr", "work")), agent.add_account(account("discovr", "work")));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    assert_eq!(bed.script.count("mint"), 1);
}

#[tokio::test(start_paused = true)]
async fn removing_takes_everything_along_and_revokes_nothing() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    agent.add_account(account("discovr", "work")).await.unwrap();
    agent.remove_account("work").await.unwrap();
    assert_eq!(agent.snapshot().accounts, []);
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::UnknownAccount);
    assert_eq!(agent.remove_account("work").await.unwrap_err().code, ErrorCode::UnknownAccount);
    agent.stop().await;
    let agent = bed.agent().await;
    assert_eq!(agent.snapshot().accounts, []);
    assert_eq!(bed.script.plot().calls, ["mint credential-of-work"]);
}

#[tokio::test(start_paused = true)]
async fn an_account_removed_during_its_refresh_stays_removed() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    bed.script.plot().delay = std::time::Duration::from_secs(5);
    let reading = agent.clone();
    let reading = tokio::spawn(async move { read(&reading).await });
    pass(1.0).await;
    agent.remove_account("work").await.unwrap();
    assert_eq!(reading.await.unwrap().unwrap_err().code, ErrorCode::UnknownAccount);
    assert_eq!(agent.snapshot().accounts, []);
}

#[tokio::test(start_paused = true)]
async fn an_account_whose_definition_is_gone_says_so_and_keeps_everything() {
    let mut bed = Bed::new();
    let agent = bed.connected("discovr").await;
    agent.stop().await;
    let stored = bed.stored_bytes().len();
    bed.catalog = daypass_providers::Catalog::load(std::path::Path::new("/nonexistent")).0;
    let db = rusqlite::Connection::open(bed.home.vault_file()).unwrap();
    db.execute("UPDATE account SET provider = 'mine'", []).unwrap();
    drop(db);
    let agent = bed.agent().await;
    settle_down().await;
    assert_eq!(work(&agent).health, Health::NeedsYou);
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::NotSupported);
    assert!(stored > 0);
    agent.stop().await;
    let db = rusqlite::Connection::open(bed.home.vault_file()).unwrap();
    db.execute("UPDATE account SET provider = 'discovr'", []).unwrap();
    drop(db);
    let agent = bed.agent().await;
    agent.token("work", TokenRequest::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_credential_drops_what_the_old_one_opened() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    read(&agent).await.unwrap();
    bed.script.plot().refused.push("credential-of-work".to_owned());
    agent.refresh("work").await.unwrap_err();
    let credential = Secret::new("another");
    let again = AddAccount { credential: Some(credential), check: false, ..account("pocketpaw", "work") };
    assert_eq!(agent.add_account(again).await.unwrap().current, None);
    assert_eq!(read(&agent).await.unwrap().session_id, "s2");
    assert_eq!(bed.script.plot().calls.last().unwrap(), "mint another");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_for_a_pause_while_one_connects_gets_it() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let limited = ProviderError::RateLimited { retry_after: Some(std::time::Duration::from_secs(60)) };
    bed.script.fail(&limited, 1);
    for _ in 0..3 {
        assert_eq!(agent.add_account(account("pocketpaw", "work")).await.unwrap_err().code, ErrorCode::RateLimited);
    }
    assert_eq!(bed.script.count("mint"), 1);
}

/// An account whose credential was refused, and whose new one is just being tried, for five seconds.
async fn connecting_again(bed: &Bed, agent: &Agent) -> JoinHandle<Result<AccountView, ApiError>> {
    bed.script.fail(&ProviderError::Refused { message: "No".into() }, 1);
    read(agent).await.unwrap_err();
    bed.script.plot().delay = Duration::from_secs(5);
    let connecting = agent.clone();
    let connecting = tokio::spawn(async move { connecting.add_account(account("antiraid", "work")).await });
    pass(1.0).await;
    bed.script.plot().delay = Duration::from_millis(100);
    connecting
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_while_a_new_credential_is_tried_stays() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    let connecting = connecting_again(&bed, &agent).await;
    let created = agent.create_session("work", CreateSession::default()).await.unwrap();
    connecting.await.unwrap().unwrap();
    let sessions = |agent: &Agent| work(agent).sessions.into_iter().map(|session| session.id).collect::<Vec<_>>();
    assert_eq!((sessions(&agent), work(&agent).health), (vec![created.id.clone()], Health::Well));
    agent.stop().await;
    assert_eq!(sessions(&bed.agent().await), [created.id]);
}

#[tokio::test(start_paused = true)]
async fn an_account_is_not_removed_while_its_new_credential_is_tried() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    let connecting = connecting_again(&bed, &agent).await;
    assert_eq!(agent.remove_account("work").await.unwrap_err().code, ErrorCode::BadRequest);
    connecting.await.unwrap().unwrap();
    agent.stop().await;
    let agent = bed.agent().await;
    assert_eq!(work(&agent).health, Health::Well);
    agent.remove_account("work").await.unwrap();
}
