//! Writes what a package brings beside the programs, each to its place under a folder: man pages, completions, licences.
//!
//! `daypass-package FOLDER`, from the top of the project. It is run where a package is made, so that the programs themselves
//! carry none of it. `SOURCE_DATE_EPOCH` dates the pages (<https://reproducible-builds.org/specs/source-date-epoch/>).

#[path = "../../cli/src/args.rs"]
#[expect(dead_code, reason = "the command line's own; here only its form matters")]
mod args;
mod completions;
mod licences;
mod manual;
mod markdown;
#[path = "../../cli/src/words.rs"]
#[expect(dead_code, reason = "the command line's own; `args` reads lives and times by it")]
mod words;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::DateTime;
use flate2::{Compression, GzBuilder};

fn main() -> anyhow::Result<()> {
    let mut typed = std::env::args_os().skip(1);
    let (Some(folder), None) = (typed.next(), typed.next()) else {
        anyhow::bail!("daypass-package takes one folder");
    };
    let folder = Folder(PathBuf::from(folder));
    manual::write(&folder, &date()?)?;
    completions::write(&folder)?;
    licences::write(&folder)
}

/// The day of the pages, as `YYYY-MM-DD`: that of the sources, so that the same sources make the same package.
fn date() -> anyhow::Result<String> {
    let epoch = std::env::var("SOURCE_DATE_EPOCH").context("SOURCE_DATE_EPOCH is not set")?;
    let day = DateTime::from_timestamp(epoch.parse()?, 0).context("SOURCE_DATE_EPOCH is no time")?;
    Ok(day.format("%Y-%m-%d").to_string())
}

/// The root of what is being put together.
struct Folder(PathBuf);

impl Folder {
    /// Writes a file at `path` below the root.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn write(&self, path: impl AsRef<Path>, content: &[u8]) -> anyhow::Result<()> {
        let path = self.0.join(path);
        let place = || format!("{} cannot be written", path.display());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(place)?;
        }
        std::fs::write(&path, content).with_context(place)
    }

    /// The same, packed by gzip as Debian wants it (policy 12.1, 12.7): as small as can be, without a name or a time.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn write_packed(&self, path: impl AsRef<Path>, content: &[u8]) -> anyhow::Result<()> {
        let mut packed = GzBuilder::new().write(Vec::new(), Compression::best());
        packed.write_all(content)?;
        self.write(path, &packed.finish()?)
    }
}
