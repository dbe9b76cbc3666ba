//! A running authority in demo mode, and accounts at it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// `daypass serve --demo` as a process of its own; killed when dropped.
#[derive(Debug)]
pub struct DemoAuthority {
    child: Child,
    url: String,
    demo: Value,
}

impl DemoAuthority {
    /// Starts one on a free port, with the store `authority.sqlite` in the current folder of `command`, which names
    /// the program. `life` overrides the life of its sessions, in seconds.
    pub fn start(mut command: Command, life: Option<u64>) -> Self {
        command.args(["serve", "--demo", "--json", "--listen", "127.0.0.1:0", "--store", "sqlite:authority.sqlite"]);
        command.args(life.iter().flat_map(|life| ["--session-ttl".to_owned(), life.to_string()]));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("the authority did not say that it is ready");
        let url = ready["url"].as_str().expect("no url").trim_end_matches('/').to_owned();
        Self { child, url, demo: ready["demo"].clone() }
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the demo user has, by JSON pointer, such as `/discovr/refresh_token`.
    pub fn demo(&self, pointer: &str) -> &str {
        let text = self.demo.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("the demo has no {pointer}"))
    }

    /// Every credential of the demo user.
    pub fn credentials(&self) -> Vec<String> {
        ["/discovr/refresh_token", "/pocketpaw/master_token", "/antiraid/login_token", "/discover/api_key"]
            .map(|pointer| self.demo(pointer).to_owned())
            .to_vec()
    }

    /// The credential of the demo user at `provider`.
    pub fn credential(&self, provider: &str) -> &str {
        self.demo(match provider {
            "discovr" => "/discovr/refresh_token",
            "pocketpaw" => "/pocketpaw/master_token",
            "antiraid" => "/antiraid/login_token",
            "discover" => "/discover/api_key",
            other => panic!("there is no provider {other}"),
        })
    }

    /// Connects an account of the demo user by `daypass account add`; `command` names the program.
    pub fn connect(&self, mut command: Command, provider: &str, name: &str) {
        command.args(["account", "add", provider, "--name", name, "--base-url", &self.url, "--credential-stdin"]);
        if provider == "discovr" {
            command.args(["--set", &format!("profile_id={}", self.demo("/discovr/profile_id"))]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(self.credential(provider).as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the account {name} was not connected: {told}");
    }
}

impl Drop for DemoAuthority {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
