//! The byte stream under HTTP, which sees to it that a request that cannot even be parsed is answered in JSON.
//!
//! hyper answers such a request by itself, with a status and an empty body, or (a head that never ends, an HTTP/2
//! preface) not at all, and offers no hook for it. So this layer holds hyper's empty refusal back, and after the
//! connection's end the right one is written in its place. It also knows whether a request was left unanswered.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::timeout;

/// How long, and how many bytes, a client may go on sending after the last answer, before the connection is cut.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;

/// The longest head of a refusal that hyper writes.
const LONGEST_REFUSAL: usize = 256;

/// A stream that holds hyper's own refusals back.
pub(super) struct Wire<S> {
    stream: S,
    refused: Option<u16>,
    unanswered: bool,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, refused: None, unanswered: false }
    }

    /// The status of the refusal that was held back, if there was one.
    pub(super) fn refused(&self) -> Option<u16> {
        self.refused
    }

    /// Whether bytes came in after the last bytes went out.
    pub(super) fn is_unanswered(&self) -> bool {
        self.unanswered
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Writes a last answer, if there is one, and closes such that the client can read it.
    ///
    /// A socket that is closed with bytes unread makes the client's system throw away what it has not read yet, the
    /// answer included. So the sending side is closed first, and what still comes is read and dropped for a while.
    pub(super) async fn end(mut self, last: Option<Vec<u8>>) {
        let _ = timeout(LINGER, async {
            if let Some(last) = last {
                self.stream.write_all(&last).await?;
            }
            self.stream.shutdown().await?;
            let mut dropped = 0;
            let mut buffer = vec![0; 16 * 1024];
            while dropped < LINGER_BYTES {
                match self.stream.read(&mut buffer).await? {
                    0 => break,
                    count => dropped += count,
                }
            }
            io::Result::Ok(())
        })
        .await;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.unanswered |= buf.filled().len() > before;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let answers = match automatic_refusal(bytes) {
            Some((0, status)) => {
                self.refused = Some(status);
                return Poll::Ready(Ok(bytes.len()));
            }
            // Answers to earlier requests go out first; the refusal then comes again, alone.
            Some((start, _)) => &bytes[..start],
            None => bytes,
        };
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, answers))?;
        self.unanswered = false;
        Poll::Ready(Ok(written))
    }

    /// In parts, head and body come without a copy: hyper would make one, as long as the longest answer, and keep it with the
    /// connection.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = parts.iter().filter(|part| !part.is_empty());
        // A refusal by hyper is a head alone, and comes when all bodies are out.
        if let (Some(only), None) = (filled.next(), filled.next()) {
            return self.poll_write(cx, only);
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, parts))?;
        self.unanswered = false;
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Where in `bytes` a refusal by hyper itself starts, and its status: a 4xx with an empty body at the very end, which
/// none of our own answers is.
fn automatic_refusal(bytes: &[u8]) -> Option<(usize, u16)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(LONGEST_REFUSAL);
    let start = from + bytes[from..].windows(7).rposition(|window| window == b"HTTP/1.")?;
    let head = std::str::from_utf8(&bytes[start..]).ok()?;
    let status: u16 = head.get(9..12)?.parse().ok()?;
    let empty = head.to_ascii_lowercase().contains("\r\ncontent-length: 0\r\n");
    ((400..500).contains(&status) && empty).then_some((start, status))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSAL: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";

    #[test]
    fn only_an_empty_refusal_at_the_end_is_automatic() {
        assert_eq!(automatic_refusal(REFUSAL.as_bytes()), Some((0, 400)));
        let earlier = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        let both = format!("{earlier}{REFUSAL}");
        assert_eq!(automatic_refusal(both.as_bytes()), Some((earlier.len(), 400)));
        for ours in [
            earlier,
            "HTTP/1.1 204 No Content\r\ndate: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 51\r\n\r\n",
            "",
        ] {
            assert_eq!(automatic_refusal(ours.as_bytes()), None, "{ours}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_held_back_and_earlier_answers_are_not() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let mut wire = Wire::new(ours);
        let earlier = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        wire.write_all(format!("{earlier}{REFUSAL}").as_bytes()).await.unwrap();
        assert_eq!(wire.refused(), Some(400));
        let reading = async move {
            let mut seen = String::new();
            theirs.read_to_string(&mut seen).await.unwrap();
            seen
        };
        let ((), seen) = tokio::join!(wire.end(Some(b"instead".to_vec())), reading);
        assert_eq!(seen, format!("{earlier}instead"));
    }

    #[tokio::test]
    async fn a_refusal_is_held_back_also_where_it_comes_in_parts() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        assert!(ours.is_write_vectored());
        let mut wire = Wire::new(ours);
        assert!(wire.is_write_vectored());
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
        let answer = [head, "{}"].map(|part| IoSlice::new(part.as_bytes()));
        assert_eq!(wire.write_vectored(&answer).await.unwrap(), head.len() + 2);
        assert_eq!(wire.refused(), None);
        let refusal = ["", REFUSAL].map(|part| IoSlice::new(part.as_bytes()));
        assert_eq!(wire.write_vectored(&refusal).await.unwrap(), REFUSAL.len());
        assert_eq!(wire.refused(), Some(400));
        let reading = async move {
            let mut seen = String::new();
            theirs.read_to_string(&mut seen).await.unwrap();
            seen
        };
        let ((), seen) = tokio::join!(wire.end(None), reading);
        assert_eq!(seen, format!("{head}{{}}"));
    }

    #[tokio::test]
    async fn what_came_in_is_unanswered_until_something_goes_out() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let mut wire = Wire::new(ours);
        assert!(!wire.is_unanswered());
        theirs.write_all(b"GET").await.unwrap();
        let mut buffer = [0; 8];
        assert_eq!(wire.read(&mut buffer).await.unwrap(), 3);
        assert!(wire.is_unanswered());
        wire.write_all(b"HTTP/1.1 200 OK\r\n\r\nx").await.unwrap();
        assert!(!wire.is_unanswered());
    }
}
