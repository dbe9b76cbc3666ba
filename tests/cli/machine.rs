//! What the machine tells the agent: sleep by logind, the clock by a timer of the kernel, the network by rtnetlink.

mod logind;

use std::process::Command;
use std::time::Duration;

use daypass_api::view::{AccountView, Health, Snapshot};
use daypass_api::{Client, Home};
use daypass_core::Time;
use daypass_core::clock::later;
use daypass_test_support::program::{Authority, Installation, Running};
use daypass_test_support::wait;

use self::logind::{Bus, Logind};
use crate::installation;

/// How long the machine's word may take to have its effect; the program looks for a bus that was lost a few times.
const HEARD: Duration = Duration::from_secs(30);
/// Set in a test that runs in a network of its own.
const INSIDE: &str = "DAYPASS_TEST_IN_ITS_OWN_NETWORK";

/// An agent that is told of sleep by `bus`.
fn agent_on(bus: &Bus, home: &Installation) -> Running {
    let mut command = home.command(&["agent"]);
    let agent = Running::start(command.env("DBUS_SYSTEM_BUS_ADDRESS", bus.address()));
    agent.line("the agent to be ready", |line| line.contains("The agent is ready"));
    agent
}

#[test]
fn sleep_is_held_back_until_the_agent_has_heard_of_it() {
    let home = installation();
    let bus = Bus::start();
    let logind = Logind::start(&bus);
    let mut agent = agent_on(&bus, &home);
    logind.wait_for_inhibitors(1, HEARD);
    assert_eq!(logind.asked(), [["sleep", "Daypass", "Storing what a provider has just answered", "delay"]]);
    for times in 2..4 {
        logind.prepare_for_sleep(true);
        logind.wait_for_inhibitors(0, HEARD);
        home.run(&["status"]).ok();
        logind.prepare_for_sleep(false);
        logind.wait_for_inhibitors(1, HEARD);
        assert_eq!(logind.asked().len(), times, "one for each sleep");
    }
    assert_eq!(agent.end_by(rustix::process::Signal::TERM).code(), Some(0));
    logind.wait_for_inhibitors(0, HEARD);
}

#[test]
fn a_logind_and_a_bus_that_come_later_or_again_are_found() {
    let home = installation();
    let mut bus = Bus::absent();
    let _agent = agent_on(&bus, &home);
    bus.begin();
    let first = Logind::start(&bus);
    first.wait_for_inhibitors(1, HEARD);
    // A logind that is restarted has lost its inhibitors.
    drop(first);
    let second = Logind::start(&bus);
    second.wait_for_inhibitors(1, HEARD);
    drop(second);
    bus.end();
    home.run(&["status"]).ok();
    bus.begin();
    let third = Logind::start(&bus);
    third.wait_for_inhibitors(1, HEARD);
    third.prepare_for_sleep(true);
    third.wait_for_inhibitors(0, HEARD);
}

#[test]
fn only_logind_tells_of_sleep() {
    let home = installation();
    let bus = Bus::start();
    let logind = Logind::start(&bus);
    let _agent = agent_on(&bus, &home);
    logind.wait_for_inhibitors(1, HEARD);
    // Anybody may say it on a bus; the agent's own name is no secret.
    bus.say_sleep_as_a_stranger();
    logind.prepare_for_sleep(false);
    wait::until("the word of logind", HEARD, || (logind.asked().len() == 2).then_some(()));
    assert_eq!(logind.held_before(), 1, "the stranger's word did not release the first one");
}

// The machine's clock is not a test's to set; what is looked at is that the kernel will tell.
#[test]
fn the_agent_has_a_timer_that_is_cancelled_when_the_clock_is_set() {
    let home = installation();
    let agent = home.agent();
    let timers = || {
        let folder = std::fs::read_dir(format!("/proc/{}/fdinfo", agent.pid())).unwrap();
        let told = folder.filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok());
        // CLOCK_REALTIME; TFD_TIMER_ABSTIME and TFD_TIMER_CANCEL_ON_SET, in octal (proc(5)).
        told.filter(|told| told.contains("clockid: 0\n") && told.contains("settime flags: 03\n")).count()
    };
    wait::until("the timer", HEARD, || (timers() == 1).then_some(()));
}

