//! Pictures of the real window, menu and notification, light and dark, into the folder that `DAYPASS_SHOTS` names
//! (`make shots`); without it they are taken all the same, looked at, and thrown away.

use std::path::PathBuf;
use std::time::Duration;

use daypass_test_support::desktop::{Desktop, Options, Screen};
use daypass_test_support::wait;
use tempfile::TempDir;

use crate::page::Page;
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

#[test]
fn shots_of_the_vaults_states_in_the_light() {
    take_states(false);
}

#[test]
fn shots_of_the_vaults_states_in_the_dark() {
    take_states(true);
}

/// The folder for the pictures of one kind of desktop.
struct Album {
    /// Where they are thrown away with it.
    _scratch: TempDir,
    folder: PathBuf,
    dark: bool,
}

impl Album {
    fn new(dark: bool) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let folder = std::env::var_os("DAYPASS_SHOTS").map_or(scratch.path().to_owned(), PathBuf::from);
        std::fs::create_dir_all(&folder).unwrap();
        Self { _scratch: scratch, folder, dark }
    }

    /// A desktop with a ground that suits the window, with one account at each provider.
    fn desktop(&self) -> Stage {
        let stage = Stage::new(Options { dark: self.dark, ..Options::default() }, Some(1500));
        Screen::of(&stage.desktop).paint(if self.dark { 0x20_24_2c } else { 0x8f_a3_bf });
        stage
    }

    /// Takes a picture of a part of the screen, once it has settled.
    fn shot(&self, desktop: &Desktop, part: &str, what: &str) {
        let screen = Screen::of(desktop);
        settle(&screen);
        let file = self.folder.join(format!("{what}-{}.png", if self.dark { "dark" } else { "light" }));
        assert!(screen.frame().colours() > 32, "there is nothing to see for {}", file.display());
        desktop.screenshot(part, &file);
    }

    /// Takes a picture of the window with this page, and of nothing that lies over it.
    fn shot_of_window(&self, desktop: &Desktop, page: &Page, what: &str) {
        let screen = Screen::of(desktop);
        let window = screen.wait_for_window("Daypass", SOON);
        desktop.close_notifications();
        desktop.point(0, 799);
        page.wait_until_painted();
        self.shot(desktop, &screen.geometry(window), what);
    }
}

fn connect_all(stage: &Stage) {
    for (provider, name) in [("antiraid", "work"), ("discovr", "films"), ("pocketpaw", "paw"), ("discover", "search")] {
        stage.connect(provider, name);
        stage.token(name);
    }
}

fn take(dark: bool) {
    let album = Album::new(dark);
    let stage = album.desktop();
    let (mut tray, item) = stage.start_tray_with_icon();
    connect_all(&stage);
    for (name, life) in [("ci", "2h"), ("laptop", "1d"), ("nightly backup", "7d")] {
        stage.run(&["session", "create", "work", "--name", name, "--life", life]).ok();
    }
    let desktop = &stage.desktop;

    let page = stage.open_page("sessions");
    page.part("account-work").click();
    page.part("revoke-all");
    album.shot_of_window(desktop, &page, "window");
    drop(page);

    item.choose(&["work", "Copy token"]);
    desktop.wait_for_notification(SOON, |note| note.summary.contains("work"));
    album.shot(desktop, "480x130+800+0", "notification");
    desktop.close_notifications();

    // The icon is the last thing on the panel, at the right end of it. `work` was used last: it stands below its copy, which
    // counts down, and what clears it.
    desktop.click(1265, 15, 3);
    settle(&Screen::of(desktop));
    for key in ["Down", "Down", "Down", "Right"] {
        desktop.press(key);
    }
    album.shot(desktop, "700x420+580+0", "menu");
    for key in ["Escape", "Escape"] {
        desktop.press(key);
    }

    // Something went wrong, and something was ended.
    stage.regenerate_elsewhere();
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);
    item.choose(&["work", "nightly backup", "Revoke"]);
    let page = stage.open_page("history");
    page.part("entry");
    album.shot_of_window(desktop, &page, "history");

    tray.terminate();
    tray.wait(SOON);
    page.part("offline");
    album.shot_of_window(desktop, &page, "offline");
}

fn take_states(dark: bool) {
    let album = Album::new(dark);
    let mut stage = album.desktop();
    let (mut tray, _) = stage.start_tray_with_icon();
    connect_all(&stage);
    let page = stage.open_page("sessions");
    page.part("account-work").click();

    let keyrings = stage.desktop.path("data").join("keyrings");
    let vault = stage.desktop.path("data").join("daypass/vault.sqlite");
    let states: [(&str, &str, &dyn Fn(&mut Desktop)); 5] = [
        ("locked", "is locked", &|desktop| desktop.lock_keyring()),
        ("absent", "There is no keyring here", &|desktop| desktop.kill_keyring()),
        ("slow", "has not answered yet", &|desktop| desktop.start_mute_keyring()),
        ("failing", "has no key", &|desktop| {
            desktop.end_mute_keyring();
            std::fs::remove_dir_all(&keyrings).unwrap();
            desktop.start_keyring();
        }),
        ("corrupt", "is damaged", &|_| std::fs::write(&vault, "this was a vault once").unwrap()),
    ];
    for (name, told, bring_about) in states {
        tray.terminate();
        assert_eq!(tray.wait(SOON), Some(0));
        bring_about(&mut stage.desktop);
        tray = stage.start_tray_with_icon().0;
        page.until(told, |page| page.text().contains(told));
        album.shot_of_window(&stage.desktop, &page, &format!("vault-{name}"));
        stage.desktop.click(1265, 15, 3);
        album.shot(&stage.desktop, "620x290+660+0", &format!("vault-{name}-menu"));
        stage.desktop.press("Escape");
    }
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
