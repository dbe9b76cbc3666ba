//! `daypass vault …` with the real program: accounts that go from one machine to another, and the vault's own status.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use daypass_test_support::program::{Installation, Outcome, finish};

use crate::terminal::Terminal;
use crate::{installation, with_authority};

const PASSPHRASE: &str = "correct horse battery\n";

/// A command on a machine whose vault is guarded by a passphrase.
fn by_passphrase(home: &Installation, arguments: &[&str]) -> Command {
    let file = home.beside().join("passphrase");
    fs::write(&file, "another passphrase\n").unwrap();
    let mut command = home.command(arguments);
    command.env_remove("DAYPASS_VAULT_KEY_FILE").env("DAYPASS_PASSPHRASE_FILE", file);
    command
}

/// What a command did that also told a word on stderr.
#[track_caller]
fn said(outcome: Outcome, words: &str) -> String {
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains(words), "{outcome:?}");
    outcome.stdout
}

#[test]
fn accounts_go_from_one_machine_to_another() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    authority.connect(&home, "discover", "disc");
    let tokens = ["paw", "disc"].map(|name| home.run(&["token", name]).ok());
    let file = home.beside().join("export.txt");
    let path = file.to_str().unwrap();
    let told = said(home.run_with(&["vault", "export", path], PASSPHRASE), "must not be used from two machines");
    assert_eq!(told, format!("Exported 2 accounts to {path}.\n"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("daypass-export 1\n"), "{text}");
    let secrets = [authority.credential("pocketpaw"), authority.credential("discover"), &tokens[0], &tokens[1]];
    for secret in secrets.iter().map(|secret| secret.trim()).chain(["paw", "disc"]) {
        assert!(!text.contains(secret), "{secret} is in the export");
    }

    let there = installation();
    let run = |arguments: &[&str]| finish(&mut by_passphrase(&there, arguments), PASSPHRASE);
    let wrong = finish(&mut by_passphrase(&there, &["vault", "import", path]), "correct horse batterie\n");
    assert!(wrong.refused(2).contains("passphrase does not fit"));
    let told = said(run(&["vault", "import", path]), "rests until it is used here");
    assert_eq!(told, "Imported 2 accounts: disc, paw.\n");
    assert_eq!(["paw", "disc"].map(|name| run(&["token", name]).ok()), tokens, "what is held is there");
    // Not PocketPaw's: its tokens of one second are the same.
    let fresh = run(&["token", "disc", "--fresh"]).ok();
    assert_ne!(fresh, tokens[1], "and the credential works");
    let again = run(&["vault", "import", path]).ok();
    let left = "Left out 2 accounts: disc, paw; there are accounts of that name here, and --replace puts the imported in their place.\n";
    assert_eq!(again, left);
    let told = said(run(&["vault", "import", path, "--replace"]), "rests until");
    assert_eq!(told, "Replaced 2 accounts: disc, paw.\n");
    assert_eq!(run(&["token", "disc"]).ok(), tokens[1]);
    finish(&mut by_passphrase(&there, &["agent", "--stop"]), "");
}

#[test]
fn an_export_goes_through_a_pipe_and_is_never_written_over_unasked() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    let passphrase = home.beside().join("passphrase");
    fs::write(&passphrase, PASSPHRASE).unwrap();
    let passphrase = passphrase.to_str().unwrap();
    let export = ["vault", "export", "--passphrase-file", passphrase];

    let mut command = home.command(&export);
    command.current_dir(home.beside());
    let told = said(finish(&mut command, ""), "two machines");
    let name = told.strip_prefix("Exported 1 account to ").and_then(|rest| rest.strip_suffix(".\n")).unwrap();
    assert!(name.starts_with("daypass-export-") && name.ends_with(".txt"), "{told}");
    let before = fs::read(home.beside().join(name)).unwrap();
    let mut command = home.command(&export);
    command.current_dir(home.beside());
    assert!(finish(&mut command, "").refused(2).contains("is there already"));
    assert_eq!(fs::read(home.beside().join(name)).unwrap(), before);
    let mut command = home.command(&[&export[..], &["--force"]].concat());
    command.current_dir(home.beside());
    said(finish(&mut command, ""), "two machines");
    assert_ne!(fs::read(home.beside().join(name)).unwrap(), before, "salt and nonce are new");

    let sealed = said(home.run(&[&export[..], &["-"]].concat()), "two machines");
    let there = installation();
    assert!(there.run_with(&["vault", "import", "-"], &sealed).refused(2).contains("--passphrase-file"));
    let import = ["vault", "import", "-", "--passphrase-file", passphrase];
    let told = said(there.run_with(&import, &sealed), "rests");
    assert_eq!(told, "Imported 1 account: paw.\n");
    assert!(there.run_with(&import, &sealed[..sealed.len() / 2]).refused(2).contains("cut off"));
    there.run(&["token", "paw"]).ok();
}

