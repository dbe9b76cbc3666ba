//! Faults of the machine: the vault's key, the vault's file, the disk, the folders, definitions of the user's own.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use daypass_test_support::program::{Installation, finish};

use crate::{installation, with_authority};

#[test]
fn without_a_keyring_the_vault_is_locked_and_says_what_to_do() {
    let (home, authority) = with_authority();
    let without_key = |arguments: &[String], input: &str| {
        let mut command = home.command(arguments);
        finish(command.env_remove("DAYPASS_VAULT_KEY_FILE"), input)
    };
    let said = without_key(&authority.add_arguments("pocketpaw", "paw"), authority.credential("pocketpaw")).refused(4);
    assert!(said.contains("keyring") && said.contains("DAYPASS_VAULT_KEY_FILE"), "{said}");
    let said = without_key(&["token".to_owned(), "paw".to_owned()], "");
    assert!([4, 6].contains(&said.code), "{said:?}");
    assert!(said.stdout.is_empty(), "{said:?}");
}

#[test]
fn an_agent_that_was_started_without_the_key_is_named_as_the_obstacle() {
    let home = installation();
    let mut command = home.command(&["account", "list"]);
    let said = finish(command.env_remove("DAYPASS_VAULT_KEY_FILE"), "").refused(4);
    assert!(said.contains("DAYPASS_VAULT_KEY_FILE") && said.contains("`daypass agent --stop`"), "{said}");
    assert!(!said.contains("os error") && !said.contains("zbus"), "{said}");
    assert!(!said.contains("is set here"), "{said}");
    // The key is given now, but to the command alone.
    for arguments in [&["account", "list"][..], &["token"], &["token", "paw"], &["sessions"]] {
        let said = home.run(arguments).refused(4);
        assert!(said.contains("DAYPASS_VAULT_KEY_FILE is set here"), "{arguments:?}: {said}");
    }
    let status = home.run(&["status"]).ok();
    assert!(status.contains("DAYPASS_VAULT_KEY_FILE is set here"), "{status}");
    home.run(&["agent", "--stop"]).ok();
    assert_eq!(home.run(&["account", "list", "--json"]).ok(), "[]\n");
}

#[test]
fn another_key_does_not_open_the_vault_and_changes_nothing() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    let token = home.run(&["token", "paw"]).ok();
    home.run(&["agent", "--stop"]).ok();
    let other = home.beside().join("other.key");
    fs::write(&other, [8; 32]).unwrap();
    let mut command = home.command(&["token", "paw"]);
    let said = finish(command.env("DAYPASS_VAULT_KEY_FILE", &other), "");
    assert!([1, 4].contains(&said.code), "{said:?}");
    assert!(said.stdout.is_empty() && said.stderr.contains("key"), "{said:?}");
    home.run(&["agent", "--stop"]).ok();
    assert_eq!(home.run(&["token", "paw"]).ok(), token);
}

#[test]
fn a_key_file_that_is_missing_or_short_is_told() {
    let home = installation();
    let short = home.beside().join("short.key");
    fs::write(&short, "short").unwrap();
    for key in [home.beside().join("missing.key"), short] {
        let mut command = home.command(&["account", "list"]);
        let outcome = finish(command.env("DAYPASS_VAULT_KEY_FILE", &key), "");
        assert!([1, 4].contains(&outcome.code), "{outcome:?}");
        assert!(outcome.stderr.contains(".key"), "it names the file: {outcome:?}");
        assert!(!outcome.stderr.contains("os error"), "{outcome:?}");
        assert!(!outcome.stderr.contains("is set here"), "its agent has this key: {outcome:?}");
        home.run(&["agent", "--stop"]).ok();
    }
}

#[test]
fn two_sources_of_the_key_are_one_too_many() {
    let home = installation();
    let mut command = home.command(&["account", "list"]);
    let said = finish(command.env("DAYPASS_PASSPHRASE_FILE", home.key_file()), "").refused(2);
    assert!(said.contains("both"), "{said}");
}

