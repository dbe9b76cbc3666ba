//! Starting at login: the system's entry for it is written and removed as the setting says, and the setting follows where
//! the user has changed the entry by the system's own means.

#[cfg_attr(target_os = "macos", path = "autostart/launch_agent.rs")]
#[cfg_attr(windows, path = "autostart/run_key.rs")]
#[cfg_attr(not(any(windows, target_os = "macos")), path = "autostart/xdg.rs")]
mod entry;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;

use daypass_agent::Agent;
use daypass_api::{Home, reason};
use serde_json::json;

use self::entry::Entry;
use crate::output;

/// The entry of one user, and how it was left.
pub(crate) struct Autostart {
    entry: Entry,
    /// Where it is noted how the entry was left. Where it is otherwise now, its user has changed it.
    note: PathBuf,
}

impl Autostart {
    /// The entry that the environment names, read through `var` (a stand-in for `std::env::var_os`); `None` where there is
    /// no place for it. `program` is what it starts.
    pub(crate) fn of(home: &Home, program: PathBuf, var: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let root = var("DAYPASS_HOME").filter(|root| !root.is_empty());
        let root = root.and_then(|root| std::path::absolute(root).ok());
        Some(Self { entry: Entry::of(program, root, var)?, note: home.autostart_note() })
    }

    /// Keeps the entry as the setting says, for as long as the agent lives.
    pub(crate) async fn follow(self, agent: &Agent) {
        let mut settings = agent.watch_settings();
        let chosen = settings.borrow_and_update().start_at_login;
        // While the file has an error it is not known what was chosen: the entry stays as it is.
        if agent.settings().error.is_none() {
            self.begin(agent, chosen).await;
        }
        while settings.changed().await.is_ok() {
            let chosen = settings.borrow_and_update().start_at_login;
            self.leave(chosen);
        }
    }

    /// Brings the entry to what was `chosen`, or the setting to what the user has made of the entry since.
    async fn begin(&self, agent: &Agent, chosen: bool) {
        let (is, was) = (self.entry.is_on(), self.was_left_on());
        if is == was || is == chosen {
            self.leave(chosen);
        } else {
            // Switched by the desktop's own means: the setting follows.
            let _ = agent.change_settings(json!({ "start_at_login": is })).await;
            self.leave(is);
        }
    }

    /// Leaves the entry switched `on` or off, and notes that.
    fn leave(&self, on: bool) {
        let done = if on == self.entry.is_on() && !(on && self.entry.leads_nowhere()) {
            Ok(())
        } else {
            self.entry.switch(on)
        };
        let noted = done.and_then(|()| if on == self.was_left_on() { Ok(()) } else { self.put_note(on) });
        if let Err(error) = noted {
            let what = if on { "switched on" } else { "switched off" };
            output::tell(&format!("daypass: starting at login cannot be {what}: {}.", reason(&error)));
        }
    }

    fn put_note(&self, on: bool) -> std::io::Result<()> {
        if on { std::fs::write(&self.note, "on\n") } else { gone(std::fs::remove_file(&self.note)) }
    }

    /// How it was left the last time; before the first time there was nothing.
    fn was_left_on(&self) -> bool {
        self.note.exists()
    }
}

/// What is not there has been removed.
fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::path::Path;

    use super::*;

    fn autostart(dir: &Path) -> Autostart {
        let home = Home::under(&dir.join("home"));
        std::fs::create_dir_all(home.data_dir()).unwrap();
        let var = |name: &str| match name {
            "XDG_CONFIG_HOME" => Some(dir.join("config").into()),
            "XDG_CONFIG_DIRS" => Some(dir.join("system").into()),
            _ => None,
        };
        let program = dir.join("daypass");
        std::fs::write(&program, "").unwrap();
        Autostart::of(&home, program, var).unwrap()
    }

    #[test]
    fn the_entry_is_written_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let autostart = autostart(dir.path());
        assert!(!autostart.entry.is_on());
        autostart.leave(true);
        let text = std::fs::read_to_string(dir.path().join("config/autostart/daypass.desktop")).unwrap();
        assert!(text.contains(&format!("\nExec=\"{}/daypass\" tray\n", dir.path().display())), "{text}");
        assert!(autostart.entry.is_on() && autostart.was_left_on());
        autostart.leave(false);
        assert!(!autostart.entry.file.exists() && !autostart.was_left_on());
    }

    #[tokio::test]
    async fn a_settings_file_with_an_error_switches_nothing_off() {
        let dir = tempfile::tempdir().unwrap();
        let autostart = autostart(dir.path());
        autostart.leave(true);
        let (entry, home) = (autostart.entry.file.clone(), Home::under(&dir.path().join("home")));
        let (file, key) = (home.settings_file(), dir.path().join("key"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "start_at_login = ture\n").unwrap();
        std::fs::write(&key, [9; 32]).unwrap();
        let agent = crate::host::start_agent(&home, daypass_agent::KeySource::KeyFile(key)).await.unwrap();
        tokio::select! {
            biased;
            () = autostart.follow(&agent) => {}
            () = std::future::ready(()) => {}
        }
        assert!(agent.settings().error.is_some() && entry.exists());
        agent.stop().await;
    }

    #[test]
    fn an_entry_of_the_system_is_hidden_from_its_user() {
        let dir = tempfile::tempdir().unwrap();
        let autostart = autostart(dir.path());
        std::fs::create_dir_all(dir.path().join("system/autostart")).unwrap();
        std::fs::write(&autostart.entry.system[0], "[Desktop Entry]\nExec=daypass tray\n").unwrap();
        assert!(autostart.entry.is_on());
        autostart.leave(false);
        assert!(autostart.entry.file.exists() && !autostart.entry.is_on());
        autostart.leave(true);
        assert!(autostart.entry.is_on());
    }

    #[test]
    fn an_entry_whose_program_has_moved_is_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut autostart = autostart(dir.path());
        autostart.leave(true);
        std::fs::write(dir.path().join("new"), "").unwrap();
        std::fs::remove_file(&autostart.entry.program).unwrap();
        autostart.entry.program = dir.path().join("new");
        autostart.leave(true);
        assert!(std::fs::read_to_string(&autostart.entry.file).unwrap().contains("new\" tray"));
    }
}
