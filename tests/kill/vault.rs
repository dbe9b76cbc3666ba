//! The vault's file, killed while it is made: there is none, or a whole one.

use std::process::Command;

use daypass_test_support::desktop::{Desktop, Options};
use daypass_test_support::program::{Authority, Running, finish};

use crate::world::{at_each, cut_off, died, doomed, doomed_at_once, installation, pocketpaw_takes, token};

#[test]
fn a_vault_that_is_killed_while_it_is_made_is_made_again() {
    at_each(&["vault.keyed", "vault.making"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        died(doomed_at_once(&home, point), point);
        authority.connect(&home, "pocketpaw", "paw");
        home.run(&["agent", "--stop"]).ok();
        assert!(pocketpaw_takes(&authority.url, &token(&home, "paw").0));
    });
}

#[test]
fn a_key_in_the_keyring_whose_vault_was_not_made_does_no_harm() {
    let desktop = Desktop::start(Options { tray_host: false, ..Options::default() });
    at_each(&["vault.keyed", "vault.making"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        let on_the_desktop = |arguments: &[&str]| -> Command {
            let mut command = home.command(arguments);
            command.env_remove("DAYPASS_VAULT_KEY_FILE").env("DBUS_SESSION_BUS_ADDRESS", desktop.bus_address());
            command
        };
        let run = |arguments: &[&str]| finish(&mut on_the_desktop(arguments), "");
        died(Running::start(on_the_desktop(&["agent"]).env("DAYPASS_KILL_AT", point)), point);
        let add = authority.add_arguments("pocketpaw", "paw");
        let add: Vec<&str> = add.iter().map(String::as_str).collect();
        finish(&mut on_the_desktop(&add), authority.credential("pocketpaw")).ok();
        let held = run(&["token", "paw"]).ok();
        run(&["agent", "--stop"]).ok();
        assert_eq!(run(&["token", "paw"]).ok(), held, "the vault opens with the key that it was made with");
        assert!(pocketpaw_takes(&authority.url, held.trim()));
    });
    // The two keys whose vaults were never made are left behind, beside those of the two that were.
    assert_eq!(desktop.secrets().len(), 4);
}

/// What an export is sealed under.
const PASSPHRASE: &str = "a passphrase of the test";

#[test]
fn an_import_that_is_killed_has_brought_every_account_or_none() {
    let old = installation();
    let authority = Authority::start(&old, None);
    authority.connect(&old, "pocketpaw", "paw");
    authority.connect(&old, "antiraid", "raid");
    let session = token(&old, "raid");
    let export = old.beside().join("export.txt").display().to_string();
    let exported = old.run_with(&["vault", "export", &export], PASSPHRASE);
    assert_eq!(exported.code, 0, "{exported:?}");
    old.run(&["agent", "--stop"]).ok();
    let url = &authority.url;
    at_each(&["import.unfinished", "import.stored"], |point| {
        let home = installation();
        let agent = doomed(&home, point);
        cut_off(home.run_with(&["vault", "import", &export], PASSPHRASE));
        died(agent, point);
        let accounts = home.run(&["account", "list", "--json"]).json().as_array().unwrap().len();
        assert_eq!(accounts, if point == "import.stored" { 2 } else { 0 });
        // Done again it changes nothing of what is there.
        let again = home.run_with(&["vault", "import", &export], PASSPHRASE);
        assert_eq!(again.code, 0, "{again:?}");
        assert_eq!(token(&home, "raid"), session, "what was held came with it");
        assert!(pocketpaw_takes(url, &token(&home, "paw").0));
    });
}
