//! Writes a change into the settings' file: comments, order and everything that is not changed stay as their user wrote
//! them.

use std::io::Write;
use std::path::{Path, PathBuf};

use daypass_api::home::sync_folder;
use serde_json::{Map, Value};
use toml_edit::{DocumentMut, Item, Table, TableLike};

use crate::system;

/// The file that is made by the first change: every setting at its default, each with a sentence on what it does.
pub(super) const EXPLAINED: &str = include_str!("explained.toml");

/// `text` with the values of `changed` in it, by their places; a text without any setting becomes [`EXPLAINED`] first.
/// `None` where they cannot be put in.
pub(super) fn patched(text: &str, changed: &Map<String, Value>) -> Option<String> {
    let text = if text.trim().is_empty() { EXPLAINED } else { text };
    let mut document: DocumentMut = text.parse().ok()?;
    let explained: DocumentMut = EXPLAINED.parse().ok()?;
    put(document.as_table_mut(), true, explained.as_table(), changed)?;
    Some(document.to_string())
}

/// Puts `text` at the place of the file at `path`, all of it or nothing, for our user alone; where there is a link, at the
/// place of the file that it leads to.
///
/// # Errors
/// Those of the file system.
pub(super) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let target = std::fs::canonicalize(path).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound if !path.is_symlink() => Ok::<PathBuf, _>(path.to_path_buf()),
        _ => Err(error),
    })?;
    let folder = target.parent().unwrap_or(Path::new("/"));
    system::make_folder(folder)?;
    let mut unfinished = tempfile::Builder::new().prefix(".config.toml.").tempfile_in(folder)?;
    unfinished.write_all(text.as_bytes())?;
    unfinished.as_file().sync_all()?;
    unfinished.persist(&target).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Puts the values of `changed` into `table`; `has_lines` where each of its values has a line of its own. `explained` is
/// the table of the same name that has a sentence for each.
fn put(
    table: &mut dyn TableLike,
    has_lines: bool,
    explained: &dyn TableLike,
    changed: &Map<String, Value>,
) -> Option<()> {
    for (key, value) in changed {
        if let Value::Object(inner) = value {
            let model = explained.get(key)?.as_table_like()?;
            let there = table.entry(key).or_insert_with(|| Item::Table(Table::new()));
            let has_lines = there.as_table().is_some_and(|table| !table.is_dotted());
            put(there.as_table_like_mut()?, has_lines, model, inner)?;
        } else {
            let sentence = explained.key(key).and_then(|key| key.leaf_decor().prefix()?.as_str());
            set(table, key, written(value)?, sentence.filter(|_| has_lines));
        }
    }
    Some(())
}

/// Sets one value. What stands around it stays; a new one gets its sentence.
fn set(table: &mut dyn TableLike, key: &str, mut value: toml_edit::Value, sentence: Option<&str>) {
    if let Some(there) = table.get_mut(key) {
        if let Some(old) = there.as_value() {
            *value.decor_mut() = old.decor().clone();
        }
        *there = Item::Value(value);
        return;
    }
    table.insert(key, Item::Value(value));
    if let (Some(sentence), Some(mut key)) = (sentence, table.key_mut(key)) {
        // What is above it in the model is about the file as a whole.
        let sentence = sentence.rsplit("\n\n").next().unwrap_or_default();
        key.leaf_decor_mut().set_prefix(sentence.trim_start());
    }
}

/// A value of JSON in TOML; settings have no lists.
fn written(value: &Value) -> Option<toml_edit::Value> {
    match value {
        Value::Bool(yes) => Some((*yes).into()),
        Value::Number(number) => number.as_i64().map(Into::into),
        Value::String(text) => Some(text.as_str().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
