//! JSON for the errors that the HTTP library answers by itself: to what is not HTTP at all, or too long.
//!
//! It writes them with an empty body, before any of our code runs. Nothing of ours ever answers an error without a body,
//! so they can be told apart, and are given ours.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use daypass_api::{ApiError, ErrorCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection on which every error has a body of JSON.
pub(super) struct JsonErrors<S> {
    stream: S,
    /// What is still to be written in place of an empty error.
    instead: Vec<u8>,
}

impl<S: AsyncWrite + Unpin> JsonErrors<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, instead: Vec::new() }
    }

    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.instead))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.instead.drain(..count);
        }
        Poll::Ready(Ok(()))
    }
}

/// The answer to write where `head` is an error of 4xx without a body.
fn in_place_of(head: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(head).ok()?;
    let status = text.strip_prefix("HTTP/1.")?.get(2..)?.lines().next()?;
    if !status.starts_with('4') || !text.to_ascii_lowercase().contains("\r\ncontent-length: 0\r\n") {
        return None;
    }
    let message = match &status[..3] {
        "431" | "414" => "The head of the request is longer than 16 KiB.",
        "408" => "The request did not come in time.",
        _ => "The request is not HTTP/1.",
    };
    let body = serde_json::to_vec(&ApiError::new(ErrorCode::BadRequest, message)).ok()?;
    let mut answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend(body);
    Some(answer)
}

impl<S: AsyncRead + Unpin> AsyncRead for JsonErrors<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for JsonErrors<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(cx))?;
        if let Some(answer) = in_place_of(buf) {
            self.instead = answer;
            // It is written with the flush that follows.
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_empty_client_error_is_replaced() {
        let empty = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let answer = String::from_utf8(in_place_of(empty).unwrap()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n") && answer.contains("bad_request"));
        assert_eq!(in_place_of(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"), None);
        assert_eq!(in_place_of(b"HTTP/1.1 404 Not Found\r\ncontent-length: 20\r\n\r\n"), None);
        assert_eq!(in_place_of(b"{\"token\":\"\r\ncontent-length: 0\r\n\"}"), None);
    }
}
