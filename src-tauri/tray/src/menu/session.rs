//! A session in the menu: how it stands, and how it is copied or ended.

use daypass_api::view::{AccountView, SessionView};
use daypass_core::session::SessionState;
use daypass_core::{Time, clock};
use daypass_words::Words;

use super::{Action, Entry, MESSAGE, NAME, Reach};
use crate::text;

/// The most characters of a session's id.
const ID: usize = 12;

/// The session with all that can be done with it.
pub(super) fn entry(account: &AccountView, session: &SessionView, reach: Reach, now: Time, words: &Words) -> Entry {
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
        entries.push(Entry::item_if(reach.secrets && alive, words.say("menu-session-copy", []), copy));
    }
    entries.extend(ending(account, session, reach, now, words));
    Entry::Submenu { label: label(session, now, words), entries }
}

/// How a session can be ended, and what that really does.
fn ending(account: &AccountView, session: &SessionView, reach: Reach, now: Time, words: &Words) -> Vec<Entry> {
    let end = |label: String, forget| {
        let (account, session) = (account.name.clone(), session.id.clone());
        Entry::item_if(reach.secrets, label, Action::Revoke { account, session, forget })
    };
    let over = session.state == SessionState::Expired || session.expires_at.is_some_and(|end| now >= end);
    if over {
        return if session.held { vec![end(words.say("menu-session-forget", []), true)] } else { Vec::new() };
    }
    let ours = match session.state {
        SessionState::Fresh | SessionState::Stale | SessionState::Urgent | SessionState::Expired => true,
        SessionState::Orphan => true,
        SessionState::Foreign => false,
    };
    match (account.abilities.revoke, ours) {
        (true, _) => {
            let effect = text::line(&account.abilities.revoke_effect, MESSAGE);
            vec![Entry::text(effect), end(words.say("menu-session-revoke", []), false)]
        }
        // The label itself says what it does.
        (false, true) => {
            let label = match session.expires_at {
                Some(end) => {
                    let life = text::coarse(words, clock::until(now, end));
                    words.say("menu-session-forget-until", [("life", life.into())])
                }
                None => words.say("menu-session-forget-endless", []),
            };
            vec![end(label, true)]
        }
        (false, false) => {
            let provider = text::line(&account.title, NAME);
            vec![Entry::text(words.say("menu-session-elsewhere", [("provider", provider.into())]))]
        }
    }
}

fn label(session: &SessionView, now: Time, words: &Words) -> String {
    let left = match session.expires_at {
        None => words.say("menu-session-endless", []),
        Some(end) if now >= end => words.say("menu-session-expired", []),
        Some(end) => {
            let life = text::coarse(words, clock::until(now, end));
            words.say("menu-session-left", [("life", life.into())])
        }
    };
    let state = match session.state {
        SessionState::Fresh | SessionState::Stale | SessionState::Urgent => left,
        SessionState::Expired => words.say("menu-session-expired", []),
        SessionState::Foreign => words.say("menu-session-foreign", [("left", left.into())]),
        SessionState::Orphan => words.say("menu-session-orphan", [("left", left.into())]),
    };
    words.say("menu-session", [("title", title(session, words).into()), ("state", state.into())])
}

fn title(session: &SessionView, words: &Words) -> String {
    let name = session.name.as_deref().map(|name| text::line(name, NAME)).filter(|name| !name.is_empty());
    let kind = session.kind.as_deref().map(|kind| text::line(kind, NAME)).filter(|kind| !kind.is_empty());
    let id = || text::line(&session.id, ID);
    match (name, kind, session.current) {
        (Some(name), _, true) => words.say("menu-session-current-named", [("name", name.into())]),
        (Some(name), Some(kind), false) => {
            words.say("menu-session-kind", [("name", name.into()), ("kind", kind.into())])
        }
        (Some(name), None, false) => name,
        (None, _, true) => words.say("menu-session-current", []),
        (None, Some(kind), false) => format!("{kind} {}", id()),
        (None, None, false) => words.say("menu-session-unnamed", [("id", id().into())]),
    }
}
