//! The tray menu as a value: [`menu()`] turns a snapshot into a [`Menu`], which is compared in tests and drawn elsewhere.
//!
//! Every state is met in a `match` without a wildcard: a new one does not compile until someone has decided what the
//! user sees.

mod account;
mod order;
mod session;

use daypass_api::view::{AccountView, Page, Place, Snapshot, VaultView};
use daypass_core::{Time, clock};
use daypass_words::Words;
use serde::{Deserialize, Serialize};

use crate::text;

pub(crate) use account::{reason, sign_in};

/// The most accounts in the menu itself; the others are in a menu of their own.
const ACCOUNTS: usize = 10;
/// The most accounts in that one: beyond it, the window's search is quicker.
const MORE_ACCOUNTS: usize = 40;
/// The most characters of a message in the menu.
const MESSAGE: usize = 100;
/// The most characters of a name from elsewhere.
const NAME: usize = 40;

/// A menu, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu(pub Vec<Entry>);

/// One entry of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Something that can be chosen, or text that cannot where `action` is `None`.
    Item {
        /// What it says.
        label: String,
        /// What choosing it does.
        action: Option<Action>,
    },
    /// A menu inside the menu.
    Submenu {
        /// What it says.
        label: String,
        /// What is in it.
        entries: Vec<Entry>,
    },
    /// A line between groups.
    Separator,
}

/// What choosing an entry does. It names everything it needs, so that a click on a menu that has changed since is still
/// understood as what the user saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Put a token on the clipboard.
    Copy {
        /// The account's name.
        account: String,
        /// The session; the current one where `None`.
        session: Option<String>,
    },
    /// Take whatever token of ours is on the clipboard off it.
    ClearClipboard,
    /// Refresh the current sessions of accounts now.
    Refresh {
        /// The accounts' names.
        accounts: Vec<String>,
    },
    /// End a session at its provider, or only drop its token here.
    Revoke {
        /// The account's name.
        account: String,
        /// The session's id.
        session: String,
        /// Whether it is only dropped here.
        forget: bool,
    },
    /// Refresh nothing in the background for now, or go on.
    Pause {
        /// Whether it is to rest.
        paused: bool,
    },
    /// Try to open the vault now; the keyring may ask for its password.
    OpenVault,
    /// Open the window, or bring it to the front.
    Open {
        /// What it shows first.
        place: Place,
    },
    /// End the tray app.
    Quit,
}

/// A token of ours that may be on the clipboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnClipboard {
    /// The account's name.
    pub account: String,
    /// When it is cleared away.
    pub until: Time,
}

impl Entry {
    fn item(label: impl Into<String>, action: Action) -> Self {
        Self::Item { label: label.into(), action: Some(action) }
    }

    /// An item that can be chosen only where `enabled`.
    fn item_if(enabled: bool, label: impl Into<String>, action: Action) -> Self {
        Self::Item { label: label.into(), action: enabled.then_some(action) }
    }

    fn text(label: impl Into<String>) -> Self {
        Self::Item { label: label.into(), action: None }
    }

    fn open(label: impl Into<String>, page: Page) -> Self {
        Self::item(label, Action::Open { place: page.into() })
    }
}

/// What can be done in a state of the vault.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// Tokens can be handed out, refreshed and revoked.
    secrets: bool,
    /// Something new can be stored.
    storing: bool,
}

impl Reach {
    fn of(vault: &VaultView) -> Self {
        match vault {
            VaultView::Open => Self { secrets: true, storing: true },
            // The key is asked for once, at the start; until it is here, nothing is.
            VaultView::Locked { .. } | VaultView::Slow { .. } | VaultView::Absent { .. } => {
                Self { secrets: false, storing: false }
            }
            // What was read before the failure can still be handed out.
            VaultView::Full { .. } | VaultView::Corrupt { .. } | VaultView::Failing { .. } => {
                Self { secrets: true, storing: false }
            }
        }
    }
}

