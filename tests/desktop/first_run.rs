//! The first run: what a user meets who opens the window without an account, and how the first one is connected.

use std::fs;

use daypass_test_support::desktop::{App, Options};
use daypass_test_support::http::Request;
use daypass_test_support::wait;
use fantoccini::key::Key;

use crate::page::Page;
use crate::stage::{SOON, Stage};

/// A desktop with the tray app and nothing connected. Its local authority takes any port that is free.
fn fresh() -> (Stage, App) {
    let stage = Stage::new(Options::default(), None);
    let config = stage.desktop.path("config").join("daypass");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("config.toml"), "[authority]\nport = 0\n").unwrap();
    let tray = stage.start_tray();
    (stage, tray)
}

/// Whether a token of `daypass token` is one that its authority takes.
fn lives(stage: &Stage, account: &str, path: &str) -> bool {
    let shown = stage.run(&["account", "show", account, "--json"]).json();
    let url = shown["base_url"].as_str().unwrap().trim_end_matches('/').to_owned();
    let bearer = format!("Bearer {}", stage.token(account));
    Request::new("GET", path).header("Authorization", &bearer).send(&url).is_some_and(|answer| answer.status == 200)
}

#[test]
fn one_click_leads_to_four_accounts_and_live_tokens() {
    let (stage, mut tray) = fresh();
    let page = stage.open_page("sessions");
    page.until("the question", |page| page.text().contains("What do you want to connect?"));
    for provider in ["discovr", "pocketpaw", "antiraid", "discover"] {
        page.part(&format!("provider-{provider}"));
    }
    page.part("try").click();
    for provider in ["discovr", "pocketpaw", "antiraid", "discover"] {
        page.part(&format!("account-try-{provider}"));
    }
    page.until("all accounts", |page| !page.has("connect-page"));
    assert!(lives(&stage, "try-discovr", "/profile/me"), "the token is not taken");
    drop(page);

    // It goes on after a restart, at the same place.
    tray.terminate();
    tray.wait(SOON);
    let _tray = stage.start_tray();
    for provider in ["discovr", "pocketpaw", "antiraid", "discover"] {
        stage.run(&["token", &format!("try-{provider}"), "--fresh"]).ok();
    }
    assert!(lives(&stage, "try-discovr", "/profile/me"), "the token is not taken after a restart");
}

/// Fills the form in for a provider at the stage's authority.
fn fill(stage: &Stage, page: &Page, provider: &str, credential: &str) {
    page.part("provider-antiraid");
    page.part(&format!("provider-{provider}")).click();
    page.part("credential").type_text(credential);
    page.select("summary").click();
    page.part("base-url").type_text(&stage.authority.url);
}

#[test]
fn a_refused_credential_shows_exactly_why_and_a_good_one_ends_on_the_account() {
    let (stage, _tray) = fresh();
    let page = stage.open_page("connect");
    let wrong = "a-master-token-of-nobody";
    fill(&stage, &page, "pocketpaw", wrong);
    page.part("connect-submit").click();
    let said = "return document.getElementById(document.querySelector('[data-testid=credential]')
        .getAttribute('aria-describedby')).textContent";
    page.until("the reason", |page| page.script(said).as_str().unwrap().contains("(401, Invalid master token)"));
    assert_eq!(page.focused(), "credential");
    assert!(!page.everything().contains(wrong), "what was typed is still on the page");
    assert!(stage.run(&["account", "list", "--json"]).json().as_array().unwrap().is_empty());

    page.part("credential").type_text(stage.authority.credential("pocketpaw"));
    page.part("connect-submit").click();
    page.part("account-pocketpaw");
    page.until("the account's page", |page| !page.has("connect-page"));
    stage.token("pocketpaw");
}

#[test]
fn discovrs_code_is_approved_on_its_own_page_and_the_account_appears() {
    let (stage, _tray) = fresh();
    let page = stage.open_page("connect");
    page.part("provider-discovr").click();
    page.select("summary").click();
    page.part("base-url").type_text(&stage.authority.url);
    page.part("connect-submit").click();
    let code = page.part("user-code").text();
    assert!(page.script("return document.querySelector('main img').naturalWidth").as_i64() > Some(0), "no picture");
    let left = page.part("countdown").text();
    page.until("the next second", |page| page.part("countdown").text() != left);
    page.part("copy-code").click();
    wait::until("the code on the clipboard", SOON, || stage.desktop.clipboard().filter(|copied| *copied == code));

    let asked = Request::new("GET", &format!("/device?user_code={code}")).send(&stage.authority.url).unwrap();
    assert!(asked.body.contains(&code), "{}", asked.body);
    let approve = Request::new("POST", "/device")
        .header("Origin", &stage.authority.url)
        .body("application/x-www-form-urlencoded", &format!("user_code={code}&decision=approve"));
    assert_eq!(approve.send(&stage.authority.url).unwrap().status, 200);
    page.part("account-discovr");
    page.until("the account's page", |page| !page.has("connect-page"));
    assert!(lives(&stage, "discovr", "/profile/me"), "the token is not taken");
}

#[test]
fn a_pasted_command_connects_and_its_credential_is_nowhere_on_the_page() {
    let (stage, _tray) = fresh();
    let credential = stage.authority.credential("discover");
    let command = format!(
        "curl -X POST \\\n  {}/account/1/access-token \\\n  -H 'Content-Type: application/json' \\\n  -H 'x-api-key: \
         {credential}' \\\n  -d '{{\"scope\":[\"event\"], \"accessExpiry\": 43200000}}'",
        stage.authority.url
    );
    let page = stage.open_page("connect");
    page.part("paste");
    stage.desktop.copy_elsewhere(&command);
    // On the page itself, with nothing to type in.
    page.select("h1").click();
    page.chord(Key::Control.into(), 'v');
    page.part("pasted");
    assert_eq!(page.script("return document.querySelector('[data-testid=param-scope]').value"), "event");
    assert!(!page.everything().contains(credential), "the page shows what was pasted");
    page.part("connect-submit").click();
    page.part("account-discover");
    page.until("the account's page", |page| !page.has("connect-page"));
    assert!(!page.everything().contains(credential), "the page holds what was pasted");
    stage.token("discover");
}
