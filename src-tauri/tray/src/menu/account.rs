//! An account in the menu: what its label says, and what can be done with it.

use std::time::Duration;

use daypass_api::view::{AccountView, Health, Page, Place, Problem};
use daypass_core::fresh::Freshness;
use daypass_core::{Time, clock};
use daypass_words::Words;

use super::{Action, Entry, MESSAGE, Reach, rest_in_window, session};
use crate::text;

/// The most characters of the reason in an account's own entry; its submenu says more.
const REASON: usize = 60;
/// The most sessions that an account's submenu lists; the window lists them all.
const SESSIONS: usize = 12;

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

/// What puts the account's token on the clipboard.
pub(super) fn copy(account: &AccountView) -> Action {
    Action::Copy { account: account.name.clone(), session: None }
}

/// Whether the account has a token to copy, or can get one.
pub(super) fn can_copy(account: &AccountView, reach: Reach, now: Time) -> bool {
    // A refused credential does not kill the token that it opened.
    match (account.health, Life::of(account, now)) {
        (Health::Well | Health::Refreshing | Health::Trouble, _) | (Health::NeedsYou, Life::Alive(_)) => reach.secrets,
        (Health::NeedsYou, Life::None | Life::Over) => false,
    }
}

/// The account with all that can be done with it.
pub(super) fn entry(account: &AccountView, reach: Reach, now: Time, words: &Words) -> Entry {
    let mut entries = Vec::new();
    if let Some(problem) = &account.problem {
        entries.push(Entry::text(text::line(&reason(problem, words), MESSAGE)));
        if account.health == Health::NeedsYou {
            entries.push(Entry::item(words.say("menu-account-sign-in", []), sign_in(&account.name)));
        }
        entries.push(Entry::Separator);
    }
    let refresh = Action::Refresh { accounts: vec![account.name.clone()] };
    entries.extend([
        Entry::item_if(can_copy(account, reach, now), words.say("menu-account-copy", []), copy(account)),
        Entry::item_if(reach.secrets && !account.refreshing, words.say("menu-account-refresh", []), refresh),
    ]);
    if !account.sessions.is_empty() {
        entries.push(Entry::Separator);
    }
    let listed = account.sessions.iter().take(SESSIONS);
    entries.extend(listed.map(|one| session::entry(account, one, reach, now, words)));
    let place = Place { account: Some(account.name.clone()), ..Place::default() };
    entries.extend(rest_in_window(account.sessions.len().saturating_sub(SESSIONS), place, words));
    Entry::Submenu { label: label(account, now, words), entries }
}

/// What opens the page on which an account gets a new credential.
pub(crate) fn sign_in(account: &str) -> Action {
    Action::Open { place: Place { page: Page::SignIn, account: Some(account.to_owned()), session: None } }
}

/// What is wrong, in the user's language where it is known there.
pub(crate) fn reason(problem: &Problem, words: &Words) -> String {
    words.sentence(problem.said.as_ref(), &problem.message).into_owned()
}

fn label(account: &AccountView, now: Time, words: &Words) -> String {
    let say = |id| words.say(id, []);
    let life = Life::of(account, now);
    let left = match &life {
        Life::None | Life::Over => None,
        Life::Alive(None) => Some(say("menu-life-live")),
        Life::Alive(Some(span)) => Some(words.say("menu-life-left", [("life", text::coarse(words, *span).into())])),
    };
    let state = match (account.health, left, life) {
        (Health::Well, Some(left), _) => left,
        (Health::Well, None, Life::None) => say("menu-life-none"),
        (Health::Well, None, Life::Over | Life::Alive(_)) => say("menu-life-over"),
        (Health::Refreshing, Some(left), _) => words.say("menu-life-refreshing", [("left", left.into())]),
        (Health::Refreshing, None, _) => say("menu-refreshing"),
        (Health::Trouble, Some(left), _) => words.say("menu-life-trouble", [("left", left.into())]),
        (Health::Trouble, None, _) => say("menu-trouble"),
        (Health::NeedsYou, _, _) => match &account.problem {
            Some(problem) => {
                let reason = text::line(&reason(problem, words), REASON);
                words.say("menu-needs-you-because", [("reason", reason.into())])
            }
            None => say("menu-needs-you"),
        },
    };
    words.say("menu-account", [("account", account.name.as_str().into()), ("state", state.into())])
}
