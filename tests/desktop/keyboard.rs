//! Keyboard alone is enough: one path through the window without a mouse.

use daypass_test_support::desktop::Options;
use daypass_test_support::wait;
use fantoccini::key::Key;

use crate::page::Page;
use crate::stage::{SOON, Stage};

/// More than there are stops on any page.
const STOPS: usize = 60;

#[test]
fn a_session_is_created_and_revoked_without_a_mouse() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    stage.connect("antiraid", "work");
    let page = stage.open_page("sessions");
    page.part("account-work");

    go_to(&page, "account-work");
    page.press([Key::Enter.into()]);
    page.part("new-session");
    go_to(&page, "new-session");
    page.press([Key::Enter.into()]);
    page.part("session-name");
    go_to(&page, "session-name");
    page.press("typed".chars());
    go_to(&page, "create");
    page.press([Key::Enter.into()]);
    let named = || stage.sessions("work").into_iter().find(|session| session["name"] == "typed");
    let session = wait::until("the new session", SOON, named);
    let row = format!("session-{}", session["id"].as_str().unwrap());
    page.part(&row);

    // The list is one stop: the arrows go through its rows, and Tab goes on to what can be done with one.
    go(&page, "a row", |page| page.focused().starts_with("session-"));
    while page.focused() != row {
        let before = page.focused();
        page.press([Key::Down.into()]);
        page.until("the next row", |page| page.focused() != before);
    }
    go_to_in(&page, &row, "revoke");
    page.press([Key::Enter.into()]);
    page.part("confirm");
    page.press([Key::Escape.into()]);
    page.wait_without("confirm");
    go_to_in(&page, &row, "revoke");
    page.press([Key::Enter.into()]);
    go_to(&page, "confirm");
    page.press([Key::Enter.into()]);
    page.wait_without(&row);
    assert!(named().is_none());
}

/// Presses Tab until the part with the test id `id` has the focus.
#[track_caller]
fn go_to(page: &Page, id: &str) {
    go(page, id, |page| page.focused() == id);
}

/// The same for a part inside another.
#[track_caller]
fn go_to_in(page: &Page, row: &str, id: &str) {
    let inside = format!("return document.activeElement.closest('[data-testid=\"{row}\"]') !== null");
    go(page, id, |page| page.focused() == id && page.script(&inside) == true);
}

#[track_caller]
fn go(page: &Page, id: &str, there: impl Fn(&Page) -> bool) {
    let mut passed = Vec::new();
    for _ in 0..STOPS {
        if there(page) {
            return;
        }
        page.press([Key::Tab.into()]);
        passed.push(page.focused());
    }
    panic!("Tab never comes to {id}; it passes {passed:?}");
}
