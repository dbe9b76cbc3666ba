//! Export and import: accounts that come over to another machine whole, or not at all.

use std::time::Duration;

use daypass_agent::{Agent, KeySource, Notice};
use daypass_api::ErrorCode;
use daypass_api::request::{AddAccount, CreateSession, Export, Import, TokenRequest};
use daypass_api::view::{AccountView, ImportView, VaultView};
use daypass_core::Secret;
use daypass_core::session::SessionState;
use daypass_providers::ProviderError;
use rusqlite::Connection;
use tokio::sync::broadcast::Receiver;

use crate::bed::{Bed, account, notices, pass, read, read_fresh, settle_down, work};
use crate::journal::open_intents;
use crate::rotation::renewing;

const PASSPHRASE: &str = "correct horse battery";

async fn export(agent: &Agent) -> String {
    agent.export(Export { passphrase: Secret::new(PASSPHRASE) }).await.unwrap().sealed
}

fn import(sealed: &str, replace: bool) -> Import {
    Import { passphrase: Secret::new(PASSPHRASE), sealed: sealed.to_owned(), replace }
}

/// Another machine, at the same provider and time, whose vault has another kind of key.
fn other_machine(bed: &Bed) -> Bed {
    let other = Bed { script: bed.script.clone(), clock: bed.clock.clone(), ..Bed::new() };
    let file = other.dir.path().join("passphrase");
    std::fs::write(&file, "another one\n").unwrap();
    Bed { key: KeySource::PassphraseFile(file), ..other }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn accounts_come_over_whole_and_work_there() {
    let bed = Bed::new();
    bed.script.plot().grants = true;
    let agent = bed.connected("discover").await;
    let token = read(&agent).await.unwrap();
    agent.add_account(AddAccount { check: false, ..account("antiraid", "other") }).await.unwrap();
    // The answer to the first creation is lost, and found again as an orphan.
    bed.script.plot().lose_answer = true;
    agent.refresh("other").await.unwrap_err();
    pass(2.0).await;
    agent.refresh("other").await.unwrap();
    pass(65.0).await;
    let sealed = export(&agent).await;
    for secret in ["credential-of-work", "credential-of-other", token.token.expose(), "grant-", "discover", "antiraid"]
    {
        assert!(!sealed.contains(secret), "{secret}");
    }

    let there = other_machine(&bed);
    let other = there.agent().await;
    let done = other.import(import(&sealed, false)).await.unwrap();
    assert_eq!(done, ImportView { added: names(&["other", "work"]), replaced: vec![], left_out: vec![] });
    let asked = bed.script.plot().calls.len();
    let shown = |account: AccountView| (account.provider, account.base_url, account.sessions);
    let known = |agent: &Agent| ["work", "other"].map(|name| shown(agent.account(name).unwrap()));
    assert_eq!(known(&other), known(&agent));
    assert!(work(&other).sessions[0].held);
    let orphans = |sessions: &[daypass_api::view::SessionView]| {
        sessions.iter().filter(|session| session.state == SessionState::Orphan).count()
    };
    assert_eq!(orphans(&other.account("other").unwrap().sessions), 1);
    assert_eq!(read(&other).await.unwrap().token, token.token, "the held token is there");
    assert_eq!(bed.script.plot().calls.len(), asked, "and nothing was asked");

    // It is stored there, under the other key, and its credential and grant work.
    agent.stop().await;
    other.stop().await;
    let stored = there.stored_bytes();
    assert!(!stored.windows(13).any(|part| part == b"credential-of"), "a secret is in the clear");
    let other = there.agent().await;
    assert_eq!(read(&other).await.unwrap().token, token.token);
    read_fresh(&other).await.unwrap();
    assert_eq!(bed.script.plot().calls.last().unwrap(), "renew grant-1");
    other.refresh("other").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_imported_rests_until_it_is_used() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    agent.add_account(AddAccount { pinned: true, ..account("discovr", "work") }).await.unwrap();
    read(&agent).await.unwrap();
    let sealed = export(&agent).await;
    agent.stop().await;
    let there = other_machine(&bed);
    let other = there.agent().await;
    other.import(import(&sealed, false)).await.unwrap();
    let minted = bed.script.count("mint");
    pass(7200.0).await;
    assert_eq!(bed.script.count("mint"), minted, "the other machine may still use it");
    read(&other).await.unwrap();
    pass(7200.0).await;
    assert!(bed.script.count("mint") > minted + 1, "from then on it is kept fresh");
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_is_under_way_comes_along_with_what_it_brings() {
    let mut bed = Bed::new();
    renewing(&mut bed, true);
    let agent = bed.connected("renewing").await;
    read(&agent).await.unwrap();
    let flying = agent.clone();
    let flying = tokio::spawn(async move { read_fresh(&flying).await });
    pass(2.0).await;
    let sealed = export(&agent).await;
    let token = flying.await.unwrap().unwrap().token;
    agent.stop().await;
    let there = Bed { catalog: bed.catalog.clone(), ..other_machine(&bed) };
    let other = there.agent().await;
    other.import(import(&sealed, false)).await.unwrap();
    let renewed = bed.script.count("renew");
    pass(60.0).await;
    assert_eq!(read(&other).await.unwrap().token, token);
    settle_down().await;
    assert_eq!(bed.script.count("renew"), renewed, "nothing was left open");
    read_fresh(&other).await.unwrap();
    assert_eq!(bed.script.plot().calls.last().unwrap(), "renew grant-2");
}

#[tokio::test(start_paused = true)]
async fn an_open_intent_travels_and_is_settled_when_the_account_is_used() {
    let cut = ProviderError::Offline { message: "Cut.".into(), maybe_done: false };
    for provider in ["antiraid", "renewing"] {
        let mut bed = Bed::new();
        renewing(&mut bed, true);
        bed.script.plot().grants = provider == "renewing";
        bed.script.plot().delay = Duration::ZERO;
        bed.catalog = if provider == "renewing" { bed.catalog } else { Bed::new().catalog };
        let agent = bed.connected(provider).await;
        read(&agent).await.unwrap();
        bed.script.plot().lose_answer = true;
        read_fresh(&agent).await.unwrap_err();
        // What would settle it does not get through.
        bed.script.fail(&cut, 100);
        let sealed = export(&agent).await;
        agent.stop().await;
        bed.script.plot().failures.clear();

        let there = Bed { catalog: bed.catalog.clone(), ..other_machine(&bed) };
        let other = there.agent().await;
        other.import(import(&sealed, false)).await.unwrap();
        let asked = bed.script.plot().calls.len();
        pass(300.0).await;
        assert_eq!(bed.script.plot().calls.len(), asked, "{provider}: the other machine may be settling it");
        assert_eq!(open_intents(&there).len(), 1);
        read(&other).await.unwrap();
        settle_down().await;
        assert_eq!(open_intents(&there), Vec::<String>::new(), "{provider}");
        let orphans = work(&other).sessions.iter().filter(|session| session.state == SessionState::Orphan).count();
        assert_eq!(orphans, usize::from(provider == "antiraid"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_just_being_opened_comes_along() {
    let bed = Bed::new();
    bed.script.plot().delay = Duration::from_secs(5);
    let agent = bed.connected("antiraid").await;
    let creating = agent.clone();
    let request = CreateSession { name: Some("ci".to_owned()), life: None };
    let creating = tokio::spawn(async move { creating.create_session("work", request).await });
    pass(2.0).await;
    let sealed = export(&agent).await;
    creating.await.unwrap().unwrap();
    agent.stop().await;

    bed.script.plot().delay = Duration::ZERO;
    let there = other_machine(&bed);
    let other = there.agent().await;
    other.import(import(&sealed, false)).await.unwrap();
    settle_down().await;
    let sessions = work(&other).sessions;
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_eq!(
        (sessions[0].name.as_deref(), sessions[0].state, sessions[0].held),
        (Some("ci"), SessionState::Fresh, true)
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_told_of_an_account_is_over_when_another_takes_its_place() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let sealed = export(&agent).await;
    let mut heard = agent.notices();
    bed.script.plot().refused.push("credential-of-work".to_owned());
    let needs_you = async |heard: &mut Receiver<Notice>| {
        read_fresh(&agent).await.unwrap_err();
        pass(5.0).await;
        let told = notices(heard);
        assert!(matches!(told[..], [Notice::NeedsYou { .. }]), "{told:?}");
    };
    needs_you(&mut heard).await;
    agent.import(import(&sealed, true)).await.unwrap();
    needs_you(&mut heard).await;
}

#[tokio::test(start_paused = true)]
async fn tokens_that_can_be_had_again_do_not_make_an_export_too_long() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    agent.add_account(AddAccount { check: false, ..account("antiraid", "kept") }).await.unwrap();
    let kept = agent.token("kept", TokenRequest::default()).await.unwrap().token;
    bed.script.plot().padding = 9 << 20;
    for name in ["a", "b", "work"] {
        agent.add_account(AddAccount { check: false, ..account("discovr", name) }).await.unwrap();
        agent.token(name, TokenRequest::default()).await.unwrap();
    }
    bed.script.plot().padding = 0;
    let sealed = export(&agent).await;
    agent.stop().await;
    let there = other_machine(&bed);
    let other = there.agent().await;
    other.import(import(&sealed, false)).await.unwrap();
    assert_eq!(other.token("kept", TokenRequest::default()).await.unwrap().token, kept, "it is shown once");
    assert_eq!(read(&other).await.unwrap().token, Secret::new("token-5"));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_is_left_out_or_replaced() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let token = read(&agent).await.unwrap().token;
    agent.add_account(account("discovr", "new")).await.unwrap();
    let sealed = export(&agent).await;
    agent.stop().await;

    let there = other_machine(&bed);
    let other = there.connected("antiraid").await;
    let own = read(&other).await.unwrap().token;
    let done = other.import(import(&sealed, false)).await.unwrap();
    assert_eq!(done, ImportView { added: names(&["new"]), replaced: vec![], left_out: names(&["work"]) });
    assert_eq!(read(&other).await.unwrap().token, own);

    let done = other.import(import(&sealed, true)).await.unwrap();
    assert_eq!(done, ImportView { added: vec![], replaced: names(&["new", "work"]), left_out: vec![] });
    assert_eq!((work(&other).provider.as_str(), read(&other).await.unwrap().token), ("discovr", token.clone()));
    other.stop().await;
    let other = there.agent().await;
    assert_eq!((work(&other).provider.as_str(), read(&other).await.unwrap().token), ("discovr", token));
    read_fresh(&other).await.unwrap();
    assert_eq!(bed.script.plot().calls.last().unwrap(), "mint credential-of-work");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_under_way_brings_nothing_to_the_account_that_takes_the_place() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let token = read(&agent).await.unwrap();
    let sealed = export(&agent).await;
    agent.stop().await;
    let there = other_machine(&bed);
    let other = there.connected("antiraid").await;
    read(&other).await.unwrap();
    bed.script.plot().delay = Duration::from_secs(5);
    let flying = other.clone();
    // It goes on behind a reader that does not wait for it.
    let reader = tokio::spawn(async move { read_fresh(&flying).await });
    pass(1.0).await;
    reader.abort();
    other.import(import(&sealed, true)).await.unwrap();
    pass(10.0).await;
    let current = work(&other).current;
    assert_eq!(current, Some(token.session_id), "what came late is not current");
    assert_eq!(read(&other).await.unwrap().token, token.token);
}

#[tokio::test(start_paused = true)]
async fn an_export_that_cannot_be_opened_changes_nothing() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let sealed = export(&agent).await;
    let there = other_machine(&bed);
    let other = there.agent().await;
    let (begin, end) = sealed.split_at(sealed.len() / 2);
    let damaged = format!("{begin}{}{}", if end.starts_with('A') { 'B' } else { 'A' }, &end[1..]);
    for (request, words) in [
        (Import { passphrase: Secret::new("correct horse"), ..import(&sealed, true) }, "passphrase does not fit"),
        (import(&sealed[..sealed.len() / 2], true), "cut off"),
        (import(&damaged, true), "damaged"),
        (import(&sealed.replace("daypass-export 1", "daypass-export 2"), true), "update Daypass"),
        (import("hello", true), "no export of Daypass"),
        (import("", true), "no export of Daypass"),
    ] {
        let error = other.import(request).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest, "{error}");
        assert!(error.message.contains(words), "{words}: {error}");
    }
    assert_eq!(other.snapshot().accounts, []);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_can_be_saved_from_a_vault_that_is_gone() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    std::fs::remove_file(bed.home.vault_file()).unwrap();
    let token = read_fresh(&agent).await.unwrap().token;
    assert!(matches!(agent.snapshot().vault, VaultView::Failing { .. }));
    let sealed = export(&agent).await;
    agent.stop().await;
    // The same machine begins anew with it.
    let agent = bed.agent().await;
    agent.import(import(&sealed, false)).await.unwrap();
    assert_eq!(read(&agent).await.unwrap().token, token);
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_cannot_be_written_takes_all_or_nothing() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    agent.add_account(account("discovr", "new")).await.unwrap();
    let sealed = export(&agent).await;
    let there = other_machine(&bed);
    let other = there.connected("discovr").await;
    let blocked = Connection::open(there.home.vault_file()).unwrap();
    blocked.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = other.import(import(&sealed, true)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal, "{error}");
    assert_eq!(other.snapshot().accounts.len(), 1);
    blocked.execute_batch("ROLLBACK").unwrap();
    let done = other.import(import(&sealed, true)).await.unwrap();
    assert_eq!((done.added, done.replaced), (names(&["new"]), names(&["work"])));
    assert_eq!(other.snapshot().vault, VaultView::Open);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_exported_is_told() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let ask = |passphrase: &str| Export { passphrase: Secret::new(passphrase) };
    let error = agent.export(ask("elf letters")).await.unwrap_err();
    assert!(error.code == ErrorCode::BadRequest && error.message.contains("12 characters"), "{error}");
    let error = agent.export(ask(PASSPHRASE)).await.unwrap_err();
    assert!(error.code == ErrorCode::BadRequest && error.message.contains("no account"), "{error}");
    agent.add_account(account("discovr", "work")).await.unwrap();
    let sealed = export(&agent).await;
    agent.stop().await;
    let KeySource::KeyFile(key) = &bed.key else { unreachable!() };
    std::fs::remove_file(key).unwrap();
    let agent = bed.agent().await;
    assert_eq!(agent.export(ask(PASSPHRASE)).await.unwrap_err().code, ErrorCode::Locked);
    assert_eq!(agent.import(import(&sealed, true)).await.unwrap_err().code, ErrorCode::Locked);
}
