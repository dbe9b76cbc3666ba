//! The licences of all that the programs are made of: `copyright`, as Debian wants it, and the notices of every crate and page
//! package in full, each text once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

use crate::Folder;

/// What stands before the list of what others wrote.
const COPYRIGHT: &str = include_str!("../deb/copyright");
/// The programs; what they are made of is in the package.
const PROGRAMS: [&str; 2] = ["daypass", "daypass-window"];
/// Files that hold a licence or a notice are named so, in upper or lower case.
const NOTICES: [&str; 5] = ["license", "licence", "copying", "notice", "copyright"];

/// A crate or a page package.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    name: String,
    version: String,
    licence: String,
    folder: PathBuf,
}

/// Writes both files.
///
/// # Errors
/// Where what the programs are made of cannot be found out, or has no licence.
pub(crate) fn write(folder: &Folder) -> anyhow::Result<()> {
    let mut parts = crates()?;
    parts.extend(page_packages()?);
    folder.write("usr/share/doc/daypass/copyright", copyright(&parts)?.as_bytes())?;
    folder.write_packed("usr/share/doc/daypass/NOTICES.gz", notices(&parts)?.as_bytes())
}

/// The crates that are built into the programs on this system.
fn crates() -> anyhow::Result<BTreeSet<Part>> {
    let version = run("rustc", &["-vV"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let metadata = run("cargo", &["metadata", "--format-version", "1", "--locked", "--filter-platform", host])?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages: BTreeMap<&str, &Value> =
        list(&metadata["packages"]).map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), node)).collect();
    let mut open: Vec<&str> = packages
        .iter()
        .filter(|(_, package)| PROGRAMS.contains(&text(&package["name"])) && package["source"].is_null())
        .map(|(id, _)| *id)
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            // What is only used to build or to test has no kind `null`.
            let built_in = |used: &&Value| list(&used["dep_kinds"]).any(|kind| kind["kind"].is_null());
            open.extend(
                nodes
                    .get(id)
                    .into_iter()
                    .flat_map(|node| list(&node["deps"]))
                    .filter(built_in)
                    .map(|used| text(&used["pkg"])),
            );
        }
    }
    let foreign = seen.into_iter().filter_map(|id| packages.get(id)).filter(|package| !package["source"].is_null());
    foreign
        .map(|package| {
            let manifest = Path::new(text(&package["manifest_path"]));
            Part::new(package, manifest.parent().context("a manifest stands in no folder")?.to_owned())
        })
        .collect()
}

/// The packages that the page is made of: what Vite builds into it is in none of the `devDependencies`, but for Svelte, whose
/// runtime others ask for.
fn page_packages() -> anyhow::Result<BTreeSet<Part>> {
    let lock = std::fs::read_to_string("ui/package-lock.json").context("the page's lock file cannot be read")?;
    let lock: Value = serde_json::from_str(&lock)?;
    let entries = lock["packages"].as_object().context("the page's lock file lists no packages")?;
    let mut parts = BTreeSet::new();
    for (path, entry) in entries {
        let Some((_, name)) = path.rsplit_once("node_modules/") else { continue };
        if entry["dev"] == true || entry["devOptional"] == true || entry["optional"] == true {
            continue;
        }
        let mut entry = entry.clone();
        entry["name"] = name.into();
        parts.insert(Part::new(&entry, Path::new("ui").join(path))?);
    }
    Ok(parts)
}

impl Part {
    fn new(entry: &Value, folder: PathBuf) -> anyhow::Result<Self> {
        let (name, version) = (text(&entry["name"]).to_owned(), text(&entry["version"]).to_owned());
        let named = text(&entry["license"]).replace('/', " OR ");
        if !named.is_empty() {
            return Ok(Self { name, version, licence: named, folder });
        }
        anyhow::ensure!(!notices_in(&folder)?.is_empty(), "{name} {version} has no licence");
        Ok(Self { name, version, licence: "As its notice says".to_owned(), folder })
    }
}

/// <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>
fn copyright(parts: &BTreeSet<Part>) -> anyhow::Result<String> {
    let mut by_licence: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for part in parts {
        by_licence.entry(&part.licence).or_default().push(format!("{} {}", part.name, part.version));
    }
    let mut text = COPYRIGHT.to_owned();
    for (licence, parts) in by_licence {
        writeln!(text, "   {licence}:")?;
        let mut line = String::from("    ");
        for part in parts {
            if line.len() + part.len() > 100 {
                writeln!(text, "{}", line.trim_end())?;
                line = String::from("    ");
            }
            write!(line, " {part},")?;
        }
        writeln!(text, "{}", line.trim_end_matches(','))?;
    }
    Ok(text)
}

/// Every text, with all that it is the text of.
fn notices(parts: &BTreeSet<Part>) -> anyhow::Result<String> {
    let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for part in parts {
        for file in notices_in(&part.folder)? {
            let bytes = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let notice = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").trim().to_owned();
            by_text.entry(notice).or_default().push(format!("{} {}", part.name, part.version));
        }
    }
    let mut text = String::from(
        "The notices of all that Daypass is made of, each text once, under the names of what it is from.\n",
    );
    for (notice, mut parts) in by_text {
        parts.dedup();
        write!(text, "\n{}\n{}\n\n{notice}\n", "=".repeat(100), parts.join(", "))?;
    }
    Ok(text)
}

fn notices_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_file() && NOTICES.iter().any(|notice| name.starts_with(notice)) && !name.ends_with(".rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn run(program: &str, args: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(args).output().with_context(|| format!("{program} cannot be started"))?;
    anyhow::ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
