//! Answers that get lost, and agents that are killed in the middle: nothing is lost that the protocol allows to keep.

use std::time::Duration;

use daypass_api::ErrorCode;
use daypass_api::request::{AddAccount, CreateSession, TokenRequest};
use daypass_api::view::Health;
use daypass_core::Secret;
use daypass_core::session::SessionState;
use daypass_providers::Regenerated;

use crate::bed::{Bed, account, pass, read, read_fresh, settle_down, work};

/// The journal's open entries, read beside the agent.
pub(crate) fn open_intents(bed: &Bed) -> Vec<String> {
    let db = rusqlite::Connection::open(bed.home.vault_file()).unwrap();
    let mut query = db.prepare("SELECT intent FROM journal WHERE ended_at IS NULL").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_an_orphan_that_is_shown_and_can_be_revoked() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    bed.script.plot().lose_answer = true;
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::Offline);
    assert_eq!(open_intents(&bed).len(), 1);
    pass(2.0).await;
    let token = read(&agent).await.unwrap();
    assert_eq!(token.session_id, "s2");
    assert_eq!(open_intents(&bed), Vec::<String>::new());

    let orphan = |account: daypass_api::view::AccountView| {
        let sessions = account.sessions.into_iter();
        sessions.map(|s| (s.id, s.state, s.held)).find(|(_, state, _)| *state == SessionState::Orphan)
    };
    assert_eq!(orphan(work(&agent)), Some(("s1".to_owned(), SessionState::Orphan, false)));
    let request = TokenRequest { session: Some("s1".to_owned()), ..TokenRequest::default() };
    assert_eq!(agent.token("work", request).await.unwrap_err().code, ErrorCode::NotSupported);

    agent.stop().await;
    let agent = bed.agent().await;
    assert!(orphan(work(&agent)).is_some(), "an orphan is stored");
    agent.revoke_session("work", "s1", false).await.unwrap();
    assert_eq!(orphan(work(&agent)), None);
    assert_eq!(bed.script.plot().listed.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_agent_killed_during_a_creation_finds_the_orphan_on_its_next_start() {
    let bed = Bed::new();
    bed.script.plot().delay = Duration::from_secs(5);
    let agent = bed.connected("antiraid").await;
    let creating = agent.clone();
    let request = CreateSession { name: Some("ci".to_owned()), life: None };
    let creating = tokio::spawn(async move { creating.create_session("work", request).await });
    pass(2.0).await;
    let open = open_intents(&bed);
    assert!(open.len() == 1 && open[0].contains("\"ci\""), "durable before the call: {open:?}");
    // Killed: nobody stores what the call brings. What the vault held at this moment is what the next agent finds.
    let frozen = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(bed.home.data_dir()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), frozen.path().join(file.file_name())).unwrap();
    }
    creating.await.unwrap().unwrap();
    agent.stop().await;
    std::fs::remove_dir_all(bed.home.data_dir()).unwrap();
    std::fs::create_dir_all(bed.home.data_dir()).unwrap();
    for file in std::fs::read_dir(frozen.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), bed.home.data_dir().join(file.file_name())).unwrap();
    }

    let agent = bed.agent().await;
    pass(10.0).await;
    let sessions = work(&agent).sessions;
    assert_eq!(sessions.len(), 1);
    assert_eq!((sessions[0].state, sessions[0].name.as_deref()), (SessionState::Orphan, Some("ci")));
    assert_eq!(open_intents(&bed), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_intent_stays_open_until_the_provider_can_be_asked() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    bed.script.plot().lose_answer = true;
    read(&agent).await.unwrap_err();
    // The keeper asks for the list with the first probe, and in vain; so does the next agent.
    let offline = daypass_providers::ProviderError::Offline { message: "Cut.".into(), maybe_done: false };
    bed.script.fail(&offline, 2);
    pass(2.0).await;
    assert_eq!(open_intents(&bed).len(), 1);
    agent.stop().await;
    let agent = bed.agent().await;
    settle_down().await;
    assert_eq!((bed.script.count("list"), open_intents(&bed).len()), (2, 1));
    assert_eq!(work(&agent).sessions.len(), 0);
    pass(65.0).await;
    assert_eq!(open_intents(&bed).len(), 0);
    assert_eq!(work(&agent).sessions[0].state, SessionState::Orphan);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_surely_had_no_effect_ends_its_intent_at_once() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    let rejected = daypass_providers::ProviderError::Rejected { message: "Banned.".into() };
    bed.script.fail(&rejected, 1);
    assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::Rejected);
    assert_eq!(open_intents(&bed).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_regenerated_credential_is_stored_before_anybody_hears_of_it() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    read(&agent).await.unwrap();
    let new = Regenerated { credential: Some(Secret::new("new-master")), ..Regenerated::default() };
    bed.script.plot().regenerated = Some(new);
    let revoked = agent.revoke_all("work").await.unwrap();
    assert_eq!((revoked.revoked, revoked.valid_until), (1, None));
    assert_eq!(work(&agent).current, None);
    assert_eq!(open_intents(&bed).len(), 0);
    agent.stop().await;
    let agent = bed.agent().await;
    pass(120.0).await;
    assert_eq!(bed.script.count("mint"), 1, "nothing is opened until the account is used again");
    read(&agent).await.unwrap();
    assert_eq!(bed.script.plot().calls.last().unwrap(), "mint new-master");
}

