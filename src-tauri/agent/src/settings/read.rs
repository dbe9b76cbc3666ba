//! Reads the settings' file: what it says, or which line of it is wrong and why.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use daypass_api::reason;
use daypass_api::settings::{Settings, SettingsError};

/// The longest file that is read, in bytes; the whole of it with every comment is a tenth of that.
const LONGEST: u64 = 64 << 10;
/// A pipe in the file's place is not waited for.
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// The file at `path` as text; `None` where there is none.
///
/// # Errors
/// Why it cannot be read. A link that leads nowhere is no missing file: whoever made it wants another one to be read.
pub(super) fn text(path: &Path) -> Result<Option<String>, SettingsError> {
    let failed = |error: std::io::Error| whole(format!("The file cannot be read: {}.", reason(&error)));
    let opened = OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        Err(_) if path.is_symlink() => return Err(whole("The file is a link to a file that is not there.")),
        Err(_) => return Ok(None),
    };
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(whole("There is something in its place that is no file."));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LONGEST {
        return Err(whole("The file is longer than 64 KiB."));
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        at(line_of(before), "There is a byte that is no UTF-8.")
    })
}

/// What `text` says; what it leaves out is as by default.
///
/// # Errors
/// The first line that is wrong, and why.
pub(super) fn settings(text: &str) -> Result<Settings, SettingsError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().and_then(|span| text.as_bytes().get(..span.start)).map(line_of);
        SettingsError { line, message: sentence(error.message()) }
    })
}

/// Which file, by its device and number.
pub(super) type Identity = (u64, u64);
/// Which file is there, how long it is, and when it was changed.
pub(super) type State = (Identity, u64, [i64; 4]);

/// Which file is at `path`, behind every link.
pub(super) fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|there| (there.dev(), there.ino()))
}

/// The state of the file at `path`: it is read again only where this has changed.
pub(super) fn state(path: &Path) -> Option<State> {
    let there = std::fs::metadata(path).or_else(|_| std::fs::symlink_metadata(path)).ok()?;
    let times = [there.mtime(), there.mtime_nsec(), there.ctime(), there.ctime_nsec()];
    Some(((there.dev(), there.ino()), there.len(), times))
}

fn whole(message: impl Into<String>) -> SettingsError {
    SettingsError { line: None, message: message.into() }
}

fn at(line: u32, message: &str) -> SettingsError {
    SettingsError { line: Some(line), message: message.to_owned() }
}

/// The line, from 1, that what stands after `before` is in.
fn line_of(before: &[u8]) -> u32 {
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}

/// The library's words as a sentence: in one line, with a capital and a full stop.
fn sentence(words: &str) -> String {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    format!("{}{}.", first.into_iter().flatten().collect::<String>(), letters.as_str().trim_end_matches('.'))
}
