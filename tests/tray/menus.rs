//! The menu for each state.

use daypass_api::view::{AccountView, Health, Page, SessionView, VaultView};
use daypass_core::fresh::Freshness;
use daypass_core::session::SessionState;
use daypass_tray::{Action, Entry, Menu};

use crate::made::{account, after, forgetting, now, problem, session, snapshot};
use crate::spoken::{actions, copy, english, item, open, open_of, refresh, submenu, text};

fn revoke(session: &str, forget: bool) -> Action {
    Action::Revoke { account: "work".to_owned(), session: session.to_owned(), forget }
}

/// The submenu of the first account.
fn first(account: AccountView) -> (String, Vec<Entry>) {
    match english(&snapshot(vec![account])).0.swap_remove(2) {
        Entry::Submenu { label, entries } => (label, entries),
        other => panic!("not an account: {other:?}"),
    }
}

fn label(account: AccountView) -> String {
    first(account).0
}

/// The entry of an account's only session.
fn only(session: SessionView, mut account: AccountView) -> Entry {
    account.sessions = vec![session];
    first(account).1.pop().unwrap()
}

#[test]
fn without_accounts_one_can_be_connected() {
    let expected = Menu(vec![
        item("Connect an account…", open(Page::Connect)),
        Entry::Separator,
        text("New session…"),
        item("Open Daypass", open(Page::Sessions)),
        item("Timeline…", open(Page::Timeline)),
        item("History…", open(Page::History)),
        Entry::Separator,
        item("Pause refreshing", Action::Pause { paused: true }),
        item("Settings…", open(Page::Settings)),
        Entry::Separator,
        item("Quit", Action::Quit),
    ]);
    assert_eq!(english(&snapshot(vec![])), expected);
}

#[test]
fn one_account_offers_its_token_and_its_sessions() {
    let mut work = account("work");
    work.sessions = vec![
        SessionView { current: true, expires_at: work.expires_at, ..session("s1") },
        SessionView { name: Some("ci".to_owned()), ..session("s2") },
    ];
    let effect = "The session ends at AntiRaid at once.";
    let expected = Menu(vec![
        item("Copy token of work", copy("work", None)),
        Entry::Separator,
        submenu(
            "work · 23 min left",
            vec![
                item("Copy token", copy("work", None)),
                item("Refresh now", refresh("work")),
                Entry::Separator,
                submenu(
                    "Current session · 23 min left",
                    vec![item("Copy", copy("work", None)), text(effect), item("Revoke", revoke("s1", false))],
                ),
                submenu(
                    "ci · api · 3 h left",
                    vec![item("Copy", copy("work", Some("s2"))), text(effect), item("Revoke", revoke("s2", false))],
                ),
            ],
        ),
        Entry::Separator,
        item("New session…", open(Page::NewSession)),
        item("Open Daypass", open(Page::Sessions)),
        item("Timeline…", open(Page::Timeline)),
        item("History…", open(Page::History)),
        Entry::Separator,
        item("Pause refreshing", Action::Pause { paused: true }),
        item("Settings…", open(Page::Settings)),
        Entry::Separator,
        item("Quit", Action::Quit),
    ]);
    assert_eq!(english(&snapshot(vec![work])), expected);
}

#[test]
fn who_needs_the_user_comes_first_where_none_was_used_and_says_why() {
    let mut needy = account("zeta");
    (needy.health, needy.freshness, needy.expires_at) = (Health::NeedsYou, None, None);
    needy.problem = problem("The login token was refused.");
    let Menu(entries) = english(&snapshot(vec![account("alpha"), needy]));
    let expected = submenu(
        "zeta · needs you: The login token was refused.",
        vec![
            text("The login token was refused."),
            item("Sign in again…", open_of(Page::SignIn, "zeta")),
            Entry::Separator,
            text("Copy token"),
            item("Refresh now", refresh("zeta")),
        ],
    );
    // What can be copied is one click away all the same.
    assert_eq!(entries[0], item("Copy token of alpha", copy("alpha", None)));
    assert_eq!(entries[2], expected);
    assert!(matches!(&entries[3], Entry::Submenu { label, .. } if label == "alpha · 23 min left"));
}

#[test]
fn a_token_that_lives_can_be_copied_though_its_credential_was_refused() {
    let mut needy = account("work");
    needy.health = Health::NeedsYou;
    assert_eq!(first(needy).1[0], item("Copy token", copy("work", None)));
}

