//! The program `daypass` in a scratch home: its commands with what they print, its agents, and its authority.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::wait;

/// How long one command may take: longer than its own limit for a provider that is mute.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(90);
/// How long a long-lived process may take to be ready, and to end when it is asked to.
pub const START_LIMIT: Duration = Duration::from_secs(30);

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its exit code; -1 where a signal ended it.
    pub code: i32,
    /// What it printed as its result.
    pub stdout: String,
    /// What it told a person.
    pub stderr: String,
}

impl Outcome {
    /// Its result, where it succeeded without a word on stderr.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "stdout was {:?}", self.stdout);
        self.stdout
    }

    /// Its result as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text:?} is not JSON: {error}"))
    }

    /// Its one sentence, where it failed with `code` and printed no result.
    #[track_caller]
    pub fn refused(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "stderr was {:?}", self.stderr);
        let line = self.stderr.strip_suffix('\n').unwrap_or_else(|| panic!("{:?} is not a line", self.stderr));
        assert!(!line.contains('\n'), "more than one line: {line}");
        let sentence = line.strip_prefix("daypass: ").unwrap_or_else(|| panic!("{line:?} does not name its speaker"));
        assert!(sentence.ends_with(['.', '?']), "not a sentence: {sentence}");
        sentence.to_owned()
    }
}

/// A home of its own for the program, with a key file; removed with its agent when the value is dropped.
#[derive(Debug)]
pub struct Installation {
    binary: PathBuf,
    scratch: TempDir,
}

impl Installation {
    /// A new one for the program `binary` (`env!("CARGO_BIN_EXE_daypass")`).
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let scratch = tempfile::Builder::new().prefix("daypass-").tempdir().unwrap();
        let installation = Self { binary: binary.into(), scratch };
        fs::create_dir(installation.root()).unwrap();
        fs::write(installation.key_file(), [7; 32]).unwrap();
        installation
    }

    /// What `DAYPASS_HOME` names.
    pub fn root(&self) -> PathBuf {
        self.scratch.path().join("home")
    }

    /// A folder beside the home, for what a test needs.
    pub fn beside(&self) -> &Path {
        self.scratch.path()
    }

    /// The file that opens the vault; outside of the home.
    pub fn key_file(&self) -> PathBuf {
        self.scratch.path().join("vault.key")
    }

    /// The vault.
    pub fn vault_file(&self) -> PathBuf {
        self.root().join("data/vault.sqlite")
    }

    /// The agent's socket.
    pub fn socket(&self) -> PathBuf {
        self.root().join("run/agent.sock")
    }

    /// Writes a provider definition of the user's own.
    pub fn write_definition(&self, file: &str, text: &str) {
        let folder = self.root().join("config/providers");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file), text).unwrap();
    }

    /// A command with this home, and with nothing else of our environment: no display, no bus.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.scratch.path());
        command.env("DAYPASS_HOME", self.root());
        command.env("DAYPASS_VAULT_KEY_FILE", self.key_file());
        // The system bus is found without an environment, and on it the machine's own logind.
        command.env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}/no-bus", self.scratch.path().display()));
        command
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Outcome {
        finish(&mut self.command(arguments), "")
    }

    /// Runs a command to its end, with `input` on stdin.
    #[track_caller]
    pub fn run_with<S: AsRef<OsStr>>(&self, arguments: &[S], input: &str) -> Outcome {
        finish(&mut self.command(arguments), input)
    }

    /// Starts a headless agent in the foreground, and waits until it is ready.
    #[track_caller]
    pub fn agent(&self) -> Running {
        let running = Running::start(&mut self.command(&["agent"]));
        running.line("the agent to be ready", |line| line.contains("The agent is ready"));
        running
    }

    /// The process id of whoever was last the agent here.
    pub fn agent_pid(&self) -> Option<u32> {
        let lock = fs::read_to_string(self.root().join("data/agent.lock")).ok()?;
        lock.lines().next()?.parse().ok()
    }
}

