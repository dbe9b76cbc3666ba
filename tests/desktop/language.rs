//! The languages of tray and window: by the desktop's and by the user's choice, changed while they run, and laid out for each.

use daypass_test_support::desktop::{Options, TrayItem};
use daypass_test_support::wait;
use serde_json::json;

use crate::looks::check;
use crate::page::Page;
use crate::stage::{SOON, Stage};

/// A desktop that is set to German. The C library of the machine need not know that locale.
fn german() -> Stage {
    Stage::new(Options { language: "de_AT.UTF-8", ..Options::default() }, None)
}

/// Whatever has more in it than can be seen, although it is no name or text that may be cut.
const CUT: &str = "const seen = (e) => e.offsetParent !== null && getComputedStyle(e).visibility !== 'hidden';
    const parts = [...document.querySelectorAll('button, label, legend, h1, h2, h3, th, option:checked, summary, p, dt, [role=tab]')];
    return parts.filter((e) => seen(e) && !e.closest('.clip, .sr, .reason') && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1)
        .map((e) => `${e.tagName} ${e.dataset.testid ?? ''} ${e.textContent.trim()} ${e.scrollWidth} > ${e.clientWidth}`)";

/// How far the page is wider than the window.
const OVERFLOW: &str = "return document.documentElement.scrollWidth - innerWidth";

#[track_caller]
fn wait_for_menu(item: &TrayItem, words: &str) {
    wait::until(&format!("{words:?} in the menu"), SOON, || item.menu_text().contains(words).then_some(()));
}

#[track_caller]
fn nothing_is_cut(page: &Page, state: &str) {
    assert_eq!(page.script(CUT), json!([]), "{state}");
    assert_eq!(page.script(OVERFLOW), 0, "{state} is wider than the window");
}

#[test]
fn the_desktops_language_is_that_of_tray_and_window() {
    let stage = german();
    let (_tray, item) = stage.start_tray_with_icon();
    stage.connect("discovr", "films");
    stage.token("films");
    wait_for_menu(&item, "Verlauf …");
    wait_for_menu(&item, "Token kopieren");
    let page = stage.open_page("history");
    page.part("entry");
    assert_eq!(page.script("return document.documentElement.lang"), "de");
    let text = page.text();
    assert!(text.contains("Konto verbinden") && text.contains("soeben"), "{text}");
    // Twenty-four hours and a point after the day, as in Austria.
    let told = page.script("return document.querySelector('[data-testid=entry] time').title");
    let told = told.as_str().unwrap();
    assert!(told.contains(':') && told.contains('.') && !told.contains('M'), "{told}");
}

#[test]
fn the_language_that_is_chosen_is_spoken_at_once() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    stage.connect("discovr", "films");
    stage.token("films");
    let page = stage.open_page("settings");
    wait_for_menu(&item, "Settings…");
    for (language, menu, heading) in [("de", "Einstellungen …", "Einstellungen"), ("en", "Settings…", "Settings")] {
        page.select(&format!("[data-testid='appearance.language'] option[value={language}]")).click();
        page.until("the other language", |page| {
            page.script("return document.documentElement.lang") == language
                && page.script("return document.querySelector('h1').textContent") == heading
        });
        wait_for_menu(&item, menu);
    }
}

#[test]
fn a_refusal_is_told_in_the_language_that_is_chosen() {
    let stage = german();
    let (_tray, item) = stage.start_tray_with_icon();
    stage.connect("pocketpaw", "paw");
    stage.token("paw");
    let page = stage.open_page("sessions");
    page.part("account-paw").click();
    stage.regenerate_elsewhere();
    let outcome = stage.run(&["token", "paw", "--fresh"]);
    assert_eq!(outcome.code, 3, "the command line speaks English: {}", outcome.stderr);
    assert!(outcome.stderr.contains("does not accept the credential"), "{}", outcome.stderr);
    let refusal = "PocketPaw lehnt die Zugangsdaten ab (401";
    page.until("the refusal in German", |page| page.text().contains(refusal));
    page.until("what to do about it", |page| page.text().contains("paw neu verbinden"));
    wait_for_menu(&item, "Hilfe nötig");
    let note = stage.desktop.wait_for_notification(SOON, |note| note.body.contains(refusal));
    assert!(!note.summary.contains("needs"), "{note:?}");

    // It is kept with the account: after a start anew it is told as it was.
    drop(page);
    item.choose(&["Beenden"]);
    let _tray = stage.start_tray();
    let page = stage.open_page("sessions");
    page.part("account-paw").click();
    page.until("the refusal in German, still", |page| page.text().contains(refusal));
}

#[test]
fn every_page_is_whole_in_german() {
    let stage = german();
    let (_tray, _) = stage.start_tray_with_icon();
    let page = stage.open_page("connect");
    page.part("try");
    look(&page, "the first run");
    drop(page);
    for (provider, name) in [("antiraid", "work"), ("discovr", "films"), ("pocketpaw", "paw"), ("discover", "search")] {
        stage.connect(provider, name);
        stage.token(name);
    }
    for (name, part) in [
        ("sessions", "account-work"),
        ("connect", "connect-page"),
        ("history", "entry"),
        ("timeline", "timeline-chart"),
        ("settings", "settings-page"),
    ] {
        let page = stage.open_page(name);
        page.part(part);
        look(&page, name);
        if name == "sessions" {
            page.part("account-work").click();
            page.part("revoke-all");
            look(&page, "an account");
        }
    }
}

/// Lets axe look at a page, and sees that nothing is cut, as wide as the window opens and as narrow as it may become.
#[track_caller]
fn look(page: &Page, state: &str) {
    assert_eq!(page.script("return document.documentElement.lang"), "de", "{state}");
    check(page, &format!("{state} in German"));
    for (width, height) in [(1040, 680), (400, 680)] {
        page.resize(width, height);
        nothing_is_cut(page, &format!("{state} at {width} px"));
    }
    page.resize(1040, 680);
}

/// No language of ours is written from right to left; a page that is set so is the mirror of itself all the same.
#[test]
fn a_page_that_is_read_from_right_to_left_is_its_mirror() {
    let stage = Stage::new(Options::default(), Some(1500));
    let (_tray, _) = stage.start_tray_with_icon();
    for (provider, name) in [("antiraid", "work"), ("discovr", "films")] {
        stage.connect(provider, name);
        stage.token(name);
    }
    stage.run(&["session", "create", "work", "--name", "ci", "--life", "2h"]).ok();
    for (name, part) in [
        ("sessions", "account-work"),
        ("history", "entry"),
        ("timeline", "timeline-chart"),
        ("settings", "settings-page"),
        ("connect", "connect-page"),
    ] {
        let page = stage.open_page(name);
        page.part(part);
        let sidebar = "return document.querySelector('aside').getBoundingClientRect().left";
        assert_eq!(page.script(sidebar), 0.0, "the accounts are where the page begins");
        page.script("document.documentElement.dir = 'rtl'");
        page.wait_until_painted();
        assert!(page.script(sidebar).as_f64().is_some_and(|left| left > 640.0), "{name}");
        assert_eq!(page.script(OVERFLOW), 0, "{name} is wider than the window");
        if name == "sessions" {
            page.part("account-work").click();
            page.part("revoke-all");
            // A life drains towards where the line begins, and what is left of it stays there.
            let begins = "const bar = document.querySelector('.bar'), left = bar.firstElementChild;
                return bar.getBoundingClientRect().right - left.getBoundingClientRect().right";
            assert_eq!(page.script(begins), 0.0);
        }
    }
}
