//! What is done from the menu and from notifications, late ones too, and how the settings are heeded.

use daypass_api::settings::{Language, Notifications};
use daypass_api::view::{Page, Place, Snapshot};
use daypass_api::{ApiError, ErrorCode};
use daypass_tray::{Action, Entry, Topic};

use crate::made::{account, snapshot};
use crate::spoken::refresh;
use crate::story::Story;

/// What the last menu says, one line for each entry at the top.
fn labels(story: &Story) -> Vec<String> {
    let seen = story.desk.seen();
    let label = |entry: &Entry| match entry {
        Entry::Item { label, .. } | Entry::Submenu { label, .. } => label.clone(),
        Entry::Separator => "-".to_owned(),
    };
    seen.drawings.last().unwrap().menu.0.iter().map(label).collect()
}

fn clip_label(story: &Story) -> Option<String> {
    labels(story).into_iter().find(|label| label.starts_with("On the clipboard"))
}

fn with(change: impl FnOnce(&mut Snapshot)) -> Snapshot {
    let mut changed = snapshot(vec![account("work")]);
    change(&mut changed);
    changed
}

#[tokio::test(start_paused = true)]
async fn the_menu_counts_down_in_steps_until_the_clipboard_is_clear() {
    let story = Story::begin().await;
    assert_eq!(clip_label(&story), None);
    story.choose_copy("work").await;
    assert_eq!(clip_label(&story).unwrap(), "On the clipboard: work · 45 s");
    let drawn = story.desk.seen().drawings.len();
    story.seconds(4).await;
    assert_eq!(story.desk.seen().drawings.len(), drawn, "one step is 5 s");
    story.seconds(1).await;
    assert_eq!(clip_label(&story).unwrap(), "On the clipboard: work · 40 s");
    story.seconds(39).await;
    assert_eq!(clip_label(&story).unwrap(), "On the clipboard: work · 5 s");
    story.seconds(1).await;
    assert_eq!(clip_label(&story), None);
    // Nine steps; the account's own life changes once on the way.
    assert!(story.desk.seen().drawings.len() <= drawn + 10);
}

#[tokio::test(start_paused = true)]
async fn the_clipboard_is_cleared_at_once_where_the_user_wants_it() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    story.choose(Action::ClearClipboard).await;
    assert_eq!((story.clipboard(), clip_label(&story)), (None, None));
    assert_eq!(story.desk.seen().withdrawn, [Topic::Copied]);
}

#[tokio::test(start_paused = true)]
async fn a_clipboard_that_is_not_cleared_is_told_and_can_be_cleared_again() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    story.desk.seen().broken_clipboard = true;
    story.choose(Action::ClearClipboard).await;
    let note = story.last_note();
    assert_eq!((note.topic, note.title.as_str()), (Topic::Failed, "Could not clear the clipboard"));
    assert_eq!(note.body, "The clipboard cannot be reached: no display.");
    assert_eq!(note.offers[0].action, Action::ClearClipboard);
    assert_eq!(clip_label(&story).unwrap(), "On the clipboard: work · 45 s");
    assert!(story.desk.seen().withdrawn.is_empty(), "its button is still of use");

    story.desk.seen().broken_clipboard = false;
    story.choose(Action::ClearClipboard).await;
    assert_eq!((story.clipboard(), clip_label(&story)), (None, None));
    assert_eq!(story.desk.seen().withdrawn, [Topic::Copied]);
}

#[tokio::test(start_paused = true)]
async fn a_clipboard_that_was_not_cleared_in_time_is_tried_again_and_said_once() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    story.desk.seen().broken_clipboard = true;
    story.seconds(45).await;
    assert_eq!(clip_label(&story).unwrap(), "On the clipboard: work · 30 s");
    story.seconds(60).await;
    assert_eq!(story.desk.seen().said, ["The clipboard was not cleared. The clipboard cannot be reached: no display."]);
    assert!(story.clipboard().is_some());
    story.desk.seen().broken_clipboard = false;
    story.seconds(31).await;
    assert_eq!((story.clipboard(), clip_label(&story)), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_clipboard_that_does_not_answer_is_waited_for_and_noted_at_the_end() {
    let mut story = Story::begin().await;
    story.choose_copy("work").await;
    story.desk.seen().mute_clipboard = true;
    story.choose(Action::ClearClipboard).await;
    story.seconds(90).await;
    assert_eq!(clip_label(&story), None, "it is on its way");
    story.stop();
    story.ended().await;
    assert_eq!(story.desk.seen().said, ["The clipboard was not cleared: it does not answer."]);
    assert_eq!(std::fs::read_dir(story.data.path()).unwrap().count(), 1, "the next start clears it");
}

#[tokio::test(start_paused = true)]
async fn what_the_user_copied_since_is_neither_counted_down_nor_cleared() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    story.desk.seen().clipboard = Some("a shopping list".to_owned());
    story.seconds(5).await;
    assert_eq!(clip_label(&story), None);
    story.choose(Action::ClearClipboard).await;
    assert_eq!(story.clipboard().as_deref(), Some("a shopping list"));
}

