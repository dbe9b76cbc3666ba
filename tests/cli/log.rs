//! `daypass log`: the history in the terminal, for programs, and as it goes on.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use daypass_test_support::program::{Running, START_LIMIT};
use daypass_test_support::wait;
use rustix::process::Signal;
use serde_json::Value;

use crate::with_authority;

/// The lines of JSON that a command printed.
fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The events in them, as `account event`.
fn events(entries: &[Value]) -> Vec<String> {
    let word = |entry: &Value, key: &str| entry[key].as_str().unwrap_or("-").to_owned();
    entries.iter().map(|entry| format!("{} {}", word(entry, "account"), word(entry, "event"))).collect()
}

#[test]
fn what_happened_is_told_oldest_first_and_without_a_secret() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    authority.connect(&home, "discovr", "tv");
    let token = home.run(&["token", "tv"]).ok();
    home.run(&["session", "revoke", "paw", "--all"]).ok();

    let text = home.run(&["log", "--json"]).ok();
    let entries = lines(&text);
    let events = events(&entries);
    let of_accounts: Vec<&str> = events.iter().map(String::as_str).filter(|event| *event != "- vault_opened").collect();
    let wanted = ["paw connected", "paw minted", "tv connected", "tv minted", "paw revoked_all", "paw rotated"];
    assert_eq!(of_accounts, wanted);
    assert_eq!(events.len(), wanted.len() + 1, "{events:?}");
    assert!(entries.is_sorted_by_key(|entry| entry["id"].as_u64()), "{text}");
    for secret in [token.trim(), authority.credential("pocketpaw"), authority.credential("discovr")] {
        assert!(!text.contains(secret));
    }

    let table = home.run(&["log"]).ok();
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[0].starts_with("TIME (UTC) "), "{table}");
    assert_eq!(rows.len(), entries.len() + 1, "{table}");
    let minted = rows.iter().find(|row| row.contains("minted") && row.contains(" tv ")).unwrap();
    assert!(minted.contains(" ms ") || minted.contains(" s "), "{minted}");
    assert!(rows.iter().any(|row| row.contains("revoked all")), "{table}");
}

#[test]
fn it_is_narrowed_by_account_time_and_number() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    authority.connect(&home, "discovr", "tv");
    home.run(&["token", "tv"]).ok();
    let of_tv = |more: &[&str]| lines(&home.run(&[&["log", "--json", "--account", "tv"], more].concat()).ok());
    let all = of_tv(&[]);
    assert!(all.len() >= 2 && all.iter().all(|entry| entry["account"] == "tv"), "{all:?}");
    assert_eq!(of_tv(&["--limit", "1"]), all[all.len() - 1..]);
    assert_eq!(of_tv(&["--since", "1h"]), all);
    let since = all[1]["at"].as_str().unwrap();
    assert_eq!(
        of_tv(&["--since", since]).len(),
        all.iter().filter(|entry| entry["at"].as_str() >= Some(since)).count()
    );
    assert_eq!(of_tv(&["--since", "2999-01-01"]), [] as [Value; 0]);
    let minted = all.iter().find(|entry| entry["event"] == "minted").unwrap();
    assert_eq!(of_tv(&["--session", minted["session"].as_str().unwrap()]), std::slice::from_ref(minted));
    assert_eq!(of_tv(&["--session", "another"]), [] as [Value; 0]);
    let table = home.run(&["log", "--account", "tv"]).ok();
    assert!(!table.contains("ACCOUNT"), "{table}");

    let outcome = home.run(&["log", "--since", "2999-01-01"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, "Nothing has happened since then.\n"));
    home.run(&["account", "remove", "tv"]).ok();
    assert_eq!(of_tv(&["--limit", "1"])[0]["event"], "removed");
    let said = home.run(&["log", "--account", "nobody"]).refused(6);
    assert!(said.contains("no account \"nobody\""), "{said}");
}

#[test]
fn more_entries_than_fit_into_one_answer_are_all_shown() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    home.run(&["agent", "--stop"]).ok();
    let db = rusqlite::Connection::open(home.vault_file()).unwrap();
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
                  INSERT INTO log (at, account, event) SELECT (SELECT max(at) FROM log), 'paw', 'copied' FROM n";
    db.execute(insert, []).unwrap();
    drop(db);
    let count = |arguments: &[&str]| {
        let entries = lines(&home.run(&[&["log", "--json"], arguments].concat()).ok());
        assert!(entries.is_sorted_by_key(|entry| entry["id"].as_u64()));
        entries.len()
    };
    assert_eq!(count(&[]), 100);
    assert_eq!(count(&["--limit", "1001"]), 1001);
    assert_eq!(count(&["--limit", "2000"]), 2000);
    assert!(count(&["--since", "1h"]) > 2500);
}

#[test]
fn what_goes_on_is_followed_until_the_agent_ends() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    let mut following = Running::start(&mut home.command(&["log", "--follow", "--json"]));
    let of = |event: &'static str| move |line: &str| line.contains(&format!("\"{event}\""));
    following.line("what has happened", of("connected"));
    home.run(&["token", "paw", "--fresh"]).ok();
    let refreshed = following.line("what happens", of("refreshed"));
    let entry: Value = serde_json::from_str(&refreshed).unwrap();
    assert_eq!(entry["account"], "paw");
    home.run(&["agent", "--stop"]).ok();
    following.line("its end", |line| line.starts_with("daypass: The agent has ended"));
    assert_eq!(following.ended().code(), Some(1));
    let rest = following.rest();
    assert!(!rest.contains(&refreshed), "nothing is told twice: {rest:?}");
}

#[test]
fn following_ends_quietly_by_ctrl_c_and_with_its_reader() {
    let (home, authority) = with_authority();
    authority.connect(&home, "pocketpaw", "paw");
    let mut following = Running::start(&mut home.command(&["log", "--follow"]));
    following.line("the table", |line| line.contains("connected"));
    assert_eq!(following.end_by(Signal::INT).code(), None, "by the signal itself");
    let rest = following.rest();
    assert!(!rest.iter().any(|line| line.contains("daypass:") || line.contains("panicked")), "{rest:?}");

    let mut command = home.command(&["log", "--follow"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut String::new()).unwrap();
    drop(reader);
    // Nothing happens any more, so nothing is written.
    let status = wait::until("the end of one whose reader is gone", START_LIMIT, || child.try_wait().unwrap());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}
