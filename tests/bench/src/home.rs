//! The desktop of the benchmark: an authority, and a tray app with ten accounts at it.

use std::time::Duration;

use daypass_test_support::desktop::{App, Desktop, Options, TrayItem};
use daypass_test_support::program::{Authority, Installation, finish};

use crate::programs::Programs;

/// How many accounts there are.
const ACCOUNTS: usize = 10;
/// How long a part may take to start.
pub(crate) const STARTS: Duration = Duration::from_secs(30);

/// A desktop on which `daypass tray` has ten accounts.
#[derive(Debug)]
pub(crate) struct TrayHome {
    /// The desktop.
    pub(crate) desktop: Desktop,
    authority: Authority,
    _elsewhere: Installation,
}

impl TrayHome {
    /// Starts the desktop and an authority, connects the accounts, and ends the tray app again.
    pub(crate) fn prepare(programs: &Programs) -> Self {
        let desktop = Desktop::start(Options::default());
        let elsewhere = Installation::new(&programs.daypass);
        let authority = Authority::start(&elsewhere, None);
        let home = Self { desktop, authority, _elsewhere: elsewhere };
        let (mut tray, item) = home.start_tray(programs);
        let providers = ["discovr", "pocketpaw", "antiraid", "discover"].into_iter().cycle().take(ACCOUNTS);
        for (number, provider) in providers.enumerate() {
            let mut command = home.desktop.command(&programs.daypass);
            command.args(home.authority.add_arguments(provider, &format!("account-{number}")));
            finish(&mut command, home.authority.credential(provider)).ok();
        }
        home.quit(&mut tray, &item);
        home
    }

    /// Where the authority is.
    pub(crate) fn authority(&self) -> &str {
        &self.authority.url
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
}
