//! Agents come and go: started by a command, in the foreground, second ones, and their end.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use daypass_test_support::program::{Running, finish};
use daypass_test_support::{process, wait};
use rustix::process::Signal;

use crate::{installation, with_authority};

#[test]
fn a_command_starts_an_agent_that_outlives_it() {
    let home = installation();
    home.run(&["account", "list", "--json"]).ok();
    let pid = home.agent_pid().unwrap();
    let agent = process::all().into_iter().find(|process| process.pid == pid).expect("the agent still runs");
    assert_eq!(agent.program, "daypass");
    home.run(&["account", "list", "--json"]).ok();
    assert_eq!(home.agent_pid(), Some(pid), "the second command uses the first agent");
    // It has left the terminal: it leads a session of its own.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let session = stat.rsplit_once(") ").unwrap().1.split(' ').nth(3).unwrap().to_owned();
    assert_eq!(session, pid.to_string());
}

#[test]
fn an_agent_in_the_background_has_the_folders_that_its_starter_meant() {
    let home = installation();
    let mut command = home.command(&["account", "list", "--json"]);
    command.current_dir(home.beside()).env("DAYPASS_HOME", "home").env("DAYPASS_VAULT_KEY_FILE", "vault.key");
    assert_eq!(finish(&mut command, "").ok(), "[]\n");
    assert!(home.socket().exists() && home.agent_pid().is_some());
    let status = home.run(&["status", "--json"]).json();
    assert_eq!(status["vault"]["state"], "open", "{status}");
}

#[test]
fn many_commands_at_once_start_one_agent() {
    let home = installation();
    std::thread::scope(|scope| {
        let commands: Vec<_> = (0..8).map(|_| scope.spawn(|| home.run(&["account", "list", "--json"]))).collect();
        for command in commands {
            command.join().unwrap().ok();
        }
    });
    let key = format!("DAYPASS_HOME={}\0", home.root().display());
    let ours = process::all()
        .into_iter()
        .filter(|process| process.environment().windows(key.len()).any(|part| part == key.as_bytes()));
    assert_eq!(ours.map(|process| process.pid).collect::<Vec<_>>(), [home.agent_pid().unwrap()]);
}

#[test]
fn an_agent_is_stopped_and_its_socket_goes_with_it() {
    let home = installation();
    home.run(&["account", "list", "--json"]).ok();
    assert_eq!(home.run(&["agent", "--stop"]).ok(), "The agent has ended.\n");
    assert!(!home.socket().exists());
    assert_eq!(home.run(&["agent", "--stop"]).ok(), "No agent is running.\n");
}

#[test]
fn signals_end_an_agent_cleanly() {
    for signal in [Signal::TERM, Signal::INT] {
        let home = installation();
        let mut agent = home.agent();
        assert!(home.socket().exists());
        assert_eq!(agent.end_by(signal).code(), Some(0), "{signal:?}");
        assert!(!home.socket().exists(), "{signal:?}");
    }
}

#[test]
fn a_second_agent_says_who_is_the_first() {
    let home = installation();
    let first = home.agent();
    let said = home.run(&["agent"]).refused(1);
    assert!(said.contains("already running") && said.contains(&first.pid().to_string()), "{said}");
    home.run(&["status"]).ok();
}

#[test]
fn the_socket_is_for_its_owner_alone() {
    let home = installation();
    let _agent = home.agent();
    let mode = |path: std::path::PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.socket()), 0o600);
    assert_eq!(mode(home.root().join("run")), 0o700);
    assert_eq!(mode(home.root().join("data")), 0o700);
    assert_eq!(mode(home.vault_file()), 0o600);
}

#[test]
fn an_agent_that_was_killed_is_replaced_and_nothing_is_lost() {
    let (home, authority) = with_authority();
    let mut agent = home.agent();
    authority.connect(&home, "antiraid", "raid");
    let token = home.run(&["token", "raid"]).ok();
    agent.end_by(Signal::KILL);
    assert!(home.socket().exists(), "its socket is left behind");
    assert_eq!(home.run(&["token", "raid"]).ok(), token);
}

#[test]
fn the_tray_app_without_a_display_takes_over_and_shows_the_accounts() {
    let (home, authority) = with_authority();
    authority.connect(&home, "discovr", "tv");
    let headless = home.agent_pid().unwrap();
    let mut tray = Running::start(&mut home.command(&["tray"]));
    tray.line("a word on the display", |line| line.contains("There is no display"));
    tray.line("the account", |line| line.contains("tv: token") && line.contains("left"));
    wait::until("the headless agent to end", Duration::from_secs(10), || {
        process::all().iter().all(|process| process.pid != headless).then_some(())
    });
    assert_eq!(home.agent_pid(), Some(tray.pid()));
    home.run(&["token", "tv", "--fresh"]).ok();
    tray.line("the new token", |line| line.contains("tv: token") && line.contains("left"));
    assert_eq!(tray.end_by(Signal::TERM).code(), Some(0));
}
