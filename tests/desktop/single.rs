//! One tray app and one window for each user, and each opens the way that the user expects.

use daypass_test_support::desktop::{Options, Screen};
use daypass_test_support::program::finish;
use daypass_test_support::wait;

use crate::stage::{SOON, Stage, window_program};

#[test]
fn a_left_click_opens_the_window_and_closing_ends_it() {
    let stage = Stage::new(Options::default(), None);
    let (mut tray, item) = stage.start_tray_with_icon();
    let screen = Screen::of(&stage.desktop);

    item.activate();
    let first = stage.wait_for_window();

    // Another window comes to lie over it; a second click brings the first one back to the front.
    let over = screen.cover();
    wait::until("the window to be covered", SOON, || screen.is_above(over, "Daypass").then_some(()));
    item.activate();
    wait::until("the window in front", SOON, || (!screen.is_above(over, "Daypass")).then_some(()));
    assert_eq!(stage.windows(), std::slice::from_ref(&first));

    screen.close(screen.wait_for_window("Daypass", SOON));
    stage.wait_for_end(&first);
    assert!(tray.runs(), "the tray app ended with the window: {}", tray.log());

    item.activate();
    stage.wait_for_window();
}

#[test]
fn quitting_ends_the_window_too() {
    let stage = Stage::new(Options::default(), None);
    let (mut tray, item) = stage.start_tray_with_icon();
    item.activate();
    let window = stage.wait_for_window();

    item.choose(&["Quit"]);
    assert_eq!(tray.wait(SOON), Some(0), "{}", tray.log());
    stage.wait_for_end(&window);
}

#[test]
fn a_second_tray_app_opens_the_window_of_the_first_and_ends() {
    let stage = Stage::new(Options::default(), None);
    let (mut tray, _item) = stage.start_tray_with_icon();

    let second = stage.run(&["tray"]);
    assert_eq!(second.code, 0, "{second:?}");
    let window = stage.wait_for_window();
    assert_eq!(window.parent, tray.pid());
    assert!(tray.runs());
    assert_eq!(stage.desktop.tray_items().len(), 1);
}

#[test]
fn a_second_window_only_calls_the_first() {
    let stage = Stage::new(Options::default(), None);
    let (_tray, item) = stage.start_tray_with_icon();
    item.activate();
    let first = stage.wait_for_window();

    let second = finish(&mut stage.desktop.command(window_program()), "");
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!(stage.windows(), [first]);
}

#[test]
fn without_a_tray_host_the_window_opens_and_the_user_is_told() {
    let stage = Stage::new(Options { tray_host: false, ..Options::default() }, None);
    let mut tray = stage.start_tray();
    stage.wait_for_window();
    stage.desktop.wait_for_notification(SOON, |note| note.summary.contains("No tray"));
    assert!(tray.runs(), "{}", tray.log());
}