#[test]
fn what_cannot_be_exported_is_told_and_leaves_no_file() {
    let (home, authority) = with_authority();
    assert!(home.run_with(&["vault", "export", "-"], PASSPHRASE).refused(2).contains("no account to export"));
    authority.connect(&home, "pocketpaw", "paw");
    assert!(home.run_with(&["vault", "export", "-"], "short\n").refused(2).contains("12 characters or more"));
    assert!(home.run(&["vault", "export", "-"]).refused(2).contains("There is no passphrase on stdin"));
    let nowhere = home.beside().join("nowhere/export.txt");
    let refused = home.run_with(&["vault", "export", nowhere.to_str().unwrap()], PASSPHRASE).refused(1);
    assert!(refused.contains("cannot be written") && !refused.contains("os error"), "{refused}");
    let missing = home.beside().join("missing");
    let refused = home.run_with(&["vault", "import", missing.to_str().unwrap()], PASSPHRASE).refused(2);
    assert!(refused.contains("cannot be read"), "{refused}");
    let names = fs::read_dir(home.beside()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| !name.contains("export")), "something was left behind");
}

#[test]
fn a_passphrase_is_asked_for_twice_without_echo() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    let file = home.beside().join("export.txt");
    let arguments = ["vault", "export", file.to_str().unwrap()];
    let ask = |second: &str| {
        let mut terminal = Terminal::start(&home, &arguments, &[]);
        terminal.until("Passphrase for the export");
        terminal.type_in("correct horse battery\r");
        terminal.until("The same again");
        terminal.type_in(second);
        terminal.end()
    };
    let (code, shown) = ask("correct horse batterie\r");
    assert!(code == Some(2) && shown.contains("differ") && !file.exists(), "{shown}");
    let (code, shown) = ask("correct horse battery\r");
    assert!(code == Some(0) && shown.contains("Exported 1 account"), "{shown}");
    assert!(!shown.contains("correct horse"), "it was echoed");

    let there = installation();
    let mut terminal = Terminal::start(&there, &["vault", "import", file.to_str().unwrap()], &[]);
    terminal.until("Passphrase of the export");
    terminal.type_in("correct horse battery\r");
    let (code, shown) = terminal.end();
    assert!(code == Some(0) && shown.contains("Imported 1 account: paw."), "{shown}");
}

#[test]
fn the_vault_tells_how_it_is() {
    let home = installation();
    let told = home.run(&["vault", "status"]).ok();
    let file = home.vault_file();
    assert!(told.starts_with(&format!("state   open\nfile    {} (", file.display())), "{told}");
    assert!(told.ends_with(" KiB, format 2)\nkey     made of a key file (DAYPASS_VAULT_KEY_FILE)\n"), "{told}");
    let backup = file.with_file_name("vault.sqlite.format-1.0123.backup");
    fs::write(&backup, [0; 5000]).unwrap();
    let told = home.run(&["vault", "status"]).ok();
    assert!(told.ends_with(&format!("backup  {} (4 KiB)\n", backup.display())), "{told}");
    let json = home.run(&["vault", "status", "--json"]).json();
    assert_eq!(
        (&json["vault"]["state"], &json["key"], &json["format"]),
        (&"open".into(), &"key_file".into(), &2.into())
    );
    assert_eq!(json["backups"][0]["bytes"], 5000);

    home.run(&["agent", "--stop"]);
    fs::remove_file(home.key_file()).unwrap();
    let told = home.run(&["vault", "status"]).ok();
    assert!(told.starts_with("state   The file ") && told.contains("format 2"), "{told}");
}
