//! An administrator's commands, while a server runs on the same store.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daypass_test_support::program::{Installation, Running};
use daypass_test_support::wait;
use rustix::process::Signal;
use serde_json::Value;

use crate::{installation, with_authority};

/// How long to wait for what must come within a second, on a machine that may be busy.
const SOON: Duration = Duration::from_secs(20);

/// Ends a load when it goes: also where what ran beside it fails.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// `daypass authority …` on the store of the server.
fn admin(home: &Installation, arguments: &[&str]) -> Vec<String> {
    let store = format!("sqlite:{}", home.beside().join("authority.sqlite").display());
    let arguments = ["authority"].iter().chain(arguments).map(ToString::to_string);
    arguments.chain(["--store".to_owned(), store]).collect()
}

/// What the command prints as JSON.
#[track_caller]
fn told(home: &Installation, arguments: &[&str]) -> Value {
    home.run(&[admin(home, arguments), vec!["--json".to_owned()]].concat()).json()
}

/// Status and body of an answer.
fn ask(url: &str, head: &str, body: &str) -> (u16, Value) {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{head}\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

/// A token that a client is issued for itself, or the status of the refusal.
fn issued(url: &str, id: &str, secret: &str) -> Result<String, u16> {
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    match ask(url, "POST /oauth2/token HTTP/1.1", &form) {
        (200, body) => Ok(body["access_token"].as_str().unwrap().to_owned()),
        (status, _) => Err(status),
    }
}

/// Whether the server believes a token. One of a client that acts for itself is known, and may not list sessions.
fn is_alive(url: &str, token: &str) -> bool {
    let head = format!("GET /oauth2/sessions HTTP/1.1\r\nAuthorization: Bearer {token}");
    match ask(url, &head, "").0 {
        403 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[test]
fn what_an_administrator_ends_is_dead_at_the_server() {
    let (home, authority) = with_authority();
    let url = &*authority.url;
    let client = told(&home, &["client", "add", "web", "--scopes", "read"]);
    let secret = text(&client, "client_secret").to_owned();
    let one = issued(url, "web", &secret).unwrap();
    let other = issued(url, "web", &secret).unwrap();
    assert!(is_alive(url, &one) && is_alive(url, &other));

    let listed = told(&home, &["session", "list", "--client", "web"]);
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    let id = text(&listed[1], "id");
    assert_eq!(told(&home, &["session", "show", id])[0]["client"], "web");
    assert_eq!(told(&home, &["session", "revoke", id])["revoked"], 1);
    wait::until("one of them is dead", SOON, || (is_alive(url, &one) != is_alive(url, &other)).then_some(()));
    home.run(&admin(&home, &["session", "revoke", id])).refused(6);
    assert_eq!(told(&home, &["session", "revoke", "--client", "web"])["revoked"], 1);
    wait::until("both are dead", SOON, || (!is_alive(url, &one) && !is_alive(url, &other)).then_some(()));

    let rotated = told(&home, &["client", "rotate-secret", "web"]);
    wait::until("the old secret is refused", SOON, || (issued(url, "web", &secret) == Err(401)).then_some(()));
    let last = issued(url, "web", text(&rotated, "client_secret")).unwrap();
    home.run(&admin(&home, &["client", "remove", "web"])).ok();
    wait::until("its session is dead", SOON, || (!is_alive(url, &last)).then_some(()));
    home.run(&admin(&home, &["client", "show", "web"])).refused(6);
}

#[test]
fn a_key_is_rotated_under_load_without_a_failed_verification_and_withdrawn() {
    let (home, authority) = with_authority();
    let (url, demo) = (&*authority.url, &authority.demo["native"]);
    let issue = || issued(url, text(demo, "client_id"), text(demo, "client_secret")).unwrap();
    let first = issue();
    let done = AtomicBool::new(false);
    let (verified, last) = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut verified = 0;
            while !done.load(Ordering::Acquire) {
                assert!(is_alive(url, &issue()) && is_alive(url, &first));
                verified += 1;
            }
            verified
        });
        let ending = Ending(&done);
        for keys in 2..4 {
            let told = told(&home, &["key", "rotate", "--now"]);
            assert_eq!(told.as_array().unwrap().len(), keys, "{told}");
            assert_eq!(told[keys - 1]["state"], "active", "{told}");
            // Not before the server knows: until then nothing has changed for it.
            wait::until("the server has the key", SOON, || {
                let (_, public) = ask(url, "GET /.well-known/jwks.json HTTP/1.1", "");
                let public = public["keys"].as_array().unwrap();
                public.iter().any(|key| key["kid"] == told[keys - 1]["kid"]).then_some(())
            });
            assert!(is_alive(url, &first) && is_alive(url, &issue()));
        }
        let last = told(&home, &["key", "list"]);
        drop(ending);
        (load.join().unwrap(), last)
    });
    assert!(verified > 0);
    home.run(&admin(&home, &["key", "withdraw", text(&last[0], "kid")])).ok();
    wait::until("the first token is refused", SOON, || (!is_alive(url, &first)).then_some(()));
    assert!(is_alive(url, &issue()));
    for unknown in ["nothing", "-as-an-id-may-begin"] {
        home.run(&admin(&home, &["key", "withdraw", unknown])).refused(6);
    }
}

