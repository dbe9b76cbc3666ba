//! The entry on Windows: a value of the user's key `Run`, whose programs are started when he signs in (Win32, "Run and RunOnce Registry
//! Keys"). The task manager switches them off in a key of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use winreg::RegKey;
use winreg::enums::{HKEY_CURRENT_USER, KEY_SET_VALUE};

use super::gone;

const RUN: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";
const APPROVED: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run";
/// The value's name in both.
const ENTRY: &str = "Daypass";

/// The entry of one user.
pub(super) struct Entry {
    /// What it starts.
    program: PathBuf,
}

impl Entry {
    /// One that starts `program`; `None` where `home` is not the usual folder, which no entry can name.
    pub(super) fn of(program: PathBuf, home: Option<PathBuf>, _var: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        home.is_none().then_some(Self { program })
    }

    /// Switches it `on` or off.
    ///
    /// # Errors
    /// Those of the registry.
    pub(super) fn switch(&self, on: bool) -> std::io::Result<()> {
        let user = RegKey::predef(HKEY_CURRENT_USER);
        gone(user.open_subkey_with_flags(APPROVED, KEY_SET_VALUE).and_then(|key| key.delete_value(ENTRY)))?;
        let (run, _) = user.create_subkey(RUN)?;
        if !on {
            return gone(run.delete_value(ENTRY));
        }
        run.set_value(ENTRY, &format!("\"{}\" tray", self.program.display()))
    }

    /// Whether Daypass is started.
    pub(super) fn is_on(&self) -> bool {
        let switch = RegKey::predef(HKEY_CURRENT_USER).open_subkey(APPROVED).and_then(|key| key.get_raw_value(ENTRY));
        // The first byte is odd where it was switched off.
        let switched_off = switch.is_ok_and(|switch| switch.bytes.first().is_some_and(|first| first % 2 == 1));
        command().is_some() && !switched_off
    }

    /// Whether it starts a program that is not there any more.
    #[expect(clippy::unused_self, reason = "elsewhere the entry is a file of its own")]
    pub(super) fn leads_nowhere(&self) -> bool {
        command().is_some_and(|line| line.split('"').nth(1).is_some_and(|program| !Path::new(program).exists()))
    }
}

/// The line that is run.
fn command() -> Option<String> {
    RegKey::predef(HKEY_CURRENT_USER).open_subkey(RUN).and_then(|key| key.get_value(ENTRY)).ok()
}
