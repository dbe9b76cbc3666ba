//! Signing in by device code.

use std::collections::BTreeMap;
use std::time::Duration;

use daypass_agent::Agent;
use daypass_api::ErrorCode;
use daypass_api::request::SignIn;
use daypass_api::view::{Health, SignInState};
use daypass_core::Secret;
use daypass_providers::{Poll, ProviderError};

use crate::bed::{Bed, account, pass, read, read_fresh, work};

fn request(provider: &str) -> SignIn {
    let base_url = Some("http://127.0.0.1:9".to_owned());
    SignIn { provider: provider.to_owned(), name: "work".to_owned(), base_url, params: BTreeMap::new() }
}

#[tokio::test(start_paused = true)]
async fn the_agent_polls_until_the_user_has_approved() {
    let bed = Bed::new();
    bed.script.plot().polls = [Poll::Pending, Poll::Pending, Poll::Done(Secret::new("rt_new"))].into();
    let agent = bed.agent().await;
    let begun = agent.sign_in(request("discovr")).await.unwrap();
    assert_eq!((begun.user_code.as_str(), &begun.state), ("ABCD-EFGH", &SignInState::Pending));
    pass(12.0).await;
    assert_eq!(bed.script.count("poll"), 2);
    assert_eq!(agent.sign_in_state(&begun.id).unwrap().state, SignInState::Pending);
    pass(6.0).await;
    let done = agent.sign_in_state(&begun.id).unwrap().state;
    assert_eq!(done, SignInState::Done { account: "work".to_owned() });
    assert_eq!(work(&agent).params["profile_id"], "profile_id-1", "what the provider offers first");
    assert_eq!(bed.script.plot().calls.last().unwrap(), "mint rt_new");
    read(&agent).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_account_that_needs_the_user_gets_the_new_credential_and_keeps_the_rest() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    bed.script.plot().refused.push("credential-of-work".to_owned());
    read(&agent).await.unwrap_err();
    assert_eq!(work(&agent).health, Health::NeedsYou);
    bed.script.plot().polls = [Poll::Done(Secret::new("rt_new"))].into();
    agent.sign_in(request("discovr")).await.unwrap();
    pass(8.0).await;
    assert_eq!(work(&agent).health, Health::Well);
    assert_eq!(work(&agent).params["profile_id"], "p1");
    assert_eq!(bed.script.count("offers"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_ends_when_it_is_denied_or_its_time_is_over() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let denied = agent.sign_in(request("discovr")).await.unwrap();
    bed.script.fail(&ProviderError::Refused { message: "Denied".into() }, 1);
    pass(6.0).await;
    let state = |id: &str| agent.sign_in_state(id).unwrap().state;
    assert!(matches!(state(&denied.id), SignInState::Failed { error } if error.code == ErrorCode::NeedsSignIn));

    let late = agent.sign_in(request("discovr")).await.unwrap();
    bed.script.fail(&ProviderError::Offline { message: "Cut.".into(), maybe_done: false }, 3);
    pass(30.0).await;
    assert_eq!(state(&late.id), SignInState::Pending, "a bad moment is not the end");
    pass(600.0).await;
    assert!(matches!(state(&late.id), SignInState::Failed { .. }));
    assert_eq!(agent.snapshot().accounts, []);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_can_be_given_up() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let begun = agent.sign_in(request("discovr")).await.unwrap();
    agent.cancel_sign_in(&begun.id);
    pass(60.0).await;
    assert_eq!(bed.script.count("poll"), 0);
    assert_eq!(agent.sign_in_state(&begun.id).unwrap_err().code, ErrorCode::BadRequest);
    agent.cancel_sign_in("nonsense");
}

#[tokio::test(start_paused = true)]
async fn not_every_provider_has_it() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    assert_eq!(agent.sign_in(request("pocketpaw")).await.unwrap_err().code, ErrorCode::NotSupported);
    assert_eq!(agent.sign_in(request("nobody")).await.unwrap_err().code, ErrorCode::BadRequest);
    let error = agent.sign_in(request("discovr")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::BadRequest, "the name belongs to another provider");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_old_credential_that_comes_late_says_nothing_of_the_new_one() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    bed.script.plot().polls = [Poll::Done(Secret::new("rt_new"))].into();
    agent.sign_in(request("discovr")).await.unwrap();
    pass(4.0).await;
    bed.script.plot().delay = Duration::from_secs(10);
    let reading = agent.clone();
    let reading = tokio::spawn(async move { read_fresh(&reading).await });
    pass(0.1).await;
    bed.script.plot().delay = Duration::from_millis(100);
    pass(2.0).await;
    assert_eq!(work(&agent).current.as_deref(), Some("s2"), "signed in");
    bed.script.plot().refused.push("credential-of-work".to_owned());
    assert_eq!(reading.await.unwrap().unwrap().session_id, "s3");
    assert_eq!(bed.script.plot().calls.last().unwrap(), "mint rt_new");
    assert_eq!(work(&agent).health, Health::Well);
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_by_the_wall_clock_when_the_machine_slept() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    agent.sign_in(request("discovr")).await.unwrap();
    bed.script.fail(&ProviderError::RateLimited { retry_after: Some(Duration::from_secs(300)) }, 1);
    pass(6.0).await;
    bed.clock.sleep(290);
    pass(38.0).await;
    assert_eq!(bed.script.count("poll"), 2);
}

#[tokio::test(start_paused = true)]
async fn an_account_is_signed_in_at_its_own_address() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    bed.script.plot().polls = [Poll::Done(Secret::new("rt_new"))].into();
    agent.sign_in(SignIn { base_url: None, ..request("discovr") }).await.unwrap();
    pass(8.0).await;
    assert_eq!(bed.script.plot().addresses, ["http://127.0.0.1:9/"; 3], "the code, the poll and the mint");
}

