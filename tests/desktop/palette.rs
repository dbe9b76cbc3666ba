//! The palette: a shortcut from anywhere, two letters, Enter, and the token is on the clipboard and the focus where it was.

use std::time::Duration;

use daypass_api::{Client, Home};
use daypass_test_support::desktop::{App, Options, Screen};
use daypass_test_support::process::Process;
use daypass_test_support::wait;
use serde_json::Value;

use crate::page::Page;
use crate::stage::{SOON, Stage, WINDOW, window_program};

/// The palette's title.
const TITLE: &str = "Quick Copy";
const KEYS: &str = "ctrl+alt+c";

/// A desktop as most people have one.
fn managed() -> Options {
    Options { window_manager: true, ..Options::default() }
}

/// The palette's processes.
fn palettes(stage: &Stage) -> Vec<Process> {
    stage
        .desktop
        .processes_of(WINDOW)
        .into_iter()
        .filter(|process| String::from_utf8_lossy(&process.arguments()).contains("--palette"))
        .collect()
}

/// What became of the shortcut.
fn shortcut(stage: &Stage) -> Value {
    let folder = |name: &str| match name {
        "XDG_RUNTIME_DIR" => Some(stage.desktop.path("run").into()),
        "HOME" => Some(stage.desktop.path("home").into()),
        _ => None,
    };
    let client = Client::new(&Home::from_env(folder).unwrap()).unwrap();
    client.get::<Value>("/v1/snapshot").unwrap()["settings"]["shortcut"].clone()
}

#[track_caller]
fn wait_for_shortcut(stage: &Stage, state: &str) -> Value {
    wait::until(&format!("a shortcut that is {state}"), SOON, || Some(shortcut(stage)).filter(|s| s["state"] == state))
}

/// Sets a shortcut, and waits until it is bound.
#[track_caller]
fn bind(stage: &Stage, keys: &str) {
    stage.run(&["settings", "set", "quick_copy.shortcut", keys]).ok();
    wait::until(keys, SOON, || (shortcut(stage)["keys"] == keys).then_some(()));
}

/// Waits until the palette has the focus, by whatever opened it.
#[track_caller]
fn wait_for_palette(screen: &Screen, had: u32) {
    screen.wait_for_titled(TITLE, SOON);
    wait::until("the palette to have the focus", SOON, || (![had, 0, 1].contains(&screen.focused())).then_some(()));
}

/// Waits until the palette is off the screen, and the focus where it was.
#[track_caller]
fn wait_for_return(screen: &Screen, had: u32) {
    wait::until("the palette to go", SOON, || screen.titled(TITLE).is_none().then_some(()));
    let back = wait::within(SOON, || (screen.focused() == had).then_some(()));
    assert!(back.is_some(), "{:#x} has the focus, and not {had:#x}", screen.focused());
}

fn copies_and_gives_back(options: Options) {
    let stage = Stage::new(options, None);
    let _tray = stage.start_tray();
    stage.connect("antiraid", "work");
    stage.connect("pocketpaw", "paw");
    let (paw, _) = (stage.token("paw"), stage.token("work"));
    bind(&stage, "Ctrl+Alt+C");
    let screen = Screen::of(&stage.desktop);
    let editor = screen.client("editor");

    stage.desktop.press(KEYS);
    wait_for_palette(&screen, editor);
    stage.desktop.type_text("pa");
    stage.desktop.press("Return");
    let copied = wait::until("a token on the clipboard", SOON, || stage.desktop.clipboard());
    assert_eq!(copied, paw);
    wait_for_return(&screen, editor);
    wait::until("its end", SOON, || palettes(&stage).is_empty().then_some(()));

    // Esc, and a second press, go back as well and copy nothing.
    stage.desktop.copy_elsewhere("mine");
    for leave in ["Escape", KEYS] {
        stage.desktop.press(KEYS);
        wait_for_palette(&screen, editor);
        stage.desktop.press(leave);
        wait_for_return(&screen, editor);
        wait::until("its end", SOON, || palettes(&stage).is_empty().then_some(()));
    }
    assert_eq!(stage.desktop.clipboard().as_deref(), Some("mine"));
}

#[test]
fn two_letters_copy_and_the_focus_is_back() {
    copies_and_gives_back(managed());
}

#[test]
fn without_a_window_manager_it_is_the_same() {
    copies_and_gives_back(Options::default());
}

