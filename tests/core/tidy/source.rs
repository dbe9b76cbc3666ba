//! Rules about one file's text.

use super::Finding;
use super::files::File;

/// The longest file that a newcomer still finds a way through, in lines.
const LONGEST: usize = 600;

/// A word that must not stand in a text, and why.
struct Banned {
    word: &'static str,
    why: &'static str,
}

const fn banned(word: &'static str, why: &'static str) -> Banned {
    Banned { word, why }
}

/// Every line of `file` that holds one of `words`.
fn find(file: &File, words: &[Banned]) -> Vec<Finding> {
    let lines = file.lines();
    lines
        .flat_map(|(number, line)| {
            let hits = words.iter().filter(move |banned| line.contains(banned.word));
            hits.map(move |banned| file.at(number, &format!("`{}`: {}", banned.word, banned.why)))
        })
        .collect()
}

/// The first line says what the file is for.
pub(super) fn purpose(file: &File) -> Vec<Finding> {
    let starts: &[&str] = match file.kind() {
        "rs" => &["//! "],
        "ts" | "js" | "cjs" | "mjs" => &["// ", "/** ", "/* "],
        "css" => &["/* ", "/** "],
        "svelte" | "html" => &["<!-- ", "<!--"],
        "sh" | "toml" | "yml" | "yaml" | "" => &["# "],
        "py" => &["\"\"\"", "# "],
        // JSON has no comments, and a page of prose begins with its title.
        _ => return Vec::new(),
    };
    let preamble = |line: &&str| line.starts_with("#!/") || line.eq_ignore_ascii_case("<!doctype html>");
    let first = file.text.lines().find(|line| !preamble(line)).unwrap_or_default();
    if starts.iter().any(|start| first.starts_with(start) && first.len() > start.len() + 7) {
        return Vec::new();
    }
    let start = starts[0];
    vec![file.at(1, &format!("please begin with a line on what this file is for, such as `{start}Reads …`"))]
}

/// No file over [`LONGEST`] lines.
pub(super) fn length(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().count();
    if lines <= LONGEST || !file.is_source() {
        return Vec::new();
    }
    vec![file.at(
        lines,
        &format!("{lines} lines: over {LONGEST} a newcomer is lost; is there a part with a name of its own?"),
    )]
}

/// Nothing is left for later, switched off, or waits for a time that somebody guessed.
pub(super) fn left_open(file: &File) -> Vec<Finding> {
    const LATER: &str = "finish it, or leave it out: an open end is not seen by who runs the program";
    const OFF: &str = "a test that does not run protects nothing: mend it, or delete it";
    const SLEEP: &str = "nothing sleeps for real: wait on a channel, a condition with a deadline, or paused tokio time";
    const WORDS: [Banned; 11] = [
        banned(concat!("to", "do!("), LATER),
        banned(concat!("unimpl", "emented!("), LATER),
        banned(concat!("TO", "DO"), LATER),
        banned(concat!("FIX", "ME"), LATER),
        banned(concat!("XX", "X"), LATER),
        banned(concat!("HA", "CK"), LATER),
        banned(concat!("#[ig", "nore"), OFF),
        banned(concat!("it.sk", "ip("), OFF),
        banned(concat!("test.sk", "ip("), OFF),
        banned(concat!("it.on", "ly("), OFF),
        banned(concat!("thread::sl", "eep"), SLEEP),
    ];
    if file.is_source() { find(file, &WORDS) } else { Vec::new() }
}

