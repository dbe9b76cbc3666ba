//! Where Daypass keeps its things, and the vault's accounts on their way into and out of a file. The page learns the names
//! of files, and of what is in an export nothing.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use daypass_api::home::{private_folder, sync_folder};
use daypass_api::request::{Export, Import};
use daypass_api::view::{ExportView, ImportView};
use daypass_api::{ApiError, Client, ErrorCode, Home, Said, reason};
use serde::{Deserialize, Serialize};
use tauri::{Runtime, State, WebviewWindow};

use crate::chooser::{self, Wanted};
use crate::commands::ask;

/// The longest export that is read, in bytes: as long as the longest that the agent takes.
const MAX_EXPORT: u64 = 32 << 20;

/// The file that was chosen for an import: the page names it and no other.
#[derive(Debug, Default)]
pub struct Chosen(Mutex<Option<PathBuf>>);

/// Where everything is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Places {
    /// The file of the settings.
    pub config: PathBuf,
    /// The vault.
    pub vault: PathBuf,
    /// The folder of the user's own definitions.
    pub providers: PathBuf,
    /// The log of an agent in the background.
    pub log: PathBuf,
}

/// One of [`Places`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// [`Places::config`].
    Config,
    /// [`Places::vault`].
    Vault,
    /// [`Places::providers`].
    Providers,
    /// [`Places::log`].
    Log,
}

/// An export that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// How many accounts are in it.
    pub accounts: u32,
    /// Where it is.
    pub file: PathBuf,
}

impl Places {
    fn of(home: &Home) -> Self {
        Self {
            config: home.settings_file(),
            vault: home.vault_file(),
            providers: home.providers_dir(),
            log: home.agent_log(),
        }
    }

    fn path(self, place: Place) -> PathBuf {
        match place {
            Place::Config => self.config,
            Place::Vault => self.vault,
            Place::Providers => self.providers,
            Place::Log => self.log,
        }
    }
}

/// Where everything is.
#[tauri::command]
pub(crate) async fn places(home: State<'_, Home>) -> Result<Places, ApiError> {
    Ok(Places::of(&home))
}

/// Puts the path of a place on the clipboard.
#[tauri::command]
pub(crate) async fn copy_place<R: Runtime>(
    window: WebviewWindow<R>,
    home: State<'_, Home>,
    place: Place,
) -> Result<(), ApiError> {
    chooser::copy(&window, Places::of(&home).path(place).display().to_string()).await
}

/// Opens the folder of a place in the desktop's file manager; it is made where it is not there yet.
#[tauri::command]
pub(crate) async fn open_place<R: Runtime>(
    window: WebviewWindow<R>,
    home: State<'_, Home>,
    place: Place,
) -> Result<(), ApiError> {
    let path = Places::of(&home).path(place);
    let folder = if place == Place::Providers { path } else { path.parent().map(PathBuf::from).unwrap_or_default() };
    if !folder.is_dir() {
        private_folder(&folder)?;
    }
    chooser::open(&window, folder).await
}

/// Writes every account, sealed under the passphrase, into a file that the user chooses in a dialog with this `title`;
/// `None` where none is chosen.
#[tauri::command]
pub(crate) async fn export_vault<R: Runtime>(
    window: WebviewWindow<R>,
    client: State<'_, Client>,
    title: String,
    name: String,
    request: Export,
) -> Result<Option<Exported>, ApiError> {
    let Some(file) = chooser::file(&window, Wanted::New { name }, title).await? else { return Ok(None) };
    let written = ask(client, move |client| {
        let ExportView { accounts, sealed } = client.post("/v1/vault/export", &request)?;
        write(&file, &sealed)?;
        Ok(Exported { accounts, file })
    });
    written.await.map(Some)
}

/// Has the user choose the file of an export in a dialog with this `title`, and answers its name; `None` where none is
/// chosen.
#[tauri::command]
pub(crate) async fn choose_import<R: Runtime>(
    window: WebviewWindow<R>,
    chosen: State<'_, Chosen>,
    title: String,
) -> Result<Option<String>, ApiError> {
    let file = chooser::file(&window, Wanted::There, title).await?;
    let name = file.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    *chosen.0.lock().unwrap_or_else(PoisonError::into_inner) = file;
    Ok(name)
}

/// Takes in the accounts of the file that was chosen.
#[tauri::command]
pub(crate) async fn import_vault(
    client: State<'_, Client>,
    chosen: State<'_, Chosen>,
    mut request: Import,
) -> Result<ImportView, ApiError> {
    let file = chosen.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let none = || ApiError::new(ErrorCode::BadRequest, "Choose the file of the export first.");
    let file = file.ok_or_else(none)?;
    ask(client, move |client| {
        request.sealed = read(&file)?;
        client.post("/v1/vault/import", &request)
    })
    .await
}

/// Writes the whole text under another name first, for its owner alone, so that under its own there is all of it or none.
/// That a file of this name is replaced was asked by the dialog.
fn write(file: &Path, text: &str) -> Result<(), ApiError> {
    let failed = |error: std::io::Error| {
        let (name, why) = (file.display().to_string(), reason(&error));
        let said = Said::new("error-file-unwritable", [("file", name.clone()), ("reason", why.clone())]);
        ApiError::new(ErrorCode::Internal, format!("{name} cannot be written: {why}.")).said(said)
    };
    let folder = file.parent().unwrap_or(Path::new("/"));
    let mut unfinished = tempfile::Builder::new().prefix(".daypass-export-").tempfile_in(folder).map_err(failed)?;
    unfinished.write_all(text.as_bytes()).and_then(|()| unfinished.as_file().sync_all()).map_err(failed)?;
    unfinished.persist(file).map_err(|error| failed(error.error))?;
    sync_folder(folder).map_err(failed)
}

/// The text of a file that may be an export.
fn read(file: &Path) -> Result<String, ApiError> {
    let name = file.display().to_string();
    let mut text = String::new();
    let read = File::open(file).and_then(|opened| opened.take(MAX_EXPORT + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length as u64 <= MAX_EXPORT => Ok(text),
        Ok(_) => {
            let said = Said::new("error-file-too-long", [("file", name.clone())]);
            Err(ApiError::new(ErrorCode::BadRequest, format!("{name} is longer than any export.")).said(said))
        }
        Err(error) => {
            let why = reason(&error);
            let said = Said::new("error-file-unreadable", [("file", name.clone()), ("reason", why.clone())]);
            Err(ApiError::new(ErrorCode::BadRequest, format!("{name} cannot be read: {why}.")).said(said))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_export_is_written_for_its_owner_alone_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("laptop.txt");
        std::fs::write(&file, "an older one").unwrap();
        write(&file, "sealed").unwrap();
        assert_eq!(read(&file).unwrap(), "sealed");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_or_read_is_told_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("gone").join("laptop.txt");
        assert!(write(&file, "sealed").unwrap_err().message.contains("laptop.txt cannot be written: no such file"));
        assert!(read(&file).unwrap_err().message.contains("laptop.txt cannot be read: no such file"));
        std::fs::write(dir.path().join("picture"), b"\xff\xd8").unwrap();
        assert_eq!(read(&dir.path().join("picture")).unwrap_err().code, ErrorCode::BadRequest);
    }
}
