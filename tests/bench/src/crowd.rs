//! Ten thousand sessions in one list: how long until the window with them is usable, how they scroll, and what the window costs
//! while nothing happens.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use daypass_test_support::desktop::Screen;
use daypass_test_support::{process, wait};
use serde_json::{Value, json};

use crate::home::{STARTS, TrayHome};
use crate::load;
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;
use crate::window::{is_app, time};

/// How many sessions there are in the end.
const CROWD: usize = 10_000;
/// The account that has them: the first at AntiRaid.
const ACCOUNT: &str = "account-2";
const ROUNDS: usize = 7;
/// How long an idle window is watched.
const MINUTE: Duration = Duration::from_secs(60);
/// As many frames a second as one takes for fluent.
const FLUENT: f64 = 55.0;
/// After this a window that was opened or closed is at rest.
const REST: Duration = Duration::from_secs(5);

/// Opens the window with few and with many sessions, scrolls, and watches it idle.
pub(crate) fn run(programs: &Programs, home: &TrayHome) -> anyhow::Result<Vec<Row>> {
    let screen = Screen::of(&home.desktop);
    let (mut tray, item) = home.start_tray(programs);
    let open = |sample: &mut Sample| {
        for round in 0..=ROUNDS {
            let usable = time(&screen, || {
                item.activate();
                Ok(None)
            })?;
            if round > 0 {
                sample.add(usable);
            }
        }
        anyhow::Ok(())
    };
    let (mut few, mut many) = (Sample::default(), Sample::default());
    open(&mut few)?;
    open_sessions(programs, home)?;
    open(&mut many)?;
    let closed = idle(tray.pid())?;
    item.activate();
    wait::until("the window", STARTS, || screen.windows().iter().any(|(_, title)| is_app(title)).then_some(()));
    let opened = idle(tray.pid())?;
    let (window, _) = screen.windows().into_iter().find(|(_, title)| is_app(title)).context("no window is open")?;
    screen.close(window);
    wait::pause(REST);
    let scrolled = scroll(programs, home)?;
    home.quit(&mut tray, &item);
    let one = |value: f64| {
        let mut sample = Sample::default();
        sample.add(value);
        sample
    };
    let figure = |name: &str| scrolled[name].as_f64().context("the page told no figure");
    let (rate, script) = (figure("rate")?, figure("script")?);
    let rate_row = Row::alone("scrolling 10 000 rows", "frames/s", &one(rate));
    let script_row = Row::alone("script for a frame of it", "ms", &one(script));
    // A machine that cannot draw so many says nothing of the list; its script then has to.
    let (rate_row, script_row) =
        if rate >= FLUENT { (rate_row.at_least(FLUENT), script_row) } else { (rate_row, script_row.at_most(4.0)) };
    Ok(vec![
        Row::alone("usable window, 10 000 sessions", "ms", &many).beside("10 sessions", &few).ratio_at_most(1.5),
        rate_row,
        script_row,
        Row::alone("processor, idle, window open", "%", &one(opened)).at_most(1.0),
        Row::alone("processor, idle, window closed", "%", &one(closed)).at_most(0.1),
    ])
}

/// The size of what the window loads and of what is shipped.
///
/// # Errors
/// Where the page was not built.
pub(crate) fn sizes() -> anyhow::Result<Vec<Row>> {
    let size = |folder: &str, prefix: &str, end: &str| {
        let files = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let wanted = files.filter(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            name.starts_with(prefix) && name.ends_with(end)
        });
        wanted.filter_map(|file| Some(file.metadata().ok()?.len())).sum::<u64>()
    };
    let row = |measure: &str, bytes: u64, by: f64, unit| {
        let mut sample = Sample::default();
        sample.add(bytes as f64 / by);
        Row::alone(measure, unit, &sample)
    };
    let all = size("ui/dist/assets", "", ".js");
    ensure!(all > 0, "ui/dist is missing: run `make bench`");
    let mut rows = vec![
        row("scripts of the page, the first", size("ui/dist/assets", "index-", ".js"), 1e3, "kB"),
        row("scripts of the page, all", all, 1e3, "kB"),
    ];
    let package = size("target/package", "", ".deb");
    if package > 0 {
        rows.push(row("the Debian package", package, 1e6, "MB").at_most(15.0));
    }
    Ok(rows)
}

