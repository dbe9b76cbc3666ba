//! The tray menu as a value: [`menu`] turns a snapshot into a [`Menu`], which is compared in tests and drawn elsewhere.
//!
//! Every state is met in a `match` without a wildcard: a new one does not compile until someone has decided what the
//! user sees.

use std::time::Duration;

use daypass_api::view::{AccountView, Health, Page, Place, SessionView, Snapshot, VaultView};
use daypass_core::fresh::Freshness;
use daypass_core::session::SessionState;
use daypass_core::{Time, clock};
use serde::{Deserialize, Serialize};

use crate::text;

/// The most characters of a message in the menu.
const MESSAGE: usize = 100;
/// The most characters of the reason in an account's own entry; its submenu says more.
const REASON: usize = 60;
/// The most characters of a session's name.
const NAME: usize = 40;
/// The most sessions that an account's submenu lists; the window lists them all.
const SESSIONS: usize = 12;

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
    /// Refresh the account's current session now.
    Refresh {
        /// The account's name.
        account: String,
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
}

/// The menu for a snapshot, with the lives that remain at `now`.
pub fn menu(snapshot: &Snapshot, now: Time) -> Menu {
    let mut entries = vault_entries(&snapshot.vault);
    let Reach { secrets, storing } = Reach::of(&snapshot.vault);
    if snapshot.accounts.is_empty() {
        entries.push(Entry::item_if(storing, "Connect an account…", Action::Open { place: Page::Connect.into() }));
    }
    let (needy, others): (Vec<_>, Vec<_>) = snapshot.accounts.iter().partition(|a| a.health == Health::NeedsYou);
    entries.extend(needy.into_iter().chain(others).map(|account| account_entry(account, secrets, now)));

    let can_create = storing && snapshot.accounts.iter().any(|account| account.abilities.create.is_some());
    entries.extend([
        Entry::Separator,
        Entry::item_if(can_create, "New session…", Action::Open { place: Page::NewSession.into() }),
        Entry::item("Open Daypass", Action::Open { place: Page::Sessions.into() }),
        Entry::item("History…", Action::Open { place: Page::History.into() }),
        Entry::Separator,
        Entry::item("Quit", Action::Quit),
    ]);
    Menu(entries)
}

/// The menu before the agent has answered for the first time.
pub fn starting() -> Menu {
    Menu(vec![Entry::text("Starting…"), Entry::Separator, Entry::item("Quit", Action::Quit)])
}

