//! Rules about the page: one door to Rust, nothing kept, nothing drawn from unchecked text.

use super::Finding;
use super::files::File;

/// A word that must not stand in the page's sources, where it may all the same, and why.
const RULES: [(&str, &str, &str); 7] = [
    (
        "@tauri-apps/",
        "ui/src/ipc.ts",
        "`ipc.ts` is the one door to Rust: everything else can then be tested without it",
    ),
    ("localStorage", "", "the page keeps nothing: it is drawn from the agent's snapshots"),
    ("sessionStorage", "", "the page keeps nothing: it is drawn from the agent's snapshots"),
    ("indexedDB", "", "the page keeps nothing: it is drawn from the agent's snapshots"),
    ("{@html", "", "text from elsewhere must stay text"),
    ("innerHTML", "", "text from elsewhere must stay text"),
    ("navigator.clipboard", "", "the backend copies: the page never has the token"),
];

/// Looks at the page's own sources; its tests may name what must not be.
pub(super) fn doors(file: &File) -> Vec<Finding> {
    let is_test = file.path.contains(".test.") || file.path.contains("/test");
    if !file.path.starts_with("ui/src/") || !matches!(file.kind(), "ts" | "svelte") || is_test {
        return Vec::new();
    }
    let rules = RULES.iter().filter(|(_, except, _)| file.path != *except);
    rules
        .flat_map(|(word, _, why)| {
            let hits = file.lines().filter(move |(_, line)| line.contains(word));
            hits.map(move |(number, _)| file.at(number, &format!("`{word}`: {why}")))
        })
        .collect()
}

#[test]
fn planted_a_second_door() {
    let import = "import { invoke } from \"@tauri-apps/api/core\";";
    assert_eq!(doors(&File::new("ui/src/App.svelte", import)).len(), 1);
    assert!(doors(&File::new("ui/src/ipc.ts", import)).is_empty());
    assert_eq!(doors(&File::new("ui/src/lib/row.ts", "localStorage.token = t;")).len(), 1);
    assert!(doors(&File::new("ui/src/lib/row.test.ts", "expect(localStorage.length).toBe(0);")).is_empty());
}
