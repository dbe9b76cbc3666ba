//! The menu of many accounts, what stands in it beside them, and in another language.

use daypass_api::view::{AccountView, Health, Page, Snapshot};
use daypass_tray::{Action, Entry, Menu, OnClipboard, menu, starting};
use daypass_words::{Spoken, Words};

use crate::made::{account, after, now, problem, session, snapshot};
use crate::spoken::{actions, copy, english, item, open, text, words};

/// An account that was used so many seconds ago.
fn used(name: &str, ago: i64) -> AccountView {
    AccountView { last_used_at: Some(after(-ago)), ..account(name) }
}

fn needy(account: AccountView) -> AccountView {
    AccountView { health: Health::NeedsYou, ..account }
}

/// The first words of all accounts in these entries.
fn names(entries: &[Entry]) -> Vec<&str> {
    let names = entries.iter().filter_map(|entry| match entry {
        Entry::Submenu { label, .. } => label.split(" · ").next(),
        Entry::Item { .. } | Entry::Separator => None,
    });
    names.collect()
}

#[test]
fn the_account_used_last_is_on_top_and_its_token_one_click_away() {
    let accounts = vec![account("never"), used("old", 900), needy(used("lost", 800)), used("last", 5), used("new", 60)];
    let Menu(entries) = english(&snapshot(accounts));
    assert_eq!(names(&entries), ["last", "lost", "new", "old", "never"]);
    assert_eq!(entries[0], item("Copy token of last", copy("last", None)));
}

#[test]
fn the_account_used_last_stays_on_top_where_it_needs_the_user() {
    let dead = AccountView { freshness: None, expires_at: None, ..needy(used("last", 5)) };
    let Menu(entries) = english(&snapshot(vec![needy(account("a")), account("b"), dead]));
    assert_eq!(names(&entries), ["last", "a", "b"]);
    // No other token takes its place under a hand that knows the way.
    assert_eq!(entries[0], text("Copy token of last"));
}

#[test]
fn more_than_ten_accounts_end_in_a_menu_of_their_own_by_name() {
    let mut accounts: Vec<AccountView> = (0..13).map(|n| used(&format!("a{n:02}"), 100 - n)).collect();
    accounts[0] = needy(used("a00", 1000));
    let Menu(entries) = english(&snapshot(accounts));
    let shown = names(&entries);
    // The one used last, the one that needs the user although it was used first, then the others.
    assert_eq!(shown[..3], ["a12", "a00", "a11"]);
    assert_eq!(shown[10..], ["More accounts"]);
    let more = entries.iter().find_map(|entry| match entry {
        Entry::Submenu { label, entries } if label == "More accounts" => Some(names(entries)),
        _ => None,
    });
    assert_eq!(more.unwrap(), ["a01", "a02", "a03"]);
}

#[test]
fn ten_accounts_need_no_further_menu() {
    let accounts = (0..10).map(|n| used(&format!("a{n}"), n)).collect();
    let Menu(entries) = english(&snapshot(accounts));
    let shown = names(&entries);
    assert_eq!((shown.len(), shown.contains(&"More accounts")), (10, false));
}

#[test]
fn hundreds_of_accounts_end_in_the_window() {
    let accounts = (0..200).map(|n| used(&format!("a{n:03}"), n)).collect();
    let Menu(entries) = english(&snapshot(accounts));
    let Some(Entry::Submenu { entries, .. }) = entries.iter().rfind(|entry| matches!(entry, Entry::Submenu { .. }))
    else {
        panic!("no further menu")
    };
    assert_eq!(names(entries).len(), 40);
    assert_eq!(entries.last(), Some(&item("150 more in Daypass…", open(Page::Sessions))));
}

#[test]
fn what_is_on_the_clipboard_counts_down_and_can_be_cleared() {
    let clip = |seconds| OnClipboard { account: "films".to_owned(), until: after(seconds) };
    let entries = |seconds| menu(&snapshot(vec![account("work")]), Some(&clip(seconds)), now(), &words()).0;
    // What comes and goes by itself moves neither the token that is one click away nor the accounts.
    let without = english(&snapshot(vec![account("work")])).0;
    assert_eq!(entries(43)[..3], without[..3]);
    assert_eq!(entries(43)[6..], without[3..]);
    assert_eq!(entries(43)[3], Entry::Separator);
    assert_eq!(entries(43)[4], text("On the clipboard: films · 45 s"));
    assert_eq!(entries(43)[5], item("Clear clipboard now", Action::ClearClipboard));
    assert_eq!(entries(600)[4], text("On the clipboard: films · 10 min"));
    // What changes is one label: the menu keeps its shape.
    assert_eq!(entries(41), entries(45));
    assert_ne!(entries(40), entries(41));
}

#[test]
fn refreshing_is_paused_and_goes_on() {
    let mut paused = snapshot(vec![account("work")]);
    let offers =
        |shown: &Snapshot| english(shown).0.contains(&item("Pause refreshing", Action::Pause { paused: true }));
    assert!(offers(&paused));
    paused.settings.settings.refresh.paused = true;
    assert!(!offers(&paused));
    assert!(english(&paused).0.contains(&item("Resume refreshing", Action::Pause { paused: false })));
}

#[test]
fn german_is_spoken_throughout() {
    let german = Words::new(Spoken::German);
    let mut trouble = needy(account("arbeit"));
    trouble.problem = problem("The login token was refused.");
    trouble.sessions = vec![session("s1")];
    let shown = snapshot(vec![account("filme"), trouble]);
    let clip = OnClipboard { account: "filme".to_owned(), until: after(45) };
    let Menu(entries) = menu(&shown, Some(&clip), now(), &german);
    assert_eq!(entries[0], item("Token von arbeit kopieren", copy("arbeit", None)));
    assert!(entries.contains(&text("In der Zwischenablage: filme · 45 s")));
    assert_eq!(names(&entries), ["arbeit", "filme"]);
    // No label is the same in English, but for names and what the provider says.
    let mut said = Vec::new();
    labels(&entries, &mut said);
    let Menu(in_english) = menu(&shown, Some(&clip), now(), &words());
    let mut english = Vec::new();
    labels(&in_english, &mut english);
    let both: Vec<&&str> = said.iter().filter(|label| english.contains(label)).collect();
    assert_eq!(both, [&"The login token was refused.", &"The session ends at AntiRaid at once."]);
    // What is done is the same in every language.
    assert_eq!(actions(&entries), actions(&in_english));
    assert_eq!(starting(&german).0[0], text("Wird gestartet …"));
}

fn labels<'a>(entries: &'a [Entry], found: &mut Vec<&'a str>) {
    for entry in entries {
        match entry {
            Entry::Item { label, .. } => found.push(label),
            Entry::Submenu { label, entries } => {
                found.push(label);
                labels(entries, found);
            }
            Entry::Separator => {}
        }
    }
}
