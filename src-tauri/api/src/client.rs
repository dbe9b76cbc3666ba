//! A light client of the local API: one blocking request a connection, over the agent's socket.
//!
//! It speaks HTTP/1.0, so that nothing has to be unchunked: the answer ends where its length says, or where the connection
//! does. The whole path of `daypass token` is in this file, and needs neither a runtime nor a pool.

#[cfg_attr(unix, path = "client/unix.rs")]
#[cfg_attr(windows, path = "client/windows.rs")]
mod transport;

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

pub use self::transport::answers;
use self::transport::{Stream, Unconnected, connect};
use crate::view::StreamEvent;
use crate::{ApiError, ErrorCode, Home, misfit, reason};

/// How long an answer may take: longer than the agent's own limit for a refresh with its retries.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an agent may be silent until it is asked whether it is alive, and how long it may take to say so. One that is
/// stopped, or hangs, takes connections and never answers.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// The longest answer that is read: 64 MiB, thousands of sessions with room to spare.
const MAX_ANSWER: u64 = 64 << 20;
/// The longest lock file that is read: a number and a path.
const MAX_LOCK: u64 = 4 << 10;
/// The longest head of an answer.
const MAX_HEAD: usize = 8 << 10;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No agent answers on the socket, so nothing was asked.
    #[error("no agent is running; start one with `daypass tray` or `daypass agent`")]
    NotRunning,
    /// The agent ended while it was asked: whether it has done what it was asked for is not known.
    #[error("the agent ended before it answered; the next one settles what it had begun, so look before you try again")]
    Ended,
    /// The agent answered with an error, or not in its own language.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotRunning => {
                Self::new(ErrorCode::Offline, "No agent is running; start one with `daypass tray` or `daypass agent`.")
            }
            CallError::Ended => Self::new(
                ErrorCode::Offline,
                "The agent ended before it answered; the next one settles what it had begun, so look before you try again.",
            ),
            CallError::Api(error) => error,
        }
    }
}

/// A client for the agent of one [`Home`].
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
    /// The lock of the agent, which names the socket of one that was started with another runtime folder.
    lock: PathBuf,
}

impl Client {
    /// A client for the agent of `home`; nothing is connected yet.
    ///
    /// # Errors
    /// Where the socket's path is too long.
    pub fn new(home: &Home) -> Result<Self, ApiError> {
        Ok(Self { socket: home.socket()?, lock: home.agent_lock() })
    }

