//! Where Daypass keeps its things: configuration, data and socket.

use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::{ApiError, ErrorCode, reason};

/// The longest socket path that the kernel takes, in bytes (`sun_path` of unix(7), less its closing zero).
const MAX_SOCKET_PATH: usize = 107;

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
    /// is meant from the present folder.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where `HOME` is needed and is not set or not absolute, and where a relative
    /// `DAYPASS_HOME` is given while the present folder is gone.
    pub fn from_env(var: impl Fn(&str) -> Option<std::ffi::OsString>) -> Result<Self, ApiError> {
        let path = |name: &str| var(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        if let Some(root) = path("DAYPASS_HOME") {
            let root = std::path::absolute(&root).map_err(|error| {
                let message =
                    format!("The folder {} of DAYPASS_HOME cannot be found: {}.", root.display(), reason(&error));
                ApiError::new(ErrorCode::Internal, message)
            })?;
            return Ok(Self::under(&root));
        }
        let folder = |name: &str, default: &str| match (path(name).filter(|p| p.is_absolute()), path("HOME")) {
            (Some(folder), _) => Ok(folder),
            (None, Some(home)) if home.is_absolute() => Ok(home.join(default)),
            (None, home) => {
                let fault = if home.is_some() { "not an absolute path" } else { "not set" };
                let message = format!("HOME is {fault}; correct it, or set DAYPASS_HOME to a folder.");
                Err(ApiError::new(ErrorCode::Internal, message))
            }
        };
        let config = folder("XDG_CONFIG_HOME", ".config")?.join("daypass");
        let data = folder("XDG_DATA_HOME", ".local/share")?.join("daypass");
        let run = path("XDG_RUNTIME_DIR").filter(|p| p.is_absolute());
        let run = run.map_or_else(|| data.join("run"), |run| run.join("daypass"));
        Ok(Self { config, data, run })
    }

    /// The user's own provider definitions, one TOML file each.
    pub fn providers_dir(&self) -> PathBuf {
        self.config.join("providers")
    }

    /// The file of the settings; it need not be there.
    pub fn settings_file(&self) -> PathBuf {
        self.config.join("config.toml")
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

    /// The agent's socket; mode 0600.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where the path is longer than a socket's may be.
    pub fn socket(&self) -> Result<PathBuf, ApiError> {
        let path = self.run.join("agent.sock");
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

/// Makes `folder` and its missing parents for our user alone (mode 0700), or narrows what is there to it. For folders of
/// [`Home`] only: what else a user names is not ours to narrow.
///
/// # Errors
/// [`ErrorCode::Internal`] where it cannot be made, or belongs to another user.
pub fn private_folder(folder: &Path) -> Result<(), ApiError> {
    let failed = |error: std::io::Error| {
        let message = format!("The folder {} cannot be made: {}.", folder.display(), reason(&error));
        ApiError::new(ErrorCode::Internal, message)
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let there = std::fs::metadata(folder).map_err(failed)?;
    if there.uid() != rustix::process::geteuid().as_raw() {
        let message =
            format!("The folder {} belongs to another user; remove it or set DAYPASS_HOME.", folder.display());
        return Err(ApiError::new(ErrorCode::Internal, message));
    }
    if there.permissions().mode() & 0o777 != 0o700 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}
