//! The icon and its menu, pressed over D-Bus as the tray host presses them.

use std::time::Duration;

use daypass_test_support::desktop::Options;
use daypass_test_support::program::finish;
use daypass_test_support::wait;

use crate::stage::{SOON, Stage};

/// When the clipboard is cleared after a copy.
const CLEARED_AFTER: Duration = Duration::from_secs(45);

#[test]
fn a_menu_item_copies_the_token_which_another_program_reads_and_which_goes_by_itself() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    stage.connect("antiraid", "work");
    let token = stage.token("work");
    wait::until("the account in the menu", SOON, || item.offers(&["work", "Copy token"]).then_some(()));

    item.choose(&["work", "Copy token"]);
    let copied = tokio::time::Instant::now();
    let note = stage.desktop.wait_for_notification(SOON, |note| note.summary.contains("work"));
    assert!(!note.summary.contains(&token) && !note.body.contains(&token), "{note:?}");
    assert_eq!(stage.desktop.clipboard(), Some(token.clone()));
    assert_eq!(stage.desktop.clipboard_as("x-kde-passwordManagerHint").as_deref(), Some("secret"));

    let limit = CLEARED_AFTER + SOON;
    wait::until("the clipboard to be cleared", limit, || {
        (stage.desktop.clipboard().as_deref() != Some(&token)).then_some(())
    });
    let kept = copied.elapsed();
    assert!(kept > CLEARED_AFTER - Duration::from_secs(5), "cleared after {kept:?} already");
}

#[test]
fn a_click_opens_the_menu_also_after_changes_in_quick_succession() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    let accounts = ["paw", "other"].map(|name| {
        stage.connect("pocketpaw", name);
        (name, stage.token(name))
    });
    // A copy changes the menu twice: by what is on the clipboard, and by the account that was used last.
    for round in 0..8 {
        let (name, token) = &accounts[round % 2];
        wait::until("the account in the menu", SOON, || item.offers(&[name, "Copy token"]).then_some(()));
        item.choose(&[name, "Copy token"]);
        let copied = || (stage.desktop.clipboard().as_ref() == Some(token)).then_some(());
        wait::until("the token on the clipboard", SOON, copied);
        stage.desktop.copy_elsewhere("something else");
        let top = format!("Copy token of {name}");
        wait::until("its copy on top", SOON, || item.offers(&[&top]).then_some(()));

        stage.open_menu();
        for key in ["Down", "Return"] {
            stage.desktop.press(key);
        }
        wait::until(&format!("the token by the menu's first entry, round {round}"), SOON, copied);
    }
}

#[test]
fn quitting_clears_the_clipboard_only_where_it_is_still_ours() {
    let stage = Stage::new(Options::default(), None);
    for elsewhere in [None, Some("something else")] {
        let (mut tray, item) = stage.start_tray_with_icon();
        if elsewhere.is_none() {
            stage.connect("pocketpaw", "paw");
        }
        let token = stage.token("paw");
        wait::until("the account in the menu", SOON, || item.offers(&["paw", "Copy token"]).then_some(()));
        item.choose(&["paw", "Copy token"]);
        let copied = || (stage.desktop.clipboard().as_deref() == Some(&token)).then_some(());
        wait::until("the token on the clipboard", SOON, copied);
        if let Some(text) = elsewhere {
            stage.desktop.copy_elsewhere(text);
            let taken = || (stage.desktop.clipboard().as_deref() == Some(text)).then_some(());
            wait::until("the other text on the clipboard", SOON, taken);
        }

        item.choose(&["Quit"]);
        assert_eq!(tray.wait(SOON), Some(0), "{}", tray.log());
        let left = stage.desktop.clipboard().filter(|text| !text.is_empty());
        assert_eq!(left.as_deref(), elsewhere);
    }
}

#[test]
fn the_menu_shows_each_account_with_its_life_and_refreshes_it() {
    let stage = Stage::new(Options::default(), Some(600));
    let (_tray, item) = stage.start_tray_with_icon();
    stage.connect("discovr", "films");
    let first = stage.token("films");
    wait::until("the account's life in the menu", SOON, || {
        let menu = item.menu();
        menu.into_iter().find(|entry| entry.label.contains("films") && entry.label.contains("left"))
    });

    item.choose(&["films", "Refresh now"]);
    wait::until("a new token", SOON, || (stage.token("films") != first).then_some(()));
}

