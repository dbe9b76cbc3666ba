//! What an operator's programs ask: whether the process lives, whether it can serve, and its figures.
//!
//! `/healthz` and `/readyz` answer everyone, whatever `Host` they name: balancers ask by address, and learn one word. The
//! figures are for this machine alone, or stand on a listener of their own ([`serve`]), which an operator puts where the
//! collector reaches it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::ACCEPT_PAUSE;
use crate::Service;
use crate::call::{Problem, Reply};
use crate::dialects::Dialect;
use crate::meters::KIND;

/// How long the store may take to answer when it is asked whether it does.
const READY_WITHIN: Duration = Duration::from_secs(1);

/// How many connections the listener of the figures serves at once: a collector or two.
const MOST_READERS: usize = 16;

/// Whether the end was asked for. Clones are one.
#[derive(Clone, Default)]
pub(super) struct Draining(Arc<AtomicBool>);

impl Draining {
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Answers `/healthz` and `/readyz`; nothing where `path` is neither.
pub(super) async fn probe(
    service: &Service,
    draining: &Draining,
    method: &Method,
    path: &str,
) -> Option<Result<Reply, Problem>> {
    let ready = match path {
        "/healthz" => true,
        "/readyz" => !draining.has_begun() && answers(service).await,
        _ => return None,
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Some(Err(Problem::Method("GET, HEAD")));
    }
    let mut reply = text(if ready { "ok\n" } else { "not ready\n" }.into(), "text/plain; charset=utf-8");
    if !ready {
        *reply.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    Some(Ok(reply))
}

/// Whether the store answers in time.
async fn answers(service: &Service) -> bool {
    timeout(READY_WITHIN, service.store_answers()).await.is_ok_and(|answered| answered.is_ok())
}

/// Answers `/metrics`.
pub(super) fn figures(service: &Service, method: &Method) -> Result<Reply, Problem> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Problem::Method("GET, HEAD"));
    }
    Ok(text(service.meters().text().into(), KIND))
}

fn text(body: Bytes, kind: &'static str) -> Reply {
    let mut reply = Reply::new(Full::new(body));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// Serves the probes and the figures on a listener of their own, for ever.
pub(super) async fn serve(listener: TcpListener, service: Arc<Service>, draining: Draining) {
    let mut readers = JoinSet::new();
    loop {
        if readers.len() >= MOST_READERS {
            readers.join_next().await;
        }
        let Ok((stream, _)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (service, draining) = (Arc::clone(&service), draining.clone());
        readers.spawn(async move {
            let head_timeout = service.config().head_timeout;
            let handler = service_fn(|request: Request<Incoming>| {
                let (service, draining) = (Arc::clone(&service), draining.clone());
                async move {
                    let (method, path) = (request.method(), request.uri().path());
                    let answered = match probe(&service, &draining, method, path).await {
                        Some(answered) => answered,
                        None if path == "/metrics" => figures(&service, method),
                        None => Err(Problem::NoRoute),
                    };
                    Ok::<_, Infallible>(answered.unwrap_or_else(|problem| Dialect::Operation.refuse(&problem)))
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(head_timeout)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), handler);
            // What a collector does wrong is its own affair.
            let _ = connection.await;
        });
    }
}
