//! How a program ended, on Unix.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::Signal;

/// Whether a program ended as somebody meant it to: by itself, or by a signal that a user or the end of a session sends. A
/// program that breaks does so by an error or by another signal.
pub(super) fn is_meant(status: ExitStatus) -> bool {
    let ending = [Signal::HUP, Signal::INT, Signal::KILL, Signal::TERM].map(Signal::as_raw);
    status.success() || status.signal().is_some_and(|signal| ending.contains(&signal))
}
