//! The window of Daypass: a page, and thin commands that ask the agent for it. How the whole house is built:
#![doc = include_str!("../ARCHITECTURE.md")]

pub mod args;
#[cfg(not(target_os = "linux"))]
pub mod beside;
mod chooser;
pub mod commands;
pub mod data;
#[cfg(target_os = "linux")]
pub mod drawing;
pub mod feed;
mod focus;
pub mod palette;
pub mod single;

use daypass_api::Client;
use daypass_api::locale::Locale;
use daypass_api::settings::Theme as Chosen;
use tauri::webview::PageLoadEvent;
use tauri::window::Color;
use tauri::{Manager, Runtime, Theme, WebviewWindow, WebviewWindowBuilder};

use crate::feed::Feed;

/// The label of the one window; the capability in `src-tauri/capabilities/` is for it alone.
pub const WINDOW: &str = "main";

/// The page's ground, `--ground` in `ui/src/styles/tokens.css`: the window has this colour before the page is drawn.
pub const LIGHT_GROUND: Color = Color(0xfb, 0xfb, 0xfc, 0xff);
/// The same in the dark.
pub const DARK_GROUND: Color = Color(0x17, 0x18, 0x1b, 0xff);

/// The app with its commands, before a window is open.
///
/// # Errors
/// Where the desktop cannot be reached.
pub fn app<R: Runtime>(
    builder: tauri::Builder<R>,
    context: tauri::Context<R>,
    client: Client,
    feed: Feed,
) -> tauri::Result<tauri::App<R>> {
    builder
        .manage(client)
        .manage(feed)
        .manage(data::Chosen::default())
        .invoke_handler(commands::handler())
        .on_page_load(|webview, load| {
            // Before that there is nothing to look at; see `bring_to_front` for a failure.
            if webview.label() == WINDOW && load.event() == PageLoadEvent::Finished {
                let _ = webview.window().show();
            }
        })
        .build(context)
}

/// Opens the window as `tauri.conf.json` describes it, and lets the feed bring it to the front.
///
/// # Errors
/// Where the web view cannot be made.
pub fn open<R: Runtime>(app: &tauri::App<R>) -> tauri::Result<WebviewWindow<R>> {
    let window = build(app, WINDOW)?;
    let front = window.clone();
    app.state::<Feed>().on_focus(move || bring_to_front(&front));
    Ok(window)
}

/// Makes the window of this label as `tauri.conf.json` describes it, with what is known of the agent.
fn build<R: Runtime>(app: &tauri::App<R>, label: &str) -> tauri::Result<WebviewWindow<R>> {
    let config = app.config().app.windows.iter().find(|window| window.label == label);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    let feed = app.state::<Feed>();
    let mut builder = WebviewWindowBuilder::from_config(app, config)?.incognito(!driven_by_a_test());
    if let Some(json) = feed.present() {
        builder = builder.initialization_script(handed("daypassPresent", &json));
    }
    // WebKitGTK knows the desktop's language only where the C library has that locale's data; elsewhere the web view is told.
    if cfg!(target_os = "linux") {
        let locale = Locale::of(|name| std::env::var(name).ok());
        builder = builder.initialization_script(handed("daypassLocale", &serde_json::to_string(&locale)?));
    }
    let window = builder.build()?;
    let ground = if is_dark(&window, feed.theme())? { DARK_GROUND } else { LIGHT_GROUND };
    window.set_background_color(Some(ground))?;
    Ok(window)
}

/// Whether the page will be dark: as the user has `chosen`, else as WebKit tells it, by the theme of GTK. Tauri tells by the
/// desktop's portal, and there is not always one.
fn is_dark<R: Runtime>(window: &WebviewWindow<R>, chosen: Chosen) -> tauri::Result<bool> {
    match chosen {
        Chosen::Light => return Ok(false),
        Chosen::Dark => return Ok(true),
        Chosen::System => {}
    }
    #[cfg(target_os = "linux")]
    if gtk::is_initialized_main_thread() {
        use gtk::prelude::*;
        if let Some(ground) = window.gtk_window()?.style_context().lookup_color("theme_base_color") {
            return Ok(ground.red() + ground.green() + ground.blue() < 1.5);
        }
    }
    Ok(window.theme()? == Theme::Dark)
}

/// A script that hands the page a value as `window.NAME`, before its first line runs: `daypassPresent` is taken by
/// `ui/src/ipc.ts`, `daypassLocale` by `ui/src/messages/index.svelte.ts`. As text it goes through `JSON.parse`, so that no
/// key of it (such as `__proto__`) means anything to the language.
fn handed(name: &str, json: &str) -> String {
    format!("window.{name} = JSON.parse({});", serde_json::Value::from(json))
}

/// A window that cannot be raised is still there, and the page is told in any case; so a failure is not an error.
fn bring_to_front<R: Runtime>(window: &WebviewWindow<R>) {
    let _ = window.unminimize();
    let _ = window.show();
    let _ = window.set_focus();
}

/// Whether `tauri-driver` started us. The page keeps nothing on disk, and WebKit is told so (incognito); but a web view
/// with a private context of its own cannot be driven, so under a driver WebKit is not told.
fn driven_by_a_test() -> bool {
    std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some()
}
