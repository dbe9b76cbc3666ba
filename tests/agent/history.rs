//! The history: what is told of everything that happens, where it is kept, and for how long. Never a secret.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use daypass_agent::{Agent, AgentLock, serve};
use daypass_api::client::Listener;
use daypass_api::request::{AddAccount, CreateSession, LogQuery, SignIn, TokenRequest};
use daypass_api::view::{LogEntry, LogEvent, StreamEvent};
use daypass_api::{Client, ErrorCode, path};
use daypass_core::{Clock, Secret};
use daypass_providers::{Poll, ProviderError, Regenerated};
use rusqlite::Connection;

use crate::bed::{Bed, account, pass, read, read_fresh, settle_down};

/// All that the history tells, oldest first.
async fn told(agent: &Agent) -> Vec<LogEntry> {
    let view = agent.log(LogQuery { limit: Some(1000), ..LogQuery::default() }).await.unwrap();
    assert!(!view.more);
    view.entries.into_iter().rev().collect()
}

/// What it tells of accounts, in words.
async fn events(agent: &Agent) -> Vec<LogEvent> {
    told(agent).await.into_iter().filter(|entry| entry.account.is_some()).map(|entry| entry.event).collect()
}

/// How many entries are in the file.
fn stored(bed: &Bed) -> i64 {
    let db = Connection::open(bed.home.vault_file()).unwrap();
    db.query_row("SELECT count(*) FROM log WHERE account IS NOT NULL", [], |row| row.get(0)).unwrap()
}

fn offline() -> ProviderError {
    ProviderError::Offline { message: "The provider cannot be reached.".into(), maybe_done: false }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_told_with_why_and_how_long_and_its_fingerprint() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let token = read(&agent).await.unwrap();
    pass(1250.0).await;
    let fresh = read_fresh(&agent).await.unwrap();
    let told: Vec<LogEntry> = told(&agent).await.into_iter().filter(|entry| entry.account.is_some()).collect();
    let events: Vec<LogEvent> = told.iter().map(|entry| entry.event).collect();
    assert_eq!(events, [LogEvent::Connected, LogEvent::Minted, LogEvent::Refreshed, LogEvent::Refreshed]);
    let [connected, minted, due, wished] = told.try_into().unwrap();
    assert_eq!(connected.duration_ms, None, "nobody was asked");
    assert_eq!((minted.account.as_deref(), minted.session.as_deref()), (Some("work"), Some("s1")));
    assert_eq!(minted.fingerprint, Some(token.token.fingerprint()));
    assert_eq!(minted.duration_ms, Some(100));
    assert_eq!(minted.reason.as_deref(), Some("A reader asked for a token."));
    assert_eq!(due.reason.as_deref(), Some("It was due, ahead of the token's end."));
    assert_eq!(wished.reason.as_deref(), Some("A reader asked for a fresh token."));
    assert_eq!(wished.fingerprint, Some(fresh.token.fingerprint()));
    assert!(minted.at < due.at && due.at < wished.at && wished.at <= bed.clock.now());
}

#[tokio::test(start_paused = true)]
async fn a_success_is_stored_with_what_it_brought() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    assert_eq!(stored(&bed), 1, "with the account");
    read(&agent).await.unwrap();
    // No time has passed in which anything else could have written it.
    assert_eq!(stored(&bed), 2, "with the session");
    agent.remove_account("work").await.unwrap();
    assert_eq!(stored(&bed), 3, "with the removal");
}

