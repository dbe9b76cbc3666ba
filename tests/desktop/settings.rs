//! The settings: in the window, in their file, and on the desktop.

use std::fs;
use std::path::PathBuf;

use daypass_test_support::desktop::{Options, Screen};
use daypass_test_support::wait;
use fantoccini::key::Key;
use serde_json::Value;

use crate::page::Page;
use crate::stage::{SOON, Stage};

/// Long enough for an export.
const PASSPHRASE: &str = "correct horse battery";

fn file(stage: &Stage) -> PathBuf {
    stage.desktop.path("config").join("daypass/config.toml")
}

/// The settings in force, by the command line.
fn in_force(stage: &Stage) -> Value {
    stage.run(&["settings", "--json"]).json()
}

/// What the control of a setting shows.
fn shown(page: &Page, key: &str) -> Value {
    let control = format!("document.querySelector('[data-testid=\"{key}\"]')");
    page.script(&format!("return {control}.type === 'checkbox' ? {control}.checked : {control}.value"))
}

#[track_caller]
fn waits_for_file(stage: &Stage, line: &str) {
    let there = || fs::read_to_string(file(stage)).unwrap_or_default().lines().any(|other| other == line);
    wait::until(&format!("{line:?} in the file"), SOON, || there().then_some(()));
}

#[test]
fn a_click_changes_the_file_and_an_edit_of_the_file_the_page() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    let page = stage.open_page("settings");
    page.part("refresh.paused").click();
    waits_for_file(&stage, "paused = true");
    page.select("[data-testid='appearance.theme'] option[value=dark]").click();
    waits_for_file(&stage, "theme = \"dark\"");
    page.until("the dark page", |page| {
        page.script("return getComputedStyle(document.body).color") == "rgb(237, 237, 242)"
    });
    let (back, enter) = (char::from(Key::Backspace), char::from(Key::Enter));
    page.part("clipboard.clear_after").type_text(&format!("{back}{back}20{enter}"));
    waits_for_file(&stage, "clear_after = 20");

    let made = fs::read_to_string(file(&stage)).unwrap();
    fs::write(file(&stage), made.replace("paused = true", "paused = false # by hand")).unwrap();
    page.until("the edit", |page| shown(page, "refresh.paused") == false);
    page.part("notifications.copied").click();
    waits_for_file(&stage, "copied = false");
    waits_for_file(&stage, "paused = false # by hand");

    stage.run(&["settings", "set", "appearance.language", "de"]).ok();
    page.until("the German page", |page| page.text().contains("Einstellungen"));
}

#[test]
fn an_error_of_the_file_is_shown_with_its_line_and_the_last_good_one_stays_in_force() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    stage.run(&["settings", "set", "clipboard.clear_after", "30"]).ok();
    let good = fs::read_to_string(file(&stage)).unwrap();
    let page = stage.open_page("settings");
    let bad = good.replace("clear_after = 30", "clear_after = 1000");
    let line = 1 + bad.lines().position(|line| line == "clear_after = 1000").unwrap();
    fs::write(file(&stage), &bad).unwrap();
    let said = page.part("settings-error").text();
    assert!(said.contains(&format!("an error in line {line}")) && said.contains("5 to 600"), "{said}");
    assert_eq!(shown(&page, "clipboard.clear_after"), "30");
    assert_eq!(in_force(&stage)["settings"]["clipboard"]["clear_after"], 30);

    page.part("refresh.paused").click();
    let problem = || page.part("setting-refresh.paused").part("problem").text();
    wait::until("the refusal", SOON, || problem().contains(&format!("line {line}")).then_some(()));
    page.until("the way back", |page| shown(page, "refresh.paused") == false);
    assert_eq!(fs::read_to_string(file(&stage)).unwrap(), bad, "it is the user's to mend");

    fs::write(file(&stage), good.replace("clear_after = 30", "clear_after = 31")).unwrap();
    page.wait_without("settings-error");
    page.until("the mended file", |page| shown(page, "clipboard.clear_after") == "31");
}

