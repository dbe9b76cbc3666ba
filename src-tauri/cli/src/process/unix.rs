//! What a process of Daypass does with itself on Unix: its privacy, the signals that end it, leaving the terminal.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Keeps what this process writes to its user: files for nobody else, and no core dumps, which would hold secrets.
pub(crate) fn keep_private() {
    rustix::process::umask(Mode::from_raw_mode(0o077));
    // A limit that cannot be lowered is one that is zero already.
    let _ = rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// The signals that ask a process to end: SIGTERM, SIGINT, and SIGHUP of a terminal that is closed.
pub(crate) struct Signals([Signal; 3]);

impl Signals {
    /// From now on the signals are caught. Must be called on the runtime.
    ///
    /// # Errors
    /// Where the kernel refuses.
    pub(crate) fn catch() -> Result<Self, Failure> {
        let catch = |kind| {
            signal(kind).map_err(|error| Failure::other(format!("The signals that end it cannot be caught: {error}.")))
        };
        Ok(Self([catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?, catch(SignalKind::hangup())?]))
    }

    /// Waits for one of them.
    pub(crate) async fn end(mut self) {
        self.next().await;
    }

    /// Waits for the next one, and says whether it was the terminal that was closed (SIGHUP): by custom that tells a server
    /// to look at its files again.
    pub(crate) async fn next(&mut self) -> Signalled {
        let [terminate, interrupt, hangup] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => Signalled::End,
            _ = interrupt.recv() => Signalled::End,
            _ = hangup.recv() => Signalled::HangUp,
        }
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signalled {
    /// To end.
    End,
    /// To end, unless there is something to be read again.
    HangUp,
}

/// Lets this process open as many files as the system allows it to. Each connection is one, and the usual limit is a
/// thousand, for the sake of programs that use select(2).
pub(crate) fn open_many_files() {
    let had = rustix::process::getrlimit(Resource::Nofile);
    // Where it is refused, connections are shed earlier.
    let _ = rustix::process::setrlimit(Resource::Nofile, Rlimit { current: had.maximum, maximum: had.maximum });
}

/// The name of this machine.
pub(crate) fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Prepares the start of a process that outlives this one: there it is [`detach`] that does it.
pub(crate) fn set_apart(_command: &mut Command) {}

/// What a background agent does first: leaves the terminal and the folder of whoever started it.
///
/// # Errors
/// Where the kernel refuses a session of its own.
pub(crate) fn detach() -> Result<(), Failure> {
    rustix::process::setsid()
        .and_then(|_| rustix::process::chdir("/"))
        .map_err(|error| Failure::other(format!("The agent cannot leave the terminal: {error}.")))
}

/// A terminal is never made for a program alone.
pub(crate) fn leave_own_console() {}

/// Lets go of stdout, which whoever reads it sees.
pub(crate) fn leave_stdout() {
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&null);
    }
}

/// Blocks until the reader of stdout goes away; answers whether it did.
pub(crate) fn reader_has_gone() -> bool {
    let stdout = std::io::stdout();
    // Errors are told without being asked for (poll(2)).
    let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
    loop {
        match poll(&mut watched, None) {
            Ok(_) if watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => return true,
            Err(rustix::io::Errno::INTR) => {}
            // Where stdout cannot be watched, the next line that is written tells.
            Ok(_) | Err(_) => return false,
        }
    }
}

/// Whether `file` is a program that we may run.
pub(crate) fn runs(file: &Path) -> bool {
    file.is_file() && rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
}
