//! How a program ended, on Windows.

use std::process::ExitStatus;

/// `STATUS_CONTROL_C_EXIT`: by Ctrl-C, or with its console.
const CONTROL_C: i32 = 0xc000_013a_u32.cast_signed();

/// Whether a program ended as somebody meant it to: by itself, or with its console. What the task
/// manager does to it looks as if it had failed.
pub(super) fn is_meant(status: ExitStatus) -> bool {
    status.success() || status.code() == Some(CONTROL_C)
}
