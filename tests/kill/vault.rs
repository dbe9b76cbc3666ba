//! The vault's file, killed while it is made: there is none, or a whole one.

use daypass_test_support::program::Authority;

use crate::world::{at_each, died, doomed_at_once, installation, pocketpaw_takes, token};

#[test]
fn a_vault_that_is_killed_while_it_is_made_is_made_again() {
    at_each(&["vault.keyed", "vault.making"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        died(doomed_at_once(&home, point), point);
        authority.connect(&home, "pocketpaw", "paw");
        home.run(&["agent", "--stop"]).ok();
        assert!(pocketpaw_takes(&authority, &token(&home, "paw").0));
    });
}
