//! The demo, on a machine without a display: everything at once, and nothing left behind.

use std::path::Path;

use daypass_test_support::program::Running;
use rustix::process::Signal;

use crate::installation;

#[test]
fn the_demo_connects_all_four_systems_and_leaves_nothing() {
    let home = installation();
    let mut command = home.command(&["tray", "--demo"]);
    command.env_remove("DAYPASS_HOME").env_remove("DAYPASS_VAULT_KEY_FILE").env("TMPDIR", home.beside());
    command.env("PATH", home.beside());
    let mut demo = Running::start(&mut command);
    let line = demo.line("the home to use", |line| line.trim_start().starts_with("DAYPASS_HOME="));
    let root = line.trim().strip_prefix("DAYPASS_HOME=").unwrap().split(' ').next().unwrap().to_owned();
    // Our program is not on this PATH, so that the line names it by its place.
    assert!(line.contains(&format!(" {} token", env!("CARGO_BIN_EXE_daypass"))), "{line}");
    for account in ["discovr-demo", "pocketpaw-demo", "antiraid-demo", "discover-demo"] {
        demo.line("the account", |line| line.contains(&format!("{account}: token")) && line.contains("left"));
    }
    let elsewhere = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        daypass_test_support::program::finish(command.env("DAYPASS_HOME", &root), "")
    };
    for account in ["discovr-demo", "pocketpaw-demo", "antiraid-demo", "discover-demo"] {
        elsewhere(&["token", account]).ok();
    }
    daypass_test_support::wait::until("the extra sessions", daypass_test_support::program::START_LIMIT, || {
        let sessions = elsewhere(&["sessions", "antiraid-demo", "--json"]).json();
        let names: Vec<_> =
            sessions.as_array().unwrap().iter().filter_map(|session| session["name"].as_str()).collect();
        ["ci", "laptop", "nightly backup"].iter().all(|name| names.contains(name)).then_some(())
    });
    assert_eq!(demo.end_by(Signal::INT).code(), Some(0));
    assert!(!Path::new(&root).exists(), "the scratch home is still there");
}

#[test]
fn a_demo_in_a_given_home_is_kept_and_can_be_started_again() {
    let home = installation();
    let folder = Path::new(env!("CARGO_BIN_EXE_daypass")).parent().unwrap();
    for _ in 0..2 {
        let mut command = home.command(&["tray", "--demo"]);
        let mut demo = Running::start(command.env_remove("DAYPASS_VAULT_KEY_FILE").env("PATH", folder));
        demo.line("the name alone", |line| line.contains(" daypass token antiraid-demo"));
        demo.line("the last account", |line| line.contains("discover-demo: token"));
        home.run(&["token", "discover-demo"]).ok();
        assert_eq!(demo.end_by(Signal::TERM).code(), Some(0));
        assert!(home.root().join("demo.key").exists());
    }
}
