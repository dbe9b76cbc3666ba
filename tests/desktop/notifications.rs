//! Notifications with buttons, pressed through the real notification server.

use daypass_test_support::desktop::{App, Notification, Options, TrayItem};
use daypass_test_support::wait;

use crate::stage::{SOON, Stage};

/// A tray app with one account whose token was used.
fn with_account(provider: &str, name: &str) -> (Stage, App, TrayItem, String) {
    let stage = Stage::new(Options::default(), None);
    let (tray, item) = stage.start_tray_with_icon();
    stage.connect(provider, name);
    let token = stage.token(name);
    let entry = format!("Copy token of {name}");
    wait::until("the account in the menu", SOON, || item.offers(&[&entry]).then_some(()));
    (stage, tray, item, token)
}

fn wait_for_clipboard(stage: &Stage, text: Option<&str>) {
    let now = || stage.desktop.clipboard().filter(|text| !text.is_empty());
    wait::until("the clipboard", SOON, || (now().as_deref() == text).then_some(()));
}

/// The id of the current session of `work`.
fn current(stage: &Stage) -> String {
    let account = stage.run(&["account", "show", "work", "--json"]).json();
    account["current"].as_str().expect("no current session").to_owned()
}

fn is_over(note: &Notification) -> bool {
    note.summary.contains("no longer valid")
}

#[test]
fn a_copy_is_cleared_from_its_notification_and_a_click_opens_the_window() {
    let (stage, _tray, item, token) = with_account("antiraid", "work");
    item.choose(&["Copy token of work"]);
    let note = stage.desktop.wait_for_notification(SOON, |note| note.summary == "Copied: work");
    assert_eq!(note.buttons, ["Clear now"]);
    wait_for_clipboard(&stage, Some(&token));
    stage.desktop.press_button("Clear now");
    wait_for_clipboard(&stage, None);

    item.choose(&["Copy token of work"]);
    let count = || stage.desktop.notifications().iter().filter(|note| note.summary == "Copied: work").count();
    wait::until("a second notification", SOON, || (count() == 2).then_some(()));
    stage.desktop.click_notification();
    stage.wait_for_window();
}

#[test]
fn a_copied_token_that_is_revoked_is_told_and_its_button_copies_the_next() {
    let (stage, _tray, item, token) = with_account("antiraid", "work");
    item.choose(&["Copy token of work"]);
    wait_for_clipboard(&stage, Some(&token));
    stage.run(&["session", "revoke", "work", &current(&stage)]).ok();

    let note = stage.desktop.wait_for_notification(SOON, is_over);
    assert_eq!(note.buttons, ["Copy"]);
    stage.desktop.press_button("Copy");
    let next = wait::until("another token", SOON, || {
        stage.desktop.clipboard().filter(|text| !text.is_empty() && *text != token)
    });
    assert_eq!(stage.token("work"), next);
    assert_eq!(stage.desktop.notifications().iter().filter(|note| is_over(note)).count(), 1);
}

#[test]
fn a_copied_token_that_was_renewed_is_told_as_replaced() {
    let (stage, _tray, item, token) = with_account("discovr", "films");
    item.choose(&["Copy token of films"]);
    wait_for_clipboard(&stage, Some(&token));
    item.choose(&["films", "Refresh now"]);
    let note = stage.desktop.wait_for_notification(SOON, |note| note.summary.contains("has been replaced"));
    assert!(note.body.contains("at most"), "{note:?}");
}

#[test]
fn who_needs_the_user_is_led_to_the_sign_in_from_notification_and_menu() {
    let (stage, _tray, item, _token) = with_account("pocketpaw", "paw");
    stage.regenerate_elsewhere();
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);
    let note = stage.desktop.wait_for_notification(SOON, |note| note.summary.contains("needs you"));
    assert_eq!(note.buttons, ["Sign in"]);
    stage.desktop.press_button("Sign in");
    let window = stage.wait_for_window();
    let arguments = String::from_utf8_lossy(&window.arguments()).into_owned();
    assert!(arguments.contains("--page\0sign_in\0--account=paw\0"), "{arguments}");
    wait::until("the menu to offer it", SOON, || item.offers(&["paw", "Sign in again"]).then_some(()));
}

#[test]
fn what_nobody_would_hear_any_more_goes_with_the_tray_app() {
    let (stage, mut tray, item, token) = with_account("pocketpaw", "paw");
    item.choose(&["Copy token of paw"]);
    wait_for_clipboard(&stage, Some(&token));
    stage.regenerate_elsewhere();
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);
    stage.desktop.wait_for_notification(SOON, |note| note.summary.contains("needs you"));
    wait::until("the notifications", SOON, || (stage.desktop.notifications_shown() == 2).then_some(()));
    item.choose(&["Quit"]);
    assert_eq!(tray.wait(SOON), Some(0), "{}", tray.log());
    assert_eq!(stage.desktop.notifications_shown(), 0);
}

#[test]
fn an_offer_that_is_too_late_says_so() {
    let (stage, _tray, item, token) = with_account("antiraid", "work");
    item.choose(&["Copy token of work"]);
    wait_for_clipboard(&stage, Some(&token));
    stage.run(&["session", "revoke", "work", &current(&stage)]).ok();
    stage.desktop.wait_for_notification(SOON, is_over);
    stage.run(&["account", "remove", "work"]).ok();
    stage.desktop.press_button("Copy");
    stage.desktop.wait_for_notification(SOON, |note| note.summary == "work is not here any more");
}

#[test]
fn a_kind_that_is_not_wanted_is_not_shown_and_german_is_spoken() {
    let (stage, _tray, item, token) = with_account("antiraid", "work");
    // The menu changes with the language, and shows that what was set before it is in force too.
    stage.run(&["settings", "set", "notifications.copied", "false"]).ok();
    stage.run(&["settings", "set", "appearance.language", "de"]).ok();
    wait::until("the German menu", SOON, || item.offers(&["Einstellungen"]).then_some(()));
    item.choose(&["Token von work kopieren"]);
    wait_for_clipboard(&stage, Some(&token));
    item.choose(&["Zwischenablage jetzt leeren"]);
    wait_for_clipboard(&stage, None);
    assert_eq!(stage.desktop.notifications(), []);

    stage.run(&["settings", "set", "notifications.copied", "true"]).ok();
    stage.run(&["settings", "set", "refresh.paused", "true"]).ok();
    wait::until("the pause", SOON, || item.offers(&["Erneuern fortsetzen"]).then_some(()));
    item.choose(&["Token von work kopieren"]);
    let note = stage.desktop.wait_for_notification(SOON, |note| note.summary == "Kopiert: work");
    assert_eq!(note.buttons, ["Jetzt leeren"]);
}
