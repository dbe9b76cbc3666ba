//! The desktop's entry on Linux (Desktop Application Autostart Specification).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::gone;

/// The entry's name in every folder of entries.
const ENTRY: &str = "daypass.desktop";

/// The entry of one user.
pub(super) struct Entry {
    /// The user's own; it is believed before those of the system.
    pub(super) file: PathBuf,
    /// Where the system keeps entries, for all users.
    pub(super) system: Vec<PathBuf>,
    /// What it starts.
    pub(super) program: PathBuf,
    /// The folder of `Home` that it names, where it is not the usual one.
    home: Option<PathBuf>,
}

impl Entry {
    /// The one that the environment names, which starts `program` with `home`; `None` where there is no folder for it.
    pub(super) fn of(program: PathBuf, home: Option<PathBuf>, var: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let folder = |name: &str| var(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
        let system = var("XDG_CONFIG_DIRS").filter(|folders| !folders.is_empty()).unwrap_or_else(|| "/etc/xdg".into());
        Some(Self {
            file: config.join("autostart").join(ENTRY),
            system: std::env::split_paths(&system).map(|folder| folder.join("autostart").join(ENTRY)).collect(),
            program,
            home,
        })
    }

    /// Switches it `on` or off.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn switch(&self, on: bool) -> std::io::Result<()> {
        if !on && !first_starts(&self.system) {
            return gone(std::fs::remove_file(&self.file));
        }
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&self.file, self.text(on))
    }

    /// Whether the desktop starts Daypass at login: by the user's entry where there is one, else by one of the system's.
    pub(super) fn is_on(&self) -> bool {
        first_starts(std::iter::once(&self.file).chain(&self.system))
    }

    /// Whether the user's entry starts a program that is not there any more, as after a move.
    pub(super) fn leads_nowhere(&self) -> bool {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use super::*;

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