#[test]
fn each_state_of_an_account_has_its_words() {
    let with = |health, freshness| AccountView { health, freshness, ..account("work") };
    let (fresh, expired) = (Some(Freshness::Fresh), Some(Freshness::Expired));
    assert_eq!(label(with(Health::Well, fresh)), "work · 23 min left");
    assert_eq!(label(with(Health::Well, Some(Freshness::Stale))), "work · 23 min left");
    assert_eq!(label(with(Health::Well, Some(Freshness::Urgent))), "work · 23 min left");
    assert_eq!(label(with(Health::Well, expired)), "work · expired, renewed on use");
    assert_eq!(label(with(Health::Well, None)), "work · not used yet");
    assert_eq!(label(with(Health::Refreshing, fresh)), "work · 23 min left, refreshing…");
    assert_eq!(label(with(Health::Refreshing, expired)), "work · refreshing…");
    assert_eq!(label(with(Health::Refreshing, None)), "work · refreshing…");
    assert_eq!(label(with(Health::Trouble, fresh)), "work · 23 min left, cannot refresh");
    assert_eq!(label(with(Health::Trouble, expired)), "work · cannot refresh");
    assert_eq!(label(with(Health::NeedsYou, fresh)), "work · needs you");
    assert_eq!(label(AccountView { expires_at: None, ..account("work") }), "work · live");
}

#[test]
fn a_life_that_ended_after_the_snapshot_is_over() {
    let work = AccountView { expires_at: Some(now()), ..account("work") };
    assert_eq!(label(work), "work · expired, renewed on use");
}

#[test]
fn while_it_refreshes_it_cannot_be_asked_to() {
    let work = AccountView { health: Health::Refreshing, refreshing: true, ..account("work") };
    assert_eq!(first(work).1[1], text("Refresh now"));
}

#[test]
fn trouble_is_explained_without_asking_for_help() {
    let mut work = account("work");
    (work.health, work.problem) = (Health::Trouble, problem("The server does not answer."));
    let (_, entries) = first(work);
    assert_eq!(entries[0], text("The server does not answer."));
    assert_eq!(entries[1], Entry::Separator);
    assert_eq!(entries[2], item("Copy token", copy("work", None)));
}

#[test]
fn a_foreign_session_can_be_revoked_but_not_copied() {
    let foreign = SessionView { state: SessionState::Foreign, held: false, ..session("f") };
    let expected = submenu(
        "api f · opened elsewhere, 3 h left",
        vec![text("The session ends at AntiRaid at once."), item("Revoke", revoke("f", false))],
    );
    assert_eq!(only(foreign.clone(), account("work")), expected);

    let expected = submenu("api f · opened elsewhere, 3 h left", vec![text("Can only be ended at Discovr")]);
    assert_eq!(only(foreign, forgetting("work")), expected);
}

#[test]
fn an_orphan_says_that_its_token_was_lost() {
    let orphan = SessionView { state: SessionState::Orphan, held: false, kind: None, ..session("o") };
    let effect = text("The session ends at AntiRaid at once.");
    let expected = submenu("Session o · token lost, 3 h left", vec![effect, item("Revoke", revoke("o", false))]);
    assert_eq!(only(orphan, account("work")), expected);
}

#[test]
fn where_one_cannot_be_revoked_it_is_forgotten_and_stays_valid() {
    let expected = submenu(
        "api a · 3 h left",
        vec![item("Copy", copy("work", Some("a"))), item("Forget here (stays valid for 3 h)", revoke("a", true))],
    );
    assert_eq!(only(session("a"), forgetting("work")), expected);

    let endless = SessionView { expires_at: None, ..session("a") };
    let expected = submenu(
        "api a · no end known",
        vec![item("Copy", copy("work", Some("a"))), item("Forget here (stays valid)", revoke("a", true))],
    );
    assert_eq!(only(endless, forgetting("work")), expected);
}

#[test]
fn an_expired_session_is_only_forgotten() {
    let expected = submenu("api e · expired", vec![text("Copy"), item("Forget here", revoke("e", true))]);
    let expired = SessionView { state: SessionState::Expired, ..session("e") };
    assert_eq!(only(expired, account("work")), expected);
    // It ended after the snapshot was taken.
    let ended = SessionView { expires_at: Some(now()), ..session("e") };
    assert_eq!(only(ended, account("work")), expected);
    // Nothing can be done about a dead session that was never ours.
    let foreign = SessionView { state: SessionState::Expired, held: false, ..session("e") };
    assert_eq!(only(foreign, account("work")), submenu("api e · expired", vec![]));
}

