//! Sessions beside the current one: created, listed, handed out, squared with the provider's list.

use std::time::Duration;

use daypass_api::ErrorCode;
use daypass_api::request::{CreateSession, TokenRequest};
use daypass_core::Clock;
use daypass_core::session::{Session, SessionState};

use crate::bed::{Bed, pass, read, work};

fn named(name: &str) -> CreateSession {
    CreateSession { name: Some(name.to_owned()), life: Some(3600) }
}

fn of(id: &str) -> TokenRequest {
    TokenRequest { session: Some(id.to_owned()), ..TokenRequest::default() }
}

#[tokio::test(start_paused = true)]
async fn a_created_session_is_held_beside_the_current_one() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    let created = agent.create_session("work", named("ci")).await.unwrap();
    assert_eq!((created.id.as_str(), created.name.as_deref(), created.held), ("s2", Some("ci"), true));
    assert!(!created.current);
    assert_eq!(agent.token("work", of("s2")).await.unwrap().token.expose(), "token-2");
    assert_eq!(read(&agent).await.unwrap().session_id, "s1");

    // It is not refreshed: a reader is told how little it has left, and at last that it is over.
    pass(3600.0 - 100.0).await;
    let short = agent.token("work", of("s2")).await.unwrap();
    assert_eq!(short.short_because.unwrap().code, ErrorCode::NotSupported);
    pass(101.0).await;
    assert_eq!(agent.token("work", of("s2")).await.unwrap_err().code, ErrorCode::UnknownSession);
    assert_eq!(agent.token("work", of("nonsense")).await.unwrap_err().code, ErrorCode::UnknownSession);
}

#[tokio::test(start_paused = true)]
async fn the_list_shows_all_and_squares_what_is_held() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    agent.create_session("work", named("ci")).await.unwrap();
    let now = bed.clock.now();
    let browser = Session {
        id: "browser".to_owned(),
        name: None,
        kind: Some("login".to_owned()),
        created_at: Some(now),
        expires_at: Some(now + Duration::from_secs(3600)),
    };
    bed.script.plot().listed.push(browser);
    let sessions = agent.sessions("work").await.unwrap();
    let shown: Vec<_> = sessions.iter().map(|s| (s.id.as_str(), s.state, s.held, s.current)).collect();
    let expected = [
        ("s1", SessionState::Fresh, true, true),
        ("s2", SessionState::Fresh, true, false),
        ("browser", SessionState::Foreign, false, false),
    ];
    assert_eq!(shown, expected);
    assert_eq!(agent.token("work", of("browser")).await.unwrap_err().code, ErrorCode::NotSupported);

    // Somebody deletes the current one elsewhere: its token is not handed out again.
    pass(60.0).await;
    bed.script.plot().listed.retain(|session| session.id != "s1");
    bed.script.plot().refused.push("token-1".to_owned());
    agent.sessions("work").await.unwrap();
    assert_eq!(work(&agent).current, None);
    assert_eq!(read(&agent).await.unwrap().session_id, "s3");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_cannot_be_relied_on_drops_nothing() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    agent.create_session("work", named("old")).await.unwrap();
    pass(60.0).await;
    agent.create_session("work", named("new")).await.unwrap();
    let held = || {
        let mut held: Vec<String> = work(&agent).sessions.into_iter().map(|session| session.id).collect();
        held.sort();
        held
    };
    bed.script.plot().listed.clear();
    // A row was left out that could not be read: it may be any of them.
    bed.script.plot().lists_all = false;
    agent.sessions("work").await.unwrap();
    assert_eq!(held(), ["s1", "s2", "s3"]);
    // The one that it was asked with is alive, and the new one need not be in it yet.
    bed.script.plot().lists_all = true;
    agent.sessions("work").await.unwrap();
    assert_eq!(held(), ["s1", "s3"]);
    assert_eq!(bed.script.plot().calls.last().unwrap(), "list token-1");
    pass(60.0).await;
    agent.sessions("work").await.unwrap();
    assert_eq!(held(), ["s1"]);
    assert_eq!(work(&agent).current.as_deref(), Some("s1"));
}

#[tokio::test(start_paused = true)]
async fn where_the_provider_lists_nothing_the_held_ones_are_shown() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    read(&agent).await.unwrap();
    let created = agent.create_session("work", CreateSession { name: Some("ci".into()), life: None }).await.unwrap();
    assert_eq!(created.name.as_deref(), Some("ci"), "the name is kept here");
    let sessions = agent.sessions("work").await.unwrap();
    assert_eq!(sessions.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["s1", "s2"]);
    assert_eq!(bed.script.count("list"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_created_is_refused_before_the_provider_is_asked() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    let long = "x".repeat(101);
    for name in ["", " x", "a\nb", &long] {
        let error = agent.create_session("work", named(name)).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest);
    }
    let forever = CreateSession { name: None, life: Some(u64::MAX) };
    assert_eq!(agent.create_session("work", forever).await.unwrap_err().code, ErrorCode::BadRequest);
    assert_eq!(agent.create_session("nobody", named("x")).await.unwrap_err().code, ErrorCode::UnknownAccount);
    assert_eq!(bed.script.plot().calls, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_shown_for_a_day_and_then_forgotten() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    agent.create_session("work", named("ci")).await.unwrap();
    pass(3700.0).await;
    assert_eq!(work(&agent).sessions[0].state, SessionState::Expired);
    pass(86_400.0).await;
    assert_eq!(work(&agent).sessions, []);
    agent.stop().await;
    assert_eq!(work(&bed.agent().await).sessions, []);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_stored_while_an_older_list_comes_is_kept() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    bed.script.plot().delay = Duration::from_secs(2);
    let creating = agent.clone();
    let creating = tokio::spawn(async move { creating.create_session("work", named("ci")).await });
    pass(1.0).await;
    // The list is made before the session is there, and arrives after it was stored.
    agent.sessions("work").await.unwrap();
    creating.await.unwrap().unwrap();
    assert_eq!(agent.token("work", of("s1")).await.unwrap().token.expose(), "token-1");
}

#[tokio::test(start_paused = true)]
async fn a_created_session_that_is_the_current_one_stays_current() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    read(&agent).await.unwrap();
    bed.script.plot().same_second = true;
    let created = agent.create_session("work", CreateSession::default()).await.unwrap();
    assert_eq!((created.id.as_str(), created.current), ("s1", true));
    assert_eq!(read(&agent).await.unwrap().session_id, "s1");
    assert_eq!(bed.script.count("mint"), 1);
}
