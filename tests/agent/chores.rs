//! What is done beside refreshing: predecessors go, lost answers are settled, revocations are finished. Never before the
//! successor is stored, never while the provider wants to be left alone.

use std::time::Duration;

use daypass_agent::Agent;
use daypass_api::ErrorCode;
use daypass_api::request::{CreateSession, Export, Import, LogQuery, TokenRequest};
use daypass_api::view::{Health, LogEvent};
use daypass_core::Secret;
use daypass_providers::ProviderError;

use crate::bed::{Bed, pass, read, read_fresh, settle_down, work};
use crate::journal::open_intents;

/// As if the answer to a call was lost on its way.
fn lost() -> ProviderError {
    ProviderError::Offline { message: "Cut.".into(), maybe_done: true }
}

fn busy(seconds: u64) -> ProviderError {
    let retry_after = Some(Duration::from_secs(seconds));
    ProviderError::TryLater { message: "Busy.".into(), retry_after }
}

/// The token of one session, or why there is none.
async fn beside(agent: &Agent, id: &str) -> Result<String, (ErrorCode, String)> {
    let request = TokenRequest { session: Some(id.to_owned()), ..TokenRequest::default() };
    let token = agent.token("work", request).await.map_err(|error| (error.code, error.message))?;
    Ok(token.token.expose().to_owned())
}

/// The ids of the sessions that are held or shown.
fn known(agent: &Agent) -> Vec<String> {
    work(agent).sessions.into_iter().map(|session| session.id).collect()
}

/// An agent with a current session `s1` and a further one, `s2`.
async fn with_two(bed: &Bed) -> Agent {
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    agent.create_session("work", CreateSession::default()).await.unwrap();
    agent
}

