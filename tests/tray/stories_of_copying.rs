//! Copying: what is put on the clipboard, when it is taken off again, and who is told.

use std::time::Duration;

use chrono::TimeDelta;
use daypass_api::ErrorCode;
use daypass_tray::{Action, Ended, Entry, Topic};

use crate::made::{account, now, snapshot};
use crate::story::Story;

#[tokio::test(start_paused = true)]
async fn a_copied_token_is_told_and_cleared_after_45_seconds() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    assert_eq!(story.clipboard().as_deref(), Some("token-of-work"));
    assert_eq!(story.desk.seen().notes.last().map(|note| note.title.clone()).as_deref(), Some("Copied: work"));
    story.seconds(44).await;
    assert_eq!(story.clipboard().as_deref(), Some("token-of-work"));
    story.seconds(1).await;
    assert_eq!(story.clipboard(), None);
}

#[tokio::test(start_paused = true)]
async fn what_the_user_copied_since_is_left_alone() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    story.desk.seen().clipboard = Some("a shopping list".to_owned());
    story.seconds(60).await;
    assert_eq!(story.clipboard().as_deref(), Some("a shopping list"));
}

#[tokio::test(start_paused = true)]
async fn a_second_copy_of_the_same_token_starts_the_clock_again() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    story.seconds(30).await;
    story.choose_copy("work").await;
    story.seconds(44).await;
    assert_eq!(story.clipboard().as_deref(), Some("token-of-work"));
    story.seconds(1).await;
    assert_eq!(story.clipboard(), None);
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_an_earlier_token_does_not_clear_a_later_one() {
    let story = Story::begin().await;
    story.agent.asked().tokens.insert("home".to_owned(), (Duration::ZERO, "token-of-home"));
    story.choose_copy("work").await;
    story.seconds(30).await;
    story.choose_copy("home").await;
    story.seconds(20).await;
    assert_eq!(story.clipboard().as_deref(), Some("token-of-home"));
    story.seconds(25).await;
    assert_eq!(story.clipboard(), None);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_clears_when_it_wakes() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    story.clock.jump(Duration::from_secs(3600));
    // At the next tick at the latest, though no timer has counted the hour.
    story.seconds(15).await;
    assert_eq!(story.clipboard(), None);
}

#[tokio::test(start_paused = true)]
async fn quitting_clears_and_takes_the_icon_away() {
    let mut story = Story::begin().await;
    story.choose_copy("work").await;
    story.choose(Action::Quit).await;
    assert_eq!(story.ended().await, Ended::Quit);
    assert_eq!(story.clipboard(), None);
    assert!(story.desk.seen().closed);
}

#[tokio::test(start_paused = true)]
async fn quitting_leaves_the_users_own_text_alone() {
    let mut story = Story::begin().await;
    story.choose_copy("work").await;
    story.desk.seen().clipboard = Some("a shopping list".to_owned());
    story.stop();
    assert_eq!(story.ended().await, Ended::Shutdown);
    assert_eq!(story.clipboard().as_deref(), Some("a shopping list"));
}

#[tokio::test(start_paused = true)]
async fn a_clipboard_that_does_not_answer_cannot_hold_the_end_up() {
    let mut story = Story::begin().await;
    story.choose_copy("work").await;
    story.desk.seen().mute_clipboard = true;
    story.stop();
    let began = tokio::time::Instant::now();
    assert_eq!(story.ended().await, Ended::Shutdown);
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(story.desk.seen().said, ["The clipboard was not cleared: it does not answer."]);
}

#[tokio::test(start_paused = true)]
async fn another_door_is_told_what_was_copied() {
    let story = Story::begin().await;
    let view = story.ask_copy("work").await.unwrap();
    assert_eq!(view.account, "work");
    assert_eq!(view.session_id, "s1");
    let in_45_seconds = now() + TimeDelta::seconds(45);
    assert!((view.cleared_at - in_45_seconds).abs() < TimeDelta::seconds(1));
    assert_eq!(story.clipboard().as_deref(), Some("token-of-work"));
}

