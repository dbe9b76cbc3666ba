//! A real desktop for one test: an X server, a session bus, a keyring, a notification server and a tray host, as child
//! processes with scratch folders, ended when the value is dropped. Several run side by side, as root too, without a terminal.

mod accessibility;
mod bus;
mod clipboard;
mod keyring;
mod mute;
mod notifications;
mod portal;
mod screen;
mod tray;

use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use zbus::blocking::Connection;

use crate::process::{self, Process};
use crate::wait;

pub use accessibility::{Accessibility, Accessible, ROLES};
pub use keyring::StoredSecret;
pub use notifications::Notification;
pub use portal::Portal;
pub use screen::{Frame, Screen};
pub use tray::{MenuEntry, TrayItem};

/// How long a part of the desktop may take to start; far above what it needs, for a machine that is busy building.
pub const STARTS: Duration = Duration::from_secs(30);
/// The variable that marks every process of one desktop, so that none outlives it.
const MARK: &str = "DAYPASS_TEST_DESKTOP";

/// How the Secret Service of the desktop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring {
    /// It answers, and its collection is open.
    Unlocked,
    /// It answers, and its collection is locked; nobody answers its prompt.
    Locked,
    /// There is none, and none is started on request.
    Absent,
    /// Somebody owns its name, takes every call, and never answers.
    Mute,
}

/// What a desktop is to have.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The Secret Service.
    pub keyring: Keyring,
    /// Whether a panel shows tray icons.
    pub tray_host: bool,
    /// Whether programs are told that the user likes dark colours.
    pub dark: bool,
    /// Whether there is an accessibility bus, and programs tell of themselves on it.
    pub accessible: bool,
    /// Whether a window manager gives windows their frames and the focus.
    pub window_manager: bool,
    /// What `LANG` is set to. The C library need not have that locale.
    pub language: &'static str,
}

impl Default for Options {
    /// An open keyring, a tray host, light colours, nobody who listens, no window manager, and no language.
    fn default() -> Self {
        Self {
            keyring: Keyring::Unlocked,
            tray_host: true,
            dark: false,
            accessible: false,
            window_manager: false,
            language: "C.UTF-8",
        }
    }
}

/// A running desktop.
#[derive(Debug)]
pub struct Desktop {
    scratch: TempDir,
    display: String,
    address: String,
    options: Options,
    bus: Connection,
    notifications: notifications::Monitor,
    children: Vec<Child>,
    /// The real keyring's process.
    keyring: Option<Child>,
    /// Who stands in its place and never answers.
    mute: Option<mute::Mute>,
}

impl Desktop {
    /// Starts one, and returns when every part of it answers.
    pub fn start(options: Options) -> Self {
        let scratch = tempfile::Builder::new().prefix("daypass-").tempdir().unwrap();
        for name in ["home", "run", "config", "data", "cache", "state", "log", "services", "tmp"] {
            fs::create_dir(scratch.path().join(name)).unwrap();
            fs::set_permissions(scratch.path().join(name), Permissions::from_mode(0o700)).unwrap();
        }
        let mut environment = Environment { root: scratch.path(), display: "", address: "", options };

        let (server, display) = first_line(
            environment.command("Xvfb").args(["-displayfd", "1", "-screen", "0", "1280x800x24"]).args([
                "-nolisten",
                "tcp",
                "-noreset",
            ]),
            &scratch.path().join("log/xvfb"),
        );
        let display = format!(":{display}");
        environment.display = &display;

        let config = bus::write_config(scratch.path());
        let (daemon, address) = first_line(
            environment.command("dbus-daemon").arg("--config-file").arg(config).args(["--print-address", "--nofork"]),
            &scratch.path().join("log/dbus-daemon"),
        );
        let bus = bus::connect(&address);
        let notifications = notifications::Monitor::start(&address);

        let children = vec![server, daemon];
        let mut desktop =
            Self { scratch, display, address, options, bus, notifications, children, keyring: None, mute: None };
        if options.accessible {
            desktop.start_service(accessibility::LAUNCHER, &["--launch-immediately"], accessibility::BUS);
        }
        notifications::write_config(desktop.root());
        desktop.start_service("dunst", &[], notifications::SERVICE);
        match options.keyring {
            Keyring::Unlocked => desktop.start_keyring(),
            Keyring::Locked => {
                desktop.start_keyring();
                desktop.lock_keyring();
            }
            Keyring::Absent => {}
            Keyring::Mute => desktop.start_mute_keyring(),
        }
        if options.window_manager {
            desktop.start_window_manager();
        }
        if options.tray_host {
            desktop.start_panel();
        }
        desktop
    }

    /// The folder that holds all of the desktop's scratch folders.
    pub fn root(&self) -> &Path {
        self.scratch.path()
    }

    /// One of them: `home`, `run`, `config`, `data`, `cache`, `state`, `log`, `tmp`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The X display, such as `:99`.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The address of the session bus.
    pub fn bus_address(&self) -> &str {
        &self.address
    }

    /// A connection to the session bus.
    pub fn bus(&self) -> &Connection {
        &self.bus
    }

