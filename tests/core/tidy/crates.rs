//! Rules about crates: who may use whom, and where a library may be asked for.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Finding;
use super::files::File;

/// A crate of ours, and those of ours that it may use.
///
/// `ui → window → api`, `cli →` all, `tray → agent → providers → core`, `agent → api`, `authority → core`, and
/// anyone `core`. Tests may use more: only what is built into the programs counts.
const MAY_USE: [(&str, &[&str]); 13] = [
    ("daypass-core", &[]),
    ("daypass-api", &["daypass-core"]),
    ("daypass-providers", &["daypass-core"]),
    ("daypass-authority", &["daypass-core"]),
    ("daypass-agent", &["daypass-core", "daypass-api", "daypass-providers"]),
    ("daypass-words", &["daypass-api"]),
    ("daypass-tray", &["daypass-core", "daypass-api", "daypass-agent", "daypass-words"]),
    (
        "daypass",
        &["daypass-core", "daypass-api", "daypass-providers", "daypass-authority", "daypass-agent", "daypass-tray"],
    ),
    ("daypass-window", &["daypass-core", "daypass-api"]),
    // It reads the form of the command line, whose settings are an authority's.
    ("daypass-package", &["daypass-core", "daypass-authority"]),
    ("daypass-test-support", &["daypass-core", "daypass-api"]),
    (
        "daypass-fuzz-targets",
        &["daypass-core", "daypass-api", "daypass-providers", "daypass-authority", "daypass-agent"],
    ),
    ("daypass-fuzz", &["daypass-fuzz-targets"]),
];

/// A library that only some crates may use, and why.
const ONLY_IN: [(&str, &[&str], &str); 21] = [
    ("reqwest", &["daypass-providers"], "only the engine asks other services"),
    ("keyring", &["daypass-agent"], "only the vault knows the keyring"),
    ("keyring-core", &["daypass-agent"], "only the vault knows the keyring"),
    ("tauri", &["daypass-window"], "the lean program links neither GTK nor WebKit"),
    ("tauri-build", &["daypass-window"], "the lean program links neither GTK nor WebKit"),
    ("tray-icon", &["daypass-tray"], "what the desktop does for us is the tray's"),
    ("arboard", &["daypass-tray"], "what the desktop does for us is the tray's"),
    ("notify-rust", &["daypass-tray"], "what the desktop does for us is the tray's"),
    ("interprocess", &["daypass-agent"], "only the agent makes a pipe; its clients open one as a file"),
    (
        "anyhow",
        &["daypass", "daypass-window", "daypass-package"],
        "below the two programs an error is an enum that a caller can match",
    ),
    (
        "clap",
        &["daypass", "daypass-package"],
        "only the command line reads arguments this way, and its man pages are made of it",
    ),
    ("getrandom", &["daypass"], "chance comes in through the door: one `SystemChance` per host"),
    ("rpassword", &["daypass"], "only the command line asks at a prompt"),
    ("rusqlite", &["daypass-agent", "daypass-authority"], "only the vault and the authority's store keep anything"),
    ("tokio-postgres", &["daypass-authority"], "only the authority's store speaks to a database server"),
    ("deadpool-postgres", &["daypass-authority"], "only the authority's store speaks to a database server"),
    ("axum", &["daypass-agent", "daypass-authority"], "only these two answer over HTTP"),
    ("hyper", &["daypass-agent", "daypass-authority", "daypass-providers"], "only these three speak HTTP"),
    ("jsonwebtoken", &["daypass-core"], "token formats are the core's"),
    ("ed25519-dalek", &["daypass-core"], "token formats are the core's"),
    ("libfuzzer-sys", &["daypass-fuzz"], "only `make fuzz` builds it, in a workspace of its own"),
];

/// What must not even be near a crate: it would bring I/O, a runtime, or a clock.
const FREE_OF: [(&str, &[&str], &str); 2] = [
    (
        "daypass-core",
        &[
            "tokio",
            "futures",
            "async-trait",
            "hyper",
            "axum",
            "rustix",
            "libc",
            "url",
            "tempfile",
            "rand",
            "tracing",
            "log",
        ],
        "the core is pure: no I/O, no async, no random source",
    ),
    (
        "daypass-api",
        &["tokio", "hyper", "hyper-util", "futures", "async-trait"],
        "`daypass token` must stay as quick as a bare program: the client is blocking and light",
    ),
];

/// The names of the dependencies that are built into a program, for every target.
fn dependencies(manifest: &Table) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let tables = ["dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table);
    let places =
        std::iter::once(manifest).chain(targets.into_iter().flat_map(|t| t.values().filter_map(Value::as_table)));
    for place in places {
        for table in tables.iter().filter_map(|name| place.get(*name)?.as_table()) {
            names.extend(table.iter().map(|(name, value)| real_name(name, value)));
        }
    }
    names
}

