//! Where the pictures go, and how one is taken: once nothing moves, and of nothing that lies over it.

use std::path::PathBuf;

use daypass_test_support::desktop::{Desktop, Options, Screen};
use serde_json::json;
use tempfile::TempDir;

use crate::page::Page;
use crate::stage::{SOON, Stage, settle};

/// How a page is looked at: the end of the picture's name, the theme and the language that are set for it.
const LOOKS: [(&str, &str, &str); 3] = [("dark", "dark", "en"), ("german", "light", "de"), ("light", "light", "en")];

/// The folder for the pictures of one kind of desktop.
pub(crate) struct Album {
    /// Where they are thrown away with it.
    _scratch: TempDir,
    folder: PathBuf,
    dark: bool,
}

impl Album {
    /// An album of a light or a dark desktop.
    pub(crate) fn new(dark: bool) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let folder = std::env::var_os("DAYPASS_SHOTS").map_or(scratch.path().to_owned(), PathBuf::from);
        std::fs::create_dir_all(&folder).unwrap();
        Self { _scratch: scratch, folder, dark }
    }

    /// A desktop with a ground that suits the window.
    pub(crate) fn stage(&self) -> Stage {
        let stage = Stage::new(Options { dark: self.dark, ..Options::default() }, Some(1500));
        Screen::of(&stage.desktop).paint(if self.dark { 0x20_24_2c } else { 0x8f_a3_bf });
        stage
    }

    /// Takes a picture of a part of the screen, once it has settled.
    pub(crate) fn shot(&self, desktop: &Desktop, part: &str, what: &str) {
        self.take(desktop, part, &format!("{what}-{}", if self.dark { "dark" } else { "light" }));
    }

    /// Takes a picture of the window as it is.
    pub(crate) fn shot_of_window(&self, desktop: &Desktop, page: &Page, what: &str) {
        self.shot_as(desktop, page, &format!("{what}-{}", if self.dark { "dark" } else { "light" }));
    }

    /// The same, with the whole name of the picture.
    pub(crate) fn shot_as(&self, desktop: &Desktop, page: &Page, name: &str) {
        let screen = Screen::of(desktop);
        let window = screen.wait_for_window("Daypass", SOON);
        desktop.close_notifications();
        desktop.point(0, 799);
        wait_until_still(page);
        self.take(desktop, &screen.geometry(window), name);
    }

    /// Takes pictures of a state of the window: dark, in German, and light in English, as which it is left. Whatever is
    /// typed, chosen or open in it has to outlive that, as it has to with a user who changes these settings.
    pub(crate) fn shots_of_window(&self, stage: &Stage, page: &Page, what: &str) {
        self.shots_of(stage, page, "Daypass", what);
    }

    /// The same for the window whose title contains `title`.
    pub(crate) fn shots_of(&self, stage: &Stage, page: &Page, title: &str, what: &str) {
        let desktop = &stage.desktop;
        let screen = Screen::of(desktop);
        let window = screen.wait_for_titled(title, SOON);
        desktop.close_notifications();
        desktop.point(0, 799);
        for (name, theme, language) in LOOKS {
            stage.run(&["settings", "set", "appearance.theme", theme]).ok();
            stage.run(&["settings", "set", "appearance.language", language]).ok();
            page.until(name, |page| {
                page.script("return [document.documentElement.dataset.theme, document.documentElement.lang]")
                    == json!([theme, language])
            });
            wait_until_still(page);
            self.take(desktop, &screen.geometry(window), &format!("{what}-{name}"));
        }
    }

    fn take(&self, desktop: &Desktop, part: &str, name: &str) {
        let screen = Screen::of(desktop);
        settle(&screen);
        let file = self.folder.join(format!("{name}.png"));
        assert!(screen.frame().colours() > 32, "there is nothing to see for {}", file.display());
        desktop.screenshot(part, &file);
    }
}

/// Waits until nothing in the page comes up or goes any more; what turns for ever may.
fn wait_until_still(page: &Page) {
    page.until("a still page", |page| {
        page.script(
            "return document.getAnimations().every(animation => animation.playState === 'finished'
                 || animation.effect.getComputedTiming().iterations === Infinity)",
        ) == true
    });
    page.wait_until_painted();
}
