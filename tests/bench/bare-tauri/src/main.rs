//! The least that a Tauri app with the same job could be: a tray icon with a menu, and a window on request.
//!
//! `bare-tauri tray` shows the icon and obeys the lines `open` and `close` on its standard input.
//! `bare-tauri window` opens the window at once, and ends with it.

use std::io::BufRead;

use anyhow::Context as _;
use tauri::menu::{Menu, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{App, AppHandle, Manager as _, RunEvent, WebviewUrl, WebviewWindowBuilder};

const LABEL: &str = "main";
/// As large as the window of Daypass (`tauri.conf.json`).
const SIZE: (f64, f64) = (1040.0, 680.0);

fn main() -> anyhow::Result<()> {
    let tray = std::env::args().nth(1).is_some_and(|word| word == "tray");
    let builder = tauri::Builder::default();
    let builder =
        if tray { builder.setup(|app| Ok(show_tray(app)?)) } else { builder.setup(|app| Ok(open(app.handle())?)) };
    let app = builder.build(tauri::generate_context!()).context("the app cannot be built")?;
    app.run(move |_app, event| {
        if let RunEvent::ExitRequested { api, code: None, .. } = event
            && tray
        {
            // The last window was closed; the icon stays.
            api.prevent_exit();
        }
    });
    Ok(())
}

fn show_tray(app: &App) -> tauri::Result<()> {
    let quit = MenuItem::with_id(app, "quit", "Quit", true, None::<&str>)?;
    let menu = Menu::with_items(app, &[&quit])?;
    let mut tray = TrayIconBuilder::new().menu(&menu);
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)?;

    let app = app.handle().clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let handle = app.clone();
            let _ = app.run_on_main_thread(move || obey(&handle, &line));
        }
    });
    Ok(())
}

fn obey(app: &AppHandle, line: &str) {
    match line {
        "open" => drop(open(app)),
        "close" => drop(app.get_webview_window(LABEL).map(|window| window.close())),
        _ => app.exit(0),
    }
}

fn open(app: &AppHandle) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default());
    window.title("Bare").inner_size(SIZE.0, SIZE.1).build()?;
    Ok(())
}
