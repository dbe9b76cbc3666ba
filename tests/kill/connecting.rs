//! Accounts that are being connected: until one is stored nothing is, and then all of it.

use daypass_test_support::http::Request;
use daypass_test_support::program::{Authority, Installation, Running};
use daypass_test_support::rotor::{DEFINITION, Reuse, Rotor};
use daypass_test_support::wait;

use crate::world::{SETTLED, at_each, cut_off, died, doomed, installation, pocketpaw_takes, token};

/// What a new account answers to being connected again.
const THERE: &str = "There is an account paw already, and its credential works";

#[test]
fn an_account_killed_before_it_is_stored_is_not_there_and_can_be_connected() {
    at_each(&["connect.answered", "save.unfinished"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        let agent = doomed(&home, point);
        let arguments = authority.add_arguments("pocketpaw", "paw");
        cut_off(home.run_with(&arguments, authority.credential("pocketpaw")));
        died(agent, point);
        assert_eq!(home.run(&["account", "list", "--json"]).ok(), "[]\n");
        authority.connect(&home, "pocketpaw", "paw");
        assert!(pocketpaw_takes(&authority.url, &token(&home, "paw").0));
    });
}

#[test]
fn an_account_killed_after_it_is_stored_is_there() {
    at_each(&["connect.stored"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        let agent = doomed(&home, point);
        let arguments = authority.add_arguments("pocketpaw", "paw");
        cut_off(home.run_with(&arguments, authority.credential("pocketpaw")));
        died(agent, point);
        let said = home.run_with(&arguments, authority.credential("pocketpaw")).refused(2);
        assert!(said.starts_with(THERE), "{said}");
        assert!(pocketpaw_takes(&authority.url, &token(&home, "paw").0));
    });
}

#[test]
fn a_credential_that_connecting_uses_up_is_taken_again_where_the_server_forgives() {
    for reuse in [Reuse::Forgives, Reuse::Revokes] {
        at_each(&["connect.answered", "save.unfinished"], |point| {
            let home = installation();
            home.write_definition("rotor.toml", DEFINITION);
            let rotor = Rotor::start(reuse);
            let arguments =
                ["account", "add", "rotor", "--name", "wheel", "--base-url", rotor.url(), "--credential-stdin"];
            let credential = rotor.credential("one");
            let agent = doomed(&home, point);
            cut_off(home.run_with(&arguments, &credential));
            died(agent, point);
            assert_eq!(home.run(&["account", "list", "--json"]).ok(), "[]\n");
            let again = home.run_with(&arguments, &credential);
            if reuse == Reuse::Forgives {
                again.ok();
                assert!(rotor.accepts(home.run(&["token", "wheel", "--fresh"]).ok().trim()));
            } else {
                let said = again.refused(3);
                assert!(said.contains("nothing was stored"), "{said}");
            }
        });
    }
}

/// Begins a sign-in by device code, and approves it on the authority's page. Answers the command that waits for it.
fn approved(home: &Installation, authority: &Authority) -> Running {
    let arguments = ["account", "add", "discovr", "--sign-in", "--name", "tv", "--base-url", &authority.url];
    let waiting = Running::start(&mut home.command(&arguments));
    let line = waiting.line("the code", |line| line.starts_with("Enter the code "));
    let code = line.split(' ').nth(3).unwrap();
    let form = Request::new("POST", "/device")
        .header("Origin", &authority.url)
        .body("application/x-www-form-urlencoded", &format!("user_code={code}&decision=approve"));
    let answer = form.send(&authority.url).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    waiting
}

/// A token of the account, which the authority takes.
#[track_caller]
fn is_signed_in(home: &Installation, authority: &Authority) {
    let (token, _) = token(home, "tv");
    let page = Request::new("GET", "/profiles").header("Authorization", &format!("Bearer {token}"));
    // A session token is known for what it is, and so is alive; the wrong door is told as such.
    let told = page.send(&authority.url).unwrap();
    assert_eq!(told.read()["code"], "WRONG_TOKEN_KIND", "{told:?}");
}

#[test]
fn a_sign_in_that_is_killed_is_there_or_can_be_begun_again() {
    at_each(&["sign-in.approved", "connect.answered", "connect.stored"], |point| {
        let home = installation();
        let authority = Authority::start(&home, None);
        let agent = doomed(&home, point);
        let mut waiting = approved(&home, &authority);
        died(agent, point);
        assert_eq!(waiting.ended().code(), Some(1), "{point}");
        let told = waiting.rest();
        assert!(told.iter().any(|line| line.starts_with("daypass: The agent ")), "{told:?}");
        if point != "connect.stored" {
            assert_eq!(home.run(&["account", "list", "--json"]).ok(), "[]\n");
            let mut again = approved(&home, &authority);
            wait::until("the sign-in", SETTLED, || again.ended().success().then_some(()));
        }
        is_signed_in(&home, &authority);
    });
}
