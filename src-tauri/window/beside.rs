//! macOS and Windows: what a user opens is the window, for a bundle starts the one program that it is called after. So the window
//! starts the tray app, which is beside it in the bundle, where none runs.

use std::env::consts::EXE_EXTENSION;
use std::process::{Command, Stdio};

use daypass_api::Client;
use daypass_api::client::CallError;
use daypass_api::view::StatusView;

/// The lean program's name, in the folder of ours.
const PROGRAM: &str = "daypass";

/// Starts the tray app where no agent answers; the window finds it by itself. One that cannot be started is told by the window too,
/// which then has no agent to show.
pub fn start_the_tray(client: &Client) {
    if let Err(CallError::NotRunning) = client.get::<StatusView>("/v1/status")
        && let Ok(ours) = std::env::current_exe()
    {
        let null = Stdio::null;
        let mut command = Command::new(ours.with_file_name(PROGRAM).with_extension(EXE_EXTENSION));
        let _ = unseen(&mut command).arg("tray").stdin(null()).stdout(null()).stderr(null()).spawn();
    }
}

/// It would get a console with a window of its own.
#[cfg(windows)]
fn unseen(command: &mut Command) -> &mut Command {
    use std::os::windows::process::CommandExt;

    /// `CREATE_NO_WINDOW`.
    const NO_WINDOW: u32 = 0x0800_0000;

    command.creation_flags(NO_WINDOW)
}

/// There is nothing to be seen of it.
#[cfg(not(windows))]
fn unseen(command: &mut Command) -> &mut Command {
    command
}