#[test]
fn a_user_is_added_shown_disabled_and_removed() {
    let (home, authority) = with_authority();
    let user = told(&home, &["user", "add"]);
    let id = text(&user, "id");
    let refresh = text(&user["discovr"], "refresh_token");
    let head = format!("GET /profiles HTTP/1.1\r\nAuthorization: Bearer {refresh}");
    let status = || ask(&authority.url, &head, "").0;
    assert_eq!(status(), 200);
    let shown = told(&home, &["user", "show", id]);
    assert_eq!(shown["credentials"].as_array().unwrap().len(), 3, "{shown}");
    assert_eq!(told(&home, &["user", "list"]).as_array().unwrap().len(), 2);
    home.run(&admin(&home, &["user", "disable", id])).ok();
    wait::until("it is refused", SOON, || (status() == 401).then_some(()));
    let table = home.run(&admin(&home, &["user", "list"])).ok();
    assert!(table.lines().any(|line| line.starts_with(id) && line.ends_with("disabled")), "{table}");
    home.run(&admin(&home, &["user", "enable", id])).ok();
    wait::until("it is taken again", SOON, || (status() == 200).then_some(()));
    home.run(&admin(&home, &["user", "remove", id])).ok();
    wait::until("it is gone", SOON, || (status() == 401).then_some(()));
    for command in ["show", "disable", "enable", "remove"] {
        home.run(&admin(&home, &["user", command, id])).refused(6);
    }
}

#[test]
fn nothing_is_made_or_ended_by_mistake() {
    let home = installation();
    let said = home.run(&admin(&home, &["session", "list"])).refused(6);
    assert!(said.contains("There is no store"), "{said}");
    assert!(!home.beside().join("authority.sqlite").exists());
    let (home, authority) = with_authority();
    let said = home.run(&admin(&home, &["session", "revoke", "--all"])).refused(2);
    assert!(said.contains("--yes"), "{said}");
    assert_eq!(told(&home, &["session", "list"]).as_array().unwrap().len(), 1, "the login");
    home.run(&admin(&home, &["session", "revoke", "--all", "--yes"])).ok();
    assert_eq!(told(&home, &["session", "list"]).as_array().unwrap().len(), 0);
    home.run(&admin(&home, &["client", "add", "tv", "--public", "--grants", "client_credentials"])).refused(2);
    home.run(&admin(&home, &["client", "add", "no good"])).refused(2);
    assert_eq!(told(&home, &["client", "list"]).as_array().unwrap().len(), 1, "the demo's");
    for command in ["backup", "restore"] {
        let arguments = ["authority", command, "copy.sqlite", "--store", "postgres://me@db.invalid/daypass"];
        let said = home.run(&arguments).refused(2);
        assert!(said.contains("pg_dump") && said.contains("pg_restore"), "{said}");
    }
    drop(authority);
}

#[test]
fn a_setting_is_taken_from_the_flag_then_the_environment_then_the_file() {
    let home = installation();
    let folder = home.root().join("config");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("authority.toml");
    std::fs::write(&file, "# ours\ngrace = \"7s\"\nmax_body = 2048\nmost_sessions = 3\n").unwrap();
    let mut command = home.command(&["serve", "--show-config", "--json", "--most-sessions", "5"]);
    command.env("DAYPASS_AUTHORITY_MAX_BODY", "4096").env("DAYPASS_AUTHORITY_MOST_SESSIONS", "4");
    let shown = daypass_test_support::program::finish(&mut command, "").json();
    for (setting, value, from) in [
        ("most_sessions", "5", "flag".to_owned()),
        ("max_body", "4096", "DAYPASS_AUTHORITY_MAX_BODY".to_owned()),
        ("grace", "7s", format!("{}:2", file.display())),
        ("listen", "127.0.0.1:7277", "default".to_owned()),
    ] {
        let found = shown.as_array().unwrap().iter().find(|line| line["setting"] == setting).unwrap();
        assert_eq!((text(found, "value"), text(found, "from")), (value, &*from));
    }
    std::fs::write(&file, "\ngrase = 7\n").unwrap();
    let said = home.run(&["serve", "--show-config"]).refused(2);
    assert!(said.starts_with(&format!("{}, line 2: there is no setting \"grase\"", file.display())), "{said}");
    let other = home.beside().join("other.toml");
    let said = home.run(&["serve", "--show-config", "--config", other.to_str().unwrap()]).refused(2);
    assert!(said.contains("other.toml cannot be read"), "{said}");
}

