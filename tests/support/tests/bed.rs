//! The desktop of the tests is itself a real one: each part answers, and none is left behind.

use std::time::Duration;

use daypass_test_support::desktop::{Desktop, Keyring, Options};
use daypass_test_support::{process, wait};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn every_part_answers() {
    let desktop = Desktop::start(Options::default());

    desktop.copy_elsewhere("some text");
    wait::until("the text on the clipboard", SOON, || desktop.clipboard().filter(|text| text == "some text"));
    assert_eq!(desktop.clipboard_as("x-kde-passwordManagerHint"), None);

    let sent = desktop.command("notify-send").args(["A summary", "A body"]).status().unwrap();
    assert!(sent.success());
    let seen = desktop.wait_for_notification(SOON, |notification| notification.summary == "A summary");
    assert_eq!((seen.body.as_str(), seen.id > 0), ("A body", true));

    assert_eq!(desktop.tray_items(), Vec::<String>::new());
    let picture = desktop.root().join("screen.png");
    desktop.screenshot("1280x800+0+0", &picture);
    assert!(std::fs::metadata(picture).unwrap().len() > 0);
}

#[test]
fn the_keyring_can_be_locked_and_opened() {
    let desktop = Desktop::start(Options { tray_host: false, ..Options::default() });
    let store = desktop.command("sh").args(["-c", "printf value | secret-tool store --label=L key word"]).status();
    assert!(store.unwrap().success());
    let secrets = desktop.secrets();
    assert_eq!(secrets[0].value, b"value");
    assert_eq!(secrets[0].attributes["key"], "word");

    desktop.lock_keyring();
    assert_eq!(desktop.secrets(), []);
    desktop.unlock_keyring();
    assert_eq!(desktop.secrets().len(), 1);
}

#[test]
fn an_absent_keyring_stays_absent() {
    let desktop = Desktop::start(Options { keyring: Keyring::Absent, tray_host: false, ..Options::default() });
    let looked_up = desktop.command("secret-tool").args(["lookup", "key", "word"]).output().unwrap();
    let told = String::from_utf8_lossy(&looked_up.stderr).into_owned();
    assert!(told.contains("org.freedesktop.secrets"), "{told}");
}

#[test]
fn nothing_is_left_behind() {
    let desktop = Desktop::start(Options::default());
    let ours = desktop.processes();
    assert!(ours.iter().any(|process| process.program == "Xvfb"), "{ours:?}");
    drop(desktop);
    let all = process::all();
    assert_eq!(
        ours.iter().filter(|process| all.contains(process)).collect::<Vec<_>>(),
        Vec::<&process::Process>::new()
    );
}

#[test]
fn a_keyring_that_was_killed_comes_back_with_what_it_held() {
    let mut desktop = Desktop::start(Options { tray_host: false, ..Options::default() });
    let store = desktop.command("sh").args(["-c", "printf value | secret-tool store --label=L key word"]).status();
    assert!(store.unwrap().success());
    desktop.kill_keyring();
    let looked_up = desktop.command("secret-tool").args(["lookup", "key", "word"]).status().unwrap();
    assert!(!looked_up.success());
    desktop.start_keyring();
    assert_eq!(desktop.secrets()[0].value, b"value");
}

#[test]
fn a_mute_keyring_takes_calls_and_answers_none_until_it_ends() {
    let mut desktop = Desktop::start(Options { keyring: Keyring::Mute, tray_host: false, ..Options::default() });
    let mut asking = desktop.command("secret-tool").args(["lookup", "key", "word"]).spawn().unwrap();
    wait::until("a call", SOON, || (desktop.unanswered_calls() > 0).then_some(()));
    assert!(asking.try_wait().unwrap().is_none(), "it was answered");
    desktop.end_mute_keyring();
    assert!(!wait::until("the caller's end", SOON, || asking.try_wait().unwrap()).success());
}
