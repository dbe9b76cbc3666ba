//! A desktop without a tray host: Daypass says so once, opens its window instead, and stays reachable; a panel that comes,
//! goes and comes back gets the icon.

use daypass_test_support::desktop::{Options, Screen};
use daypass_test_support::wait;

use crate::stage::{SOON, Stage};

fn without_a_panel() -> Stage {
    Stage::new(Options { tray_host: false, ..Options::default() }, None)
}

/// How many notifications with this in their first line there were.
fn told(stage: &Stage, part: &str) -> usize {
    stage.desktop.notifications().iter().filter(|note| note.summary.contains(part)).count()
}

#[test]
fn it_is_said_once_and_the_window_opens_at_every_start() {
    let stage = without_a_panel();
    let mut tray = stage.start_tray();
    let window = stage.wait_for_window();
    let note = stage.desktop.wait_for_notification(SOON, |note| note.summary.contains("No tray"));
    assert_eq!(note.buttons, ["Quit Daypass"]);

    // Closed, it is reached by starting it again.
    let screen = Screen::of(&stage.desktop);
    screen.close(screen.wait_for_window("Daypass", SOON));
    stage.wait_for_end(&window);
    stage.desktop.wait_for_notification(SOON, |note| note.summary.contains("goes on running"));
    assert!(tray.runs(), "{}", tray.log());
    assert_eq!(stage.run(&["tray"]).code, 0);
    let window = stage.wait_for_window();
    assert_eq!(window.parent, tray.pid());

    tray.terminate();
    assert_eq!(tray.wait(SOON), Some(0));
    stage.wait_for_end(&window);
    let mut tray = stage.start_tray();
    stage.wait_for_window();
    assert!(tray.runs());
    assert_eq!(told(&stage, "No tray"), 1);
}

#[test]
fn the_keys_of_the_window_quit_all_of_it() {
    let stage = without_a_panel();
    let mut tray = stage.start_tray();
    let window = stage.wait_for_window();
    let screen = Screen::of(&stage.desktop);
    let place = screen.wait_for_window("Daypass", SOON);
    // Without a window manager the keys go where the mouse is; the page must be there to hear them.
    stage.desktop.point(640, 400);
    wait::until("the page to hear the keys", SOON, || {
        if screen.window("Daypass") == Some(place) && tray.runs() {
            stage.desktop.press("ctrl+q");
        }
        (!tray.runs()).then_some(())
    });
    assert_eq!(tray.wait(SOON), Some(0), "{}", tray.log());
    stage.wait_for_end(&window);
}

#[test]
fn a_panel_that_comes_later_gets_the_icon_and_gets_it_again_after_a_crash() {
    let mut stage = without_a_panel();
    let tray = stage.start_tray();
    stage.wait_for_window();
    stage.desktop.wait_for_notification(SOON, |note| note.summary.contains("No tray"));

    stage.desktop.start_panel();
    stage.desktop.tray_item(tray.pid(), SOON).activate();

    stage.desktop.kill_panel();
    stage.desktop.start_panel();
    let item = stage.desktop.tray_item(tray.pid(), SOON);
    wait::until("the menu", SOON, || item.offers(&["Quit"]).then_some(()));
    assert_eq!(told(&stage, "No tray"), 1);
}
