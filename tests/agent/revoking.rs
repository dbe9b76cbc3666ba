//! Revoking and forgetting, and what each says that it did.

use std::time::Duration;

use daypass_agent::{Agent, Notice};
use daypass_api::request::{AddAccount, CreateSession};
use daypass_api::view::{Health, TokenView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::session::Session;
use daypass_core::{Clock, Secret};
use daypass_providers::{ProviderError, Regenerated};
use tokio::task::JoinHandle;

use crate::bed::{Bed, account, notices, pass, read, read_fresh, work};

#[tokio::test(start_paused = true)]
async fn one_session_is_revoked_at_the_provider() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    let mut heard = agent.notices();
    read(&agent).await.unwrap();
    agent.create_session("work", CreateSession::default()).await.unwrap();
    let revoked = agent.revoke_session("work", "s2", false).await.unwrap();
    assert_eq!((revoked.revoked, revoked.valid_until), (1, None));
    assert!(revoked.message.contains("was revoked"));
    assert_eq!(bed.script.plot().listed.len(), 1);
    assert!(matches!(notices(&mut heard).as_slice(), [Notice::Revoked { .. }]));

    let error = agent.revoke_session("work", "s2", false).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::UnknownSession);
}

#[tokio::test(start_paused = true)]
async fn what_is_already_gone_is_as_good_as_revoked() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    bed.script.plot().listed.clear();
    let revoked = agent.revoke_session("work", "s1", false).await.unwrap();
    assert!(revoked.message.contains("already gone"));
    assert_eq!(work(&agent).sessions, []);
}

#[tokio::test(start_paused = true)]
async fn after_the_current_session_is_revoked_nothing_is_opened_until_it_is_used() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    agent.revoke_session("work", "s1", false).await.unwrap();
    pass(3600.0).await;
    assert_eq!(bed.script.count("mint"), 1);
    assert_eq!(work(&agent).current, None);
    assert_eq!(read(&agent).await.unwrap().session_id, "s2");
}

#[tokio::test(start_paused = true)]
async fn a_failed_revocation_changes_nothing() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    bed.script.fail(&ProviderError::Offline { message: "Cut.".into(), maybe_done: false }, 1);
    assert_eq!(agent.revoke_session("work", "s1", false).await.unwrap_err().code, ErrorCode::Offline);
    assert_eq!(read(&agent).await.unwrap().session_id, "s1");
}

#[tokio::test(start_paused = true)]
async fn where_one_cannot_be_revoked_it_can_be_forgotten_and_says_until_when_it_lives() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let error = agent.revoke_session("work", "s1", false).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotSupported);
    let expires_at = work(&agent).expires_at.unwrap();
    let forgotten = agent.revoke_session("work", "s1", true).await.unwrap();
    assert_eq!(forgotten.valid_until, Some(expires_at));
    let until = expires_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert!(forgotten.message.ends_with(&format!("stays valid until {until}.")), "{}", forgotten.message);
    assert_eq!(work(&agent).sessions, []);
}

#[tokio::test(start_paused = true)]
async fn signing_out_everywhere_says_that_tokens_live_on_and_needs_the_user() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let expires_at = work(&agent).expires_at;
    let gone = Regenerated { credential: None, signed_out: true, tokens_live_on: true };
    bed.script.plot().regenerated = Some(gone);
    let mut heard = agent.notices();
    let revoked = agent.revoke_all("work").await.unwrap();
    assert_eq!(revoked.valid_until, expires_at);
    assert_eq!(work(&agent).health, Health::NeedsYou);
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::NeedsSignIn);
    let told = notices(&mut heard);
    assert!(matches!(told.as_slice(), [Notice::Revoked { .. }]), "they know, they did it: {told:?}");
    agent.stop().await;
    assert_eq!(work(&bed.agent().await).health, Health::NeedsYou);
}

#[tokio::test(start_paused = true)]
async fn one_by_one_the_session_that_asks_comes_last() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    agent.create_session("work", CreateSession::default()).await.unwrap();
    let browser = Session {
        id: "browser".to_owned(),
        name: None,
        kind: Some("login".to_owned()),
        created_at: Some(bed.clock.now()),
        expires_at: None,
    };
    bed.script.plot().listed.push(browser);
    let revoked = agent.revoke_all("work").await.unwrap();
    assert_eq!(revoked.revoked, 3);
    let calls = bed.script.plot().calls.clone();
    let order: Vec<_> = calls.iter().filter(|call| call.starts_with("revoke ")).map(String::as_str).collect();
    assert_eq!(order, ["revoke s2 token-1", "revoke browser token-1", "revoke s1 token-1"]);
    assert_eq!(bed.script.plot().listed, []);
    assert_eq!((work(&agent).sessions.len(), work(&agent).health), (0, Health::NeedsYou));
}

