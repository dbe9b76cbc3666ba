//! Snapshots made for a test: accounts and sessions with the usual values, to be changed where the test says so.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use daypass_api::ErrorCode;
use daypass_api::settings::SettingsView;
use daypass_api::view::{Abilities, AccountView, CreateForm, Health, Problem, SessionView, Snapshot, VaultView};
use daypass_core::Time;
use daypass_core::fresh::Freshness;
use daypass_core::session::SessionState;

/// The instant at which all made things are looked at.
pub(crate) fn now() -> Time {
    DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap()
}

/// `seconds` after [`now`].
pub(crate) fn after(seconds: i64) -> Time {
    now() + TimeDelta::seconds(seconds)
}

pub(crate) fn snapshot(accounts: Vec<AccountView>) -> Snapshot {
    Snapshot { revision: 1, at: now(), vault: VaultView::Open, settings: SettingsView::default(), accounts }
}

/// An account in good health whose provider can do everything, with a token for 23 minutes, and no sessions listed.
pub(crate) fn account(name: &str) -> AccountView {
    AccountView {
        name: name.to_owned(),
        provider: "antiraid".to_owned(),
        title: "AntiRaid".to_owned(),
        base_url: "http://127.0.0.1:7277/antiraid".to_owned(),
        params: BTreeMap::new(),
        health: Health::Well,
        freshness: Some(Freshness::Fresh),
        refreshing: false,
        problem: None,
        current: Some("s1".to_owned()),
        expires_at: Some(after(23 * 60 + 30)),
        next_refresh_at: None,
        last_used_at: None,
        pinned: false,
        abilities: Abilities {
            list: true,
            create: Some(CreateForm { name_is_sent: true, life: None }),
            revoke: true,
            revoke_effect: "The session ends at AntiRaid at once.".to_owned(),
            revoke_all_effect: None,
            sign_in: false,
        },
        sessions: Vec::new(),
    }
}

/// An account whose provider can neither create nor revoke one session.
pub(crate) fn forgetting(name: &str) -> AccountView {
    let revoke_effect = "Discovr cannot revoke one session.".to_owned();
    let abilities = Abilities { revoke_effect, ..Abilities::default() };
    AccountView { title: "Discovr".to_owned(), abilities, ..account(name) }
}

/// A held session that is not the current one, alive for three hours.
pub(crate) fn session(id: &str) -> SessionView {
    SessionView {
        account: "work".to_owned(),
        id: id.to_owned(),
        name: None,
        kind: Some("api".to_owned()),
        created_at: None,
        expires_at: Some(after(3 * 3600 + 60)),
        state: SessionState::Fresh,
        held: true,
        current: false,
        fingerprint: None,
    }
}

pub(crate) fn problem(message: &str) -> Option<Problem> {
    Some(Problem {
        code: ErrorCode::NeedsSignIn,
        message: message.to_owned(),
        since: now(),
        retry_at: None,
        said: None,
    })
}
