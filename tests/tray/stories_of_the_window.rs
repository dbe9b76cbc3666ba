//! The window: one at a time, whoever asks and however often.

use std::time::Duration;

use daypass_api::ErrorCode;
use daypass_api::view::Page;
use daypass_tray::{Action, DesktopEvent, Topic};

use crate::story::Story;

const CLICK: DesktopEvent = DesktopEvent::Clicked;
const CLOSED: DesktopEvent = DesktopEvent::WindowEnded { success: true };

#[tokio::test(start_paused = true)]
async fn a_window_that_is_open_comes_to_the_front() {
    let story = Story::begin().await;
    story.agent.asked().listening = true;
    story.happen(CLICK).await;
    story.choose(Action::Open { place: Page::NewSession.into() }).await;
    assert!(story.desk.seen().opened.is_empty());
    assert_eq!(story.agent.asked().log, ["focus Sessions", "focus NewSession"]);
}

#[tokio::test(start_paused = true)]
async fn two_clicks_start_one_window_and_the_second_page_is_shown_when_it_listens() {
    let story = Story::begin().await;
    story.happen(CLICK).await;
    story.choose(Action::Open { place: Page::Connect.into() }).await;
    assert_eq!(story.desk.seen().opened, [Page::Sessions.into()]);
    story.agent.asked().listening = true;
    story.seconds(1).await;
    assert_eq!(story.agent.asked().log, ["focus Connect"]);
    story.seconds(60).await;
    assert_eq!(story.agent.asked().log.len(), 1, "it is focused once");
}

#[tokio::test(start_paused = true)]
async fn a_closed_window_is_started_again() {
    let story = Story::begin().await;
    story.happen(CLICK).await;
    story.seconds(30).await;
    story.happen(CLOSED).await;
    story.happen(CLICK).await;
    assert_eq!(story.desk.seen().opened, [Page::Sessions.into(), Page::Sessions.into()]);
}

#[tokio::test(start_paused = true)]
async fn a_click_while_the_window_closes_opens_it_again() {
    let story = Story::begin().await;
    story.happen(CLICK).await;
    story.seconds(30).await;
    // It does not listen any more, and has not ended yet.
    story.happen(CLICK).await;
    assert_eq!(story.desk.seen().opened.len(), 1);
    story.happen(CLOSED).await;
    assert_eq!(story.desk.seen().opened.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_click_while_a_window_closes_that_was_just_opened_opens_it_again() {
    let story = Story::begin().await;
    story.happen(CLICK).await;
    story.seconds(1).await;
    story.happen(CLICK).await;
    story.happen(CLOSED).await;
    // It may also have been a program that only called a window that is about to listen.
    assert_eq!(story.desk.seen().opened.len(), 1);
    story.pass(Duration::from_millis(1100)).await;
    assert_eq!(story.desk.seen().opened.len(), 2);
    // That one only calls another: no further one is started for the same click.
    story.ask_window(Page::Sessions).await.unwrap();
    story.happen(CLOSED).await;
    story.seconds(20).await;
    assert_eq!(story.desk.seen().opened.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_was_opened_meanwhile_is_not_opened_twice() {
    let story = Story::begin().await;
    story.happen(CLICK).await;
    story.happen(CLICK).await;
    story.happen(CLOSED).await;
    story.happen(CLICK).await;
    assert_eq!(story.desk.seen().opened.len(), 2);
    story.seconds(5).await;
    assert_eq!(story.desk.seen().opened.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_second_program_that_calls_the_first_does_not_start_a_third() {
    // A window was started by hand and does not listen yet. Ours finds its lock, asks us for it, and ends.
    let story = Story::begin().await;
    story.happen(CLICK).await;
    story.ask_window(Page::Sessions).await.unwrap();
    // Nor does a user who is impatient.
    story.happen(CLICK).await;
    story.happen(CLOSED).await;
    assert_eq!(story.desk.seen().opened.len(), 1);
    story.agent.asked().listening = true;
    story.seconds(1).await;
    assert_eq!(story.agent.asked().log, ["focus Sessions"]);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_never_listens_is_not_waited_for_for_ever() {
    let story = Story::begin().await;
    story.happen(CLICK).await;
    story.happen(CLICK).await;
    story.seconds(11).await;
    story.agent.asked().listening = true;
    story.seconds(60).await;
    assert!(story.agent.asked().log.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_missing_program_is_told() {
    let story = Story::begin().await;
    story.desk.seen().no_window = true;
    story.happen(CLICK).await;
    let why = "The window cannot be opened: daypass-window: not found.";
    assert_eq!(story.desk.seen().said, [why]);
    assert_eq!(story.desk.seen().notes[0].body, why);

    let error = story.ask_window(Page::Sessions).await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::Internal, why));
    assert_eq!(story.desk.seen().notes.len(), 1, "the one who asked has the answer");
}

#[tokio::test(start_paused = true)]
async fn a_window_that_breaks_is_told() {
    let story = Story::begin().await;
    story.happen(CLICK).await;
    story.happen(DesktopEvent::WindowEnded { success: false }).await;
    let seen = story.desk.seen();
    assert_eq!(seen.notes.len(), 1);
    assert_eq!((seen.notes[0].topic, seen.notes[0].title.as_str()), (Topic::Failed, "Could not show the window"));
    drop(seen);
}