/// The menu's entries in a state of the vault, with one account that has a session.
fn with_vault(vault: VaultView) -> Vec<Entry> {
    let mut shown = snapshot(vec![account("work")]);
    shown.vault = vault;
    shown.accounts[0].sessions = vec![session("a")];
    english(&shown).0
}

#[test]
fn a_vault_that_is_shut_says_so_and_offers_nothing_that_needs_it() {
    let message = || "Something long to do about it.".to_owned();
    let what_to_do = || item("What to do…", open(Page::Sessions));
    let again = |label| item(label, Action::OpenVault);
    let table = [
        (VaultView::Locked { message: message(), said: None }, "The keyring is locked", vec![again("Unlock…")]),
        (VaultView::Slow { message: message(), said: None }, "The keyring has not answered yet", vec![]),
        (
            VaultView::Absent { message: message(), said: None },
            "There is no keyring",
            vec![what_to_do(), again("Try again")],
        ),
    ];
    for (vault, state, helps) in table {
        let entries = with_vault(vault);
        assert_eq!(entries[0], text(state));
        assert_eq!(entries[1..=helps.len()], helps);
        assert_eq!(entries[helps.len() + 1], Entry::Separator);
        let always = Action::Pause { paused: true };
        let window = [
            open(Page::Sessions),
            open(Page::Timeline),
            open(Page::History),
            always,
            open(Page::Settings),
            Action::Quit,
        ];
        assert_eq!(actions(&entries), actions(&helps).into_iter().chain(&window).collect::<Vec<_>>());
    }
}

#[test]
fn a_vault_that_cannot_store_still_hands_out_what_was_read() {
    let message = || "Something long to do about it.".to_owned();
    let vaults = [
        (VaultView::Full { message: message(), said: None }, "The disk is full"),
        (VaultView::Corrupt { message: message(), said: None }, "The vault is damaged"),
        (VaultView::Failing { message: message(), said: None }, "The vault cannot be used"),
    ];
    for (vault, state) in vaults {
        let entries = with_vault(vault);
        let what_to_do = item("What to do…", open(Page::Sessions));
        assert_eq!(entries[..3], [text(state), what_to_do, item("Try again", Action::OpenVault)]);
        let offered = actions(&entries);
        assert!(offered.contains(&&copy("work", None)) && offered.contains(&&copy("work", Some("a"))), "{offered:?}");
        // A new session could not be kept.
        assert!(!offered.contains(&&open(Page::NewSession)), "{offered:?}");
    }
}

#[test]
fn many_sessions_end_in_the_window() {
    let mut work = account("work");
    work.sessions = (0..15).map(|n| session(&format!("s{n}"))).collect();
    let (_, entries) = first(work);
    assert_eq!(entries.iter().filter(|entry| matches!(entry, Entry::Submenu { .. })).count(), 12);
    assert_eq!(entries.last(), Some(&item("3 more in Daypass…", open_of(Page::Sessions, "work"))));
}

#[test]
fn a_name_from_elsewhere_cannot_break_the_menu() {
    let long = "a\u{202e}b\n".to_owned() + &"x".repeat(100);
    let named = SessionView { name: Some(long), kind: None, ..session("n") };
    let Entry::Submenu { label, .. } = only(named, account("work")) else { panic!("a session") };
    assert_eq!(label, format!("ab {}… · 3 h left", "x".repeat(36)));
}

#[test]
fn a_session_without_a_name_is_told_by_kind_and_id() {
    let id = "0123456789abcdef";
    let unnamed = SessionView { name: Some("  ".to_owned()), expires_at: Some(after(59)), ..session(id) };
    let Entry::Submenu { label, .. } = only(unnamed, account("work")) else { panic!("a session") };
    assert_eq!(label, "api 0123456789a… · under 1 min left");
}

#[test]
fn an_action_survives_the_way_through_the_desktop() {
    // The drawn menu's ids are the actions as JSON.
    let action = revoke("id with \"quotes\" & ünïcode", true);
    let id = serde_json::to_string(&action).unwrap();
    assert_eq!(serde_json::from_str::<Action>(&id).unwrap(), action);
}
