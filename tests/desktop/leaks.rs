//! No secret of a whole run is found afterwards in any file, argument list, environment, page or web storage.

use std::fs;
use std::path::{Path, PathBuf};

use daypass_test_support::desktop::Options;
use daypass_test_support::process::{self, Process};
use daypass_test_support::wait;

use crate::stage::{SOON, Stage, quietly};

/// A secret with a name for the message: the secret itself is not repeated there.
type Named = (String, Vec<u8>);

#[test]
fn no_secret_of_the_run_is_found_anywhere() {
    let stage = Stage::new(Options::default(), None);
    let (mut tray, item) = stage.start_tray_with_icon();
    let accounts = [("discovr", "films"), ("pocketpaw", "paw"), ("antiraid", "work"), ("discover", "search")];
    let mut secrets: Vec<Named> = Vec::new();
    for (provider, name) in accounts {
        stage.connect(provider, name);
        secrets.push((format!("the credential of {name}"), stage.authority.credential(provider).into()));
        secrets.push((format!("the token of {name}"), stage.token(name).into()));
        stage.run(&["token", name, "--fresh"]).ok();
        secrets.push((format!("the second token of {name}"), stage.token(name).into()));
    }
    secrets.push(("the vault's key".to_owned(), stage.desktop.secrets()[0].value.clone()));
    stage.run(&["session", "create", "work", "--name", "extra", "--life", "1h"]).ok();

    item.choose(&["work", "Copy token"]);
    let copied = wait::until("a token on the clipboard", SOON, || stage.desktop.clipboard());
    secrets.push(("the copied token".to_owned(), copied.into()));

    // The window, in which a token is copied, and a credential is typed for a provider that does not answer.
    let page = stage.open_page("sessions");
    page.part("account-films").click();
    page.part("copy").click();
    page.part("toast");
    page.part("connect").click();
    page.part("provider-pocketpaw").click();
    let typed = "a-credential-that-was-typed-into-the-window";
    page.part("credential").type_text(typed);
    secrets.push(("the typed credential".to_owned(), typed.into()));
    let running = stage.desktop.processes();
    page.part("connect-submit").click();
    page.until("the refusal", |page| page.text().contains("Nothing was stored"));
    let shown = page.everything();
    let mut found = in_processes(&secrets, &[running, stage.desktop.processes()].concat());
    let here = secrets.iter().filter(|(_, secret)| holds(shown.as_bytes(), secret));
    found.extend(here.map(|(name, _)| format!("{name} in the page")));
    drop(page);

    assert_eq!(stage.run(&["account", "remove", "search"]).code, 0);
    item.choose(&["Quit"]);
    tray.wait(SOON);
    found.extend(in_files(&secrets, &[stage.desktop.root(), stage.authority_folder()]));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_planted_secret_is_found() {
    let stage = Stage::new(Options { tray_host: false, ..Options::default() }, None);
    let secrets = vec![("it".to_owned(), stage.authority.credential("discovr").as_bytes().to_vec())];
    assert_eq!(in_files(&secrets, &[stage.desktop.root(), stage.authority_folder()]), Vec::<String>::new());

    let planted = stage.desktop.path("data").join("daypass/deep");
    fs::create_dir_all(&planted).unwrap();
    fs::write(planted.join("file.log"), [b"before ", secrets[0].1.as_slice(), b" after"].concat()).unwrap();
    assert_eq!(in_files(&secrets, &[stage.desktop.root()]).len(), 1);

    let credential = stage.authority.credential("discovr");
    let mut sleeper = quietly(stage.desktop.command("sh").args(["-c", "read line", credential])).spawn().unwrap();
    let mut waiter = stage.desktop.command("sleep");
    let mut waiter = quietly(waiter.arg("60").env("PLANTED", credential)).spawn().unwrap();
    let found = wait::within(SOON, || {
        let found = in_processes(&secrets, &process::family(waiter.id()));
        (!found.is_empty()).then_some(found)
    });
    assert_eq!(found.map(|found| found.len()), Some(1));
    let _ = waiter.kill();
    let _ = (waiter.wait(), sleeper.kill(), sleeper.wait());
}

/// Which secrets stand in the arguments or the environment of a process, and in which.
fn in_processes(secrets: &[Named], processes: &[Process]) -> Vec<String> {
    let mut found = Vec::new();
    for process in processes {
        let text = [process.arguments(), process.environment()].concat();
        let here = secrets.iter().filter(|(_, secret)| holds(&text, secret));
        found.extend(here.map(|(name, _)| format!("{name} in the process {}", process.program)));
    }
    found
}

/// Which secrets stand in a file under `folders`, and in which.
fn in_files(secrets: &[Named], folders: &[&Path]) -> Vec<String> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    while let Some(path) = left.pop() {
        let Ok(kind) = fs::symlink_metadata(&path).map(|metadata| metadata.file_type()) else { continue };
        if kind.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if kind.is_file() {
            let text = fs::read(&path).unwrap();
            let here = secrets.iter().filter(|(_, secret)| holds(&text, secret));
            found.extend(here.map(|(name, _)| format!("{name} in {}", path.display())));
        }
    }
    found
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    assert!(part.len() >= 16, "too short to be looked for");
    text.windows(part.len()).any(|window| window == part)
}
