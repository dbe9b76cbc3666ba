//! The icon's picture and tooltip for each state.

use daypass_api::view::{AccountView, Health, Snapshot, VaultView};
use daypass_tray::{Picture, picture, tooltip};

use crate::made::{account, problem, snapshot};
use crate::spoken::words;

fn with(name: &str, health: Health) -> AccountView {
    AccountView { health, ..account(name) }
}

fn shown(snapshot: &Snapshot) -> (Picture, String) {
    (picture(snapshot), tooltip(snapshot, &words()))
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
    assert_eq!(tooltip(&snapshot(vec![needy]), &words()), "a needs you. The login token was refused.");
}

#[test]
fn a_vault_that_is_not_open_needs_the_user() {
    let message = || "Unlock your keyring.".to_owned();
    let vaults = [
        (VaultView::Locked { message: message(), said: None }, Picture::Locked),
        (VaultView::Absent { message: message(), said: None }, Picture::Locked),
        (VaultView::Full { message: message(), said: None }, Picture::NeedsYou),
        (VaultView::Corrupt { message: message(), said: None }, Picture::NeedsYou),
        (VaultView::Failing { message: message(), said: None }, Picture::NeedsYou),
    ];
    for (vault, picture) in vaults {
        let shut = Snapshot { vault, ..snapshot(vec![account("a")]) };
        assert_eq!(shown(&shut), (picture, "Unlock your keyring.".to_owned()));
    }
}

#[test]
fn a_keyring_that_is_being_asked_is_no_cry_for_help() {
    let vault = VaultView::Slow { message: "The keyring has not answered yet.".to_owned(), said: None };
    let slow = Snapshot { vault, ..snapshot(vec![with("a", Health::NeedsYou)]) };
    assert_eq!(shown(&slow), (Picture::Refreshing, "The keyring has not answered yet.".to_owned()));
}

#[test]
fn a_pause_is_shown_unless_the_user_is_needed() {
    let cases = [
        (Health::Well, Picture::Paused, "Refreshing is paused. a is well."),
        (Health::Trouble, Picture::Paused, "Refreshing is paused. Cannot refresh a; trying again."),
        (Health::NeedsYou, Picture::NeedsYou, "Refreshing is paused. a needs you."),
    ];
    for (health, picture, tooltip) in cases {
        let mut paused = snapshot(vec![with("a", health)]);
        paused.settings.settings.refresh.paused = true;
        assert_eq!(shown(&paused), (picture, tooltip.to_owned()));
    }
}
