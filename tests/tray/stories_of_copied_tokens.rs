//! What is told of a token that was copied, when it is replaced or revoked.

use std::sync::Arc;

use daypass_api::view::{AccountView, LogEntry, LogEvent, SessionView, Snapshot};
use daypass_core::Secret;
use daypass_tray::{Action, Topic};
use tokio::sync::Notify;

use crate::made::{account, after, forgetting, now, session, snapshot};
use crate::story::Story;

fn fingerprint(token: &str) -> Option<String> {
    Some(Secret::new(token).fingerprint())
}

/// A held session with this token.
fn held(id: &str, token: &str, current: bool) -> SessionView {
    SessionView { current, fingerprint: fingerprint(token), ..session(id) }
}

/// The account with these sessions.
fn with(mut account: AccountView, sessions: Vec<SessionView>) -> Snapshot {
    account.current = sessions.iter().find(|session| session.current).map(|session| session.id.clone());
    account.sessions = sessions;
    snapshot(vec![account])
}

fn entry(event: LogEvent, session: &str, token: &str) -> LogEntry {
    LogEntry {
        id: 7,
        at: now(),
        account: Some("work".to_owned()),
        event,
        code: None,
        reason: None,
        session: Some(session.to_owned()),
        fingerprint: fingerprint(token),
        duration_ms: None,
    }
}

/// A tray whose user has copied the current token of `work`.
async fn copied(of: AccountView) -> Story {
    let story = Story::begin_with(with(of, vec![held("s1", "token-of-work", true)]), |_| {}).await;
    story.choose_copy("work").await;
    story.show(with(account("work"), vec![held("s1", "token-of-work", true)])).await;
    story
}

/// What was told of the copy, after the copy itself.
fn told(story: &Story) -> Vec<String> {
    let seen = story.desk.seen();
    seen.notes.iter().filter(|note| note.topic == Topic::CopiedIsOver).map(|note| note.body.clone()).collect()
}

