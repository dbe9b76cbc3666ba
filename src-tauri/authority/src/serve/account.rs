//! What is told of a request: its id, its route, and what became of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use tokio::time::Instant;

use crate::Service;
use crate::call::{Outcome, Problem, Reply};
use crate::dialects::{Dialect, route};
use crate::log::Event;

/// The header by which a request is followed through several programs.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a client.
const LONGEST_ID: usize = 64;

/// Draws the ids of one connection's requests: chance for the connection, and a number for each request.
pub(super) struct Ids {
    connection: u64,
    requests: AtomicU64,
}

impl Ids {
    pub(super) fn new(service: &Service) -> Self {
        let mut connection = [0; 8];
        service.chance().fill(&mut connection);
        Self { connection: u64::from_le_bytes(connection), requests: AtomicU64::new(1) }
    }

    /// The id that the client gave, where it is one: 1 to 64 letters, digits, `-`, `.` and `_`. Else one of ours.
    fn of(&self, headers: &HeaderMap) -> Arc<str> {
        let mut given = headers.get_all(REQUEST_ID).iter();
        let given = if let (Some(id), None) = (given.next(), given.next()) { id.to_str().ok() } else { None };
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        match given.filter(|id| !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(fits)) {
            Some(id) => id.into(),
            None => self.next(),
        }
    }

    fn next(&self) -> Arc<str> {
        format!("{:016x}-{}", self.connection, self.requests.fetch_add(1, Ordering::Relaxed)).into()
    }
}

/// A request that is being answered.
pub(super) struct Account {
    pub(super) id: Arc<str>,
    pub(super) dialect: Dialect,
    method: &'static str,
    route: &'static str,
    began: Instant,
}

impl Account {
    /// Of a request whose head has come.
    pub(super) fn of(ids: &Ids, method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        Self {
            id: ids.of(headers),
            dialect: Dialect::of(uri.path()),
            method: known(method),
            route: route(uri.path()),
            began: Instant::now(),
        }
    }

    /// Of a request that could not be read.
    pub(super) fn unread(ids: &Ids) -> Self {
        Self { id: ids.next(), dialect: Dialect::None, method: "OTHER", route: route(""), began: Instant::now() }
    }

    /// Puts the request's id into its answer, and tells of it.
    pub(super) fn close(self, service: &Service, peer: IpAddr, problem: Option<&Problem>, reply: &mut Reply) {
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            reply.headers_mut().insert(REQUEST_ID, id);
        }
        let own = reply.extensions().get::<Outcome>();
        service.journal().tell(&Event::Request {
            method: self.method,
            route: self.route,
            dialect: self.dialect.word(),
            status: reply.status().as_u16(),
            outcome: problem.map_or_else(|| own.map_or("ok", |outcome| outcome.0), Problem::word),
            micros: u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
            peer,
        });
    }
}

/// The method by its name; one that a client made up has none.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}
