//! The list of sessions in a real window: many of them are searched, selected by the keyboard and revoked by one question;
//! what was only forgotten comes back; and what a token says is shown while the token is not.

use std::process::Command;

use daypass_test_support::desktop::Options;
use daypass_test_support::wait;
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::page::Page;
use crate::stage::{SOON, Stage};

/// More than fit into a window.
pub(crate) const MANY: usize = 200;
/// How many of them are revoked.
const MARKED: usize = 3;

/// The ids of the rows that are made, from the top.
fn shown(page: &Page) -> Vec<String> {
    let ids = page.script(
        "return [...document.querySelectorAll('[data-at]')].sort((a, b) => a.dataset.at - b.dataset.at)
             .map(row => row.dataset.testid.replace('session-', ''))",
    );
    serde_json::from_value(ids).unwrap()
}

/// How many rows the list has, whether they are made or not.
pub(crate) fn count(page: &Page) -> usize {
    let rows = page.script("return document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') ?? '1'");
    rows.as_str().unwrap().parse::<usize>().unwrap() - 1
}

/// Opens sessions at AntiRaid as somebody else does who has a token of the account.
pub(crate) fn open_elsewhere(stage: &Stage, token: &str) {
    let body = |number: usize| {
        let name = if number < MARKED { format!("marked {number}") } else { format!("robot {number:03}") };
        json!({ "name": name, "type": "api", "expiry": 3600 }).to_string()
    };
    let url = format!("{}/sessions", stage.authority.url);
    let header = format!("Authorization: {token}");
    let bodies: Vec<String> = (0..MANY).map(body).collect();
    let mut command: Command = stage.desktop.command("curl");
    command.args(["-sS", "-f", "-o", "/dev/null"]);
    for (number, body) in bodies.iter().enumerate() {
        if number > 0 {
            command.args(["--next", "-sS", "-f", "-o", "/dev/null"]);
        }
        command.args(["-X", "POST", "-H", &header, "-H", "Content-Type: application/json", "--data", body, &url]);
    }
    assert!(command.status().unwrap().success());
}

#[test]
fn of_many_sessions_three_are_found_selected_and_revoked_by_one_question() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    stage.connect("antiraid", "work");
    let token = stage.token("work");
    open_elsewhere(&stage, &token);
    let page = stage.open_page("sessions");
    page.part("account-work").click();
    page.until("the provider's list", |page| count(page) > MANY);
    let all = count(&page);
    assert!(shown(&page).len() < 40, "only what can be seen is made: {}", shown(&page).len());

    // The end of the list is there when it is scrolled to.
    page.script("document.querySelector('[role=rowgroup]').scrollTop = 1e9");
    page.until("the last row", |page| page.script("return document.querySelector(`[data-at='199']`) !== null") == true);

    page.press(['/']);
    wait::until("the field", SOON, || (page.focused() == "search").then_some(()));
    page.press("marked".chars());
    page.until("what is searched for", |page| count(page) == MARKED);
    page.press([Key::Down.into()]);
    page.until("a row with the focus", |page| page.focused().starts_with("session-"));
    page.chord(Key::Control.into(), 'a');
    page.until("all that are selected", |page| selected(page) == MARKED);
    let chosen: Vec<String> = serde_json::from_value(page.script(
        "return [...document.querySelectorAll('[data-at][aria-selected=true]')].map(row => row.dataset.testid.slice(8))",
    ))
    .unwrap();
    assert_eq!(chosen.len(), MARKED);

    page.press([Key::Delete.into()]);
    let question = page.part("lots");
    page.until("what the question says", |_| question.text().contains("3 are revoked"));
    assert_eq!(stage.sessions("work").len(), all, "revoked without a yes");
    page.part("confirm").click();
    page.part("nothing-found");
    let left = stage.sessions("work");
    assert_eq!(left.len(), all - MARKED);
    assert!(left.iter().all(|session| !chosen.iter().any(|id| session["id"] == id.as_str())));
    // What was revoked is over.
    assert!(!page.has("undo"));
    assert!(!page.everything().contains(&token), "the page got the token");
}

#[test]
fn what_was_only_forgotten_comes_back() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    stage.connect("discovr", "films");
    let token = stage.token("films");
    let id = stage.sessions("films")[0]["id"].as_str().unwrap().to_owned();
    let page = stage.open_page("sessions");
    let row = format!("session-{id}");
    // A row is seen once its height is known.
    page.until("the row", |page| !page.part(&row).text().is_empty());
    page.part(&row).part("revoke").click();
    page.part("confirm").click();
    page.wait_without(&row);
    page.part("undo").click();
    page.part(&row);
    assert_eq!(stage.token("films"), token, "another session was opened in its place");
}

#[test]
fn what_a_token_says_is_shown_and_the_token_is_not() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    stage.connect("discovr", "films");
    let token = stage.token("films");
    let session = stage.sessions("films")[0].clone();
    let id = session["id"].as_str().unwrap();
    let page = Page::open(
        &stage.desktop,
        &crate::stage::window_program(),
        &["--page", "sessions", "--account", "films", "--session", id],
    );
    let details = page.part("details");
    let claims = details.part("claims");
    page.until("the claims", |_| claims.text().contains("Expires"));
    assert!(claims.text().contains("Subject"), "{}", claims.text());
    assert!(details.part("past").text().contains("opened"), "{}", details.part("past").text());

    let held = page.everything();
    for part in token.split('.') {
        assert!(!held.contains(part), "the page got a part of the token");
    }
    // The command line shows the same.
    let shown: Value = stage.run(&["session", "show", "films", id, "--json"]).json();
    assert_eq!(shown["claims"]["header"]["alg"], "HS256");
    assert!(shown["fingerprint"].as_str().is_some_and(|print| print.len() == 12));
    assert!(!shown.to_string().contains(token.rsplit('.').next().unwrap()));
}

fn selected(page: &Page) -> usize {
    let script = "return document.querySelectorAll('[data-at][aria-selected=true]').length";
    page.script(script).as_u64().unwrap_or_default().try_into().unwrap()
}