const SOON_REVOKED: &str = "The one that you copied will soon be revoked.";

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_told_once_and_copying_gives_the_next() {
    let story = copied(account("work")).await;
    story.agent.asked().history = vec![entry(LogEvent::Revoked, "s1", "token-of-work")];
    let next = with(account("work"), vec![held("s2", "token-of-next", true)]);
    story.show(next.clone()).await;
    assert_eq!(told(&story), ["The session of the token that you copied was revoked."]);
    story.show(Snapshot { revision: 9, ..next }).await;
    story.seconds(60).await;
    assert_eq!(told(&story).len(), 1);
    let note = story.last_note();
    assert_eq!(note.offers[0].action, Action::Copy { account: "work".to_owned(), session: None });
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_revoked_while_the_clipboard_takes_it_is_told_too() {
    let story = Story::begin_with(with(account("work"), vec![held("s1", "token-of-work", true)]), |_| {}).await;
    let taken = Arc::new(Notify::new());
    story.desk.seen().slow_clipboard = Some(taken.clone());
    story.choose_copy("work").await;
    story.agent.asked().history = vec![entry(LogEvent::Revoked, "s1", "token-of-work")];
    story.show(with(account("work"), vec![])).await;
    assert_eq!(told(&story), [""; 0]);
    taken.notify_one();
    story.seconds(1).await;
    assert_eq!(told(&story), ["The session of the token that you copied was revoked."]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_came_and_went_between_two_snapshots_is_told_too() {
    let story = Story::begin_with(with(account("work"), vec![]), |_| {}).await;
    story.choose_copy("work").await;
    story.agent.asked().history = vec![entry(LogEvent::Revoked, "s1", "token-of-work")];
    let later = with(account("work"), vec![]);
    story.show(later.clone()).await;
    assert_eq!(told(&story), [""; 0], "it may be older than the token");
    story.show(Snapshot { at: after(1), ..later }).await;
    assert_eq!(told(&story), ["The session of the token that you copied was revoked."]);
}

#[tokio::test(start_paused = true)]
async fn a_token_with_a_successor_beside_it_is_told_before_it_dies_and_not_again() {
    let story = copied(account("work")).await;
    let both = vec![held("s2", "token-of-next", true), held("s1", "token-of-work", false)];
    story.show(with(account("work"), both)).await;
    assert_eq!(told(&story), [SOON_REVOKED]);
    story.agent.asked().history = vec![entry(LogEvent::Revoked, "s1", "token-of-work")];
    story.show(with(account("work"), vec![held("s2", "token-of-next", true)])).await;
    assert_eq!(told(&story).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_renewed_in_place_lives_on_where_nothing_can_be_revoked() {
    let story = copied(forgetting("work")).await;
    story.agent.asked().history = vec![entry(LogEvent::Refreshed, "s1", "token-of-next")];
    story.show(with(forgetting("work"), vec![held("s1", "token-of-next", true)])).await;
    assert_eq!(told(&story), ["The one that you copied works for 24 min at most."]);
}

#[tokio::test(start_paused = true)]
async fn what_the_user_forgets_here_is_no_news() {
    let story = copied(forgetting("work")).await;
    story.agent.asked().history = vec![entry(LogEvent::Forgotten, "s1", "token-of-work")];
    story.show(with(forgetting("work"), vec![])).await;
    story.show(snapshot(vec![])).await;
    assert_eq!(told(&story), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_revocation_of_all_is_told_in_the_providers_words() {
    let story = copied(account("work")).await;
    let mut all = account("work");
    all.abilities.revoke_all_effect = Some("All die at once.".to_owned());
    let everything = LogEntry { session: None, fingerprint: None, ..entry(LogEvent::RevokedAll, "", "") };
    story.agent.asked().history = vec![everything];
    story.show(with(all, vec![])).await;
    assert_eq!(told(&story), ["All sessions of work were revoked. All die at once."]);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_is_older_than_the_token_says_nothing_of_it() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    story.show(with(account("work"), vec![held("s0", "token-of-before", true)])).await;
    assert_eq!(told(&story), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn after_its_own_end_nothing_is_told_of_a_token() {
    let story = copied(account("work")).await;
    story.clock.jump(std::time::Duration::from_secs(1500));
    story.show(with(account("work"), vec![held("s2", "token-of-next", true)])).await;
    assert_eq!(told(&story), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn only_the_token_that_was_copied_last_is_looked_after() {
    let story = copied(account("work")).await;
    story.agent.asked().tokens.insert("home".to_owned(), (std::time::Duration::ZERO, "token-of-home"));
    story.choose_copy("home").await;
    story.agent.asked().history = vec![entry(LogEvent::Revoked, "s1", "token-of-work")];
    story.show(with(account("work"), vec![])).await;
    assert_eq!(told(&story), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_copied_by_itself_has_no_successor() {
    let both = || vec![held("s1", "token-of-first", true), held("s2", "token-of-work", false)];
    let story = Story::begin_with(with(account("work"), both()), |_| {}).await;
    story.choose(Action::Copy { account: "work".to_owned(), session: Some("s2".to_owned()) }).await;
    story.show(with(account("work"), both())).await;
    assert_eq!(told(&story), [""; 0]);
    story.agent.asked().history = vec![entry(LogEvent::Revoked, "s2", "token-of-work")];
    story.show(with(account("work"), vec![held("s1", "token-of-first", true)])).await;
    assert_eq!(told(&story).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_history_that_cannot_be_read_is_asked_again_with_the_next_change() {
    let story = copied(account("work")).await;
    let gone = |revision| Snapshot { revision, at: after(1), ..with(account("work"), vec![]) };
    story.agent.asked().failure = Some(daypass_api::ApiError::new(daypass_api::ErrorCode::Locked, "Locked."));
    story.show(gone(2)).await;
    assert_eq!(told(&story), [""; 0]);
    story.agent.asked().failure = None;
    story.agent.asked().history = vec![entry(LogEvent::Revoked, "s1", "token-of-work")];
    story.show(gone(3)).await;
    assert_eq!(told(&story).len(), 1);
}
