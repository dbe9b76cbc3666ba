//! What is killed, and what is looked at afterwards: a home, its agent, and a server that has seen everything.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use daypass_test_support::http::{Answer, Request, Server};
use daypass_test_support::program::{Authority, Installation, Outcome, Running};
use daypass_test_support::wait;
use serde_json::Value;

/// How long it may take until everything has settled: a predecessor goes when the promises made with it have ended.
pub(crate) const SETTLED: Duration = Duration::from_secs(60);
/// What a command says whose agent was killed under it.
pub(crate) const CUT_OFF: &str = "The agent ended before it answered";
/// What a command adds to the words of an account that needs the user.
pub(crate) const ADVICE: &str = "`daypass account add` takes another credential, or signs in.";

/// A scratch home for the program that this suite was built with.
pub(crate) fn installation() -> Installation {
    Installation::new(env!("CARGO_BIN_EXE_daypass"))
}

/// Starts an agent that dies when it comes to `point` (`NAME`, or `NAME:3` for the third time), and waits until it is
/// ready.
#[track_caller]
pub(crate) fn doomed(home: &Installation, point: &str) -> Running {
    let doomed = doomed_at_once(home, point);
    doomed.line("the agent to be ready", |line| line.contains("The agent is ready"));
    doomed
}

/// The same, of an agent that may never be ready.
pub(crate) fn doomed_at_once(home: &Installation, point: &str) -> Running {
    Running::start(home.command(&["agent"]).env("DAYPASS_KILL_AT", point))
}

/// Waits until the agent has died as it was told to. Nothing else sends it SIGKILL, so it has come to its point.
#[track_caller]
pub(crate) fn died(mut agent: Running, point: &str) {
    let status = agent.ended();
    assert_eq!(status.signal(), Some(9), "{point}: {status:?}");
}

/// That a command was cut off, in a clear sentence.
#[track_caller]
pub(crate) fn cut_off(outcome: Outcome) {
    let said = outcome.refused(1);
    assert!(said.starts_with(CUT_OFF), "{said}");
}

/// Does `story` for each of `points` at the same time: mostly they wait. The panics say at which point.
#[track_caller]
pub(crate) fn at_each(points: &[&str], story: impl Fn(&str) + Sync) {
    std::thread::scope(|scope| {
        let story = &story;
        let stories: Vec<_> = points.iter().map(|point| (point, scope.spawn(move || story(point)))).collect();
        let failed: Vec<_> =
            stories.into_iter().filter_map(|(point, story)| story.join().err().map(|_| point)).collect();
        assert!(failed.is_empty(), "failed where the agent was killed at {failed:?}; what it said is above");
    });
}

/// The authority behind a road on which answers can be lost, requests refused, and everything is remembered.
pub(crate) struct Road {
    /// Where clients are sent.
    pub(crate) url: String,
    plan: Arc<Plan>,
}

/// What happens on the road.
#[derive(Default)]
struct Plan {
    /// The answers to this request are lost, so many of them: `POST /sessions`.
    lost: Mutex<Option<String>>,
    losing: AtomicUsize,
    /// Called between the authority's answer and its loss.
    between: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// Requests like this get this status, and are not sent on.
    refused: Mutex<Option<(String, u16)>>,
    /// Every answer that the authority gave, with what was asked.
    seen: Mutex<Vec<(String, Answer)>>,
}

impl Road {
    /// The road to `url`.
    pub(crate) fn to(url: &str) -> Self {
        let (plan, end) = (Arc::new(Plan::default()), url.to_owned());
        let kept = plan.clone();
        let server = Server::start(move |asked| kept.pass(asked, &end));
        Self { url: server.url, plan }
    }

    /// From now on, the answer to the next `request` (`METHOD PATH`) is lost, after `between` has happened.
    pub(crate) fn lose_answer(&self, request: &str, between: impl FnOnce() + Send + 'static) {
        *self.plan.lost.lock().unwrap() = Some(request.to_owned());
        *self.plan.between.lock().unwrap() = Some(Box::new(between));
        self.plan.losing.store(1, Ordering::Release);
    }

    /// From now on every `request` is answered with `status` and not sent on.
    pub(crate) fn refuse(&self, request: &str, status: u16) {
        *self.plan.refused.lock().unwrap() = Some((request.to_owned(), status));
    }

    /// The answers that the authority gave to `request`.
    pub(crate) fn answers(&self, request: &str) -> Vec<Value> {
        let seen = self.plan.seen.lock().unwrap();
        seen.iter().filter(|(asked, _)| asked == request).map(|(_, answer)| answer.read()).collect()
    }
}

