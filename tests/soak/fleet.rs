//! The accounts that are read: sessions that are created and then deleted, and refresh tokens that are used once.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use daypass_test_support::http::Request;
use daypass_test_support::program::{Authority, Installation};
use daypass_test_support::rotor::{DEFINITION, Reuse, Rotor};
use daypass_test_support::wait;
use serde_json::Value;

/// How long it may take until everything has settled: a settlement that failed is tried again after a minute.
const SETTLED: Duration = Duration::from_secs(180);
/// Lives of the sessions: in the short ones refreshes come by themselves, the orphans of the long ones are there at the
/// end.
const LIVES: [&str; 4] = ["30s", "30s", "2m", "2m"];

/// One home, its accounts and their servers.
pub(crate) struct Fleet {
    /// Where the agent lives.
    pub(crate) home: Installation,
    /// The accounts.
    pub(crate) members: Vec<Member>,
}

/// One account.
pub(crate) struct Member {
    /// Its name.
    pub(crate) name: String,
    server: Server,
}

enum Server {
    /// The embedded authority in a process of its own, with its own data.
    AntiRaid(AntiRaid),
    Rotor(Rotor),
}

struct AntiRaid {
    url: String,
    /// The token of the session on the website, which may list.
    login: String,
    /// It ends with the value.
    _process: Mutex<(Authority, Installation)>,
}

impl Fleet {
    /// Starts the servers and connects the accounts.
    pub(crate) fn start(binary: &str) -> Self {
        let home = Installation::new(binary);
        home.write_definition("rotor.toml", DEFINITION);
        let mut members = Vec::new();
        for (number, life) in LIVES.iter().enumerate() {
            let name = format!("raid-{number}");
            let place = Installation::new(binary);
            let authority = Authority::start(&place, None);
            let mut arguments = authority.add_arguments("antiraid", &name);
            arguments.extend(["--life".to_owned(), (*life).to_owned()]);
            home.run_with(&arguments, authority.credential("antiraid")).ok();
            let (url, login) = (authority.url.clone(), authority.credential("antiraid").to_owned());
            let server = Server::AntiRaid(AntiRaid { url, login, _process: Mutex::new((authority, place)) });
            members.push(Member { name, server });
        }
        // A server that takes a repeated refresh token for stolen loses it with a killed process: no client can help.
        let rotor = Rotor::start(Reuse::Forgives);
        for name in ["wheel-0", "wheel-1"] {
            let arguments =
                ["account", "add", "rotor", "--name", name, "--base-url", rotor.url(), "--credential-stdin"];
            home.run_with(&arguments, &rotor.credential(name)).ok();
            members.push(Member { name: name.to_owned(), server: Server::Rotor(rotor.clone()) });
        }
        Self { home, members }
    }

    /// Sees that every account lives and that every session of it at its server is accounted for: current, or shown as an
    /// orphan. Answers how many orphans there were.
    pub(crate) fn settled(&self) -> usize {
        std::thread::scope(|scope| {
            let members: Vec<_> =
                self.members.iter().map(|member| scope.spawn(|| member.settled(&self.home))).collect();
            members.into_iter().map(|member| member.join().unwrap()).sum()
        })
    }
}

impl Member {
    /// Whether the server takes a token now.
    pub(crate) fn accepts(&self, token: &str) -> bool {
        match &self.server {
            Server::Rotor(rotor) => rotor.accepts(token),
            Server::AntiRaid(authority) => {
                let me = Request::new("GET", "/sessions/@me").header("Authorization", token);
                me.send(&authority.url).unwrap().status == 200
            }
        }
    }

    fn settled(&self, home: &Installation) -> usize {
        for arguments in [&["token", &self.name][..], &["token", &self.name, "--fresh"]] {
            let token = home.run(arguments).ok();
            assert!(self.accepts(token.trim()), "{} has no living token", self.name);
        }
        let Server::AntiRaid(authority) = &self.server else { return 0 };
        let mut last = (Vec::new(), BTreeSet::new());
        let settled = wait::within(SETTLED, || {
            let shown = home.run(&["sessions", &self.name, "--json"]).json();
            let listed = authority.listed();
            let states = states(&shown, &listed);
            let known: BTreeSet<&String> = states.iter().map(|(id, _)| id).collect();
            let held = states.iter().filter(|(_, state)| state == "held").count();
            let foreign = states.iter().any(|(_, state)| state == "foreign");
            let done = held == 1 && !foreign && listed.iter().all(|id| known.contains(id));
            let orphans: Vec<String> =
                states.iter().filter(|(_, state)| state == "orphan").map(|(id, _)| id.clone()).collect();
            last = (states, listed.clone());
            done.then_some(orphans)
        });
        let orphans = settled.unwrap_or_else(|| panic!("{} has not settled: {last:?}", self.name));
        // What is shown can be done away with, and then only the current session is left.
        for id in &orphans {
            let revoked = home.run(&["session", "revoke", &self.name, id]);
            assert!(matches!(revoked.code, 0 | 6), "it may have ended by itself: {revoked:?}");
        }
        home.run(&["token", &self.name]).ok();
        let left = || Some(authority.listed()).filter(|listed| listed.len() <= 1);
        wait::until("the orphans to be gone", SETTLED, left);
        orphans.len()
    }
}

/// Each API session that the server lists, and what Daypass shows it as.
fn states(shown: &Value, listed: &BTreeSet<String>) -> Vec<(String, String)> {
    let api = shown.as_array().unwrap().iter().filter(|session| listed.contains(session["id"].as_str().unwrap()));
    api.map(|session| {
        let state = match session["state"].as_str().unwrap() {
            state @ ("orphan" | "foreign") => state,
            _ => "held",
        };
        (session["id"].as_str().unwrap().to_owned(), state.to_owned())
    })
    .collect()
}

impl AntiRaid {
    /// The API sessions that the authority lists.
    fn listed(&self) -> BTreeSet<String> {
        let list = Request::new("GET", "/sessions").header("Authorization", &self.login);
        let sessions = list.send(&self.url).unwrap().read();
        let api = sessions["sessions"].as_array().unwrap().iter().filter(|session| session["type"] == "api");
        api.map(|session| session["id"].as_str().unwrap().to_owned()).collect()
    }
}
