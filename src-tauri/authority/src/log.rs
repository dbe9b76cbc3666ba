//! The authority's log: one line for each event, written by a thread of its own, so that no request waits for whoever
//! reads it.
//!
//! Our own, and not a library's: an event is a type without a place for a secret ([`event`]), a log is an argument like
//! the clock (a test reads that of one authority among many in its process), and a line costs two microseconds. In code:
//! `service.log().tell(&Event::…)`; what a request causes bears the request's id by itself ([`within`]).

mod event;

use std::io::Write;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::SecondsFormat;
use daypass_core::{Clock, Time};
use serde::Serialize;
use serde_json::Value;

pub(crate) use event::Event;

/// The most bytes that wait to be written. Beyond it lines are dropped, and counted: an authority whose log nobody reads
/// goes on.
const MOST_WAITING: usize = 1024 * 1024;

/// How long the end of the log waits for what is still to be written.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How much an event matters; a log takes those of its own level and the ones above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something does not work that must: the store, say.
    Error,
    /// Somebody was refused who may be up to something.
    Warn,
    /// Sessions, credentials and clients that come and go, and the authority's own doings.
    Info,
    /// Every request.
    Request,
}

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One object of JSON.
    Json,
    /// Words for a person.
    Text,
}

/// Where events go. Clones write to the same place.
#[derive(Clone, Default)]
pub struct Log(Option<Arc<Writing>>);

/// A log that is written.
struct Writing {
    level: Level,
    form: Form,
    clock: Arc<dyn Clock>,
    waiting: Arc<Waiting>,
    /// Is closed by the thread when all is written.
    done: Mutex<Receiver<()>>,
}

/// What is still to be written.
#[derive(Default)]
struct Waiting {
    lines: Mutex<Lines>,
    some: Condvar,
}

#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    dropped: u64,
    ended: bool,
}

/// A line, before it is written: when, how much it matters, whose request it belongs to, and what happened.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

tokio::task_local! {
    /// The id of the request that this task is about.
    static REQUEST: Arc<str>;
}

/// Runs `work` as part of the request `id`: the events that it tells bear it.
pub(crate) async fn within<T>(id: Arc<str>, work: impl Future<Output = T>) -> T {
    REQUEST.scope(id, work).await
}

/// `work`, to be done by another task: the events that it tells bear the id of the request that this task is about.
pub(crate) fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let id = REQUEST.try_with(Arc::clone).ok();
    async move {
        match id {
            Some(id) => REQUEST.scope(id, work).await,
            None => work.await,
        }
    }
}

impl Log {
    /// A log that takes nothing.
    pub fn silent() -> Self {
        Self(None)
    }

    /// A log that writes events of `level` and above to `out`, from a thread of its own.
    ///
    /// # Errors
    /// Where the thread cannot be started.
    pub fn start(out: Box<dyn Write + Send>, form: Form, level: Level, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let waiting = Arc::<Waiting>::default();
        let (finished, done) = channel();
        let queue = Arc::clone(&waiting);
        std::thread::Builder::new().name("authority-log".to_owned()).spawn(move || {
            write(out, form, &queue);
            drop(finished);
        })?;
        Ok(Self(Some(Arc::new(Writing { level, form, clock, waiting, done: Mutex::new(done) }))))
    }

    /// Writes `event`, with the id of the request that this task is about, if it is about one.
    pub(crate) fn tell(&self, event: &Event<'_>) {
        let Some(writing) = &self.0 else { return };
        let level = event.level();
        if level > writing.level {
            return;
        }
        let request = REQUEST.try_with(Arc::clone).ok();
        let at = written_at(writing.clock.now());
        writing.waiting.put(&Line { at, level, request: request.as_deref(), event }, writing.form);
    }
}

impl Drop for Writing {
    /// What was told is written, unless whoever reads it has stopped to.
    fn drop(&mut self) {
        self.waiting.lock().ended = true;
        self.waiting.some.notify_one();
        let done = self.done.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The thread never sends: the channel ends with it.
        let _ = done.recv_timeout(LAST_WORDS);
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        // Behind the lock are bytes and numbers: half a line is the worst that a panic leaves.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, line: &Line<'_>, form: Form) {
        let mut lines = self.lock();
        if lines.bytes.len() >= MOST_WAITING {
            lines.dropped += 1;
            return;
        }
        let first = lines.bytes.is_empty();
        append(&mut lines.bytes, line, form);
        drop(lines);
        if first {
            self.some.notify_one();
        }
    }
}

/// Writes what waits, until the end.
fn write(mut out: Box<dyn Write + Send>, form: Form, waiting: &Waiting) {
    let mut taken = Vec::new();
    loop {
        let (dropped, ended) = {
            let mut lines = waiting.lock();
            while lines.bytes.is_empty() && !lines.ended {
                lines = waiting.some.wait(lines).unwrap_or_else(PoisonError::into_inner);
            }
            std::mem::swap(&mut taken, &mut lines.bytes);
            (std::mem::take(&mut lines.dropped), lines.ended)
        };
        if dropped > 0 {
            let text = match form {
                Form::Json => format!("{{\"level\":\"error\",\"event\":\"log_dropped\",\"lines\":{dropped}}}\n"),
                Form::Text => format!("error log_dropped lines={dropped}\n"),
            };
            taken.extend(text.into_bytes());
        }
        // A log that cannot be written has nobody left to be told of it.
        let _ = out.write_all(&taken).and_then(|()| out.flush());
        taken.clear();
        if ended && waiting.lock().bytes.is_empty() {
            return;
        }
    }
}