    /// `GET path`.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        read(&self.call("GET", path, None)?)
    }

    /// `POST path` with `body` as JSON.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, CallError> {
        // It may hold a credential, the answer a token: both buffers are wiped.
        let body = Zeroizing::new(serde_json::to_vec(body).map_err(|error| bad_answer(&misfit(&error)))?);
        read(&self.call("POST", path, Some(&body))?)
    }

    /// `PATCH path` with `body` as JSON.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, CallError> {
        let body = Zeroizing::new(serde_json::to_vec(body).map_err(|error| bad_answer(&misfit(&error)))?);
        read(&self.call("PATCH", path, Some(&body))?)
    }

    /// `DELETE path`.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        read(&self.call("DELETE", path, None)?)
    }

    /// The stream of events: a snapshot at once and another after every change, what comes into the history, calls for the
    /// window, and at the end a `bye`.
    ///
    /// Who says that he is the window or the palette is asked to come to the front when it is wanted.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn events(&self, who: Listener) -> Result<Events, CallError> {
        let path = match who {
            Listener::Other => "/v1/events",
            Listener::Window => "/v1/events?window=true&changes=true",
            Listener::Palette => "/v1/events?palette=true",
        };
        let (head, mut reader) = self.send("GET", path, None)?;
        if head.status != 200 {
            return Err(refusal(&read_body(&mut reader, &head)?).into());
        }
        // Between two changes the stream is silent for as long as nothing changes.
        reader.get_ref().set_read_timeout(None).map_err(lost)?;
        Ok(Events { reader })
    }

    fn call(&self, method: &str, path: &str, body: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>, CallError> {
        let (head, mut reader) = self.send(method, path, body)?;
        take_answer(&mut reader, &head)
    }

    /// Sends one request, and reads the answer's head; the reader stands before its body.
    fn send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Result<(Head, BufReader<Stream>), CallError> {
        let mut stream = self.connect()?;
        let body = body.unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: daypass\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        // In one piece, so that the agent wakes up once.
        let mut request = Zeroizing::new(Vec::with_capacity(head.len() + body.len()));
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(body);
        stream.write_all(&request).map_err(lost)?;
        let mut reader = BufReader::new(stream);
        self.wait_for_answer(&mut reader)?;
        let head = read_head(&mut reader)?;
        Ok((head, reader))
    }

    /// A connection to the agent of the home, wherever it answers.
    fn connect(&self) -> Result<Stream, CallError> {
        let connected = connect(&self.socket).or_else(|error| match (error, self.elsewhere()) {
            (Unconnected::Nobody, Some(socket)) => connect(&socket),
            (error, _) => Err(error),
        });
        connected.map_err(|error| match error {
            // Where the folder is none, whoever starts an agent tells why it cannot be one.
            Unconnected::Nobody => CallError::NotRunning,
            Unconnected::Full => self.mute(),
            Unconnected::Failed(error) => lost(error),
        })
    }

    /// The socket of an agent that was started where the runtime folder is another: in a desktop's session, while we are a
    /// cron job, say.
    fn elsewhere(&self) -> Option<PathBuf> {
        let Holder { socket, .. } = self.holder()?;
        (socket.is_absolute() && socket != self.socket).then_some(socket)
    }

    /// Who holds the agent's lock, or was the last to.
    fn holder(&self) -> Option<Holder> {
        let mut text = Vec::new();
        File::open(&self.lock).ok()?.take(MAX_LOCK).read_to_end(&mut text).ok()?;
        let (pid, socket) = text.split_at_checked(text.iter().position(|byte| *byte == b'\n')?)?;
        let pid = std::str::from_utf8(pid).ok()?.parse().ok()?;
        Some(Holder { pid, socket: transport::path_of(socket.get(1..)?)? })
    }

    /// An agent is there, and does nothing.
    fn mute(&self) -> CallError {
        let pid = self.holder().map(|holder| holder.pid);
        let which = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
        let end = pid.map_or_else(|| "it".to_owned(), |pid| format!("it with `kill -KILL {pid}`"));
        let message =
            format!("The agent{which} does not answer. If it stays so for a minute, end {end}, and try again.");
        ApiError::new(ErrorCode::Internal, message).into()
    }

    /// Waits for the first byte of an answer, for as long as the agent is alive.
    fn wait_for_answer(&self, reader: &mut BufReader<Stream>) -> Result<(), CallError> {
        let mut waited = Duration::ZERO;
        while let Err(error) = reader.fill_buf() {
            waited += SIGN_OF_LIFE;
            match error.kind() {
                ErrorKind::Interrupted => continue,
                ErrorKind::WouldBlock | ErrorKind::TimedOut if waited < ANSWER_TIMEOUT => {}
                _ => return Err(lost(error)),
            }
            if !self.is_alive()? {
                return Err(self.mute());
            }
        }
        reader.get_ref().set_read_timeout(Some(ANSWER_TIMEOUT)).map_err(lost)
    }

    /// Whether the agent answers what needs no thought.
    fn is_alive(&self) -> Result<bool, CallError> {
        let mut stream = self.connect()?;
        stream.write_all(b"GET /v1/providers HTTP/1.0\r\nHost: daypass\r\n\r\n").map_err(lost)?;
        match stream.read(&mut [0]) {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            Err(error) => Err(lost(error)),
        }
    }
}

/// What the lock file of an agent says.
struct Holder {
    pid: u32,
    socket: PathBuf,
}

/// Who listens to the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// The window. After the first snapshot it is only told what has changed.
    Window,
    /// The palette.
    Palette,
    /// Anybody else.
    Other,
}

/// The events of an agent, until it ends.
#[derive(Debug)]
pub struct Events {
    reader: BufReader<Stream>,
}

