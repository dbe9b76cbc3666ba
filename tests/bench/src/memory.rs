//! Memory of the tray app and all its processes before a window was ever open, with it, and after closing it.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use daypass_test_support::desktop::Screen;
use daypass_test_support::{process, wait};

use crate::home::{STARTS, TrayHome};
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;
use crate::window::is_app;

const ROUNDS: usize = 3;
/// How many windows are opened in a row.
const WINDOWS: usize = 50;
/// How long an app is left alone before it is measured.
const REST: Duration = Duration::from_secs(3);

/// The three states, in MB of 1 000 000 bytes.
#[derive(Debug, Default)]
struct States {
    before: Sample,
    open: Sample,
    after: Sample,
    /// After fifty windows.
    worn: Sample,
}

/// Measures ours and the bare Tauri app in turns.
pub(crate) fn run(programs: &Programs, home: &TrayHome) -> anyhow::Result<Vec<Row>> {
    let screen = Screen::of(&home.desktop);
    let (mut ours, mut bare) = (States::default(), States::default());
    for _ in 0..ROUNDS {
        measure_ours(programs, home, &screen, &mut ours)?;
        measure_bare(programs, home, &screen, &mut bare)?;
    }
    let row = |measure: &str, ours: &Sample, bare: &Sample| {
        Row::alone(measure, "MB", ours).beside("bare Tauri tray app", bare)
    };
    wear(programs, home, &screen, &mut ours)?;
    Ok(vec![
        row("memory, 10 accounts, before a window", &ours.before, &bare.before).at_most(14.0),
        row("memory, 10 accounts, window open", &ours.open, &bare.open),
        row("memory, 10 accounts, window closed", &ours.after, &bare.after).at_most(14.0),
        Row::alone("memory after 50 windows", "MB", &ours.worn).beside("before any", &ours.before).ratio_at_most(1.05),
    ])
}

fn measure_ours(programs: &Programs, home: &TrayHome, screen: &Screen, states: &mut States) -> anyhow::Result<()> {
    let (mut tray, item) = home.start_tray(programs);
    // An app that has handed a token out is the one that rests in the tray.
    let used = home.desktop.command(&programs.daypass).args(["token", "account-0"]).stdout(Stdio::null()).status()?;
    ensure!(used.success(), "`daypass token` failed");
    states.before.add(rested(tray.pid()));
    item.activate();
    wait_for(screen, true);
    states.open.add(rested(tray.pid()));
    close(screen)?;
    states.after.add(rested(tray.pid()));
    home.quit(&mut tray, &item);
    Ok(())
}

/// Opens and closes the window again and again in one life of the tray app.
fn wear(programs: &Programs, home: &TrayHome, screen: &Screen, states: &mut States) -> anyhow::Result<()> {
    let (mut tray, item) = home.start_tray(programs);
    for _ in 0..WINDOWS {
        item.activate();
        wait_for(screen, true);
        close(screen)?;
    }
    states.worn.add(rested(tray.pid()));
    home.quit(&mut tray, &item);
    Ok(())
}

fn measure_bare(programs: &Programs, home: &TrayHome, screen: &Screen, states: &mut States) -> anyhow::Result<()> {
    let mut command = home.desktop.command(&programs.bare_tauri);
    let mut child = command.arg("tray").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut input = child.stdin.take().context("no input")?;
    home.desktop.tray_item(child.id(), STARTS);
    states.before.add(rested(child.id()));
    input.write_all(b"open\n")?;
    wait_for(screen, true);
    states.open.add(rested(child.id()));
    close(screen)?;
    states.after.add(rested(child.id()));
    input.write_all(b"quit\n")?;
    child.wait()?;
    Ok(())
}

/// The memory of a process and all that descend from it, after a rest.
fn rested(pid: u32) -> f64 {
    wait::pause(REST);
    let kib: u64 = process::family(pid).iter().map(process::Process::memory_kib).sum();
    kib as f64 * 1024.0 / 1e6
}

fn close(screen: &Screen) -> anyhow::Result<()> {
    let (window, _) = screen.windows().into_iter().find(|(_, title)| is_app(title)).context("no window is open")?;
    screen.close(window);
    wait_for(screen, false);
    Ok(())
}

fn wait_for(screen: &Screen, open: bool) {
    let is_open = || screen.windows().iter().any(|(_, title)| is_app(title));
    wait::until("the window to open or close", STARTS, || (is_open() == open).then_some(()));
}
