//! The user's settings: read at the start, read again whenever their file changes, and changed in it. What is in force is
//! the last file that could be read.

mod read;
mod write;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use daypass_api::error::Said;
use daypass_api::settings::{Settings, SettingsError, SettingsView};
use daypass_api::{ApiError, ErrorCode, reason};
use serde_json::{Map, Value};

use crate::inner::Inner;
use crate::system::Identity;
use crate::view;
use crate::watch::{Told, Watch};

/// How often the file is looked at where the kernel does not tell of it.
const LOOK: Duration = Duration::from_secs(30);
/// How long whoever writes the file may go on until it is read.
const SETTLE: Duration = Duration::from_millis(100);
/// How many links may lead to the file, as for the kernel (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// The file, as it was looked at last.
pub(crate) struct SettingsFile {
    path: PathBuf,
    seen: Option<read::State>,
}

impl SettingsFile {
    /// The file at `path`, not looked at yet.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, seen: None }
    }

    /// What the file says now.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(&mut self) -> Result<(String, Settings), SettingsError> {
        // Before it is read: what changes in between is seen by the next look.
        self.seen = read::state(&self.path);
        let text = read::text(&self.path)?.unwrap_or_default();
        let settings = read::settings(&text)?;
        Ok((text, settings))
    }
}

impl Inner {
    /// Reads the file for the first time. Where it cannot be read, the defaults are in force.
    pub(crate) async fn load_settings(&self) {
        let mut file = self.settings_file.lock().await;
        self.state().settings.file = file.path.display().to_string();
        let read = file.read();
        self.put_in_force(read.map(|(_, settings)| settings));
    }

    /// Changes settings by a JSON merge patch, in their file and in force.
    ///
    /// # Errors
    /// As [`Agent::change_settings`](crate::Agent::change_settings).
    pub(crate) async fn change_settings(&self, patch: Value) -> Result<SettingsView, ApiError> {
        let mut file = self.settings_file.lock().await;
        let read = file.read();
        self.put_in_force(read.clone().map(|(_, settings)| settings));
        let (text, now) = read.map_err(|error| not_ours_to_mend(&file.path, &error))?;
        let before = json(&now)?;
        let mut after = before.clone();
        merge(&mut after, patch)?;
        let wanted: Settings = serde_json::from_value(after).map_err(|error| misfit(&error))?;
        if let Value::Object(changed) = difference(&before, &json(&wanted)?)
            && !changed.is_empty()
        {
            let cannot = |why: String| {
                let name = file.path.display().to_string();
                let message = format!("The settings file {name} cannot be changed: {why}.");
                let said = Said::new("error-settings-unwritable", [("file", name), ("reason", why)]);
                ApiError::new(ErrorCode::Internal, message).said(said)
            };
            let text = write::patched(&text, &changed).filter(|text| read::settings(text).as_ref() == Ok(&wanted));
            let text = text.ok_or_else(|| cannot("it is written in a way that only you can change".to_owned()))?;
            let path = file.path.clone();
            let written = tokio::task::spawn_blocking(move || write::replace(&path, &text)).await;
            written.map_err(std::io::Error::other).flatten().map_err(|error| cannot(reason(&error)))?;
            file.seen = read::state(&file.path);
        }
        self.put_in_force(Ok(wanted));
        // Whoever is told of the change may act on it at once: what the faces go by must not lag behind this answer.
        self.publish();
        Ok(view::settings(&self.state()))
    }

    /// Reads the file again, where it may have changed or `anyway`.
    async fn look_at_settings(&self, anyway: bool) {
        let mut file = self.settings_file.lock().await;
        if anyway || file.seen != read::state(&file.path) {
            let read = file.read();
            self.put_in_force(read.map(|(_, settings)| settings));
        }
    }

    /// Applies what the file says; where it cannot be read, what was in force stays.
    fn put_in_force(&self, read: Result<Settings, SettingsError>) {
        let mut state = self.state();
        let before = state.settings.clone();
        match read {
            Ok(settings) => (state.settings.settings, state.settings.error) = (settings, None),
            Err(error) => state.settings.error = Some(error),
        }
        let after = state.settings.clone();
        if after.settings.refresh != before.settings.refresh {
            state.accounts.touch_all();
        }
        drop(state);
        if after != before {
            self.touched();
        }
        self.settings.send_if_modified(|last| {
            let changed = *last != after.settings;
            *last = after.settings;
            changed
        });
    }
}

