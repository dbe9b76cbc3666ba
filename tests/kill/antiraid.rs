//! Sessions whose token is shown once: the next one is created, stored, and only then the old one deleted.

use daypass_test_support::program::{Authority, Installation, Running};
use daypass_test_support::wait;

use crate::world::{
    Road, SETTLED, antiraid_settles, antiraid_takes, at_each, cut_off, died, doomed, doomed_at_once, installation,
    listed, log_out, shown, token,
};

/// Long enough that nothing of it ends by itself, short enough that a promise of an agent's earlier life ends soon
/// (its hard threshold: 12 s).
const LIFE: &str = "2m";

/// An account with a current session, whose agent dies at `point`.
struct Raid {
    home: Installation,
    authority: Authority,
    agent: Running,
    /// The token that a user has in hand, and its session.
    first: (String, String),
}

impl Raid {
    fn doomed(point: &str) -> Self {
        let home = installation();
        let authority = Authority::start(&home, None);
        let agent = doomed(&home, point);
        connect(&home, &authority, &authority.url);
        // A promise of one second: what comes after the rotation need not wait for longer.
        let view = home.run(&["token", "raid", "--min-ttl", "1", "--json"]).json();
        let first = (view["token"].as_str().unwrap().to_owned(), view["session_id"].as_str().unwrap().to_owned());
        log_out(&authority);
        Self { home, authority, agent, first }
    }
}

fn connect(home: &Installation, authority: &Authority, url: &str) {
    let mut arguments = authority.add_arguments("antiraid", "raid");
    arguments.extend(["--life".to_owned(), LIFE.to_owned()]);
    let place = arguments.iter().position(|argument| *argument == authority.url).unwrap();
    arguments[place] = url.to_owned();
    home.run_with(&arguments, authority.credential("antiraid")).ok();
}

/// The rotation, killed; the reader that asked for it starts the next agent by itself, and gets a token of it.
fn rotation_killed(point: &str, orphans: usize) {
    let raid = Raid::doomed(point);
    let second = raid.home.run(&["token", "raid", "--fresh"]).ok();
    died(raid.agent, point);
    assert_ne!(second.trim(), raid.first.0);
    assert!(antiraid_takes(&raid.authority, second.trim()), "the token that was handed out is dead");
    let lost = antiraid_settles(&raid.home, &raid.authority, "raid", orphans);
    assert!(!antiraid_takes(&raid.authority, &raid.first.0), "the old session is gone");
    assert!(!lost.contains(&raid.first.1));
    // What is shown can be done away with, and then there is one.
    for id in lost {
        raid.home.run(&["session", "revoke", "raid", &id]).ok();
    }
    antiraid_settles(&raid.home, &raid.authority, "raid", 0);
}

#[test]
fn a_rotation_killed_before_its_call_leaves_nothing_behind() {
    at_each(&["intent.written:2"], |point| rotation_killed(point, 0));
}

#[test]
fn a_rotation_killed_between_answer_and_storing_shows_the_orphan() {
    // The first session passed these points too; the account was saved when it was connected.
    at_each(&["mint.answered:2", "save.unfinished:3"], |point| rotation_killed(point, 1));
}

#[test]
fn a_rotation_killed_after_storing_goes_on_where_it_was() {
    at_each(&["mint.stored:2"], |point| rotation_killed(point, 0));
}

#[test]
fn a_predecessor_goes_although_the_agent_is_killed_over_it() {
    at_each(&["retire.due", "retire.answered", "retire.stored"], |point| {
        let raid = Raid::doomed(point);
        let second = raid.home.run(&["token", "raid", "--fresh"]).ok();
        died(raid.agent, point);
        antiraid_settles(&raid.home, &raid.authority, "raid", 0);
        assert!(!antiraid_takes(&raid.authority, &raid.first.0), "the old session is gone");
        assert_eq!(token(&raid.home, "raid").0, second.trim(), "the new one is still the current one");
    });
}

#[test]
fn a_further_session_killed_on_its_way_is_held_or_shown_or_was_never_opened() {
    let points = [("intent.written:2", 0), ("mint.answered:2", 1), ("save.unfinished:3", 1)];
    at_each(&points.map(|(point, _)| point), |point| {
        let orphans = points.iter().find(|(known, _)| *known == point).unwrap().1;
        let raid = Raid::doomed(point);
        cut_off(raid.home.run(&["session", "create", "raid", "--name", "ci"]));
        died(raid.agent, point);
        let lost = antiraid_settles(&raid.home, &raid.authority, "raid", orphans);
        let table = raid.home.run(&["sessions", "raid"]).ok();
        assert_eq!(table.matches(" ci ").count(), lost.len(), "it is found by its name: {table}");
        assert_eq!(token(&raid.home, "raid").0, raid.first.0, "the current session is as it was");
    });
}

