//! What a screen reader is told of the window, over AT-SPI: names, roles, states, and what happens by itself; and what others need
//! who see or point less well: a page twice as large, narrow, and still.

use daypass_test_support::desktop::{Accessible, Options};
use fantoccini::key::Key;

use crate::page::Page;
use crate::stage::{SOON, Stage, WINDOW};

fn stage() -> Stage {
    Stage::new(Options { accessible: true, ..Options::default() }, Some(1500))
}

/// The page's text and names where `wanted` finds something, without the frame around it.
fn window(tree: &Accessible) -> Option<&Accessible> {
    tree.first("frame", |frame| frame.name == "Daypass")
}

#[test]
fn accounts_sessions_and_buttons_have_names_roles_and_states() {
    let stage = stage();
    let _tray = stage.start_tray();
    stage.connect("antiraid", "work");
    stage.connect("pocketpaw", "paw");
    stage.token("work");
    stage.token("paw");
    stage.run(&["session", "create", "work", "--name", "ci", "--life", "2h"]).ok();
    stage.regenerate_elsewhere();
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);

    let page = stage.open_page("sessions");
    page.part("account-work");
    let reader = stage.desktop.accessibility();
    reader.find(WINDOW, "the window by its name", SOON, |tree| window(tree).map(|_| ()));
    reader.find(WINDOW, "the account in need, in words", SOON, |tree| {
        tree.first("push button", |button| button.name.starts_with("paw") && button.name.contains("Needs you"))
            .map(|_| ())
    });
    reader.find(WINDOW, "the healthy account, in words", SOON, |tree| {
        tree.first("push button", |button| button.name.starts_with("work") && button.said().contains("All is well"))
            .map(|_| ())
    });
    reader.find(WINDOW, "the place where one is", SOON, |tree| {
        let here = |object: &Accessible| object.attributes.get("current").is_some_and(|current| current == "page");
        tree.first("push button", here).filter(|button| button.name.starts_with("All accounts")).map(|_| ())
    });
    let row = reader.find(WINDOW, "the session's row", SOON, |tree| {
        tree.all().into_iter().find(|row| row.role == "table row" && row.said().contains("ci")).cloned()
    });
    let said = row.said();
    for part in ["ci", "work", "Fresh", "held"] {
        assert!(said.contains(part), "{part} is not said of {row:#?}");
    }
    assert!(said.contains("1h 59m") || said.contains("2h 00m"), "the remaining life is not said of {row:#?}");
    let button = |name: &str| row.all().into_iter().any(|object| object.name == name && !object.role.is_empty());
    assert!(button("Copy the token of ci"), "{row:#?}");
    assert!(button("Revoke ci…"), "{row:#?}");
}

#[test]
fn what_was_done_and_what_failed_is_told_in_live_regions() {
    let stage = stage();
    let (_tray, _item) = stage.start_tray_with_icon();
    stage.connect("discovr", "films");
    stage.token("films");
    let page = stage.open_page("sessions");
    page.part("account-films").click();
    page.part("copy");
    let reader = stage.desktop.accessibility();
    let live = |live: &'static str| {
        move |object: &Accessible| object.attributes.get("live").is_some_and(|polite| polite == live)
    };
    // They are there before there is anything to say: only what changes in them is heard.
    reader.find(WINDOW, "both regions, and nothing in them", SOON, |tree| {
        let all = tree.all();
        let quiet = |how| all.iter().filter(|object| live(how)(object)).any(|region| region.said().is_empty());
        (quiet("polite") && quiet("assertive")).then_some(())
    });
    page.part("copy").click();
    page.part("toast");
    reader.find(WINDOW, "the copy in the polite region", SOON, |tree| {
        tree.all()
            .into_iter()
            .filter(|object| live("polite")(object))
            .find(|region| region.said().contains("copied"))
            .map(|_| ())
    });

    // The credential is revoked elsewhere; the next refresh is refused.
    stage.connect("pocketpaw", "paw");
    stage.token("paw");
    page.part("account-paw").click();
    stage.regenerate_elsewhere();
    page.part("refresh").click();
    reader.find(WINDOW, "the failure in the region that interrupts", SOON, |tree| {
        let failed = |region: &&Accessible| live("assertive")(region) && !region.said().is_empty();
        tree.all().into_iter().find(failed).map(|_| ())
    });
}