impl Iterator for Events {
    type Item = Result<StreamEvent, CallError>;

    fn next(&mut self) -> Option<Self::Item> {
        read_event(&mut self.reader)
    }
}

/// Reads an answer to a request as [`Client`] does; for fuzzers.
///
/// # Errors
/// [`CallError`].
#[cfg(feature = "fuzzing")]
pub fn read_answer<T: DeserializeOwned>(mut reader: impl BufRead) -> Result<T, CallError> {
    let head = read_head(&mut reader)?;
    read(&take_answer(&mut reader, &head)?)
}

/// Reads events as [`Events`] does; for fuzzers.
#[cfg(feature = "fuzzing")]
pub fn read_events(mut reader: impl BufRead) -> impl Iterator<Item = Result<StreamEvent, CallError>> {
    std::iter::from_fn(move || read_event(&mut reader))
}

/// The next event; `None` at the end.
fn read_event(reader: &mut impl BufRead) -> Option<Result<StreamEvent, CallError>> {
    let mut line = Vec::new();
    match reader.take(MAX_ANSWER).read_until(b'\n', &mut line) {
        Ok(0) => None,
        Ok(_) => Some(read(&line)),
        Err(error) => Some(Err(lost(error))),
    }
}

/// What the head of an answer says.
struct Head {
    status: u16,
    /// How long the body is, in bytes; where it does not say, the body ends with the connection.
    length: Option<u64>,
}

/// Reads up to the empty line.
fn read_head(reader: &mut impl BufRead) -> Result<Head, CallError> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let left = MAX_HEAD.saturating_sub(head.len());
        if reader.by_ref().take(left as u64).read_until(b'\n', &mut head).map_err(lost)? == 0 {
            return Err(if head.is_empty() { CallError::Ended } else { bad_answer("the head is cut").into() });
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    response.parse(&head).map_err(|error| bad_answer(&error.to_string()))?;
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    Ok(Head { status: response.code.unwrap_or_default(), length })
}

/// The body of a success; any other status is a refusal.
fn take_answer(reader: &mut impl BufRead, head: &Head) -> Result<Zeroizing<Vec<u8>>, CallError> {
    let body = read_body(reader, head)?;
    if (200..300).contains(&head.status) { Ok(body) } else { Err(refusal(&body).into()) }
}

/// Reads the body. With its length known it is not waited for the agent to close, which would take longer than the rest.
fn read_body(reader: &mut impl BufRead, head: &Head) -> Result<Zeroizing<Vec<u8>>, CallError> {
    let limit = head.length.map_or(MAX_ANSWER, |length| length.min(MAX_ANSWER));
    let mut body = Zeroizing::new(Vec::new());
    reader.by_ref().take(limit).read_to_end(&mut body).map_err(lost)?;
    if head.length.is_some_and(|length| body.len() as u64 != length) {
        return Err(bad_answer("the body is cut").into());
    }
    Ok(body)
}

/// JSON, where an empty body (204) reads as `null`.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, CallError> {
    let body = if body.is_empty() { b"null" } else { body };
    serde_json::from_slice(body).map_err(|error| bad_answer(&misfit(&error)).into())
}

fn refusal(body: &[u8]) -> ApiError {
    serde_json::from_slice(body).unwrap_or_else(|_| bad_answer("the error has another form"))
}

/// `why` names the fault; the answer itself may hold a secret and is not repeated.
fn bad_answer(why: &str) -> ApiError {
    ApiError::new(ErrorCode::Internal, format!("The agent's answer cannot be read ({why}); is it of another version?"))
}

/// The connection broke. An agent that ended says so in one of several ways, as it had read the request or not.
fn lost(error: std::io::Error) -> CallError {
    let message = match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::NotConnected => return CallError::Ended,
        ErrorKind::WouldBlock | ErrorKind::TimedOut => "The agent did not answer in time.".to_owned(),
        ErrorKind::PermissionDenied => "The agent's socket belongs to another user.".to_owned(),
        _ => format!("The connection to the agent was lost: {}.", reason(&error)),
    };
    ApiError::new(ErrorCode::Offline, message).into()
}