/// Reads the file again whenever it changes, until the agent stops.
pub(crate) async fn follow(inner: Arc<Inner>) {
    let path = inner.settings_file.lock().await.path.clone();
    let mut watched = (BTreeSet::new(), None);
    let mut told = true;
    while !inner.stopped.load(Ordering::Acquire) {
        let folders = folders(&path);
        if watched.0 != folders || watched.1.is_none() {
            let watch = Watch::of(Told::Content, folders.iter().map(|folder| &*folder.path)).ok();
            watched = (folders, watch);
            // What happened before it was watched was not told.
            told = true;
        }
        inner.look_at_settings(told).await;
        told = tokio::select! {
            () = stirred(watched.1.as_ref()) => true,
            () = tokio::time::sleep(LOOK) => false,
            () = inner.settings_wake.notified() => false,
        };
        if told {
            tokio::time::sleep(SETTLE).await;
        }
    }
}

/// Waits for the kernel's word, where there is one.
async fn stirred(watch: Option<&Watch>) {
    match watch {
        Some(watch) => watch.stirred().await,
        None => std::future::pending().await,
    }
}

/// A folder, and which one it is: another may be at its place later.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Folder {
    path: PathBuf,
    is: Option<Identity>,
}

/// The folders in which a change can be one of the file at `path`: its own, and that of every file that a link leads to. In
/// place of one that is not there, the nearest above it.
fn folders(path: &Path) -> BTreeSet<Folder> {
    let mut found = BTreeSet::new();
    let mut file = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let folder = file.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        found.insert(Folder { path: folder.to_path_buf(), is: read::identity(folder) });
        let Ok(target) = std::fs::read_link(&file) else { break };
        file = file.parent().unwrap_or(Path::new("/")).join(target);
    }
    found
}

fn json(settings: &Settings) -> Result<Value, ApiError> {
    serde_json::to_value(settings).map_err(|error| misfit(&error))
}

/// Puts a JSON merge patch into `value` (RFC 7396 section 2); `null` takes a value out, so that its default is read.
///
/// # Errors
/// `bad_request` where it is no object.
fn merge(value: &mut Value, patch: Value) -> Result<(), ApiError> {
    fn into(value: &mut Value, patch: Map<String, Value>) {
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        let Value::Object(values) = value else { return };
        for (key, patch) in patch {
            match patch {
                Value::Null => drop(values.remove(&key)),
                Value::Object(patch) => into(values.entry(key).or_insert(Value::Null), patch),
                patch => drop(values.insert(key, patch)),
            }
        }
    }
    let Value::Object(patch) = patch else {
        return Err(ApiError::new(ErrorCode::BadRequest, "A change of settings is a JSON object."));
    };
    into(value, patch);
    Ok(())
}

/// What is in `after` and not so in `before`, by its places.
fn difference(before: &Value, after: &Value) -> Value {
    let Value::Object(values) = after else { return after.clone() };
    let changed = values.iter().filter(|(key, value)| before.get(key) != Some(value));
    let changed = changed.map(|(key, value)| (key.clone(), difference(&before[key], value)));
    Value::Object(changed.collect())
}

fn misfit(error: &serde_json::Error) -> ApiError {
    // Settings hold no secret: the value may be told.
    let message = format!("The setting does not take this value: {error}.");
    ApiError::new(ErrorCode::BadRequest, message).said(Said::new("error-settings-misfit", []))
}

/// The file has an error: what the user has written there is not to be overwritten.
fn not_ours_to_mend(path: &Path, error: &SettingsError) -> ApiError {
    let file = path.display().to_string();
    let line = error.line.map(|line| format!(" in line {line}")).unwrap_or_default();
    let message = format!("The settings file {file} has an error{line}; correct it first. {}", error.message);
    let said = match error.line {
        Some(line) => Said::new("error-settings-not-ours-line", [("file", file), ("line", line.to_string())]),
        None => Said::new("error-settings-not-ours", [("file", file)]),
    };
    ApiError::new(ErrorCode::Internal, message).said(said)
}
