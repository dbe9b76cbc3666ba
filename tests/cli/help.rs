//! What the program says of itself, and what it says to a wrong use.

use crate::installation;

const COMMANDS: [&[&str]; 38] = [
    &["serve"],
    &["authority"],
    &["authority", "user"],
    &["authority", "user", "add"],
    &["authority", "client", "add"],
    &["authority", "client", "rotate-secret"],
    &["authority", "key"],
    &["authority", "key", "rotate"],
    &["authority", "key", "withdraw"],
    &["authority", "session", "list"],
    &["authority", "session", "revoke"],
    &["authority", "device"],
    &["authority", "device", "list"],
    &["authority", "device", "show"],
    &["authority", "device", "approve"],
    &["authority", "device", "deny"],
    &["tray"],
    &["agent"],
    &["providers"],
    &["account"],
    &["account", "add"],
    &["account", "list"],
    &["account", "show"],
    &["account", "remove"],
    &["token"],
    &["sessions"],
    &["session", "create"],
    &["session", "revoke"],
    &["copy"],
    &["status"],
    &["log"],
    &["settings"],
    &["settings", "set"],
    &["settings", "path"],
    &["vault"],
    &["vault", "status"],
    &["vault", "export"],
    &["vault", "import"],
];

#[test]
fn every_command_has_help_with_an_example() {
    let installation = installation();
    for command in COMMANDS.into_iter().chain([&[][..]]) {
        let help = installation.run(&[command, &["--help"]].concat()).ok();
        assert!(help.contains("Example:\n  "), "{command:?}: {help}");
        assert!(
            help.contains(&format!("Usage: {}", [&["daypass"], command].concat().join(" "))),
            "{command:?}: {help}"
        );
        assert!(!help.contains('\x1b'), "{command:?}: coloured, although nobody looks");
    }
}

#[test]
fn a_wrong_use_is_code_2_and_starts_nothing() {
    let installation = installation();
    let wrong: [&[&str]; 34] = [
        &[],
        &["nonsense"],
        &["token", "--nonsense"],
        &["token", "a", "b"],
        &["token", "--min-ttl", "-1"],
        &["token", "--min-ttl", "soon"],
        &["token", "--json", "--header"],
        &["account", "add", "discovr"],
        &["account", "add", "discovr", "--name", "a", "--set", "profile", "--credential-stdin"],
        &["session", "create", "a", "--life", "7"],
        &["session", "create", "a", "--life", "0d"],
        &["session", "revoke", "a"],
        &["session", "revoke", "a", "id", "--all"],
        &["log", "--since", "yesterday"],
        &["log", "--since", ""],
        &["log", "--limit", "0"],
        &["log", "--account", ""],
        &["log", "work"],
        &["token", ""],
        &["token", "a", "--session", ""],
        &["account", "add", "", "--name", "a", "--credential-stdin"],
        &["account", "add", "discovr", "--name", "", "--credential-stdin"],
        &["account", "show", ""],
        &["account", "remove", ""],
        &["sessions", ""],
        &["session", "create", ""],
        &["session", "revoke", "a", ""],
        &["copy", ""],
        &["vault", "export", "a", "b"],
        &["vault", "export", "nowhere/export.txt"],
        &["vault", "import"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--session-ttl", "0"],
        &["serve", "--store", "postgres:x"],
    ];
    for arguments in wrong {
        let outcome = installation.run(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{arguments:?}: {}", outcome.stderr);
        assert!(!outcome.stderr.is_empty(), "{arguments:?} says nothing");
    }
    assert!(!installation.root().join("run").exists(), "a wrong use has made something");
}

#[test]
fn the_version_is_told() {
    assert_eq!(installation().run(&["--version"]).ok(), format!("daypass {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_given_life_is_said_to_be_the_default() {
    let help = installation().run(&["serve", "--help"]).ok();
    assert!(help.contains("default life"), "{help}");
}
