//! A master token that is replaced: its successor is told once, and the old one dies with the call.

use std::cell::Cell;

use daypass_test_support::http::Request;
use daypass_test_support::program::{Authority, Installation};

use crate::world::{ADVICE, Road, at_each, cut_off, died, doomed, installation, needs_you, pocketpaw_takes, token};

/// What is told where the new master was lost with the process, word for word.
const LOST: &str = "The credential of paw was just being replaced when Daypass was cut off, and the new one is lost; \
                    connect the account again.";

/// An account behind a road, with a token in hand.
struct Paw {
    home: Installation,
    authority: Authority,
    road: Road,
    first: Cell<String>,
}

impl Paw {
    fn new() -> Self {
        let home = installation();
        let authority = Authority::start(&home, None);
        let road = Road::to(&authority.url);
        Self { home, authority, road, first: Cell::default() }
    }

    fn connect(&self, master: &str) {
        let mut arguments = self.authority.add_arguments("pocketpaw", "paw");
        let place = arguments.iter().position(|argument| *argument == self.authority.url).unwrap();
        arguments[place] = self.road.url.clone();
        self.home.run_with(&arguments, master).ok();
        self.first.set(token(&self.home, "paw").0);
    }

    /// The master that the authority made last: what a user reads on the machine that PocketPaw runs on.
    fn newest_master(&self) -> String {
        let told = self.road.answers("POST /api/token/regenerate");
        told.last().unwrap()["token"].as_str().unwrap().to_owned()
    }

    /// Says that the token of now works and the old one does not, unless `same`.
    #[track_caller]
    fn lives(&self, old_lives: bool) {
        let (token, _) = token(&self.home, "paw");
        assert!(pocketpaw_takes(&self.authority.url, &token), "the token that was handed out is dead");
        let first = self.first.take();
        assert_eq!(pocketpaw_takes(&self.authority.url, &first), old_lives, "the token that was in hand");
        self.home.run(&["token", "paw", "--fresh"]).ok();
    }

    /// Says that the account is lost by what the protocol is, that it says so on every door, and is mended by connecting it
    /// again.
    #[track_caller]
    fn is_lost_and_mended(&self) {
        assert_eq!(self.home.run(&["token", "paw"]).refused(3), format!("{LOST} {ADVICE}"));
        assert_eq!(needs_you(&self.home, "paw"), LOST);
        self.home.run(&["agent", "--stop"]).ok();
        assert_eq!(self.home.run(&["token", "paw"]).refused(3), format!("{LOST} {ADVICE}"), "it is stored");
        self.connect(&self.newest_master());
        let (token, _) = token(&self.home, "paw");
        assert!(pocketpaw_takes(&self.authority.url, &token));
    }
}

/// Revokes all, which is killed at `point`; the account is connected under the agent that dies.
fn regeneration_killed(point: &str) -> Paw {
    let paw = Paw::new();
    let agent = doomed(&paw.home, point);
    paw.connect(paw.authority.credential("pocketpaw"));
    cut_off(paw.home.run(&["session", "revoke", "paw", "--all"]));
    died(agent, point);
    paw
}

#[test]
fn a_regeneration_killed_before_its_call_has_not_happened() {
    at_each(&["intent.written"], |point| {
        let paw = regeneration_killed(point);
        paw.lives(true);
        assert_eq!(paw.road.answers("POST /api/token/regenerate").len(), 0);
    });
}

#[test]
fn a_regeneration_killed_between_answer_and_storing_needs_you_and_says_why() {
    // The first save was of the account itself.
    at_each(&["revoke-all.answered", "save.unfinished:2"], |point| regeneration_killed(point).is_lost_and_mended());
}

#[test]
fn a_regeneration_killed_after_storing_has_happened() {
    at_each(&["revoke-all.stored"], |point| {
        let paw = regeneration_killed(point);
        paw.lives(false);
        assert_eq!(paw.road.answers("POST /api/token/regenerate").len(), 1);
    });
}

#[test]
fn a_regeneration_whose_answer_was_lost_needs_you_and_says_why() {
    let paw = Paw::new();
    paw.connect(paw.authority.credential("pocketpaw"));
    paw.road.lose_answer("POST /api/token/regenerate", || {});
    paw.home.run(&["session", "revoke", "paw", "--all"]).refused(5);
    paw.is_lost_and_mended();
}

#[test]
fn a_refusal_is_stored_before_it_is_told() {
    at_each(&["refusal.stored"], |point| {
        let paw = Paw::new();
        let agent = doomed(&paw.home, point);
        paw.connect(paw.authority.credential("pocketpaw"));
        // Somebody else has the master replaced.
        let master = format!("Bearer {}", paw.authority.credential("pocketpaw"));
        let replaced = Request::new("POST", "/api/token/regenerate").header("Authorization", &master);
        replaced.send(&paw.road.url).unwrap();
        // The reader asks the next agent, which is refused as well.
        let said = paw.home.run(&["token", "paw", "--fresh"]).refused(3);
        died(agent, point);
        assert_eq!(said, format!("{} {ADVICE}", needs_you(&paw.home, "paw")));
        paw.connect(&paw.newest_master());
        paw.lives(true);
    });
}

#[test]
fn a_mint_that_is_killed_is_done_again() {
    at_each(&["mint.answered", "save.unfinished:2", "mint.stored"], |point| {
        let paw = Paw::new();
        let agent = doomed(&paw.home, point);
        paw.connect(paw.authority.credential("pocketpaw"));
        paw.home.run(&["token", "paw", "--fresh"]).ok();
        died(agent, point);
        paw.lives(true);
    });
}
