//! Pictures of the real window, menu and notification, light and dark, into the folder that `DAYPASS_SHOTS` names
//! (`make shots`); without it they are taken all the same, looked at, and thrown away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use daypass_test_support::desktop::{Desktop, Options, Screen};
use daypass_test_support::wait;

use crate::stage::{SOON, Stage};

/// The screen counts as settled where nothing but a countdown moved for so long.
const SETTLED: Duration = Duration::from_millis(800);
/// The share of the pixels that a countdown may change.
const COUNTDOWN: f64 = 0.002;

#[test]
fn shots_of_the_light_desktop() {
    take(false);
}

#[test]
fn shots_of_the_dark_desktop() {
    take(true);
}

fn take(dark: bool) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("DAYPASS_SHOTS").map_or(scratch.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let name = |what: &str| folder.join(format!("{what}-{}.png", if dark { "dark" } else { "light" }));

    let stage = Stage::new(Options { dark, ..Options::default() }, Some(1500));
    let desktop = &stage.desktop;
    let screen = Screen::of(desktop);
    screen.paint(if dark { 0x20_24_2c } else { 0x8f_a3_bf });
    let (_tray, item) = stage.start_tray_with_icon();
    for (provider, name) in [("antiraid", "work"), ("discovr", "films"), ("pocketpaw", "paw"), ("discover", "search")] {
        stage.connect(provider, name);
        stage.token(name);
    }
    for (name, life) in [("ci", "2h"), ("laptop", "1d"), ("nightly backup", "7d")] {
        stage.run(&["session", "create", "work", "--name", name, "--life", life]).ok();
    }

    let page = stage.open_page("sessions");
    page.part("account-work").click();
    page.part("revoke-all");
    let window = screen.wait_for_window("Daypass", SOON);
    settle(&screen);
    shot(desktop, &screen, &screen.geometry(window), &name("window"));
    drop(page);

    item.choose(&["work", "Copy token"]);
    desktop.wait_for_notification(SOON, |note| note.summary.contains("work"));
    settle(&screen);
    shot(desktop, &screen, "480x130+800+0", &name("notification"));
    desktop.close_notifications();

    // The icon is the last thing on the panel, at the right end of it; its last account is `work`.
    desktop.click(1265, 15, 3);
    settle(&screen);
    for key in ["Down", "Down", "Down", "Down", "Right"] {
        desktop.press(key);
    }
    settle(&screen);
    shot(desktop, &screen, "620x290+660+0", &name("menu"));
}

/// Waits until the screen has stopped changing.
fn settle(screen: &Screen) {
    let start = tokio::time::Instant::now();
    let (mut last, mut since) = (screen.frame(), start);
    wait::until("a quiet screen", SOON, || {
        let frame = screen.frame();
        if frame.difference(&last) > COUNTDOWN {
            since = tokio::time::Instant::now();
        }
        last = frame;
        (since.elapsed() > SETTLED).then_some(())
    });
}

/// Takes a picture of a part of a screen on which there is something to see.
fn shot(desktop: &Desktop, screen: &Screen, part: &str, file: &Path) {
    assert!(screen.frame().colours() > 32, "there is nothing to see for {}", file.display());
    desktop.screenshot(part, file);
}
