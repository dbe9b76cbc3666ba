//! Starting an agent in the background, one starter at a time, and waiting for the place of one that ends.
//!
//! Nothing here polls: the starter waits for a line on the child's stdout, and whoever wants the place of an ending
//! agent waits for its lock.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use daypass_agent::AgentLock;
use daypass_api::client::Client;
use daypass_api::home::private_folder;
use daypass_api::view::StatusView;
use daypass_api::{ApiError, Home, reason};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// How long an agent may take until it is ready: a keyring that does not answer is given up after 3 s.
const READY_LIMIT: Duration = Duration::from_secs(20);
/// How long an agent that was asked to end may take: it waits for refreshes under way, but not for slow ones.
const END_LIMIT: Duration = Duration::from_secs(15);

/// The one line that a background agent says to its starter.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Greeting {
    /// The socket answers.
    Ready,
    /// It could not start.
    Failed(ApiError),
}

/// Held while an agent or tray app starts, so that nobody else decides at the same moment that none runs.
#[derive(Debug)]
pub(crate) struct Starting {
    _lock: File,
}

impl Starting {
    /// Waits until nobody else is starting.
    ///
    /// # Errors
    /// Where the folder of the socket cannot be made or written.
    pub(crate) fn wait(home: &Home) -> Result<Self, Failure> {
        let path = home.run_dir().join("start.lock");
        private_folder(home.run_dir())?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = lock.map_err(|error| cannot("be opened", &path, &error))?;
        let lock = within(READY_LIMIT * 2, move || lock.lock().map(|()| lock));
        match lock {
            Some(Ok(lock)) => Ok(Self { _lock: lock }),
            Some(Err(error)) => Err(cannot("be locked", &path, &error)),
            None => {
                Err(Failure::other("Another `daypass` has been starting an agent for too long; stop it and try again."))
            }
        }
    }
}

/// Starts a headless agent that outlives this process, and waits until it answers.
///
/// # Errors
/// Where it cannot be started; the agent's own reason, where it gave one.
pub(crate) fn in_background(home: &Home) -> Result<(), Failure> {
    let _starting = Starting::wait(home)?;
    // While we waited, someone else may have started one.
    if Client::new(home)?.get::<StatusView>("/v1/status").is_ok() {
        return Ok(());
    }
    private_folder(home.data_dir())?;
    let log_path = home.agent_log();
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(&log_path);
    let log = log.map_err(|error| cannot("be written", &log_path, &error))?;
    let program = std::env::current_exe()
        .map_err(|error| Failure::other(format!("The own program file cannot be found: {error}.")))?;
    let child = Command::new(&program)
        .args(["agent", "--background"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|error| cannot("be started", &program, &error))?;
    let mut line = String::new();
    let said = within(READY_LIMIT, move || {
        let read = child.stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
        read.is_some_and(|read| read.is_ok()).then_some(line)
    });
    match said.flatten().and_then(|line| serde_json::from_str(&line).ok()) {
        Some(Greeting::Ready) => Ok(()),
        Some(Greeting::Failed(error)) => Err(error.into()),
        None => Err(Failure::other(format!("The agent could not be started; see {}.", log_path.display()))),
    }
}

/// What a background agent does first: leaves the terminal and the folder of whoever started it.
///
/// # Errors
/// Where the kernel refuses a session of its own.
pub(crate) fn detach() -> Result<(), Failure> {
    rustix::process::setsid()
        .and_then(|_| rustix::process::chdir("/"))
        .map_err(|error| Failure::other(format!("The agent cannot leave the terminal: {error}.")))
}

/// Says `greeting` to the starter on stdout, and lets go of it.
pub(crate) fn greet(greeting: &Greeting) {
    let mut line = serde_json::to_string(greeting).unwrap_or_default();
    line.push('\n');
    let mut stdout = std::io::stdout();
    // A starter that has gone away no longer waits for it.
    let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&null);
    }
}

/// The place of the agent: at once where it is free, or as soon as an ending agent has left it.
///
/// # Errors
/// Where it is not left in time.
pub(crate) fn wait_for_place(home: &Home) -> Result<AgentLock, Failure> {
    if let Some(lock) = AgentLock::acquire(home)? {
        return Ok(lock);
    }
    let path = home.agent_lock();
    let file = File::open(&path).map_err(|error| cannot("be opened", &path, &error))?;
    // The lock is given back at once and taken anew through its own door: two takers may meet there, one wins.
    within(END_LIMIT, move || file.lock());
    let still =
        || Failure::other("Another agent is still running; stop it with `daypass agent --stop`, then try again.");
    AgentLock::acquire(home)?.ok_or_else(still)
}

/// What `work` answers, if it does so within `limit`; otherwise its thread is left to itself.
fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(limit).ok()
}

/// One sentence on a file or folder that cannot be used.
pub(crate) fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::other(format!("{} cannot {what}: {}.", path.display(), reason(error)))
}
