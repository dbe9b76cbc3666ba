//! Where the real peers are installed.

use std::path::{Path, PathBuf};

/// A file of a peer under `target/interop/`.
///
/// # Panics
/// With a kind sentence where the peer is not installed.
pub(crate) fn installed(peer: &str, file: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top().join("target"), |dir| top().join(dir));
    let path = target.join("interop").join(peer).join(file);
    assert!(path.exists(), "{peer} is not installed: please run `make setup-interop` once, then this test again");
    path
}

/// A file or folder of the project.
pub(crate) fn project(path: &str) -> PathBuf {
    top().join(path)
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
