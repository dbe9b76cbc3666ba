//! `daypass settings` with the real program: shown, changed, and followed in their file.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use daypass_test_support::program::Installation;
use daypass_test_support::wait;

use crate::installation;

fn file(home: &Installation) -> PathBuf {
    PathBuf::from(home.run(&["settings", "path"]).ok().trim_end())
}

#[test]
fn what_is_in_force_is_shown_and_changed() {
    let home = installation();
    let shown = home.run(&["settings"]).ok();
    assert!(shown.starts_with(&format!("file  {} (not there yet", file(&home).display())), "{shown}");
    assert!(
        shown.contains("\nclipboard.clear_after = 45\n") && shown.contains("\nrefresh.keep_fresh = \"used\"\n"),
        "{shown}"
    );
    for (key, value, now) in [
        ("clipboard.clear_after", "30", "30"),
        ("refresh.paused", "on", "true"),
        ("refresh.paused", "false", "false"),
        ("appearance.theme", "dark", "\"dark\""),
        ("start_at_login", "true", "true"),
    ] {
        assert_eq!(home.run(&["settings", "set", key, value]).ok(), format!("{key} = {now}\n"));
    }
    let view = home.run(&["settings", "--json"]).json();
    assert_eq!((&view["settings"]["clipboard"]["clear_after"], &view["error"]), (&30.into(), &serde_json::Value::Null));
    let text = fs::read_to_string(file(&home)).unwrap();
    assert!(text.contains("\nclear_after = 30\n") && text.contains("\ntheme = \"dark\"\n"), "{text}");
    // Another agent finds it as it was left.
    home.run(&["agent", "--stop"]).ok();
    assert_eq!(home.run(&["settings", "--json"]).json()["settings"], view["settings"]);
}

#[test]
fn what_cannot_be_set_is_told() {
    let home = installation();
    let refused = |key: &str, value: &str| home.run(&["settings", "set", key, value]).refused(2).to_owned();
    assert!(refused("clipboard.clear", "30").contains("there are appearance.language, appearance.theme, authority"));
    assert!(refused("clipboard.clear_after", "soon").contains("a whole number"));
    assert!(refused("refresh.paused", "perhaps").contains("true or false"));
    assert!(refused("clipboard.clear_after", "1000").contains("from 5 to 600"));
    assert!(refused("appearance.theme", "pink").contains("`dark`"));
    assert!(!file(&home).exists());
}

#[test]
fn an_error_of_the_file_is_told_with_its_line() {
    let home = installation();
    home.run(&["settings", "set", "clipboard.clear_after", "30"]).ok();
    let good = fs::read_to_string(file(&home)).unwrap();
    let bad = good.replace("[clipboard]", "[clipbord]");
    fs::write(file(&home), &bad).unwrap();
    let line = 1 + bad.lines().position(|line| line == "[clipbord]").unwrap();
    let words = format!("The file has an error in line {line}: There is no setting \"clipbord\"");
    let told = wait::until("the error", Duration::from_secs(20), || {
        let shown = home.run(&["settings"]);
        (shown.code == 0 && shown.stderr.contains(&words)).then_some(shown.stdout)
    });
    assert!(told.contains("clipboard.clear_after = 30\n"), "the last good one stays in force: {told}");
    let refused = home.run(&["settings", "set", "clipboard.clear_after", "40"]);
    assert!(refused.code == 1 && refused.stderr.contains(&format!("in line {line}")), "{refused:?}");
    assert_eq!(fs::read_to_string(file(&home)).unwrap(), bad);
}