#[tokio::test(start_paused = true)]
async fn a_revocation_one_by_one_that_breaks_off_says_how_far_it_came() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    for _ in 0..3 {
        agent.create_session("work", CreateSession::default()).await.unwrap();
    }
    let revoking = agent.clone();
    let revoking = tokio::spawn(async move { revoking.revoke_all("work").await });
    while bed.script.count("revoke") < 2 {
        pass(0.01).await;
    }
    bed.script.fail(&ProviderError::Offline { message: "Cut.".into(), maybe_done: true }, 1);
    let error = revoking.await.unwrap().unwrap_err();
    assert_eq!(error.code, ErrorCode::Offline);
    assert!(error.message.starts_with("Of 4 sessions 1 were revoked. "), "{}", error.message);
    assert_eq!(read(&agent).await.unwrap().session_id, "s1");
}

#[tokio::test(start_paused = true)]
async fn where_nothing_revokes_all_it_is_said() {
    let bed = Bed::new();
    let agent = bed.connected("discover").await;
    assert_eq!(agent.revoke_all("work").await.unwrap_err().code, ErrorCode::NotSupported);
    assert_eq!(bed.script.plot().calls, Vec::<String>::new());
}

/// A refresh of `work` that is under way while all its sessions are revoked: begun a second after the revocation, and
/// ended well after it.
async fn refresh_across_a_revocation(bed: &Bed, agent: &Agent) -> JoinHandle<Result<TokenView, ApiError>> {
    bed.script.plot().delay = Duration::from_secs(2);
    let revoking = agent.clone();
    let revoking = tokio::spawn(async move { revoking.revoke_all("work").await });
    pass(1.0).await;
    bed.script.plot().delay = Duration::from_secs(4);
    let reading = agent.clone();
    let reading = tokio::spawn(async move { read_fresh(&reading).await });
    pass(0.1).await;
    bed.script.plot().delay = Duration::from_millis(100);
    revoking.await.unwrap().unwrap();
    reading
}

fn new_master() -> Option<Regenerated> {
    Some(Regenerated { credential: Some(Secret::new("new-master")), ..Regenerated::default() })
}

#[tokio::test(start_paused = true)]
async fn a_token_of_the_old_master_that_comes_late_is_not_handed_out() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    read(&agent).await.unwrap();
    bed.script.plot().regenerated = new_master();
    let reading = refresh_across_a_revocation(&bed, &agent).await;
    // The provider had opened the session before it replaced the master: the answer is only late.
    bed.script.plot().refused.clear();
    assert_eq!(reading.await.unwrap().unwrap().session_id, "s3");
    assert_eq!(bed.script.plot().calls.last().unwrap(), "mint new-master");
    let sessions: Vec<_> = work(&agent).sessions.into_iter().map(|session| session.id).collect();
    assert_eq!(sessions, ["s3"], "the dead one is not shown");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_old_master_that_comes_late_says_nothing_of_the_new_one() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    read(&agent).await.unwrap();
    bed.script.plot().regenerated = new_master();
    let mut heard = agent.notices();
    let reading = refresh_across_a_revocation(&bed, &agent).await;
    assert_eq!(reading.await.unwrap().unwrap().session_id, "s2");
    assert_eq!(bed.script.plot().calls.last().unwrap(), "mint new-master");
    assert_eq!(work(&agent).health, Health::Well);
    assert!(matches!(notices(&mut heard).as_slice(), [Notice::Revoked { .. }]));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_opened_during_the_revocation_is_shown_and_not_handed_out() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    let reading = refresh_across_a_revocation(&bed, &agent).await;
    bed.script.plot().refused.push("credential-of-work".to_owned());
    assert_eq!(reading.await.unwrap().unwrap_err().code, ErrorCode::NeedsSignIn);
    let account = work(&agent);
    let sessions: Vec<_> = account.sessions.iter().map(|session| (session.id.as_str(), session.current)).collect();
    assert_eq!((sessions.as_slice(), account.health), (&[("s2", false)][..], Health::NeedsYou));
}

#[tokio::test(start_paused = true)]
async fn a_use_after_the_revocation_ends_the_rest_across_a_restart() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    agent.add_account(AddAccount { pinned: true, ..account("antiraid", "work") }).await.unwrap();
    read(&agent).await.unwrap();
    agent.revoke_session("work", "s1", false).await.unwrap();
    read(&agent).await.unwrap();
    agent.stop().await;
    let agent = bed.agent().await;
    pass(1800.0).await;
    assert_eq!((bed.script.count("mint"), work(&agent).current.as_deref()), (3, Some("s3")));
    // And a use before it does not.
    read(&agent).await.unwrap();
    agent.revoke_session("work", "s3", false).await.unwrap();
    agent.stop().await;
    let _agent = bed.agent().await;
    pass(1800.0).await;
    assert_eq!(bed.script.count("mint"), 3);
}
