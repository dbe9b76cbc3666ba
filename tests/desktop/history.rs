//! The history in the real window: what is done anywhere appears in it by itself, newest first, and never a secret.

use daypass_test_support::desktop::Options;
use daypass_test_support::wait;

use crate::page::Page;
use crate::stage::{SOON, Stage};

/// The entries on the page from top to bottom, each as `event account`.
fn entries(page: &Page) -> Vec<String> {
    let script = "return [...document.querySelectorAll('[data-testid=entry]')]
        .map(e => `${e.dataset.event} ${e.querySelector('.account').textContent}`.trim())";
    let found = page.script(script);
    found.as_array().unwrap().iter().map(|entry| entry.as_str().unwrap().to_owned()).collect()
}

/// Waits until there are entries of the kinds `expected`, the first of each in this order from top to bottom.
#[track_caller]
fn wait_for_order(page: &Page, expected: &[&str]) {
    let in_order = |found: &[String]| {
        let places: Option<Vec<usize>> =
            expected.iter().map(|wanted| found.iter().position(|entry| entry == wanted)).collect();
        places.is_some_and(|places| places.is_sorted())
    };
    page.until(&format!("{expected:?} in this order"), |page| in_order(&entries(page)));
}

#[test]
fn a_refresh_a_copy_and_a_revocation_appear_by_themselves_newest_first() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    stage.connect("discovr", "films");
    stage.connect("antiraid", "work");
    let first = stage.token("films");
    stage.run(&["session", "create", "work", "--name", "doomed", "--life", "1h"]).ok();

    let page = stage.open_page("history");
    wait_for_order(&page, &["created work", "connected work", "minted films", "connected films"]);

    item.choose(&["films", "Refresh now"]);
    wait_for_order(&page, &["refreshed films", "created work"]);
    wait::until("the token in the menu", SOON, || item.offers(&["films", "Copy token"]).then_some(()));
    item.choose(&["films", "Copy token"]);
    wait_for_order(&page, &["copied films", "refreshed films"]);
    wait::until("the session in the menu", SOON, || item.offers(&["work", "doomed", "Revoke"]).then_some(()));
    item.choose(&["work", "doomed", "Revoke"]);
    wait_for_order(&page, &["revoked work", "copied films", "refreshed films"]);

    let second = stage.desktop.clipboard().unwrap();
    let page_text = page.everything();
    for secret in [&first, &second, stage.authority.credential("antiraid"), stage.authority.credential("discovr")] {
        assert!(!page_text.contains(secret), "the page has a secret");
    }

    // What is read anew is the same as what came in by itself.
    let live = entries(&page);
    drop(page);
    let page = stage.open_page("history");
    page.until("the same entries", |page| entries(page) == live);
}

#[test]
fn the_history_of_one_account_is_reached_from_its_page() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    for (provider, name) in [("discovr", "films"), ("discover", "search")] {
        stage.connect(provider, name);
        stage.token(name);
    }
    let page = stage.open_page("sessions");
    page.part("account-search").click();
    page.part("account-history").click();
    page.part("entry");
    // The account is named by the filter, and not by each row again.
    assert!(entries(&page).iter().all(|entry| !entry.contains(' ')), "{:?}", entries(&page));
    page.until("its entries", |page| entries(page) == ["minted", "connected"]);

    page.part("history").click();
    page.until("all entries", |page| entries(page).iter().any(|entry| entry == "minted films"));
}

#[test]
fn older_entries_are_read_when_one_scrolls_down_and_new_ones_wait_until_one_is_back() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    stage.connect("discover", "search");
    for _ in 0..120 {
        stage.run(&["token", "search", "--fresh"]).ok();
    }
    let page = stage.open_page("history");
    page.part("entry");
    let height = |page: &Page| entries(page).len();
    assert!(height(&page) >= 100, "{}", height(&page));
    page.script("const list = document.querySelector('[data-testid=entries]'); list.scrollTop = list.scrollHeight");
    page.until("the first entry of all", |page| entries(page).contains(&"connected search".to_owned()));

    let known = height(&page);
    item.choose(&["search", "Copy token"]);
    page.part("history-new");
    assert_eq!(height(&page), known, "what is read was pushed away");
    page.part("history-new").click();
    page.until("the copy on top", |page| entries(page)[0] == "copied search");
}