#[test]
fn a_further_session_killed_after_storing_is_held() {
    at_each(&["create.stored"], |point| {
        let raid = Raid::doomed(point);
        cut_off(raid.home.run(&["session", "create", "raid", "--name", "ci"]));
        died(raid.agent, point);
        let sessions = shown(&raid.home, "raid");
        let api = listed(&raid.authority, &raid.first.0);
        assert_eq!(api.len(), 2);
        let further = api.iter().find(|id| **id != raid.first.1).unwrap();
        assert!(sessions.contains(&(further.clone(), "fresh".to_owned())), "{sessions:?}");
        let its_token = raid.home.run(&["token", "raid", "--session", further]).ok();
        assert!(antiraid_takes(&raid.authority, its_token.trim()));
    });
}

/// An account whose creation's answer was lost on the way, so that the same agent settles it, and dies at `point`.
fn settlement_killed(point: &str) {
    let home = installation();
    let authority = Authority::start(&home, None);
    let road = Road::to(&authority.url);
    let agent = doomed(&home, point);
    connect(&home, &authority, &road.url);
    let first = token(&home, "raid");
    log_out(&authority);
    road.lose_answer("POST /sessions", || {});
    // It is told that the provider was not heard, or cut off when the settlement comes first.
    let outcome = home.run(&["token", "raid", "--fresh"]);
    assert!(matches!(outcome.code, 0 | 1 | 5), "{outcome:?}");
    died(agent, point);
    // Killed again in the same place: it is not settled twice.
    let again = doomed_at_once(&home, point);
    if point == "settle.stored" {
        again.line("the agent to be ready", |line| line.contains("The agent is ready"));
        drop(again);
    } else {
        died(again, point);
    }
    let lost = antiraid_settles(&home, &authority, "raid", 1);
    assert!(!lost.contains(&first.1));
    home.run(&["agent", "--stop"]).ok();
    assert_eq!(antiraid_settles(&home, &authority, "raid", 1), lost, "it is shown once, and stays");
}

#[test]
fn a_settlement_that_is_killed_is_done_again() {
    at_each(&["settle.due", "settle.listed", "settle.stored"], settlement_killed);
}

#[test]
fn an_intent_that_came_to_nothing_is_ended_for_good() {
    at_each(&["intent.ended"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        let road = Road::to(&authority.url);
        let agent = doomed(&home, point);
        connect(&home, &authority, &road.url);
        let first = token(&home, "raid");
        log_out(&authority);
        road.refuse("POST /sessions", 403);
        // The next agent asks again, and is refused again.
        let said = home.run(&["token", "raid", "--fresh"]).refused(5);
        died(agent, point);
        assert!(said.contains("Not now"), "{said}");
        assert_eq!(token(&home, "raid"), first);
        antiraid_settles(&home, &authority, "raid", 0);
    });
}

#[test]
fn an_orphan_of_one_account_is_not_looked_for_among_the_sessions_of_another() {
    at_each(&["mint.answered:3"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        let agent = doomed(&home, point);
        connect(&home, &authority, &authority.url);
        let first = token(&home, "raid");
        // Of the same user and on the same machine: its sessions bear the same name.
        authority.connect(&home, "antiraid", "other");
        let other = token(&home, "other");
        home.run(&["token", "raid", "--fresh"]).ok();
        died(agent, point);
        let orphans = |account: &str| -> Vec<String> {
            let shown = shown(&home, account).into_iter().filter(|(_, state)| state == "orphan");
            shown.map(|(id, _)| id).collect()
        };
        let lost = wait::until("the settlement", SETTLED, || Some(orphans("raid")).filter(|lost| !lost.is_empty()));
        assert_eq!(lost.len(), 1, "{lost:?}");
        assert!(!lost.contains(&first.1) && !lost.contains(&other.1), "{lost:?} beside {first:?} and {other:?}");
        assert_eq!(orphans("other"), Vec::<String>::new());
        assert_eq!(token(&home, "other"), other);
    });
}
