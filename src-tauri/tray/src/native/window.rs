//! Starts the window's program, and sees it end.

#[cfg_attr(unix, path = "window/unix.rs")]
#[cfg_attr(windows, path = "window/windows.rs")]
mod ending;

use std::env::consts::EXE_EXTENSION;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;

use daypass_api::view::{Page, Place};
use tokio::process::Command;
use tokio::sync::mpsc::UnboundedSender;

use self::ending::is_meant;
use crate::desktop::{DesktopError, DesktopEvent};

/// The name of the window's program.
const PROGRAM: &str = "daypass-window";
/// Names another program in its place.
const OVERRIDE: &str = "DAYPASS_WINDOW";

/// Starts the window's program with `place`; its end comes as an event. `home` is given to it as `DAYPASS_HOME`.
pub(super) fn open(
    place: &Place,
    home: Option<&Path>,
    events: UnboundedSender<DesktopEvent>,
) -> Result<(), DesktopError> {
    let mut arguments = vec!["--page".to_owned(), word(place.page).to_owned()];
    for (option, value) in [("--account", &place.account), ("--session", &place.session)] {
        arguments.extend(value.as_ref().map(|value| format!("{option}={value}")));
    }
    start(&arguments, home, move |success| drop(events.send(DesktopEvent::WindowEnded { success })))
}

/// Starts it as the palette, shown or `hidden`; the rest is as for [`open`].
pub(super) fn open_palette(
    hidden: bool,
    home: Option<&Path>,
    events: UnboundedSender<DesktopEvent>,
) -> Result<(), DesktopError> {
    let arguments: &[_] = if hidden { &["--palette", "--warm"] } else { &["--palette"] };
    start(arguments, home, move |success| drop(events.send(DesktopEvent::PaletteEnded { success })))
}

fn start(
    arguments: &[impl AsRef<OsStr>],
    home: Option<&Path>,
    ended: impl FnOnce(bool) + Send + 'static,
) -> Result<(), DesktopError> {
    let program = program(std::env::var_os(OVERRIDE), std::env::current_exe().ok().as_deref());
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    // It ends with us: after *Quit* it would be left looking for an agent that is not coming back.
    command.kill_on_drop(true);
    if let Some(home) = home {
        command.env("DAYPASS_HOME", home);
    }
    let name = program.to_string_lossy();
    let mut child = command.spawn().map_err(|error| DesktopError::Window(format!("{name}: {error}")))?;
    tokio::spawn(async move {
        ended(child.wait().await.is_ok_and(is_meant));
    });
    Ok(())
}

/// The override, else the program beside ours, else whatever `PATH` has.
fn program(named: Option<OsString>, ours: Option<&Path>) -> OsString {
    let beside =
        || ours.map(|ours| ours.with_file_name(PROGRAM).with_extension(EXE_EXTENSION)).filter(|path| path.is_file());
    named.filter(|name| !name.is_empty()).or_else(|| beside().map(Into::into)).unwrap_or_else(|| PROGRAM.into())
}

/// The page's word on the command line; the same as in the local API.
fn word(page: Page) -> &'static str {
    match page {
        Page::Sessions => "sessions",
        Page::NewSession => "new_session",
        Page::Connect => "connect",
        Page::History => "history",
        Page::Timeline => "timeline",
        Page::Settings => "settings",
        Page::SignIn => "sign_in",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_ends_is_not_broken() {
        let ended = |script: &str| is_meant(std::process::Command::new("sh").args(["-c", script]).status().unwrap());
        assert!(ended("exit 0"));
        assert!(ended("kill -TERM $$"));
        assert!(ended("kill -KILL $$"));
        assert!(!ended("exit 1"));
        assert!(!ended("ulimit -c 0; kill -ABRT $$"));
    }

    #[test]
    fn the_program_is_the_override_else_beside_ours_else_on_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let ours = dir.path().join("daypass");
        assert_eq!(program(None, Some(&ours)), "daypass-window");
        std::fs::write(dir.path().join(PROGRAM), "").unwrap();
        assert_eq!(program(None, Some(&ours)), dir.path().join(PROGRAM).into_os_string());
        assert_eq!(program(Some("/opt/w".into()), Some(&ours)), "/opt/w");
        assert_eq!(program(Some("".into()), None), "daypass-window");
    }
}
