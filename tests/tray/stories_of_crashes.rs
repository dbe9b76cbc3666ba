//! A crash leaves a token on the clipboard: the next start clears it, and nothing else.

use daypass_tray::DesktopEvent;

use crate::made::{account, snapshot};
use crate::story::Story;

/// The tray as it is started after another, on the clipboard that this one has left.
async fn after_a_crash(story: Story, clipboard: &str) -> Story {
    let (_, data) = story.crash();
    Story::begin_in(data, snapshot(vec![account("work")]), |desk| {
        desk.seen().clipboard = Some(clipboard.to_owned());
    })
    .await
}

/// What is written in the data folder.
fn written(story: &Story) -> Vec<String> {
    let files = std::fs::read_dir(story.data.path()).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_left_on_the_clipboard_is_cleared_at_the_next_start() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    let text = written(&story).concat();
    assert!(!text.contains("token-of-") && !text.contains("work"), "{text}");

    let next = after_a_crash(story, "token-of-work").await;
    assert_eq!(next.clipboard(), None);
    assert_eq!(written(&next), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_the_user_copied_since_the_crash_is_left_alone() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    let next = after_a_crash(story, "a shopping list").await;
    assert_eq!(next.clipboard().as_deref(), Some("a shopping list"));
    assert_eq!(written(&next), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_clipboard_that_cannot_be_reached_is_cleared_at_a_later_start() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    let (_, data) = story.crash();
    let prepared = || snapshot(vec![account("work")]);
    let next = Story::begin_in(data, prepared(), |desk| desk.seen().broken_clipboard = true).await;
    assert_eq!(written(&next).len(), 1);
    let (_, data) = next.crash();
    let last = Story::begin_in(data, prepared(), |desk| desk.seen().clipboard = Some("token-of-work".to_owned())).await;
    assert_eq!(last.clipboard(), None);
    assert_eq!(written(&last), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_down_once_the_token_is_off_the_clipboard() {
    let mut story = Story::begin().await;
    story.choose_copy("work").await;
    assert_eq!(written(&story).len(), 1);
    story.seconds(46).await;
    assert_eq!(written(&story), [""; 0]);
    story.choose_copy("work").await;
    story.happen(DesktopEvent::Chosen(daypass_tray::Action::Quit)).await;
    story.ended().await;
    assert_eq!(written(&story), [""; 0]);
}
