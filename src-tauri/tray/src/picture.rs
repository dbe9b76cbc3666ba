//! The icon's picture and its tooltip: the worst state of a snapshot, as a shape and in words.

use daypass_api::view::{AccountView, Health, Snapshot, VaultView};

use crate::text;

/// The most characters of a message in the tooltip.
const MESSAGE: usize = 120;
/// The most account names in the tooltip.
const NAMES: usize = 4;

/// What the icon shows. The three differ in shape, not only in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// Every token is fresh, or nothing was needed yet.
    Well,
    /// A refresh is under way, or is tried again without help; or the keyring has not answered yet.
    Refreshing,
    /// Only the user can help.
    NeedsYou,
}

/// The picture for a snapshot.
pub fn picture(snapshot: &Snapshot) -> Picture {
    match &snapshot.vault {
        VaultView::Open => {}
        // At each start it is asked, and most often it answers at once: that is no cry for help.
        VaultView::Slow { .. } => return Picture::Refreshing,
        VaultView::Locked { .. }
        | VaultView::Absent { .. }
        | VaultView::Full { .. }
        | VaultView::Corrupt { .. }
        | VaultView::Failing { .. } => return Picture::NeedsYou,
    }
    match worst(snapshot) {
        None | Some(Health::Well) => Picture::Well,
        // A failed refresh is not the user's business while it is tried again.
        Some(Health::Refreshing | Health::Trouble) => Picture::Refreshing,
        Some(Health::NeedsYou) => Picture::NeedsYou,
    }
}

/// The tooltip for a snapshot: one sentence on the worst state. It holds no countdown, so that it seldom changes.
pub fn tooltip(snapshot: &Snapshot) -> String {
    if let Some(message) = snapshot.vault.message() {
        return text::line(message, MESSAGE);
    }
    let Some(health) = worst(snapshot) else {
        return "No account is connected yet.".to_owned();
    };
    let those: Vec<&AccountView> = snapshot.accounts.iter().filter(|account| account.health == health).collect();
    match (health, those.as_slice()) {
        (Health::Well, [one]) => format!("{} is well.", one.name),
        (Health::Well, all) => format!("All {} accounts are well.", all.len()),
        (Health::Refreshing, some) => format!("Refreshing {}.", names(some)),
        (Health::Trouble, [one]) => format!("Cannot refresh {}; trying again.{}", one.name, reason(one)),
        (Health::Trouble, some) => format!("Cannot refresh {}; trying again.", names(some)),
        (Health::NeedsYou, [one]) => format!("{} needs you.{}", one.name, reason(one)),
        (Health::NeedsYou, some) => format!("{} accounts need you: {}.", some.len(), names(some)),
    }
}

/// The worst health of all accounts; `None` where there are none.
fn worst(snapshot: &Snapshot) -> Option<Health> {
    snapshot.accounts.iter().map(|account| account.health).max()
}

fn names(accounts: &[&AccountView]) -> String {
    text::names(accounts.iter().map(|account| account.name.as_str()), NAMES)
}

fn reason(account: &AccountView) -> String {
    account.problem.as_ref().map(|problem| format!(" {}", text::line(&problem.message, MESSAGE))).unwrap_or_default()
}