#[tokio::test(start_paused = true)]
async fn a_regeneration_whose_answer_is_lost_ends_in_a_clear_word() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    let before = read(&agent).await.unwrap();
    bed.script.plot().regenerated = Some(Regenerated::default());
    bed.script.plot().lose_answer = true;
    assert_eq!(agent.revoke_all("work").await.unwrap_err().code, ErrorCode::Offline);
    // The held token may be dead: no reader gets it before a mint has told.
    let error = read(&agent).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NeedsSignIn);
    assert!(error.message.contains("being replaced"), "{}", error.message);
    assert!(before.remaining_seconds > 0);
    assert_eq!(work(&agent).health, Health::NeedsYou);
    assert_eq!(open_intents(&bed).len(), 0);
    agent
        .add_account(AddAccount { credential: Some(Secret::new("from-the-file")), ..account("pocketpaw", "work") })
        .await
        .unwrap();
    read(&agent).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_regeneration_that_never_arrived_is_found_out_on_start() {
    let bed = Bed::new();
    let agent = bed.connected("pocketpaw").await;
    read(&agent).await.unwrap();
    agent.stop().await;
    // As if the agent was killed between writing the intent and making the call.
    let db = rusqlite::Connection::open(bed.home.vault_file()).unwrap();
    let insert = "INSERT INTO journal (account, intent, begun_at) VALUES (1, '{\"what\":\"regenerate\"}', 0)";
    db.execute(insert, []).unwrap();
    drop(db);
    let agent = bed.agent().await;
    settle_down().await;
    assert_eq!(bed.script.count("mint"), 2, "the old credential is tried at once");
    assert_eq!(open_intents(&bed).len(), 0);
    assert_eq!(work(&agent).health, Health::Well);
    assert_eq!(read_fresh(&agent).await.unwrap().session_id, "s3");
}

#[tokio::test(start_paused = true)]
async fn an_intent_that_cannot_be_settled_does_not_stand_in_the_way() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    bed.script.plot().lose_answer = true;
    read(&agent).await.unwrap_err();
    let broken = daypass_providers::ProviderError::BadAnswer { message: "Not JSON.".into() };
    bed.script.fail(&broken, 1);
    pass(2.0).await;
    assert_eq!((bed.script.count("list"), open_intents(&bed).len()), (1, 1));
    assert_eq!(read(&agent).await.unwrap().session_id, "s2");
    pass(65.0).await;
    assert_eq!(open_intents(&bed).len(), 0);
    let states: Vec<_> = work(&agent).sessions.iter().map(|session| (session.id.clone(), session.state)).collect();
    assert_eq!(states, [("s2".to_owned(), SessionState::Fresh), ("s1".to_owned(), SessionState::Orphan)]);
}