#[test]
fn a_backup_under_load_is_whole_and_is_restored_elsewhere() {
    let (home, mut authority) = with_authority();
    let client = told(&home, &["client", "add", "web"]);
    let secret = text(&client, "client_secret").to_owned();
    let before = issued(&authority.url, "web", &secret).unwrap();
    let copy = home.beside().join("copy.sqlite");
    let beside =
        || -> Vec<_> { std::fs::read_dir(home.beside()).unwrap().map(|entry| entry.unwrap().file_name()).collect() };
    let before_copy = beside();
    let done = AtomicBool::new(false);
    let url = &*authority.url;
    let sessions = |home: &Installation| {
        let listed = told(home, &["session", "list", "--client", "web", "--limit", "1000000"]);
        listed.as_array().unwrap().len()
    };
    let (answered, least, most) = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut answered = 0_usize;
            while !done.load(Ordering::Acquire) {
                issued(url, "web", &secret).unwrap();
                answered += 1;
            }
            answered
        });
        let ending = Ending(&done);
        let mut least = 0;
        for _ in 0..5 {
            least = sessions(&home);
            home.run(&admin(&home, &["backup", copy.to_str().unwrap(), "--force"])).ok();
        }
        let most = sessions(&home);
        drop(ending);
        (load.join().unwrap(), least, most)
    });
    assert!(answered > 0 && least > 0);
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    // One file, which whoever reads it needs no log for: that stands in bytes 18 and 19 of a database.
    assert_eq!(std::fs::read(&copy).unwrap()[18..20], [1, 1]);
    let new: Vec<_> = beside().into_iter().filter(|name| !before_copy.contains(name)).collect();
    assert_eq!(new, ["copy.sqlite"]);
    home.run(&admin(&home, &["backup", copy.to_str().unwrap()])).refused(2);

    // Not onto the store that is in use, and not over one that is there.
    let restore = |more: &[&str]| home.run(&admin(&home, &[&["restore", copy.to_str().unwrap()], more].concat()));
    restore(&[]).refused(2);
    let said = restore(&["--force"]).refused(1);
    assert!(said.contains("stop it first"), "{said}");
    assert!(is_alive(&authority.url, &before), "and it was left alone");
    issued(&authority.url, "web", &secret).unwrap();
    authority.process.end_by(Signal::TERM);
    let left = sessions(&home);
    restore(&["--force"]).ok();
    let restored = sessions(&home);
    assert!((least..=most).contains(&restored) && restored < left, "{least}, {restored}, {most}, {left}");

    // Elsewhere, in a home that has none: the same keys, clients and sessions.
    let other = installation();
    other.run(&["authority", "restore", copy.to_str().unwrap()]).ok();
    let mut serve = Running::start(&mut other.command(&["serve", "--json", "--listen", "127.0.0.1:0"]));
    let ready: Value =
        serde_json::from_str(&serve.line("the ready line", |line| line.starts_with("{\"url\":"))).unwrap();
    let url = text(&ready, "url");
    assert!(is_alive(url, &before));
    issued(url, "web", &secret).unwrap();
    serve.end_by(Signal::TERM);
}

#[test]
fn what_is_no_backup_is_not_restored() {
    let home = installation();
    let notes = home.beside().join("notes.txt");
    std::fs::write(&notes, "somebody's notes ".repeat(500)).unwrap();
    home.run(&admin(&home, &["restore", notes.to_str().unwrap()])).refused(1);
    home.run(&admin(&home, &["restore", "nowhere.sqlite"])).refused(1);
    // Another database of ours.
    home.run(&["vault", "status"]).ok();
    let said = home.run(&admin(&home, &["restore", home.vault_file().to_str().unwrap()])).refused(1);
    assert!(said.contains("not a store of an authority"), "{said}");
    assert!(!home.beside().join("authority.sqlite").exists());
    // A backup that lost a page of a table.
    home.run(&admin(&home, &["client", "add", "a-client-of-ours"])).ok();
    let copy = home.beside().join("copy.sqlite");
    home.run(&admin(&home, &["backup", copy.to_str().unwrap()])).ok();
    let mut bytes = std::fs::read(&copy).unwrap();
    let row = bytes.windows(16).position(|window| window == b"a-client-of-ours").unwrap();
    let page = row - row % 4096;
    bytes[page..page + 4096].fill(0xaa);
    std::fs::write(&copy, bytes).unwrap();
    let said = home.run(&admin(&home, &["restore", copy.to_str().unwrap(), "--force"])).refused(1);
    assert!(said.contains("its pages do not fit together"), "{said}");
    assert_eq!(told(&home, &["client", "list"]).as_array().unwrap().len(), 1, "the store is left alone");
}
