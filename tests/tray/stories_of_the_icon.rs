//! The icon and its menu: when it is drawn again, what its entries do, and what is told.

use std::sync::Arc;

use daypass_agent::Notice;
use daypass_api::view::{Health, Page, VaultView};
use daypass_api::{ApiError, ErrorCode};
use daypass_tray::{Action, DesktopEvent, Drawing, Ended, Entry, Picture, Topic};

use crate::made::{account, snapshot};
use crate::spoken::refresh;
use crate::story::Story;

/// What the first account's entry says.
fn first_label(drawing: &Drawing) -> String {
    match &drawing.menu.0[2] {
        Entry::Submenu { label, .. } | Entry::Item { label, .. } => label.clone(),
        Entry::Separator => String::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_menu_is_drawn_again_only_when_it_looks_different() {
    let story = Story::begin().await;
    assert_eq!(story.desk.seen().drawings.len(), 1);
    // 23:30 are left: two ticks later the text is another, and not before.
    story.seconds(29).await;
    assert_eq!(story.desk.seen().drawings.len(), 1);
    story.seconds(16).await;
    let labels: Vec<String> = story.desk.seen().drawings.iter().map(first_label).collect();
    assert_eq!(labels, ["work · 23 min left", "work · 22 min left"]);
    story.seconds(15).await;
    assert_eq!(story.desk.seen().drawings.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_shown_at_once() {
    let story = Story::begin().await;
    let mut changed = snapshot(vec![account("work")]);
    changed.accounts[0].health = Health::NeedsYou;
    let publish = |snapshot| story.agent.snapshots.lock().unwrap().as_ref().unwrap().send_replace(Arc::new(snapshot));
    publish(changed.clone());
    story.seconds(0).await;
    assert_eq!(story.desk.seen().drawings.last().unwrap().picture, Picture::NeedsYou);
    assert_eq!(story.desk.seen().drawings.len(), 2);
    // A snapshot that looks the same is not drawn.
    changed.revision += 1;
    publish(changed);
    story.seconds(0).await;
    assert_eq!(story.desk.seen().drawings.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn notices_become_notifications() {
    let story = Story::begin().await;
    let accounts = || vec!["work".to_owned()];
    let message = || "It does not answer.".to_owned();
    let (account, expires_at) = ("work".to_owned(), None);
    let notices = [
        Notice::NeedsYou { accounts: accounts(), message: message().into() },
        Notice::Trouble { accounts: accounts(), message: message().into() },
        Notice::Recovered { accounts: accounts(), expires_at },
        Notice::Vault { message: message().into() },
        Notice::Revoked { account, message: message().into() },
    ];
    for notice in notices {
        story.agent.notices.send(notice).unwrap();
        story.seconds(0).await;
    }
    let topics: Vec<Topic> = story.desk.seen().notes.iter().map(|note| note.topic).collect();
    assert_eq!(topics, [Topic::NeedsYou, Topic::Trouble, Topic::Recovered, Topic::Vault, Topic::Revoked]);
}

#[tokio::test(start_paused = true)]
async fn a_call_for_help_goes_when_nobody_needs_help_any_more() {
    let story = Story::begin().await;
    let publish = |snapshot| story.agent.snapshots.lock().unwrap().as_ref().unwrap().send_replace(Arc::new(snapshot));
    let well = || snapshot(vec![account("work")]);
    let mut needy = well();
    needy.accounts[0].health = Health::NeedsYou;
    let mut shut = needy.clone();
    shut.vault = VaultView::Locked { message: "Unlock it.".to_owned(), said: None };

    let (accounts, message) = (vec!["work".to_owned()], "The login token was refused.".to_owned());
    story.agent.notices.send(Notice::NeedsYou { accounts, message: message.clone().into() }).unwrap();
    story.seconds(60).await;
    assert!(story.desk.seen().withdrawn.is_empty(), "the snapshot that says why is still on its way");
    publish(needy.clone());
    story.seconds(0).await;
    publish(shut);
    story.seconds(0).await;
    story.agent.notices.send(Notice::Vault { message: message.into() }).unwrap();
    story.seconds(0).await;
    assert!(story.desk.seen().withdrawn.is_empty());

    publish(needy);
    story.seconds(0).await;
    assert_eq!(story.desk.seen().withdrawn, [Topic::Vault]);
    publish(well());
    story.seconds(60).await;
    assert_eq!(story.desk.seen().withdrawn, [Topic::Vault, Topic::NeedsYou]);
}

#[tokio::test(start_paused = true)]
async fn more_notices_than_can_be_told_do_not_stop_the_tray() {
    let story = Story::begin().await;
    for _ in 0..20 {
        story.agent.notices.send(Notice::Recovered { accounts: vec!["work".to_owned()], expires_at: None }).unwrap();
    }
    story.seconds(0).await;
    assert!(!story.desk.seen().notes.is_empty());
    story.choose_copy("work").await;
    assert!(story.clipboard().is_some());
}

#[tokio::test(start_paused = true)]
async fn refreshing_revoking_and_unlocking_ask_the_agent() {
    let story = Story::begin().await;
    story.choose(refresh("work")).await;
    let revoke = |forget| Action::Revoke { account: "work".to_owned(), session: "s2".to_owned(), forget };
    story.choose(revoke(false)).await;
    story.choose(revoke(true)).await;
    story.choose(Action::OpenVault).await;
    let expected = ["refresh work", "revoke work s2 forget=false", "revoke work s2 forget=true", "open vault"];
    assert_eq!(story.agent.asked().log, expected);
    // What was done is told by the agent's notice, which comes whichever door asked.
    assert!(story.desk.seen().notes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_told_to_the_user_who_chose_it() {
    let story = Story::begin().await;
    story.agent.asked().failure = Some(ApiError::new(ErrorCode::Offline, "AntiRaid does not answer."));
    story.choose(refresh("work")).await;
    story.choose(Action::Revoke { account: "work".to_owned(), session: "s2".to_owned(), forget: false }).await;
    story.choose(Action::OpenVault).await;
    let told: Vec<(String, String)> =
        story.desk.seen().notes.iter().map(|note| (note.title.clone(), note.body.clone())).collect();
    let why = "AntiRaid does not answer.".to_owned();
    let titles = ["Could not refresh work", "Could not revoke a session of work", "Could not open the vault"];
    assert_eq!(told, titles.map(|title| (title.to_owned(), why.clone())));
}

#[tokio::test(start_paused = true)]
async fn without_a_tray_host_the_window_opens_and_it_is_said_once() {
    let prepared = snapshot(vec![account("work")]);
    let story = Story::begin_with(prepared, |desk| desk.seen().host = false).await;
    assert!(story.desk.seen().opened.is_empty(), "the panel may come a moment later");
    story.seconds(2).await;
    assert_eq!(story.desk.seen().opened, [Page::Sessions.into()]);
    story.seconds(300).await;
    {
        let seen = story.desk.seen();
        assert_eq!((seen.opened.len(), seen.said.len(), seen.notes.len()), (1, 1, 1));
        assert!(seen.said[0].starts_with("This desktop shows no tray icons"));
    }

    // At the next start the window opens, and nothing is said: whoever lives here knows by now.
    let (_, data) = story.crash();
    let next = Story::begin_in(data, snapshot(vec![account("work")]), |desk| desk.seen().host = false).await;
    next.seconds(300).await;
    let seen = next.desk.seen();
    assert_eq!((seen.opened.len(), seen.said.len(), seen.notes.len()), (1, 0, 0));
    drop(seen);
}

#[tokio::test(start_paused = true)]
async fn whoever_closes_the_window_where_there_is_no_tray_is_told_once_that_daypass_stays() {
    let prepared = snapshot(vec![account("work")]);
    let story = Story::begin_with(prepared, |desk| desk.seen().host = false).await;
    story.seconds(30).await;
    assert_eq!(story.last_note().topic, Topic::NoTray);
    for _ in 0..2 {
        // Another window is there: what ended only called it.
        story.agent.asked().listening = true;
        story.happen(DesktopEvent::WindowEnded { success: true }).await;
        story.seconds(30).await;
        assert!(story.desk.seen().notes.len() < 3);
        story.agent.asked().listening = false;
        story.happen(DesktopEvent::WindowEnded { success: true }).await;
        story.seconds(30).await;
        story.happen(DesktopEvent::Clicked).await;
        story.seconds(30).await;
    }
    assert_eq!(story.desk.seen().notes.len(), 2);
    let note = story.last_note();
    assert_eq!(note.title, "Daypass goes on running");
    let offers: Vec<Action> = note.offers.into_iter().map(|offer| offer.action).collect();
    assert_eq!(offers, [Action::Open { place: Page::Sessions.into() }, Action::Quit]);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_closed_beside_a_tray_is_no_news() {
    let story = Story::begin().await;
    story.happen(DesktopEvent::Clicked).await;
    story.seconds(30).await;
    story.happen(DesktopEvent::WindowEnded { success: true }).await;
    story.seconds(30).await;
    assert!(story.desk.seen().notes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_panel_that_comes_later_takes_the_word_back() {
    let prepared = snapshot(vec![account("work")]);
    let story = Story::begin_with(prepared, |desk| desk.seen().host = false).await;
    story.seconds(30).await;
    story.happen(DesktopEvent::TrayHost { present: true }).await;
    assert_eq!(story.desk.seen().withdrawn, [Topic::NoTray]);
    story.happen(DesktopEvent::WindowEnded { success: true }).await;
    story.seconds(30).await;
    assert_eq!(story.desk.seen().notes.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panel_that_crashes_and_comes_back_is_no_news() {
    let story = Story::begin().await;
    story.happen(DesktopEvent::TrayHost { present: false }).await;
    story.desk.seen().host = false;
    story.seconds(1).await;
    story.happen(DesktopEvent::TrayHost { present: true }).await;
    story.desk.seen().host = true;
    story.seconds(60).await;
    let seen = story.desk.seen();
    assert_eq!((seen.opened.len(), seen.said.len(), seen.notes.len()), (0, 0, 0));
    drop(seen);
}

#[tokio::test(start_paused = true)]
async fn a_panel_that_goes_for_good_is_told_and_no_window_bursts_in() {
    let story = Story::begin().await;
    story.desk.seen().host = false;
    story.happen(DesktopEvent::TrayHost { present: false }).await;
    story.seconds(60).await;
    assert_eq!(story.last_note().title, "Daypass goes on running", "no window opens, so none is spoken of");
    // As a desktop does that has no tray while its screen is locked.
    story.happen(DesktopEvent::TrayHost { present: true }).await;
    assert_eq!(story.desk.seen().withdrawn, [Topic::NoTray]);
    story.happen(DesktopEvent::TrayHost { present: false }).await;
    story.seconds(60).await;
    {
        let seen = story.desk.seen();
        assert_eq!((seen.opened.len(), seen.notes.len()), (0, 1));
    }

    // That a desktop has no tray at all is yet to be said.
    let (_, data) = story.crash();
    let next = Story::begin_in(data, snapshot(vec![account("work")]), |desk| desk.seen().host = false).await;
    next.seconds(60).await;
    assert_eq!(next.last_note().title, "No tray here");
}

#[tokio::test(start_paused = true)]
async fn a_panel_that_starts_with_us_is_waited_for() {
    let prepared = snapshot(vec![account("work")]);
    let story = Story::begin_with(prepared, |desk| desk.seen().host = false).await;
    story.seconds(1).await;
    story.desk.seen().host = true;
    story.seconds(10).await;
    assert!(story.desk.seen().opened.is_empty());
    assert!(story.desk.seen().said.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_tray_ends_with_its_agent() {
    let mut story = Story::begin().await;
    story.choose_copy("work").await;
    *story.agent.snapshots.lock().unwrap() = None;
    assert_eq!(story.ended().await, Ended::AgentGone);
    assert_eq!(story.clipboard(), None);
    assert!(story.desk.seen().closed);
}

#[tokio::test(start_paused = true)]
async fn a_left_click_opens_the_window() {
    let story = Story::begin().await;
    story.happen(DesktopEvent::Clicked).await;
    assert_eq!(story.desk.seen().opened, [Page::Sessions.into()]);
}
