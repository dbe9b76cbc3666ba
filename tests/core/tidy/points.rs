//! Rules about fail points: each that is listed stands in the code, a test kills there, and no other does; and a release
//! build has none.

use std::collections::BTreeSet;

use super::Finding;
use super::files::File;

/// Where the points are listed.
const LIST: &str = "src-tauri/agent/src/fail.rs";
/// How a point stands in the code.
const CALL: &str = "fail::point(";
/// What a release build makes of a point.
const NOTHING: &str = "#[cfg(not(debug_assertions))]\n#[inline(always)]\npub(crate) fn point(_name: &'static str) {}\n";
/// The variable that a debug build obeys.
const VARIABLE: &str = concat!("DAYPASS_", "KILL_AT");

/// The names between quotes in `text`.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// The list against the code and the tests.
pub(super) fn points(files: &[File]) -> Vec<Finding> {
    let Some(list) = files.iter().find(|file| file.path == LIST) else {
        return vec![format!("{LIST}: it is gone, and with it what the tests kill at")];
    };
    let listed = list.text.split_once("const POINTS").and_then(|(_, rest)| rest.split_once("];"));
    let listed: BTreeSet<&str> = listed.map(|(names, _)| quoted(names).collect()).unwrap_or_default();
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for file in files.iter().filter(|file| file.path.starts_with("src-tauri/") && file.kind() == "rs") {
        for (number, line) in file.lines() {
            for (_, rest) in line.match_indices(CALL).map(|(at, _)| line.split_at(at + CALL.len())) {
                match quoted(rest).next().filter(|_| rest.starts_with('"')) {
                    Some(name) if listed.contains(name) => drop(used.insert(name)),
                    Some(name) => findings.push(file.at(number, &format!("`{name}` is not in `POINTS` of {LIST}"))),
                    None => findings.push(file.at(number, "a point's name stands where it is: write it out")),
                }
            }
            if line.contains(VARIABLE) && file.path != LIST {
                findings.push(file.at(number, &format!("only {LIST} heeds {VARIABLE}")));
            }
        }
    }
    let tests: Vec<&File> =
        files.iter().filter(|file| file.path.starts_with("tests/") && !file.path.starts_with("tests/core/")).collect();
    let killed = |name: &str| {
        let [alone, counted] = [format!("\"{name}\""), format!("\"{name}:")];
        tests.iter().any(|file| file.text.contains(&alone) || file.text.contains(&counted))
    };
    for (number, line) in list.lines() {
        for name in quoted(line).filter(|name| listed.contains(name) && line.trim().starts_with('"')) {
            if !used.contains(name) {
                findings.push(list.at(number, &format!("`{name}` stands nowhere in the code")));
            } else if !killed(name) {
                findings.push(list.at(number, &format!("no test kills at `{name}`: see tests/kill")));
            }
        }
    }
    if !list.text.contains(NOTHING) {
        findings
            .push(list.at(1, "a release build must have no fail points: `point` is empty without debug_assertions"));
    }
    findings
}

#[cfg(test)]
mod planted {
    use super::*;

    fn found(list: &str, code: &str, test: &str) -> Vec<Finding> {
        let list = format!("const POINTS: [&str; 1] = [\n    {list},\n];\n{NOTHING}");
        let code = File::new("src-tauri/agent/src/settle.rs", code);
        points(&[File::new(LIST, &list), code, File::new("tests/kill/antiraid.rs", test)])
    }

    #[test]
    fn points_that_agree_are_let_be() {
        assert_eq!(found("\"a.b\"", "fail::point(\"a.b\");", "[\"a.b:2\"]"), Vec::<Finding>::new());
    }

    #[test]
    fn a_point_that_is_not_listed_or_not_used_or_not_killed_at() {
        assert_eq!(found("\"a.b\"", "fail::point(\"a.b\"); fail::point(\"c\");", "\"a.b\"").len(), 1);
        assert_eq!(found("\"a.b\"", "", "\"a.b\"").len(), 1);
        assert_eq!(found("\"a.b\"", "fail::point(\"a.b\");", "\"a.bc\"").len(), 1);
        assert_eq!(found("\"a.b\"", "fail::point(\"a.b\"); fail::point(name);", "\"a.b\"").len(), 1);
    }

    #[test]
    fn a_release_build_that_can_be_killed() {
        let list =
            File::new(LIST, "const POINTS: [&str; 0] = [];\npub(crate) fn point(name: &'static str) { kill(name) }\n");
        assert_eq!(points(&[list]).len(), 1);
        let code = File::new("src-tauri/cli/src/main.rs", &format!("std::env::var(\"{VARIABLE}\")"));
        let list = File::new(LIST, &format!("const POINTS: [&str; 0] = [];\n{NOTHING}"));
        assert_eq!(points(&[list, code]).len(), 1);
    }
}
