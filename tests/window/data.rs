//! Where things are, and what the page may and may not learn of files.

use serde_json::json;

use crate::agent::FakeAgent;
use crate::stage::{Stage, call};

#[test]
fn the_page_learns_where_everything_is() {
    let stage = Stage::new();
    let window = stage.open();
    let home = &stage.home;
    let wanted = json!({
        "config": home.settings_file(), "vault": home.vault_file(), "providers": home.providers_dir(),
        "log": home.agent_log(),
    });
    assert_eq!(call(&window, "places", json!({})), Ok(wanted));
}

#[test]
fn only_a_file_that_was_chosen_is_imported() {
    let stage = Stage::new();
    let _agent = FakeAgent::start(&stage.home);
    let window = stage.open();
    let request = json!({ "passphrase": "correct horse battery", "sealed": "daypass-export 1", "replace": false });
    let error = call(&window, "import_vault", json!({ "request": request })).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("Choose the file"), "{error}");
}

#[test]
fn the_page_names_a_place_and_never_a_path() {
    let stage = Stage::new();
    let window = stage.open();
    for command in ["open_place", "copy_place"] {
        let error = call(&window, command, json!({ "place": "/etc/passwd" })).unwrap_err();
        assert!(error.to_string().contains("unknown variant"), "{error}");
    }
}
