//! Starting an agent in the background, one starter at a time, and waiting for the place of one that ends.

use std::convert::Infallible;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use daypass_agent::AgentLock;
use daypass_api::client::{CallError, Client};
use daypass_api::home::{private_file, private_folder};
use daypass_api::view::StatusView;
use daypass_api::{ApiError, Home, reason};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::failure::Failure;
use crate::{output, process};

/// How long an agent may take until it is ready, on a machine that is very busy. It waits for the place of one that ends.
const READY_LIMIT: Duration = Duration::from_secs(60);
/// How long an agent that was asked to end may take: it waits for the answers under way that nobody could ask for again
/// (25 s), and answers its clients.
const END_LIMIT: Duration = Duration::from_secs(40);
/// After how long whoever waits for the place of an agent that ends is told why.
const TELL_AFTER: Duration = Duration::from_secs(2);
/// Why.
const WAITING: &str = "The last agent has not ended yet: a rotation that is under way gets up to 25 s, so that its answer \
                       is not lost.";
/// How often whoever waits for the place looks whether somebody answers in it.
const LOOK: Duration = Duration::from_millis(200);

/// The one line that a background agent says to its starter.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Greeting {
    /// The socket answers: its own, or that of an agent that was quicker.
    Ready,
    /// It could not start.
    Failed(ApiError),
}

/// Held while an agent or tray app starts, or is stopped, so that nobody else decides at the same moment that none runs.
#[derive(Debug)]
pub(crate) struct Starting {
    _lock: File,
}

impl Starting {
    /// Waits until nobody else is starting.
    ///
    /// # Errors
    /// Where the folder of the data cannot be made or written.
    pub(crate) fn wait(home: &Home) -> Result<Self, Failure> {
        let path = home.start_lock();
        private_folder(home.data_dir())?;
        let lock = private_file().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|error| cannot("be opened", &path, &error))?;
        let lock = within(READY_LIMIT * 2, move || lock.lock().map(|()| lock));
        match lock {
            Some(Ok(lock)) => Ok(Self { _lock: lock }),
            Some(Err(error)) => Err(cannot("be locked", &path, &error)),
            None => {
                let message =
                    "Another `daypass` has been starting or stopping an agent for two minutes; stop it and try again.";
                Err(Failure::other(message))
            }
        }
    }
}

/// The place of the agent.
pub(crate) enum Place {
    /// It was free, and is ours.
    Ours(AgentLock),
    /// An agent has it, and says this of itself.
    Taken(StatusView),
}

/// Takes the place of the agent where it is free. One that is ending has its time to leave it, and one that is starting to
/// answer.
///
/// # Errors
/// Where the lock cannot be made, and where somebody has the place who neither leaves it nor answers.
pub(crate) fn place(home: &Home) -> Result<Place, Failure> {
    if let Some(lock) = AgentLock::acquire(home)? {
        return Ok(Place::Ours(lock));
    }
    let client = Client::new(home)?;
    Ok(match free_or_answered(home, || client.get("/v1/status").map(Some))? {
        Ok(lock) => Place::Ours(lock.signed(home)),
        Err(status) => Place::Taken(status),
    })
}

/// Waits until the place is free, and says `ask`, which asks for that, to whoever answers in it. The lock is not signed.
///
/// # Errors
/// Those of `ask`, and where the agent does not end.
pub(crate) fn place_of_one_that_ends(
    home: &Home,
    mut ask: impl FnMut() -> Result<(), CallError>,
) -> Result<AgentLock, Failure> {
    match free_or_answered(home, || ask().map(|()| None::<Infallible>))? {
        Ok(lock) => Ok(lock),
        Err(never) => match never {},
    }
}