    /// A command that will run on this desktop, with this desktop's environment and nothing else of ours.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let environment = Environment {
            root: self.scratch.path(),
            display: &self.display,
            address: &self.address,
            options: self.options,
        };
        environment.command(program)
    }

    /// Starts an app on the desktop; what it prints goes to the file `log/NAME`.
    pub fn launch(&self, name: &str, command: &mut Command) -> App {
        let log = File::options().create(true).append(true).open(self.path("log").join(name)).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        App { child, log: self.path("log").join(name) }
    }

    /// Every process on the desktop.
    pub fn processes(&self) -> Vec<Process> {
        let mark = format!("{MARK}={}\0", self.scratch.path().display());
        let is_ours = |process: &Process| contains(&process.environment(), mark.as_bytes());
        process::all().into_iter().filter(is_ours).collect()
    }

    /// The processes of one program.
    pub fn processes_of(&self, program: &str) -> Vec<Process> {
        self.processes().into_iter().filter(|process| process.program == program).collect()
    }

    /// A picture of a part of the screen, as PNG; `part` is an X geometry such as `640x400+0+0`.
    pub fn screenshot(&self, part: &str, file: &Path) {
        let mut import = self.command("import");
        let status = import.args(["-window", "root", "-crop", part, "+repage"]).arg(file).status().unwrap();
        assert!(status.success(), "no picture of the screen was made");
    }

    /// What a command prints, without its last newline, or `None` where it failed. It may take five seconds.
    pub fn read(&self, command: &Command) -> Option<String> {
        let mut limited = self.command("timeout");
        let output = limited.arg("5").arg(command.get_program()).args(command.get_args()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        output.status.success().then(|| text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    /// Starts the window manager, and waits until it says that it is one (EWMH, `_NET_SUPPORTING_WM_CHECK`).
    fn start_window_manager(&mut self) {
        let log = File::create(self.path("log").join("openbox")).unwrap();
        let mut command = self.command("openbox");
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.children.push(command.spawn().unwrap_or_else(|error| panic!("openbox cannot be started: {error}")));
        let screen = Screen::of(self);
        wait::until("the window manager", STARTS, || screen.is_managed().then_some(()));
    }

    /// Starts a part of the desktop, and waits until its name is on the bus.
    fn start_service(&mut self, program: &str, arguments: &[&str], name: &str) {
        let log = Path::new(program).file_name().unwrap();
        let log = File::create(self.path("log").join(log)).unwrap();
        let mut command = self.command(program);
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("{program} cannot be started: {error}"));
        self.children.push(child);
        bus::wait_for_name(&self.bus, name, STARTS);
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let mut left = self.processes();
        for process in left.drain(..) {
            kill("-KILL", process.pid);
        }
        for child in self.children.iter_mut().chain(&mut self.keyring) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A program that was started on a desktop; killed when dropped.
#[derive(Debug)]
pub struct App {
    child: Child,
    log: PathBuf,
}

impl App {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that it has printed.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        kill("-TERM", self.child.id());
    }

    /// Ends it at once (SIGKILL), as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end, and answers its exit code; `None` where a signal ended it.
    pub fn wait(&mut self, deadline: Duration) -> Option<i32> {
        wait::until("the end of a program", deadline, || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process on the desktop gets to see of the world.
struct Environment<'a> {
    root: &'a Path,
    display: &'a str,
    address: &'a str,
    options: Options,
}

impl Environment<'_> {
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let folder = |name: &str| self.root.join(name);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into()))
            .env("LANG", self.options.language)
            .env("HOME", folder("home"))
            .env("TMPDIR", folder("tmp"))
            .env("XDG_RUNTIME_DIR", folder("run"))
            .env("XDG_CONFIG_HOME", folder("config"))
            .env("XDG_DATA_HOME", folder("data"))
            .env("XDG_CACHE_HOME", folder("cache"))
            .env("XDG_STATE_HOME", folder("state"))
            .env("XDG_SESSION_TYPE", "x11")
            .env("XDG_CURRENT_DESKTOP", "XFCE")
            .env("GSETTINGS_BACKEND", "memory")
            .env("GTK_THEME", if self.options.dark { "Adwaita:dark" } else { "Adwaita" })
            .env(MARK, self.root)
            .current_dir(folder("home"));
        if !self.display.is_empty() {
            command.env("DISPLAY", self.display);
        }
        if !self.address.is_empty() {
            command.env("DBUS_SESSION_BUS_ADDRESS", self.address);
        }
        if !self.options.accessible {
            command.env("NO_AT_BRIDGE", "1");
        }
        command
    }
}

/// Starts a program that prints one line when it is ready, and answers that line.
fn first_line(command: &mut Command, log: &Path) -> (Child, String) {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log).unwrap());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(!line.trim().is_empty(), "{command:?}: {}", fs::read_to_string(log).unwrap_or_default());
    (child, line.trim().to_owned())
}

/// Sends a signal to one process, which may have ended by now.
fn kill(signal: &str, pid: u32) {
    let _ = Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status();
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