#[tokio::test(start_paused = true)]
async fn everything_that_a_user_does_is_told() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    let token = read(&agent).await.unwrap();
    agent.copied("work", &token.session_id);
    let made = agent.create_session("work", CreateSession::default()).await.unwrap();
    agent.revoke_session("work", &made.id, false).await.unwrap();
    let made = agent.create_session("work", CreateSession::default()).await.unwrap();
    agent.revoke_session("work", &made.id, true).await.unwrap();
    agent.revoke_all("work").await.unwrap();
    agent.remove_account("work").await.unwrap();
    let told = told(&agent).await;
    let events: Vec<LogEvent> = told.iter().filter(|entry| entry.account.is_some()).map(|entry| entry.event).collect();
    use LogEvent::{Connected, Copied, Created, Forgotten, Minted, Removed, Revoked, RevokedAll};
    // The forgotten session was still listed, so it was revoked with the rest; the current one is told with all.
    let wanted = [Connected, Minted, Copied, Created, Revoked, Created, Forgotten, Revoked, RevokedAll, Removed];
    assert_eq!(events, wanted, "{told:#?}");
    let copied = told.iter().find(|entry| entry.event == Copied).unwrap();
    assert_eq!(copied.fingerprint, Some(token.token.fingerprint()));
    let forgotten = told.iter().find(|entry| entry.event == Forgotten).unwrap();
    assert!(forgotten.reason.as_deref().is_some_and(|reason| reason.contains("stays valid until")), "{forgotten:?}");
    assert!(told.iter().all(|entry| entry.reason.is_some()), "{told:#?}");
}

#[tokio::test(start_paused = true)]
async fn replaced_secrets_are_told_by_their_fingerprints() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    read(&agent).await.unwrap();
    let credential = Some(Secret::new("master-2"));
    bed.script.plot().regenerated = Some(Regenerated { credential, signed_out: false, tokens_live_on: false });
    agent.revoke_all("work").await.unwrap();
    bed.script.plot().successor = Some("master-3".to_owned());
    read(&agent).await.unwrap();
    let told = told(&agent).await;
    let rotated: Vec<_> = told.iter().filter(|entry| entry.event == LogEvent::Rotated).collect();
    let fingerprints: Vec<_> = rotated.iter().map(|entry| entry.fingerprint.clone().unwrap()).collect();
    assert_eq!(fingerprints, [Secret::new("master-2").fingerprint(), Secret::new("master-3").fingerprint()]);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_and_an_orphan_are_told() {
    let bed = Bed::new();
    bed.script.plot().polls.push_back(Poll::Done(Secret::new("credential-of-tv")));
    let agent = bed.agent().await;
    let base_url = Some("http://127.0.0.1:9".to_owned());
    let (provider, name) = ("discovr".to_owned(), "tv".to_owned());
    agent.sign_in(SignIn { provider, name, base_url, params: Default::default() }).await.unwrap();
    pass(20.0).await;
    agent.add_account(AddAccount { check: false, ..account("antiraid", "work") }).await.unwrap();
    bed.script.plot().lose_answer = true;
    read(&agent).await.unwrap_err();
    pass(120.0).await;
    let told = told(&agent).await;
    let of = |event| told.iter().find(|entry| entry.event == event).unwrap_or_else(|| panic!("{told:#?}"));
    assert_eq!(of(LogEvent::Connected).account.as_deref(), Some("tv"));
    assert_eq!(of(LogEvent::Connected).reason.as_deref(), Some("The user signed in."));
    assert_eq!(of(LogEvent::Failed).code, Some(ErrorCode::Offline));
    assert_eq!(of(LogEvent::OrphanFound).account.as_deref(), Some("work"));
}

#[tokio::test(start_paused = true)]
async fn failures_and_refusals_are_told_with_their_code() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    bed.script.fail(&offline(), 1);
    read(&agent).await.unwrap_err();
    pass(5.0).await;
    bed.script.plot().refused.push("credential-of-work".to_owned());
    read_fresh(&agent).await.unwrap_err();
    let told = told(&agent).await;
    let failed = told.iter().find(|entry| entry.event == LogEvent::Failed).unwrap();
    assert_eq!((failed.code, failed.duration_ms), (Some(ErrorCode::Offline), Some(100)));
    assert_eq!(failed.reason.as_deref(), Some("The provider cannot be reached."));
    let refused = told.last().unwrap();
    assert_eq!((refused.event, refused.code), (LogEvent::Refused, Some(ErrorCode::NeedsSignIn)));
    assert_eq!(refused.duration_ms, Some(100));
}

