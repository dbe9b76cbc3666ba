//! Starting at login: the desktop's entry for it is written and removed as the setting says, and the setting follows where
//! the user has changed the entry by the desktop's own means (Desktop Application Autostart Specification).

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use daypass_agent::Agent;
use daypass_api::{Home, reason};
use serde_json::json;

use crate::output;

/// The entry's name in every folder of entries.
const ENTRY: &str = "daypass.desktop";

/// The entry of one user, and how it was left.
pub(crate) struct Autostart {
    /// The user's own entry; it is believed before those of the system.
    entry: PathBuf,
    /// Where the system keeps entries, for all users.
    system: Vec<PathBuf>,
    /// Where it is noted how the entry was left. Where it is otherwise now, its user has changed it.
    note: PathBuf,
    /// What the entry starts.
    program: PathBuf,
    /// The folder of [`Home`] that the entry names, where it is not the usual one.
    home: Option<PathBuf>,
}

impl Autostart {
    /// The entry that the environment names, read through `var` (a stand-in for `std::env::var_os`); `None` where there is
    /// no folder for it. `program` is what it starts.
    pub(crate) fn of(home: &Home, program: PathBuf, var: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let folder = |name: &str| var(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
        let system = var("XDG_CONFIG_DIRS").filter(|folders| !folders.is_empty()).unwrap_or_else(|| "/etc/xdg".into());
        let root = var("DAYPASS_HOME").filter(|root| !root.is_empty());
        Some(Self {
            entry: config.join("autostart").join(ENTRY),
            system: std::env::split_paths(&system).map(|folder| folder.join("autostart").join(ENTRY)).collect(),
            note: home.autostart_note(),
            program,
            home: root.and_then(|root| std::path::absolute(root).ok()),
        })
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
        let (is, was) = (self.is_on(), self.was_left_on());
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
        let done = if on == self.is_on() && !(on && self.leads_nowhere()) { Ok(()) } else { self.switch(on) };
        let noted = done.and_then(|()| if on == self.was_left_on() { Ok(()) } else { self.put_note(on) });
        if let Err(error) = noted {
            let what = if on { "switched on" } else { "switched off" };
            output::tell(&format!("daypass: starting at login cannot be {what}: {}.", reason(&error)));
        }
    }

    fn switch(&self, on: bool) -> std::io::Result<()> {
        if !on && !first_starts(&self.system) {
            return gone(std::fs::remove_file(&self.entry));
        }
        if let Some(folder) = self.entry.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&self.entry, self.text(on))
    }

    fn put_note(&self, on: bool) -> std::io::Result<()> {
        if on { std::fs::write(&self.note, "on\n") } else { gone(std::fs::remove_file(&self.note)) }
    }

    /// Whether the desktop starts Daypass at login: by the user's entry where there is one, else by one of the system's.
    fn is_on(&self) -> bool {
        first_starts(std::iter::once(&self.entry).chain(&self.system))
    }

    /// How it was left the last time; before the first time there was nothing.
    fn was_left_on(&self) -> bool {
        self.note.exists()
    }

    /// Whether the user's entry starts a program that is not there any more, as after a move.
    fn leads_nowhere(&self) -> bool {
        let text = std::fs::read_to_string(&self.entry).unwrap_or_default();
        text.lines().filter_map(|line| line.strip_prefix("TryExec=")).any(|program| !Path::new(program).exists())
    }

    /// The entry's text (Desktop Entry Specification).
    fn text(&self, on: bool) -> String {
        let program = self.program.display().to_string();
        let home =
            self.home.as_ref().map(|home| format!("env {} ", argument(&format!("DAYPASS_HOME={}", home.display()))));
        format!(
            "# Starts Daypass in the tray at login; the setting \"start at login\" writes and removes this file.\n\
             [Desktop Entry]\n\
             Type=Application\n\
             Name=Daypass\n\
             Comment=Keeps session tokens fresh\n\
             Comment[de]=Hält Sitzungs-Token frisch\n\
             Exec={}{} tray\n\
             TryExec={}\n\
             Icon=daypass\n\
             Terminal=false\n\
             Hidden={}\n",
            home.unwrap_or_default(),
            argument(&program),
            program.replace('\\', "\\\\"),
            !on
        )
    }
}

/// Whether the first of these entries that is there, the only one that counts, starts anything.
fn first_starts<'a>(entries: impl IntoIterator<Item = &'a PathBuf>) -> bool {
    entries.into_iter().find_map(|entry| std::fs::read_to_string(entry).ok()).is_some_and(|text| starts(&text))
}

/// Whether an entry starts anything: `Hidden` is as good as no entry at all, and GNOME has a key of its own.
fn starts(text: &str) -> bool {
    let says = |key: &str, value: &str| {
        text.lines().filter_map(|line| line.split_once('=')).any(|(k, v)| k.trim() == key && v.trim() == value)
    };
    !says("Hidden", "true") && !says("X-GNOME-Autostart-enabled", "false")
}

/// One argument of `Exec`: quoted, with what the quotes, the value and field codes give a meaning escaped.
fn argument(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '\\' => quoted.push_str(r"\\\\"),
            '"' | '`' | '$' => quoted.extend(['\\', '\\', letter]),
            '%' => quoted.push_str("%%"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// What is not there has been removed.
fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
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
        assert!(!autostart.is_on());
        autostart.leave(true);
        let text = std::fs::read_to_string(dir.path().join("config/autostart/daypass.desktop")).unwrap();
        assert!(text.contains(&format!("\nExec=\"{}/daypass\" tray\n", dir.path().display())), "{text}");
        assert!(autostart.is_on() && autostart.was_left_on());
        autostart.leave(false);
        assert!(!autostart.entry.exists() && !autostart.was_left_on());
    }

    #[tokio::test]
    async fn a_settings_file_with_an_error_switches_nothing_off() {
        let dir = tempfile::tempdir().unwrap();
        let autostart = autostart(dir.path());
        autostart.leave(true);
        let (entry, home) = (autostart.entry.clone(), Home::under(&dir.path().join("home")));
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
        std::fs::write(&autostart.system[0], "[Desktop Entry]\nExec=daypass tray\n").unwrap();
        assert!(autostart.is_on());
        autostart.leave(false);
        assert!(autostart.entry.exists() && !autostart.is_on());
        autostart.leave(true);
        assert!(autostart.is_on());
    }

    #[test]
    fn an_entry_whose_program_has_moved_is_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut autostart = autostart(dir.path());
        autostart.leave(true);
        std::fs::write(dir.path().join("new"), "").unwrap();
        std::fs::remove_file(&autostart.program).unwrap();
        autostart.program = dir.path().join("new");
        autostart.leave(true);
        assert!(std::fs::read_to_string(&autostart.entry).unwrap().contains("new\" tray"));
    }

    #[test]
    fn what_the_desktop_switches_off_is_off() {
        assert!(starts("[Desktop Entry]\nExec=daypass tray\nHidden=false\n"));
        assert!(!starts("[Desktop Entry]\nHidden = true\n"));
        assert!(!starts("[Desktop Entry]\nX-GNOME-Autostart-enabled=false\n"));
    }

    #[test]
    fn a_program_of_any_name_can_be_started() {
        assert_eq!(argument("/usr/bin/daypass"), "\"/usr/bin/daypass\"");
        assert_eq!(argument(r#"/a b/$1"`%\"#), r#""/a b/\\$1\\"\\`%%\\\\""#);
    }
}