impl Plan {
    fn pass(&self, asked: &Request, end: &str) -> Option<Answer> {
        let name = format!("{} {}", asked.method, asked.path);
        let refused = self.refused.lock().unwrap().clone();
        if let Some((_, status)) = refused.filter(|(request, _)| *request == name) {
            return Some(Answer::json(status, &serde_json::json!({ "message": "Not now." })));
        }
        let answer = asked.send(end)?;
        self.seen.lock().unwrap().push((name.clone(), answer.clone()));
        if self.lost.lock().unwrap().as_ref() == Some(&name) && self.losing.swap(0, Ordering::AcqRel) == 1 {
            let between = self.between.lock().unwrap().take();
            between.unwrap()();
            return None;
        }
        Some(answer)
    }
}

/// The sessions of one account as Daypass shows them: id and state.
pub(crate) fn shown(home: &Installation, account: &str) -> Vec<(String, String)> {
    let sessions = home.run(&["sessions", account, "--json"]).json();
    let text = |session: &Value, key: &str| session[key].as_str().unwrap().to_owned();
    sessions.as_array().unwrap().iter().map(|session| (text(session, "id"), text(session, "state"))).collect()
}

/// The token of an account, with the id of its session.
#[track_caller]
pub(crate) fn token(home: &Installation, account: &str) -> (String, String) {
    let view = home.run(&["token", account, "--json"]).json();
    (view["token"].as_str().unwrap().to_owned(), view["session_id"].as_str().unwrap().to_owned())
}

/// The API sessions that an AntiRaid authority lists for the bearer of `token`, by id.
#[track_caller]
pub(crate) fn listed(authority: &Authority, token: &str) -> BTreeSet<String> {
    let answer = Request::new("GET", "/sessions").header("Authorization", token).send(&authority.url).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let sessions = answer.read()["sessions"].as_array().unwrap().clone();
    let api = sessions.iter().filter(|session| session["type"] == "api");
    api.map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

/// Ends the session on the website whose token an AntiRaid account was connected with, as an hour would: from now on the
/// account lives by the sessions that it holds.
#[track_caller]
pub(crate) fn log_out(authority: &Authority) {
    let login = authority.credential("antiraid");
    let me = Request::new("GET", "/sessions/@me").header("Authorization", login).send(&authority.url).unwrap().read();
    let end = Request::new("DELETE", &format!("/sessions/{}", me["id"].as_str().unwrap()));
    assert_eq!(end.header("Authorization", login).send(&authority.url).unwrap().status, 204);
}

/// Whether an AntiRaid authority takes a token.
pub(crate) fn antiraid_takes(authority: &Authority, token: &str) -> bool {
    let request = Request::new("GET", "/sessions/@me").header("Authorization", token);
    request.send(&authority.url).unwrap().status == 200
}

/// Whether the PocketPaw authority at `url` takes a token.
pub(crate) fn pocketpaw_takes(url: &str, token: &str) -> bool {
    let request = Request::new("GET", "/api/sessions").header("Authorization", &format!("Bearer {token}"));
    request.send(url).unwrap().status == 200
}

/// Waits until an AntiRaid account has exactly its current session and `orphans` orphans, here and at the authority, and
/// its token works. Answers the orphans.
#[track_caller]
pub(crate) fn antiraid_settles(
    home: &Installation,
    authority: &Authority,
    account: &str,
    orphans: usize,
) -> Vec<String> {
    let mut last = (Vec::new(), BTreeSet::new());
    let settled = wait::within(SETTLED, || {
        let (token, current) = token(home, account);
        assert!(antiraid_takes(authority, &token), "the token of {account} is dead");
        let (shown, listed) = (shown(home, account), listed(authority, &token));
        let lost: Vec<String> = shown.iter().filter(|(_, state)| state == "orphan").map(|(id, _)| id.clone()).collect();
        let api: BTreeSet<String> = shown.iter().map(|(id, _)| id.clone()).filter(|id| listed.contains(id)).collect();
        let done = lost.len() == orphans && api == listed && listed.len() == orphans + 1 && api.contains(&current);
        last = (shown, listed);
        done.then_some(lost)
    });
    settled.unwrap_or_else(|| panic!("not settled with {orphans} orphans: shown {:?}, listed {:?}", last.0, last.1))
}

/// The sentence of an account that only the user can help.
#[track_caller]
pub(crate) fn needs_you(home: &Installation, account: &str) -> String {
    let view = home.run(&["account", "show", account, "--json"]).json();
    assert_eq!(view["health"], "needs_you", "{view}");
    view["problem"]["message"].as_str().unwrap().to_owned()
}
