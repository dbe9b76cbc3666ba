//! The program itself, as far as it goes without a display: a wrong command line, and a window that is open already.

use std::process::{Command, Output};

use daypass_api::Home;
use daypass_window::single::WindowLock;
use serde_json::json;

use crate::agent::{Asked, FakeAgent};

fn run(home: &std::path::Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass-window"));
    command.args(args).env("DAYPASS_HOME", home).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.output().unwrap()
}

#[test]
fn a_wrong_command_line_ends_with_two_and_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &["--page", "vault"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "daypass-window: --page takes sessions, new_session, connect, sign_in, history, timeline or settings\n"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn help_says_what_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &["--help"]);
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("[--page PAGE]"));
}

#[test]
fn a_second_window_has_the_first_brought_to_the_front_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::under(dir.path());
    let _first = WindowLock::acquire(&home).unwrap().unwrap();
    let agent = FakeAgent::start(&home);
    let output = run(dir.path(), &["--page", "connect"]);
    assert!(output.status.success(), "{output:?}");
    let asked = Asked { line: "POST /v1/window".to_owned(), body: json!({ "page": "connect" }) };
    assert_eq!(agent.next_asked(), asked);
}

#[test]
fn a_second_window_without_an_agent_just_ends() {
    let dir = tempfile::tempdir().unwrap();
    let _first = WindowLock::acquire(&Home::under(dir.path())).unwrap().unwrap();
    let output = run(dir.path(), &[]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty());
}

#[test]
fn a_refusal_of_the_agent_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::under(dir.path());
    let _first = WindowLock::acquire(&home).unwrap().unwrap();
    let agent = FakeAgent::start(&home);
    agent.will_answer(405, json!({ "code": "not_supported", "message": "The agent has no desktop." }));
    let output = run(dir.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "daypass-window: The agent has no desktop.\n");
}