#[test]
fn hearing_costs_no_thread_and_no_child_inherits_anything() {
    let home = installation();
    let agent = home.agent();
    home.run(&["status"]).ok();
    let names = || {
        let threads = std::fs::read_dir(format!("/proc/{}/task", agent.pid())).unwrap();
        let names = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok());
        names.filter(|name| name != "tokio-rt-worker\n").collect::<Vec<_>>()
    };
    assert_eq!(names(), ["daypass\n"]);
    for entry in std::fs::read_dir(format!("/proc/{}/fd", agent.pid())).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let info = std::fs::read_to_string(format!("/proc/{}/fdinfo/{name}", agent.pid())).unwrap_or_default();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).map(str::trim).unwrap_or("0");
        let to = std::fs::read_link(format!("/proc/{}/fd/{name}", agent.pid())).unwrap_or_default();
        let ours = to.starts_with(home.root()) || to.to_string_lossy().contains("timerfd");
        // O_CLOEXEC, in octal (open(2)); what the test's own parent left open is not the agent's.
        let closed = u32::from_str_radix(flags, 8).unwrap() & 0o2_000_000 != 0;
        assert!(closed || !ours, "{name} is {} with {flags}", to.display());
    }
}

/// Runs `story` in the test of this name again, in a network in which there is nothing but a loop that is down; `false`
/// where the machine lets nobody have one.
fn in_its_own_network(test: &str, story: impl FnOnce()) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        story();
        return true;
    }
    let network = |command: &str| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--map-root-user", "--net", command]);
        unshare
    };
    if !network("true").output().is_ok_and(|output| output.status.success()) {
        return false;
    }
    let program = std::env::current_exe().unwrap();
    let mut again = network(program.to_str().unwrap());
    let output = again.args(["--exact", test, "--nocapture"]).env(INSIDE, "1").output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    true
}

fn ip(arguments: &[&str]) {
    let output = Command::new("ip").args(arguments).output().unwrap();
    assert!(output.status.success(), "ip {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_account_that_was_offline_is_tried_at_once_when_a_network_comes_up() {
    let test = "machine::an_account_that_was_offline_is_tried_at_once_when_a_network_comes_up";
    let ran = in_its_own_network(test, || {
        ip(&["link", "set", "lo", "up"]);
        let home = installation();
        let authority = Authority::start_at(&home, "127.0.0.1:7277", Some(4));
        authority.connect(&home, "pocketpaw", "paw");
        home.run(&["token", "paw"]).ok();
        drop(authority);
        // Each failed attempt makes the pause before the next one longer.
        for _ in 0..6 {
            home.run(&["token", "paw", "--fresh"]).refused(5);
        }
        let retry_at = wait::until("a long pause", Duration::from_secs(90), || {
            let (now, account) = paw(&home);
            account.problem?.retry_at.filter(|at| *at > later(now, Duration::from_secs(12)))
        });
        let _authority = Authority::start_at(&home, "127.0.0.1:7277", Some(600));
        assert_eq!(paw(&home).1.problem.unwrap().retry_at, Some(retry_at), "nobody has tried yet");
        ip(&["address", "add", "192.0.2.1/32", "dev", "lo"]);
        let well =
            || Some(paw(&home)).filter(|(_, account)| account.health == Health::Well && account.freshness.is_some());
        let (now, _) = wait::until("a token", Duration::from_secs(11), well);
        assert!(now < retry_at, "it did not wait for {retry_at}");
    });
    if !ran {
        println!("not run: this machine lets nobody have a network of his own");
    }
}

/// The agent's time, and what it says of the account.
fn paw(home: &Installation) -> (Time, AccountView) {
    let client = Client::new(&Home::under(&home.root())).unwrap();
    let snapshot: Snapshot = client.get("/v1/snapshot").unwrap();
    (snapshot.at, snapshot.accounts.into_iter().next().unwrap())
}