/// RFC 3339 in UTC, to the microsecond.
fn written_at(now: Time) -> String {
    now.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Appends one line to `bytes`.
fn append(bytes: &mut Vec<u8>, line: &Line<'_>, form: Form) {
    let start = bytes.len();
    let written = match form {
        Form::Json => serde_json::to_writer(&mut *bytes, line),
        Form::Text => serde_json::to_value(line).map(|value| words(bytes, &value)),
    };
    // Only maps with odd keys cannot be written, and there are none; half a line would be worse than none.
    match written {
        Ok(()) => bytes.push(b'\n'),
        Err(_) => bytes.truncate(start),
    }
}

/// The line for a person: when, level and event bare, then the rest with names. What would steer a terminal is escaped
/// as in JSON.
fn words(bytes: &mut Vec<u8>, line: &Value) {
    const BARE: [&str; 3] = ["at", "level", "event"];
    let bare = BARE.iter().filter_map(|name| line[name].as_str());
    bytes.extend(bare.collect::<Vec<_>>().join(" ").into_bytes());
    for (name, value) in line.as_object().into_iter().flatten().filter(|(name, _)| !BARE.contains(&name.as_str())) {
        let plain = value.as_str().filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()));
        let text = plain.map_or_else(|| value.to_string(), str::to_owned);
        bytes.extend(format!(" {name}={text}").into_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::Sender;

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Time {
            Time::from_timestamp(1_900_000_000, 0).unwrap()
        }
    }

    /// Writes into a vector; blocks before the first write until it is let go.
    struct Out(Arc<Mutex<Vec<u8>>>, Option<Receiver<()>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if let Some(gate) = self.1.take() {
                let _ = gate.recv();
            }
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn log(form: Form, level: Level) -> (Log, Arc<Mutex<Vec<u8>>>, Sender<()>) {
        let seen = Arc::<Mutex<Vec<u8>>>::default();
        let (go, gate) = channel();
        let out = Box::new(Out(Arc::clone(&seen), Some(gate)));
        (Log::start(out, form, level, Arc::new(Fixed)).unwrap(), seen, go)
    }

    fn text(seen: &Mutex<Vec<u8>>) -> String {
        String::from_utf8(seen.lock().unwrap().clone()).unwrap()
    }

    #[tokio::test]
    async fn a_line_bears_its_request_and_all_are_written_before_the_end() {
        let (log, seen, go) = log(Form::Json, Level::Info);
        drop(go);
        log.tell(&Event::UserAdded { user: "1\n2" });
        within("abc-1".into(), async { log.tell(&Event::ClientAdded { client: "c" }) }).await;
        drop(log);
        assert_eq!(
            text(&seen),
            "{\"at\":\"2030-03-17T17:46:40.000000Z\",\"level\":\"info\",\"event\":\"user_added\",\"user\":\"1\\n2\"}\n\
             {\"at\":\"2030-03-17T17:46:40.000000Z\",\"level\":\"info\",\"request\":\"abc-1\",\"event\":\"client_added\",\
             \"client\":\"c\"}\n"
        );
    }

    #[test]
    fn a_person_reads_words_that_cannot_steer_the_terminal() {
        let (log, seen, go) = log(Form::Text, Level::Info);
        drop(go);
        log.tell(&Event::SessionsEnded { kind: "api", which: "\u{1b}[2J".into(), count: 2 });
        drop(log);
        assert_eq!(
            text(&seen),
            "2030-03-17T17:46:40.000000Z info sessions_ended count=2 kind=api which=\"\\u001b[2J\"\n"
        );
    }

    #[test]
    fn what_matters_less_than_the_level_is_left_out() {
        let (log, seen, go) = log(Form::Json, Level::Warn);
        drop(go);
        log.tell(&Event::UserAdded { user: "1" });
        log.tell(&Event::StoreFailed { step: "open", error: "full".to_owned() });
        drop(log);
        assert_eq!(text(&seen).matches('\n').count(), 1);
        assert!(text(&seen).contains("store_failed"));
    }

    #[test]
    fn a_log_that_nobody_reads_drops_lines_and_counts_them() {
        let (log, seen, go) = log(Form::Json, Level::Info);
        // More than may wait, while the first write is held up.
        let user = "x".repeat(1000);
        for _ in 0..5000 {
            log.tell(&Event::UserAdded { user: &user });
        }
        assert!(log.0.as_ref().unwrap().waiting.lock().bytes.len() < MOST_WAITING + 2000);
        drop(go);
        drop(log);
        let text = text(&seen);
        let dropped: u64 = text
            .lines()
            .filter(|line| line.contains("log_dropped"))
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["lines"].as_u64().unwrap())
            .sum();
        assert!(dropped > 0);
        assert_eq!(text.matches("user_added").count() as u64 + dropped, 5000);
    }
}
