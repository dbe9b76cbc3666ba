//! The clipboard: what the menu says of it, and who clears it after a crash.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use daypass_test_support::desktop::{App, Options, TrayItem};
use daypass_test_support::wait;

use crate::stage::{SOON, Stage};

/// A tray app that has copied the token of `work`.
fn copied() -> (Stage, App, TrayItem, String) {
    let stage = Stage::new(Options::default(), None);
    let (tray, item) = stage.start_tray_with_icon();
    stage.connect("antiraid", "work");
    let token = stage.token("work");
    wait::until("the account in the menu", SOON, || item.offers(&["Copy token of work"]).then_some(()));
    item.choose(&["Copy token of work"]);
    wait_for_clipboard(&stage, Some(&token));
    (stage, tray, item, token)
}

fn wait_for_clipboard(stage: &Stage, text: Option<&str>) {
    let now = || stage.desktop.clipboard().filter(|text| !text.is_empty());
    wait::until("the clipboard", SOON, || (now().as_deref() == text).then_some(()));
}

fn mark(stage: &Stage) -> PathBuf {
    stage.desktop.path("data").join("daypass/clipboard.json")
}

#[test]
fn the_menu_counts_down_and_clears_at_once() {
    let (stage, _tray, item, _token) = copied();
    let label = || item.menu().into_iter().map(|entry| entry.label).find(|label| label.starts_with("On the clipboard"));
    let first = wait::until("the count-down", SOON, label);
    wait::until("the next step of it", SOON, || label().filter(|next| *next != first));

    item.choose(&["Clear clipboard now"]);
    wait_for_clipboard(&stage, None);
    wait::until("the end of the count-down", SOON, || label().is_none().then_some(()));
    assert!(!mark(&stage).exists());
}

#[test]
fn what_another_program_took_over_in_a_crash_is_cleared_at_the_next_start() {
    let (stage, mut tray, _item, token) = copied();
    let written = std::fs::read_to_string(mark(&stage)).unwrap();
    assert!(!written.contains(&token) && !written.contains("work"), "{written}");
    assert_eq!(std::fs::metadata(mark(&stage)).unwrap().permissions().mode() & 0o777, 0o600);

    // As a clipboard manager does that heeds no hint: it outlives us, and the token with it.
    stage.desktop.copy_elsewhere(&token);
    tray.kill();
    assert_eq!(stage.desktop.clipboard().as_ref(), Some(&token));

    let (_tray, _item) = stage.start_tray_with_icon();
    wait_for_clipboard(&stage, None);
    wait::until("the mark to go", SOON, || (!mark(&stage).exists()).then_some(()));
}

#[test]
fn what_the_user_copied_after_a_crash_is_left_alone() {
    let (stage, mut tray, _item, _token) = copied();
    tray.kill();
    stage.desktop.copy_elsewhere("a shopping list");
    let (_tray, _item) = stage.start_tray_with_icon();
    wait::until("the mark to go", SOON, || (!mark(&stage).exists()).then_some(()));
    assert_eq!(stage.desktop.clipboard().as_deref(), Some("a shopping list"));
}

#[test]
fn the_next_copy_stays_for_as_long_as_the_settings_say() {
    let (stage, _tray, item, token) = copied();
    stage.run(&["settings", "set", "clipboard.clear_after", "5"]).ok();
    item.choose(&["Copy token of work"]);
    stage.desktop.wait_for_notification(SOON, |note| note.body.contains("cleared in 5 s"));
    assert_eq!(stage.desktop.clipboard(), Some(token));
    wait_for_clipboard(&stage, None);
}
