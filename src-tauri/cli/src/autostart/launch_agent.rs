//! The entry on macOS: an agent of launchd, which is started when its user signs in (launchd.plist(5)).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::gone;

/// The agent's label, and its file in the user's folder of agents.
const LABEL: &str = "app.daypass.tray";

/// The entry of one user.
pub(super) struct Entry {
    file: PathBuf,
    /// What it starts.
    program: PathBuf,
    /// The folder of `Home` that it names, where it is not the usual one.
    home: Option<PathBuf>,
}

impl Entry {
    /// The one in the home that the environment names, which starts `program` with `home`.
    pub(super) fn of(program: PathBuf, home: Option<PathBuf>, var: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let user = var("HOME").map(PathBuf::from).filter(|path| path.is_absolute())?;
        Some(Self { file: user.join("Library/LaunchAgents").join(format!("{LABEL}.plist")), program, home })
    }

    /// Switches it `on` or off, from the next login on.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn switch(&self, on: bool) -> std::io::Result<()> {
        if !on {
            return gone(std::fs::remove_file(&self.file));
        }
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&self.file, self.text())
    }

    /// Whether Daypass is started at login.
    pub(super) fn is_on(&self) -> bool {
        self.file.exists()
    }

    /// Whether it starts a program that is not there any more.
    pub(super) fn leads_nowhere(&self) -> bool {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let program = text.split("<array><string>").nth(1).and_then(|rest| rest.split("</string>").next());
        program.is_none_or(|program| !Path::new(&plain(program)).exists())
    }

    fn text(&self) -> String {
        let environment = self.home.as_ref().map(|home| {
            let home = escaped(&home.display().to_string());
            format!("<key>EnvironmentVariables</key><dict><key>DAYPASS_HOME</key><string>{home}</string></dict>\n")
        });
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!-- Starts Daypass at login; the setting \"start at login\" writes and removes this file. -->\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\"><dict>\n\
             <key>Label</key><string>{LABEL}</string>\n\
             <key>ProgramArguments</key><array><string>{}</string><string>tray</string></array>\n\
             <key>RunAtLoad</key><true/>\n\
             <key>ProcessType</key><string>Interactive</string>\n\
             {}</dict></plist>\n",
            escaped(&self.program.display().to_string()),
            environment.unwrap_or_default(),
        )
    }
}

/// What XML gives a meaning.
const MEANING: [(&str, &str); 3] = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")];

fn escaped(text: &str) -> String {
    MEANING.iter().fold(text.to_owned(), |text, (plain, escaped)| text.replace(plain, escaped))
}

fn plain(text: &str) -> String {
    MEANING.iter().rev().fold(text.to_owned(), |text, (plain, escaped)| text.replace(escaped, plain))
}