/// Opens the sessions as somebody else who has a token of the account, and lets the agent list them.
fn open_sessions(programs: &Programs, home: &TrayHome) -> anyhow::Result<()> {
    let token = home.desktop.command(&programs.daypass).args(["token", ACCOUNT]).output()?;
    let token = String::from_utf8(token.stdout)?;
    let address = home.authority().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let requests: Vec<Vec<u8>> = (0..CROWD)
        .map(|number| {
            let life = 3_600 + 60 * number;
            let body = json!({ "name": format!("robot {number:05}"), "type": "api", "expiry": life }).to_string();
            let head = format!(
                "POST /sessions HTTP/1.1\r\nHost: {address}\r\nAuthorization: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                token.trim(),
                body.len()
            );
            [head.as_bytes(), body.as_bytes()].concat()
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(load::ask_all(&address, &requests))?;
    let mut listed = home.desktop.command(&programs.daypass);
    let listed = listed.args(["sessions", ACCOUNT]).stdout(Stdio::null()).status()?;
    ensure!(listed.success(), "`daypass sessions` failed");
    Ok(())
}

/// The share of one processor that a process and all that descend from it take over a minute, in percent.
fn idle(pid: u32) -> anyhow::Result<f64> {
    wait::pause(REST);
    let before = spent(pid);
    wait::pause(MINUTE);
    Ok((spent(pid) - before) as f64 / MINUTE.as_nanos() as f64 * 100.0)
}

/// Nanoseconds on a processor so far (the kernel's `sched-stats`).
fn spent(pid: u32) -> u64 {
    let threads = process::family(pid).into_iter().flat_map(|process| {
        fs::read_dir(format!("/proc/{}/task", process.pid)).into_iter().flatten().filter_map(Result::ok)
    });
    let nanos = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    nanos.sum()
}

/// Scrolls through the list for four seconds, by WebKit's own driver: frames in a second, and the script's time for one.
fn scroll(programs: &Programs, home: &TrayHome) -> anyhow::Result<Value> {
    const PORT: &str = "47277";
    let mut driver = home.desktop.command("WebKitWebDriver");
    driver.args(["--host=127.0.0.1", &format!("--port={PORT}")]).env("TAURI_WEBVIEW_AUTOMATION", "true");
    let mut driver = driver.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let outcome = drive(home, &programs.daypass.with_file_name("daypass-window"), PORT);
    driver.kill()?;
    driver.wait()?;
    outcome
}

fn drive(home: &TrayHome, window: &Path, port: &str) -> anyhow::Result<Value> {
    let ask = |method: &str, path: &str, body: Value| -> anyhow::Result<Value> {
        let mut curl: Command = home.desktop.command("curl");
        let url = format!("http://127.0.0.1:{port}{path}");
        let answer = curl.args(["-sS", "-m", "60", "--retry", "20", "--retry-connrefused", "--retry-delay", "1"]);
        let answer = answer.args(["-X", method, "-d", &body.to_string(), &url]).output()?;
        Ok(serde_json::from_slice::<Value>(&answer.stdout)?["value"].take())
    };
    let options = json!({ "binary": window, "args": ["--page", "sessions", "--account", ACCOUNT] });
    let capabilities = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
    let session = ask("POST", "/session", capabilities)?["sessionId"].take();
    let session = format!("/session/{}", session.as_str().context("no window came")?);
    wait::pause(REST);
    let figures = ask("POST", &format!("{session}/execute/async"), json!({ "script": SCROLL, "args": [] }))?;
    ask("DELETE", &session, json!({}))?;
    Ok(figures)
}

/// The first listener of a scroll event and the last one tell what the list's own takes in between, with all that it draws:
/// Svelte has written the rows before the next listener is called.
const SCROLL: &str = "
    const done = arguments[arguments.length - 1];
    const rows = document.querySelector('[role=rowgroup]');
    let [began, script, events, frames] = [0, 0, 0, 0];
    addEventListener('scroll', () => (began = performance.now()), true);
    rows.addEventListener('scroll', () => { script += performance.now() - began; events += 1; });
    const start = performance.now();
    const frame = () => {
        rows.scrollTop += 300;
        frames += 1;
        const passed = performance.now() - start;
        if (passed < 4000) requestAnimationFrame(frame);
        else done({ rate: frames * 1000 / passed, script: script / Math.max(1, events) });
    };
    requestAnimationFrame(frame);";
