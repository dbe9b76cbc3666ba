//! What a held token says of itself: read when it is asked for, and never with the signature.

use daypass_api::ErrorCode;
use daypass_api::request::CreateSession;
use daypass_core::session::Session;
use daypass_core::token::jwt;
use daypass_core::{Clock, Secret};
use serde_json::json;

use crate::bed::{Bed, read, work};

/// A JWT with these claims, and its three parts.
fn token(claims: &serde_json::Value, bed: &Bed) -> (String, Vec<String>) {
    let signed = jwt::sign(&[7; 32], claims, bed.clock.now() + std::time::Duration::from_secs(1800)).unwrap();
    let parts = signed.expose().split('.').map(str::to_owned).collect();
    (signed.expose().to_owned(), parts)
}

#[tokio::test(start_paused = true)]
async fn a_jwt_is_told_without_its_signature() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let (text, parts) = token(&json!({ "sub": "u1", "scope": ["a", "b"], "nested": { "n": 1.5 } }), &bed);
    bed.script.plot().next_token = Some(text.clone());
    read(&agent).await.unwrap();
    let view = agent.claims("work", "s1").await.unwrap();
    assert_eq!(view.header["alg"], "HS256");
    assert_eq!((&view.claims["sub"], &view.claims["nested"]["n"]), (&json!("u1"), &json!(1.5)));
    assert_eq!(view.claims["exp"], bed.clock.now().timestamp() + 1800);
    let answer = serde_json::to_string(&view).unwrap();
    for secret in parts.iter().chain([&text]) {
        assert!(!answer.contains(secret), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_says_nothing_is_told_to_say_nothing() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    let foreign =
        Session { id: "far".to_owned(), name: None, kind: None, created_at: Some(bed.clock.now()), expires_at: None };
    bed.script.plot().listed.push(foreign);
    agent.sessions("work").await.unwrap();

    let opaque = agent.claims("work", "s1").await.unwrap_err();
    assert_eq!(opaque.code, ErrorCode::NotSupported);
    assert_eq!(opaque.message, "Its token is opaque: it says nothing that can be read.");
    let foreign = agent.claims("work", "far").await.unwrap_err();
    assert_eq!(foreign.code, ErrorCode::NotSupported);
    assert!(foreign.message.contains("opened elsewhere"), "{foreign}");
    assert_eq!(agent.claims("work", "none").await.unwrap_err().code, ErrorCode::UnknownSession);
    assert_eq!(agent.claims("none", "s1").await.unwrap_err().code, ErrorCode::UnknownAccount);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_holds_another_secret_is_not_told() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    bed.script.plot().next_token = Some(token(&json!({ "via": "credential-of-work" }), &bed).0);
    read(&agent).await.unwrap();
    let error = agent.claims("work", "s1").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotSupported);
    assert!(!error.message.contains("credential-of-work"));
}

#[tokio::test(start_paused = true)]
async fn every_held_session_has_the_fingerprint_of_its_token() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    let token = read(&agent).await.unwrap().token;
    agent.create_session("work", CreateSession::default()).await.unwrap();
    let prints = |agent: &daypass_agent::Agent| {
        work(agent).sessions.into_iter().map(|session| session.fingerprint).collect::<Vec<_>>()
    };
    let expected = [Some(token.fingerprint()), Some(Secret::new("token-2").fingerprint())];
    assert_eq!(prints(&agent), expected);
    agent.stop().await;
    // Out of the vault they are the same.
    assert_eq!(prints(&bed.agent().await), expected);
}
