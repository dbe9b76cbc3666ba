//! Pictures of every page in every state, of the menu and of notifications, light and dark, in English and German, into the
//! folder that `DAYPASS_SHOTS` names (`make shots`); without it they are taken all the same, looked at, and thrown away.

mod album;
mod first_run;
mod lists;
mod pages;
mod tray;
mod troubles;

use crate::stage::Stage;

/// Connects an account at each provider, and opens some sessions more at one.
fn connect_all(stage: &Stage) {
    for (provider, name) in [("antiraid", "work"), ("discovr", "films"), ("pocketpaw", "paw"), ("discover", "search")] {
        stage.connect(provider, name);
        stage.token(name);
    }
    for (name, life) in [("ci", "2h"), ("laptop", "1d"), ("nightly backup", "7d")] {
        stage.run(&["session", "create", "work", "--name", name, "--life", life]).ok();
    }
}