#[tokio::test(start_paused = true)]
async fn a_predecessor_is_kept_until_its_successor_is_stored() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    agent.token("work", TokenRequest { min_ttl: Some(1), ..TokenRequest::default() }).await.unwrap();
    bed.script.plot().delay = Duration::from_secs(5);
    let refreshing = agent.clone();
    let refreshing = tokio::spawn(async move { read_fresh(&refreshing).await });
    // The intent is written; then nothing can be stored any more.
    pass(1.0).await;
    let db = rusqlite::Connection::open(bed.home.vault_file()).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(refreshing.await.unwrap().unwrap().session_id, "s2");
    pass(20.0).await;
    assert_eq!(bed.script.count("revoke"), 0, "after a crash the old one is all that there is");
    db.execute_batch("ROLLBACK").unwrap();
    pass(60.0).await;
    assert_eq!((bed.script.count("revoke"), known(&agent)), (1, vec!["s2".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_ends_the_retirements_too() {
    let bed = Bed::new();
    bed.script.plot().life = Duration::from_secs(86_400);
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    read_fresh(&agent).await.unwrap();
    // The user has deleted all of them on the website.
    bed.script.plot().refused = ["token-1", "token-2", "credential-of-work"].map(str::to_owned).to_vec();
    pass(3600.0).await;
    assert_eq!(bed.script.count("revoke"), 2, "once, with each credential");
    assert_eq!(work(&agent).health, Health::NeedsYou);
    read_fresh(&agent).await.unwrap_err();
    let told = agent.log(LogQuery::default()).await.unwrap().entries;
    assert_eq!(told.iter().filter(|entry| entry.event == LogEvent::Refused).count(), 1);
    // What has died is forgotten all the same, and nobody is asked for that.
    pass(90_000.0).await;
    assert_eq!((bed.script.count("revoke"), known(&agent).contains(&"s1".to_owned())), (2, false));
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_the_provider_will_not_do_is_tried_once_an_hour() {
    let bed = Bed::new();
    bed.script.plot().life = Duration::from_secs(86_400);
    let agent = bed.connected("antiraid").await;
    agent.token("work", TokenRequest { min_ttl: Some(1), ..TokenRequest::default() }).await.unwrap();
    read_fresh(&agent).await.unwrap();
    bed.script.fail(&ProviderError::Rejected { message: "No.".into() }, 4);
    pass(3.5 * 3600.0).await;
    assert_eq!(bed.script.count("revoke"), 4);
    pass(3600.0).await;
    assert_eq!((bed.script.count("revoke"), known(&agent).len()), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn a_settlement_waits_for_as_long_as_the_provider_asked() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    bed.script.fail(&busy(3600), 1);
    read(&agent).await.unwrap_err();
    assert_eq!(open_intents(&bed).len(), 1);
    pass(3590.0).await;
    let calls = bed.script.plot().calls.clone();
    assert_eq!(calls.len(), 1, "{calls:?}");
    pass(60.0).await;
    assert_eq!((bed.script.count("list"), open_intents(&bed).len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_was_asked_of_one_call_holds_for_the_chores_too() {
    let bed = Bed::new();
    bed.script.plot().life = Duration::from_secs(86_400);
    let agent = bed.connected("antiraid").await;
    agent.token("work", TokenRequest { min_ttl: Some(10), ..TokenRequest::default() }).await.unwrap();
    read_fresh(&agent).await.unwrap();
    bed.script.fail(&busy(600), 1);
    agent.sessions("work").await.unwrap_err();
    pass(590.0).await;
    assert_eq!(bed.script.count("revoke"), 0);
    pass(60.0).await;
    assert_eq!((bed.script.count("revoke"), known(&agent).len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn chores_wait_for_the_probe_of_a_provider_that_cannot_be_reached() {
    let bed = Bed::new();
    bed.script.plot().life = Duration::from_secs(86_400);
    let agent = bed.connected("antiraid").await;
    agent.token("work", TokenRequest { min_ttl: Some(10), ..TokenRequest::default() }).await.unwrap();
    read_fresh(&agent).await.unwrap();
    bed.script.fail(&ProviderError::Offline { message: "Down.".into(), maybe_done: false }, 10_000);
    for _ in 0..20 {
        read_fresh(&agent).await.unwrap_err();
        pass(3.0).await;
    }
    let asked = bed.script.count("revoke");
    assert!(asked <= 1, "{asked} attempts while refreshes find nobody");
    bed.script.plot().failures.clear();
    pass(95.0).await;
    assert_eq!(known(&agent).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_revocation_whose_answer_was_lost_is_finished_and_its_token_is_not_served_meanwhile() {
    let bed = Bed::new();
    let agent = with_two(&bed).await;
    bed.script.fail(&lost(), 1);
    let error = agent.revoke_session("work", "s2", false).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Offline);
    assert!(error.message.contains("goes on revoking"), "{}", error.message);
    assert!(open_intents(&bed)[0].contains("revoke"), "{:?}", open_intents(&bed));
    let (code, said) = beside(&agent, "s2").await.unwrap_err();
    assert_eq!(code, ErrorCode::UnknownSession);
    assert!(said.contains("is being revoked"), "{said}");
    assert_eq!(read(&agent).await.unwrap().session_id, "s1", "the others are as they were");
    pass(65.0).await;
    assert_eq!((bed.script.count("revoke"), open_intents(&bed).len(), known(&agent)), (2, 0, vec!["s1".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_current_session_that_may_be_revoked_is_not_believed_and_not_replaced_unasked() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    bed.script.fail(&lost(), 1);
    agent.revoke_session("work", "s1", false).await.unwrap_err();
    pass(30.0).await;
    assert_eq!(bed.script.count("mint"), 1);
    assert_eq!(read(&agent).await.unwrap().session_id, "s2");
    pass(150.0).await;
    assert_eq!((open_intents(&bed).len(), known(&agent)), (0, vec!["s2".to_owned()]));
    assert_eq!(read(&agent).await.unwrap().session_id, "s2", "its successor stays");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_not_served_while_its_session_is_being_revoked() {
    let bed = Bed::new();
    let agent = with_two(&bed).await;
    bed.script.plot().delay = Duration::from_secs(10);
    let revoking = agent.clone();
    let revoking = tokio::spawn(async move { revoking.revoke_session("work", "s2", false).await });
    pass(5.0).await;
    assert_eq!(open_intents(&bed).len(), 1, "durable before the call");
    assert_eq!(beside(&agent, "s2").await.unwrap_err().0, ErrorCode::UnknownSession);
    revoking.await.unwrap().unwrap();
    pass(120.0).await;
    assert_eq!((bed.script.count("revoke"), open_intents(&bed).len()), (1, 0), "nobody else went on with it");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_surely_came_to_nothing_leaves_the_session_as_it_was() {
    let bed = Bed::new();
    let agent = with_two(&bed).await;
    bed.script.fail(&ProviderError::Rejected { message: "No.".into() }, 2);
    for id in ["s2", "s1"] {
        assert_eq!(agent.revoke_session("work", id, false).await.unwrap_err().code, ErrorCode::Rejected);
        assert_eq!(open_intents(&bed).len(), 0);
    }
    assert_eq!(beside(&agent, "s2").await.unwrap(), "token-2");
    assert_eq!(read(&agent).await.unwrap().session_id, "s1");
}

#[tokio::test(start_paused = true)]
async fn an_agent_killed_over_a_revocation_finishes_it_on_its_next_start() {
    let bed = Bed::new();
    let agent = with_two(&bed).await;
    agent.stop().await;
    // As it is when the agent was killed between the provider's answer and the storing.
    bed.script.plot().listed.retain(|session| session.id != "s2");
    let db = rusqlite::Connection::open(bed.home.vault_file()).unwrap();
    let insert = r#"INSERT INTO journal (account, intent, begun_at) VALUES (1, '{"what":"revoke","id":"s2"}', 0)"#;
    db.execute(insert, []).unwrap();
    drop(db);
    bed.script.fail(&busy(120), 1);
    let agent = bed.agent().await;
    assert_eq!(beside(&agent, "s2").await.unwrap_err().0, ErrorCode::UnknownSession);
    settle_down().await;
    assert_eq!((bed.script.count("revoke"), open_intents(&bed).len()), (1, 1));
    pass(115.0).await;
    assert_eq!(bed.script.count("revoke"), 1, "not before the provider's pause is over");
    pass(10.0).await;
    assert_eq!((open_intents(&bed).len(), known(&agent)), (0, vec!["s1".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn an_open_revocation_comes_over_with_its_account_and_is_finished_there() {
    let bed = Bed::new();
    let agent = with_two(&bed).await;
    bed.script.fail(&busy(3600), 1);
    agent.revoke_session("work", "s2", false).await.unwrap_err();
    let passphrase = || Secret::new("correct horse battery");
    let sealed = agent.export(Export { passphrase: passphrase() }).await.unwrap().sealed;
    agent.stop().await;

    let there = Bed { script: bed.script.clone(), clock: bed.clock.clone(), ..Bed::new() };
    let other = there.agent().await;
    other.import(Import { passphrase: passphrase(), sealed, replace: false }).await.unwrap();
    assert_eq!(beside(&other, "s2").await.unwrap_err().0, ErrorCode::UnknownSession);
    settle_down().await;
    assert_eq!((open_intents(&there).len(), known(&other)), (0, vec!["s1".to_owned()]));
    assert!(bed.script.plot().listed.iter().all(|session| session.id != "s2"));
}

#[tokio::test(start_paused = true)]
async fn a_revocation_goes_on_where_the_vault_cannot_be_written_after_it() {
    let bed = Bed::new();
    let agent = with_two(&bed).await;
    bed.script.plot().delay = Duration::from_secs(5);
    let revoking = agent.clone();
    let revoking = tokio::spawn(async move { revoking.revoke_session("work", "s2", false).await });
    pass(1.0).await;
    let db = rusqlite::Connection::open(bed.home.vault_file()).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    revoking.await.unwrap().unwrap();
    assert_eq!(known(&agent), ["s1"]);
    pass(70.0).await;
    assert_eq!(bed.script.count("revoke"), 1, "it has ended, and only waits to be stored");
    db.execute_batch("ROLLBACK").unwrap();
    pass(60.0).await;
    assert_eq!((bed.script.count("revoke"), open_intents(&bed).len()), (1, 0));
}
