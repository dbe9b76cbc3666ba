//! A keyring that takes every call and never answers: the tray and the window answer all the while.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use daypass_test_support::desktop::{Options, TrayItem};
use daypass_test_support::program::finish;
use daypass_test_support::wait;
use tokio::time::Instant;

use crate::page::Page;
use crate::stage::{SOON, Stage};

/// How soon a face must answer.
const PROMPT: Duration = Duration::from_millis(100);
/// When a call to the keyring is given up.
const PATIENCE: Duration = Duration::from_secs(3);
/// What a busy machine may take beyond that, to start a process and to be scheduled.
const SLACK: Duration = Duration::from_secs(5);

/// How long each of many answers took, in order of length.
struct Samples(Vec<Duration>);

impl Samples {
    fn new(mut all: Vec<Duration>) -> Self {
        assert!(all.len() >= 50, "there are only {} samples", all.len());
        all.sort();
        Self(all)
    }

    /// The sample that `percent` of all are not above.
    fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() - 1) * percent / 100]
    }

    /// Says what was measured, and asserts that nine answers of ten were prompt: the tenth is the machine's, which runs
    /// other tests at the same time.
    #[track_caller]
    #[expect(clippy::print_stdout, reason = "a measurement is for whoever runs the test")]
    fn assert_prompt(&self, what: &str) {
        let [median, high, worst] = [50, 90, 100].map(|percent| self.percentile(percent));
        println!("{what}: {} answers, median {median:?}, 90 % within {high:?}, worst {worst:?}", self.0.len());
        assert!(high < PROMPT, "{what} answers within {high:?}, not {PROMPT:?}");
    }
}

#[test]
fn the_tray_and_the_window_answer_at_once_while_the_keyring_never_does() {
    let mut stage = Stage::new(Options::default(), None);
    let (mut tray, item) = stage.start_tray_with_icon();
    for (provider, name) in [("antiraid", "work"), ("discovr", "films")] {
        stage.connect(provider, name);
        stage.token(name);
    }
    item.choose(&["Quit"]);
    assert_eq!(tray.wait(SOON), Some(0));
    stage.desktop.kill_keyring();
    stage.desktop.start_mute_keyring();

    let (mut tray, item) = stage.start_tray_with_icon();
    wait::until("a call to the keyring", SOON, || (stage.desktop.unanswered_calls() > 0).then_some(()));
    let page = stage.open_page("sessions");
    page.part("account-work");

    // Somebody waits for the keyring all the while, and each one is told after its patience.
    let told = AtomicBool::new(false);
    let commands = [(); 2].map(|()| stage.command(&["token", "work"]));
    let (menu, window, given_up) = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let took = commands.map(time_of_a_refused_token);
            told.store(true, Ordering::Relaxed);
            took
        });
        let menu = scope.spawn(|| menu_until(&item, &told));
        let window = window_for(&page, 2 * PATIENCE);
        (menu.join().unwrap(), window, asking.join().unwrap())
    });
    menu.assert_prompt("the menu (GetLayout)");
    window.assert_prompt("the window (a command of the page, to the agent and back)");
    println!("a token was refused after {given_up:?}");
    for took in given_up {
        assert!(took < PATIENCE + SLACK, "the keyring was given up after {took:?}");
    }

    // It is told, here as there, and nothing is offered that would wait for it.
    let status = stage.run(&["status", "--json"]).json();
    assert_eq!(status["vault"]["state"], "slow", "{status}");
    assert!(item.menu_text().contains("keyring has not answered"), "{}", item.menu_text());
    assert!(!item.offers(&["work", "Copy token"]));
    assert!(page.part("vault-banner").text().contains("Waiting for the keyring"), "{}", page.text());
    page.part("account-films");

    // A call that hangs does not keep the app from its end.
    drop(page);
    let asked = Instant::now();
    item.choose(&["Quit"]);
    assert_eq!(tray.wait(SOON), Some(0), "{}", tray.log());
    let took = asked.elapsed();
    println!("the tray app ended after {took:?}");
    assert!(took < PATIENCE + SLACK, "the tray app ended after {took:?} only");
}

#[test]
fn a_keyring_that_answers_at_last_is_used_without_a_restart() {
    let mut stage = Stage::new(Options::default(), None);
    let mut tray = stage.start_tray();
    stage.connect("discover", "search");
    let token = stage.token("search");
    tray.terminate();
    assert_eq!(tray.wait(SOON), Some(0));
    stage.desktop.kill_keyring();
    stage.desktop.start_mute_keyring();

    let (_tray, item) = stage.start_tray_with_icon();
    let page = stage.open_page("sessions");
    assert!(page.part("vault-banner").text().contains("Waiting for the keyring"), "{}", page.text());
    stage.desktop.end_mute_keyring();
    stage.desktop.start_keyring();
    page.wait_without("vault-banner");
    wait::until("the token in the menu", SOON, || item.offers(&["search", "Copy token"]).then_some(()));
    assert_eq!(stage.token("search"), token);
}

/// Has `command` ask for a token that the keyring stands in the way of; answers how long that took.
fn time_of_a_refused_token(mut command: Command) -> Duration {
    let begin = Instant::now();
    let refused = finish(&mut command, "").refused(4);
    assert!(refused.contains("keyring"), "{refused}");
    begin.elapsed()
}

/// Asks for the menu again and again until `end`.
fn menu_until(item: &TrayItem, end: &AtomicBool) -> Samples {
    let mut took = Vec::new();
    while !end.load(Ordering::Relaxed) {
        let begin = Instant::now();
        item.menu();
        took.push(begin.elapsed());
        wait::pause(Duration::from_millis(10));
    }
    Samples::new(took)
}

/// Has the page ask the agent for something again and again for `span`, by the page's own clock.
fn window_for(page: &Page, span: Duration) -> Samples {
    let script = format!(
        "const done = arguments[arguments.length - 1], took = [], end = performance.now() + {};
         (async () => {{
           while (performance.now() < end) {{
             const begin = performance.now();
             await window.__TAURI_INTERNALS__.invoke('providers');
             took.push(performance.now() - begin);
             await new Promise((go) => setTimeout(go, 10));
           }}
           done(took);
         }})().catch((error) => done(String(error)))",
        span.as_millis()
    );
    let took = page.script_later(&script);
    let took = took.as_array().unwrap_or_else(|| panic!("the page failed: {took}"));
    Samples::new(took.iter().map(|ms| Duration::from_secs_f64(ms.as_f64().unwrap() / 1000.0)).collect())
}
