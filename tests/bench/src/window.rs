//! From the request for the window to its page being usable: drawn as it will stay.

use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use daypass_test_support::desktop::{Frame, Screen};
use daypass_test_support::wait;
use tokio::time::Instant;

use crate::home::{STARTS, TrayHome};
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;

const ROUNDS: usize = 10;
/// How often the screen is looked at.
const PACE: Duration = Duration::from_millis(10);
/// The screen counts as settled where nothing but countdowns moved for so long.
const SETTLED: Duration = Duration::from_millis(1500);
/// The share of the pixels that the countdowns of ten accounts change at most; drawing the page changes six times as many.
const COUNTDOWN: f64 = 0.03;

/// Opens ours and the bare Tauri window in turns.
pub(crate) fn run(programs: &Programs, home: &TrayHome) -> anyhow::Result<Vec<Row>> {
    let screen = Screen::of(&home.desktop);
    let (mut tray, item) = home.start_tray(programs);
    let (mut ours, mut bare) = (Sample::default(), Sample::default());
    for round in 0..=ROUNDS {
        let our_time = time(&screen, || {
            item.activate();
            Ok(None)
        })?;
        let bare_time = time(&screen, || open_bare(programs, home))?;
        // The first round reads the programs from the disk.
        if round > 0 {
            ours.add(our_time);
            bare.add(bare_time);
        }
    }
    home.quit(&mut tray, &item);
    Ok(vec![Row::alone("request to usable window", "ms", &ours).beside("bare Tauri window", &bare).ratio_at_most(1.25)])
}

/// Starts the bare Tauri window.
pub(crate) fn open_bare(programs: &Programs, home: &TrayHome) -> anyhow::Result<Option<Child>> {
    let mut command = home.desktop.command(&programs.bare_tauri);
    command.arg("window").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(Some(command.spawn()?))
}

/// Milliseconds from `request` to the first picture that is the one which stays; closes the window afterwards.
pub(crate) fn time(screen: &Screen, request: impl FnOnce() -> anyhow::Result<Option<Child>>) -> anyhow::Result<f64> {
    let before = screen.frame();
    let start = Instant::now();
    let child = request()?;
    let usable = watch(screen, &before, start)?;
    let (window, _) = screen.windows().into_iter().find(|(_, title)| is_app(title)).context("no window came")?;
    screen.close(window);
    if let Some(mut child) = child {
        child.wait()?;
    }
    wait::until("an empty screen", STARTS, || (screen.frame().difference(&before) < COUNTDOWN).then_some(()));
    Ok((usable - start).as_secs_f64() * 1e3)
}

/// The titles of the windows that are measured; the panel has one too.
pub(crate) fn is_app(title: &str) -> bool {
    title.contains("Daypass") || title == "Bare"
}

/// Looks at the screen until it has changed and then settled, and answers when it first looked as it does in the end.
fn watch(screen: &Screen, before: &Frame, start: Instant) -> anyhow::Result<Instant> {
    let (mut last, mut since) = (before.clone(), start);
    loop {
        wait::pause(PACE);
        let frame = screen.frame();
        let now = Instant::now();
        if frame.difference(&last) > COUNTDOWN {
            (last, since) = (frame, now);
        }
        if now - since > SETTLED && last != *before {
            return Ok(since);
        }
        ensure!(now - start < STARTS, "the screen did not settle");
    }
}
