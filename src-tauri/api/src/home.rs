//! Where Daypass keeps its things: configuration, data and socket.

#[cfg_attr(unix, path = "home/unix.rs")]
#[cfg_attr(windows, path = "home/windows.rs")]
mod system;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use self::system::{MAX_SOCKET_PATH, SOCKET};
pub use self::system::{private_file, private_folder, sync_folder};
use crate::{ApiError, ErrorCode, reason};

/// The folders of one installation: `DAYPASS_HOME` for all, or the XDG base directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    config: PathBuf,
    data: PathBuf,
    run: PathBuf,
}

impl Home {
    /// All folders under `root`: `config`, `data` and `run`.
    pub fn under(root: &Path) -> Self {
        Self { config: root.join("config"), data: root.join("data"), run: root.join("run") }
    }

    /// The home that the environment names, read through `var` (a stand-in for `std::env::var_os`).
    ///
    /// `DAYPASS_HOME` puts all under one folder. Otherwise the XDG base directories: `XDG_CONFIG_HOME`,
    /// `XDG_DATA_HOME` and `XDG_RUNTIME_DIR`, each with its documented default; without a runtime folder, the socket is
    /// kept with the data. Relative paths of these are ignored, as the XDG specification asks; a relative `DAYPASS_HOME`
    /// is meant from the present folder. On macOS what no variable names is in `~/Library/Application Support/daypass`; on
    /// Windows the configuration is in `%APPDATA%\daypass`, and the rest in `%LOCALAPPDATA%\daypass`.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where `HOME` (on Windows `APPDATA`, `LOCALAPPDATA`) is needed and is not set or not absolute,
    /// and where a relative `DAYPASS_HOME` is given while the present folder is gone.
    pub fn from_env(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, ApiError> {
        let path = |name: &str| var(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        if let Some(root) = path("DAYPASS_HOME") {
            let root = std::path::absolute(&root).map_err(|error| {
                let message =
                    format!("The folder {} of DAYPASS_HOME cannot be found: {}.", root.display(), reason(&error));
                ApiError::new(ErrorCode::Internal, message)
            })?;
            return Ok(Self::under(&root));
        }
        system::folders(path)
    }

    /// The user's own provider definitions, one TOML file each.
    pub fn providers_dir(&self) -> PathBuf {
        self.config.join("providers")
    }

    /// The file of the settings; it need not be there.
    pub fn settings_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The configuration of an authority that serves on its own; it need not be there.
    pub fn authority_config(&self) -> PathBuf {
        self.config.join("authority.toml")
    }

    /// The folder of everything that must survive.
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// The vault.
    pub fn vault_file(&self) -> PathBuf {
        self.data.join("vault.sqlite")
    }

    /// The store of the embedded authority.
    pub fn authority_file(&self) -> PathBuf {
        self.data.join("authority.sqlite")
    }

    /// The note that starting at login was left switched on; where it was left off there is none.
    pub fn autostart_note(&self) -> PathBuf {
        self.data.join("starts-at-login")
    }

    /// The folder of the socket; mode 0700.
    pub fn run_dir(&self) -> &Path {
        &self.run
    }

    /// The lock that makes the agent the only one of its vault. It holds the agent's process id and, on the next line, the
    /// path of its socket.
    pub fn agent_lock(&self) -> PathBuf {
        self.data.join("agent.lock")
    }

    /// The lock of whoever starts or stops an agent.
    pub fn start_lock(&self) -> PathBuf {
        self.data.join("start.lock")
    }

    /// The lock that makes the window the only one of its user.
    pub fn window_lock(&self) -> PathBuf {
        self.run.join("window.lock")
    }

    /// The lock that makes the palette the only one of its user.
    pub fn palette_lock(&self) -> PathBuf {
        self.run.join("palette.lock")
    }

    /// Where the log of a background agent goes. It never holds a secret.
    pub fn agent_log(&self) -> PathBuf {
        self.data.join("agent.log")
    }

    /// The agent's socket; mode 0600. On Windows a file that names the agent's pipe.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where the path is longer than a socket's may be.
    pub fn socket(&self) -> Result<PathBuf, ApiError> {
        let path = self.run.join(SOCKET);
        if path.as_os_str().len() > MAX_SOCKET_PATH {
            let message = format!(
                "The path {} is too long for a socket ({MAX_SOCKET_PATH} bytes at most); set DAYPASS_HOME to a shorter one.",
                path.display()
            );
            return Err(ApiError::new(ErrorCode::Internal, message));
        }
        Ok(path)
    }
}
