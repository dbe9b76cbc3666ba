//! What the notifications say.

use std::collections::BTreeSet;

use daypass_agent::Notice;
use daypass_api::settings::Notifications;
use daypass_api::view::{CopyView, Page, VaultView};
use daypass_api::{ApiError, ErrorCode, Said, Sentence};
use daypass_tray::{Action, Attempt, Fate, Note, Topic};
use daypass_words::{Spoken, Words};

use crate::made::{account, after, forgetting, now};
use crate::spoken::{copy, open, open_of, refresh, words as english};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What a notice says: topic, title, body.
fn told(notice: &Notice) -> (Topic, String, String) {
    let Note { topic, title, body, .. } = Note::of(notice, &VaultView::Open, now(), &english());
    (topic, title, body)
}

fn sentence(message: &str) -> Sentence {
    message.to_owned().into()
}

fn words(topic: Topic, title: &str, body: &str) -> (Topic, String, String) {
    (topic, title.to_owned(), body.to_owned())
}

#[test]
fn a_notice_about_one_account_names_it_in_the_title() {
    let accounts = || names(&["work"]);
    let needy = Notice::NeedsYou { accounts: accounts(), message: sentence("The login token was refused.") };
    assert_eq!(told(&needy), words(Topic::NeedsYou, "work needs you", "The login token was refused."));
    let trouble = Notice::Trouble { accounts: accounts(), message: sentence("AntiRaid does not answer.") };
    assert_eq!(told(&trouble), words(Topic::Trouble, "Cannot refresh work", "AntiRaid does not answer."));
    let well = Notice::Recovered { accounts: accounts(), expires_at: Some(after(1500)) };
    assert_eq!(told(&well), words(Topic::Recovered, "work is fresh again", "The new token lives for 25 min."));
    let well = Notice::Recovered { accounts: accounts(), expires_at: None };
    assert_eq!(told(&well), words(Topic::Recovered, "work is fresh again", "There is a new token."));
    let revoked = Notice::Revoked { account: "work".to_owned(), message: sentence("The session ended at once.") };
    assert_eq!(told(&revoked), words(Topic::Revoked, "Revoked: work", "The session ended at once."));
}

#[test]
fn a_notice_about_several_accounts_counts_them_in_the_title_and_names_them_in_the_body() {
    let accounts = || names(&["films", "paw", "work"]);
    let needy = Notice::NeedsYou { accounts: accounts(), message: sentence("Open Daypass to sign in again.") };
    let expected = words(Topic::NeedsYou, "3 accounts need you", "films, paw and work. Open Daypass to sign in again.");
    assert_eq!(told(&needy), expected);
    let trouble = Notice::Trouble { accounts: accounts(), message: sentence("There is no network.") };
    let expected = words(Topic::Trouble, "Cannot refresh 3 accounts", "films, paw and work. There is no network.");
    assert_eq!(told(&trouble), expected);
    let well = Notice::Recovered { accounts: accounts(), expires_at: None };
    let expected =
        words(Topic::Recovered, "3 accounts are fresh again", "There are new tokens for films, paw and work.");
    assert_eq!(told(&well), expected);

    let many = names(&["a", "b", "c", "d", "e", "f"]);
    let trouble = Notice::Trouble { accounts: many, message: sentence("There is no network.") };
    let expected = words(Topic::Trouble, "Cannot refresh 6 accounts", "a, b, c, d and 2 more. There is no network.");
    assert_eq!(told(&trouble), expected);
}

#[test]
fn the_vault_speaks_for_itself() {
    let vault = Notice::Vault { message: sentence("The disk is full; free some space.") };
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
    let note = Note::copied(&view, None, now(), &english());
    assert_eq!(note.title, "Copied: work");
    assert_eq!(note.body, "It lives for 25 min. The clipboard is cleared in 45 s.");

    let short = CopyView { expires_at: Some(after(20)), ..view };
    let because = ApiError::new(ErrorCode::Offline, "AntiRaid does not answer.");
    let note = Note::copied(&short, Some(&because), now(), &english());
    let expected =
        "It lives for 20 s. It could not be refreshed: AntiRaid does not answer. The clipboard is cleared in 45 s.";
    assert_eq!(note.body, expected);
}