#[tokio::test(start_paused = true)]
async fn a_failure_without_end_is_told_once_an_hour() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    agent.add_account(AddAccount { check: false, pinned: true, ..account("discovr", "work") }).await.unwrap();
    bed.script.fail(&offline(), 100_000);
    pass(6.0 * 3600.0).await;
    let asked = bed.script.count("mint");
    assert!(asked > 300, "{asked}");
    let told = told(&agent).await;
    let failed: Vec<_> = told.iter().filter(|entry| entry.event == LogEvent::Failed).collect();
    assert!((5..=7).contains(&failed.len()), "{failed:#?}");
    assert!(failed[1].reason.as_deref().unwrap().contains("times more since the last entry"), "{failed:#?}");
    // Another failure is told at once, and so is the success.
    bed.script.plot().failures.clear();
    bed.script.fail(&ProviderError::BadAnswer { message: "That is no token.".into() }, 1);
    pass(200.0).await;
    let events = events(&agent).await;
    assert_eq!(events[events.len() - 2..], [LogEvent::Failed, LogEvent::Minted]);
}

#[tokio::test(start_paused = true)]
async fn entries_wait_while_the_vault_cannot_be_written() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let before = stored(&bed);
    let blocked = Connection::open(bed.home.vault_file()).unwrap();
    blocked.execute_batch("BEGIN IMMEDIATE").unwrap();
    bed.script.fail(&offline(), 1);
    read_fresh(&agent).await.unwrap_err();
    agent.copied("work", "s1");
    pass(5.0).await;
    let token = read_fresh(&agent).await.unwrap();
    pass(10.0).await;
    assert_eq!(stored(&bed), before);
    blocked.execute_batch("ROLLBACK").unwrap();
    pass(40.0).await;
    assert_eq!(stored(&bed), before + 3);
    let told = told(&agent).await;
    let refreshed = told.iter().find(|entry| entry.fingerprint == Some(token.token.fingerprint())).unwrap();
    assert_eq!(refreshed.event, LogEvent::Refreshed);
    assert!(told.iter().any(|entry| entry.event == LogEvent::VaultShut && entry.code == Some(ErrorCode::Internal)));
    assert_eq!(told.last().unwrap().event, LogEvent::VaultOpened);
}

#[tokio::test(start_paused = true)]
async fn what_happened_last_is_written_on_stop() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let before = stored(&bed);
    agent.copied("work", "s1");
    agent.stop().await;
    assert_eq!(stored(&bed), before + 1);
}

#[tokio::test(start_paused = true)]
async fn entries_are_kept_for_ninety_days() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    agent.stop().await;
    bed.clock.sleep(89 * 86_400);
    let agent = bed.agent().await;
    assert_eq!(events(&agent).await, [LogEvent::Connected, LogEvent::Minted]);
    bed.clock.sleep(2 * 86_400);
    assert_eq!(events(&agent).await, []);
    agent.copied("work", "s1");
    settle_down().await;
    assert_eq!(events(&agent).await, [LogEvent::Copied]);
    // The clock may be wrong: what cannot be had back is dropped when nobody has set it for a day.
    assert_eq!(stored(&bed), 3);
    pass(86_500.0).await;
    agent.copied("work", "s1");
    settle_down().await;
    assert_eq!(stored(&bed), 2, "and they are not in the file any more");
}

