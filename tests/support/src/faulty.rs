//! A server on a real socket that fails in the way that a test chooses, and remembers what it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a connection, once it has read the request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Sends these bytes, and hangs up.
    Sends(Vec<u8>),
    /// Sends these bytes, and then says nothing more.
    Holds(Vec<u8>),
    /// Sends these bytes one by one, with this pause before each.
    Drips(Vec<u8>, Duration),
    /// Sends this head, and then so many bytes of a body.
    Floods(String, usize),
    /// Neither reads nor writes.
    Mute,
}

impl Fault {
    /// An answer without a fault: a status such as `200 OK`, further headers each with its line break, and a body.
    pub fn answers(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n");
        Self::Sends((head + body).into_bytes())
    }
}

/// The server, for as long as its runtime.
#[derive(Clone)]
pub struct Faulty {
    /// Where it is, such as `http://127.0.0.1:4242`.
    pub url: String,
    does: Arc<Mutex<Fault>>,
    heard: Arc<Mutex<Vec<String>>>,
    sent: Arc<AtomicUsize>,
}

impl Faulty {
    /// Begins to listen on a free port of this machine.
    pub async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let server = Self { url, does: Arc::new(Mutex::new(fault)), heard: Arc::default(), sent: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        server
    }

    /// Fails in another way from now on.
    pub fn turn(&self, fault: Fault) {
        *self.does.lock().unwrap() = fault;
    }

    /// Every request that came in whole: its head and body.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// How many bytes the system took of what it had to send, to all clients together.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }

    async fn serve(&self, mut stream: TcpStream) {
        let fault = self.does.lock().unwrap().clone();
        if matches!(fault, Fault::Mute) {
            return std::future::pending().await;
        }
        let Some(request) = read_request(&mut stream).await else { return };
        self.heard.lock().unwrap().push(request);
        match fault {
            Fault::Sends(bytes) => self.send(&mut stream, &bytes).await,
            Fault::Holds(bytes) => {
                self.send(&mut stream, &bytes).await;
                std::future::pending().await
            }
            Fault::Drips(bytes, pause) => {
                for byte in bytes {
                    tokio::time::sleep(pause).await;
                    self.send(&mut stream, &[byte]).await;
                }
            }
            Fault::Floods(head, count) => {
                self.send(&mut stream, head.as_bytes()).await;
                let block = [b'x'; 64 << 10];
                let mut left = count;
                while left > 0 {
                    let before = self.sent();
                    self.send(&mut stream, &block[..left.min(block.len())]).await;
                    left -= left.min(block.len());
                    if self.sent() == before {
                        return;
                    }
                }
            }
            Fault::Mute => {}
        }
    }

    /// Sends; a client that has hung up is what some tests are for.
    async fn send(&self, stream: &mut TcpStream, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            match stream.write(rest).await {
                Ok(count) if count > 0 => {
                    self.sent.fetch_add(count, Ordering::SeqCst);
                    rest = &rest[count..];
                }
                _ => return,
            }
        }
    }
}

/// The head and the body; `None` where the client hangs up before they are whole.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut block = [0; 4096];
    loop {
        let count = stream.read(&mut block).await.ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&block[..count]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            return Some(text.into_owned());
        }
    }
}
