//! What must hold of every input, whatever it is: one function for each fuzz target.
//!
//! A target panics where something does not hold. `cargo fuzz` looks for an input that makes it; the test at the end of
//! this file runs every input of `fuzz/corpus/`, on the stable toolchain. Inputs are text where they can be, so that a
//! person can read and write them; each module says how its own are written.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a target a panic is the answer")]

mod access;
mod answers;
mod basics;
mod client;
mod commands;
mod connections;
mod definitions;
mod expiries;
mod exports;
mod forms;
mod requests;
mod routes;
mod scopes;
mod still;
mod tokens;

pub use access::access;
pub use answers::answers;
pub use basics::basics;
pub use client::client;
pub use commands::commands;
pub use connections::connections;
pub use definitions::definitions;
pub use expiries::expiries;
pub use exports::exports;
pub use forms::forms;
pub use requests::requests;
pub use routes::routes;
pub use scopes::scopes;
pub use tokens::tokens;

/// A target: it panics where something does not hold of the input.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus and of its program.
pub const TARGETS: [(&str, Target); 14] = [
    ("definitions", definitions),
    ("answers", answers),
    ("tokens", tokens),
    ("expiries", expiries),
    ("requests", requests),
    ("connections", connections),
    ("client", client),
    ("exports", exports),
    ("commands", commands),
    ("forms", forms),
    ("basics", basics),
    ("scopes", scopes),
    ("access", access),
    ("routes", routes),
];

/// Whether `text` can be shown to a person on one line, and is not longer than a person reads.
fn is_a_sentence(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= 1000 && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    use super::*;

    /// Longer than any input may take in a build for tests, on a busy machine.
    const LONGEST: Duration = Duration::from_secs(20);

    fn fuzz() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn names(folder: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.map(|name| name.trim_end_matches(".rs").to_owned()).collect()
    }

    #[test]
    fn every_target_has_a_program_and_a_corpus() {
        let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names("fuzz_targets"), targets);
        assert_eq!(names("corpus"), targets);
        let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
        for name in targets {
            assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
        }
    }

    /// Runs every input of a target's corpus; a panic is preceded by the name of the input.
    #[expect(clippy::disallowed_methods, reason = "how long an input takes is what is asked")]
    fn run_corpus(name: &str, target: Target) {
        let mut inputs: Vec<_> =
            fs::read_dir(fuzz().join("corpus").join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(inputs.len() >= 5, "{name} has a corpus of {} inputs only", inputs.len());
        for path in inputs {
            eprintln!("{name}: {}", path.file_name().unwrap().to_string_lossy());
            let began = Instant::now();
            target(&fs::read(&path).unwrap());
            let took = began.elapsed();
            assert!(took < LONGEST, "{} took {took:?}", path.display());
        }
    }

    macro_rules! corpus {
        ($($test:ident: $target:ident;)*) => {$(
            #[test]
            fn $test() {
                run_corpus(stringify!($target), $target);
            }
        )*};
    }

    corpus! {
        the_corpus_of_definitions: definitions;
        the_corpus_of_answers: answers;
        the_corpus_of_tokens: tokens;
        the_corpus_of_expiries: expiries;
        the_corpus_of_requests: requests;
        the_corpus_of_connections: connections;
        the_corpus_of_the_client: client;
        the_corpus_of_exports: exports;
        the_corpus_of_commands: commands;
        the_corpus_of_forms: forms;
        the_corpus_of_basics: basics;
        the_corpus_of_scopes: scopes;
        the_corpus_of_access: access;
        the_corpus_of_routes: routes;
    }
}