/// A sign-in that is approved, and whose first mint is just under way.
async fn approved(bed: &Bed, agent: &Agent) -> String {
    bed.script.plot().delay = Duration::from_secs(2);
    bed.script.plot().polls = [Poll::Done(Secret::new("rt_new"))].into();
    let params = BTreeMap::from([("profile_id".to_owned(), "p1".to_owned())]);
    let begun = agent.sign_in(SignIn { params, ..request("discovr") }).await.unwrap();
    pass(8.0).await;
    begun.id
}

#[tokio::test(start_paused = true)]
async fn what_the_user_has_approved_is_not_thrown_away_because_of_a_bad_moment() {
    let bad_moments = [
        ProviderError::Offline { message: "Cut.".into(), maybe_done: false },
        ProviderError::TryLater { message: "500".into(), retry_after: None },
        ProviderError::RateLimited { retry_after: None },
    ];
    for moment in bad_moments {
        let bed = Bed::new();
        let agent = bed.agent().await;
        let id = approved(&bed, &agent).await;
        bed.script.fail(&moment, 1);
        pass(3.0).await;
        let done = SignInState::Done { account: "work".to_owned() };
        assert_eq!(agent.sign_in_state(&id).unwrap().state, done, "{moment}");
        pass(10.0).await;
        read(&agent).await.unwrap();
        assert_eq!(bed.script.plot().calls.last().unwrap(), "mint rt_new");
    }

    // Nor because the provider is left alone at that moment.
    let bed = Bed::new();
    let agent = bed.agent().await;
    let limited = ProviderError::RateLimited { retry_after: Some(Duration::from_secs(60)) };
    bed.script.fail(&limited, 1);
    agent.add_account(account("discovr", "other")).await.unwrap_err();
    approved(&bed, &agent).await;
    pass(3.0).await;
    assert_eq!((bed.script.count("mint"), work(&agent).health), (1, Health::Well));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_at_once_is_not_stored() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let id = approved(&bed, &agent).await;
    bed.script.fail(&ProviderError::Refused { message: "No".into() }, 1);
    pass(3.0).await;
    assert!(matches!(agent.sign_in_state(&id).unwrap().state, SignInState::Failed { .. }));
    assert_eq!(agent.snapshot().accounts, []);
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_offers_is_asked_for_again_after_a_bad_moment() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    bed.script.plot().delay = Duration::from_secs(2);
    bed.script.plot().polls = [Poll::Done(Secret::new("rt_new"))].into();
    let begun = agent.sign_in(request("discovr")).await.unwrap();
    pass(8.0).await;
    assert_eq!(bed.script.count("offers"), 1);
    bed.script.fail(&ProviderError::Offline { message: "Cut.".into(), maybe_done: false }, 1);
    pass(12.0).await;
    assert_eq!(agent.sign_in_state(&begun.id).unwrap().state, SignInState::Done { account: "work".to_owned() });
    assert_eq!(work(&agent).params["profile_id"], "profile_id-1");
}
