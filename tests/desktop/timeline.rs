//! The timeline in the real window: real sessions as bars, what happens as ticks, and the same facts in its table.

use std::collections::BTreeSet;

use daypass_test_support::desktop::Options;
use fantoccini::key::Key;
use serde_json::Value;

use crate::page::Page;
use crate::stage::Stage;

/// How many bars of `kind` an account's lane has, or marks of a tone.
fn drawn(page: &Page, account: &str, css: &str) -> usize {
    let script = format!(
        "return [...document.querySelectorAll('[data-testid=\"lane-{account}\"] {css}')]
           .map(path => (path.getAttribute('d') ?? 'M').split('M').length - 1).reduce((a, b) => a + b, 0)"
    );
    page.script(&script).as_u64().and_then(|count| usize::try_from(count).ok()).unwrap()
}

/// The rows of the table of sessions, each as its session's id and its text.
fn rows(page: &Page) -> Vec<(String, String)> {
    let script = "return [...document.querySelectorAll('[data-testid=timeline-sessions] tbody tr')]
        .map(row => [row.dataset.session, [...row.cells].map(cell => cell.textContent).join('|')])";
    serde_json::from_value(page.script(script)).unwrap()
}

/// What stands at the axis.
fn axis(page: &Page) -> String {
    page.part("axis").text()
}

#[test]
fn each_session_is_a_bar_and_the_table_says_the_same() {
    let stage = Stage::new(Options::default(), Some(1500));
    let _tray = stage.start_tray();
    stage.connect("antiraid", "work");
    stage.connect("discovr", "films");
    stage.token("work");
    stage.token("films");
    for (name, life) in [("ci", "2h"), ("nightly", "7d")] {
        stage.run(&["session", "create", "work", "--name", name, "--life", life]).ok();
    }
    let page = stage.open_page("timeline");
    page.part("lane-work");
    page.until("the bars of work", |page| {
        drawn(page, "work", "[data-kind=current]") == 1 && drawn(page, "work", "[data-kind=held]") == 2
    });
    assert_eq!(drawn(&page, "films", "[data-kind=current]"), 1);
    assert_eq!(drawn(&page, "films", "[data-testid=next]"), 1, "the next refresh is marked");

    let sessions: Vec<Value> = ["work", "films"].into_iter().flat_map(|account| stage.sessions(account)).collect();
    let ids: BTreeSet<&str> = sessions.iter().map(|session| session["id"].as_str().unwrap()).collect();
    let bars: usize = ["work", "films"].into_iter().map(|account| drawn(&page, account, "[data-kind]")).sum();
    assert_eq!(bars, sessions.len());
    // Unseen, the table is there for whoever listens.
    let listened = rows(&page);
    page.part("as-table").click();
    page.wait_without("timeline-chart");
    let seen = rows(&page);
    assert_eq!(
        listened.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        seen.iter().map(|(id, _)| id).collect::<Vec<_>>()
    );
    assert_eq!(seen.iter().map(|(id, _)| id.as_str()).collect::<BTreeSet<_>>(), ids);
    for session in &sessions {
        let row = &seen.iter().find(|(id, _)| *id == session["id"]).unwrap().1;
        let name = session["name"].as_str().unwrap_or("session");
        assert!(row.contains(name) && row.starts_with(session["account"].as_str().unwrap()), "{row} of {session}");
    }
}

#[test]
fn a_refresh_and_a_failure_become_ticks_by_themselves() {
    let stage = Stage::new(Options::default(), Some(1500));
    let _tray = stage.start_tray();
    stage.connect("discovr", "search");
    let page = stage.open_page("timeline");
    page.part("lane-search");
    // Connecting opened the session already; its tick may be there at once.
    stage.token("search");
    page.until("a tick", |page| drawn(page, "search", ".mark.good") == 1);
    page.until("its bar", |page| drawn(page, "search", "[data-kind=current]") == 1);

    page.part("as-table").click();
    let events = |page: &Page| {
        let script = "return [...document.querySelectorAll('[data-testid=timeline-events] tr[data-event]')].map(row => row.dataset.event)";
        page.script(script)
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    page.until("it in the table", |page| events(page) == ["minted"]);
    stage.run(&["token", "search", "--fresh"]).ok();
    page.until("the next one", |page| events(page) == ["refreshed", "minted"]);

    stage.connect("pocketpaw", "paw");
    stage.token("paw");
    stage.regenerate_elsewhere();
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);
    page.until("a refusal", |page| events(page).contains(&"refused".to_owned()));
    page.part("as-table").click();
    page.part("lane-paw");
    page.until("its mark", |page| drawn(page, "paw", ".mark.bad") == 1);
}

#[test]
fn one_looks_nearer_and_farther_and_opens_a_session_by_keys() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    stage.connect("antiraid", "work");
    stage.token("work");
    let id = stage.sessions("work")[0]["id"].as_str().unwrap().to_owned();
    let page = stage.open_page("timeline");
    page.part("lane-work");
    page.part("span-week").click();
    page.until("a week of days", |page| !axis(page).contains(':'));
    page.part("span-hour").click();
    page.until("an hour of minutes", |page| axis(page).contains(':'));
    let hour = axis(&page);
    page.script("document.querySelector('[data-testid=timeline-cursor]').focus()");
    page.press("-".chars());
    page.until("more than an hour", |page| axis(page) != hour);
    page.press("+".chars());
    page.until("an hour again", |page| axis(page) == hour);
    for _ in 0..3 {
        page.press([Key::Right.into()]);
    }
    page.until("a later hour", |page| !page.has("now"));
    page.press("n".chars());
    page.part("now");

    page.press([Key::Enter.into()]);
    page.part("details");
    page.part(&format!("session-{id}"));
}
