//! What lies in `deploy/`: every setting that it names is one that `daypass serve` knows, with a value that it takes. And
//! the ways in which a server may answer other machines.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use daypass_test_support::program::{Installation, Running};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::installation;

const PREFIX: &str = "DAYPASS_AUTHORITY_";

pub(crate) fn file(name: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../authority/deploy")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is in force in a server with these variables and arguments: setting and where it was said.
fn in_force(home: &Installation, variables: &[(String, String)], arguments: &[&str]) -> Vec<(String, String)> {
    let mut command = home.command(&[&["serve", "--show-config", "--json"], arguments].concat());
    command.envs(variables.iter().cloned());
    let shown = daypass_test_support::program::finish(&mut command, "").json();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    shown.as_array().unwrap().iter().map(|line| (text(line, "setting"), text(line, "from"))).collect()
}

/// The variables that a file sets, in the ways of a shell, of systemd and of YAML.
pub(crate) fn variables(text: &str) -> Vec<(String, String)> {
    let named = text.match_indices(PREFIX).map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(|c: char| !(c.is_ascii_uppercase() || c == '_')).unwrap_or(rest.len());
        let value = rest[end..].strip_prefix('=').or_else(|| rest[end..].strip_prefix(": ")).unwrap_or_default();
        (rest[..end].to_owned(), value.split_whitespace().next().unwrap_or_default().to_owned())
    });
    named.collect()
}

#[test]
fn every_setting_of_the_deployment_is_known_and_taken() {
    let home = installation();
    let known: Vec<String> = in_force(&home, &[], &[]).into_iter().map(|(setting, _)| setting).collect();
    let mut seen = 0;
    for name in ["Containerfile", "compose.yaml", "daypass-authority.service", "README.md"] {
        let named = variables(&file(name));
        for (variable, _) in &named {
            let setting = variable.strip_prefix(PREFIX).unwrap().to_ascii_lowercase();
            assert!(known.contains(&setting), "{name} names {variable}, which nobody reads");
            seen += 1;
        }
        // A comment and a table name settings without a value.
        let set = |(_, value): &(String, String)| !value.is_empty() && !name.ends_with(".md");
        let set: Vec<_> = named.into_iter().filter(set).collect();
        let force = in_force(&home, &set, &[]);
        for (variable, value) in &set {
            assert!(force.iter().any(|(_, from)| from == variable), "{name}: {variable}={value} is not in force");
        }
    }
    assert!(seen >= 12, "only {seen} settings were looked at");
}

#[test]
fn the_example_of_the_readme_can_be_read() {
    let home = installation();
    let text = file("README.md");
    let example = text.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let path = home.beside().join("authority.toml");
    std::fs::write(&path, example).unwrap();
    let force = in_force(&home, &[], &["--config", path.to_str().unwrap()]);
    let said = force.iter().filter(|(_, from)| from.contains("authority.toml")).count();
    assert_eq!(said, example.lines().filter(|line| line.contains(" = ")).count());
    let help = home.run(&["serve", "--help"]).ok() + &home.run(&["authority", "device", "approve", "--help"]).ok();
    let is_flag =
        |word: &&str| word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    let is_ours = |code: &&str| !["docker ", "systemctl "].iter().any(|other| code.starts_with(other));
    for flag in text.split(['`', '\n']).filter(is_ours).flat_map(|code| code.split([' ', '(', ')'])).filter(is_flag) {
        assert!(help.contains(flag), "{flag}");
    }
}

#[test]
fn the_commands_of_the_readme_write_the_password_where_it_is_read() {
    let home = installation();
    let text = file("README.md");
    let commands = text.split("```sh\n").find(|commands| commands.contains("openssl rand")).unwrap();
    // Without what only root may do, and what starts it all.
    let first = commands.lines().take_while(|line| !line.starts_with("chown")).collect::<Vec<_>>().join("\n");
    assert!(first.contains("tls.pem"), "{first}");
    certificate(&home);
    let status = std::process::Command::new("sh").args(["-ec", &first]).current_dir(home.beside()).status().unwrap();
    assert!(status.success());
    let written = |name: &str| {
        let path = home.beside().join(name);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        std::fs::read_to_string(path).unwrap()
    };
    let password = written("database.password");
    assert_eq!(password.trim_end().len(), 48, "192 bits");
    assert_eq!(written("authority.env"), format!("PGPASSWORD={password}"));
    assert!(written("tls.pem").matches("-----BEGIN ").count() == 2);
}

#[test]
fn the_image_is_built_by_the_compiler_of_the_workspace() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")).unwrap();
    let version = line.trim_end_matches('"');
    assert!(file("Containerfile").contains(&format!("FROM docker.io/library/rust:{version}-bookworm")), "{version}");
}

/// A certificate and its key from the tests of providers, as PEM files in the home's folder.
pub(crate) fn certificate(home: &Installation) -> [String; 2] {
    ["cert", "key"].map(|end| {
        let der = format!("{}/../../tests/providers/tls/localhost.{end}.der", env!("CARGO_MANIFEST_DIR"));
        let label = if end == "cert" { "CERTIFICATE" } else { "PRIVATE KEY" };
        let text = data_encoding::BASE64.encode(&std::fs::read(der).unwrap());
        let path = home.beside().join(format!("{end}.pem"));
        std::fs::write(&path, format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")).unwrap();
        path.to_str().unwrap().to_owned()
    })
}

#[test]
fn other_machines_are_answered_over_tls_or_behind_a_proxy_alone() {
    let home = installation();
    let [certificate, key] = certificate(&home);
    let open = ["serve", "--demo", "--json", "--listen", "0.0.0.0:0"];
    home.run(&open).refused(2);
    let said = home.run(&[&open, ["--tls-cert", &certificate].as_slice()].concat()).refused(2);
    assert!(said.contains("set together"), "{said}");
    let said = home.run(&[&open, ["--tls-cert", &key, "--tls-key", &key].as_slice()].concat()).refused(2);
    assert!(said.contains("key.pem has no certificate in PEM form"), "{said}");
    for (arguments, scheme) in [
        (["--tls-cert", certificate.as_str(), "--tls-key", key.as_str()].as_slice(), "https"),
        (["--trusted-proxies", "192.0.2.0/24"].as_slice(), "http"),
    ] {
        let mut server = Running::start(&mut home.command(&[&open, arguments].concat()));
        let expected = format!("{{\"url\":\"{scheme}://0.0.0.0:");
        server.line("the ready line", |line| line.starts_with(&expected));
        server.line("that it serves", |line| line.contains(&format!("\"tls\":{}", scheme == "https")));
        if scheme == "https" {
            // A new certificate is taken, and nobody is sent away for it.
            let text = std::fs::read_to_string(&certificate).unwrap();
            std::fs::write(&certificate, format!("{text}\n")).unwrap();
            let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap();
            kill_process(pid, Signal::HUP).unwrap();
            server.line("the new certificate", |line| line.contains("certificate_renewed"));
        }
        assert_eq!(server.end_by(Signal::TERM).code(), Some(0));
    }
}
