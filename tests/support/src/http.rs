//! The least of HTTP/1.1 over real sockets, in nothing of ours: a client, by which a server is asked what it thinks of a
//! token, and a server that a test answers for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers; `Content-Length` and `Connection` are written by whoever sends it.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Request {
    /// A request without a body.
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: String::new() }
    }

    /// The same with a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a body of this type.
    pub fn body(mut self, kind: &str, body: &str) -> Self {
        self.body = body.to_owned();
        self.header("Content-Type", kind)
    }

    /// The value of a header.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Sends it to the server at `url` (`http://ADDRESS:PORT`); `None` where no whole answer comes.
    pub fn send(&self, url: &str) -> Option<Answer> {
        let address = url.strip_prefix("http://")?;
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(LIMIT)).ok()?;
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if self.value("Host").is_none() {
            text.push_str(&format!("Host: {address}\r\n"));
        }
        text.push_str(&written(&self.headers, &self.body));
        stream.write_all(text.as_bytes()).ok()?;
        let (first, headers, body) = read(&stream)?;
        Some(Answer { status: first.split(' ').nth(1)?.parse().ok()?, headers, body })
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, as [`Request::headers`].
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// JSON under `status`.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let kind = ("Content-Type".to_owned(), "application/json".to_owned());
        Self { status, headers: vec![kind], body: body.to_string() }
    }

    /// The body as JSON.
    #[track_caller]
    pub fn read(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{:?} is not JSON: {error}", self.body))
    }
}

/// A server on a free port of loopback; it ends with the test's process.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub url: String,
}

impl Server {
    /// Starts one that gives `answer` to every request; for `None` the connection is closed without an answer.
    pub fn start(answer: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let answer = answer.clone();
                std::thread::spawn(move || serve(&stream, &*answer));
            }
        });
        Self { url }
    }
}

/// Answers one request; the connection is then closed. A client may have gone at any time.
fn serve(mut stream: &TcpStream, answer: &dyn Fn(&Request) -> Option<Answer>) {
    let Some((first, headers, body)) = read(stream) else { return };
    let mut words = first.split(' ').map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return };
    let Some(answer) = answer(&Request { method, path, headers, body }) else { return };
    let text = format!("HTTP/1.1 {} Told\r\n{}", answer.status, written(&answer.headers, &answer.body));
    let _ = stream.write_all(text.as_bytes());
}

/// Headers and body as they cross the wire, one message a connection.
fn written(headers: &[(String, String)], body: &str) -> String {
    let mut text = String::new();
    for (name, value) in headers.iter().filter(|(name, _)| !is_ours(name)) {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    text
}

fn is_ours(name: &str) -> bool {
    ["connection", "content-length", "transfer-encoding"].iter().any(|ours| name.eq_ignore_ascii_case(ours))
}

/// The first line, the headers and the body of a message.
type Message = (String, Vec<(String, String)>, String);

/// Reads a whole message; `None` where it is cut.
fn read(stream: &TcpStream) -> Option<Message> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|length| *length > 0)?;
    let mut headers = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        if line.trim_end().is_empty() && line.ends_with('\n') {
            break;
        }
        let (name, value) = line.strip_suffix('\n')?.trim_end().split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first.trim_end().to_owned(), headers, String::from_utf8(body).ok()?))
}
