//! The stream of events: one line of JSON each, for as long as the client listens.

use std::convert::Infallible;
use std::sync::atomic::Ordering;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use daypass_api::view::{Place, StreamEvent};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::Agent;
use crate::history::Follower;

/// The media type of one JSON value a line.
const LINES: &str = "application/x-ndjson";

/// Begins a stream; with `window` it is a window that listens, and it is asked to come to the front.
pub(super) fn stream(agent: Agent, ended: watch::Receiver<bool>, window: bool) -> Response {
    // Two lines at most wait for a slow reader; snapshots in between are left out, the last one comes.
    let (lines, reader) = mpsc::channel(2);
    let window = window.then(|| Window::open(&agent));
    // From before the answer, so that whoever reads the history once it is here misses nothing.
    let log = Follower::new(agent.inner.clone());
    tokio::spawn(write(agent, ended, window, log, lines));
    let body = ReceiverStream::new(reader).map(Ok::<_, Infallible>);
    ([(header::CONTENT_TYPE, LINES)], Body::from_stream(body)).into_response()
}

async fn write(
    agent: Agent,
    mut ended: watch::Receiver<bool>,
    mut window: Option<Window>,
    mut log: Follower,
    lines: mpsc::Sender<Bytes>,
) {
    let mut snapshots = agent.watch();
    // Taken at this moment, for the reader sets its countdowns by it; unless a newer one has just come.
    let mut snapshot = agent.snapshot();
    let latest = snapshots.borrow_and_update().clone();
    if latest.revision > snapshot.revision {
        snapshot = latest;
    }
    loop {
        let line = StreamEvent::Snapshot { snapshot: (*snapshot).clone() };
        if lines.send(text(&line)).await.is_err() {
            return;
        }
        loop {
            let focus = async {
                match &mut window {
                    Some(window) => window.asked().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = snapshots.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    break;
                }
                place = focus => {
                    if lines.send(text(&StreamEvent::Focus(place))).await.is_err() {
                        return;
                    }
                }
                entry = log.next() => {
                    if lines.send(text(&StreamEvent::Logged { entry })).await.is_err() {
                        return;
                    }
                }
                () = super::over(&mut ended) => {
                    // The reader may have gone.
                    let _ = lines.send(text(&StreamEvent::Bye)).await;
                    return;
                }
                () = lines.closed() => return,
            }
        }
        snapshot = snapshots.borrow_and_update().clone();
    }
}

fn text(event: &StreamEvent) -> Bytes {
    // Plain data cannot fail to be written; an empty line would end the client's reading.
    let mut line = serde_json::to_vec(event).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

/// A window that listens; counted while it does.
struct Window {
    agent: Agent,
    focus: broadcast::Receiver<Place>,
}

impl Window {
    fn open(agent: &Agent) -> Self {
        agent.inner.windows.fetch_add(1, Ordering::AcqRel);
        Self { agent: agent.clone(), focus: agent.inner.focus.subscribe() }
    }

    /// The next time that it is asked to come to the front.
    async fn asked(&mut self) -> Place {
        loop {
            match self.focus.recv().await {
                Ok(place) => return place,
                // Whoever asked eight times meant it once.
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.agent.inner.windows.fetch_sub(1, Ordering::AcqRel);
    }
}
