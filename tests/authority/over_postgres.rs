//! The suite of the authority once more, over PostgreSQL: all of it that is not about SQLite's file.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the answer")]

mod admin;
mod antiraid;
mod attacks;
mod attacks_guessing;
mod attacks_matrix;
mod attacks_tokens;
mod database;
mod device;
mod device_admin;
mod discover;
mod discovr;
mod document;
mod elsewhere;
mod encrypted;
mod garbage;
mod keys;
mod last_use;
mod limits;
mod logged;
mod native;
mod native_device;
mod native_rotation;
mod native_sessions;
mod operation;
#[path = "place_postgres.rs"]
mod place;
mod plans;
mod pocketpaw;
mod proxied;
mod races;
mod reached;
mod restarts;
mod store;
mod transport;
mod world;

/// A module that is added to the one suite is added to the other.
#[test]
fn the_suite_is_the_same() {
    let modules = |text: &'static str| {
        let names = text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let missing: Vec<_> =
        modules(include_str!("main.rs")).difference(&modules(include_str!("over_postgres.rs"))).copied().collect();
    assert_eq!(missing, ["attacks_timing", "restore", "sqlite"], "only what is about SQLite's file is not here");
}