#[tokio::test(start_paused = true)]
async fn a_typo_in_the_year_costs_no_history() {
    const YEAR: i64 = 366 * 86_400;
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    pass(2.0 * 86_400.0).await;
    bed.clock.set(YEAR);
    for _ in 0..12 {
        agent.copied("work", "s1");
        read_fresh(&agent).await.unwrap();
        pass(3600.0).await;
    }
    bed.clock.set(-YEAR);
    pass(2.0 * 86_400.0).await;
    agent.copied("work", "s1");
    settle_down().await;
    let told = events(&agent).await;
    assert_eq!(told[..2], [LogEvent::Connected, LogEvent::Minted]);
    assert_eq!(told.iter().filter(|event| **event == LogEvent::Copied).count(), 13);
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_ever_in_it() {
    let bed = Bed::new();
    bed.script.plot().grants = true;
    let agent = bed.agent().await;
    let mut secrets = BTreeSet::new();
    for provider in ["discovr", "pocketpaw", "antiraid", "discover"] {
        agent.add_account(AddAccount { check: false, ..account(provider, provider) }).await.unwrap();
        let token = agent.token(provider, TokenRequest::default()).await.unwrap();
        secrets.extend([format!("credential-of-{provider}"), token.token.expose().to_owned()]);
        agent.copied(provider, &token.session_id);
        // A provider that repeats what it was asked with, or what it has given.
        let fresh = || TokenRequest { fresh: true, ..TokenRequest::default() };
        for echoed in [format!("credential-of-{provider}"), token.token.expose().to_owned()] {
            let message = format!("{echoed} is not known here.");
            bed.script.fail(&ProviderError::Rejected { message: message.into() }, 2);
            agent.token(provider, fresh()).await.unwrap_err();
            bed.script.plot().failures.clear();
            pass(5.0).await;
        }
        secrets.insert(agent.token(provider, fresh()).await.unwrap().token.expose().to_owned());
        bed.script.plot().refused.push(format!("credential-of-{provider}"));
        let _ = agent.token(provider, fresh()).await;
    }
    let told = told(&agent).await;
    assert!(told.len() > 20, "{}", told.len());
    agent.stop().await;
    let db = Connection::open(bed.home.vault_file()).unwrap();
    let mut rows = db.prepare("SELECT * FROM log").unwrap();
    let columns = rows.column_count();
    let mut text = String::new();
    let mut rows = rows.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        (0..columns).for_each(|column| text += &format!("{:?}\n", row.get_ref(column).unwrap().as_str()));
    }
    let bytes = bed.stored_bytes();
    let grants = (1..40).map(|count| format!("grant-{count}"));
    for secret in secrets.into_iter().chain(grants) {
        assert!(!text.contains(&secret), "{secret} is in the history");
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} is in the file");
    }
    assert!(text.contains("discovr"), "the search itself finds what is there");
}

#[tokio::test(start_paused = true)]
async fn it_is_read_in_parts_newest_first() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    for name in ["a", "b"] {
        agent.add_account(AddAccount { check: false, ..account("discovr", name) }).await.unwrap();
    }
    for session in 0..5 {
        agent.copied("a", &format!("s{session}"));
        agent.copied("b", &format!("s{session}"));
        pass(60.0).await;
    }
    let ask = |query: LogQuery| async { agent.log(query).await };
    let of_a = LogQuery { account: Some("a".to_owned()), limit: Some(2), ..LogQuery::default() };
    let mut seen = Vec::new();
    let mut query = of_a.clone();
    loop {
        let page = ask(query.clone()).await.unwrap();
        assert!(page.entries.len() <= 2 && page.entries.is_sorted_by(|a, b| a.id > b.id));
        query.before = page.entries.last().map(|entry| entry.id);
        seen.extend(page.entries);
        if !page.more {
            break;
        }
    }
    let sessions: Vec<_> = seen.iter().map(|entry| entry.session.as_deref().unwrap_or("-")).collect();
    assert_eq!(sessions, ["s4", "s3", "s2", "s1", "s0", "-"]);
    let since = Some(bed.clock.now() - Duration::from_secs(130));
    let recent = ask(LogQuery { since, limit: None, ..of_a.clone() }).await.unwrap();
    assert_eq!((recent.entries.len(), recent.more), (2, false));

    agent.remove_account("a").await.unwrap();
    let gone = ask(of_a).await.unwrap();
    assert_eq!(gone.entries[0].event, LogEvent::Removed, "a removed account still has its history");
    let nobody = LogQuery { account: Some("nobody".to_owned()), ..LogQuery::default() };
    assert_eq!(ask(nobody).await.unwrap_err().code, ErrorCode::UnknownAccount);
    for limit in [0, 1001] {
        let error = ask(LogQuery { limit: Some(limit), ..LogQuery::default() }).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest);
    }
}

