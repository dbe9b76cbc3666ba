//! Sessions that a user revokes, and the agent dies over it: they are dead, and nothing else is.

use daypass_test_support::http::Request;
use daypass_test_support::program::Authority;

use crate::world::{
    ADVICE, antiraid_settles, antiraid_takes, at_each, cut_off, died, doomed, doomed_at_once, installation, listed,
    needs_you, token,
};

#[test]
fn a_revoked_session_is_gone_although_the_agent_is_killed_over_it() {
    at_each(&["revoke.answered", "revoke.stored"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        let agent = doomed(&home, point);
        authority.connect(&home, "antiraid", "raid");
        let current = token(&home, "raid");
        home.run(&["session", "create", "raid", "--name", "ci"]).ok();
        let further = listed(&authority, &current.0).into_iter().find(|id| *id != current.1).unwrap();
        cut_off(home.run(&["session", "revoke", "raid", &further]));
        died(agent, point);
        // From its first moment on the next agent knows that the token may be dead.
        home.run(&["token", "raid", "--session", &further]).refused(6);
        antiraid_settles(&home, &authority, "raid", 0);
        assert_eq!(token(&home, "raid"), current);
        home.run(&["session", "revoke", "raid", &further]).refused(6);
    });
}

/// A revocation that was cut off before its call, or after it, and whose finishing is killed at `point` too.
fn finishing_killed(point: &str) {
    let home = installation();
    let authority = Authority::start(&home, None);
    // Three sessions' intents come before: the current one's, the further one's, and then that of the revocation.
    let agent = doomed(&home, "intent.written:3");
    authority.connect(&home, "antiraid", "raid");
    let current = token(&home, "raid");
    home.run(&["session", "create", "raid", "--name", "ci"]).ok();
    let further = listed(&authority, &current.0).into_iter().find(|id| *id != current.1).unwrap();
    cut_off(home.run(&["session", "revoke", "raid", &further]));
    died(agent, "intent.written:3");
    assert!(listed(&authority, &current.0).contains(&further), "nothing was asked yet");
    died(doomed_at_once(&home, point), point);
    let said = home.run(&["token", "raid", "--session", &further]).refused(6);
    assert!(said.contains("revoked") || said.contains("has no session"), "{said}");
    antiraid_settles(&home, &authority, "raid", 0);
    assert!(!listed(&authority, &current.0).contains(&further));
    assert_eq!(token(&home, "raid"), current);
}

#[test]
fn a_revocation_that_was_cut_off_is_finished_although_that_is_killed_too() {
    at_each(&["finish.due", "finish.answered", "finish.stored"], finishing_killed);
}

#[test]
fn a_revocation_of_all_one_by_one_is_gone_on_with() {
    at_each(&["one-by-one.answered", "one-by-one.stored"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        let agent = doomed(&home, point);
        authority.connect(&home, "antiraid", "raid");
        let (current, _) = token(&home, "raid");
        home.run(&["session", "create", "raid", "--name", "ci"]).ok();
        cut_off(home.run(&["session", "revoke", "raid", "--all"]));
        died(agent, point);
        assert!(antiraid_takes(&authority, &current), "the session that is asked with goes last");
        home.run(&["session", "revoke", "raid", "--all"]).ok();
        assert!(!antiraid_takes(&authority, &current));
        assert!(!antiraid_takes(&authority, authority.credential("antiraid")), "the website's session too");
        let said = home.run(&["token", "raid"]).refused(3);
        assert!(said.contains("signed out when all its sessions were revoked"), "{said}");
    });
}

#[test]
fn a_sign_out_that_is_killed_has_happened() {
    at_each(&["revoke-all.answered", "revoke-all.stored"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        let agent = doomed(&home, point);
        authority.connect(&home, "discovr", "tv");
        home.run(&["token", "tv"]).ok();
        cut_off(home.run(&["session", "revoke", "tv", "--all"]));
        died(agent, point);
        let bearer = format!("Bearer {}", authority.credential("discovr"));
        let profiles = Request::new("GET", "/profiles").header("Authorization", &bearer);
        assert_eq!(profiles.send(&authority.url).unwrap().status, 401);
        let said = home.run(&["token", "tv", "--fresh"]).refused(3);
        assert_eq!(said, format!("{} {ADVICE}", needs_you(&home, "tv")));
    });
}
