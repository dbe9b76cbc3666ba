//! The desktop of the benchmark: an authority, and a tray app with ten accounts at it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use daypass_test_support::desktop::{App, Desktop, Options, TrayItem};
use serde_json::Value;

use crate::programs::Programs;

/// How many accounts there are.
const ACCOUNTS: usize = 10;
/// How long a part may take to start.
pub(crate) const STARTS: Duration = Duration::from_secs(30);

/// A running authority in demo mode; killed when dropped.
#[derive(Debug)]
pub(crate) struct Authority {
    child: Child,
    /// Where it answers.
    pub(crate) url: String,
    /// The credentials of its one user, by system.
    pub(crate) demo: Value,
}

impl Authority {
    /// Starts one on a free port, with a new store in the folder of `command`.
    ///
    /// # Errors
    /// Where it does not say that it is ready.
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Self> {
        command.args(["serve", "--demo", "--json", "--listen", "127.0.0.1:0", "--store", "sqlite:authority.sqlite"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line).context("the authority did not start")?;
        let url = ready["url"].as_str().context("no url")?.trim_end_matches('/').to_owned();
        Ok(Self { child, url, demo: ready["demo"].clone() })
    }

    /// One of the demo credentials, such as `/discovr/refresh_token`.
    pub(crate) fn credential(&self, pointer: &str) -> anyhow::Result<&str> {
        self.demo.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer}"))
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A desktop on which `daypass tray` has ten accounts.
#[derive(Debug)]
pub(crate) struct TrayHome {
    /// The desktop.
    pub(crate) desktop: Desktop,
    authority: Authority,
}

impl TrayHome {
    /// Starts the desktop and an authority, connects the accounts, and ends the tray app again.
    ///
    /// # Errors
    /// Where one of them does not do its part.
    pub(crate) fn prepare(programs: &Programs) -> anyhow::Result<Self> {
        let desktop = Desktop::start(Options::default());
        let authority = Authority::start(desktop.command(&programs.daypass))?;
        let home = Self { desktop, authority };
        let (mut tray, item) = home.start_tray(programs);
        for number in 0..ACCOUNTS {
            home.add_account(programs, number)?;
        }
        home.quit(&mut tray, &item);
        Ok(home)
    }

    /// Starts `daypass tray`, and waits for its icon.
    pub(crate) fn start_tray(&self, programs: &Programs) -> (App, TrayItem) {
        let app = self.desktop.launch("tray", self.desktop.command(&programs.daypass).arg("tray"));
        let item = self.desktop.tray_item(app.pid(), STARTS);
        (app, item)
    }

    /// Ends the tray app, as the user does.
    pub(crate) fn quit(&self, tray: &mut App, item: &TrayItem) {
        item.choose(&["Quit"]);
        tray.wait(STARTS);
    }

    fn add_account(&self, programs: &Programs, number: usize) -> anyhow::Result<()> {
        let authority = &self.authority;
        let profile = authority.credential("/discovr/profile_id")?;
        let (provider, credential, setting) = match number % 4 {
            0 => ("discovr", "/discovr/refresh_token", Some(format!("profile_id={profile}"))),
            1 => ("pocketpaw", "/pocketpaw/master_token", None),
            2 => ("antiraid", "/antiraid/login_token", None),
            _ => ("discover", "/discover/api_key", None),
        };
        let mut command = self.desktop.command(&programs.daypass);
        let name = format!("account-{number}");
        command.args(["account", "add", provider, "--name", &name, "--base-url", &authority.url, "--credential-stdin"]);
        command.args(setting.iter().flat_map(|setting| ["--set", setting]));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        child.stdin.take().context("no input")?.write_all(authority.credential(credential)?.as_bytes())?;
        ensure!(child.wait()?.success(), "the account {name} could not be connected");
        Ok(())
    }
}
