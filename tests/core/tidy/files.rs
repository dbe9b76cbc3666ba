//! The files of ours: read once, without what tools generate or install.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A file of ours, by its path from the top of the project, with `/` on every system.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Folders that tools fill.
const GENERATED: [&str; 7] = ["target", "node_modules", "dist", "gen", "ui/src/types", ".git", "ui/coverage"];

/// Kinds of files that people write.
const KINDS: [&str; 15] =
    ["rs", "ts", "js", "cjs", "mjs", "svelte", "css", "html", "sh", "py", "toml", "md", "yml", "yaml", "json"];

/// Files without an ending that people write.
const NAMES: [&str; 2] = ["Makefile", "run"];

impl File {
    #[cfg(test)]
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The part of the name behind the last dot; empty where there is none.
    pub(crate) fn kind(&self) -> &str {
        let name = self.name();
        name.rsplit_once('.').map_or("", |(_, kind)| kind)
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is a program's text, not data or prose.
    pub(crate) fn is_source(&self) -> bool {
        matches!(self.kind(), "rs" | "ts" | "js" | "cjs" | "mjs" | "svelte" | "css" | "html" | "sh" | "py" | "")
    }

    /// Its lines, numbered from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// `path:line: what`
    pub(crate) fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// Every file of ours.
pub(crate) fn all() -> &'static [File] {
    static ALL: LazyLock<Vec<File>> = LazyLock::new(|| {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let mut files = Vec::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(top.join(&folder)).unwrap().flatten() {
                let path = folder.join(entry.file_name());
                let name = path.to_string_lossy().replace('\\', "/");
                let kind = entry.file_type().unwrap();
                if kind.is_dir() && !is_generated(&name) {
                    folders.push(path);
                } else if kind.is_file() && is_ours(&name) {
                    // A file may vanish, or be half written, while an editor saves it: the next run sees it.
                    let Ok(text) = fs::read_to_string(entry.path()) else { continue };
                    files.push(File { path: name, text });
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(files.len() > 50, "the files of the project were not found");
        files
    });
    &ALL
}

fn is_generated(folder: &str) -> bool {
    GENERATED.iter().any(|generated| folder == *generated || folder.ends_with(&format!("/{generated}")))
}

fn is_ours(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    let locked = matches!(name, "Cargo.lock" | "package-lock.json" | "golden.json");
    !locked && (KINDS.contains(&kind) || NAMES.contains(&name))
}

#[test]
fn generated_folders_are_left_out() {
    assert!(is_generated("ui/node_modules") && is_generated("target") && is_generated("ui/src/types"));
    assert!(!is_generated("src-tauri/core") && !is_generated("tests/desktop"));
    assert!(is_ours("src-tauri/core/src/lib.rs") && is_ours(".ci/run") && !is_ours("ui/package-lock.json"));
}
