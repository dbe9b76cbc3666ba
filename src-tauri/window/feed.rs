//! What the page draws: one thread follows the agent's events for as long as the process lives, and looks for the
//! agent again whenever it is lost.
//!
//! It is started before the window is made, so that the first snapshot is there before the page asks for it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use daypass_api::view::{LogEntry, Place, Snapshot, StreamEvent};
use daypass_api::{ApiError, Client};
use serde::Serialize;
use tauri::ipc::{Channel, InvokeResponseBody};

/// The pause before the agent is looked for again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Looking costs a connect on a local socket: rare enough to be free, often enough to be felt as "at once".
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What the page is told; `ui/src/ipc.ts` names the same arms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Update {
    /// Something changed.
    Snapshot {
        /// All of it.
        snapshot: Snapshot,
    },
    /// Another page is wanted; the window has been brought to the front.
    Focus(Place),
    /// Something was written into the history.
    Logged {
        /// What.
        entry: LogEntry,
    },
    /// The agent said goodbye, or the connection broke; it is being looked for.
    Lost,
    /// There is no agent, or it cannot be talked to; it is looked for until there is one.
    Offline {
        /// Why, and what to do.
        error: ApiError,
    },
}

/// Brings the window to the front.
type Front = Box<dyn Fn() + Send>;

/// The agent's events, on their way to the page.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<Mutex<Shared>>,
    /// Wakes the thread from its pause. When the feed is dropped, this ends the thread.
    wake: Sender<()>,
}

/// What the thread and the commands share.
#[derive(Default)]
struct Shared {
    /// The last thing that was said of the agent, as JSON: what a page that subscribes now is told first.
    last: Option<String>,
    /// What the page shows first.
    place: Place,
    page_channel: Option<Channel>,
    front: Option<Front>,
    /// Whether the window was wanted in front before there was one.
    front_wanted: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Feed {
    /// Starts to follow the agent of `client`; the page is to begin with `place`.
    ///
    /// # Errors
    /// Where the thread cannot be started.
    pub fn start(client: Client, place: Place) -> std::io::Result<Self> {
        let shared = Arc::new(Mutex::new(Shared { place, ..Shared::default() }));
        let (wake, woken) = channel();
        let thread = Arc::clone(&shared);
        std::thread::Builder::new().name("feed".to_owned()).spawn(move || follow(&client, &thread, &woken))?;
        Ok(Self { shared, wake })
    }

    /// Says how the window is brought to the front, once there is one. Where that was asked for before, it is done now.
    pub fn on_focus(&self, front: impl Fn() + Send + 'static) {
        let mut shared = lock(&self.shared);
        if std::mem::take(&mut shared.front_wanted) {
            front();
        }
        shared.front = Some(Box::new(front));
    }

    /// The present state as JSON, where anything is known yet: the page is given it before its first line runs, so that it
    /// is drawn once and as it stays.
    pub fn present(&self) -> Option<String> {
        lock(&self.shared).last.clone()
    }

    /// Sends all updates to `channel` from now on, beginning with the present state; answers the page to begin with.
    ///
    /// There is one page, so a channel takes the place of the one before it (the page was loaded again).
    pub fn subscribe(&self, channel: Channel) -> Place {
        let mut shared = lock(&self.shared);
        if let Some(last) = &shared.last {
            send(&channel, last.clone());
        }
        shared.page_channel = Some(channel);
        std::mem::take(&mut shared.place)
    }

    /// Looks for the agent at once, where the thread is pausing.
    pub fn retry(&self) {
        // The thread lives as long as the feed does; were it gone, there would be nobody to wake.
        let _ = self.wake.send(());
    }
}

/// The thread: connect, pass on what comes, and begin again after a pause.
fn follow(client: &Client, shared: &Mutex<Shared>, woken: &Receiver<()>) {
    let mut pause = FIRST_PAUSE;
    loop {
        match client.events(true) {
            Ok(events) => {
                for event in events {
                    let update = match event {
                        Ok(StreamEvent::Snapshot { snapshot }) => Update::Snapshot { snapshot },
                        Ok(StreamEvent::Focus(place)) => Update::Focus(place),
                        Ok(StreamEvent::Logged { entry }) => Update::Logged { entry },
                        Ok(StreamEvent::Bye) | Err(_) => break,
                    };
                    pause = FIRST_PAUSE;
                    lock(shared).tell(&update);
                }
                lock(shared).tell(&Update::Lost);
            }
            Err(error) => lock(shared).tell(&Update::Offline { error: error.into() }),
        }
        match woken.recv_timeout(pause) {
            Ok(()) => pause = FIRST_PAUSE,
            Err(RecvTimeoutError::Timeout) => pause = LONGEST_PAUSE.min(pause * 2),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Shared {
    fn tell(&mut self, update: &Update) {
        // A snapshot has no map with keys other than strings, so this cannot fail.
        let Ok(json) = serde_json::to_string(update) else { return };
        if let Update::Focus(place) = update {
            match &self.front {
                Some(front) => front(),
                None => self.front_wanted = true,
            }
            if self.page_channel.is_none() {
                self.place = place.clone();
            }
        } else if matches!(update, Update::Logged { .. }) {
            // It is no state: a page that subscribes later asks for the history.
        } else if self.last.as_ref() == Some(&json) {
            // "Still offline" is no news.
            return;
        } else {
            self.last = Some(json.clone());
        }
        if let Some(channel) = &self.page_channel {
            send(channel, json);
        }
    }
}

/// A page that is gone takes no more messages; the window's end ends the process.
fn send(channel: &Channel, json: String) {
    let _ = channel.send(InvokeResponseBody::Json(json));
}

/// The state stays whole between two statements, so a panic elsewhere does not spoil it.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
