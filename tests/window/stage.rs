//! A scratch home, the app on Tauri's pretended desktop with the real capabilities, and what the agent says of it.

use std::time::Duration;

use daypass_api::view::Page;
use daypass_api::{Client, Home};
use daypass_window::feed::Feed;
use serde_json::{Value, json};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
use tauri::webview::InvokeRequest;
use tauri::{App, WebviewWindow};
use tempfile::TempDir;

/// Longer than anything here takes; only a failing test waits for it.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A home of its own, with an app that knows it.
pub(crate) struct Stage {
    pub(crate) home: Home,
    pub(crate) app: App<MockRuntime>,
    _dir: TempDir,
}

impl Stage {
    /// An app without an agent as yet.
    pub(crate) fn new() -> Self {
        Self::showing(Page::default())
    }

    /// The same, begun with `--page`.
    pub(crate) fn showing(page: Page) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::under(dir.path());
        let client = Client::new(&home).unwrap();
        let feed = Feed::start(client.clone(), page.into()).unwrap();
        let context = tauri::generate_context!(test = true);
        let app = daypass_window::app(mock_builder().manage(home.clone()), context, client, feed).unwrap();
        Self { home, app, _dir: dir }
    }

    /// Opens the window as the program does.
    pub(crate) fn open(&self) -> WebviewWindow<MockRuntime> {
        daypass_window::open(&self.app).unwrap()
    }
}

/// Calls a command as the page does.
pub(crate) fn call(window: &WebviewWindow<MockRuntime>, command: &str, args: Value) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: command.to_owned(),
        callback: tauri::ipc::CallbackFn(0),
        error: tauri::ipc::CallbackFn(1),
        url: "tauri://localhost".parse().unwrap(),
        body: args.into(),
        headers: tauri::http::HeaderMap::new(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(window, request).map(|answer| answer.deserialize().unwrap())
}

/// A snapshot event without accounts.
pub(crate) fn snapshot(revision: u64) -> Value {
    json!({ "event": "snapshot", "snapshot": {
        "revision": revision, "at": "2026-11-20T14:00:00Z", "vault": { "state": "open" },
        "settings": daypass_api::settings::SettingsView::default(), "accounts": [],
    } })
}

/// An entry of the history.
pub(crate) fn entry() -> Value {
    json!({
        "id": 9, "at": "2026-11-20T14:00:00Z", "account": "work", "event": "copied", "code": null, "reason": null,
        "session": "s1", "fingerprint": "ba7816bf8f01", "duration_ms": 12,
    })
}
