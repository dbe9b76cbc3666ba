//! No secret of a whole run is found anywhere afterwards but where it belongs: not in a file of ours, not in a log, not
//! in the arguments or the environment of a process. The search itself is shown to find what is planted.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use daypass_test_support::process;
use daypass_test_support::program::Installation;
use serde_json::Value;

use crate::with_authority;

const PROVIDERS: [&str; 4] = ["discovr", "pocketpaw", "antiraid", "discover"];

/// A secret by what it is, so that a finding can be told without it.
struct Known {
    what: String,
    text: String,
}

/// Every place in which one of `secrets` stands: files under `root` (less the key file, which the user provides), and
/// arguments and environments of the processes that have this home.
fn search(home: &Installation, root: &Path, secrets: &[Known]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut look = |place: &str, bytes: &[u8]| {
        for secret in secrets {
            if bytes.windows(secret.text.len()).any(|part| part == secret.text.as_bytes()) {
                findings.push(format!("{} in {place}", secret.what));
            }
        }
    };
    for file in files(root) {
        if file != home.key_file() {
            look(&file.display().to_string(), &fs::read(&file).unwrap_or_default());
        }
    }
    let mark = format!("DAYPASS_HOME={}\0", home.root().display());
    for process in process::all() {
        let environment = process.environment();
        if environment.windows(mark.len()).any(|part| part == mark.as_bytes()) {
            look(&format!("the environment of {}", process.program), &environment);
            look(&format!("the arguments of {}", process.program), &process.arguments());
        }
    }
    findings
}

/// Every file under `folder`, however deep.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Uses all four systems in every way, and answers every credential and token that there ever was.
fn a_whole_run(home: &Installation, authority: &daypass_test_support::program::Authority) -> Vec<Known> {
    let mut secrets = Vec::new();
    let mut know = |what: String, text: &str| {
        assert!(text.len() >= 16, "{what} is too short to be looked for");
        secrets.push(Known { what, text: text.to_owned() });
    };
    for provider in PROVIDERS {
        authority.connect(home, provider, provider);
        know(format!("the credential of {provider}"), authority.credential(provider));
        for options in [&[][..], &["--fresh"], &["--json"], &["--header"]] {
            let printed = home.run(&[&["token", provider], options].concat()).ok();
            let token = match options {
                ["--json"] => serde_json::from_str::<Value>(&printed).unwrap()["token"].as_str().unwrap().to_owned(),
                _ => printed.trim_end().rsplit(' ').next().unwrap().to_owned(),
            };
            know(format!("a token of {provider}"), &token);
        }
        home.run(&["sessions", provider, "--json"]).ok();
        home.run(&["account", "show", provider, "--json"]).ok();
    }
    let made = home.run(&["session", "create", "antiraid", "--name", "ci", "--life", "1h", "--json"]).json();
    let id = made["id"].as_str().unwrap();
    know(
        "the token of a created session".to_owned(),
        home.run(&["token", "antiraid", "--session", id]).ok().trim_end(),
    );
    home.run(&["session", "revoke", "antiraid", id]).ok();
    home.run(&["session", "revoke", "pocketpaw", "--all"]).ok();
    know("a token after regenerating".to_owned(), home.run(&["token", "pocketpaw"]).ok().trim_end());
    // And what goes wrong: a refused credential is a secret all the same.
    let wrong = "wrong-credential-that-is-still-secret";
    home.run_with(&authority.add_arguments("pocketpaw", "other"), wrong).refused(3);
    know("a refused credential".to_owned(), wrong);
    home.run(&["account", "remove", "discover"]).ok();
    secrets
}

#[test]
fn no_secret_of_a_run_is_found_anywhere() {
    let (home, authority) = with_authority();
    let secrets = a_whole_run(&home, &authority);
    assert!(secrets.len() >= 23, "only {} secrets", secrets.len());
    assert!(home.vault_file().exists() && home.beside().join("authority.sqlite").exists());
    // While the agent and the authority run, and after the agent has ended.
    assert_eq!(search(&home, home.beside(), &secrets), Vec::<String>::new());
    home.run(&["agent", "--stop"]).ok();
    assert_eq!(search(&home, home.beside(), &secrets), Vec::<String>::new());
}

#[test]
fn the_search_finds_what_is_planted() {
    let (home, authority) = with_authority();
    authority.connect(&home, "antiraid", "raid");
    let token = home.run(&["token", "raid"]).ok().trim_end().to_owned();
    let secrets = [Known { what: "the token".to_owned(), text: token.clone() }];
    assert_eq!(search(&home, home.beside(), &secrets), Vec::<String>::new());

    let log = home.root().join("data/agent.log");
    fs::write(&log, format!("minted {token} for raid")).unwrap();
    assert_eq!(search(&home, home.beside(), &secrets), [format!("the token in {}", log.display())]);
    fs::write(&log, "").unwrap();

    // Each reads from a pipe that we hold, so that it lives until we let it end. It is looked for once it has said a word:
    // before, the kernel may still be putting its arguments and environment in place.
    let mut child = Command::new("cat");
    child.env("DAYPASS_HOME", home.root()).env("TOKEN", &token).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(b"here\n").unwrap();
    await_word(&mut child);
    assert_eq!(search(&home, home.beside(), &secrets), ["the token in the environment of cat"]);
    drop(child.stdin.take());
    child.wait().unwrap();

    let mut child = Command::new("sh");
    child.args(["-c", "echo here; read line", &token]).env("DAYPASS_HOME", home.root());
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    await_word(&mut child);
    assert_eq!(search(&home, home.beside(), &secrets), ["the token in the arguments of sh"]);
    drop(child.stdin.take());
    child.wait().unwrap();
}

/// Waits until the child has written its first word.
fn await_word(child: &mut Child) {
    let mut word = [0; 5];
    child.stdout.as_mut().unwrap().read_exact(&mut word).unwrap();
    assert_eq!(&word, b"here\n");
}
