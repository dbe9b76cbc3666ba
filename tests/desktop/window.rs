//! The window, driven as a user drives it: what it lists, what it changes, and what it shows while time passes.

use std::time::Duration;

use daypass_test_support::desktop::Options;
use daypass_test_support::wait;

use crate::stage::{SOON, Stage};

/// A second, and what a busy machine takes to draw it.
const SECOND: Duration = Duration::from_secs(5);

#[test]
fn it_lists_creates_copies_and_revokes() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    stage.connect("antiraid", "work");
    stage.token("work");
    let page = stage.open_page("sessions");
    page.part("account-work").click();
    for session in stage.sessions("work") {
        page.part(&format!("session-{}", session["id"].as_str().unwrap()));
    }

    page.part("new-session").click();
    page.part("session-name").type_text("from the window");
    page.part("create").click();
    let id = wait::until("the new session", SOON, || {
        let sessions = stage.sessions("work");
        let new = sessions.iter().find(|session| session["name"] == "from the window")?;
        Some(new["id"].as_str()?.to_owned())
    });
    let row = page.part(&format!("session-{id}"));
    page.until("its name", |_| row.text().contains("from the window"));

    row.part("copy").click();
    let copied = wait::until("a token on the clipboard", SOON, || stage.desktop.clipboard());
    assert_eq!(copied.len(), 128, "AntiRaid's tokens have 128 characters");
    assert!(!page.everything().contains(&copied), "the page got the token");

    row.part("revoke").click();
    page.part("cancel").click();
    page.wait_without("confirm");
    assert!(stage.sessions("work").iter().any(|session| session["id"] == id.as_str()), "revoked without a yes");
    page.part(&format!("session-{id}")).part("revoke").click();
    page.part("confirm").click();
    page.wait_without(&format!("session-{id}"));
    assert!(stage.sessions("work").iter().all(|session| session["id"] != id.as_str()));
}

#[test]
fn the_countdown_moves_and_a_refresh_happens_while_one_watches() {
    let stage = Stage::new(Options::default(), Some(40));
    let _tray = stage.start_tray();
    stage.connect("discovr", "films");
    stage.token("films");
    let page = stage.open_page("sessions");
    page.part("account-films").click();

    for _ in 0..3 {
        let shown = page.part("countdown").text();
        wait::until("the next second", SECOND, || (page.part("countdown").text() != shown).then_some(()));
    }

    // Nobody asks: the agent refreshes a used account by itself, and the page shows the new session.
    let id = stage.sessions("films")[0]["id"].as_str().unwrap().to_owned();
    page.until("a new session", |page| !page.has(&format!("session-{id}")));
    let next = stage.sessions("films")[0]["id"].as_str().unwrap().to_owned();
    assert_ne!(next, id);
    page.part(&format!("session-{next}"));
}

#[test]
fn refreshing_by_hand_brings_a_new_token() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    stage.connect("discovr", "films");
    let token = stage.token("films");
    let page = stage.open_page("sessions");
    page.part("account-films").click();
    page.part("refresh").click();
    wait::until("a new token", SOON, || (stage.token("films") != token).then_some(()));
}

#[test]
fn it_says_that_the_agent_is_gone_and_finds_it_again() {
    let stage = Stage::new(Options::default(), None);
    let mut tray = stage.start_tray();
    stage.connect("discover", "search");
    let page = stage.open_page("sessions");
    page.part("account-search");

    tray.terminate();
    assert_eq!(tray.wait(SOON), Some(0), "{}", tray.log());
    page.part("offline");
    let _tray = stage.start_tray();
    page.wait_without("offline");
    page.part("account-search");
}

#[test]
fn a_locked_vault_has_a_banner_that_goes_when_it_opens() {
    let stage = Stage::new(Options::default(), None);
    {
        let mut tray = stage.start_tray();
        stage.connect("discover", "search");
        tray.terminate();
        tray.wait(SOON);
    }
    stage.desktop.lock_keyring();
    let _tray = stage.start_tray();
    let page = stage.open_page("sessions");
    let banner = page.part("vault-banner").text();
    assert!(banner.to_lowercase().contains("lock"), "{banner}");
    stage.desktop.unlock_keyring();
    page.wait_without("vault-banner");
}
