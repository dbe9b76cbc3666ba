//! The sentences of the agent in its sources: each is one with its message, and each message is one of theirs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::tests::variables_in;
use super::*;

/// The crates whose sentences reach a face.
const ROOMS: [&str; 6] = ["agent/src", "api/src", "cli/src", "providers/src", "tray/src", "window"];

/// A sentence as it stands in a source.
struct Written {
    place: String,
    id: String,
    text: String,
}

/// All sources, with their names.
fn sources() -> Vec<(String, String)> {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    ROOMS.iter().for_each(|room| collect(&house.join(room), &mut found));
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    let entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in entries {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The string literal that `text` begins with, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start().strip_prefix('"')?;
    let mut found = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((found, &text[at + 1..])),
            '\\' => found.push(chars.next()?.1),
            c => found.push(c),
        }
    }
    None
}

/// Every `phrase!("id", "text"` of a source, and every macro of its own that ends in one: `bad!(self, "id", "text"`.
fn phrases(place: &str, source: &str) -> Vec<Written> {
    let calls = source.split("!(").skip(1).filter_map(|call| {
        let (first, rest) = call.trim_start().split_once(',').unwrap_or((call, ""));
        let from_second = first.chars().all(|c| c.is_alphanumeric() || c == '_').then_some(rest);
        let (id, rest) = literal(from_second.unwrap_or(call))?;
        let (text, _) = literal(rest.strip_prefix(',')?)?;
        let named = id.starts_with("error-") || id.starts_with("done-");
        named.then(|| Written { place: place.to_owned(), id, text })
    });
    calls.collect()
}

/// A text as for `format!`, in the way of the message files.
fn as_message(text: &str) -> String {
    text.replace('{', "{$")
}

#[test]
fn every_sentence_of_the_agent_is_word_by_word_its_english_message() {
    let written: Vec<Written> = sources().iter().flat_map(|(place, source)| phrases(place, source)).collect();
    assert!(written.len() > 100, "only {} were found", written.len());
    let errors = ENGLISH.iter().find(|(name, _)| *name == "errors").unwrap().1;
    let messages: BTreeMap<&str, &str> = errors.lines().filter_map(|line| line.split_once(" = ")).collect();
    for Written { place, id, text } in &written {
        assert_eq!(messages.get(id.as_str()), Some(&as_message(text).as_str()), "{id} in {place}");
    }
}

#[test]
fn a_message_that_is_named_in_a_source_gets_its_variables() {
    let mut checked = 0;
    for (place, source) in sources() {
        for call in source.split("Said::new(").skip(1) {
            let Some((id, rest)) = literal(call) else { continue };
            // What is put together before is not seen here; a face shows a missing variable by its name.
            let Some(args) = rest.trim_start_matches(',').trim_start().strip_prefix('[') else { continue };
            let args = args.split_once(']').map_or(args, |(args, _)| args);
            if !args.is_empty() && !args.starts_with('(') {
                continue;
            }
            let given = args.split('(').filter_map(|arg| Some(literal(arg)?.0)).collect();
            assert_eq!(variables_in(ENGLISH, &id), Some(given), "{id} in {place}");
            checked += 1;
        }
    }
    assert!(checked > 3, "only {checked} were found");
}

#[test]
fn no_message_of_the_agent_is_left_over() {
    let sources = sources();
    let errors = ENGLISH.iter().find(|(name, _)| *name == "errors").unwrap().1;
    for id in errors.lines().filter_map(|line| Some(line.split_once(" = ")?.0)) {
        let named = format!("\"{id}\"");
        assert!(sources.iter().any(|(_, source)| source.contains(&named)), "nobody says {id}");
    }
}
