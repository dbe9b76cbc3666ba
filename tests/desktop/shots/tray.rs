//! Pictures of the tray's menu, with few accounts and with many, of its notifications, and of the window beside them.

use super::album::Album;
use super::connect_all;
use crate::stage::SOON;

/// Where the menu unfolds to.
const MENU: &str = "700x600+580+0";

#[test]
fn shots_of_the_light_desktop() {
    take(false);
}

#[test]
fn shots_of_the_dark_desktop() {
    take(true);
}

fn take(dark: bool) {
    let album = Album::new(dark);
    let stage = album.stage();
    let (_tray, item) = stage.start_tray_with_icon();
    connect_all(&stage);
    let desktop = &stage.desktop;

    let page = stage.open_page("sessions");
    page.part("account-work").click();
    page.part("revoke-all");
    album.shot_of_window(desktop, &page, "window");
    drop(page);

    item.choose(&["work", "Copy token"]);
    desktop.wait_for_notification(SOON, |note| note.summary.contains("work"));
    album.shot(desktop, "480x130+800+0", "notification");
    desktop.close_notifications();

    // `work` was used last: it stands on top of all accounts, below its copy.
    stage.open_menu();
    for key in ["Down", "Down", "Right"] {
        desktop.press(key);
    }
    album.shot(desktop, MENU, "menu");
    for key in ["Escape", "Escape"] {
        desktop.press(key);
    }

    // Something went wrong, and what can be done about it is on the notification.
    stage.regenerate_elsewhere();
    assert_eq!(stage.run(&["token", "paw", "--fresh"]).code, 3);
    desktop.wait_for_notification(SOON, |note| note.buttons == ["Sign in"]);
    desktop.point(0, 799);
    album.shot(desktop, "480x160+800+0", "notification-needs-you");
    desktop.close_notifications();
    stage.run(&["settings", "set", "appearance.language", "de"]).ok();
    for number in 1..=8 {
        stage.connect("antiraid", &format!("customer-{number}"));
    }
    stage.open_menu();
    album.shot(desktop, MENU, "menu-many-german");
    desktop.press("Escape");
}
