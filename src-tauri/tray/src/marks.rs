//! What must survive a crash of the tray app, as small files in the data folder (mode 0600): which tokens may still be on the
//! clipboard, and what was said once and for all. Never a token; of one only its SHA-256 is written.

use std::fs;
use std::io::{ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

use daypass_api::home::private_file;
use daypass_core::Time;
use serde::{Deserialize, Serialize};

/// The tokens that may be on the clipboard.
const CLIPBOARD: &str = "clipboard.json";
/// There is such a file once it was said that the desktop has no tray.
const NO_TRAY: &str = "no-tray-told";

/// The folder of the marks.
#[derive(Debug)]
pub(crate) struct Marks(PathBuf);

/// A token that was put on the clipboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClipMark {
    /// Its digest (`Secret::digest`).
    pub(crate) sha256: String,
    /// When it was put there.
    pub(crate) at: Time,
}

impl Marks {
    /// The marks in `folder`, which need not be there yet.
    pub(crate) fn of(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The tokens that an earlier run left on the clipboard, as far as it could say so.
    pub(crate) fn clipboard(&self) -> Vec<ClipMark> {
        let read = fs::read(self.0.join(CLIPBOARD)).ok();
        read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Notes the tokens that may be on the clipboard from now on.
    ///
    /// # Errors
    /// Where the file cannot be written or removed; then it is as it was.
    pub(crate) fn set_clipboard(&self, marks: &[ClipMark]) -> Result<()> {
        let file = self.0.join(CLIPBOARD);
        if marks.is_empty() {
            return match fs::remove_file(file) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        // Half a file would say nothing: the new one takes the place of the old one whole.
        let new = self.0.join(format!("{CLIPBOARD}.new"));
        write(&new, &serde_json::to_vec(marks)?)?;
        fs::rename(new, file)
    }

    /// Whether it has been said that there is no tray. It is from now on.
    pub(crate) fn no_tray_was_told(&self) -> bool {
        let file = self.0.join(NO_TRAY);
        let told = file.exists();
        // Where that cannot be kept, it is said again at the next start.
        let _ = write(&file, b"");
        told
    }
}

/// Writes a file that is for our user alone.
fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    private_file().write(true).create(true).truncate(true).open(file)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mark(sha256: &str) -> ClipMark {
        ClipMark { sha256: sha256.to_owned(), at: Time::UNIX_EPOCH }
    }

    #[test]
    fn what_may_be_on_the_clipboard_is_found_again_until_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let marks = Marks::of(folder.path());
        assert_eq!(marks.clipboard(), []);
        marks.set_clipboard(&[mark("a"), mark("b")]).unwrap();
        marks.set_clipboard(&[mark("b")]).unwrap();
        assert_eq!(Marks::of(folder.path()).clipboard(), [mark("b")]);
        let mode = fs::metadata(folder.path().join(CLIPBOARD)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        marks.set_clipboard(&[]).unwrap();
        marks.set_clipboard(&[]).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn half_a_file_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CLIPBOARD), r#"[{"sha256":"a""#).unwrap();
        assert_eq!(Marks::of(folder.path()).clipboard(), []);
    }

    #[test]
    fn that_there_is_no_tray_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Marks::of(folder.path()).no_tray_was_told());
        assert!(Marks::of(folder.path()).no_tray_was_told());
    }
}
