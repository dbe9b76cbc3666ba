//! Refresh tokens that are used once: the successor comes with the session, and is told once.

use daypass_test_support::program::{Installation, Running};
use daypass_test_support::rotor::{DEFINITION, RENEWING, Reuse, Rotor};
use daypass_test_support::wait;

use crate::world::{ADVICE, Road, SETTLED, at_each, died, doomed, installation, needs_you};

/// What is told where the successor was lost with the process, word for word.
const LOST: &str = "The credential of wheel was just being replaced when Daypass was cut off, and the new one is lost; \
                    connect the account again.";

/// An account whose agent dies at `point`, with a token in hand.
struct Wheel {
    home: Installation,
    rotor: Rotor,
}

impl Wheel {
    fn new(reuse: Reuse) -> Self {
        let home = installation();
        home.write_definition("rotor.toml", DEFINITION);
        Self { home, rotor: Rotor::start(reuse) }
    }

    fn doomed(reuse: Reuse, point: &str) -> (Self, Running) {
        let wheel = Self::new(reuse);
        let agent = doomed(&wheel.home, point);
        wheel.connect(wheel.rotor.url(), "one");
        (wheel, agent)
    }

    fn connect(&self, url: &str, family: &str) {
        let arguments = ["account", "add", "rotor", "--name", "wheel", "--base-url", url, "--credential-stdin"];
        self.home.run_with(&arguments, &self.rotor.credential(family)).ok();
        self.works(&["token", "wheel"]);
    }

    /// A token that the server takes.
    #[track_caller]
    fn works(&self, arguments: &[&str]) {
        let token = self.home.run(arguments).ok();
        assert!(self.rotor.accepts(token.trim()), "the token that was handed out is dead");
    }

    /// Says that the refresh token is lost by what the protocol is, that it is said, and that another mends it.
    #[track_caller]
    fn is_lost_and_mended(&self) {
        assert_eq!(self.home.run(&["token", "wheel", "--fresh"]).refused(3), format!("{LOST} {ADVICE}"));
        assert_eq!(needs_you(&self.home, "wheel"), LOST);
        self.home.run(&["agent", "--stop"]).ok();
        assert_eq!(needs_you(&self.home, "wheel"), LOST, "it is stored");
        self.connect(self.rotor.url(), "two");
        self.works(&["token", "wheel", "--fresh"]);
    }
}

#[test]
fn a_rotation_that_the_server_forgives_is_done_again() {
    let points = ["intent.written", "mint.answered", "save.unfinished:2", "mint.stored"];
    at_each(&points, |point| {
        let (wheel, agent) = Wheel::doomed(Reuse::Forgives, point);
        wheel.works(&["token", "wheel", "--fresh"]);
        died(agent, point);
        wheel.works(&["token", "wheel"]);
        wheel.works(&["token", "wheel", "--fresh"]);
    });
}

#[test]
fn a_rotation_killed_before_its_call_or_after_storing_loses_nothing() {
    at_each(&["intent.written", "mint.stored"], |point| {
        let (wheel, agent) = Wheel::doomed(Reuse::Revokes, point);
        wheel.works(&["token", "wheel", "--fresh"]);
        died(agent, point);
        wheel.works(&["token", "wheel", "--fresh"]);
    });
}

#[test]
fn a_rotation_killed_between_answer_and_storing_needs_you_and_says_why() {
    at_each(&["mint.answered", "save.unfinished:2"], |point| {
        let (wheel, agent) = Wheel::doomed(Reuse::Revokes, point);
        assert_eq!(wheel.home.run(&["token", "wheel", "--fresh"]).refused(3), format!("{LOST} {ADVICE}"));
        died(agent, point);
        wheel.is_lost_and_mended();
    });
}

#[test]
fn a_rotation_whose_answer_was_lost_is_forgiven_or_told() {
    for reuse in [Reuse::Forgives, Reuse::Revokes] {
        let wheel = Wheel::new(reuse);
        let road = Road::to(wheel.rotor.url());
        wheel.connect(&road.url, "one");
        road.lose_answer("POST /token", || {});
        // Whoever asked is told that nothing was heard; the next attempt finds out what it meant.
        wheel.home.run(&["token", "wheel", "--fresh"]).refused(5);
        match reuse {
            Reuse::Forgives => {
                let works = || wheel.home.run(&["token", "wheel", "--fresh"]).code == 0;
                wait::until("the next attempt", SETTLED, || works().then_some(()));
                wheel.works(&["token", "wheel"]);
            }
            Reuse::Revokes => {
                let told = || wheel.home.run(&["token", "wheel", "--fresh"]).code == 3;
                wait::until("the next attempt", SETTLED, || told().then_some(()));
                wheel.is_lost_and_mended();
            }
        }
    }
}

#[test]
fn a_renewal_that_is_killed_falls_back_on_the_credential() {
    at_each(&["renew.answered", "save.unfinished:2", "mint.stored"], |point| {
        let home = installation();
        home.write_definition("press.toml", RENEWING);
        let rotor = Rotor::start(Reuse::Revokes);
        let agent = doomed(&home, point);
        let arguments = ["account", "add", "press", "--name", "page", "--base-url", rotor.url(), "--credential-stdin"];
        home.run_with(&arguments, "key-one").ok();
        // The reader asks the next agent, whose grant is used up where it was not stored.
        let token = home.run(&["token", "page", "--fresh"]).ok();
        died(agent, point);
        assert!(rotor.accepts(token.trim()), "the token that was handed out is dead");
        let opened = rotor.opened();
        assert_eq!(opened, if point == "mint.stored" { 1 } else { 2 }, "how often the key was needed");
        let token = home.run(&["token", "page", "--fresh"]).ok();
        assert!(rotor.accepts(token.trim()));
        assert_eq!(rotor.opened(), opened, "it renews again");
    });
}