#[tokio::test(start_paused = true)]
async fn several_copies_in_a_row_count_down_for_the_last() {
    let story = Story::begin().await;
    story.agent.asked().tokens.insert("home".to_owned(), (std::time::Duration::ZERO, "token-of-home"));
    story.choose_copy("work").await;
    story.seconds(20).await;
    story.choose_copy("home").await;
    assert_eq!(clip_label(&story).unwrap(), "On the clipboard: home · 45 s");
    // The first one's time ends, and the second goes on.
    story.seconds(30).await;
    assert_eq!(clip_label(&story).unwrap(), "On the clipboard: home · 15 s");
    assert_eq!(story.clipboard().as_deref(), Some("token-of-home"));
}

#[tokio::test(start_paused = true)]
async fn the_time_on_the_clipboard_is_as_the_settings_say_from_the_next_copy_on() {
    let story = Story::begin().await;
    story.choose_copy("work").await;
    story.show(with(|shown| shown.settings.settings.clipboard.clear_after = 10)).await;
    story.seconds(20).await;
    assert!(story.clipboard().is_some(), "what was promised stays");
    story.choose_copy("work").await;
    assert_eq!(story.last_note().body, "It lives for 24 min. The clipboard is cleared in 10 s.");
    story.seconds(9).await;
    assert!(story.clipboard().is_some());
    story.seconds(1).await;
    assert_eq!(story.clipboard(), None);
}

#[tokio::test(start_paused = true)]
async fn pausing_changes_the_settings() {
    let story = Story::begin().await;
    story.choose(Action::Pause { paused: true }).await;
    story.choose(Action::Pause { paused: false }).await;
    let expected = [r#"settings {"refresh":{"paused":true}}"#, r#"settings {"refresh":{"paused":false}}"#];
    assert_eq!(story.agent.asked().log, expected);

    story.agent.asked().failure = Some(ApiError::new(ErrorCode::BadRequest, "Line 3 of the file is no setting."));
    story.choose(Action::Pause { paused: true }).await;
    assert_eq!(story.last_note().title, "Could not change the settings");
    assert_eq!(story.last_note().body, "Line 3 of the file is no setting.");
}

#[tokio::test(start_paused = true)]
async fn an_action_that_comes_too_late_says_so() {
    let story = Story::begin().await;
    let sign_in = Place { page: Page::SignIn, account: Some("gone".to_owned()), session: None };
    for late in [refresh("gone"), Action::Open { place: sign_in }] {
        story.choose(late).await;
        let note = story.last_note();
        assert_eq!(note.title, "gone is not here any more");
        assert_eq!(note.click, Action::Open { place: Place::default() });
    }
    story.choose_copy("gone").await;
    assert_eq!(story.last_note().title, "gone is not here any more");
    assert!(story.desk.seen().opened.is_empty());
    assert_eq!(story.agent.asked().log, ["token gone None"]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_of_several_accounts_asks_for_each() {
    let story = Story::begin().await;
    story.show(snapshot(vec![account("work"), account("home")])).await;
    story.choose(Action::Refresh { accounts: vec!["work".to_owned(), "home".to_owned()] }).await;
    let mut asked = story.agent.asked().log.clone();
    asked.sort();
    assert_eq!(asked, ["refresh home", "refresh work"]);
}

#[tokio::test(start_paused = true)]
async fn the_language_changes_at_once() {
    let story = Story::begin().await;
    assert!(labels(&story).contains(&"Settings…".to_owned()));
    story.show(with(|shown| shown.settings.settings.appearance.language = Language::De)).await;
    assert!(labels(&story).contains(&"Einstellungen …".to_owned()));
    story.choose_copy("work").await;
    assert_eq!(story.last_note().title, "Kopiert: work");
    story.show(snapshot(vec![account("work")])).await;
    assert!(labels(&story).contains(&"Settings…".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_kind_of_notification_that_is_not_wanted_is_not_shown() {
    let story = Story::begin().await;
    let silent = Notifications { copied: false, ..Notifications::default() };
    story.show(with(|shown| shown.settings.settings.notifications = silent)).await;
    story.choose_copy("work").await;
    assert!(story.desk.seen().notes.is_empty());
    assert!(story.clipboard().is_some());
}
