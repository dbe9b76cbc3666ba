//! Who may call what: the page in its one window every command of ours, and nobody anything else.

use serde_json::{Value, json};
use tauri::WebviewWindowBuilder;

use crate::stage::{Stage, call};

/// Every command of ours, as `ui/src/ipc.ts` calls it.
fn commands() -> Vec<String> {
    let ipc = include_str!("../../ui/src/ipc.ts");
    let mut names: Vec<_> =
        ipc.split("call(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    names.retain(|name| !name.starts_with("plugin:"));
    names.sort();
    names
}

/// What Tauri says where the capabilities do not allow a call.
fn is_refused(answer: &Result<Value, Value>) -> bool {
    let refusal = answer.as_ref().err().and_then(Value::as_str).unwrap_or_default();
    refusal.contains("not allowed")
}

#[test]
fn the_page_may_call_every_command_of_its_door() {
    let stage = Stage::new();
    let window = stage.open();
    assert_eq!(commands().len(), 29);
    for command in commands() {
        let answer = call(&window, &command, json!({}));
        let text = format!("{answer:?}");
        assert!(!is_refused(&answer) && !text.contains("not found"), "{command}: {text}");
    }
}

/// What the palette calls, by `ui/src/palette/door.ts`.
const OF_THE_PALETTE: [&str; 4] = ["subscribe", "copy", "close", "open_window"];

#[test]
fn the_palette_may_call_what_it_needs_and_nothing_else() {
    let stage = Stage::new();
    let palette = daypass_window::palette::open(&stage.app, true).unwrap();
    assert_eq!(palette.label(), "palette");
    for command in OF_THE_PALETTE {
        let answer = call(&palette, command, json!({}));
        let text = format!("{answer:?}");
        assert!(!is_refused(&answer) && !text.contains("not found"), "{command}: {text}");
    }
    for command in commands().iter().filter(|command| !OF_THE_PALETTE.contains(&command.as_str())) {
        assert!(is_refused(&call(&palette, command, json!({}))), "{command}");
    }
    assert!(is_refused(&call(&palette, "plugin:window|create", json!({}))));
    // The window's page has no use for what is the palette's alone.
    assert!(is_refused(&call(&stage.open(), "open_window", json!({ "place": {} }))));
}

#[test]
fn another_window_may_call_nothing() {
    let stage = Stage::new();
    let other = WebviewWindowBuilder::new(&stage.app, "other", tauri::WebviewUrl::default()).build().unwrap();
    for command in commands() {
        let refusal = call(&other, &command, json!({})).unwrap_err();
        let refusal = refusal.as_str().unwrap();
        assert!(refusal.contains("not allowed on window \"other\""), "{command}: {refusal}");
    }
}

#[test]
fn nothing_of_tauri_itself_is_open_to_the_page_but_its_own_size() {
    let stage = Stage::new();
    let window = stage.open();
    assert_eq!(call(&window, "plugin:webview|set_webview_zoom", json!({ "value": 2 })), Ok(Value::Null));
    for command in [
        "plugin:window|create",
        "plugin:webview|create_webview_window",
        "plugin:event|listen",
        "plugin:path|resolve_directory",
    ] {
        assert!(is_refused(&call(&window, command, json!({}))), "{command}");
    }
}

#[test]
fn each_command_has_a_permission_of_its_own() {
    let mut allowed = Vec::new();
    for entry in std::fs::read_dir("src-tauri/permissions").unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(text.contains(&format!("commands.allow = [\"{name}\"]\n")), "{}: {text}", path.display());
        assert!(text.contains(&format!("identifier = \"{}\"\n", name.replace('_', "-"))), "{}", path.display());
        allowed.push(name);
    }
    allowed.sort();
    let mut wanted = commands();
    wanted.push("open_window".to_owned());
    wanted.sort();
    assert_eq!(allowed, wanted);
}
