//! Two `daypass serve` on one PostgreSQL: what one answered stands when it is killed, and what one ends is dead at the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daypass_test_support::http::{Answer, Request};
use daypass_test_support::postgres;
use daypass_test_support::program::{Installation, Running, finish};
use rustix::process::Signal;
use serde_json::Value;
use tokio::time::Instant;

use crate::installation;

/// How long a session may be accepted elsewhere after it was revoked.
const DEAD_WITHIN: Duration = Duration::from_secs(1);

/// A server on the database at `url`; the line that it prints when it is ready.
fn serve(home: &Installation, url: &str) -> (Running, Value) {
    let mut command = home.command(&["serve", "--demo", "--json", "--listen", "127.0.0.1:0", "--store", url]);
    let running = Running::start(&mut command);
    let ready = running.line("the ready line", |line| line.starts_with("{\"url\":"));
    (running, serde_json::from_str(&ready).unwrap())
}

/// The answer to a form that the demo's client sends; none where the server is gone.
fn form(url: &str, client: &Value, path: &str, fields: &str) -> Option<Answer> {
    let part = |key: &str| client[key].as_str().unwrap();
    let body = format!("{fields}&client_id={}&client_secret={}", part("client_id"), part("client_secret"));
    Request::new("POST", path).body("application/x-www-form-urlencoded", &body).send(url)
}

fn issued(url: &str, client: &Value) -> Option<String> {
    let answer =
        form(url, client, "/oauth2/token", "grant_type=client_credentials").filter(|answer| answer.status == 200)?;
    Some(answer.read()["access_token"].as_str()?.to_owned())
}

fn is_active(url: &str, client: &Value, token: &str) -> bool {
    form(url, client, "/oauth2/introspect", &format!("token={token}")).unwrap().read()["active"] == true
}

#[test]
fn of_two_servers_on_one_database_one_may_be_killed_and_no_session_is_lost() {
    let database = postgres::shared().database();
    let [one, other] = [installation(), installation()];
    let (mut doomed, ready) = serve(&one, &database.url());
    let (_kept, again) = serve(&other, &database.url());
    assert!(again.get("demo").is_none(), "the database was not new any more");
    let (client, doomed_url, url) =
        (&ready["demo"]["native"], ready["url"].as_str().unwrap(), again["url"].as_str().unwrap());

    let stop = AtomicBool::new(false);
    let tokens: Vec<String> = std::thread::scope(|scope| {
        let load = || {
            let mut tokens = Vec::new();
            while !stop.load(Ordering::Acquire) {
                tokens.extend(issued(doomed_url, client));
                tokens.extend(issued(url, client));
            }
            tokens
        };
        let loads: Vec<_> = (0..4).map(|_| scope.spawn(load)).collect();
        for _ in 0..20 {
            issued(doomed_url, client).unwrap();
        }
        doomed.end_by(Signal::KILL);
        for _ in 0..20 {
            issued(url, client).unwrap();
        }
        stop.store(true, Ordering::Release);
        loads.into_iter().flat_map(|load| load.join().unwrap()).collect()
    });
    assert!(tokens.len() >= 8);
    for token in &tokens {
        assert!(is_active(url, client, token));
    }
}

#[test]
fn what_one_server_revokes_is_dead_at_the_other_within_a_second() {
    let database = postgres::shared().database();
    let [one, other] = [installation(), installation()];
    let (_here, ready) = serve(&one, &database.url());
    let (_there, again) = serve(&other, &database.url());
    let (client, here, there) =
        (&ready["demo"]["native"], ready["url"].as_str().unwrap(), again["url"].as_str().unwrap());
    for _ in 0..5 {
        let token = issued(here, client).unwrap();
        for _ in 0..3 {
            assert!(is_active(there, client, &token));
        }
        assert_eq!(form(here, client, "/oauth2/revoke", &format!("token={token}")).unwrap().status, 200);
        let revoked = Instant::now();
        loop {
            let asked = Instant::now();
            if !is_active(there, client, &token) {
                break;
            }
            assert!(asked.duration_since(revoked) < DEAD_WITHIN, "it lives on");
        }
    }
}

#[test]
fn a_password_is_not_taken_where_others_can_read_it() {
    let home = installation();
    let said = home.run(&["serve", "--store", "postgres://me:hunter2@localhost/daypass"]).refused(2);
    assert!(said.contains("~/.pgpass or PGPASSWORD") && !said.contains("hunter2"), "{said}");
    // Nobody listens there: it says so, and what it was told stays its own.
    let mut command =
        home.command(&["serve", "--listen", "127.0.0.1:0", "--store", "postgres://me@127.0.0.1:1/daypass"]);
    let said = finish(command.env("PGPASSWORD", "hunter2"), "").refused(1);
    assert!(said.contains("does not answer") && !said.contains("hunter2"), "{said}");
}

#[test]
fn the_password_is_looked_for_as_by_the_programs_of_postgresql() {
    use std::os::unix::fs::PermissionsExt;
    let rules = "local all all trust\nhost all me samehost scram-sha-256\n";
    let listen = format!("listen_addresses={}", postgres::address(0));
    let server = postgres::Server::start_with(&[&listen, "fsync=off"], &[("pg_hba.conf", rules)]);
    let database = server.database();
    database.run("CREATE ROLE me SUPERUSER LOGIN PASSWORD 'hunter2'");
    let url = format!("postgres://me@{}/{}", postgres::address(0), database.name());
    let home = installation();
    let ask = |variables: &[(&str, &str)]| {
        let mut command = home.command(&["authority", "user", "list", "--json", "--store", &url]);
        finish(command.envs(variables.iter().copied()), "")
    };
    let write = |name: &str, password: &str, mode: u32| {
        let path = home.beside().join(name);
        std::fs::write(&path, format!("*:*:{}:me:{password}\n", database.name())).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let refused = |variables: &[(&str, &str)]| {
        let said = ask(variables).refused(1);
        assert!(said.contains("password") && !said.contains("hunter"), "{said}");
    };

    refused(&[]);
    ask(&[("PGPASSWORD", "hunter2")]).ok();
    write(".pgpass", "hunter2", 0o600);
    ask(&[]).ok();
    ask(&[("PGPASSWORD", "")]).ok();
    refused(&[("PGPASSWORD", "hunter1")]);
    let wrong = write("wrong", "hunter1", 0o600);
    refused(&[("PGPASSFILE", &wrong)]);
    ask(&[("PGPASSFILE", &wrong), ("PGPASSWORD", "hunter2")]).ok();

    // One that others may read is told, and passed over; unless systemd keeps it from them.
    write(".pgpass", "hunter2", 0o640);
    let outcome = ask(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
    let [told, refusal] = outcome.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{}", outcome.stderr) };
    assert!(told.contains(".pgpass is not used: others may read it; its mode should be 0600"), "{told}");
    assert!(refusal.contains("password"), "{refusal}");
    let folder = home.beside().to_str().unwrap();
    let file = format!("{folder}/.pgpass");
    ask(&[("PGPASSFILE", &file), ("CREDENTIALS_DIRECTORY", folder)]).ok();
}
