//! What happens when the shortcut is pressed, and what becomes of a shortcut that is chosen.

use std::sync::Arc;

use daypass_agent::Face;
use daypass_api::settings::{QuickCopy, ShortcutView};
use daypass_api::view::Snapshot;
use daypass_tray::{DesktopEvent, Unbound};

use crate::made::{account, snapshot};
use crate::story::Story;

/// A snapshot with this choice.
fn with(shortcut: &str, keep_warm: bool) -> Snapshot {
    let mut snapshot = snapshot(vec![account("work")]);
    snapshot.settings.settings.quick_copy = QuickCopy { shortcut: shortcut.to_owned(), keep_warm };
    snapshot
}

async fn story(shortcut: &str, keep_warm: bool) -> Story {
    Story::begin_with(with(shortcut, keep_warm), |_| {}).await
}

/// Has the user change the settings.
async fn choose(story: &Story, shortcut: &str, keep_warm: bool) {
    story.agent.snapshots.lock().unwrap().as_ref().unwrap().send_replace(Arc::new(with(shortcut, keep_warm)));
    story.seconds(0).await;
}

/// Its program has ended.
const GONE: DesktopEvent = DesktopEvent::PaletteEnded { success: true };

#[tokio::test(start_paused = true)]
async fn a_shortcut_is_bound_when_it_is_chosen_and_let_go_when_it_is_not() {
    let story = story("", false).await;
    assert_eq!(story.agent.asked().shortcut, ShortcutView::Off);
    choose(&story, "control + alt + c", false).await;
    assert_eq!(story.agent.asked().shortcut, ShortcutView::Bound { keys: "Ctrl+Alt+C".to_owned() });
    choose(&story, "control + alt + c", true).await;
    choose(&story, "", true).await;
    assert_eq!(story.agent.asked().shortcut, ShortcutView::Off);
    assert_eq!(story.desk.seen().bound, [None, Some("Ctrl+Alt+C".to_owned()), None]);
}

#[tokio::test(start_paused = true)]
async fn a_shortcut_that_cannot_be_had_is_told_in_words() {
    let story = story("Ctrl+Alt+Banana", false).await;
    let shown = story.agent.asked().shortcut.clone();
    let ShortcutView::Unusable { message, said } = shown else { panic!("{shown:?}") };
    assert!(message.contains("Banana"), "{message}");
    assert_eq!(said.unwrap().id, "error-shortcut-part");
    for (why, expected) in [
        (Unbound::Taken("Ctrl+Alt+C".to_owned()), "error-shortcut-taken"),
        (Unbound::Declined, "error-shortcut-declined"),
    ] {
        story.desk.seen().unbound = Some(why);
        choose(&story, "", false).await;
        choose(&story, "Ctrl+Alt+C", false).await;
        let shown = story.agent.asked().shortcut.clone();
        let ShortcutView::Taken { said, .. } = shown else { panic!("{shown:?}") };
        assert_eq!(said.unwrap().id, expected);
    }
    story.desk.seen().unbound = Some(Unbound::NoWay);
    choose(&story, "Ctrl+Alt+D", false).await;
    assert!(matches!(story.agent.asked().shortcut, ShortcutView::Unsupported { .. }));
}

#[tokio::test(start_paused = true)]
async fn what_the_desktop_changes_by_itself_is_told() {
    let story = story("Ctrl+Alt+C", false).await;
    story.happen(DesktopEvent::Rebound(Err(Unbound::NoKey("Ctrl+Alt+C".to_owned())))).await;
    assert!(matches!(story.agent.asked().shortcut, ShortcutView::Unusable { .. }));
    story.happen(DesktopEvent::Rebound(Ok("Ctrl+Alt+C".to_owned()))).await;
    assert_eq!(story.agent.asked().shortcut, ShortcutView::Bound { keys: "Ctrl+Alt+C".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn two_presses_start_one_palette() {
    let story = story("Ctrl+Alt+C", false).await;
    story.happen(DesktopEvent::Shortcut).await;
    story.happen(DesktopEvent::Shortcut).await;
    assert_eq!(story.desk.seen().palettes, [false]);
    story.happen(GONE).await;
    assert_eq!(story.desk.seen().palettes, [false], "a press while it came up opened another");
    story.happen(DesktopEvent::Shortcut).await;
    assert_eq!(story.desk.seen().palettes, [false, false]);
}

#[tokio::test(start_paused = true)]
async fn a_palette_that_listens_is_asked_and_not_started() {
    let story = story("Ctrl+Alt+C", false).await;
    story.happen(DesktopEvent::Shortcut).await;
    story.agent.asked().palette = true;
    story.happen(DesktopEvent::Shortcut).await;
    assert_eq!(story.agent.asked().log, ["palette"]);
    assert_eq!(story.desk.seen().palettes, [false]);
}

#[tokio::test(start_paused = true)]
async fn a_press_while_it_ends_opens_the_next() {
    let story = story("Ctrl+Alt+C", false).await;
    story.happen(DesktopEvent::Shortcut).await;
    story.seconds(20).await;
    story.happen(DesktopEvent::Shortcut).await;
    assert_eq!(story.desk.seen().palettes, [false]);
    story.happen(GONE).await;
    assert_eq!(story.desk.seen().palettes, [false, false]);
    story.happen(GONE).await;
    assert_eq!(story.desk.seen().palettes, [false, false]);
}

#[tokio::test(start_paused = true)]
async fn a_warm_palette_is_started_hidden_and_once() {
    let story = story("", false).await;
    assert!(story.desk.seen().palettes.is_empty());
    choose(&story, "", true).await;
    choose(&story, "Ctrl+Alt+C", true).await;
    assert_eq!(story.desk.seen().palettes, [true]);
    // It ends by itself when it is not kept any more, and comes again when it is.
    choose(&story, "Ctrl+Alt+C", false).await;
    story.happen(GONE).await;
    choose(&story, "Ctrl+Alt+C", true).await;
    assert_eq!(story.desk.seen().palettes, [true, true]);
    // One that fell over comes again when it is asked for, and not before.
    story.happen(DesktopEvent::PaletteEnded { success: false }).await;
    choose(&story, "Ctrl+Alt+C", true).await;
    assert_eq!(story.desk.seen().palettes, [true, true]);
    assert_eq!(story.desk.seen().notes.len(), 1);
    story.happen(DesktopEvent::Shortcut).await;
    assert_eq!(story.desk.seen().palettes, [true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_warm_palette_that_is_still_coming_up_shows_itself_once_it_listens() {
    let story = story("Ctrl+Alt+C", true).await;
    story.happen(DesktopEvent::Shortcut).await;
    story.seconds(5).await;
    assert!(story.agent.asked().log.is_empty());
    story.agent.asked().palette = true;
    story.seconds(1).await;
    assert_eq!(story.agent.asked().log, ["palette"]);
    assert_eq!(story.desk.seen().palettes, [true]);
}

#[tokio::test(start_paused = true)]
async fn the_command_line_opens_it_too_and_is_told_where_that_fails() {
    let story = story("", false).await;
    story.face.toggle_palette().await.unwrap();
    assert_eq!(story.desk.seen().palettes, [false]);
    story.happen(GONE).await;
    story.desk.seen().no_window = true;
    let error = story.face.toggle_palette().await.unwrap_err();
    assert!(error.message.contains("daypass-window: not found"), "{error:?}");
    assert!(story.desk.seen().notes.is_empty(), "whoever asked was told already");
    // Who pressed keys is told by a notification.
    story.happen(DesktopEvent::Shortcut).await;
    assert_eq!(story.desk.seen().notes.len(), 1);
}
