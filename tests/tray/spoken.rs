//! Menus as a test writes them down, and as they are in a language.

use daypass_api::view::{Page, Place, Snapshot};
use daypass_tray::{Action, Entry, Menu, menu};
use daypass_words::{Spoken, Words};

use crate::made::now;

/// The menu in English, with nothing on the clipboard.
pub(crate) fn english(snapshot: &Snapshot) -> Menu {
    menu(snapshot, None, now(), &words())
}

/// English.
pub(crate) fn words() -> Words {
    Words::new(Spoken::English)
}

pub(crate) fn item(label: &str, action: Action) -> Entry {
    Entry::Item { label: label.to_owned(), action: Some(action) }
}

pub(crate) fn text(label: &str) -> Entry {
    Entry::Item { label: label.to_owned(), action: None }
}

pub(crate) fn submenu(label: &str, entries: Vec<Entry>) -> Entry {
    Entry::Submenu { label: label.to_owned(), entries }
}

pub(crate) fn open(page: Page) -> Action {
    Action::Open { place: page.into() }
}

pub(crate) fn copy(account: &str, session: Option<&str>) -> Action {
    Action::Copy { account: account.to_owned(), session: session.map(str::to_owned) }
}

pub(crate) fn refresh(account: &str) -> Action {
    Action::Refresh { accounts: vec![account.to_owned()] }
}

pub(crate) fn open_of(page: Page, account: &str) -> Action {
    Action::Open { place: Place { account: Some(account.to_owned()), ..page.into() } }
}

/// All actions in a menu, from top to bottom.
pub(crate) fn actions(entries: &[Entry]) -> Vec<&Action> {
    fn of(entry: &Entry) -> Vec<&Action> {
        match entry {
            Entry::Item { action, .. } => action.iter().collect(),
            Entry::Submenu { entries, .. } => actions(entries),
            Entry::Separator => Vec::new(),
        }
    }
    entries.iter().flat_map(of).collect()
}
