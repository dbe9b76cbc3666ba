//! The agent's place: its lock and its socket, taken away, left behind, held by one that does not answer.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use daypass_api::Client;
use daypass_api::view::StatusView;
use daypass_test_support::http::Server;
use daypass_test_support::program::{Installation, Running, START_LIMIT, finish};
use daypass_test_support::wait;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

use crate::terminal::Terminal;
use crate::{installation, with_authority};

/// In this time a command gives up an agent that does not answer, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(40);

/// Who answers, once somebody does.
fn who_answers(home: &Installation) -> u32 {
    let client = Client::new(&daypass_api::Home::under(&home.root())).unwrap();
    wait::until("an agent that answers", START_LIMIT, || client.get::<StatusView>("/v1/status").ok()).pid
}

fn send(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn an_agent_whose_socket_is_taken_away_binds_it_again() {
    let home = installation();
    let agent = home.agent();
    let socket = home.socket();
    fs::remove_file(&socket).unwrap();
    assert_eq!(who_answers(&home), agent.pid(), "a removed socket");
    fs::remove_dir_all(home.root().join("run")).unwrap();
    assert_eq!(who_answers(&home), agent.pid(), "a removed folder");
    fs::rename(home.root().join("run"), home.root().join("gone")).unwrap();
    assert_eq!(who_answers(&home), agent.pid(), "a moved folder");
    fs::remove_file(&socket).unwrap();
    drop(UnixListener::bind(&socket).unwrap());
    assert_eq!(who_answers(&home), agent.pid(), "a socket of a dead process in its place");
}

#[test]
fn a_command_does_not_start_a_second_agent_while_the_first_has_no_socket() {
    let home = installation();
    let agent = home.agent();
    for _ in 0..5 {
        fs::remove_file(home.socket()).unwrap();
        assert_eq!(home.run(&["account", "list", "--json"]).ok(), "[]\n");
        assert_eq!(who_answers(&home), agent.pid());
    }
}

#[test]
fn an_agent_ends_where_another_answers_in_its_place() {
    let home = installation();
    let mut agent = home.agent();
    fs::remove_file(home.socket()).unwrap();
    let _other = UnixListener::bind(home.socket()).unwrap();
    assert_eq!(agent.ended().code(), Some(1));
    let said = agent.rest().join("\n");
    assert!(said.contains("Another agent answers on the socket already"), "{said}");
    assert!(home.socket().exists(), "the other's socket is left alone");
}

#[test]
fn an_agent_whose_lock_is_removed_takes_it_again_or_ends() {
    let home = installation();
    let mut agent = home.agent();
    let lock = home.root().join("data/agent.lock");
    fs::remove_file(&lock).unwrap();
    wait::until("the lock", START_LIMIT, || (home.agent_pid() == Some(agent.pid())).then_some(()));
    let said = home.run(&["agent"]).refused(1);
    assert!(said.contains(&format!("process {}", agent.pid())), "{said}");
    // Another process is quicker.
    let other = home.beside().join("other.lock");
    let held = File::create(&other).unwrap();
    held.lock().unwrap();
    fs::rename(&other, &lock).unwrap();
    assert_eq!(agent.ended().code(), Some(1));
    let said = agent.rest().join("\n");
    assert!(said.contains("another agent has taken its place"), "{said}");
    assert!(!home.socket().exists());
}

#[test]
fn an_agent_whose_vault_is_moved_away_ends_and_makes_nothing_anew() {
    let (home, authority) = with_authority();
    let mut agent = home.agent();
    authority.connect(&home, "antiraid", "raid");
    let token = home.run(&["token", "raid"]).ok();
    let [data, moved] = ["data", "moved"].map(|name| home.root().join(name));
    fs::rename(&data, &moved).unwrap();
    assert_eq!(agent.ended().code(), Some(1));
    let said = agent.rest().join("\n");
    assert!(said.contains("was moved or removed"), "{said}");
    assert!(!data.exists());
    fs::rename(&moved, &data).unwrap();
    assert_eq!(home.run(&["token", "raid"]).ok(), token);
}

#[test]
fn what_a_dead_agent_left_behind_is_in_nobodys_way() {
    let home = installation();
    fs::create_dir_all(home.root().join("data")).unwrap();
    fs::create_dir_all(home.root().join("run")).unwrap();
    // Its process id belongs to another process by now: to this one.
    fs::write(home.root().join("data/agent.lock"), format!("{}\n/nowhere/agent.sock", std::process::id())).unwrap();
    fs::write(home.root().join("data/start.lock"), "").unwrap();
    drop(UnixListener::bind(home.socket()).unwrap());
    assert!(home.run(&["status"]).ok().contains("No agent is running"));
    assert_eq!(home.run(&["agent", "--stop"]).ok(), "No agent is running.\n");
    assert_eq!(home.run(&["account", "list", "--json"]).ok(), "[]\n");
    assert_eq!(Some(who_answers(&home)), home.agent_pid());
}

#[test]
fn one_agent_serves_every_runtime_folder() {
    let home = installation();
    let with = |folder: &str, arguments: &[&str]| {
        let run = home.beside().join(folder);
        fs::create_dir_all(&run).unwrap();
        let mut command = home.command(arguments);
        finish(command.env_remove("DAYPASS_HOME").env("XDG_RUNTIME_DIR", run), "")
    };
    let pid = |folder: &str| with(folder, &["status", "--json"]).json()["pid"].clone();
    with("desktop", &["account", "list", "--json"]).ok();
    let first = pid("desktop");
    assert!(first.is_u64());
    with("cron", &["account", "list", "--json"]).ok();
    assert_eq!(pid("cron"), first);
    let said = with("cron", &["agent"]).refused(1);
    assert!(said.contains(&format!("process {first}")), "{said}");
    assert_eq!(with("cron", &["agent", "--stop"]).ok(), "The agent has ended.\n");
    assert_eq!(with("desktop", &["agent", "--stop"]).ok(), "No agent is running.\n");
}

#[test]
fn an_agent_that_is_stopped_is_given_up_and_named() {
    let home = installation();
    let mut agent = home.agent();
    send(agent.pid(), Signal::STOP);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let commands: [&[&str]; 5] = [&["token"], &["status"], &["agent"], &["agent", "--stop"], &["tray"]];
        let running = commands.map(|command| scope.spawn(|| home.run(command)));
        for (command, outcome) in commands.iter().zip(running) {
            let said = outcome.join().unwrap().refused(1);
            let wanted = format!("`kill -KILL {}`", agent.pid());
            assert!(said.contains("does not answer") && said.contains(&wanted), "{command:?}: {said}");
        }
    });
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    send(agent.pid(), Signal::CONT);
    assert_eq!(agent.ended().code(), Some(0), "what it was told meanwhile, it does");
    home.run(&["account", "list", "--json"]).ok();
}