/// Nothing names a machine, a person's folder, or how the text came about.
pub(super) fn foreign_words(file: &File) -> Vec<Finding> {
    const MACHINE: &str = "a path of one machine: take it from the environment, or make it relative to the project";
    const ELSEWHERE: &str = "the project speaks of itself alone";
    const WORDS: [Banned; 11] = [
        banned(concat!("/ho", "me/"), MACHINE),
        banned(concat!("/ro", "ot/"), MACHINE),
        banned(concat!("/Us", "ers/"), MACHINE),
        banned(concat!("C:\\Us", "ers"), MACHINE),
        banned(concat!("/wo", "rk/"), MACHINE),
        banned(concat!("/tmp/br", "ief"), MACHINE),
        banned(concat!("sys", "tems.md"), ELSEWHERE),
        banned(concat!("desi", "gn.md"), ELSEWHERE),
        banned(concat!("desk", "top-bed"), ELSEWHERE),
        banned(concat!("DEVEL", "OPERS.md"), ELSEWHERE),
        banned(concat!("before", "-stop"), ELSEWHERE),
    ];
    // A part of a longer path, such as an account of that name in a URL, is no path of a machine.
    let starts = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '}'))
    };
    let hits = file.lines().flat_map(|(number, line)| {
        let words = WORDS.iter().filter(move |banned| starts(line, banned.word));
        words.map(move |banned| file.at(number, &format!("`{}`: {}", banned.word, banned.why)))
    });
    hits.collect()
}

/// No type or module is called after nothing in particular.
pub(super) fn empty_names(file: &File) -> Vec<Finding> {
    const KEYWORDS: [&str; 7] = ["struct ", "enum ", "trait ", "mod ", "type ", "class ", "interface "];
    const ENDINGS: [&str; 8] = ["Manager", "Helper", "Helpers", "Util", "Utils", "helpers", "utils", "util"];
    let named = |line: &str| {
        let line = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let line = line.trim_start_matches("export ");
        let rest = KEYWORDS.iter().find_map(|keyword| line.strip_prefix(keyword))?;
        Some(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned())
    };
    let empty = |name: &String| ENDINGS.iter().any(|ending| name.ends_with(ending));
    file.lines()
        .filter(|_| file.is_source())
        .filter_map(|(number, line)| Some((number, named(line).filter(empty)?)))
        .map(|(number, name)| file.at(number, &format!("`{name}`: what does it do? That is its name")))
        .collect()
}

/// A lint or check that is switched off says why.
pub(super) fn exceptions(file: &File) -> Vec<Finding> {
    if file.kind() != "rs" {
        const WHY: &str = "mend the type instead: what the compiler does not see, it cannot protect";
        const WORDS: [Banned; 3] = [
            banned(concat!("@ts-ig", "nore"), WHY),
            banned(concat!("@ts-noc", "heck"), WHY),
            banned(concat!("as a", "ny"), WHY),
        ];
        return if matches!(file.kind(), "ts" | "svelte") { find(file, &WORDS) } else { Vec::new() };
    }
    let openings = [concat!("[al", "low("), concat!("[ex", "pect(")];
    let mut findings = Vec::new();
    for opening in openings {
        for (at, _) in file.text.match_indices(opening) {
            let is_attribute = file.text[..at].ends_with(['#', '!']);
            let end = file.text[at..].find(")]").unwrap_or(file.text.len() - at);
            if is_attribute && !file.text[at..at + end].contains("reason = ") {
                let line = file.text[..at].lines().count().max(1);
                let what = "a lint is switched off: please write `#[expect(the_lint, reason = \"…\")]`";
                findings.push(file.at(line, what));
            }
        }
    }
    findings
}

/// The clock and the random source of the system are asked in one place of a host.
pub(super) fn doors(file: &File) -> Vec<Finding> {
    const WHY: &str =
        "time and chance come in as arguments, `Clock` or `Chance`; one file of the command line has the real ones";
    let is_test = file.path.starts_with("tests/") || file.path.starts_with("fuzz/");
    let is_door = file.path == "src-tauri/cli/src/system.rs" || is_test;
    if is_door || file.kind() != "rs" {
        return Vec::new();
    }
    find(file, &[banned(concat!("disallowed_", "methods"), WHY)])
}

