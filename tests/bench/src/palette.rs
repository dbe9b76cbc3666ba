//! Quick copy: from the press of the shortcut to the palette being usable, cold and kept warm, and what the latter costs.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use daypass_test_support::desktop::Screen;
use daypass_test_support::process::{self, Process};
use daypass_test_support::wait;

use crate::home::{STARTS, TrayHome};
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;
use crate::window;

const ROUNDS: usize = 10;
/// Ctrl, Alt and C (`keysymdef.h`).
const KEYS: [u32; 3] = [0xffe3, 0xffe9, 0x63];
/// How long a process is left alone before its memory is looked at.
const REST: Duration = Duration::from_secs(3);

/// Opens the palette cold, beside the bare Tauri window, and then warm.
pub(crate) fn run(programs: &Programs, home: &TrayHome) -> anyhow::Result<Vec<Row>> {
    let screen = Screen::of(&home.desktop);
    let (mut tray, item) = home.start_tray(programs);
    set(programs, home, "shortcut", "Ctrl+Alt+C")?;
    let (mut cold, mut warm, mut bare) = (Sample::default(), Sample::default(), Sample::default());
    for round in 0..=ROUNDS {
        let ours = window::time(&screen, || {
            screen.press(&KEYS);
            Ok(None)
        })?;
        wait::until("its end", STARTS, || palette(home).is_none().then_some(()));
        let other = window::time(&screen, || window::open_bare(programs, home))?;
        // The first round reads the programs from the disk.
        if round > 0 {
            cold.add(ours);
            bare.add(other);
        }
    }
    set(programs, home, "keep_warm", "true")?;
    let process = wait::until("the warm palette", STARTS, || palette(home));
    wait::pause(REST);
    let mut memory = Sample::default();
    for round in 0..=ROUNDS {
        let ours = window::time(&screen, || {
            screen.press(&KEYS);
            Ok(None)
        })?;
        if round > 0 {
            warm.add(ours);
        }
    }
    wait::pause(REST);
    let kib: u64 = process::family(process.pid).iter().map(Process::memory_kib).sum();
    memory.add(kib as f64 * 1024.0 / 1e6);
    set(programs, home, "keep_warm", "false")?;
    set(programs, home, "shortcut", "")?;
    home.quit(&mut tray, &item);
    Ok(vec![
        Row::alone("shortcut to usable palette, cold", "ms", &cold)
            .beside("bare Tauri window", &bare)
            .ratio_at_most(1.25),
        Row::alone("shortcut to usable palette, kept warm", "ms", &warm).beside("bare Tauri window", &bare),
        Row::alone("memory of a palette that is kept warm", "MB", &memory),
    ])
}

/// The palette's process, where there is one.
fn palette(home: &TrayHome) -> Option<Process> {
    let is_palette = |process: &Process| process.arguments().split(|byte| *byte == 0).any(|word| word == b"--palette");
    home.desktop.processes_of("daypass-window").into_iter().find(is_palette)
}

fn set(programs: &Programs, home: &TrayHome, key: &str, value: &str) -> anyhow::Result<()> {
    let mut command: Command = home.desktop.command(&programs.daypass);
    command.args(["settings", "set", &format!("quick_copy.{key}"), value]).stdout(Stdio::null());
    ensure!(command.status().context("no settings")?.success(), "`daypass settings set` failed");
    Ok(())
}
