//! The icon's picture and its tooltip: the worst state of a snapshot, as a shape and in words.

use daypass_api::view::{AccountView, Health, Snapshot, VaultView};
use daypass_words::Words;

use crate::menu::reason;
use crate::text;

/// The most characters of a message in the tooltip.
const MESSAGE: usize = 120;
/// The most account names in the tooltip.
const NAMES: usize = 4;

/// What the icon shows. They differ in shape, not only in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// Every token is fresh, or nothing was needed yet.
    Well,
    /// A refresh is under way, or is tried again without help; or the keyring has not answered yet.
    Refreshing,
    /// The user has paused refreshing.
    Paused,
    /// The vault is shut: until the keyring is there and open, there is no token.
    Locked,
    /// Only the user can help.
    NeedsYou,
}

/// The picture for a snapshot.
pub fn picture(snapshot: &Snapshot) -> Picture {
    match &snapshot.vault {
        VaultView::Open => {}
        // At each start it is asked, and most often it answers at once: that is no cry for help.
        VaultView::Slow { .. } => return Picture::Refreshing,
        VaultView::Locked { .. } | VaultView::Absent { .. } => return Picture::Locked,
        VaultView::Full { .. } | VaultView::Corrupt { .. } | VaultView::Failing { .. } => return Picture::NeedsYou,
    }
    match worst(snapshot) {
        Some(Health::NeedsYou) => Picture::NeedsYou,
        // What the user wants to know then is why nothing happens.
        _ if is_paused(snapshot) => Picture::Paused,
        // A failed refresh is not the user's business while it is tried again.
        Some(Health::Refreshing | Health::Trouble) => Picture::Refreshing,
        None | Some(Health::Well) => Picture::Well,
    }
}

/// The tooltip for a snapshot: one sentence on the worst state. It holds no countdown, so that it seldom changes.
pub fn tooltip(snapshot: &Snapshot, words: &Words) -> String {
    if let Some(message) = snapshot.vault.message() {
        return text::line(&words.sentence(snapshot.vault.said(), message), MESSAGE);
    }
    let state = accounts(snapshot, words);
    match is_paused(snapshot) {
        true => format!("{} {state}", words.say("menu-tip-paused", [])),
        false => state,
    }
}

fn accounts(snapshot: &Snapshot, words: &Words) -> String {
    let Some(health) = worst(snapshot) else {
        return words.say("menu-tip-empty", []);
    };
    let those: Vec<&AccountView> = snapshot.accounts.iter().filter(|account| account.health == health).collect();
    let named = || names(&those, words);
    let one = |id: &str, account: &AccountView| words.say(id, [("account", account.name.as_str().into())]);
    match (health, those.as_slice()) {
        (Health::Well, [only]) => one("menu-tip-well", only),
        (Health::Well, all) => words.say("menu-tip-all-well", [("count", all.len().into())]),
        (Health::Refreshing, _) => words.say("menu-tip-refreshing", [("names", named().into())]),
        (Health::Trouble, some) => {
            let trouble = words.say("menu-tip-trouble", [("names", named().into())]);
            because(trouble, some, words)
        }
        (Health::NeedsYou, [only]) => because(one("menu-tip-needs-you", only), &[only], words),
        (Health::NeedsYou, some) => {
            words.say("menu-tip-many-need-you", [("count", some.len().into()), ("names", named().into())])
        }
    }
}

fn is_paused(snapshot: &Snapshot) -> bool {
    snapshot.settings.settings.refresh.paused
}

/// The worst health of all accounts; `None` where there are none.
fn worst(snapshot: &Snapshot) -> Option<Health> {
    snapshot.accounts.iter().map(|account| account.health).max()
}

fn names(accounts: &[&AccountView], words: &Words) -> String {
    text::names(words, accounts.iter().map(|account| account.name.as_str()), NAMES)
}

/// A sentence, and after it why, where it is about one account.
fn because(sentence: String, accounts: &[&AccountView], words: &Words) -> String {
    let problem = match accounts {
        [one] => one.problem.as_ref(),
        _ => None,
    };
    match problem {
        Some(problem) => format!("{sentence} {}", text::line(&reason(problem, words), MESSAGE)),
        None => sentence,
    }
}
