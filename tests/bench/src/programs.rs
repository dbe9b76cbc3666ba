//! Where the programs are that are measured.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};

/// The release builds of ours and of the bare ones.
#[derive(Debug)]
pub(crate) struct Programs {
    /// `daypass`.
    pub(crate) daypass: PathBuf,
    /// A program that asks over a Unix socket and prints.
    pub(crate) bare_socket: PathBuf,
    /// A Tauri app with an icon and a window.
    pub(crate) bare_tauri: PathBuf,
    /// This program, which also serves as the bare HTTP server.
    pub(crate) bench: PathBuf,
}

impl Programs {
    /// Finds them beside this program.
    ///
    /// # Errors
    /// Where one has not been built, or this is not a release build: such figures would say nothing.
    pub(crate) fn find() -> anyhow::Result<Self> {
        ensure!(!cfg!(debug_assertions), "measure the release build: run `make bench`");
        let bench = std::env::current_exe()?;
        let folder = bench.parent().context("this program is in no folder")?;
        let find = |name: &str| {
            let path = folder.join(name);
            ensure!(path.exists(), "{} is missing: run `make bench`", path.display());
            Ok(path)
        };
        find("daypass-window")?;
        Ok(Self {
            daypass: find("daypass")?,
            bare_socket: find("bare-socket")?,
            bare_tauri: find("bare-tauri")?,
            bench: bench.clone(),
        })
    }
}
