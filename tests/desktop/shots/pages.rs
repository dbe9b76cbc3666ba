//! Pictures of the other pages: the timeline and its table, the history, the settings and an error in their file, the palette.

use std::fs;

use daypass_test_support::desktop::Screen;
use fantoccini::key::Key;

use super::album::Album;
use super::connect_all;
use crate::page::Page;
use crate::stage::{SOON, window_program};

#[test]
fn shots_of_the_timeline_and_the_history() {
    let album = Album::new(false);
    let stage = album.stage();
    let _tray = stage.start_tray();
    connect_all(&stage);
    stage.regenerate_elsewhere();
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);
    stage.desktop.wait_for_notification(SOON, |note| note.buttons == ["Sign in"]);
    stage.run(&["token", "films", "--fresh"]).ok();
    let page = stage.open_page("timeline");
    page.part("lane-work");
    album.shots_of_window(&stage, &page, "timeline");
    page.part("timeline-cursor");
    page.script("document.querySelector('[data-testid=as-table]').focus()");
    // The focus is only shown in a window that has it.
    stage.desktop.focus(Screen::of(&stage.desktop).wait_for_window("Daypass", SOON));
    page.until("a bar with the focus", |page| {
        page.press([Key::Tab.into()]);
        page.focused() == "timeline-cursor"
    });
    page.part("timeline-tip");
    album.shot_of_window(&stage.desktop, &page, "timeline-tip");
    page.part("as-table").click();
    page.wait_without("timeline-chart");
    album.shots_of_window(&stage, &page, "timeline-table");
    page.part("history").click();
    page.part("entry");
    album.shots_of_window(&stage, &page, "history");
    page.resize(400, 680);
    album.shot_of_window(&stage.desktop, &page, "history-narrow");
    page.part("timeline").click();
    page.part("lane-work");
    album.shot_of_window(&stage.desktop, &page, "timeline-narrow");
}

/// Scrolls the page to a share of the way to its end.
fn scroll_to(share: f64) -> String {
    format!(
        "const main = document.querySelector('main'); main.scrollTop = {share} * (main.scrollHeight - main.clientHeight)"
    )
}

#[test]
fn shots_of_the_settings() {
    let album = Album::new(false);
    let stage = album.stage();
    let _tray = stage.start_tray();
    stage.connect("antiraid", "work");
    let page = stage.open_page("settings");
    page.part("settings-page");
    album.shots_of_window(&stage, &page, "settings");
    for (place, share) in [("middle", 0.33), ("lower", 0.66), ("end", 1.0)] {
        page.script(&scroll_to(share));
        album.shots_of_window(&stage, &page, &format!("settings-{place}"));
    }
    page.part("export").click();
    page.part("passphrase");
    album.shots_of_window(&stage, &page, "settings-export");
    page.part("cancel").click();
    page.wait_without("passphrase");
    page.script(&scroll_to(0.0));
    page.resize(400, 680);
    album.shot_of_window(&stage.desktop, &page, "settings-narrow");
    page.resize(1040, 680);

    // What is wrong in the file stays the user's to mend: the page can no longer change how it looks.
    let file = stage.desktop.path("config").join("daypass/config.toml");
    for (theme, language) in [("dark", "en"), ("light", "de"), ("light", "en")] {
        let looks = format!("[appearance]\ntheme = \"{theme}\"\nlanguage = \"{language}\"\n");
        fs::write(&file, &looks).unwrap();
        page.until(theme, |page| {
            page.script("return [document.documentElement.dataset.theme, document.documentElement.lang].join()")
                == format!("{theme},{language}")
        });
        fs::write(&file, format!("{looks}[clipboard]\nclear_after = 1000\n")).unwrap();
        page.part("settings-error");
        let name = if language == "de" { "german" } else { theme };
        album.shot_as(&stage.desktop, &page, &format!("settings-error-{name}"));
        fs::write(&file, looks).unwrap();
        page.wait_without("settings-error");
    }
}

#[test]
fn shots_of_the_palette() {
    let album = Album::new(false);
    let stage = album.stage();
    let _tray = stage.start_tray();
    connect_all(&stage);
    let page = Page::open(&stage.desktop, &window_program(), &["--palette"]);
    page.part("palette-row");
    Screen::of(&stage.desktop).wait_for_titled("Quick Copy", SOON);
    album.shots_of(&stage, &page, "Quick Copy", "palette");
    page.part("palette-field").type_text("wo");
    album.shots_of(&stage, &page, "Quick Copy", "palette-found");
    page.part("palette-field").type_text("xyz");
    page.part("palette-blank");
    album.shots_of(&stage, &page, "Quick Copy", "palette-nothing");
}