#[test]
fn a_lock_whose_holder_does_nothing_is_told() {
    let home = installation();
    fs::create_dir_all(home.root().join("data")).unwrap();
    let lock = File::create(home.root().join("data/agent.lock")).unwrap();
    lock.lock().unwrap();
    let said = home.run(&["account", "list"]).refused(1);
    assert!(said.contains("neither answers nor ends"), "{said}");
    let mut terminal = Terminal::start(&home, &["account", "list"], &[]);
    terminal.until("The last agent has not ended yet");
    drop(lock);
    assert_eq!(terminal.end().0, Some(0));
    home.run(&["account", "list", "--json"]).ok();
}

#[test]
fn a_starter_that_is_killed_leaves_nobody_waiting() {
    let home = installation();
    for _ in 0..5 {
        let mut starter = Running::start(&mut home.command(&["account", "list", "--json"]));
        wait::within(Duration::from_millis(500), || home.root().join("data/agent.lock").exists().then_some(()));
        starter.end_by(Signal::KILL);
        let begun = Instant::now();
        assert_eq!(home.run(&["account", "list", "--json"]).ok(), "[]\n");
        assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
        home.run(&["agent", "--stop"]).ok();
    }
}

#[test]
fn a_tray_app_that_takes_over_during_a_refresh_finds_what_it_brought() {
    let (home, mut authority) = with_authority();
    let at_the_gate = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(AtomicBool::new(true));
    let provider = {
        let (at_the_gate, gate, url) = (at_the_gate.clone(), gate.clone(), authority.url.clone());
        Server::start(move |request| {
            let answer = request.send(&url);
            at_the_gate.fetch_add(1, Ordering::AcqRel);
            wait::until("the gate", START_LIMIT, || gate.load(Ordering::Acquire).then_some(()));
            answer
        })
    };
    authority.url = provider.url;
    // Its refresh token is another after every use: an answer that nobody stores ends the account.
    authority.connect(&home, "discovr", "tv");
    let before = home.run(&["token", "tv"]).ok();
    gate.store(false, Ordering::Release);
    let asked = at_the_gate.load(Ordering::Acquire);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| home.run(&["token", "tv", "--fresh"]));
        let arrived = || (at_the_gate.load(Ordering::Acquire) > asked).then_some(());
        wait::until("the provider to have answered", START_LIMIT, arrived);
        let mut tray = Running::start(&mut home.command(&["tray"]));
        wait::until("the agent to be told", START_LIMIT, || (!home.socket().exists()).then_some(()));
        gate.store(true, Ordering::Release);
        tray.line("the account", |line| line.contains("tv: token"));
        assert_eq!(who_answers(&home), tray.pid());
        let after = reader.join().unwrap().ok();
        assert!(!after.is_empty() && after != before, "{after}");
        home.run(&["token", "tv", "--fresh"]).ok();
        assert_eq!(tray.end_by(Signal::TERM).code(), Some(0));
    });
}

#[test]
fn an_agent_of_another_version_is_told_after_an_upgrade() {
    let home = installation();
    fs::create_dir_all(home.root().join("run")).unwrap();
    let listener = UnixListener::bind(home.socket()).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                BufReader::with_capacity(1, &stream).read_line(&mut head).unwrap();
            }
            let status = r#"{"version":"9.9.9","api":1,"pid":7,"tray":false,"vault":{"state":"open"},"accounts":0,"needs_you":0,
                "started_at":"2026-01-01T00:00:00Z"}"#;
            stream.write_all(format!("HTTP/1.0 200 OK\r\n\r\n{status}").as_bytes()).unwrap();
        }
    });
    let outcome = home.run(&["status"]);
    assert!(outcome.code == 0 && outcome.stdout.contains("version 9.9.9"), "{outcome:?}");
    let told = format!("this is version {}, and the agent is of version 9.9.9; stop it", env!("CARGO_PKG_VERSION"));
    assert!(outcome.stderr.contains(&told), "{outcome:?}");
    fs::remove_file(home.socket()).unwrap();
    let _agent = home.agent();
    home.run(&["status"]).ok();
}