#[test]
fn a_notification_replaces_its_like() {
    let of = |notice: Notice| Note::of(&notice, &VaultView::Open, now(), &english());
    let copied = |account: &str| {
        let (account, session_id) = (account.to_owned(), "s1".to_owned());
        Note::copied(&CopyView { account, session_id, expires_at: None, cleared_at: now() }, None, now(), &english())
    };
    let needy = |account: &str| of(Notice::NeedsYou { accounts: names(&[account]), message: sentence("") });
    let trouble = |account: &str| of(Notice::Trouble { accounts: names(&[account]), message: sentence("") });
    let well = |account: &str| of(Notice::Recovered { accounts: names(&[account]), expires_at: None });
    let revoked = |account: &str| of(Notice::Revoked { account: account.to_owned(), message: sentence("") });
    let vault = of(Notice::Vault { message: sentence("") });

    // A clipboard holds one token, and one notice stands for all accounts.
    assert_eq!(copied("work").place(), copied("home").place());
    assert_eq!(needy("work").place(), needy("home").place());
    // The good news takes the bad news away, and the next bad news the good.
    assert_eq!(trouble("work").place(), well("home").place());
    // Each revocation was asked for, so each is told.
    assert_ne!(revoked("work").place(), revoked("home").place());
    // What is told of a copy later takes the place of the copy itself.
    assert_eq!(copied("work").place(), over(Fate::Revoked).place());
    let apart = [copied("work"), needy("work"), trouble("work"), revoked("work"), vault, Note::no_tray(&english())];
    let places: BTreeSet<_> = apart.iter().map(Note::place).collect();
    assert_eq!(places.len(), apart.len());
}

fn over(fate: Fate) -> Note {
    Note::copied_is_over(&account("work"), fate, now(), &english())
}

/// What a notification offers: the words of its buttons, and what they do.
fn offers(note: &Note) -> Vec<(&str, &Action)> {
    note.offers.iter().map(|offer| (offer.label.as_str(), &offer.action)).collect()
}

#[test]
fn each_notification_offers_what_helps() {
    let of = |notice: Notice, vault: &VaultView| Note::of(&notice, vault, now(), &english());
    let one = || names(&["work"]);
    let message = || sentence("It does not answer.");
    let open_vault = VaultView::Open;

    let note = of(Notice::NeedsYou { accounts: one(), message: message() }, &open_vault);
    assert_eq!(offers(&note), [("Sign in", &open_of(Page::SignIn, "work"))]);
    assert_eq!(note.click, open_of(Page::SignIn, "work"));
    let note = of(Notice::NeedsYou { accounts: names(&["a", "b"]), message: message() }, &open_vault);
    assert_eq!((offers(&note), &note.click), (vec![("Open Daypass", &open(Page::Sessions))], &open(Page::Sessions)));

    let note = of(Notice::Trouble { accounts: names(&["a", "b"]), message: message() }, &open_vault);
    assert_eq!(offers(&note), [("Refresh", &Action::Refresh { accounts: names(&["a", "b"]) })]);
    let note = of(Notice::Trouble { accounts: one(), message: message() }, &open_vault);
    assert_eq!((offers(&note), &note.click), (vec![("Refresh", &refresh("work"))], &open_of(Page::Sessions, "work")));

    let note = of(Notice::Recovered { accounts: one(), expires_at: None }, &open_vault);
    assert_eq!(offers(&note), [("Copy", &copy("work", None))]);
    let note = of(Notice::Recovered { accounts: names(&["a", "b"]), expires_at: None }, &open_vault);
    assert_eq!(offers(&note), []);

    let locked = VaultView::Locked { message: String::new(), said: None };
    let full = VaultView::Full { message: String::new(), said: None };
    for (vault, label) in [(locked, "Unlock"), (full, "Try again")] {
        let note = of(Notice::Vault { message: message() }, &vault);
        assert_eq!(offers(&note), [(label, &Action::OpenVault)]);
    }

    let note = of(Notice::Revoked { account: "work".to_owned(), message: message() }, &open_vault);
    assert_eq!((offers(&note), &note.click), (vec![], &open_of(Page::History, "work")));
    let (account, session_id) = ("work".to_owned(), "s1".to_owned());
    let view = CopyView { account, session_id, expires_at: None, cleared_at: now() };
    let note = Note::copied(&view, None, now(), &english());
    assert_eq!(offers(&note), [("Clear now", &Action::ClearClipboard)]);
    assert_eq!(offers(&over(Fate::Revoked)), [("Copy", &copy("work", None))]);
    let note = Note::no_tray(&english());
    assert_eq!((offers(&note), &note.click), (vec![("Quit Daypass", &Action::Quit)], &open(Page::Sessions)));
}

