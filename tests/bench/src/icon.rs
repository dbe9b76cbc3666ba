//! From the start of the tray app to its icon being registered with the tray host.

use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use anyhow::Context as _;
use tokio::time::Instant;
use zbus::MatchRule;
use zbus::blocking::MessageIterator;

use crate::home::{STARTS, TrayHome};
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;

const ROUNDS: usize = 15;

/// Starts ours and the bare Tauri app in turns.
pub(crate) fn run(programs: &Programs, home: &TrayHome) -> anyhow::Result<Vec<Row>> {
    let registered = registrations(home)?;
    let (mut ours, mut bare) = (Sample::default(), Sample::default());
    for round in 0..=ROUNDS {
        let our_time = time(home.desktop.command(&programs.daypass).arg("tray"), &registered)?;
        let bare_time = time(home.desktop.command(&programs.bare_tauri).arg("tray"), &registered)?;
        // The first round reads the programs from the disk.
        if round > 0 {
            ours.add(our_time);
            bare.add(bare_time);
        }
    }
    Ok(vec![Row::alone("start to tray icon", "ms", &ours).beside("bare Tauri tray app", &bare).at_most(50.0)])
}

/// Milliseconds from the start of a tray app to its registration; ends it afterwards.
fn time(command: &mut Command, registered: &Receiver<Instant>) -> anyhow::Result<f64> {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn()?;
    let end = registered.recv_timeout(STARTS).context("no icon came");
    // Asked politely, so that the next start finds nothing to settle.
    Command::new("kill").arg(child.id().to_string()).status()?;
    child.wait()?;
    // Where an app registers twice, the first time counts.
    while registered.try_recv().is_ok() {}
    Ok((end? - start).as_secs_f64() * 1e3)
}

/// When each tray icon was registered, as the bus tells it.
fn registrations(home: &TrayHome) -> anyhow::Result<Receiver<Instant>> {
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .interface("org.kde.StatusNotifierWatcher")?
        .member("StatusNotifierItemRegistered")?
        .build();
    let signals = MessageIterator::for_match_rule(rule, home.desktop.bus(), None)?;
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for _signal in signals.map_while(Result::ok) {
            if sender.send(Instant::now()).is_err() {
                break;
            }
        }
    });
    Ok(receiver)
}
