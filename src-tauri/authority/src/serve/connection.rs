//! One connection: its requests read within bounds, each answered in its dialect, its end such that the last answer is
//! read.

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::Request;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::account::{Account, Ids};
use super::client::client;
use super::host::named_host;
use super::operate::{self, Draining};
use super::places::Place;
use super::tls::Tls;
use super::wire::Wire;
use crate::Service;
use crate::call::{Call, Problem, Reply};
use crate::dialects::Dialect;
use crate::log::within;

/// The longest head of a request, in bytes: hyper reads no more than fits into its buffer.
const LONGEST_HEAD: usize = 32 * 1024;

/// The most headers of a request.
const MOST_HEADERS: usize = 100;

/// What every connection of an authority shares.
#[derive(Clone)]
pub(super) struct Desk {
    service: Arc<Service>,
    draining: Draining,
    /// Whether the figures are to be had here.
    figures: bool,
    tls: Option<Tls>,
    stopping: watch::Receiver<bool>,
}

impl Desk {
    pub(super) fn new(
        service: &Arc<Service>,
        draining: &Draining,
        figures: bool,
        tls: Option<Tls>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self { service: Arc::clone(service), draining: draining.clone(), figures, tls, stopping }
    }
}

/// One connection's own.
struct Seat {
    desk: Desk,
    place: Place,
    ids: Ids,
    /// The address at the other end, and ours.
    peer: IpAddr,
    own: IpAddr,
}

/// The place of the connection is lost: its request is not begun, and nothing is answered.
#[derive(Debug, thiserror::Error)]
#[error("the connection's place is lost")]
struct Lost;

/// Serves one connection until its client or the end of the server ends it, or its place is lost.
pub(super) async fn serve(stream: TcpStream, peer: IpAddr, place: Place, desk: Desk) {
    let Ok(own) = stream.local_addr() else { return };
    // Answers are one small write: waiting for more to send (Nagle) only delays them. Without it, they are just slower.
    let _ = stream.set_nodelay(true);
    match desk.tls.as_ref().map(Tls::acceptor) {
        None => serve_over(stream, peer, own.ip(), place, desk).await,
        Some(acceptor) => {
            let handshake = timeout(desk.service.config().handshake_timeout, acceptor.accept(stream));
            let met = tokio::select! {
                met = handshake => met,
                () = place.lost() => return,
            };
            // Who does not speak TLS, or trusts another, has been told so by it.
            let Ok(Ok(stream)) = met else { return };
            serve_over(stream, peer, own.ip(), place, desk).await;
        }
    }
}

/// The same, over what carries the bytes of HTTP.
async fn serve_over<S>(stream: S, peer: IpAddr, own: IpAddr, place: Place, desk: Desk)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = Arc::clone(&desk.service);
    let mut stopping = desk.stopping.clone();
    let ids = Ids::new(&service);
    let seat = Arc::new(Seat { desk, place, ids, peer, own });
    let _open = Open::count(&service.meters().connections);
    let behind = Arc::clone(&seat);
    let handler = service_fn(move |request: Request<Incoming>| {
        let seat = Arc::clone(&behind);
        Box::pin(async move { seat.answer(request).await })
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(service.config().head_timeout)
        .max_buf_size(LONGEST_HEAD)
        .max_headers(MOST_HEADERS)
        // A client that closes its sending side after the request still gets its answer.
        .half_close(true)
        .serve_connection(TokioIo::new(Wire::new(stream)), handler);
    let mut connection = Box::pin(connection);
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|cx| connection.as_mut().get_mut().poll_without_shutdown(cx)) => break ended,
            Ok(()) = stopping.changed() => connection.as_mut().graceful_shutdown(),
            () = seat.place.lost() => return,
        }
    };
    let wire = Pin::into_inner(connection).into_parts().io.into_inner();
    let problem = match (wire.refused(), ended) {
        (Some(431), _) => Some(Problem::HeadTooLarge),
        (Some(414), _) => Some(Problem::PathTooLong),
        (Some(_), _) => Some(unreadable()),
        (None, Err(error)) if wire.is_unanswered() && error.is_timeout() => Some(Problem::TimedOut),
        (None, Err(_)) if wire.is_unanswered() => Some(unreadable()),
        (None, _) => None,
    };
    // Whose path it was for is not known: nothing was parsed.
    let last = match problem {
        Some(problem) => {
            let mut reply = Dialect::None.refuse(&problem);
            Account::unread(&seat.ids).close(&service, peer, Some(&problem), &mut reply);
            Some(raw(reply, &service).await)
        }
        None => None,
    };
    wire.end(last).await;
}

/// Counts a connection as open until it is dropped.
struct Open(Gauge);