/// The menu for a snapshot, with the token that is on the clipboard and the lives that remain at `now`.
pub fn menu(snapshot: &Snapshot, clip: Option<&OnClipboard>, now: Time, words: &Words) -> Menu {
    let reach = Reach::of(&snapshot.vault);
    let (shown, more) = order::in_menu(&snapshot.accounts, ACCOUNTS);
    let mut entries = vault_entries(&snapshot.vault, words);
    match most_wanted(&shown, reach, now) {
        None => {
            let connect = Action::Open { place: Page::Connect.into() };
            entries.push(Entry::item_if(reach.storing, words.say("menu-connect", []), connect));
        }
        Some(one) => {
            let label = words.say("menu-copy-of", [("account", one.name.as_str().into())]);
            entries.push(Entry::item_if(account::can_copy(one, reach, now), label, account::copy(one)));
        }
    }
    if !shown.is_empty() {
        entries.push(Entry::Separator);
    }
    entries.extend(shown.into_iter().map(|one| account::entry(one, reach, now, words)));
    if !more.is_empty() {
        let left_out = more.len().saturating_sub(MORE_ACCOUNTS);
        let mut others: Vec<Entry> =
            more.into_iter().take(MORE_ACCOUNTS).map(|one| account::entry(one, reach, now, words)).collect();
        others.extend(rest_in_window(left_out, Place::default(), words));
        entries.push(Entry::Submenu { label: words.say("menu-more-accounts", []), entries: others });
    }
    // Below the accounts: what comes and goes by itself must not move them under the pointer.
    entries.extend(clip.into_iter().flat_map(|clip| clip_entries(clip, now, words)));
    entries.extend(closing_entries(snapshot, reach, words));
    Menu(entries)
}

/// The menu before the agent has answered for the first time.
pub fn starting(words: &Words) -> Menu {
    let quit = Entry::item(words.say("menu-quit", []), Action::Quit);
    Menu(vec![Entry::text(words.say("menu-starting", [])), Entry::Separator, quit])
}

/// The account whose token is one click away: the one used last; where none was used, the first that has a token to copy.
fn most_wanted<'a>(shown: &[&'a AccountView], reach: Reach, now: Time) -> Option<&'a AccountView> {
    let first = *shown.first()?;
    let can_copy = |one: &&&AccountView| account::can_copy(one, reach, now);
    match first.last_used_at {
        Some(_) => Some(first),
        None => shown.iter().find(can_copy).copied().or(Some(first)),
    }
}

/// What is wrong with the vault, in a few words, and what helps. The whole sentence is in the tooltip and in the window:
/// it would make a menu as wide as the screen.
fn vault_entries(vault: &VaultView, words: &Words) -> Vec<Entry> {
    let say = |id| words.say(id, []);
    let again = |id| Entry::item(say(id), Action::OpenVault);
    let helps = || vec![Entry::open(say("menu-vault-help"), Page::Sessions), again("menu-vault-again")];
    let (state, helps) = match vault {
        VaultView::Open => return Vec::new(),
        // It has been asked, and asking once more would only open a second prompt.
        VaultView::Slow { .. } => ("menu-vault-slow", vec![]),
        VaultView::Locked { .. } => ("menu-vault-locked", vec![again("menu-vault-unlock")]),
        VaultView::Absent { .. } => ("menu-vault-absent", helps()),
        VaultView::Full { .. } => ("menu-vault-full", helps()),
        VaultView::Corrupt { .. } => ("menu-vault-corrupt", helps()),
        VaultView::Failing { .. } => ("menu-vault-failing", helps()),
    };
    let mut entries = vec![Entry::text(say(state))];
    entries.extend(helps);
    entries.push(Entry::Separator);
    entries
}

/// How long the clipboard still holds the token, and how it goes at once.
fn clip_entries(clip: &OnClipboard, now: Time, words: &Words) -> [Entry; 3] {
    let left = text::counting(words, clock::until(now, clip.until));
    let label = words.say("menu-clip", [("account", clip.account.as_str().into()), ("left", left.into())]);
    [Entry::Separator, Entry::text(label), Entry::item(words.say("menu-clip-clear", []), Action::ClearClipboard)]
}

/// What does not depend on any one account.
fn closing_entries(snapshot: &Snapshot, reach: Reach, words: &Words) -> [Entry; 10] {
    let say = |id| words.say(id, []);
    let can_create = reach.storing && snapshot.accounts.iter().any(|account| account.abilities.create.is_some());
    let paused = snapshot.settings.settings.refresh.paused;
    let pause = say(if paused { "menu-resume" } else { "menu-pause" });
    [
        Entry::Separator,
        Entry::item_if(can_create, say("menu-new-session"), Action::Open { place: Page::NewSession.into() }),
        Entry::open(say("menu-open"), Page::Sessions),
        Entry::open(say("menu-timeline"), Page::Timeline),
        Entry::open(say("menu-history"), Page::History),
        Entry::Separator,
        Entry::item(pause, Action::Pause { paused: !paused }),
        Entry::open(say("menu-settings"), Page::Settings),
        Entry::Separator,
        Entry::item(say("menu-quit"), Action::Quit),
    ]
}

/// Where the rest of a list that is too long for a menu is found.
fn rest_in_window(left_out: usize, place: Place, words: &Words) -> Option<Entry> {
    let label = || words.say("menu-more-in-window", [("count", left_out.into())]);
    (left_out > 0).then(|| Entry::item(label(), Action::Open { place }))
}
