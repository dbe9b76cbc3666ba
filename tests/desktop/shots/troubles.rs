//! Pictures of what a user meets when something is missing: the agent, its answer, or the key of the vault.

use daypass_test_support::desktop::Desktop;

use super::album::Album;
use super::connect_all;
use crate::stage::SOON;

#[test]
fn shots_of_the_vaults_states_in_the_light() {
    take(false);
}

#[test]
fn shots_of_the_vaults_states_in_the_dark() {
    take(true);
}

/// Brings a state of the vault about.
type BringAbout<'a> = &'a dyn Fn(&mut Desktop);

fn take(dark: bool) {
    let album = Album::new(dark);
    let mut stage = album.stage();
    let (mut tray, _) = stage.start_tray_with_icon();
    connect_all(&stage);
    let page = stage.open_page("sessions");
    page.part("account-work").click();

    let keyrings = stage.desktop.path("data").join("keyrings");
    let vault = stage.desktop.path("data").join("daypass/vault.sqlite");
    let states: [(&str, &str, BringAbout); 5] = [
        ("locked", "is locked", &|desktop| desktop.lock_keyring()),
        ("absent", "There is no keyring here", &|desktop| desktop.kill_keyring()),
        ("slow", "has not answered yet", &|desktop| desktop.start_mute_keyring()),
        ("failing", "has no key", &|desktop| {
            desktop.end_mute_keyring();
            std::fs::remove_dir_all(&keyrings).unwrap();
            desktop.start_keyring();
        }),
        ("corrupt", "is damaged", &|_| std::fs::write(&vault, "this was a vault once").unwrap()),
    ];
    for (name, told, bring_about) in states {
        tray.terminate();
        assert_eq!(tray.wait(SOON), Some(0));
        if name == "locked" {
            page.part("offline");
            album.shot_of_window(&stage.desktop, &page, "offline");
        }
        bring_about(&mut stage.desktop);
        tray = stage.start_tray_with_icon().0;
        page.until(told, |page| page.text().contains(told));
        album.shot_of_window(&stage.desktop, &page, &format!("vault-{name}"));
        stage.desktop.click(1265, 15, 3);
        album.shot(&stage.desktop, "620x290+660+0", &format!("vault-{name}-menu"));
        stage.desktop.press("Escape");
    }
}

/// An agent that takes calls and does not answer them.
#[test]
fn shots_of_a_window_that_waits() {
    for dark in [false, true] {
        let album = Album::new(dark);
        let stage = album.stage();
        let tray = stage.start_tray();
        let signal = |name: &str| {
            let sent = stage.desktop.command("kill").args([name, &tray.pid().to_string()]).status().unwrap();
            assert!(sent.success());
        };
        signal("-STOP");
        let page = stage.open_page("sessions");
        page.part("loading");
        album.shot_of_window(&stage.desktop, &page, "loading");
        signal("-CONT");
        page.part("try");
    }
}
