//! Load for an HTTP server: many connections, each asking again as soon as it has an answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::sample::Sample;

/// What one connection asks for.
pub(crate) trait Script: Send {
    /// The next request; none where there is nothing left to ask.
    fn request(&mut self) -> Option<&[u8]>;

    /// Takes the body of the answer to it.
    ///
    /// # Errors
    /// Where it is not the one that was meant to come.
    fn answered(&mut self, _body: &[u8]) -> anyhow::Result<()> {
        Ok(())
    }
}

/// The same requests again and again, each connection beginning at another.
pub(crate) struct Turns {
    requests: Arc<Vec<Vec<u8>>>,
    at: usize,
    said: &'static str,
}

impl Turns {
    /// One for each of `connections`. Every answer must hold what is `said`.
    pub(crate) fn all(requests: Vec<Vec<u8>>, connections: usize, said: &'static str) -> Vec<Box<dyn Script>> {
        let requests = Arc::new(requests);
        let start = |n| n * requests.len() / connections;
        let one = |n| Box::new(Self { requests: Arc::clone(&requests), at: start(n), said }) as Box<_>;
        (0..connections).map(one).collect()
    }
}

impl Script for Turns {
    fn request(&mut self) -> Option<&[u8]> {
        self.at += 1;
        self.requests.get(self.at % self.requests.len()).map(Vec::as_slice)
    }

    fn answered(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let said = || body.windows(self.said.len()).any(|part| part == self.said.as_bytes());
        ensure!(self.said.is_empty() || said(), "not {}: {}", self.said, String::from_utf8_lossy(body));
        Ok(())
    }
}

/// Each of the requests once, whichever connection it is.
pub(crate) struct Once {
    left: Arc<Mutex<Vec<Vec<u8>>>>,
    now: Vec<u8>,
}

impl Once {
    /// One for each of `connections`.
    pub(crate) fn all(requests: Vec<Vec<u8>>, connections: usize) -> Vec<Box<dyn Script>> {
        let left = Arc::new(Mutex::new(requests));
        (0..connections).map(|_| Box::new(Self { left: Arc::clone(&left), now: Vec::new() }) as Box<_>).collect()
    }
}

impl Script for Once {
    fn request(&mut self) -> Option<&[u8]> {
        self.now = self.left.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some(&self.now)
    }
}

/// What a load measured.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// Answers per second, one for each round.
    pub(crate) per_second: Sample,
    /// How long the middle one took, in milliseconds.
    pub(crate) p50: Sample,
    /// How long 99 of 100 took at most, in milliseconds.
    pub(crate) p99: Sample,
}

/// Runs the scripts for `time`, one connection for each, in turns to the `addresses` (`HOST:PORT`), and adds what it measured
/// to `load`.
///
/// # Errors
/// Where a connection breaks, or an answer is not 2xx.
pub(crate) async fn run(
    load: &mut Load,
    addresses: &[String],
    scripts: Vec<Box<dyn Script>>,
    time: Duration,
) -> anyhow::Result<()> {
    let mut streams = Vec::new();
    for (number, script) in scripts.into_iter().enumerate() {
        let stream = TcpStream::connect(&addresses[number % addresses.len()]).await?;
        stream.set_nodelay(true)?;
        streams.push((stream, script));
    }
    let start = Instant::now();
    let mut connections = JoinSet::new();
    for (stream, script) in streams {
        connections.spawn(ask_until(stream, script, start + time));
    }
    let mut times: Vec<Duration> = Vec::new();
    while let Some(done) = connections.join_next().await {
        times.extend(done??);
    }
    load.per_second.add(times.len() as f64 / start.elapsed().as_secs_f64());
    times.sort_unstable();
    load.p50.add_time(*times.get(times.len() / 2).context("nothing was asked")?);
    load.p99.add_time(*times.get(times.len() * 99 / 100).context("nothing was asked")?);
    Ok(())
}

/// One answer's body.
///
/// # Errors
/// As [`run`].
pub(crate) async fn ask_once(address: &str, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let mut buffer = Vec::new();
    let (head, body) = ask(&mut stream, request, &mut buffer).await?;
    Ok(buffer[head..head + body].to_vec())
}

/// Sends these requests one after the other, each of which must be answered with 2xx.
///
/// # Errors
/// As [`run`].
pub(crate) async fn ask_all(address: &str, requests: &[Vec<u8>]) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4096);
    for request in requests {
        ask(&mut stream, request, &mut buffer).await?;
    }
    Ok(())
}

async fn ask_until(mut stream: TcpStream, mut script: Box<dyn Script>, end: Instant) -> anyhow::Result<Vec<Duration>> {
    let mut buffer = Vec::with_capacity(4096);
    let mut times = Vec::new();
    let mut began = Instant::now();
    while began < end {
        let Some(request) = script.request() else { break };
        let (head, body) = ask(&mut stream, request, &mut buffer).await?;
        let done = Instant::now();
        times.push(done - began);
        began = done;
        script.answered(&buffer[head..head + body])?;
    }
    Ok(times)
}

/// Asks, and reads one whole answer into `buffer`; answers the lengths of its head and its body.
async fn ask(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> anyhow::Result<(usize, usize)> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        ensure!(stream.read_buf(buffer).await? > 0, "the server closed the connection");
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut answer = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = answer.parse(buffer)? else { continue };
        let status = answer.code.unwrap_or_default();
        if !(200..300).contains(&status) {
            bail!("the server answered {status}: {}", String::from_utf8_lossy(&buffer[head..]));
        }
        let length = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        match length {
            Some(length) => {
                let length = std::str::from_utf8(length.value)?.parse()?;
                if buffer.len() >= head + length {
                    return Ok((head, length));
                }
            }
            // In chunks (RFC 9112 section 7.1), as a peer answers: to the last one, which is empty.
            None if buffer.ends_with(b"0\r\n\r\n") => return Ok((head, buffer.len() - head)),
            None => {}
        }
    }
}