impl Open {
    fn count(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Seat {
    /// Answers one request, unless the place is lost before all of it is there.
    async fn answer(&self, request: Request<Incoming>) -> Result<Reply, Lost> {
        let service = &*self.desk.service;
        let peer = client(request.headers(), self.peer, &service.config().trusted_proxies);
        let account = Account::of(&self.ids, request.method(), request.uri(), request.headers());
        within(Arc::clone(&account.id), async {
            let dialect = account.dialect;
            let mut guessed_at = None;
            let (result, _work) = match self.operation(&request, peer).await {
                Some(result) => (result, None),
                None => match self.receive(request, peer).await {
                    Ok(call) => {
                        let work = self.place.work().ok_or(Lost)?;
                        let answered = dialect.answer(service, &call).await;
                        if answered.as_ref().is_err_and(Problem::is_guess) {
                            guessed_at = call.guessed_at();
                        }
                        (answered, Some(work))
                    }
                    Err(problem) => (Err(problem), None),
                },
            };
            let (mut reply, problem) = match result {
                Ok(reply) => (reply, None),
                Err(problem) => {
                    let targets = guessed_at.as_slice();
                    let counted = match problem.is_guess() {
                        true => service.refuse_guess(dialect, problem.word(), peer, targets),
                        false => Ok(()),
                    };
                    let problem = counted.err().map_or(problem, Problem::TooOften);
                    (dialect.refuse(&problem), Some(problem))
                }
            };
            reply.headers_mut().insert(DATE, date(service));
            if self.desk.draining.has_begun() {
                reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            account.close(service, peer, problem.as_ref(), &mut reply);
            Ok(reply)
        })
        .await
    }

    /// Answers what an operator's programs ask; nothing where the request is for a dialect.
    async fn operation(&self, request: &Request<Incoming>, peer: IpAddr) -> Option<Result<Reply, Problem>> {
        let (method, path) = (request.method(), request.uri().path());
        if let Some(answered) = operate::probe(&self.desk.service, &self.desk.draining, method, path).await {
            return Some(answered);
        }
        if path != "/metrics" || !self.desk.figures {
            return None;
        }
        let allowed =
            named_host(request.uri(), request.headers(), self.own, self.desk.service.config()).and_then(|_| {
                let here = peer.to_canonical().is_loopback();
                if here { Ok(()) } else { Err(Problem::Forbidden("The figures are for the server's own machine")) }
            });
        Some(allowed.and_then(|()| operate::figures(&self.desk.service, method)))
    }

    /// Checks the head of a request, and reads its body.
    async fn receive(&self, request: Request<Incoming>, peer: IpAddr) -> Result<Call, Problem> {
        let (head, body) = request.into_parts();
        let config = self.desk.service.config();
        let host = named_host(&head.uri, &head.headers, self.own, config)?;
        let scheme = if self.desk.tls.is_some() { "https" } else { "http" };
        let origin = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{host}"));
        let most = config.max_body;
        // Told beforehand, a body that is too long need not even be sent.
        if body.size_hint().lower() > most as u64 {
            return Err(Problem::TooLarge);
        }
        let body = if body.is_end_stream() {
            Bytes::new()
        } else {
            let body = timeout(config.body_timeout, Limited::new(body, most).collect()).await;
            let body = body.map_err(|_| Problem::TimedOut)?;
            body.map_err(|error| match error.is::<LengthLimitError>() {
                true => Problem::TooLarge,
                false => Problem::Malformed("The request body cannot be read".into()),
            })?
            .to_bytes()
        };
        Ok(Call { method: head.method, uri: head.uri, headers: head.headers, body, peer, origin })
    }
}

fn unreadable() -> Problem {
    Problem::Malformed("The request cannot be read as HTTP".into())
}

/// The authority's own clock as an HTTP date, which clients measure their clocks against.
fn date(service: &Service) -> HeaderValue {
    const FIRST: HeaderValue = HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT");
    thread_local! {
        /// The second that was written last, and how: one is asked for thousands of times.
        static LAST: RefCell<(i64, HeaderValue)> = const { RefCell::new((0, FIRST)) };
    }
    let now = service.now();
    LAST.with_borrow_mut(|last| {
        if last.0 != now.timestamp() {
            let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            // A date is visible ASCII.
            *last = (now.timestamp(), HeaderValue::from_str(&date).unwrap_or(FIRST));
        }
        last.1.clone()
    })
}

/// An answer as bytes, for where no HTTP library is left to write it.
async fn raw(reply: Reply, service: &Service) -> Vec<u8> {
    let (head, body) = reply.into_parts();
    // A full body cannot fail.
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {}\r\nconnection: close\r\n", head.status).into_bytes();
    let length = HeaderValue::from(body.len());
    let date = date(service);
    let headers = head.headers.iter().chain([(&CONTENT_LENGTH, &length), (&DATE, &date)]);
    for (name, value) in headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend(b"\r\n");
    bytes.extend(body);
    bytes
}
