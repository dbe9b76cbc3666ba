//! A small agent: it answers on a real socket, remembers what it was asked, and says on its streams what a test says.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use daypass_api::Home;
use serde_json::Value;

use crate::stage::SOON;

/// What the agent was asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// Method and path, such as `GET /v1/providers`.
    pub(crate) line: String,
    /// The body; `Null` where there is none.
    pub(crate) body: Value,
}

/// An agent in this process. Its streams end when it is dropped.
pub(crate) struct FakeAgent {
    home: Home,
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    streams: Arc<Mutex<Vec<UnixStream>>>,
    asked: Receiver<Asked>,
    followed: Receiver<()>,
}

impl FakeAgent {
    /// Starts to answer for `home`.
    pub(crate) fn start(home: &Home) -> Self {
        std::fs::create_dir_all(home.run_dir()).unwrap();
        let listener = UnixListener::bind(home.socket().unwrap()).unwrap();
        let answers = Arc::<Mutex<VecDeque<_>>>::default();
        let streams = Arc::<Mutex<Vec<_>>>::default();
        let (tell, asked) = channel();
        let (tell_followed, followed) = channel();
        let door = Door { answers: Arc::clone(&answers), streams: Arc::clone(&streams), tell, tell_followed };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A listener whose file is gone gets no more calls; the thread ends with the test's process.
                door.serve(stream.unwrap());
            }
        });
        Self { home: home.clone(), answers, streams, asked, followed }
    }

    /// The next question is answered with `status` and `body`; without an answer laid ready it is `200 null`.
    pub(crate) fn will_answer(&self, status: u16, body: Value) {
        self.answers.lock().unwrap().push_back((status, body));
    }

    /// Waits for the next question.
    pub(crate) fn next_asked(&self) -> Asked {
        self.asked.recv_timeout(SOON).expect("the agent was asked nothing")
    }

    /// Waits until somebody follows the events.
    pub(crate) fn wait_followed(&self) {
        self.followed.recv_timeout(SOON).expect("nobody follows the events");
    }

    /// Says `event` on every stream.
    pub(crate) fn say(&self, event: &Value) {
        // Who went away no longer listens.
        self.streams.lock().unwrap().retain_mut(|stream| writeln!(stream, "{event}").is_ok());
    }
}

impl Drop for FakeAgent {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.home.socket().unwrap());
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// What the thread that answers has.
struct Door {
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    streams: Arc<Mutex<Vec<UnixStream>>>,
    tell: Sender<Asked>,
    tell_followed: Sender<()>,
}

impl Door {
    fn serve(&self, mut stream: UnixStream) {
        let asked = read(&stream);
        if asked.line.starts_with("GET /v1/events") {
            stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").unwrap();
            self.streams.lock().unwrap().push(stream);
            let _ = self.tell_followed.send(());
            return;
        }
        let (status, body) = self.answers.lock().unwrap().pop_front().unwrap_or((200, Value::Null));
        let _ = self.tell.send(asked);
        write!(stream, "HTTP/1.0 {status} X\r\nContent-Type: application/json\r\n\r\n{body}").unwrap();
    }
}

fn read(stream: &UnixStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert_ne!(reader.read_until(b'\n', &mut head).unwrap(), 0, "the head is cut");
    }
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut request = httparse::Request::new(&mut headers);
    assert!(request.parse(&head).unwrap().is_complete());
    let line = format!("{} {}", request.method.unwrap(), request.path.unwrap());
    let length = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.map_or(0, |header| std::str::from_utf8(header.value).unwrap().parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Asked { line, body: if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() } }
}