#[test]
fn a_passphrase_opens_the_vault() {
    let (home, authority) = with_authority();
    let file = home.beside().join("passphrase");
    fs::write(&file, "correct horse battery staple\n").unwrap();
    let with_passphrase = |arguments: &[String], input: &str| {
        let mut command = home.command(arguments);
        finish(command.env_remove("DAYPASS_VAULT_KEY_FILE").env("DAYPASS_PASSPHRASE_FILE", &file), input)
    };
    with_passphrase(&authority.add_arguments("pocketpaw", "paw"), authority.credential("pocketpaw")).ok();
    let token = with_passphrase(&["token".to_owned()], "").ok();
    home.run(&["agent", "--stop"]).ok();
    assert_eq!(with_passphrase(&["token".to_owned()], "").ok(), token);
}

#[test]
fn a_corrupt_vault_is_told_and_left_as_it_is() {
    let home = installation();
    fs::create_dir_all(home.root().join("data")).unwrap();
    let garbage = "this was a vault once ".repeat(400);
    fs::write(home.vault_file(), &garbage).unwrap();
    for arguments in [&["account", "list"][..], &["token"], &["token", "paw"], &["sessions"]] {
        let said = home.run(arguments);
        assert!(said.stdout.is_empty() && said.code != 0, "{arguments:?}: {said:?}");
        assert!(said.stderr.contains("vault"), "{arguments:?}: {said:?}");
    }
    assert_eq!(home.run(&["account", "list"]).code, 1);
    home.run(&["agent", "--stop"]).ok();
    assert_eq!(fs::read_to_string(home.vault_file()).unwrap(), garbage);
}

#[test]
fn a_broken_definition_is_told_with_file_and_line_and_the_others_work() {
    let home = installation();
    home.write_definition("broken.toml", "name = \"broken\"\ntitle = 5\n");
    home.write_definition("shadow.toml", "name = \"discovr\"\n");
    let outcome = home.run(&["providers"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.stdout.lines().count(), 5, "{outcome:?}");
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{outcome:?}");
    assert!(lines[0].contains("broken.toml:2"), "{outcome:?}");
    assert!(lines[1].contains("shadow.toml"), "{outcome:?}");
}

#[test]
fn a_home_that_is_no_folder_is_told() {
    let home = installation();
    let file = home.beside().join("file");
    fs::write(&file, "").unwrap();
    let said = finish(home.command(&["account", "list"]).env("DAYPASS_HOME", &file), "").refused(1);
    assert!(said.contains("file"), "{said}");
    let mut nowhere = home.command(&["account", "list"]);
    let said = finish(nowhere.env_remove("DAYPASS_HOME").env_remove("HOME"), "").refused(1);
    assert!(said.contains("HOME"), "{said}");
    let mut relative = home.command(&["account", "list"]);
    let said = finish(relative.env_remove("DAYPASS_HOME").env("HOME", "me"), "").refused(1);
    assert!(said.contains("HOME is not an absolute path"), "{said}");
    let long = home.beside().join("x".repeat(120));
    let said = finish(home.command(&["account", "list"]).env("DAYPASS_HOME", long), "").refused(1);
    assert!(said.contains("too long"), "{said}");
}

#[test]
fn a_full_stdout_is_told_and_a_closed_one_is_not() {
    let home = installation();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = home.command(&["providers"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("stdout"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = home.command(&["providers"]).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

/// A file system of one megabyte, which only root can have; removed when dropped.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(folder: &'a Path) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs"]).arg(folder);
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_what_was_stored_stays() {
    let home: Installation = installation();
    let data = home.root().join("data");
    let Some(disk) = SmallDisk::mount(&data) else {
        println!("not run: only root may mount the small file system that this test fills");
        return;
    };
    let authority = daypass_test_support::program::Authority::start(&home, None);
    authority.connect(&home, "pocketpaw", "paw");
    let token = home.run(&["token", "paw"]).ok();
    disk.fill();
    let full = home.run_with(&authority.add_arguments("discover", "shop"), authority.credential("discover"));
    let said = full.refused(1);
    assert!(said.contains("full") || said.contains("space"), "{said}");
    assert_eq!(home.run(&["token", "paw"]).stdout, token, "a token that lives is handed out without writing");
    home.run(&["account", "show", "shop"]).refused(6);

    fs::remove_file(data.join("filler")).unwrap();
    authority.connect(&home, "discover", "shop");
    home.run(&["token", "shop"]).ok();
    assert_eq!(home.run(&["token", "paw"]).ok(), token);
    home.run(&["agent", "--stop"]).ok();
}
