//! A desktop with an authority elsewhere, the tray app, and accounts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use daypass_test_support::desktop::{App, Desktop, Options, Screen, TrayItem};
use daypass_test_support::process::Process;
use daypass_test_support::program::{Authority, Installation, Outcome, finish};
use daypass_test_support::wait;
use serde_json::Value;
use tokio::time::Instant;

use crate::page::Page;

/// Long enough for anything that is not waited for by design, on a machine that is busy.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// The screen counts as settled where nothing but a countdown moved for so long.
const SETTLED: Duration = Duration::from_millis(500);
/// The share of the pixels that a countdown may change.
const COUNTDOWN: f64 = 0.002;
/// The file name of the window's program.
pub(crate) const WINDOW: &str = "daypass-window";

/// See the module.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The desktop, with the home of `daypass`.
    pub(crate) desktop: Desktop,
    /// The authority, as far away as a test can have it: in another home.
    pub(crate) authority: Authority,
    elsewhere: Installation,
}

impl Stage {
    /// A desktop as in `options`, and an authority whose sessions live `life` seconds (each kind's own default for `None`).
    pub(crate) fn new(options: Options, life: Option<u64>) -> Self {
        let elsewhere = Installation::new(daypass());
        let authority = Authority::start(&elsewhere, life);
        Self { desktop: Desktop::start(options), authority, elsewhere }
    }

    /// The folder in which the authority keeps everything.
    pub(crate) fn authority_folder(&self) -> &Path {
        self.elsewhere.beside()
    }

    /// A command of `daypass` on the desktop.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.desktop.command(daypass());
        command.args(arguments);
        command
    }

    /// Runs a command of `daypass` to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        finish(&mut self.command(arguments), "")
    }

    /// Starts the tray app, and waits until it answers.
    #[track_caller]
    pub(crate) fn start_tray(&self) -> App {
        let app = self.desktop.launch("tray", &mut self.command(&["tray"]));
        let socket = self.desktop.path("run").join("daypass/agent.sock");
        wait::until("the agent's socket", SOON, || socket.exists().then_some(()));
        app
    }

    /// Starts the tray app, and waits for its icon.
    #[track_caller]
    pub(crate) fn start_tray_with_icon(&self) -> (App, TrayItem) {
        let app = self.start_tray();
        let item = self.desktop.tray_item(app.pid(), SOON);
        (app, item)
    }

    /// Opens the menu with a right click on the icon, which is the last thing on the panel, at the right end of it.
    pub(crate) fn open_menu(&self) {
        // A panel that takes in another menu has none for a moment.
        settle(&Screen::of(&self.desktop));
        self.desktop.click(1265, 15, 3);
        settle(&Screen::of(&self.desktop));
    }

    /// Connects an account of the demo user.
    #[track_caller]
    pub(crate) fn connect(&self, provider: &str, name: &str) {
        let mut command = self.command(&[]);
        command.args(self.authority.add_arguments(provider, name));
        finish(&mut command, self.authority.credential(provider)).ok();
    }

    /// An account's token, by `daypass token`.
    #[track_caller]
    pub(crate) fn token(&self, account: &str) -> String {
        self.run(&["token", account]).ok().trim_end().to_owned()
    }

    /// An account's sessions, by `daypass sessions --json`.
    #[track_caller]
    pub(crate) fn sessions(&self, account: &str) -> Vec<Value> {
        serde_json::from_value(self.run(&["sessions", account, "--json"]).json()).unwrap()
    }

    /// Has somebody elsewhere regenerate PocketPaw's master token: ours and all its sessions die at once. Answers the new
    /// one.
    #[track_caller]
    pub(crate) fn regenerate_elsewhere(&self) -> String {
        let url = format!("{}/api/token/regenerate", self.authority.url);
        let bearer = format!("Authorization: Bearer {}", self.authority.credential("pocketpaw"));
        let regenerated = self.desktop.command("curl").args(["-sS", "-f", "-X", "POST", "-H", &bearer, &url]).output();
        let answer: Value = serde_json::from_slice(&regenerated.unwrap().stdout).unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    /// The running windows of Daypass.
    pub(crate) fn windows(&self) -> Vec<Process> {
        let all = self.desktop.processes_of(WINDOW);
        // A child of one bears its name until it has become the web view's process.
        let is_child = |process: &Process| all.iter().any(|other| other.pid == process.parent);
        all.iter().filter(|process| !is_child(process)).cloned().collect()
    }

    /// Waits until a window of Daypass is on the screen, and answers its process.
    #[track_caller]
    pub(crate) fn wait_for_window(&self) -> Process {
        Screen::of(&self.desktop).wait_for_window("Daypass", SOON);
        self.windows().pop().expect("a window without a process")
    }

    /// Waits until `window` is off the screen, and whoever started it knows of its end.
    #[track_caller]
    pub(crate) fn wait_for_end(&self, window: &Process) {
        wait::until("the end of the window", SOON, || window.is_gone().then_some(()));
        let screen = Screen::of(&self.desktop);
        wait::until("an empty screen", SOON, || screen.window("Daypass").is_none().then_some(()));
    }

    /// Opens a window of its own under the test's control, on `page` (`sessions`, `new_session`, `connect`, `history`).
    #[track_caller]
    pub(crate) fn open_page(&self, page: &str) -> Page {
        Page::open(&self.desktop, &window_program(), &["--page", page])
    }
}

/// Waits until the screen has stopped changing.
pub(crate) fn settle(screen: &Screen) {
    let start = Instant::now();
    let (mut last, mut since) = (screen.frame(), start);
    wait::until("a quiet screen", SOON, || {
        let frame = screen.frame();
        if frame.difference(&last) > COUNTDOWN {
            since = Instant::now();
        }
        last = frame;
        (since.elapsed() > SETTLED).then_some(())
    });
}

/// Starts a process, and leaves its output alone.
pub(crate) fn quietly(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// The program `daypass`.
pub(crate) fn daypass() -> &'static str {
    env!("CARGO_BIN_EXE_daypass")
}

/// The window's program, beside it.
pub(crate) fn window_program() -> PathBuf {
    let path = Path::new(daypass()).with_file_name(WINDOW);
    assert!(path.exists(), "{} is missing: run `make build-debug`", path.display());
    path
}
