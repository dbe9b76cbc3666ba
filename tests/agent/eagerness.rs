//! How eagerly tokens are refreshed, as the user has chosen: whose, and whether at all for now.

use std::time::Duration;

use daypass_agent::Agent;
use daypass_api::request::{AddAccount, TokenRequest};
use daypass_api::view::Health;
use daypass_core::session::SessionState;
use daypass_providers::ProviderError;
use serde_json::{Value, json};

use crate::bed::{Bed, account, pass, read, read_fresh, settle_down, work};
use crate::journal::open_intents;

const HOUR: f64 = 3600.0;

async fn refresh(agent: &Agent, how: Value) {
    agent.change_settings(json!({ "refresh": how })).await.unwrap();
    settle_down().await;
}

#[tokio::test(start_paused = true)]
async fn while_it_is_paused_nothing_is_refreshed_that_nobody_asks_for() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    assert!(work(&agent).next_refresh_at.is_some());
    refresh(&agent, json!({"paused": true})).await;
    assert_eq!(work(&agent).next_refresh_at, None);
    pass(2.0 * HOUR).await;
    assert_eq!(bed.script.count("mint"), 1);
    assert_eq!(work(&agent).health, Health::Well, "that is what the user wants");
    // Who asks gets a live one.
    let token = read(&agent).await.unwrap();
    assert!(token.remaining_seconds > 1700 && bed.script.count("mint") == 2);
    // T = 30 min, S = 10 min, H = 3 min: a stale one is served, and nothing goes on behind; an urgent one is refreshed.
    pass(1300.0).await;
    assert_eq!(read(&agent).await.unwrap().token, token.token);
    settle_down().await;
    assert_eq!(bed.script.count("mint"), 2);
    pass(400.0).await;
    assert_ne!(read(&agent).await.unwrap().token, token.token);
    assert_eq!(bed.script.count("mint"), 3);
    pass(2.0 * HOUR).await;
    assert_eq!((bed.script.count("mint"), work(&agent).next_refresh_at), (3, None));
}

#[tokio::test(start_paused = true)]
async fn what_ran_out_during_a_pause_is_refreshed_at_its_end() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    refresh(&agent, json!({"paused": true})).await;
    pass(HOUR).await;
    refresh(&agent, json!({"paused": false})).await;
    assert_eq!(bed.script.count("mint"), 2);
    assert!(work(&agent).next_refresh_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_over_a_restart() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    refresh(&agent, json!({"paused": true})).await;
    agent.stop().await;
    let agent = bed.agent().await;
    pass(2.0 * HOUR).await;
    assert_eq!((bed.script.count("mint"), work(&agent).next_refresh_at), (1, None));
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_is_finished_during_a_pause() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    bed.script.plot().life = Duration::from_secs(7 * 86_400);
    read(&agent).await.unwrap();
    agent.token("work", TokenRequest { min_ttl: Some(600), ..TokenRequest::default() }).await.unwrap();
    // Its predecessor is revoked once what was promised of it has ended; the answer to the next creation is lost.
    read_fresh(&agent).await.unwrap();
    bed.script.plot().lose_answer = true;
    agent.create_session("work", daypass_api::request::CreateSession::default()).await.unwrap_err();
    assert_eq!(open_intents(&bed).len(), 1);
    refresh(&agent, json!({"paused": true})).await;
    pass(700.0).await;
    assert_eq!(open_intents(&bed), Vec::<String>::new(), "the lost session is found again");
    let orphans = work(&agent).sessions.into_iter().filter(|session| session.state == SessionState::Orphan);
    assert_eq!(orphans.count(), 1);
    assert_eq!(bed.script.count("revoke"), 1, "the predecessor is gone");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_by_which_alone_an_earlier_call_is_settled_is_made_during_a_pause() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    read(&agent).await.unwrap();
    refresh(&agent, json!({"paused": true})).await;
    agent.stop().await;
    // As if the agent was killed between writing the intent and making the call.
    let db = rusqlite::Connection::open(bed.home.vault_file()).unwrap();
    let insert = "INSERT INTO journal (account, intent, begun_at) VALUES (1, '{\"what\":\"regenerate\"}', 0)";
    db.execute(insert, []).unwrap();
    drop(db);
    bed.script.fail(&ProviderError::Offline { message: "Cut.".into(), maybe_done: false }, 1000);
    let agent = bed.agent().await;
    settle_down().await;
    assert!(open_intents(&bed).len() == 1 && bed.script.count("mint") > 1);
    // It is tried again soon, and is no refresh that the user could wait for.
    let mut tried_again = false;
    for _ in 0..200 {
        pass(0.1).await;
        let account = work(&agent);
        tried_again |= account.problem.is_some_and(|problem| problem.retry_at.is_some());
        assert_eq!(account.next_refresh_at, None);
    }
    assert!(tried_again);
    bed.script.plot().failures.clear();
    pass(60.0).await;
    assert_eq!(open_intents(&bed), Vec::<String>::new());
    let minted = bed.script.count("mint");
    pass(2.0 * HOUR).await;
    assert_eq!(bed.script.count("mint"), minted);
}

#[tokio::test(start_paused = true)]
async fn the_user_says_whose_tokens_are_kept_fresh() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let pinned = AddAccount { check: false, pinned: true, ..account("discovr", "pinned") };
    agent.add_account(pinned).await.unwrap();
    for name in ["used", "unused"] {
        agent.add_account(AddAccount { check: false, ..account("discovr", name) }).await.unwrap();
    }
    agent.token("used", TokenRequest::default()).await.unwrap();
    settle_down().await;
    let warm = || -> Vec<String> {
        let accounts = agent.snapshot().accounts.clone().into_iter();
        accounts.filter(|account| account.next_refresh_at.is_some()).map(|account| account.name).collect()
    };
    assert_eq!(warm(), ["pinned", "used"]);
    refresh(&agent, json!({"keep_fresh": "pinned"})).await;
    assert_eq!(warm(), ["pinned"]);
    let minted = bed.script.count("mint");
    refresh(&agent, json!({"keep_fresh": "all"})).await;
    assert_eq!(warm(), ["pinned", "unused", "used"]);
    assert_eq!(bed.script.count("mint"), minted + 1, "that of the unused one");
    // Longer than a use lasts.
    pass(24.0 * HOUR).await;
    assert_eq!(warm(), ["pinned", "unused", "used"]);
    refresh(&agent, json!({"keep_fresh": "used"})).await;
    assert_eq!(warm(), ["pinned"]);
    assert!(agent.account("used").unwrap().expires_at.is_some());
}