#[test]
fn starting_at_login_is_an_entry_of_the_desktop() {
    let stage = Stage::new(Options::default(), None);
    let entry = stage.desktop.path("config").join("autostart/daypass.desktop");
    let mut tray = stage.start_tray();
    let page = stage.open_page("settings");
    page.part("start_at_login").click();
    let text = wait::until("the entry", SOON, || fs::read_to_string(&entry).ok().filter(|text| text.ends_with('\n')));
    assert!(text.contains(&format!("\nExec=\"{}\" tray\n", crate::stage::daypass())), "{text}");
    page.part("start_at_login").click();
    wait::until("no entry", SOON, || (!entry.exists()).then_some(()));
    page.part("start_at_login").click();
    wait::until("the entry again", SOON, || entry.exists().then_some(()));
    drop(page);

    // By the desktop's own means, while Daypass does not run: the setting follows.
    tray.terminate();
    assert_eq!(tray.wait(SOON), Some(0));
    fs::remove_file(&entry).unwrap();
    let _tray = stage.start_tray();
    waits_for_file(&stage, "start_at_login = false");
    assert!(!entry.exists());
}

#[test]
fn accounts_leave_and_come_back_by_a_file_that_is_chosen_in_the_desktops_dialog() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    stage.connect("antiraid", "work");
    let exported = stage.desktop.path("home").join("laptop.txt");
    let page = stage.open_page("settings");
    page.part("export").click();
    page.part("passphrase").type_text(PASSPHRASE);
    page.part("passphrase-again").type_text(PASSPHRASE);
    page.part("export-go").click();
    choose(&stage, "Export accounts", &exported);
    page.until("the export", |page| page.text().contains("One account was exported to"));
    let sealed = fs::read_to_string(&exported).unwrap();
    assert!(sealed.starts_with("daypass-export 1"), "{sealed}");
    assert!(!page.everything().contains(PASSPHRASE), "it passed once");

    stage.run(&["account", "remove", "work"]).ok();
    // It lies over the end of the page for a while.
    page.wait_without("toast");
    page.part("import").click();
    choose(&stage, "Import accounts", &exported);
    page.part("passphrase").type_text("wrong horse battery");
    page.part("import-go").click();
    page.until("the refusal", |page| page.text().contains("passphrase does not fit"));
    page.part("passphrase").type_text(PASSPHRASE);
    page.part("import-go").click();
    page.until("the import", |page| page.text().contains("Imported: work."));
    page.part("account-work");
}

#[test]
fn where_things_are_can_be_copied() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    let page = stage.open_page("settings");
    let vault = stage.desktop.path("data").join("daypass/vault.sqlite");
    assert!(page.part("place-vault").text().contains(vault.to_str().unwrap()));
    page.part("copy-vault").click();
    let clipboard = || stage.desktop.read(stage.desktop.command("xclip").args(["-selection", "clipboard", "-o"]));
    wait::until("the path on the clipboard", SOON, || clipboard().filter(|text| *text == vault.to_str().unwrap()));
}

/// Types the path of a file into the desktop's dialog, and closes it with that.
#[track_caller]
fn choose(stage: &Stage, title: &str, file: &std::path::Path) {
    let screen = Screen::of(&stage.desktop);
    let dialog = screen.wait_for_window(title, SOON);
    stage.desktop.focus(dialog);
    // The dialog makes its field at the first letter of a path, and may lose the key after that: here one that may be lost.
    stage.desktop.press("slash");
    // In place of what is there to begin with.
    stage.desktop.press("ctrl+a");
    stage.desktop.type_text(file.to_str().unwrap());
    // GTK's list of completions, where it has come up meanwhile, takes the first Enter for itself.
    let closed = (0..5).any(|_| {
        stage.desktop.press("Return");
        wait::within(SOON / 5, || screen.window(title).is_none().then_some(())).is_some()
    });
    assert!(closed, "the dialog does not close");
}