#[test]
fn the_timeline_is_told_by_its_button_and_its_table() {
    let stage = stage();
    let _tray = stage.start_tray();
    stage.connect("antiraid", "work");
    stage.token("work");
    stage.run(&["session", "create", "work", "--name", "ci", "--life", "2h"]).ok();
    let page = stage.open_page("timeline");
    page.part("lane-work");
    let reader = stage.desktop.accessibility();
    let table = reader.find(WINDOW, "the table that is not seen", SOON, |tree| {
        tree.first("table", |table| table.said().contains("Sessions of all accounts")).cloned()
    });
    for part in ["ci", "Held", "Current"] {
        assert!(table.said().contains(part), "{part} is not in {table:#?}");
    }
    page.script("document.querySelector('[data-testid=timeline-cursor]').focus()");
    let focused = |page: &Page, part: &str| {
        page.part("timeline-cursor");
        reader.find(WINDOW, part, SOON, |tree| {
            let there = |object: &Accessible| object.focused && object.name.contains(part);
            tree.first("push button", there).map(|button| button.name.clone())
        })
    };
    let first = focused(&page, ": Current. Created:");
    assert!(first.contains("account work"), "{first}");
    page.press([Key::Down.into()]);
    let second = focused(&page, "ci, account work: Held.");
    assert_ne!(first, second);
}

/// The pages that the sidebar leads to, each with a part that is there once it is drawn.
const PAGES: [(&str, &str); 5] = [
    ("all-accounts", "sessions"),
    ("account-work", "sessions"),
    ("history", "entry"),
    ("timeline", "timeline-chart"),
    ("settings", "settings-page"),
];

/// What does not fit: whether the page scrolls sideways, and texts and buttons that reach out of the window.
const MISFITS: &str = "
    const wide = document.documentElement.scrollWidth > innerWidth + 1 || document.querySelector('main').scrollWidth >
        document.querySelector('main').clientWidth + 1;
    const parts = [...document.querySelectorAll('.foot button, main h1, main h2, main p, main button, main label, main select, main input')];
    const out = parts.filter(part => {
        const box = part.getBoundingClientRect();
        const scrolls = part.closest('[role=grid], .tables, [data-testid=timeline-chart], .sr') !== null;
        return !scrolls && box.width > 0 && (box.left < -1 || box.right > innerWidth + 1 || (part.closest('.foot') && box.bottom > innerHeight));
    });
    return [...(wide ? ['the page scrolls sideways'] : []), ...out.map(part => part.outerHTML.slice(0, 120))]";

/// What can be clicked and is smaller than 24 pixels with nothing around it that would make up for it (WCAG 2.2, 2.5.8).
const SMALL: &str = "
    const targets = [...document.querySelectorAll('button, select, input, a[href], summary, [role=button], [role=tab], [role=switch]')];
    return targets.filter(target => {
        const box = target.getBoundingClientRect();
        const label = target.closest('label')?.getBoundingClientRect();
        const seen = box.width > 0 && getComputedStyle(target).visibility === 'visible' && target.closest('.sr') === null;
        const big = box => box !== undefined && box.width >= 23.5 && box.height >= 23.5;
        return seen && !big(box) && !big(label);
    }).map(target => `${target.getBoundingClientRect().width}x${target.getBoundingClientRect().height} ${target.outerHTML.slice(0, 120)}`)";

#[track_caller]
fn fits(page: &Page, size: &str) {
    for (entry, shown) in PAGES {
        // The driver clicks where things would be at the usual size.
        page.script(&format!("document.querySelector('[data-testid=\"{entry}\"]').click()"));
        page.part(shown);
        assert_eq!(page.script(MISFITS), serde_json::json!([]), "{entry} at {size}");
    }
}

/// Presses a key while Ctrl is held, as the page hears it.
fn press_with_control(page: &Page, key: char) {
    page.script(&format!(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', ctrlKey: true, bubbles: true }}))"
    ));
}

fn with_sessions(options: Options) -> (Stage, daypass_test_support::desktop::App) {
    let stage = Stage::new(options, None);
    let tray = stage.start_tray();
    stage.connect("antiraid", "work");
    stage.token("work");
    stage.run(&["session", "create", "work", "--name", "ci", "--life", "2h"]).ok();
    (stage, tray)
}

