//! `daypass tray --demo`: everything at once, in a scratch home: an authority in this process, and all four systems
//! connected to it, with lives so short that refreshing can be watched.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use daypass_agent::{Agent, Authority, KeySource};
use daypass_api::Home;
use daypass_api::home::{private_file, private_folder};
use daypass_api::request::{AddAccount, CreateSession};
use daypass_core::Chance;
use tempfile::TempDir;

use crate::authority::Local;
use crate::failure::Failure;
use crate::system::SystemChance;
use crate::{door, host, launch, output, process};

/// The life of the demo's sessions, in seconds: a refresh comes after about two minutes.
const LIFE: u64 = 180;
/// The sessions that are opened beside the current one, and their lives in seconds.
const SESSIONS: [(&str, u64); 3] = [("ci", 15 * 60), ("laptop", 60 * 60), ("nightly backup", 7 * 24 * 60 * 60)];
/// The account that gets them: its provider lists and revokes one by one.
const ANTIRAID: &str = "antiraid-demo";

/// The home of a demo.
pub(crate) struct Demo {
    /// Its folders.
    pub(crate) home: Home,
    /// What opens its vault.
    pub(crate) key: KeySource,
    /// The folder to name in another terminal.
    pub(crate) root: PathBuf,
    /// Removed with all that is in it when the demo ends, unless the user gave the folder.
    _scratch: Option<TempDir>,
    /// It ends with the demo: nothing of it is to be kept.
    authority: Local,
}

impl Demo {
    /// A scratch home with a key file of its own; or the home that `DAYPASS_HOME` names, which is kept.
    ///
    /// # Errors
    /// Where the folder or the key cannot be made.
    pub(crate) fn prepare() -> Result<Self, Failure> {
        let given = std::env::var_os("DAYPASS_HOME").filter(|value| !value.is_empty());
        if given.is_some() {
            let home = door::home()?;
            let root = home.data_dir().parent().unwrap_or(home.data_dir()).to_owned();
            // With the folder that the user named around it, which stays as it is.
            private_folder(home.data_dir())?;
            // A vault that is there already keeps the key that it was made with.
            let key = match host::key_source()? {
                KeySource::Keyring if root.join(KEY).exists() || !home.vault_file().exists() => key_file(&root)?,
                chosen => chosen,
            };
            return Ok(Self { home, key, root, _scratch: None, authority: Local::passing(LIFE) });
        }
        let scratch = tempfile::Builder::new().prefix("daypass-demo-").tempdir();
        let scratch = scratch.map_err(|error| Failure::other(format!("A scratch folder cannot be made: {error}.")))?;
        let root = scratch.path().to_owned();
        let (home, key) = (Home::under(&root), key_file(&root)?);
        Ok(Self { home, key, root, _scratch: Some(scratch), authority: Local::passing(LIFE) })
    }

    /// Starts the authority, connects the four systems to it through `agent`, and opens a few sessions.
    ///
    /// # Errors
    /// Where one of these fails, such as for an account of the same name that is not of a demo.
    pub(crate) async fn furnish(&self, agent: &Agent) -> Result<(), Failure> {
        let url = self.authority.listen(0).await?;
        self.introduce(&url)?;
        for account in self.authority.new_user().await? {
            let name = format!("{}-demo", account.provider);
            make_room(agent, &name).await?;
            agent.add_account(AddAccount { name, base_url: Some(url.clone()), pinned: true, ..account }).await?;
        }
        for (name, life) in SESSIONS {
            let request = CreateSession { name: Some(name.to_owned()), life: Some(life) };
            agent.create_session(ANTIRAID, request).await?;
        }
        Ok(())
    }

    fn introduce(&self, url: &str) -> Result<(), Failure> {
        let home = self.root.display();
        let variable = format!("DAYPASS_HOME={}", quoted(&self.root));
        let program = match std::env::var_os("PATH").is_some_and(|path| names_us(&path)) {
            true => PROGRAM.to_owned(),
            false => std::env::current_exe().map_or_else(|_| PROGRAM.to_owned(), |place| quoted(&place)),
        };
        let stays = if self._scratch.is_some() { "removed when the demo ends" } else { "kept" };
        output::write_parts(&[&format!(
            "Daypass demo: an authority on {url}, four accounts, tokens that live {} min.\n\
             Everything is in {home}, which is {stays}. Ctrl-C ends it.\n\
             Try in another terminal:\n\n  {variable} {program} token {ANTIRAID}\n  {variable} {program} sessions\n\n",
            LIFE / 60
        )])
    }
}

/// The name by which a shell finds us, where we are installed.
const PROGRAM: &str = "daypass";

/// Whether a shell with this `PATH` finds a program of our name.
fn names_us(path: &OsStr) -> bool {
    std::env::split_paths(path).any(|folder| folder.is_absolute() && process::runs(&folder.join(PROGRAM)))
}

/// `path` as one word of a POSIX shell: in single quotes, where it holds more than plain characters.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The name of the key file in the demo's folder.
const KEY: &str = "demo.key";

/// The key file in `root`, made with fresh chance where it is missing.
fn key_file(root: &Path) -> Result<KeySource, Failure> {
    let path = root.join(KEY);
    let file = private_file().write(true).create_new(true).open(&path);
    let written = match file {
        Ok(mut file) => {
            let mut key = [0; 32];
            SystemChance.fill(&mut key);
            file.write_all(&key)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    };
    written.map_err(|error| launch::cannot("be written", &path, &error))?;
    Ok(KeySource::KeyFile(path))
}

/// Removes what an earlier demo left in a home that is kept: its authority is gone, and its sessions with it.
async fn make_room(agent: &Agent, name: &str) -> Result<(), Failure> {
    let snapshot = agent.snapshot();
    let Some(account) = snapshot.accounts.iter().find(|account| account.name == name) else { return Ok(()) };
    if !account.base_url.starts_with("http://127.0.0.1:") {
        let message = format!("The account {name} is not of a demo; give the demo another DAYPASS_HOME, or none.");
        return Err(Failure::other(message));
    }
    agent.remove_account(name).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_can_be_pasted_into_a_shell() {
        assert_eq!(quoted(Path::new("/tmp/daypass-demo-a1.B_")), "/tmp/daypass-demo-a1.B_");
        for odd in ["/tmp/my home", "/tmp/it's; $HOME `x` \"y\"", "/tmp/*\\"] {
            let line = format!("printf %s {}", quoted(Path::new(odd)));
            let said = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), odd);
        }
    }

    #[test]
    fn only_a_program_of_our_name_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(PROGRAM);
        let found = || names_us(&std::env::join_paths([Path::new("/nowhere"), folder.path()]).unwrap());
        assert!(!found());
        std::fs::write(&file, "").unwrap();
        assert!(!found(), "it cannot be run");
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        assert!(found());
    }
}