#[test]
fn a_window_that_takes_the_focus_closes_it_and_keeps_the_focus() {
    let stage = Stage::new(managed(), None);
    let _tray = stage.start_tray();
    stage.connect("pocketpaw", "paw");
    bind(&stage, "Ctrl+Alt+C");
    let screen = Screen::of(&stage.desktop);
    let editor = screen.client("editor");
    stage.desktop.press(KEYS);
    wait_for_palette(&screen, editor);
    let other = Screen::of(&stage.desktop);
    let other = (other.client("another"), other);
    wait_for_return(&screen, other.0);
}

#[test]
fn a_shortcut_is_chosen_by_pressing_it_in_the_settings() {
    let stage = Stage::new(managed(), None);
    let _tray = stage.start_tray();
    let page = stage.open_page("settings");
    page.part("quick_copy.shortcut").click();
    stage.desktop.press("ctrl+alt+d");
    page.part("shortcut-bound");
    let screen = Screen::of(&stage.desktop);
    stage.desktop.press("ctrl+alt+d");
    screen.wait_for_titled(TITLE, SOON);
}

#[test]
fn a_shortcut_that_another_program_has_is_told() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    let other = Screen::of(&stage.desktop);
    other.take_key('c');
    stage.run(&["settings", "set", "quick_copy.shortcut", "Ctrl+Alt+C"]).ok();
    let taken = wait_for_shortcut(&stage, "taken");
    assert_eq!(taken["message"], "Another program has Ctrl+Alt+C already; choose other keys.");
    let page = stage.open_page("settings");
    page.until("the reason", |page| page.text().contains("Another program has Ctrl+Alt+C already"));
    drop(page);

    // Once it is free it can be had, and other keys at once.
    bind(&stage, "Ctrl+Alt+D");
    drop(other);
    bind(&stage, "Ctrl+Alt+C");
    stage.run(&["settings", "set", "quick_copy.shortcut", "Ctrl+Alt+Banana"]).ok();
    assert!(wait_for_shortcut(&stage, "unusable")["message"].as_str().unwrap().contains("Banana"));
    stage.run(&["settings", "set", "quick_copy.shortcut", ""]).ok();
    wait_for_shortcut(&stage, "off");
}

#[test]
fn another_keyboard_layout_keeps_the_shortcut_on_its_letter() {
    let stage = Stage::new(Options::default(), None);
    let _tray = stage.start_tray();
    bind(&stage, "Ctrl+Alt+C");
    let screen = Screen::of(&stage.desktop);
    // On this one the letter is on another key.
    stage
        .desktop
        .read(stage.desktop.command("setxkbmap").args(["us", "-variant", "dvorak"]))
        .expect("setxkbmap failed");
    wait::until("the palette", SOON, || {
        stage.desktop.press(KEYS);
        wait::within(Duration::from_secs(3), || screen.titled(TITLE))
    });
}

#[test]
fn keys_of_a_window_manager_open_and_close_it_too() {
    let stage = Stage::new(Options::default(), None);
    let mut tray = stage.start_tray();
    let screen = Screen::of(&stage.desktop);
    let editor = screen.client("editor");
    stage.run(&["palette"]).ok();
    wait_for_palette(&screen, editor);
    stage.run(&["palette"]).ok();
    wait_for_return(&screen, editor);
    assert!(tray.runs(), "{}", tray.log());
    tray.terminate();
    tray.wait(SOON);
    let said = stage.run(&["palette"]).refused(1);
    assert!(said.contains("start it with `daypass tray`"), "{said}");
}