/// Nothing turns a secret into text by the way.
pub(super) fn secrets(file: &File) -> Vec<Finding> {
    const WHY: &str = "a secret leaves only by `expose()`, where a reviewer looks for it";
    if file.kind() != "rs" {
        return Vec::new();
    }
    let words = [
        banned(concat!("Display for ", "Secret"), WHY),
        banned(concat!("Serialize for ", "Secret"), WHY),
        banned(concat!("LowerHex for ", "Secret"), WHY),
        banned(concat!("Deref for ", "Secret"), WHY),
        banned(concat!("AsRef<str> for ", "Secret"), WHY),
        banned(concat!("From<Secret> for ", "String"), WHY),
        banned(concat!("ToString for ", "Secret"), WHY),
    ];
    let mut findings = find(file, &words);
    let mut derived = "";
    for (number, line) in file.lines() {
        let line = line.trim_start();
        if line.starts_with("#[derive(") {
            derived = line;
        } else if line.contains("struct Secret")
            && ["Serialize", "Display", "Debug"].iter().any(|word| derived.contains(word))
        {
            findings.push(file.at(number, &format!("`{derived}`: {WHY}")));
        } else if !line.starts_with(['#', '/']) {
            derived = "";
        }
    }
    findings
}

/// The core does nothing, it only answers.
pub(super) fn purity(file: &File) -> Vec<Finding> {
    const WHY: &str =
        "the core is pure: no I/O, no async, no clock and no random source of its own; take the value as an argument";
    if !file.path.starts_with("src-tauri/core/src/") {
        return Vec::new();
    }
    let words = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::io",
        "std::thread",
        "::now(",
        "async fn",
        ".await",
        "println!",
    ];
    find(file, &words.map(|word| banned(word, WHY)))
}

/// A library with effects is named only where it belongs.
pub(super) fn libraries(file: &File) -> Vec<Finding> {
    /// The library, and the beginnings of the paths where it may be named.
    const PLACES: [(&str, &[&str]); 8] = [
        ("reqwest::", &["src-tauri/providers/"]),
        ("keyring::", &["src-tauri/agent/src/vault"]),
        ("keyring_core::", &["src-tauri/agent/src/vault"]),
        ("tauri::", &["src-tauri/window/"]),
        ("tray_icon::", &["src-tauri/tray/"]),
        ("arboard::", &["src-tauri/tray/"]),
        ("clap::", &["src-tauri/cli/", "src-tauri/package/"]),
        // The generator of a package's texts ends at the first fault, and only its author reads of it.
        ("anyhow::", &["src-tauri/cli/src/main.rs", "src-tauri/window/main.rs", "src-tauri/package/"]),
    ];
    if file.kind() != "rs" || !file.path.starts_with("src-tauri/") {
        return Vec::new();
    }
    let strays = PLACES.iter().filter(|(_, places)| !places.iter().any(|place| file.path.starts_with(place)));
    strays
        .flat_map(|(library, places)| {
            let uses = file.lines().filter(move |(_, line)| names(line, library));
            uses.map(move |(number, _)| {
                file.at(number, &format!("`{library}` belongs behind its door: {}", places.join(" or ")))
            })
        })
        .collect()
}