#[tokio::test(start_paused = true)]
async fn the_session_that_was_chosen_is_copied() {
    let story = Story::begin().await;
    story.choose(Action::Copy { account: "work".to_owned(), session: Some("s2".to_owned()) }).await;
    assert_eq!(story.agent.asked().log, [r#"token work Some("s2")"#, "copied work s2"]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_fails_is_told_to_whoever_asked() {
    let story = Story::begin().await;
    let error = story.ask_copy("nobody").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::UnknownAccount);
    assert!(story.desk.seen().notes.is_empty(), "the one who asked has the answer");

    story.choose_copy("nobody").await;
    let notes = story.desk.seen().notes.clone();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].topic, Topic::Failed);
    assert_eq!(notes[0].title, "nobody is not here any more");
    assert_eq!(notes[0].body, "The account was removed or renamed since this was offered.");
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_fails_when_who_asked_has_gone_is_told_to_the_user() {
    let prepared = snapshot(vec![account("work")]);
    let story = Story::begin_with(prepared, |desk| desk.seen().broken_clipboard = true).await;
    story.agent.asked().tokens.insert("work".to_owned(), (Duration::from_secs(5), "token-of-work"));
    let (face, request) =
        (story.face.clone(), daypass_api::request::CopyRequest { account: "work".to_owned(), session: None });
    let asked = tokio::spawn(async move { daypass_agent::Face::copy(&face, request).await });
    story.pass(Duration::ZERO).await;
    asked.abort();
    story.seconds(6).await;
    assert_eq!(story.last_note().topic, Topic::Failed);
    assert_eq!(story.last_note().body, "The clipboard cannot be reached: no display.");
}

#[tokio::test(start_paused = true)]
async fn without_a_display_copying_fails_and_the_tray_goes_on() {
    let prepared = snapshot(vec![account("work")]);
    let story = Story::begin_with(prepared, |desk| desk.seen().broken_clipboard = true).await;
    let error = story.ask_copy("work").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal);
    assert_eq!(error.message, "The clipboard cannot be reached: no display.");
    story.desk.seen().broken_clipboard = false;
    assert!(story.ask_copy("work").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_fails_leaves_the_one_before_in_the_menu_until_it_goes() {
    let story = Story::begin().await;
    story.agent.asked().tokens.insert("home".to_owned(), (Duration::ZERO, "token-of-home"));
    story.choose_copy("work").await;
    story.desk.seen().broken_clipboard = true;
    story.choose_copy("home").await;
    story.desk.seen().broken_clipboard = false;
    let says = |label: &str| {
        let said = Entry::Item { label: label.to_owned(), action: None };
        story.desk.seen().drawings.last().unwrap().menu.0.contains(&said)
    };
    assert!(says("On the clipboard: work · 45 s"));
    story.seconds(20).await;
    assert!(says("On the clipboard: work · 25 s"));
    story.seconds(25).await;
    assert_eq!(story.clipboard(), None);
}

#[tokio::test(start_paused = true)]
async fn the_last_wish_wins_however_long_the_first_takes() {
    let story = Story::begin().await;
    story.agent.asked().tokens.insert("slow".to_owned(), (Duration::from_secs(5), "token-of-slow"));
    let (face, request) =
        (story.face.clone(), daypass_api::request::CopyRequest { account: "slow".to_owned(), session: None });
    let slow = tokio::spawn(async move { daypass_agent::Face::copy(&face, request).await });
    story.pass(Duration::ZERO).await;
    story.choose_copy("work").await;
    assert_eq!(slow.await.unwrap().unwrap_err().code, ErrorCode::Rejected);
    story.seconds(10).await;
    assert_eq!(story.clipboard().as_deref(), Some("token-of-work"));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_too_late_is_not_taken_for_another() {
    let story = Story::begin().await;
    story.agent.asked().tokens.insert("slow".to_owned(), (Duration::from_secs(5), "token-of-slow"));
    story.agent.asked().tokens.insert("slower".to_owned(), (Duration::from_secs(9), "token-of-slower"));
    story.choose_copy("slow").await;
    story.choose_copy("slower").await;
    story.seconds(6).await;
    assert_eq!(story.clipboard(), None);
    story.seconds(4).await;
    assert_eq!(story.clipboard().as_deref(), Some("token-of-slower"));
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_an_ending_tray_gets_an_answer() {
    let mut story = Story::begin().await;
    story.choose(Action::Quit).await;
    assert_eq!(story.ended().await, Ended::Quit);
    assert_eq!(story.ask_copy("work").await.unwrap_err().code, ErrorCode::Offline);
}