#[test]
fn a_warm_one_waits_hidden_and_stays_the_same_for_ten_rounds() {
    let stage = Stage::new(managed(), None);
    let mut tray = stage.start_tray();
    stage.connect("pocketpaw", "paw");
    stage.connect("antiraid", "work");
    stage.run(&["settings", "set", "quick_copy.keep_warm", "true"]).ok();
    bind(&stage, "Ctrl+Alt+C");
    let warm = wait::until("the warm palette", SOON, || palettes(&stage).pop());
    let screen = Screen::of(&stage.desktop);
    let editor = screen.client("editor");
    for round in 0..10 {
        stage.desktop.press(KEYS);
        wait_for_palette(&screen, editor);
        if round % 2 == 0 {
            // What was typed before is forgotten: these letters alone find the account.
            stage.desktop.type_text("wo");
            stage.desktop.press("Return");
        } else {
            stage.desktop.type_text("xyz");
            stage.desktop.press(if round % 4 == 1 { "Escape" } else { KEYS });
        }
        wait_for_return(&screen, editor);
        assert_eq!(palettes(&stage), std::slice::from_ref(&warm), "round {round}: {}", tray.log());
    }
    let copied = wait::until("a token on the clipboard", SOON, || stage.desktop.clipboard());
    assert_eq!(copied, stage.token("work"));

    stage.run(&["settings", "set", "quick_copy.keep_warm", "false"]).ok();
    wait::until("its end", SOON, || warm.is_gone().then_some(()));
    stage.run(&["settings", "set", "quick_copy.keep_warm", "true"]).ok();
    let warm = wait::until("another", SOON, || palettes(&stage).pop());
    tray.terminate();
    tray.wait(SOON);
    wait::until("its end with the tray", SOON, || warm.is_gone().then_some(()));
}

#[test]
fn a_warm_one_that_is_shown_while_the_tray_crashes_does_not_stay_behind() {
    let stage = Stage::new(managed(), None);
    let mut tray = stage.start_tray();
    stage.run(&["settings", "set", "quick_copy.keep_warm", "true"]).ok();
    let warm = wait::until("the warm palette", SOON, || palettes(&stage).pop());
    let screen = Screen::of(&stage.desktop);
    let editor = screen.client("editor");
    stage.run(&["palette"]).ok();
    wait_for_palette(&screen, editor);
    tray.kill();
    assert!(!warm.is_gone(), "its user looks at it");
    stage.desktop.press("Escape");
    wait_for_return(&screen, editor);
    wait::until("its end", SOON, || warm.is_gone().then_some(()));
}

#[test]
fn axe_finds_nothing_in_it_in_light_and_dark() {
    for dark in [false, true] {
        let stage = Stage::new(Options { dark, ..Options::default() }, None);
        let _tray = stage.start_tray();
        let open = || Page::open(&stage.desktop, &window_program(), &["--palette"]);
        let page = open();
        page.part("palette-blank");
        crate::looks::check(&page, "empty");
        drop(page);
        stage.connect("antiraid", "work");
        stage.token("work");
        let page = open();
        page.part("palette-row");
        crate::looks::check(&page, "one");
        page.part("palette-field").type_text("xyz");
        page.part("palette-blank");
        crate::looks::check(&page, "no match");
    }
}

#[test]
fn on_wayland_the_portal_gives_the_shortcut() {
    let stage = Stage::new(Options::default(), None);
    let portal = stage.desktop.start_portal(false);
    let _tray = start_on_wayland(&stage);
    stage.run(&["settings", "set", "quick_copy.shortcut", "Ctrl+Alt+C"]).ok();
    assert_eq!(wait_for_shortcut(&stage, "bound")["keys"], "Press CTRL+ALT+c");
    assert_eq!(portal.asked(), [("palette".to_owned(), "CTRL+ALT+c".to_owned())]);
    portal.press("another");
    portal.press("palette");
    Screen::of(&stage.desktop).wait_for_titled(TITLE, SOON);
    assert_eq!(palettes(&stage).len(), 1);

    // A portal that goes takes the shortcut along, and that is told.
    drop(portal);
    let told = wait_for_shortcut(&stage, "unsupported");
    assert!(told["message"].as_str().unwrap().contains("daypass palette"), "{told}");
}

#[test]
fn a_portal_whose_user_declines_is_told() {
    let stage = Stage::new(Options::default(), None);
    let _portal = stage.desktop.start_portal(true);
    let _tray = start_on_wayland(&stage);
    stage.run(&["settings", "set", "quick_copy.shortcut", "Ctrl+Alt+C"]).ok();
    assert_eq!(wait_for_shortcut(&stage, "taken")["said"]["id"], "error-shortcut-declined");
}

/// A tray app that believes that Wayland has the keyboard; its windows come by X11 all the same.
fn start_on_wayland(stage: &Stage) -> App {
    let mut command = stage.command(&["tray"]);
    command.env("WAYLAND_DISPLAY", "wayland-of-nobody").env("GDK_BACKEND", "x11");
    let app = stage.desktop.launch("tray", &mut command);
    let socket = stage.desktop.path("run").join("daypass/agent.sock");
    wait::until("the agent's socket", SOON, || socket.exists().then_some(()));
    app
}