#[tokio::test(start_paused = true)]
async fn the_history_of_one_session_is_asked_for_by_its_id() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    for name in ["a", "b"] {
        agent.add_account(AddAccount { check: false, ..account("discovr", name) }).await.unwrap();
    }
    for session in ["s1", "s2", "s1"] {
        agent.copied("a", session);
        agent.copied("b", session);
        pass(60.0).await;
    }
    let told = |query: LogQuery| {
        let agent = agent.clone();
        async move {
            let view = agent.log(query).await.unwrap();
            let of = |entry: LogEntry| format!("{} {}", entry.account.unwrap(), entry.session.unwrap());
            (view.entries.into_iter().map(of).collect::<Vec<_>>(), view.more)
        }
    };
    let of_s1 = LogQuery { session: Some("s1".to_owned()), ..LogQuery::default() };
    // Two providers may give the same id, so without an account it is that of each.
    assert_eq!(told(of_s1.clone()).await.0, ["b s1", "a s1", "b s1", "a s1"]);
    let of_a = LogQuery { account: Some("a".to_owned()), ..of_s1 };
    assert_eq!(told(of_a.clone()).await, (vec!["a s1".to_owned(), "a s1".to_owned()], false));
    assert_eq!(told(LogQuery { limit: Some(1), ..of_a.clone() }).await, (vec!["a s1".to_owned()], true));
    let since = Some(bed.clock.now() - Duration::from_secs(90));
    assert_eq!(told(LogQuery { since, ..of_a.clone() }).await.0, ["a s1"]);
    assert_eq!(told(LogQuery { session: Some("s9".to_owned()), ..of_a.clone() }).await.0, [] as [&str; 0]);
    let nothing = LogQuery { session: Some(String::new()), ..of_a };
    assert_eq!(agent.log(nothing).await.unwrap_err().code, ErrorCode::BadRequest);
}

#[tokio::test]
async fn listeners_get_every_entry_once_however_many_come_at_once() {
    let bed = Bed::new();
    bed.script.plot().delay = Duration::ZERO;
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let lock = AgentLock::acquire(&bed.home).unwrap().unwrap();
    let end = Arc::new(tokio::sync::Notify::new());
    let server = {
        let (agent, home, end) = (agent.clone(), bed.home.clone(), end.clone());
        tokio::spawn(async move { serve(agent, lock, &home, None, end.notified()).await })
    };
    tokio::task::yield_now().await;
    let client = Client::new(&bed.home).unwrap();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let listener = tokio::task::spawn_blocking(move || {
        let stream = client.events(Listener::Other).unwrap();
        let page: daypass_api::view::LogView = client.get(&path::log(&LogQuery::default())).unwrap();
        let newest = page.entries[0].id;
        ready.send(()).unwrap();
        let mut entries = Vec::new();
        for event in stream {
            if let StreamEvent::Logged { entry } = event.unwrap() {
                entries.push(entry);
                if entries.len() == 1500 {
                    break;
                }
            }
        }
        (newest, entries)
    });
    is_ready.await.unwrap();
    for number in 0..1500 {
        agent.copied("work", &format!("s{number}"));
    }
    let (newest, entries) = tokio::time::timeout(Duration::from_secs(30), listener).await.unwrap().unwrap();
    assert!(entries.iter().all(|entry| entry.event == LogEvent::Copied));
    let ids: Vec<u64> = entries.iter().map(|entry| entry.id).collect();
    assert_eq!(ids, (newest + 1..=newest + 1500).collect::<Vec<_>>());
    let sessions: Vec<_> = entries.iter().map(|entry| entry.session.clone().unwrap()).collect();
    assert_eq!(sessions, (0..1500).map(|number| format!("s{number}")).collect::<Vec<_>>());

    // What does not fit is told in a sentence.
    let client = Client::new(&bed.home).unwrap();
    let refused = tokio::task::spawn_blocking(move || {
        let paths =
            ["?limit=0", "?limit=1001", "?limit=many", "?since=yesterday", "?before=-1", "?account=", "?nonsense=1"];
        paths.map(|query| client.get::<daypass_api::view::LogView>(&format!("/v1/log{query}")).unwrap_err().to_string())
    });
    for sentence in refused.await.unwrap() {
        assert!(sentence.ends_with('.'), "{sentence}");
    }
    end.notify_one();
    server.await.unwrap().unwrap();
}
