//! A provider that answers badly: raw bytes over a socket, as a script gives them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

/// A server on loopback that gives every request the same answer.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Where it is.
    pub(crate) url: String,
}

impl Peer {
    /// One that answers `status` with `body` as JSON.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        let head = "Content-Type: application/json\r\nConnection: close";
        Self::raw(format!("HTTP/1.1 {status} X\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    }

    /// One that answers these bytes and closes.
    pub(crate) fn raw(answer: Vec<u8>) -> Self {
        Self::serve(move |mut stream| {
            read_request(&stream);
            // A client that has had enough of a huge answer closes first.
            let _ = stream.write_all(&answer);
        })
    }

    /// One that takes every request and never answers.
    pub(crate) fn mute() -> Self {
        Self::serve(|stream| {
            read_request(&stream);
            let _ = (&stream).read(&mut [0]);
        })
    }

    /// A URL where nobody listens.
    pub(crate) fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    fn serve(answer: impl Fn(TcpStream) + Send + Clone + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let answer = answer.clone();
                std::thread::spawn(move || answer(stream));
            }
        });
        Self { url }
    }
}

/// Reads a request to its end: the head, and as much body as it says.
fn read_request(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let _ = reader.take(length).read_to_end(&mut Vec::new());
}
