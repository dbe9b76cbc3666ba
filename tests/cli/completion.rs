//! What a shell is told when the user presses Tab, asked as the script for fish asks.

use daypass_test_support::program::{Installation, finish};

use crate::{installation, with_authority};

/// What may stand in place of the last of `typed`.
fn offered(home: &Installation, typed: &[&str]) -> Vec<String> {
    let arguments = [&["--", "daypass"], typed].concat();
    let lines = finish(home.command(&arguments).env("DAYPASS_COMPLETE", "fish"), "").ok();
    lines.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn commands_and_providers_are_offered_without_an_agent() {
    let home = installation();
    assert_eq!(offered(&home, &["tok"]), ["token"]);
    assert_eq!(offered(&home, &["account", "add", "pock"]), ["pocketpaw"]);
    assert!(offered(&home, &["token", ""]).iter().all(|word| word.starts_with('-')));
    assert_eq!(home.agent_pid(), None, "pressing Tab started an agent");
}

#[test]
fn the_accounts_of_the_agent_are_offered() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    authority.connect(&home, "discovr", "tv");
    for typed in [&["token", "p"], &["copy", "p"], &["sessions", "p"]] {
        assert_eq!(offered(&home, typed), ["paw"], "{typed:?}");
    }
    assert_eq!(offered(&home, &["account", "remove", "t"]), ["tv"]);
    assert_eq!(offered(&home, &["log", "--account", "t"]), ["tv"]);
}