#[test]
fn twice_as_large_nothing_is_cut_off_and_nothing_scrolls_sideways() {
    let (stage, _tray) = with_sessions(Options::default());
    let page = stage.open_page("sessions");
    page.part("account-work");
    let width = page.script("return innerWidth").as_f64().unwrap();
    // 110, 125, 150, 175, 200 %.
    for _ in 0..5 {
        press_with_control(&page, '+');
    }
    page.until("a page of twice the size", |page| page.script("return innerWidth").as_f64().unwrap() < width * 0.52);
    fits(&page, "200 %");
    // And where there are 416 pixels in all.
    press_with_control(&page, '+');
    page.until("a narrow page", |page| page.script("return innerWidth").as_f64().unwrap() < width * 0.42);
    fits(&page, "250 %");
    press_with_control(&page, '0');
    page.until("its usual size", |page| page.script("return innerWidth").as_f64() == Some(width));
}

#[test]
fn what_can_be_clicked_is_large_enough() {
    let (stage, _tray) = with_sessions(Options::default());
    let page = stage.open_page("sessions");
    for (entry, shown) in PAGES {
        page.part(entry).click();
        page.part(shown);
        assert_eq!(page.script(SMALL), serde_json::json!([]), "{entry}");
    }
}

/// What has the focus: its name, and what is wrong with it: nothing shows the focus, or something lies over it (WCAG 2.2, 2.4.7 and
/// 2.4.11).
const FOCUS: &str = "
    const at = document.activeElement;
    if (at === document.body) return ['body', ''];
    const box = at.getBoundingClientRect();
    const seen = document.elementFromPoint(Math.min(innerWidth - 2, Math.max(1, box.left + box.width / 2)),
        Math.min(innerHeight - 2, Math.max(1, box.top + Math.min(box.height, 24) / 2)));
    const near = seen !== null && (at.contains(seen) || seen.contains(at));
    const style = getComputedStyle(at);
    const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
    const shown = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || at.tagName === 'H1';
    return [at.dataset.testid ?? at.outerHTML.slice(0, 100), inside && near && shown ? '' : `${inside} ${near} ${shown}`]";

#[test]
fn by_tab_one_reaches_everything_and_sees_where_one_is() {
    let (stage, _tray) = with_sessions(Options::default());
    let page = stage.open_page("sessions");
    for (entry, shown) in PAGES {
        page.part(entry).click();
        page.part(shown);
        let mut passed = Vec::new();
        for _ in 0..70 {
            page.press([Key::Tab.into()]);
            let focus: (String, String) = serde_json::from_value(page.script(FOCUS)).unwrap();
            assert_eq!(focus.1, "", "{entry}: {} has the focus, and inside, uncovered, shown are so", focus.0);
            passed.push(focus.0);
        }
        let inner = match entry {
            "timeline" => ["span-week", "zoom-in", "to-now", "as-table", "timeline-cursor"].as_slice(),
            "history" => &["history-account", "history-kind", "entries"],
            "settings" => &["start_at_login", "authority.enabled", "export", "import"],
            _ => &["new-session", "search", "select-all", "sort-name"],
        };
        for id in ["all-accounts", "account-work", "history", "timeline", "settings", "connect"].iter().chain(inner) {
            assert!(passed.iter().any(|stop| stop == id), "{entry}: Tab never comes to {id}, but to {passed:?}");
        }
    }
}

#[test]
fn where_nothing_is_to_move_nothing_moves() {
    let (stage, _tray) = with_sessions(Options::default());
    let folder = stage.desktop.path("config").join("gtk-3.0");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("settings.ini"), "[Settings]\ngtk-enable-animations=false\n").unwrap();
    let page = stage.open_page("sessions");
    page.part("account-work").click();
    assert_eq!(page.script("return matchMedia('(prefers-reduced-motion: reduce)').matches"), true);
    page.part("new-session").click();
    page.part("session-name");
    let moving = page
        .script("return document.getAnimations().filter(one => one.effect.getComputedTiming().duration > 1).length");
    assert_eq!(moving, 0);
}