#[test]
fn a_copied_token_that_is_over_is_told_as_it_is() {
    let told = |note: Note| (note.title, note.body);
    let of = |account, fate| told(Note::copied_is_over(&account, fate, now(), &english()));
    let pair = |title: &str, body: &str| (title.to_owned(), body.to_owned());

    let revoked = of(account("work"), Fate::Revoked);
    let title = "The token of work is no longer valid";
    assert_eq!(revoked, pair(title, "The session of the token that you copied was revoked."));
    // Where a predecessor is revoked in the end, nobody is told that it lives for days.
    let replaced = Fate::Replaced { until: Some(after(1500)) };
    let title = "The token of work has been replaced";
    assert_eq!(of(account("work"), replaced), pair(title, "The one that you copied will soon be revoked."));
    // Where nothing can be revoked, it lives on.
    let body = "The one that you copied works for 25 min at most.";
    assert_eq!(of(forgetting("work"), replaced), pair(title, body));
    let endless = of(forgetting("work"), Fate::Replaced { until: None });
    assert_eq!(endless, pair(title, "The one that you copied may end at any time."));

    let mut all = account("work");
    all.abilities.revoke_all_effect = Some("Every session dies at once.".to_owned());
    let title = "All sessions of work were revoked.";
    assert_eq!(of(all, Fate::AllRevoked), pair(title, &format!("{title} Every session dies at once.")));
}

#[test]
fn only_the_kinds_that_the_user_wants_are_told() {
    let none = Notifications {
        copied: false,
        copied_is_over: false,
        trouble: false,
        needs_you: false,
        vault: false,
        revoked: false,
    };
    let (told, silent) = (
        [Topic::Failed, Topic::NoTray],
        [
            (Topic::Copied, Notifications { copied: true, ..none.clone() }),
            (Topic::CopiedIsOver, Notifications { copied_is_over: true, ..none.clone() }),
            (Topic::Trouble, Notifications { trouble: true, ..none.clone() }),
            (Topic::Recovered, Notifications { trouble: true, ..none.clone() }),
            (Topic::NeedsYou, Notifications { needs_you: true, ..none.clone() }),
            (Topic::Vault, Notifications { vault: true, ..none.clone() }),
            (Topic::Revoked, Notifications { revoked: true, ..none.clone() }),
        ],
    );
    for topic in told {
        assert!(topic.is_wanted(&none), "{topic:?}");
    }
    for (topic, alone) in &silent {
        assert!(topic.is_wanted(&Notifications::default()) && topic.is_wanted(alone), "{topic:?}");
        assert!(!topic.is_wanted(&none), "{topic:?}");
    }
}

#[test]
fn notifications_speak_german() {
    let german = Words::new(Spoken::German);
    let message = Sentence {
        message: "There is no account named work.".to_owned(),
        said: Some(Said::new("error-unknown-account", [("account", "work".to_owned())])),
    };
    let notice = Notice::NeedsYou { accounts: names(&["work"]), message };
    let note = Note::of(&notice, &VaultView::Open, now(), &german);
    assert_eq!(note.title, "work: Hilfe nötig");
    assert_ne!(note.body, "There is no account named work.");
    assert_eq!(note.offers[0].label, "Anmelden");
    let error = ApiError::new(ErrorCode::Offline, "AntiRaid does not answer.");
    let note = Note::failed("work", Attempt::Copy, &error, &german);
    assert_eq!(note.title, "Das Token von work ließ sich nicht kopieren");
}
