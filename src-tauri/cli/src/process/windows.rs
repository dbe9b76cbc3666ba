//! What a process of Daypass does with itself on Windows: the events that end it, leaving the console.

use std::os::windows::io::AsRawHandle;
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::Command;

use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
};
use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::System::Console::{FreeConsole, GetConsoleProcessList};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, DETACHED_PROCESS};

use crate::failure::Failure;

/// What this process writes is its user's alone by the rights of its folders.
pub(crate) fn keep_private() {}

/// The events that ask a process to end: Ctrl-C, Ctrl-Break, a console that is closed, and the end of the session.
pub(crate) struct Signals(CtrlC, CtrlBreak, CtrlClose, CtrlShutdown);

impl Signals {
    /// From now on the events are caught. Must be called on the runtime.
    ///
    /// # Errors
    /// Where the system refuses.
    pub(crate) fn catch() -> Result<Self, Failure> {
        let failed =
            |error: std::io::Error| Failure::other(format!("The events that end it cannot be caught: {error}."));
        let (c, interrupted) = (ctrl_c().map_err(failed)?, ctrl_break().map_err(failed)?);
        Ok(Self(c, interrupted, ctrl_close().map_err(failed)?, ctrl_shutdown().map_err(failed)?))
    }

    /// Waits for one of them.
    pub(crate) async fn end(mut self) {
        self.next().await;
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
            _ = self.2.recv() => {}
            _ = self.3.recv() => {}
        }
        Signalled::End
    }
}

/// What an event asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signalled {
    /// To end.
    End,
    /// To read something again: never asked here.
    #[expect(dead_code, reason = "Windows has no event for it")]
    HangUp,
}

/// Handles are not limited here.
pub(crate) fn open_many_files() {}

/// The name of this machine.
pub(crate) fn machine() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "windows".to_owned())
}

/// Prepares the start of a process that outlives this one: it gets no console, and none of our streams. A child inherits what may
/// be inherited, also where it is given others; whoever reads our stdout would wait for its end.
pub(crate) fn set_apart(command: &mut Command) {
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
    let streams =
        [std::io::stdin().as_raw_handle(), std::io::stdout().as_raw_handle(), std::io::stderr().as_raw_handle()];
    for stream in streams {
        #[expect(unsafe_code, reason = "there is no other way to it; see below")]
        // SAFETY: it is asked about a handle of our own that nobody closes, or about none, which it refuses.
        let _ = unsafe { SetHandleInformation(stream, HANDLE_FLAG_INHERIT, 0) };
    }
}

/// What a background agent does first: leaves the folder of whoever started it. It has no console, see [`set_apart`].
///
/// # Errors
/// Where the system refuses.
pub(crate) fn detach() -> Result<(), Failure> {
    let away = std::env::set_current_dir(std::env::temp_dir());
    away.map_err(|error| Failure::other(format!("The agent cannot leave its folder: {error}.")))
}

/// Closes the console where it was made for this process alone, as at login: a resident program has nothing to say there.
pub(crate) fn leave_own_console() {
    let mut processes = [0; 2];
    #[expect(unsafe_code, reason = "there is no other way to it; see below")]
    // SAFETY: the list is ours to write, and as long as is said; a console is let go of by all streams at once.
    unsafe {
        if GetConsoleProcessList(processes.as_mut_ptr(), 2) == 1 {
            FreeConsole();
        }
    }
}

/// Whoever started us reads one line, and not to the end.
pub(crate) fn leave_stdout() {}

/// The next line that is written tells whether the reader of stdout has gone: it cannot be watched.
pub(crate) fn reader_has_gone() -> bool {
    false
}

/// Whether `file` is a program.
pub(crate) fn runs(file: &Path) -> bool {
    file.with_extension("exe").is_file()
}