/// What can be done in a state of the vault.
struct Reach {
    /// Whether there are secrets to hand out.
    secrets: bool,
    /// Whether something new can be stored.
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

/// What is wrong with the vault, in a few words, and what helps. The whole sentence is in the tooltip and in the window:
/// it would make a menu as wide as the screen.
fn vault_entries(vault: &VaultView) -> Vec<Entry> {
    let again = |label| Entry::item(label, Action::OpenVault);
    let what_to_do = || Entry::item("What to do…", Action::Open { place: Page::Sessions.into() });
    let (state, helps) = match vault {
        VaultView::Open => return Vec::new(),
        // It has been asked, and asking once more would only open a second prompt.
        VaultView::Slow { .. } => ("The keyring has not answered yet", vec![]),
        VaultView::Locked { .. } => ("The keyring is locked", vec![again("Unlock…")]),
        VaultView::Absent { .. } => ("There is no keyring", vec![what_to_do(), again("Try again")]),
        VaultView::Full { .. } => ("The disk is full", vec![what_to_do(), again("Try again")]),
        VaultView::Corrupt { .. } => ("The vault is damaged", vec![what_to_do(), again("Try again")]),
        VaultView::Failing { .. } => ("The vault cannot be used", vec![what_to_do(), again("Try again")]),
    };
    let mut entries = vec![Entry::text(state)];
    entries.extend(helps);
    entries.push(Entry::Separator);
    entries
}

/// The life of an account's current token.
enum Life {
    /// There is no token yet.
    None,
    /// It lives, for so long as far as is known.
    Alive(Option<Duration>),
    /// It is over.
    Over,
}

impl Life {
    /// `now` decides, not the snapshot's word: it may be older than the token's end.
    fn of(account: &AccountView, now: Time) -> Self {
        match account.freshness {
            None => Self::None,
            Some(Freshness::Expired) => Self::Over,
            Some(Freshness::Fresh | Freshness::Stale | Freshness::Urgent) => match account.expires_at {
                None => Self::Alive(None),
                Some(end) if now >= end => Self::Over,
                Some(end) => Self::Alive(Some(clock::until(now, end))),
            },
        }
    }
}

fn account_entry(account: &AccountView, secrets: bool, now: Time) -> Entry {
    let life = Life::of(account, now);
    // A refused credential does not kill the token that it opened.
    let can_copy = match (account.health, &life) {
        (Health::Well | Health::Refreshing | Health::Trouble, _) | (Health::NeedsYou, Life::Alive(_)) => secrets,
        (Health::NeedsYou, Life::None | Life::Over) => false,
    };
    let name = &account.name;
    let mut entries = Vec::new();
    if let Some(problem) = &account.problem {
        entries.push(Entry::text(text::line(&problem.message, MESSAGE)));
        if account.health == Health::NeedsYou {
            entries.push(Entry::item("Mend in Daypass…", Action::Open { place: Page::Sessions.into() }));
        }
        entries.push(Entry::Separator);
    }
    entries.extend([
        Entry::item_if(can_copy, "Copy token", Action::Copy { account: name.clone(), session: None }),
        Entry::item_if(secrets && !account.refreshing, "Refresh now", Action::Refresh { account: name.clone() }),
    ]);
    if !account.sessions.is_empty() {
        entries.push(Entry::Separator);
    }
    entries.extend(account.sessions.iter().take(SESSIONS).map(|s| session_entry(account, s, secrets, now)));
    if let more @ 1.. = account.sessions.len().saturating_sub(SESSIONS) {
        entries.push(Entry::item(format!("{more} more in Daypass…"), Action::Open { place: Page::Sessions.into() }));
    }
    Entry::Submenu { label: account_label(account, &life), entries }
}

fn account_label(account: &AccountView, life: &Life) -> String {
    let left = match life {
        Life::None | Life::Over => None,
        Life::Alive(None) => Some("live".to_owned()),
        Life::Alive(Some(span)) => Some(format!("{} left", text::coarse(*span))),
    };
    let state = match (account.health, left, life) {
        (Health::Well, Some(left), _) => left,
        (Health::Well, None, Life::None) => "not used yet".to_owned(),
        (Health::Well, None, Life::Over | Life::Alive(_)) => "expired, renewed on use".to_owned(),
        (Health::Refreshing, Some(left), _) => format!("{left}, refreshing…"),
        (Health::Refreshing, None, _) => "refreshing…".to_owned(),
        (Health::Trouble, Some(left), _) => format!("{left}, cannot refresh"),
        (Health::Trouble, None, _) => "cannot refresh".to_owned(),
        (Health::NeedsYou, _, _) => match &account.problem {
            Some(problem) => format!("needs you: {}", text::line(&problem.message, REASON)),
            None => "needs you".to_owned(),
        },
    };
    format!("{} · {state}", account.name)
}

fn session_entry(account: &AccountView, session: &SessionView, secrets: bool, now: Time) -> Entry {
    let mut entries = Vec::new();
    let over = session.expires_at.is_some_and(|end| now >= end);
    let alive = match session.state {
        SessionState::Fresh | SessionState::Stale | SessionState::Urgent => !over,
        SessionState::Expired | SessionState::Foreign | SessionState::Orphan => false,
    };
    if session.held {
        // The current session is copied as such: it may have been replaced by its successor since.
        let id = (!session.current).then(|| session.id.clone());
        let copy = Action::Copy { account: account.name.clone(), session: id };
        entries.push(Entry::item_if(secrets && alive, "Copy", copy));
    }
    entries.extend(ending(account, session, secrets, now));
    Entry::Submenu { label: session_label(session, now), entries }
}

/// How a session can be ended, and what that really does.
fn ending(account: &AccountView, session: &SessionView, secrets: bool, now: Time) -> Vec<Entry> {
    let end = |label: String, forget| {
        let (account, session) = (account.name.clone(), session.id.clone());
        Entry::item_if(secrets, label, Action::Revoke { account, session, forget })
    };
    let over = session.state == SessionState::Expired || session.expires_at.is_some_and(|end| now >= end);
    if over {
        return if session.held { vec![end("Forget here".to_owned(), true)] } else { Vec::new() };
    }
    let ours = match session.state {
        SessionState::Fresh | SessionState::Stale | SessionState::Urgent | SessionState::Expired => true,
        SessionState::Orphan => true,
        SessionState::Foreign => false,
    };
    match (account.abilities.revoke, ours) {
        (true, _) => {
            let effect = text::line(&account.abilities.revoke_effect, MESSAGE);
            vec![Entry::text(effect), end("Revoke".to_owned(), false)]
        }
        // The label itself says what it does.
        (false, true) => {
            let stays = match session.expires_at {
                Some(end) => format!("stays valid for {}", text::coarse(clock::until(now, end))),
                None => "stays valid".to_owned(),
            };
            vec![end(format!("Forget here ({stays})"), true)]
        }
        (false, false) => vec![Entry::text(format!("Can only be ended at {}", text::line(&account.title, NAME)))],
    }
}

fn session_label(session: &SessionView, now: Time) -> String {
    let name = session.name.as_deref().map(|name| text::line(name, NAME)).filter(|name| !name.is_empty());
    let kind = session.kind.as_deref().map(|kind| text::line(kind, NAME)).filter(|kind| !kind.is_empty());
    let title = match (name, kind, session.current) {
        (Some(name), _, true) => format!("{name} (current)"),
        (Some(name), Some(kind), false) => format!("{name} · {kind}"),
        (Some(name), None, false) => name,
        (None, _, true) => "Current session".to_owned(),
        (None, Some(kind), false) => format!("{kind} {}", text::line(&session.id, 12)),
        (None, None, false) => format!("Session {}", text::line(&session.id, 12)),
    };
    let left = match session.expires_at {
        None => "no end known".to_owned(),
        Some(end) if now >= end => "expired".to_owned(),
        Some(end) => format!("{} left", text::coarse(clock::until(now, end))),
    };
    match session.state {
        SessionState::Fresh | SessionState::Stale | SessionState::Urgent => format!("{title} · {left}"),
        SessionState::Expired => format!("{title} · expired"),
        SessionState::Foreign => format!("{title} · opened elsewhere, {left}"),
        SessionState::Orphan => format!("{title} · token lost, {left}"),
    }
}
