//! The stream of events: one line of JSON each, for as long as the client listens.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use daypass_api::view::{Place, Snapshot, StreamEvent};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::Agent;
use crate::history::Follower;

/// The media type of one JSON value a line.
const LINES: &str = "application/x-ndjson";

/// Who listens, and how.
pub(super) struct Wish {
    /// It is a window, which is asked to come to the front.
    pub(super) window: bool,
    /// It is the palette, which is asked to show itself.
    pub(super) palette: bool,
    /// Of each snapshot after the first only what has changed is told.
    pub(super) changes: bool,
}

/// Begins a stream.
pub(super) fn stream(agent: Agent, ended: watch::Receiver<bool>, wish: Wish) -> Response {
    let Wish { window, palette, changes } = wish;
    // Two lines at most wait for a slow reader; snapshots in between are left out, the last one comes.
    let (lines, reader) = mpsc::channel(2);
    let called =
        Called { window: window.then(|| Window::open(&agent)), palette: palette.then(|| Palette::open(&agent)) };
    // From before the answer, so that whoever reads the history once it is here misses nothing.
    let log = Follower::new(agent.inner.clone());
    tokio::spawn(write(agent, ended, called, changes, log, lines));
    let body = ReceiverStream::new(reader).map(Ok::<_, Infallible>);
    ([(header::CONTENT_TYPE, LINES)], Body::from_stream(body)).into_response()
}

async fn write(
    agent: Agent,
    mut ended: watch::Receiver<bool>,
    mut called: Called,
    changes: bool,
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
    let mut told = None::<Arc<Snapshot>>;
    loop {
        let line = match told.filter(|_| changes) {
            Some(last) => StreamEvent::Changed { change: last.change_to(&snapshot) },
            None => StreamEvent::Snapshot { snapshot: (*snapshot).clone() },
        };
        told = Some(snapshot);
        if lines.send(text(&line)).await.is_err() {
            return;
        }
        loop {
            tokio::select! {
                changed = snapshots.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    break;
                }
                call = called.next() => {
                    if lines.send(text(&call)).await.is_err() {
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

/// Who listens, where it is somebody that can be called.
struct Called {
    window: Option<Window>,
    palette: Option<Palette>,
}

impl Called {
    /// The next call.
    async fn next(&mut self) -> StreamEvent {
        let focus = async {
            match &mut self.window {
                Some(window) => StreamEvent::Focus(window.asked().await),
                None => std::future::pending().await,
            }
        };
        let palette = async {
            match &mut self.palette {
                Some(palette) => palette.asked().await,
                None => std::future::pending().await,
            }
            StreamEvent::Palette
        };
        tokio::select! {
            call = focus => call,
            call = palette => call,
        }
    }
}

/// A palette that listens; counted while it does.
struct Palette {
    agent: Agent,
    calls: broadcast::Receiver<()>,
}

impl Palette {
    fn open(agent: &Agent) -> Self {
        agent.inner.palettes.fetch_add(1, Ordering::AcqRel);
        Self { agent: agent.clone(), calls: agent.inner.palette.subscribe() }
    }

    /// The next time that it is asked to show itself, or to go.
    async fn asked(&mut self) {
        loop {
            match self.calls.recv().await {
                Ok(()) => return,
                // Whoever pressed eight times at once meant nothing by each.
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Drop for Palette {
    fn drop(&mut self) {
        self.agent.inner.palettes.fetch_sub(1, Ordering::AcqRel);
    }
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
