//! Pictures of what a user meets who has nothing connected.

use daypass_test_support::desktop::Screen;

use super::album::Album;
use crate::page::Page;
use crate::stage::{SOON, Stage, window_program};

/// Chooses a provider of the question, and names the stage's authority as its address.
fn choose(stage: &Stage, page: &Page, provider: &str) {
    page.part(&format!("provider-{provider}")).click();
    page.select("summary").click();
    page.part("base-url").type_text(&stage.authority.url);
}

#[test]
fn shots_of_the_first_run() {
    let album = Album::new(false);
    let stage = album.stage();
    let _tray = stage.start_tray();
    let page = stage.open_page("sessions");
    page.part("try");
    album.shots_of_window(&stage, &page, "first-run");
    page.resize(400, 680);
    album.shot_of_window(&stage.desktop, &page, "first-run-narrow");
    page.resize(1040, 680);

    page.part("provider-antiraid").click();
    page.part("credential");
    album.shots_of_window(&stage, &page, "first-run-form");
    page.part("cancel").click();

    choose(&stage, &page, "pocketpaw");
    page.part("credential").type_text("a-master-token-of-nobody");
    page.part("connect-submit").click();
    page.until("the reason", |page| page.text().contains("(401"));
    album.shots_of_window(&stage, &page, "first-run-refused");
    page.part("cancel").click();

    choose(&stage, &page, "discovr");
    page.part("connect-submit").click();
    page.part("user-code");
    album.shots_of_window(&stage, &page, "first-run-code");
}

#[test]
fn shots_of_the_pages_without_an_account() {
    let album = Album::new(false);
    let stage = album.stage();
    let _tray = stage.start_tray();
    let page = stage.open_page("history");
    page.part("entry");
    album.shots_of_window(&stage, &page, "history-first");
    page.press(['?']);
    page.part("shortcuts");
    album.shots_of_window(&stage, &page, "shortcuts");
    drop(page);

    let page = Page::open(&stage.desktop, &window_program(), &["--palette"]);
    page.part("palette-blank");
    Screen::of(&stage.desktop).wait_for_titled("Quick Copy", SOON);
    album.shots_of(&stage, &page, "Quick Copy", "palette-empty");
}
