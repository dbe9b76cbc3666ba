//! Reads the settings' file: what it says, or which line of it is wrong and why.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use daypass_api::error::Said;
use daypass_api::reason;
use daypass_api::settings::{CLEAR_AFTER, Settings, SettingsError};
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use crate::system::{self, Identity};

/// The longest file that is read, in bytes; the whole of it with every comment is a tenth of that.
const LONGEST: u64 = 64 << 10;

/// The file at `path` as text; `None` where there is none.
///
/// # Errors
/// Why it cannot be read. A link that leads nowhere is no missing file: whoever made it wants another one to be read.
pub(super) fn text(path: &Path) -> Result<Option<String>, SettingsError> {
    let failed = |error: std::io::Error| {
        let why = reason(&error);
        whole(format!("The file cannot be read: {why}."), Said::new("error-settings-unreadable", [("reason", why)]))
    };
    let file = match system::whatever_it_is().open(path) {
        Ok(file) => file,
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        Err(_) if path.is_symlink() => {
            let why = "The file is a link to a file that is not there.".to_owned();
            return Err(whole(why, Said::new("error-settings-link", [])));
        }
        Err(_) => return Ok(None),
    };
    if !file.metadata().map_err(failed)?.is_file() {
        let why = "What is in its place is not a file.".to_owned();
        return Err(whole(why, Said::new("error-settings-no-file", [])));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LONGEST {
        return Err(whole("The file is longer than 64 KiB.".to_owned(), Said::new("error-settings-long", [])));
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let line = line_of(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let why = "This is not UTF-8.".to_owned();
        SettingsError { line: Some(line), message: why, said: Some(Said::new("error-settings-utf8", [])) }
    })
}

/// What `text` says; what it leaves out is as by default.
///
/// # Errors
/// The first line that is wrong, and why.
pub(super) fn settings(text: &str) -> Result<Settings, SettingsError> {
    let table = DeTable::parse(text).map_err(|error| {
        let why = error.message().trim_end_matches('.').to_owned();
        let message = format!("This is not TOML: {why}.");
        at(text, error.span(), message, Said::new("error-settings-syntax", [("reason", why)]))
    })?;
    // What there is, and of which kind, is told by what it is by default.
    if let Ok(Value::Object(model)) = serde_json::to_value(Settings::default()) {
        fits(text, table.get_ref(), &model)?;
    }
    toml::from_str(text).map_err(|error| {
        let found = error.span().and_then(|span| value_at(table.get_ref(), span.start));
        let (message, said) = misfit(found, error.message());
        at(text, error.span(), message, said)
    })
}

/// Which file is there, how long it is, and when it was changed.
pub(super) type State = (Identity, u64, [i64; 4]);

/// Which file is at `path`, behind every link.
pub(super) fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().as_ref().map(system::identity)
}

/// The state of the file at `path`: it is read again only where this has changed.
pub(super) fn state(path: &Path) -> Option<State> {
    let there = std::fs::metadata(path).or_else(|_| std::fs::symlink_metadata(path)).ok()?;
    Some((system::identity(&there), there.len(), system::changed(&there)))
}

/// Whether `table` has only what `model` has, and of the same kind.
fn fits(text: &str, table: &DeTable<'_>, model: &Map<String, Value>) -> Result<(), SettingsError> {
    for (key, value) in table {
        let name: &str = key.get_ref();
        let Some(model) = model.get(name) else {
            let known = model.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let why = format!("There is no setting {name:?} here; there are {known}.");
            let said = Said::new("error-settings-unknown", [("key", name.to_owned()), ("known", known)]);
            return Err(at(text, Some(key.span()), why, said));
        };
        let (kind, id) = match (value.get_ref(), model) {
            (DeValue::Table(inner), Value::Object(model)) => {
                fits(text, inner, model)?;
                continue;
            }
            (DeValue::Boolean(_), Value::Bool(_))
            | (DeValue::Integer(_), Value::Number(_))
            | (DeValue::String(_), Value::String(_)) => continue,
            (_, Value::Object(_)) => ("a group of settings, such as [clipboard]", "error-settings-group"),
            (_, Value::Bool(_)) => ("true or false", "error-settings-switch"),
            (_, Value::Number(_)) => ("a whole number", "error-settings-number"),
            _ => ("a text in \"quotes\"", "error-settings-text"),
        };
        let said = Said::new(id, [("key", name.to_owned())]);
        return Err(at(text, Some(value.span()), format!("{name:?} is {kind}."), said));
    }
    Ok(())
}

/// The value that begins at the byte `start`, with its key.
fn value_at<'a>(table: &'a DeTable<'a>, start: usize) -> Option<(&'a str, &'a DeValue<'a>)> {
    table.iter().find_map(|(key, value)| match value.get_ref() {
        DeValue::Table(inner) => value_at(inner, start),
        found => (value.span().start == start).then_some((&**key.get_ref(), found)),
    })
}

/// Why a value of the right kind is none that the setting takes; the library has said `why`.
fn misfit(found: Option<(&str, &DeValue<'_>)>, why: &str) -> (String, Said) {
    let Some((key, value)) = found else {
        let why = why.trim_end_matches('.').to_owned();
        let message = format!("A setting does not take its value: {why}.");
        return (message, Said::new("error-settings-value", [("reason", why)]));
    };
    let name = ("key", key.to_owned());
    if matches!(value, DeValue::Integer(_)) {
        let range = if key == "clear_after" { CLEAR_AFTER } else { 0..=u64::from(u16::MAX) };
        let (min, max) = (range.start().to_string(), range.end().to_string());
        let message = format!("{key:?} is a whole number from {min} to {max}.");
        return (message, Said::new("error-settings-range", [name, ("min", min), ("max", max)]));
    }
    // "…, expected one of `system`, `light`, `dark`"
    let words = why.split_once("expected").map_or("", |(_, words)| words);
    let words = words.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(", ");
    (format!("{key:?} is one of these: {words}."), Said::new("error-settings-word", [name, ("known", words)]))
}

/// Something is wrong with the file as a whole.
fn whole(message: String, said: Said) -> SettingsError {
    SettingsError { line: None, message, said: Some(said) }
}

/// Something is wrong where `span` begins.
fn at(text: &str, span: Option<Range<usize>>, message: String, said: Said) -> SettingsError {
    let line = span.and_then(|span| text.as_bytes().get(..span.start)).map(line_of);
    SettingsError { line, message, said: Some(said) }
}

/// The line, from 1, that what stands after `before` is in.
fn line_of(before: &[u8]) -> u32 {
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}
