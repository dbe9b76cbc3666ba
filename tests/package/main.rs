//! What a package says of the programs, held against the programs' own sources.

use std::path::{Path, PathBuf};

use daypass_api::settings::Settings;
use toml::{Table, Value};

fn source(path: &str) -> String {
    let path = top().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every key below `table`, with its value, as `table.key`.
fn keys(table: &Table, above: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(table) => found.extend(keys(table, &format!("{above}{name}."))),
            value => found.push((format!("{above}{name}"), value.clone())),
        }
    }
    found
}

#[test]
fn the_manual_has_every_setting_with_its_default() {
    let manual = source("src-tauri/package/man/daypass-config.md");
    let rows: Vec<&str> = manual.lines().filter(|line| line.starts_with("| `")).collect();
    let settings = keys(&Table::try_from(Settings::default()).unwrap(), "");
    for (key, default) in &settings {
        let row = format!("| `{key}` | `{default}` |");
        assert!(rows.iter().any(|known| known.starts_with(&row)), "there is no row {row}");
    }
    assert_eq!(rows.len(), settings.len(), "the manual has a setting that there is not");
}

#[test]
fn the_example_of_the_manual_is_a_file_of_settings() {
    let manual = source("src-tauri/package/man/daypass-config.md");
    let example = manual.split("```").nth(1).expect("the manual has an example");
    let settings: Settings = toml::from_str(example).unwrap();
    assert_ne!(settings, Settings::default());
}

#[test]
fn the_manual_has_every_option_of_the_window() {
    let source_text = source("src-tauri/window/args.rs");
    let usage = source_text.split("USAGE: &str = \"").nth(1).and_then(|rest| rest.split("\";").next()).unwrap();
    let words = usage.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-');
    let options: Vec<&str> = words.filter(|word| word.starts_with("--")).collect();
    assert!(options.contains(&"--page"), "{usage}");
    let manual = source("src-tauri/package/man/daypass-window.md");
    for option in options {
        assert!(manual.contains(&format!("| `{option}`")), "the manual has no {option}");
    }
}

#[test]
fn every_place_tells_the_same_version() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = source("src-tauri/package/deb/changelog");
    assert!(changelog.starts_with(&format!("daypass ({version}) ")), "deb/changelog begins with another version");
    let metainfo = source("src-tauri/package/deb/metainfo.xml");
    let newest = metainfo.split("<release version=\"").nth(1).expect("the metainfo tells of a release");
    assert!(newest.starts_with(&format!("{version}\"")), "deb/metainfo.xml begins with another version");
    let bundle = source("tauri.conf.json");
    assert!(bundle.contains(&format!("\"version\": \"{version}\"")), "tauri.conf.json has another version");
    let page = source("ui/package.json");
    assert!(page.contains(&format!("\"version\": \"{version}\"")), "ui/package.json has another version");
}

#[test]
fn what_a_menu_shows_is_there_in_german_too() {
    for entry in ["daypass", "autostart"] {
        let text = source(&format!("src-tauri/package/deb/{entry}.desktop"));
        for group in text.split("\n[").skip(1) {
            for key in ["Name", "GenericName", "Comment", "Keywords"] {
                // The product's own name is the same everywhere.
                let needed = group.contains(&format!("\n{key}=")) && !group.contains(&format!("\n{key}=Daypass\n"));
                assert!(!needed || group.contains(&format!("\n{key}[de]=")), "{entry}: {key} of [{group}");
            }
        }
    }
}

#[test]
fn every_action_of_the_entry_is_a_page_of_the_window() {
    let text = source("src-tauri/package/deb/daypass.desktop");
    let pages: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("Exec=daypass-window --page ")).collect();
    assert!(!pages.is_empty());
    for page in pages {
        let page: Result<daypass_api::view::Page, _> = Value::from(page).try_into();
        assert!(page.is_ok(), "{page:?}");
    }
}