#[test]
fn a_session_is_revoked_from_the_menu_and_the_user_is_told() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    stage.connect("antiraid", "work");
    stage.run(&["session", "create", "work", "--name", "doomed", "--life", "1h"]).ok();
    wait::until("the session in the menu", SOON, || item.offers(&["work", "doomed", "Revoke"]).then_some(()));

    item.choose(&["work", "doomed", "Revoke"]);
    stage.desktop.wait_for_notification(SOON, |note| note.summary.contains("Revoked"));
    let names = || stage.sessions("work").iter().any(|session| session["name"] == "doomed");
    wait::until("the session to be gone", SOON, || (!names()).then_some(()));
}

#[test]
fn a_refused_credential_is_told_once_and_until_it_is_mended() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    stage.connect("pocketpaw", "paw");
    let well = item.picture();
    stage.token("paw");

    let next = stage.regenerate_elsewhere();
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);
    stage.desktop.wait_for_notification(SOON, |note| note.summary.contains("needs you"));
    wait::until("the menu to say it", SOON, || item.menu_text().contains("needs you").then_some(()));
    wait::until("another picture", SOON, || (item.picture() != well).then_some(()));
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);
    let told = stage.desktop.notifications().iter().filter(|note| note.summary.contains("needs you")).count();
    assert_eq!(told, 1);
    assert_eq!(stage.desktop.notifications_shown(), 1);

    // Nobody is called to what is mended.
    let mut add = stage.command(&[]);
    add.args(stage.authority.add_arguments("pocketpaw", "paw"));
    finish(&mut add, &next).ok();
    wait::until("the notification to go", SOON, || (stage.desktop.notifications_shown() == 0).then_some(()));
}

#[test]
fn more_than_ten_accounts_have_a_menu_of_their_own_and_the_one_used_last_is_on_top() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    for number in 10..22 {
        stage.connect("pocketpaw", &format!("paw-{number}"));
    }
    let token = stage.token("paw-17");
    wait::until("the account used last on top", SOON, || item.offers(&["Copy token of paw-17"]).then_some(()));
    let menu = item.menu();
    let accounts: Vec<&str> =
        menu.iter().filter(|entry| !entry.entries.is_empty()).map(|one| one.label.as_str()).collect();
    assert!(accounts[0].starts_with("paw-17 · "), "{accounts:?}");
    assert_eq!(accounts.len(), 11);
    assert_eq!(accounts[10], "More accounts");
    assert!(item.offers(&["More accounts", "paw-20", "Copy token"]), "{}", item.menu_text());

    item.choose(&["Copy token of paw-17"]);
    let copied = || (stage.desktop.clipboard().as_deref() == Some(&token)).then_some(());
    wait::until("the token on the clipboard", SOON, copied);
    item.choose(&["More accounts", "paw-20", "Copy token"]);
    wait::until("it to be on top", SOON, || item.offers(&["Copy token of paw-20"]).then_some(()));
}

#[test]
fn refreshing_is_paused_and_goes_on_from_the_menu() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    stage.connect("discovr", "films");
    wait::until("the account in the menu", SOON, || item.offers(&["films", "Copy token"]).then_some(()));
    let paused = || stage.run(&["settings", "--json"]).json()["settings"]["refresh"]["paused"] == true;
    let well = item.picture();

    item.choose(&["Pause refreshing"]);
    wait::until("the pause", SOON, || item.offers(&["Resume refreshing"]).then_some(()));
    assert!(paused());
    wait::until("another picture", SOON, || (item.picture() != well).then_some(()));
    item.choose(&["Resume refreshing"]);
    wait::until("the end of the pause", SOON, || item.offers(&["Pause refreshing"]).then_some(()));
    assert!(!paused());
    wait::until("the picture from before", SOON, || (item.picture() == well).then_some(()));
}

#[test]
fn the_menu_leads_to_timeline_and_settings() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    for (entry, page) in [("Timeline", "timeline"), ("Settings", "settings")] {
        item.choose(&[entry]);
        let window = stage.wait_for_window();
        let arguments = String::from_utf8_lossy(&window.arguments()).into_owned();
        assert!(arguments.contains(&format!("--page\0{page}\0")), "{arguments}");
        let screen = daypass_test_support::desktop::Screen::of(&stage.desktop);
        screen.close(screen.wait_for_window("Daypass", SOON));
        stage.wait_for_end(&window);
    }
}
