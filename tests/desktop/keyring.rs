//! The vault's key in a real Secret Service: stored once, and a locked or absent one is told and changes nothing.

use std::fs;

use daypass_test_support::desktop::{Keyring, Options};
use daypass_test_support::program::finish;
use daypass_test_support::wait;

use crate::stage::{SOON, Stage};

#[test]
fn the_key_is_in_the_secret_service_and_nowhere_else() {
    let stage = Stage::new(Options::default(), None);
    let (mut tray, item) = stage.start_tray_with_icon();
    stage.connect("discover", "search");
    let secrets = stage.desktop.secrets();
    let [key] = secrets.as_slice() else { panic!("there are {} secrets, not one", secrets.len()) };
    assert!(key.label.to_lowercase().contains("daypass"), "{:?}", key.label);
    assert!(!key.value.is_empty());
    let token = stage.token("search");

    // The same key opens the vault again, and no second one is made.
    item.choose(&["Quit"]);
    assert_eq!(tray.wait(SOON), Some(0));
    let _tray = stage.start_tray();
    assert_eq!(stage.token("search"), token);
    assert_eq!(stage.desktop.secrets(), secrets);
}

#[test]
fn a_locked_keyring_is_told_and_opens_without_a_restart() {
    let stage = Stage::new(Options::default(), None);
    let (mut tray, item) = stage.start_tray_with_icon();
    stage.connect("antiraid", "work");
    let token = stage.token("work");
    item.choose(&["Quit"]);
    assert_eq!(tray.wait(SOON), Some(0));
    let vault = stage.desktop.path("data").join("daypass/vault.sqlite");
    let before = fs::read(&vault).unwrap();

    stage.desktop.lock_keyring();
    let (_tray, item) = stage.start_tray_with_icon();
    wait::until("the menu to say it", SOON, || item.menu_text().contains("keyring is locked").then_some(()));
    let locked = item.picture();
    assert!(item.offers(&["Unlock…"]) && !item.offers(&["work", "Copy token"]), "{}", item.menu_text());
    let page = stage.open_page("sessions");
    assert!(page.part("vault-banner").text().contains("The vault is locked"), "{}", page.text());
    // Its accounts are known all the same.
    page.part("account-work").click();
    let refused = stage.run(&["token", "work"]).refused(4);
    assert!(refused.to_lowercase().contains("lock"), "{refused}");
    assert_eq!(stage.run(&["status", "--json"]).json()["vault"]["state"], "locked");
    assert_eq!(fs::read(&vault).unwrap(), before, "the vault was changed while it was locked");

    stage.desktop.unlock_keyring();
    let again = wait::within(3 * SOON, || Some(stage.run(&["token", "work"])).filter(|outcome| outcome.code == 0));
    assert_eq!(again.expect("the vault did not open again").ok().trim_end(), token);
    // The tray and the window go on by themselves.
    page.wait_without("vault-banner");
    wait::until("the token in the menu", SOON, || item.offers(&["work", "Copy token"]).then_some(()));
    assert!(!item.menu_text().contains("Unlock…"), "{}", item.menu_text());
    wait::until("another picture", SOON, || (item.picture() != locked).then_some(()));
    page.part("copy").click();
    wait::until("the token on the clipboard", SOON, || {
        (stage.desktop.clipboard().as_deref() == Some(token.as_str())).then_some(())
    });
}

#[test]
fn a_keyring_that_is_locked_or_killed_under_a_running_tray_takes_nothing_away() {
    let mut stage = Stage::new(Options::default(), None);
    let (mut tray, item) = stage.start_tray_with_icon();
    stage.connect("antiraid", "work");
    let token = stage.token("work");
    stage.desktop.lock_keyring();
    assert_eq!(stage.token("work"), token);
    stage.desktop.unlock_keyring();
    stage.desktop.kill_keyring();

    // Held tokens are handed out, and new ones are stored: the key was asked for once.
    assert_eq!(stage.token("work"), token);
    let next = stage.run(&["token", "work", "--fresh"]).ok().trim_end().to_owned();
    assert_ne!(next, token);
    assert_eq!(stage.run(&["status", "--json"]).json()["vault"]["state"], "open");
    item.choose(&["Quit"]);
    assert_eq!(tray.wait(SOON), Some(0));

    // Without a keyring it starts, says so, and changes nothing.
    let vault = stage.desktop.path("data").join("daypass/vault.sqlite");
    let before = fs::read(&vault).unwrap();
    let (_tray, item) = stage.start_tray_with_icon();
    wait::until("the menu to say it", SOON, || item.menu_text().contains("no keyring").then_some(()));
    assert!(item.offers(&["Try again"]) && !item.offers(&["work", "Copy token"]), "{}", item.menu_text());
    let page = stage.open_page("sessions");
    assert!(page.part("vault-banner").text().contains("The vault has no key"), "{}", page.text());
    assert_eq!(fs::read(&vault).unwrap(), before, "the vault was changed without its key");

    // It is started again: one need not wait for the tray to find it.
    stage.desktop.start_keyring();
    page.part("vault-open").click();
    page.wait_without("vault-banner");
    wait::until("the token in the menu", SOON, || item.offers(&["work", "Copy token"]).then_some(()));
    assert_eq!(stage.token("work"), next);
}

#[test]
fn nothing_is_stored_where_the_keyring_is_locked_or_absent() {
    for keyring in [Keyring::Locked, Keyring::Absent] {
        let stage = Stage::new(Options { keyring, ..Options::default() }, None);
        let _tray = stage.start_tray_with_icon();
        let mut add = stage.command(&[]);
        add.args(stage.authority.add_arguments("antiraid", "work"));
        let refused = finish(&mut add, stage.authority.credential("antiraid")).refused(4);
        let reason = if keyring == Keyring::Locked { "locked" } else { "no keyring" };
        assert!(refused.to_lowercase().contains(reason), "{refused}");
        let listed = stage.run(&["account", "list", "--json"]);
        assert!(listed.code == 0 && listed.stdout.trim() == "[]" || listed.code == 4, "{listed:?}");
    }
}
