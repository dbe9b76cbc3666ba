//! What the window shows: the built page obeys the policy that it is shown under, and the first colour is the page's own.

use std::fs;

use daypass_window::{DARK_GROUND, LIGHT_GROUND};
use serde_json::Value;
use tauri::window::Color;

#[test]
fn the_policy_lets_in_nothing_from_elsewhere_and_nothing_inline() {
    let config: Value = serde_json::from_str(&fs::read_to_string("tauri.conf.json").unwrap()).unwrap();
    let policy = config["app"]["security"]["csp"].as_str().unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("https:"), "{policy}");
    assert_eq!(policy.matches("http:").collect::<Vec<_>>().len(), 1, "only the way to Rust: {policy}");
    assert!(policy.contains("http://ipc.localhost"), "{policy}");
}

#[test]
fn the_built_pages_have_their_script_and_their_style_in_files() {
    for page in [include_str!("../../ui/dist/index.html"), include_str!("../../ui/dist/palette.html")] {
        assert!(!page.contains("<style") && !page.contains("style="), "{page}");
        let scripts: Vec<_> = page.split("<script").skip(1).collect();
        assert_eq!(scripts.len(), 1, "{page}");
        assert!(scripts[0].contains("src=\"/assets/") && scripts[0].contains("></script>"), "{page}");
        assert!(!page.contains("://"), "{page}");
    }
}

#[test]
fn the_window_has_the_pages_colour_before_the_page_is_drawn() {
    let tokens = fs::read_to_string("ui/src/styles/tokens.css").unwrap();
    let ground = tokens.split("--ground: ").nth(1).unwrap().split(';').next().unwrap();
    assert_eq!(ground, format!("light-dark({}, {})", hex(LIGHT_GROUND), hex(DARK_GROUND)));
}

fn hex(color: Color) -> String {
    format!("#{:02x}{:02x}{:02x}", color.0, color.1, color.2)
}
