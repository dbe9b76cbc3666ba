//! How the window looks: axe-core finds nothing to complain about in any state of it, light and dark, and its ground is the
//! page's.

use std::fs;
use std::path::Path;

use daypass_test_support::desktop::{Options, Screen};
use daypass_test_support::wait;
use serde_json::Value;

use crate::page::Page;
use crate::stage::{SOON, Stage, window_program};

#[test]
fn axe_finds_no_violation_in_the_light() {
    check_all(false);
}

#[test]
fn axe_finds_no_violation_in_the_dark() {
    check_all(true);
}

/// More colours than a panel and an empty window have together.
const DRAWN: usize = 200;

/// A window comes as it stays: until its page is drawn, nothing else is seen in it than the page's ground.
#[test]
fn the_ground_behind_the_page_is_of_its_colour() {
    let (light, black, desk) = (0xfb_fb_fc, 0x17_18_1b, 0x33_66_99);
    // As the desktop is, and as the user has chosen.
    for (dark, theme, ground) in [(false, "system", light), (true, "system", black), (false, "dark", black)] {
        let stage = Stage::new(Options { dark, ..Options::default() }, None);
        let _tray = stage.start_tray();
        stage.run(&["settings", "set", "appearance.theme", theme]).ok();
        let screen = Screen::of(&stage.desktop);
        screen.paint(desk);
        let _window = stage.desktop.launch("window", &mut stage.desktop.command(window_program()));
        wait::until("the page", SOON, || {
            let frame = screen.frame();
            let there = frame.share_of(desk) < 0.5;
            let drawn = there && frame.colours() > DRAWN;
            // The window covers two thirds of the screen; in the end the page leaves two thirds of it to its ground.
            let least = if drawn { 0.4 } else { 0.65 };
            assert!(!there || frame.share_of(ground) > least, "{dark} {theme}: {}", frame.share_of(ground));
            drawn.then_some(())
        });
    }
}

fn check_all(dark: bool) {
    let stage = Stage::new(Options { dark, ..Options::default() }, None);
    let mut tray = stage.start_tray();
    let page = stage.open_page("sessions");
    let is_dark = page.script("return matchMedia('(prefers-color-scheme: dark)').matches");
    assert_eq!(is_dark, dark, "the page does not follow the desktop's colours");
    page.part("provider-antiraid");
    check(&page, "no accounts");
    page.press("?".chars());
    page.part("shortcuts");
    check(&page, "the keys");
    page.part("close-shortcuts").click();
    page.part("provider-antiraid").click();
    page.part("credential").type_text("wrong");
    check(&page, "connect by credential");
    drop(page);

    for (provider, name) in [("antiraid", "work"), ("discovr", "films"), ("pocketpaw", "paw"), ("discover", "search")] {
        stage.connect(provider, name);
        stage.token(name);
    }
    stage.run(&["session", "create", "work", "--name", "ci", "--life", "2h"]).ok();
    stage.regenerate_elsewhere();
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);
    let page = stage.open_page("sessions");
    page.part("account-work");
    check(&page, "all sessions, one account in need");
    page.part("account-paw").click();
    check(&page, "an account in need");
    page.part("account-work").click();
    let ci = stage.sessions("work").into_iter().find(|session| session["name"] == "ci").unwrap();
    let row = page.part(&format!("session-{}", ci["id"].as_str().unwrap()));
    check(&page, "sessions");
    row.part("revoke").click();
    page.part("confirm");
    check(&page, "the question before revoking");
    page.part("cancel").click();
    page.wait_without("confirm");
    page.part("new-session").click();
    page.part("session-name");
    check(&page, "a new session");
    page.part("cancel").click();
    page.wait_without("session-name");
    row.click();
    page.part("details");
    check(&page, "the details of a session");
    for (entry, shown) in [("history", "entry"), ("timeline", "lane-work"), ("settings", "settings-page")] {
        page.part(entry).click();
        page.part(shown);
        check(&page, entry);
    }
    page.part("timeline").click();
    page.part("as-table").click();
    page.part("timeline-events");
    check(&page, "the timeline as a table");
    drop(page);

    let page = stage.open_page("sessions");
    page.part("account-paw");
    tray.terminate();
    tray.wait(SOON);
    page.part("offline");
    check(&page, "offline");

    stage.desktop.lock_keyring();
    let _tray = stage.start_tray();
    page.part("vault-banner");
    check(&page, "locked");
}

/// Lets axe-core look at the page as it is.
#[track_caller]
pub(crate) fn check(page: &Page, state: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}: run `make test`", file.display()));
    page.script(&format!("if (!window.axe) {{ {axe} }}"));
    // What is still moving would be measured in a colour that nobody gets to see.
    page.script(
        "for (const animation of document.getAnimations()) if (animation.effect.getComputedTiming().iterations \
                 !== Infinity) animation.finish()",
    );
    let found = page.script_later(
        "const done = arguments[arguments.length - 1];
         window.axe.run(document, { resultTypes: ['violations'] })
           .then((result) => done({ violations: result.violations.map((v) => [v.id, v.help, v.nodes.map((n) => n.html)]),
                                    passes: result.passes.length }))
           .catch((error) => done({ error: String(error) }))",
    );
    assert!(found["passes"].as_u64().is_some_and(|passes| passes > 0), "{state}: axe did not run: {found}");
    assert_eq!(found["violations"], Value::Array(Vec::new()), "{state}: {found:#}");
}
