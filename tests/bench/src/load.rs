//! Load for an HTTP server: many connections, each asking again as soon as it has an answer.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How many connections ask at a time.
pub(crate) const CONNECTIONS: usize = 64;

/// Successful answers per second over `time`, from `address` (`HOST:PORT`), to the same `request` each time.
///
/// # Errors
/// Where a connection breaks, or an answer is not 2xx.
pub(crate) async fn run(address: &str, request: &[u8], time: Duration) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(ask_until(address.to_owned(), request.to_vec(), start + time));
    }
    let mut answers = 0;
    while let Some(done) = connections.join_next().await {
        answers += done??;
    }
    Ok(answers as f64 / start.elapsed().as_secs_f64())
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

async fn ask_until(address: String, request: Vec<u8>, end: Instant) -> anyhow::Result<u64> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4096);
    let mut answers = 0;
    while Instant::now() < end {
        ask(&mut stream, &request, &mut buffer).await?;
        answers += 1;
    }
    Ok(answers)
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
        let length = std::str::from_utf8(length.context("an answer without a length")?.value)?.parse()?;
        if buffer.len() >= head + length {
            return Ok((head, length));
        }
    }
}
