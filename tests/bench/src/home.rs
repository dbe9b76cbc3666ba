//! The desktop of the benchmark: an authority, and a tray app with ten accounts at it.

use std::time::Duration;

use daypass_test_support::authority::DemoAuthority;
use daypass_test_support::desktop::{App, Desktop, Options, TrayItem};

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
    authority: DemoAuthority,
}

impl TrayHome {
    /// Starts the desktop and an authority, connects the accounts, and ends the tray app again.
    pub(crate) fn prepare(programs: &Programs) -> Self {
        let desktop = Desktop::start(Options::default());
        let authority = DemoAuthority::start(desktop.command(&programs.daypass), None);
        let home = Self { desktop, authority };
        let (mut tray, item) = home.start_tray(programs);
        let providers = ["discovr", "pocketpaw", "antiraid", "discover"].into_iter().cycle().take(ACCOUNTS);
        for (number, provider) in providers.enumerate() {
            let command = home.desktop.command(&programs.daypass);
            home.authority.connect(command, provider, &format!("account-{number}"));
        }
        home.quit(&mut tray, &item);
        home
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
