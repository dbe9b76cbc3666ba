//! Pictures of the sessions: none, some, and many of them, one looked at, some selected, and the questions about them.

use fantoccini::key::Key;

use super::album::Album;
use super::connect_all;
use crate::page::Page;
use crate::stage::SOON;

/// Presses a key while Ctrl is held, as the page hears it.
fn press_with_control(page: &Page, key: char) {
    page.script(&format!(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', ctrlKey: true, bubbles: true }}))"
    ));
}

#[test]
fn shots_of_few_sessions() {
    let album = Album::new(false);
    let stage = album.stage();
    let _tray = stage.start_tray();
    stage.connect("pocketpaw", "paw");
    let page = stage.open_page("sessions");
    page.part("account-paw").click();
    page.select("[data-at]");
    album.shots_of_window(&stage, &page, "sessions-one");
    page.select("[data-at] [data-testid=revoke]").click();
    page.part("confirm").click();
    page.part("no-sessions");
    page.part("undo");
    album.shots_of_window(&stage, &page, "sessions-none");
    stage.token("paw");
    page.select("[data-at]");
    stage.regenerate_elsewhere();
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);
    stage.desktop.wait_for_notification(SOON, |note| note.buttons == ["Sign in"]);
    page.part("needs-you");
    album.shots_of_window(&stage, &page, "needs-you");
}

#[test]
fn shots_of_sessions_and_of_one_of_them() {
    let album = Album::new(false);
    let stage = album.stage();
    let _tray = stage.start_tray();
    connect_all(&stage);
    let page = stage.open_page("sessions");
    page.part("account-work");
    page.part("sessions");
    album.shots_of_window(&stage, &page, "sessions-all");
    page.part("account-work").click();
    page.part("revoke-all");
    page.part("new-session").click();
    page.part("session-name");
    album.shots_of_window(&stage, &page, "session-new");
    page.part("cancel").click();
    page.wait_without("session-name");
    let films = stage.sessions("films")[0]["id"].as_str().unwrap().to_owned();
    page.part("account-films").click();
    page.part(&format!("session-{films}")).click();
    page.part("details").part("claims");
    album.shots_of_window(&stage, &page, "session-details");

    page.resize(400, 680);
    album.shot_of_window(&stage.desktop, &page, "session-details-narrow");
    page.part("close-details").click();
    page.part("all-accounts").click();
    album.shots_of_window(&stage, &page, "sessions-narrow");
    page.resize(1040, 680);
    for _ in 0..5 {
        press_with_control(&page, '+');
    }
    page.until("a page of twice the size", |page| page.script("return innerWidth").as_f64() < Some(560.0));
    album.shot_of_window(&stage.desktop, &page, "sessions-large");
    press_with_control(&page, '0');
    page.until("its usual size", |page| page.script("return innerWidth").as_f64() == Some(1040.0));
    page.script("document.documentElement.dir = 'rtl'");
    album.shot_of_window(&stage.desktop, &page, "sessions-rtl");
}

#[test]
fn shots_of_many_sessions_and_of_their_end() {
    let album = Album::new(false);
    let stage = album.stage();
    let _tray = stage.start_tray();
    connect_all(&stage);
    crate::sessions::open_elsewhere(&stage, &stage.token("work"));
    let page = stage.open_page("sessions");
    page.part("account-work").click();
    page.until("the provider's list", |page| crate::sessions::count(page) > crate::sessions::MANY);
    page.part("search").type_text("robot 00");
    page.until("what is searched for", |page| crate::sessions::count(page) < 20);
    page.press([Key::Down.into()]);
    page.until("a row with the focus", |page| page.focused().starts_with("session-"));
    page.chord(Key::Control.into(), 'a');
    page.part("end-many");
    album.shots_of_window(&stage, &page, "sessions-selected");
    page.press([Key::Delete.into()]);
    page.part("confirm");
    album.shots_of_window(&stage, &page, "sessions-revoke-many");
    page.part("cancel").click();
    page.wait_without("confirm");

    page.part("select-none").click();
    page.script("document.querySelector('[data-testid=search]').select()");
    page.part("search").type_text("nobody");
    page.part("nothing-found");
    album.shots_of_window(&stage, &page, "sessions-nothing-found");
    page.part("search").type_text("\u{e003}\u{e003}\u{e003}\u{e003}\u{e003}\u{e003}");
    page.until("all of them", |page| crate::sessions::count(page) > crate::sessions::MANY);
    album.shots_of_window(&stage, &page, "sessions-many");
    let current = stage.sessions("work").into_iter().find(|session| session["name"] == "ci").unwrap();
    page.part("search").type_text("ci");
    page.part(&format!("session-{}", current["id"].as_str().unwrap())).part("revoke").click();
    page.part("confirm");
    album.shots_of_window(&stage, &page, "session-revoke");
}