/// Starts a headless agent that outlives this process, and waits until it answers.
///
/// # Errors
/// Where it cannot be started; the agent's own reason, where it gave one.
pub(crate) fn in_background(home: &Home) -> Result<(), Failure> {
    let _starting = Starting::wait(home)?;
    // While we waited, someone else may have started one.
    match Client::new(home)?.get::<StatusView>("/v1/status") {
        Ok(_) => return Ok(()),
        Err(CallError::NotRunning | CallError::Ended) => {}
        Err(CallError::Api(error)) => return Err(error.into()),
    }
    let last_one_ends = AgentLock::is_held(home);
    let log_path = home.agent_log();
    let log = private_file().append(true).create(true).open(&log_path);
    let log = log.map_err(|error| cannot("be written", &log_path, &error))?;
    let program = std::env::current_exe()
        .map_err(|error| Failure::other(format!("The own program file cannot be found: {error}.")))?;
    let mut command = Command::new(&program);
    process::set_apart(&mut command);
    let child = command
        .args(["agent", "--background"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|error| cannot("be started", &program, &error))?;
    let mut line = String::new();
    let said = beside(move || {
        let read = child.stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
        read.is_some_and(|read| read.is_ok()).then_some(line)
    });
    let said = said.recv_timeout(TELL_AFTER).or_else(|_| {
        if last_one_ends {
            tell_why();
        }
        said.recv_timeout(READY_LIMIT)
    });
    let Ok(said) = said else {
        let limit = READY_LIMIT.as_secs();
        return Err(Failure::other(format!("The agent was not ready within {limit} s; see {}.", log_path.display())));
    };
    match said.and_then(|line| serde_json::from_str(&line).ok()) {
        Some(Greeting::Ready) => Ok(()),
        Some(Greeting::Failed(error)) => Err(error.into()),
        // It was killed, or broke.
        None => Err(Failure::other(format!("The agent ended while it started; see {}.", log_path.display()))),
    }
}

/// Says `greeting` to the starter on stdout, and lets go of it.
pub(crate) fn greet(greeting: &Greeting) {
    let mut line = serde_json::to_string(greeting).unwrap_or_default();
    line.push('\n');
    let mut stdout = std::io::stdout();
    // A starter that has gone away no longer waits for it.
    let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
    process::leave_stdout();
}

/// One sentence on a file or folder that cannot be used.
pub(crate) fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::other(format!("{} cannot {what}: {}.", path.display(), reason(error)))
}

/// The place once it is free, or the first answer of whoever has it. Who asks looks again and again: an agent that has the
/// lock may be about to leave, or not have begun to answer.
fn free_or_answered<T>(
    home: &Home,
    mut ask: impl FnMut() -> Result<Option<T>, CallError>,
) -> Result<Result<AgentLock, T>, Failure> {
    let begun = Instant::now();
    let mut free = None;
    let mut told = false;
    loop {
        match ask() {
            Ok(Some(answer)) => return Ok(Err(answer)),
            Ok(None) | Err(CallError::NotRunning | CallError::Ended) => {}
            Err(CallError::Api(error)) => return Err(error.into()),
        }
        let free: &Receiver<_> = free.get_or_insert_with(|| {
            let home = home.clone();
            beside(move || AgentLock::wait(&home))
        });
        match free.recv_timeout(LOOK) {
            Ok(lock) => return Ok(Ok(lock?)),
            Err(_) if begun.elapsed() >= END_LIMIT => return Err(stuck(home)),
            Err(_) if begun.elapsed() >= TELL_AFTER && !told => {
                told = true;
                tell_why();
            }
            Err(_) => {}
        }
    }
}

/// Tells a user who waits in a terminal why; a script is told of what comes of it alone.
fn tell_why() {
    if std::io::stderr().is_terminal() {
        output::tell(WAITING);
    }
}

/// Somebody holds the lock, and does nothing else.
fn stuck(home: &Home) -> Failure {
    let holder = std::fs::read_to_string(home.agent_lock()).unwrap_or_default();
    let holder = holder.lines().next().and_then(|pid| pid.parse::<u32>().ok());
    let which = holder.map_or_else(String::new, |pid| format!(" (process {pid})"));
    let kill = holder.map_or_else(|| "it".to_owned(), |pid| format!("it with `kill -KILL {pid}`"));
    Failure::other(format!(
        "The agent{which} neither answers nor ends. If it stays so for a minute, end {kill}, and try again."
    ))
}

/// What `work` answers, if it does so within `limit`; otherwise its thread is left to itself.
fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    beside(work).recv_timeout(limit).ok()
}

/// What `work` answers on a thread of its own.
fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    receiver
}
