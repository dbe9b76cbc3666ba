//! The accounts that are read: sessions that are created and then deleted, and refresh tokens that are used once.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use daypass_test_support::http::Request;
use daypass_test_support::program::{Authority, Installation};
use daypass_test_support::rotor::{DEFINITION, Reuse, Rotor};
use daypass_test_support::wait;
use serde_json::Value;

/// How long it may take until every session is accounted for, and until what is to go has gone: a settlement that failed
/// is tried again after a minute, a promise of an agent's earlier life ends after half of one.
const SETTLED: Duration = Duration::from_secs(100);
/// Lives of the sessions: in the short ones refreshes come by themselves; of the long ones nothing ends by itself before it
/// is accounted for.
const LIVES: [&str; 4] = ["30s", "30s", "5m", "5m"];

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

    /// Waits until `probe` answers something of the API sessions that the server lists, as Daypass shows them.
    fn wait_for<T>(&self, home: &Installation, authority: &AntiRaid, probe: impl Fn(&[State]) -> Option<T>) -> T {
        let mut last = Vec::new();
        let answer = wait::within(SETTLED, || {
            let listed = authority.listed();
            last = states(&home.run(&["sessions", &self.name, "--json"]).json(), &listed);
            probe(&last)
        });
        answer.unwrap_or_else(|| panic!("{} has not settled: {last:?}", self.name))
    }

    fn settled(&self, home: &Installation) -> usize {
        for arguments in [&["token", &self.name][..], &["token", &self.name, "--fresh"]] {
            let token = home.run(arguments).ok();
            assert!(self.accepts(token.trim()), "{} has no living token", self.name);
        }
        let Server::AntiRaid(authority) = &self.server else { return 0 };
        let orphans = self.wait_for(home, authority, |states| {
            let foreign = states.iter().any(|(_, state)| state == "foreign");
            let orphans = states.iter().filter(|(_, state)| state == "orphan").map(|(id, _)| id.clone());
            (!foreign).then(|| orphans.collect::<Vec<String>>())
        });
        // Predecessors go when the promises made with them have ended.
        self.wait_for(home, authority, |states| {
            let held = states.iter().filter(|(_, state)| state == "held").count();
            (held == 1).then_some(())
        });
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

/// An id and what Daypass shows it as.
type State = (String, String);

/// Each API session that the server lists, and what Daypass shows it as: one that is not shown at all is foreign too.
fn states(shown: &Value, listed: &BTreeSet<String>) -> Vec<State> {
    let shown = shown.as_array().unwrap();
    let state = |id: &str| match shown.iter().find(|session| session["id"] == id).map(|session| &session["state"]) {
        None => "foreign",
        Some(state) if state == "foreign" => "foreign",
        Some(state) if state == "orphan" => "orphan",
        Some(_) => "held",
    };
    listed.iter().map(|id| (id.clone(), state(id).to_owned())).collect()
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