/// The crate's own name, also where it is renamed.
fn real_name(name: &str, value: &Value) -> String {
    value.get("package").and_then(Value::as_str).unwrap_or(name).to_owned()
}

/// Who may use whom.
pub(super) fn directions(file: &File) -> Vec<Finding> {
    if file.name() != "Cargo.toml"
        || !(file.path == "Cargo.toml"
            || file.path.starts_with("src-tauri/")
            || file.path.starts_with("fuzz/")
            || file.path == "tests/support/Cargo.toml")
    {
        return Vec::new();
    }
    let manifest: Table = match file.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![file.at(1, &format!("cannot be read: {error}"))],
    };
    let Some(name) = manifest.get("package").and_then(|package| package.get("name")?.as_str()) else {
        return Vec::new();
    };
    let Some((_, may_use)) = MAY_USE.iter().find(|(crate_name, _)| *crate_name == name) else {
        return vec![file.at(1, &format!("`{name}` is new: please say in tests/core/tidy/crates.rs whom it may use"))];
    };
    let mut findings = Vec::new();
    for used in dependencies(&manifest) {
        let line = file.lines().find(|(_, line)| line.starts_with(&used)).map_or(1, |(number, _)| number);
        let mut find = |why: &str| findings.push(file.at(line, &format!("`{name}` must not use `{used}`: {why}")));
        if used.starts_with("daypass") && !may_use.contains(&used.as_str()) {
            find("the house has directions, see `MAY_USE` in tests/core/tidy/crates.rs");
        }
        if let Some((_, _, why)) =
            ONLY_IN.iter().find(|(library, crates, _)| *library == used && !crates.contains(&name))
        {
            find(why);
        }
        if let Some((_, _, why)) = FREE_OF.iter().find(|(of, free, _)| *of == name && free.contains(&used.as_str())) {
            find(why);
        }
    }
    findings
}

/// What the workspace offers and no crate takes.
pub(super) fn unused(files: &[File]) -> Vec<Finding> {
    let Some(root) = files.iter().find(|file| file.path == "Cargo.toml") else { return Vec::new() };
    let Ok(manifest) = root.text.parse::<Table>() else { return Vec::new() };
    let shared = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies")?.as_table());
    let taken = |name: &str| {
        let [short, long] = [format!("{name}.workspace"), format!("{name} = {{ workspace")];
        let manifests = files.iter().filter(|file| file.name() == "Cargo.toml");
        manifests.flat_map(File::lines).any(|(_, line)| line.starts_with(&short) || line.starts_with(&long))
    };
    let names = shared.into_iter().flatten().map(|(name, _)| name).filter(|name| !taken(name));
    names.map(|name| root.at(1, &format!("`{name}` is offered to all and taken by none: please drop it"))).collect()
}

#[cfg(test)]
mod planted {
    use super::*;

    fn manifest(name: &str, rest: &str) -> File {
        File::new("src-tauri/x/Cargo.toml", &format!("[package]\nname = \"{name}\"\n{rest}"))
    }

    #[test]
    fn a_crate_that_reaches_upward() {
        let file = manifest("daypass-core", "[dependencies]\ndaypass-agent.workspace = true\n");
        assert_eq!(directions(&file).len(), 1);
        assert!(
            directions(&file)[0].starts_with("src-tauri/x/Cargo.toml:4: `daypass-core` must not use `daypass-agent`")
        );
    }

    #[test]
    fn a_library_in_the_wrong_crate() {
        assert_eq!(directions(&manifest("daypass-agent", "[dependencies]\nreqwest = \"0.13\"\n")).len(), 1);
        assert_eq!(directions(&manifest("daypass-core", "[dependencies.tokio]\nversion = \"1\"\n")).len(), 1);
        let renamed = "[dependencies]\nhttp_client = { package = \"reqwest\", version = \"0.13\" }\n";
        assert_eq!(directions(&manifest("daypass-tray", renamed)).len(), 1);
        let on_one_system = "[target.'cfg(unix)'.dependencies]\ntauri = \"2\"\n";
        assert_eq!(directions(&manifest("daypass-tray", on_one_system)).len(), 1);
    }

    #[test]
    fn tests_may_use_more() {
        assert!(directions(&manifest("daypass-agent", "[dev-dependencies]\nreqwest = \"0.13\"\n")).is_empty());
    }

    #[test]
    fn a_new_crate_must_be_introduced() {
        assert_eq!(directions(&manifest("daypass-extra", "")).len(), 1);
    }

    #[test]
    fn a_dependency_that_nobody_takes() {
        let root = "[workspace.dependencies]\nserde = \"1\"\nserde_json = \"1\"\n";
        let files = [File::new("Cargo.toml", root), manifest("x", "[dependencies]\nserde_json.workspace = true\n")];
        assert_eq!(unused(&files).len(), 1);
    }
}
