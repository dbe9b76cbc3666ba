//! Whole-process time of `daypass token` against a running agent.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::time::Instant;

use crate::home::TrayHome;
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;

const ROUNDS: usize = 300;
const WARM_UP: usize = 20;

/// Times ours, a bare program that asks a bare server, and `secret-tool`, in turns.
pub(crate) fn run(programs: &Programs, home: &TrayHome) -> anyhow::Result<Vec<Row>> {
    let desktop = &home.desktop;
    let (mut tray, item) = home.start_tray(programs);
    let token_command = || {
        let mut command = desktop.command(&programs.daypass);
        command.args(["token", "account-0"]);
        command
    };
    let output = token_command().output()?;
    ensure!(output.status.success(), "`daypass token` failed: {}", String::from_utf8_lossy(&output.stderr));

    let socket = desktop.path("run").join("bare.sock");
    serve_bare(UnixListener::bind(&socket)?, output.stdout.clone());
    let store = "printf %s \"$1\" | secret-tool store --label=bench bench token";
    let stored = desktop.command("sh").args(["-c", store, "sh", &String::from_utf8(output.stdout)?]).status()?;
    ensure!(stored.success(), "the keyring did not take the token");

    let (mut ours, mut bare, mut keyring) = (Sample::default(), Sample::default(), Sample::default());
    for round in 0..ROUNDS + WARM_UP {
        let times = [
            time(&mut token_command())?,
            time(desktop.command(&programs.bare_socket).arg(&socket))?,
            time(desktop.command("secret-tool").args(["lookup", "bench", "token"]))?,
        ];
        if round >= WARM_UP {
            ours.add_time(times[0]);
            bare.add_time(times[1]);
            keyring.add_time(times[2]);
        }
    }
    home.quit(&mut tray, &item);
    let row = || Row::alone("daypass token, whole process", "ms", &ours);
    Ok(vec![
        row().beside("bare socket program", &bare).ratio_at_most(1.4),
        row().beside("secret-tool lookup", &keyring),
    ])
}

/// From before its start to after its end, with its output in a pipe that nobody reads meanwhile.
fn time(command: &mut Command) -> anyhow::Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("{command:?} cannot be started"))?;
    let status = child.wait()?;
    let time = start.elapsed();
    ensure!(status.success(), "{command:?} failed");
    Ok(time)
}

/// Answers every connection with the same bytes, once it has sent a line.
fn serve_bare(listener: UnixListener, answer: Vec<u8>) {
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            if reader.read_line(&mut line).is_ok() {
                let _ = reader.get_mut().write_all(&answer);
            }
        }
    });
}
