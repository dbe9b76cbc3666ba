//! The way to the authority, which may be cut at any time by its death.

use std::sync::atomic::{AtomicU64, Ordering};

use std::time::Duration;

use daypass_test_support::http::{Answer, Request};
use daypass_test_support::wait;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// No whole answer came: what was asked for may have been done, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut;

/// The way to one process of the authority.
pub(crate) struct Line<'a> {
    url: &'a str,
    /// How many whole answers came.
    answers: AtomicU64,
    /// What it is killed by.
    end: Option<End>,
}

/// The end of a process, while it works.
pub(crate) struct End {
    /// Whose.
    pub(crate) pid: u32,
    /// The answer that brings it: who gets that one kills at once, while others wait for theirs.
    pub(crate) answer: u64,
    /// How long after it.
    pub(crate) delay: Duration,
}

impl<'a> Line<'a> {
    /// The way to the authority at `url`.
    pub(crate) fn new(url: &'a str) -> Self {
        Self { url, answers: AtomicU64::new(0), end: None }
    }

    /// The way to one that will be killed.
    pub(crate) fn doomed(url: &'a str, end: End) -> Self {
        Self { end: Some(end), ..Self::new(url) }
    }

    /// Asks, and answers what was answered, whatever it is.
    pub(crate) fn ask(&self, request: &Request) -> Result<Answer, Cut> {
        let answer = request.send(self.url).ok_or(Cut)?;
        let number = self.answers.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(end) = self.end.as_ref().filter(|end| end.answer == number) {
            if !end.delay.is_zero() {
                wait::pause(end.delay);
            }
            kill_process(Pid::from_raw(i32::try_from(end.pid).unwrap()).unwrap(), Signal::KILL).unwrap();
        }
        Ok(answer)
    }

    /// The JSON of an answer with status 200 or 201.
    #[track_caller]
    pub(crate) fn good(&self, request: &Request) -> Result<Value, Cut> {
        let answer = self.ask(request)?;
        assert!(matches!(answer.status, 200 | 201), "{} {}: {answer:?}", request.method, request.path);
        Ok(answer.read())
    }

    /// A person's approval of a device sign-in.
    pub(crate) fn approve(&self, user_code: &str) -> Result<(), Cut> {
        let request = form("/device", &[("user_code", user_code), ("decision", "approve")]).header("Origin", self.url);
        let answer = self.ask(&request)?;
        assert_eq!(answer.status, 200, "{answer:?}");
        Ok(())
    }
}

/// A request that bears `token`.
pub(crate) fn bearing(method: &str, path: &str, token: &str) -> Request {
    Request::new(method, path).header("Authorization", &format!("Bearer {token}"))
}

/// A form; no value needs to be escaped.
pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> Request {
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Request::new("POST", path).body("application/x-www-form-urlencoded", &fields.join("&"))
}

/// The text at `name`.
#[track_caller]
pub(crate) fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}
