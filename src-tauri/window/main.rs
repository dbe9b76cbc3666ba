//! `daypass-window`: the window of Daypass, or its palette; a client of the agent like any other.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use daypass_api::client::CallError;
use daypass_api::view::Place;
use daypass_api::{Client, Home};
use daypass_window::args::{self, Args};
use daypass_window::feed::Feed;
use daypass_window::single::WindowLock;

/// The exit code of a wrong command line, as everywhere in Daypass.
const USAGE: u8 = 2;
/// How long a window that was just closed may take to end: its web view has processes of its own to wind up.
const CLOSING: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    daypass_window::drawing::suit_the_machine();
    let ended = match args::parse(std::env::args().skip(1)) {
        Ok(Args::Open(place)) => run(place),
        Ok(Args::Palette { warm }) => run_palette(warm),
        Ok(Args::Help) => return say(&mut std::io::stdout(), args::USAGE, ExitCode::SUCCESS),
        Err(error) => {
            return say(&mut std::io::stderr(), &format!("daypass-window: {error}\n"), ExitCode::from(USAGE));
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&mut std::io::stderr(), &format!("daypass-window: {error:#}\n"), ExitCode::FAILURE),
    }
}

/// Shows the window until it is closed; where there is one already, brings that one to the front.
fn run(place: Place) -> anyhow::Result<()> {
    let home = Home::from_env(|name| std::env::var_os(name))?;
    let client = Client::new(&home)?;
    #[cfg(not(target_os = "linux"))]
    daypass_window::beside::start_the_tray(&client);
    let unusable = || format!("cannot use {}", home.run_dir().display());
    let _lock = match WindowLock::acquire(&home).with_context(unusable)? {
        Some(lock) => lock,
        None => {
            let called = call_the_first(&client, &place);
            match WindowLock::acquire_within(&home, CLOSING).with_context(unusable)? {
                Some(lock) => lock,
                None => return Ok(called?),
            }
        }
    };
    let feed = Feed::start(client.clone(), place).context("cannot start a thread")?;
    let builder = tauri::Builder::default().manage(home);
    let app = daypass_window::app(builder, tauri::generate_context!(), client, feed)?;
    daypass_window::open(&app)?;
    app.run(|_, _| {});
    Ok(())
}

/// Is the palette until it was used, or as long as the settings keep it. Where there is one already, that is enough.
fn run_palette(hidden: bool) -> anyhow::Result<()> {
    let home = Home::from_env(|name| std::env::var_os(name))?;
    let client = Client::new(&home)?;
    let unusable = || format!("cannot use {}", home.run_dir().display());
    let Some(_lock) = WindowLock::acquire_palette(&home).with_context(unusable)? else { return Ok(()) };
    let feed = Feed::palette(client.clone()).context("cannot start a thread")?;
    let app = daypass_window::app(tauri::Builder::default(), tauri::generate_context!(), client, feed)?;
    daypass_window::palette::open(&app, hidden)?;
    app.run(|_, _| {});
    Ok(())
}

/// Has the window that is open already brought to the front. Only an agent can reach it; without one there is nothing to
/// do: that window says itself that there is none.
fn call_the_first(client: &Client, place: &Place) -> Result<(), CallError> {
    match client.post("/v1/window", place) {
        Err(CallError::NotRunning | CallError::Ended) => Ok(()),
        called => called,
    }
}

/// Writes `text`; where even that fails, the code still tells.
fn say(to: &mut impl Write, text: &str, code: ExitCode) -> ExitCode {
    let _ = to.write_all(text.as_bytes());
    code
}
