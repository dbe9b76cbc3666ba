//! The server of the local API: HTTP/1 and JSON on the agent's socket.

mod answer;
mod events;
mod place;
mod routes;
mod wire;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use axum::response::IntoResponse;
use daypass_api::{ApiError, ErrorCode, Home};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, OnceCell, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower_service::Service;

use self::answer::Refused;
use self::place::Place;
use crate::{Agent, AgentLock, Face};

/// How long requests under way may go on at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// How long a client may take over the head of a request, and again over its body.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest head, and the buffer of a connection.
const MAX_HEAD: usize = 16 << 10;
/// After a failed `accept` (no file descriptors left, say) it is tried again after this.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// How many connections are served at once. The requests of more have to wait, but for those that need no thought: a busy
/// agent is not to look like a dead one.
const SERVED_AT_ONCE: usize = 256;
/// The most connections at once; more are not even taken.
const MOST_CONNECTIONS: usize = 512;
/// So many of the last connections are answered at once that there is no room, so that they do not fill up.
const SPARE_CONNECTIONS: usize = 64;
/// How long a request waits for its turn, less than its client waits for an answer.
const TURN_LIMIT: Duration = Duration::from_secs(30);
/// How long a client may take over the head of a request where there is no room.
const SPARE_HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    agent: Agent,
    face: Option<Arc<dyn Face>>,
    /// Set by `POST /v1/shutdown`.
    asked_to_end: Arc<Notify>,
    /// Becomes true when the server ends.
    ended: watch::Receiver<bool>,
    /// What connections are served by.
    room: Arc<Semaphore>,
}

/// Answers every request of [`daypass_api::request`] on the socket of `home`, until `shutdown` or `POST /v1/shutdown`.
///
/// Who serves holds the `lock` of `home`, until the agent has stopped. A socket that a dead agent left behind is replaced;
/// one that answers is not. The socket is bound before the first wait, so a caller that has polled once may tell others to
/// connect; if it is taken away later, it is bound anew. On the end the streams get `bye`, requests under way may finish
/// for a moment, and the agent is stopped.
///
/// # Errors
/// `internal` where the socket cannot be bound, or the place of the agent was taken away and cannot be had again.
pub async fn serve(
    agent: Agent,
    lock: AgentLock,
    home: &Home,
    face: Option<Arc<dyn Face>>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ApiError> {
    let (mut place, mut listener) = Place::take(home, lock).await?;
    let (end, ended) = watch::channel(false);
    let shared = Shared::new(agent.clone(), face, ended);
    let router = routes::router(shared.clone());
    let mut connections = JoinSet::new();
    let mut served = Ok(());
    tokio::pin!(shutdown);
    while served.is_ok() {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                Ok(Some(stream)) => {
                    let patience = patience(connections.len());
                    connections.spawn(connection(stream, router.clone(), shared.clone(), patience));
                }
                // Another user got past the folder's mode: no answer at all.
                Ok(None) => {}
                Err(_) => tokio::time::sleep(ACCEPT_REST).await,
            },
            Some(_) = connections.join_next() => {}
            bound = place.lost_socket() => match bound {
                Ok(bound) => listener = bound,
                Err(error) => served = Err(error),
            },
            () = shared.asked_to_end.notified() => break,
            () = &mut shutdown => break,
        }
    }
    // First out of the way, so that a successor can bind.
    let _lock = place.leave();
    drop(listener);
    end.send_replace(true);
    let answered = async { while connections.join_next().await.is_some() {} };
    // Whoever does not read the last answer does not hold the agent up.
    let _ = tokio::time::timeout(LAST_ANSWERS, answered).await;
    connections.abort_all();
    agent.stop().await;
    served
}

/// The server on streams that a fuzzer brings, in place of connections to the socket.
#[cfg(feature = "fuzzing")]
pub struct Doorstep {
    router: Router,
    shared: Shared,
    _end: watch::Sender<bool>,
}

#[cfg(feature = "fuzzing")]
impl Doorstep {
    /// A server of `agent` without a face; nothing ends it.
    pub fn new(agent: Agent) -> Self {
        let (end, ended) = watch::channel(false);
        let shared = Shared::new(agent, None, ended);
        Self { router: routes::router(shared.clone()), shared, _end: end }
    }

    /// Answers what comes over `stream`, as if it were a connection of our own user.
    pub async fn answer(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        connection(stream, self.router.clone(), self.shared.clone(), TURN_LIMIT).await;
    }
}

impl Shared {
    fn new(agent: Agent, face: Option<Arc<dyn Face>>, ended: watch::Receiver<bool>) -> Self {
        let (asked_to_end, room) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(SERVED_AT_ONCE)));
        Self { agent, face, asked_to_end, ended, room }
    }
}

/// How long the requests of a connection wait for their turn where there are `others`.
fn patience(others: usize) -> Duration {
    if others < MOST_CONNECTIONS - SPARE_CONNECTIONS { TURN_LIMIT } else { Duration::ZERO }
}

/// One connection, until the client or the server ends it.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    shared: Shared,
    patience: Duration,
) {
    let agent = shared.agent.clone();
    let room = shared.room.clone();
    // Its turn, which it keeps to its end: what it was answered with may be a stream.
    let turn = Arc::new(OnceCell::<OwnedSemaphorePermit>::new());
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (mut router, agent) = (router.clone(), agent.clone());
        let (room, turn) = (room.clone(), turn.clone());
        async move {
            if !needs_no_thought(request.uri().path()) {
                let turn = turn.get_or_try_init(|| room.acquire_owned());
                if !matches!(tokio::time::timeout(patience, turn).await, Ok(Ok(_))) {
                    return Ok(no_room());
                }
            }
            if shows_accounts(request.uri().path()) {
                agent.tried_vault().await;
            }
            router.call(request.map(Body::new)).await as Result<_, Infallible>
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    let head_timeout = if patience.is_zero() { SPARE_HEAD_TIMEOUT } else { REQUEST_TIMEOUT };
    http.timer(TokioTimer::new()).header_read_timeout(head_timeout).max_buf_size(MAX_HEAD);
    let connection = http.serve_connection(TokioIo::new(wire::JsonErrors::new(stream)), service);
    tokio::pin!(connection);
    let mut ended = shared.ended;
    // How a connection ends is its client's affair.
    tokio::select! {
        _ = &mut connection => {}
        () = over(&mut ended) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Waits until the server ends.
async fn over(ended: &mut watch::Receiver<bool>) {
    // A server that is gone has ended as well.
    drop(ended.wait_for(|ended| *ended).await);
}

/// Whether the request is answered from memory, at once and in a few bytes: clients see by it that the agent is alive.
fn needs_no_thought(path: &str) -> bool {
    path == "/v1/providers" || path == "/v1/status" || path == "/v1/shutdown"
}

/// The answer to a request whose turn does not come.
fn no_room() -> Response<Body> {
    let message = "The agent has more requests than it answers at once; try again in a moment.";
    let mut response = Refused::from(ApiError::new(ErrorCode::Offline, message)).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Whether the request is about accounts, and so waits until the vault was tried once: an agent that has just been
/// started must not say that there is no such account. What faces draw is shown at once, however the vault is.
fn shows_accounts(path: &str) -> bool {
    path.starts_with("/v1/accounts") || path.starts_with("/v1/sign-ins") || path == "/v1/copy"
}
