//! The other side dies: an authority that is killed between its commit and its answer, and comes back with what it stored.

use std::sync::{Arc, Mutex};

use daypass_test_support::program::{Authority, Installation, Running};
use daypass_test_support::wait;
use rustix::process::Signal;

use crate::world::{Road, SETTLED, antiraid_settles, antiraid_takes, installation, log_out, token};

/// The authority's process, which can be killed and started again at the same address.
struct Mortal {
    process: Arc<Mutex<Running>>,
    address: String,
    store: String,
}

impl Mortal {
    /// Takes over the process of `authority`.
    fn of(home: &Installation, authority: &mut Authority) -> Self {
        let address = authority.url.strip_prefix("http://").unwrap().to_owned();
        let store = format!("sqlite:{}", home.beside().join("authority.sqlite").display());
        // What stands in its place has ended at once.
        let process = std::mem::replace(&mut authority.process, Running::start(&mut home.command(&["--version"])));
        Self { process: Arc::new(Mutex::new(process)), address, store }
    }

    fn again(&self, home: &Installation) {
        let arguments = ["serve", "--json", "--listen", &self.address, "--store", &self.store];
        let again = Running::start(&mut home.command(&arguments));
        again.line("the ready line", |line| line.starts_with("{\"url\":"));
        *self.process.lock().unwrap() = again;
    }
}

#[test]
fn an_authority_killed_before_its_answer_leaves_an_orphan_that_is_shown() {
    let home = installation();
    let mut authority = Authority::start(&home, None);
    let road = Road::to(&authority.url);
    let mut arguments = authority.add_arguments("antiraid", "raid");
    let place = arguments.iter().position(|argument| *argument == authority.url).unwrap();
    arguments[place] = road.url.clone();
    arguments.extend(["--life".to_owned(), "2m".to_owned()]);
    home.run_with(&arguments, authority.credential("antiraid")).ok();
    let first = token(&home, "raid");
    log_out(&authority);
    let mortal = Mortal::of(&home, &mut authority);

    let process = mortal.process.clone();
    road.lose_answer("POST /sessions", move || {
        process.lock().unwrap().end_by(Signal::KILL);
    });
    home.run(&["token", "raid", "--fresh"]).refused(5);
    // It has the token that lives, and hands it out while nobody answers there.
    assert_eq!(token(&home, "raid"), first);
    mortal.again(&home);
    let fresh = || Some(home.run(&["token", "raid", "--fresh"])).filter(|outcome| outcome.code == 0);
    let second = wait::until("a fresh token", SETTLED, fresh).ok();
    assert!(antiraid_takes(&authority, second.trim()));
    // The settlement that failed meanwhile is tried again a minute later; a restart does it at once.
    home.run(&["agent", "--stop"]).ok();
    let lost = antiraid_settles(&home, &authority, "raid", 1);
    assert!(!lost.contains(&first.1));
    assert!(!antiraid_takes(&authority, &first.0), "the old session is gone");
}
