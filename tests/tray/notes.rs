//! What the notifications say.

use std::collections::BTreeSet;

use daypass_agent::Notice;
use daypass_api::view::CopyView;
use daypass_api::{ApiError, ErrorCode};
use daypass_tray::{Note, Topic};

use crate::made::{after, now};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What a notice says: topic, title, body.
fn told(notice: &Notice) -> (Topic, String, String) {
    let Note { topic, title, body, .. } = Note::of(notice, now());
    (topic, title, body)
}

fn words(topic: Topic, title: &str, body: &str) -> (Topic, String, String) {
    (topic, title.to_owned(), body.to_owned())
}

#[test]
fn a_notice_about_one_account_names_it_in_the_title() {
    let accounts = || names(&["work"]);
    let needy = Notice::NeedsYou { accounts: accounts(), message: "The login token was refused.".to_owned() };
    assert_eq!(told(&needy), words(Topic::NeedsYou, "work needs you", "The login token was refused."));
    let trouble = Notice::Trouble { accounts: accounts(), message: "AntiRaid does not answer.".to_owned() };
    assert_eq!(told(&trouble), words(Topic::Trouble, "Cannot refresh work", "AntiRaid does not answer."));
    let well = Notice::Recovered { accounts: accounts(), expires_at: Some(after(1500)) };
    assert_eq!(told(&well), words(Topic::Recovered, "work is fresh again", "The new token lives for 25 min."));
    let well = Notice::Recovered { accounts: accounts(), expires_at: None };
    assert_eq!(told(&well), words(Topic::Recovered, "work is fresh again", "There is a new token."));
    let revoked = Notice::Revoked { account: "work".to_owned(), message: "The session ended at once.".to_owned() };
    assert_eq!(told(&revoked), words(Topic::Revoked, "Revoked: work", "The session ended at once."));
}

#[test]
fn a_notice_about_several_accounts_counts_them_in_the_title_and_names_them_in_the_body() {
    let accounts = || names(&["films", "paw", "work"]);
    let needy = Notice::NeedsYou { accounts: accounts(), message: "Open Daypass to sign in again.".to_owned() };
    let expected = words(Topic::NeedsYou, "3 accounts need you", "films, paw and work. Open Daypass to sign in again.");
    assert_eq!(told(&needy), expected);
    let trouble = Notice::Trouble { accounts: accounts(), message: "There is no network.".to_owned() };
    let expected = words(Topic::Trouble, "Cannot refresh 3 accounts", "films, paw and work. There is no network.");
    assert_eq!(told(&trouble), expected);
    let well = Notice::Recovered { accounts: accounts(), expires_at: None };
    let expected =
        words(Topic::Recovered, "3 accounts are fresh again", "There are new tokens for films, paw and work.");
    assert_eq!(told(&well), expected);

    let many = names(&["a", "b", "c", "d", "e", "f"]);
    let trouble = Notice::Trouble { accounts: many, message: "There is no network.".to_owned() };
    let expected = words(Topic::Trouble, "Cannot refresh 6 accounts", "a, b, c, d and 2 more. There is no network.");
    assert_eq!(told(&trouble), expected);
}

#[test]
fn the_vault_speaks_for_itself() {
    let vault = Notice::Vault { message: "The disk is full; free some space.".to_owned() };
    assert_eq!(told(&vault), words(Topic::Vault, "The vault needs you", "The disk is full; free some space."));
}

#[test]
fn a_copy_tells_its_life_and_when_the_clipboard_is_cleared() {
    let view = CopyView {
        account: "work".to_owned(),
        session_id: "s1".to_owned(),
        expires_at: Some(after(1500)),
        cleared_at: after(45),
    };
    let note = Note::copied(&view, None, now());
    assert_eq!(note.title, "Copied: work");
    assert_eq!(note.body, "It lives for 25 min. The clipboard is cleared in 45 s.");

    let short = CopyView { expires_at: Some(after(20)), ..view };
    let because = ApiError::new(ErrorCode::Offline, "AntiRaid does not answer.");
    let note = Note::copied(&short, Some(&because), now());
    let expected =
        "It lives for 20 s. It could not be refreshed: AntiRaid does not answer. The clipboard is cleared in 45 s.";
    assert_eq!(note.body, expected);
}

#[test]
fn a_notification_replaces_its_like() {
    let of = |notice: Notice| Note::of(&notice, now());
    let copied = |account: &str| {
        let (account, session_id) = (account.to_owned(), "s1".to_owned());
        Note::copied(&CopyView { account, session_id, expires_at: None, cleared_at: now() }, None, now())
    };
    let needy = |account: &str| of(Notice::NeedsYou { accounts: names(&[account]), message: String::new() });
    let trouble = |account: &str| of(Notice::Trouble { accounts: names(&[account]), message: String::new() });
    let well = |account: &str| of(Notice::Recovered { accounts: names(&[account]), expires_at: None });
    let revoked = |account: &str| of(Notice::Revoked { account: account.to_owned(), message: String::new() });
    let vault = of(Notice::Vault { message: String::new() });

    // A clipboard holds one token, and one notice stands for all accounts.
    assert_eq!(copied("work").place(), copied("home").place());
    assert_eq!(needy("work").place(), needy("home").place());
    // The good news takes the bad news away, and the next bad news the good.
    assert_eq!(trouble("work").place(), well("home").place());
    // Each revocation was asked for, so each is told.
    assert_ne!(revoked("work").place(), revoked("home").place());
    let apart = [copied("work"), needy("work"), trouble("work"), revoked("work"), vault, Note::no_tray()];
    let places: BTreeSet<_> = apart.iter().map(Note::place).collect();
    assert_eq!(places.len(), apart.len());
}