/// Whether code (not a comment) on this line names `library`, and not one whose name merely ends so.
fn names(line: &str, library: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices(library)
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[cfg(test)]
mod planted {
    use super::*;

    /// Whether `rule` finds something in a file at `path` with `text`.
    fn finds(rule: fn(&File) -> Vec<Finding>, path: &str, text: &str) -> bool {
        !rule(&File::new(path, text)).is_empty()
    }

    #[test]
    fn a_file_without_its_purpose() {
        assert!(finds(purpose, "a.rs", "use std::fmt;\n"));
        assert!(finds(purpose, "a.rs", "//! x\n"));
        assert!(finds(purpose, "Cargo.toml", "[package]\n"));
        assert!(finds(purpose, "a.sh", "#!/bin/sh\nset -e\n"));
        assert!(finds(purpose, "A.svelte", "<script>\n"));
        assert!(!finds(purpose, "a.sh", "#!/bin/sh\n# Installs what is missing.\n"));
        assert!(!finds(purpose, "a.rs", "//! Reads the expiry of a token.\n"));
        assert!(!finds(purpose, "index.html", "<!doctype html>\n<!-- The page of the window. -->\n"));
        assert!(!finds(purpose, "a.json", "{}"));
    }

    #[test]
    fn a_file_that_is_too_long() {
        assert!(finds(length, "a.rs", &"\n".repeat(601)));
        assert!(!finds(length, "a.rs", &"\n".repeat(600)));
        assert!(!finds(length, "a.md", &"\n".repeat(601)));
    }

    #[test]
    fn what_is_left_open() {
        assert!(finds(left_open, "a.rs", concat!("fn f() { to", "do!() }")));
        assert!(finds(left_open, "a.ts", concat!("// TO", "DO later")));
        assert!(finds(left_open, "a.rs", concat!("std::thread::sl", "eep(second)")));
        assert!(!finds(left_open, "clippy.toml", concat!("path = \"std::thread::sl", "eep\"")));
    }

    #[test]
    fn a_path_of_one_machine() {
        assert!(finds(foreign_words, "a.md", concat!("cd /ho", "me/me/daypass")));
        assert!(!finds(foreign_words, "a.md", "cd ~/daypass"));
        assert!(!finds(foreign_words, "a.rs", concat!("/v1/accounts/wo", "rk/sessions")));
    }

    #[test]
    fn a_name_that_says_nothing() {
        assert!(finds(empty_names, "a.rs", concat!("pub struct Token", "Manager;")));
        assert!(finds(empty_names, "a.rs", concat!("mod ut", "ils;")));
        assert!(finds(empty_names, "a.ts", concat!("export class Date", "Helper {}")));
        assert!(!finds(empty_names, "a.rs", "struct Catalog(u8);"));
    }

    #[test]
    fn an_exception_without_a_reason() {
        assert!(finds(exceptions, "a.rs", concat!("#[al", "low(dead_code)]\nfn f() {}")));
        assert!(finds(exceptions, "a.rs", concat!("#![al", "low(\n    dead_code,\n)]")));
        assert!(finds(exceptions, "a.rs", concat!("#[ex", "pect(dead_code)]")));
        assert!(!finds(exceptions, "a.rs", concat!("#[ex", "pect(dead_code, reason = \"kept for …\")]")));
        assert!(finds(exceptions, "a.ts", concat!("// @ts-ig", "nore")));
    }

    #[test]
    fn a_second_clock() {
        let text = concat!("#[expect(clippy::disallowed_", "methods, reason = \"…\")]");
        assert!(finds(doors, "src-tauri/agent/src/keeper.rs", text));
        assert!(!finds(doors, "src-tauri/cli/src/system.rs", text));
    }

    #[test]
    fn a_secret_that_can_be_printed() {
        assert!(finds(secrets, "a.rs", "#[derive(Clone, Debug)]\npub struct Secret(String);"));
        assert!(finds(secrets, "a.rs", "#[derive(Clone, Serialize)]\n/// A secret.\npub struct Secret(String);"));
        assert!(finds(secrets, "a.rs", concat!("impl std::fmt::Display for ", "Secret {")));
        assert!(!finds(secrets, "a.rs", "#[derive(Clone)]\npub struct Secret(String);"));
        assert!(!finds(secrets, "a.rs", "#[derive(Debug)]\nstruct Other;\nstruct Secret(String);"));
    }

    #[test]
    fn a_core_that_does_something() {
        assert!(finds(purity, "src-tauri/core/src/session.rs", "let now = Utc::now();"));
        assert!(finds(purity, "src-tauri/core/src/session.rs", "use std::fs;"));
        assert!(!finds(purity, "src-tauri/agent/src/agent.rs", "use std::fs;"));
    }

    #[test]
    fn a_library_that_strays() {
        assert!(finds(libraries, "src-tauri/agent/src/agent.rs", "let client = reqwest::Client::new();"));
        assert!(finds(libraries, "src-tauri/agent/src/agent.rs", "use keyring::Entry;"));
        assert!(!finds(libraries, "src-tauri/agent/src/vault/key.rs", "use keyring::Entry;"));
        assert!(!finds(libraries, "src-tauri/tray/src/lib.rs", "use daypass_tauri::x;"));
        assert!(!finds(libraries, "src-tauri/tray/src/lib.rs", "// like tauri::tray"));
    }
}
