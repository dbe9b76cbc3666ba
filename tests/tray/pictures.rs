//! The icon's picture and tooltip for each state.

use daypass_api::view::{AccountView, Health, Snapshot, VaultView};
use daypass_tray::{Picture, picture, tooltip};

use crate::made::{account, problem, snapshot};

fn with(name: &str, health: Health) -> AccountView {
    AccountView { health, ..account(name) }
}

fn shown(snapshot: &Snapshot) -> (Picture, String) {
    (picture(snapshot), tooltip(snapshot))
}

#[test]
fn the_worst_account_decides() {
    let cases = [
        (vec![], Picture::Well, "No account is connected yet."),
        (vec![with("a", Health::Well)], Picture::Well, "a is well."),
        (vec![with("a", Health::Well), with("b", Health::Well)], Picture::Well, "All 2 accounts are well."),
        (vec![with("a", Health::Well), with("b", Health::Refreshing)], Picture::Refreshing, "Refreshing b."),
        (
            vec![with("a", Health::Trouble), with("b", Health::Refreshing)],
            Picture::Refreshing,
            "Cannot refresh a; trying again.",
        ),
        (vec![with("a", Health::NeedsYou), with("b", Health::Trouble)], Picture::NeedsYou, "a needs you."),
        (
            ["a", "b", "c", "d", "e"].map(|name| with(name, Health::NeedsYou)).into(),
            Picture::NeedsYou,
            "5 accounts need you: a, b, c, d and 1 more.",
        ),
    ];
    for (accounts, picture, tooltip) in cases {
        assert_eq!(shown(&snapshot(accounts)), (picture, tooltip.to_owned()));
    }
}

#[test]
fn the_tooltip_says_why() {
    let mut needy = with("a", Health::NeedsYou);
    needy.problem = problem("The login token was refused.");
    assert_eq!(tooltip(&snapshot(vec![needy])), "a needs you. The login token was refused.");
}

#[test]
fn a_vault_that_is_not_open_needs_the_user() {
    let message = || "Unlock your keyring.".to_owned();
    let vaults = [
        VaultView::Locked { message: message() },
        VaultView::Absent { message: message() },
        VaultView::Full { message: message() },
        VaultView::Corrupt { message: message() },
        VaultView::Failing { message: message() },
    ];
    for vault in vaults {
        let shut = Snapshot { vault, ..snapshot(vec![account("a")]) };
        assert_eq!(shown(&shut), (Picture::NeedsYou, "Unlock your keyring.".to_owned()));
    }
}

#[test]
fn a_keyring_that_is_being_asked_is_no_cry_for_help() {
    let vault = VaultView::Slow { message: "The keyring has not answered yet.".to_owned() };
    let slow = Snapshot { vault, ..snapshot(vec![with("a", Health::NeedsYou)]) };
    assert_eq!(shown(&slow), (Picture::Refreshing, "The keyring has not answered yet.".to_owned()));
}
