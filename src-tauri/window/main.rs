//! `daypass-window`: the window of Daypass, a client of the agent like any other.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use daypass_api::client::CallError;
use daypass_api::request::OpenWindow;
use daypass_api::view::Page;
use daypass_api::{Client, Home};
use daypass_window::args::{self, Args};
use daypass_window::feed::Feed;
use daypass_window::single::WindowLock;

/// The exit code of a wrong command line, as everywhere in Daypass.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let page = match args::parse(std::env::args().skip(1)) {
        Ok(Args::Open(page)) => page,
        Ok(Args::Help) => return say(&mut std::io::stdout(), args::USAGE, ExitCode::SUCCESS),
        Err(error) => {
            return say(&mut std::io::stderr(), &format!("daypass-window: {error}\n"), ExitCode::from(USAGE));
        }
    };
    match run(page) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&mut std::io::stderr(), &format!("daypass-window: {error:#}\n"), ExitCode::FAILURE),
    }
}

/// Shows the window until it is closed; where there is one already, brings that one to the front.
fn run(page: Page) -> anyhow::Result<()> {
    let home = Home::from_env(|name| std::env::var_os(name))?;
    let client = Client::new(&home)?;
    let lock = WindowLock::acquire(&home).with_context(|| format!("cannot use {}", home.run_dir().display()))?;
    let Some(_lock) = lock else {
        return match client.post::<()>("/v1/window", &OpenWindow { page }) {
            Ok(()) => Ok(()),
            // Only an agent can reach the other window, and that one says itself that there is none.
            Err(CallError::NotRunning) => Ok(()),
            Err(CallError::Api(error)) => Err(error.into()),
        };
    };
    let feed = Feed::start(client.clone(), page).context("cannot start a thread")?;
    let app = daypass_window::app(tauri::Builder::default(), tauri::generate_context!(), client, feed)?;
    daypass_window::open(&app)?;
    app.run(|_, _| {});
    Ok(())
}

/// Writes `text`; where even that fails, the code still tells.
fn say(to: &mut impl Write, text: &str, code: ExitCode) -> ExitCode {
    let _ = to.write_all(text.as_bytes());
    code
}