impl Drop for Installation {
    /// Ends an agent that a command started in the background, lest it outlive its home.
    fn drop(&mut self) {
        let _ = self.command(&["agent", "--stop"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Runs `command` to its end, with `input` on stdin.
///
/// # Panics
/// Where it cannot be started, or does not end within [`COMMAND_LIMIT`].
#[track_caller]
pub fn finish(command: &mut Command, input: &str) -> Outcome {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    // A command that does not read its input may have ended before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let stdout = read_all(child.stdout.take().unwrap());
    let stderr = read_all(child.stderr.take().unwrap());
    let Some(status) = wait::within(COMMAND_LIMIT, || child.try_wait().unwrap()) else {
        let _ = child.kill();
        panic!("{command:?} has not ended within {COMMAND_LIMIT:?}");
    };
    let [stdout, stderr] = [stdout, stderr].map(|output| output.recv_timeout(START_LIMIT).unwrap());
    Outcome { code: status.code().unwrap_or(-1), stdout, stderr }
}

fn read_all(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// A long-lived process and the lines that it prints, on stdout and stderr alike; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    /// Lines that came while another was waited for.
    seen: RefCell<Vec<String>>,
}

impl Running {
    /// Starts `command`.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let (sender, lines) = channel();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Self { child, lines, seen: RefCell::default() }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The first line that is `wanted`, among those that came and have not been asked for, or the next to come. The two
    /// outputs are read side by side, so that lines of one may overtake the other's.
    ///
    /// # Panics
    /// Where none comes within [`START_LIMIT`], or the process ends before.
    #[track_caller]
    pub fn line(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let mut seen = self.seen.borrow_mut();
        if let Some(place) = seen.iter().position(|line| wanted(line)) {
            return seen.remove(place);
        }
        loop {
            match self.lines.recv_timeout(START_LIMIT) {
                Ok(line) if wanted(&line) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("waited in vain for {what} ({error}); the lines were {seen:#?}"),
            }
        }
    }

    /// Sends `signal`, and waits for the end.
    #[track_caller]
    pub fn end_by(&mut self, signal: Signal) -> ExitStatus {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        self.ended()
    }

    /// Waits for the end.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        wait::until("the process to end", START_LIMIT, || self.child.try_wait().unwrap())
    }

    /// All lines that have not been asked for, once it has ended.
    pub fn rest(&self) -> Vec<String> {
        self.seen.take().into_iter().chain(self.lines.iter()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A demo authority in a process of its own.
#[derive(Debug)]
pub struct Authority {
    /// The process.
    pub process: Running,
    /// Where it is.
    pub url: String,
    /// The credentials of its one user, by provider, as `serve --json` prints them.
    pub demo: Value,
}

impl Authority {
    /// Starts `daypass serve --demo` on a free port, its sessions living `ttl` seconds where that is given.
    #[track_caller]
    pub fn start(installation: &Installation, ttl: Option<u64>) -> Self {
        Self::start_at(installation, "127.0.0.1:0", ttl)
    }

    /// The same at the address `listen`.
    #[track_caller]
    pub fn start_at(installation: &Installation, listen: &str, ttl: Option<u64>) -> Self {
        let ttl = ttl.map(|ttl| ttl.to_string());
        let more = ttl.iter().flat_map(|ttl| ["--session-ttl", ttl]);
        Self::start_with(installation, &["--listen", listen].into_iter().chain(more).collect::<Vec<_>>())
    }

    /// The same with these settings; on a free port, where none is among them.
    #[track_caller]
    pub fn start_with(installation: &Installation, settings: &[&str]) -> Self {
        let store = format!("sqlite:{}", installation.beside().join("authority.sqlite").display());
        let mut command = installation.command(&["serve", "--demo", "--json", "--store", &store]);
        command.args(settings);
        if !settings.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let process = Running::start(&mut command);
        let line = process.line("the ready line", |line| line.starts_with("{\"url\":"));
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        Self { process, url, demo: ready["demo"].clone() }
    }

    /// The credential that an account of `provider` is connected with.
    pub fn credential(&self, provider: &str) -> &str {
        let name = match provider {
            "discovr" => "refresh_token",
            "pocketpaw" => "master_token",
            "antiraid" => "login_token",
            "discover" => "api_key",
            other => panic!("there is no provider {other}"),
        };
        self.demo[provider][name].as_str().unwrap()
    }

    /// The arguments that connect an account of `provider` to this authority; the credential goes to stdin.
    pub fn add_arguments(&self, provider: &str, name: &str) -> Vec<String> {
        let mut arguments = ["account", "add", provider, "--name", name, "--base-url", &self.url, "--credential-stdin"]
            .map(String::from)
            .to_vec();
        if provider == "discovr" {
            let profile = self.demo["discovr"]["profile_id"].as_str().unwrap();
            arguments.extend(["--set".to_owned(), format!("profile_id={profile}")]);
        }
        arguments
    }

    /// Connects an account, which must succeed.
    #[track_caller]
    pub fn connect(&self, installation: &Installation, provider: &str, name: &str) {
        let credential = format!("{}\n", self.credential(provider));
        installation.run_with(&self.add_arguments(provider, name), &credential).ok();
    }
}
