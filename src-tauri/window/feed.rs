//! What the page draws: one thread follows the agent's events for as long as the process lives, and looks for the
//! agent again whenever it is lost.
//!
//! It is started before the window is made, so that the first snapshot is there before the page asks for it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use daypass_api::change::Change;
use daypass_api::client::Listener;
use daypass_api::settings::Theme;
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
    /// Something changed since the last snapshot or change.
    Changed {
        /// What.
        change: Change,
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

/// What the palette is told beside its page; see [`Feed::palette`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The page has begun to listen: it is drawn.
    Drawn,
    /// The palette is to show itself, or to go where it is shown.
    Called,
    /// Whether it stays, hidden, after it was used.
    KeepWarm(bool),
    /// The agent has gone.
    Lost,
}

/// Takes the moments.
type Heard = Arc<dyn Fn(Moment) + Send + Sync>;

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
    /// What is known of the agent: what a page that subscribes now is told first.
    last: Option<Last>,
    /// What the page shows first.
    place: Place,
    page_channel: Option<Channel>,
    front: Option<Front>,
    heard: Option<Heard>,
    /// Whether the window was wanted in front, or the palette was called, before there was one.
    front_wanted: bool,
}

/// What is known of the agent.
enum Last {
    /// Its state, with every change that came since.
    Snapshot(Box<Snapshot>),
    /// That it cannot be asked, as the page was told: as JSON.
    Away(String),
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
        Self::follow(client, Shared { place, ..Shared::default() }, Listener::Window)
    }

    /// Starts to follow the agent of `client` for the palette.
    ///
    /// # Errors
    /// Where the thread cannot be started.
    pub fn palette(client: Client) -> std::io::Result<Self> {
        Self::follow(client, Shared::default(), Listener::Palette)
    }

    fn follow(client: Client, shared: Shared, who: Listener) -> std::io::Result<Self> {
        let shared = Arc::new(Mutex::new(shared));
        let (wake, woken) = channel();
        let thread = Arc::clone(&shared);
        std::thread::Builder::new().name("feed".to_owned()).spawn(move || follow(&client, who, &thread, &woken))?;
        Ok(Self { shared, wake })
    }

    /// Says who takes the palette's moments; what is known already is told at once.
    pub fn on_moment(&self, heard: impl Fn(Moment) + Send + Sync + 'static) {
        let mut shared = lock(&self.shared);
        let heard: Heard = Arc::new(heard);
        shared.heard = Some(Arc::clone(&heard));
        let called = std::mem::take(&mut shared.front_wanted).then_some(Moment::Called);
        let known = [shared.keeps_warm(), called, shared.page_channel.is_some().then_some(Moment::Drawn)];
        drop(shared);
        known.into_iter().flatten().for_each(&*heard);
    }

    /// Tells the page a word of the palette's own: `shown` or `hidden`.
    pub fn tell_page(&self, word: &'static str) {
        if let Some(channel) = &lock(&self.shared).page_channel {
            send(channel, format!(r#"{{"event":"{word}"}}"#));
        }
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
        lock(&self.shared).present()
    }

    /// Light or dark, as the user has chosen; as the desktop is, where that is not known yet.
    pub fn theme(&self) -> Theme {
        match &lock(&self.shared).last {
            Some(Last::Snapshot(snapshot)) => snapshot.settings.settings.appearance.theme,
            Some(Last::Away(_)) | None => Theme::System,
        }
    }

    /// Sends all updates to `channel` from now on, beginning with the present state, unless the page `knows` that: by the
    /// revision of the snapshot which it was given. Answers the page to begin with.
    ///
    /// There is one page, so a channel takes the place of the one before it (the page was loaded again).
    pub fn subscribe(&self, channel: Channel, knows: Option<u64>) -> Place {
        let mut shared = lock(&self.shared);
        let known = match &shared.last {
            Some(Last::Snapshot(snapshot)) => Some(snapshot.revision) == knows,
            Some(Last::Away(_)) | None => false,
        };
        if let (false, Some(present)) = (known, shared.present()) {
            send(&channel, present);
        }
        shared.page_channel = Some(channel);
        let (place, heard) = (std::mem::take(&mut shared.place), shared.heard.clone());
        drop(shared);
        if let Some(heard) = heard {
            heard(Moment::Drawn);
        }
        place
    }

    /// Looks for the agent at once, where the thread is pausing.
    pub fn retry(&self) {
        // The thread lives as long as the feed does; were it gone, there would be nobody to wake.
        let _ = self.wake.send(());
    }
}

/// The thread: connect, pass on what comes, and begin again after a pause.
fn follow(client: &Client, who: Listener, shared: &Mutex<Shared>, woken: &Receiver<()>) {
    let mut pause = FIRST_PAUSE;
    loop {
        match client.events(who) {
            Ok(events) => {
                for event in events {
                    let update = match event {
                        Ok(StreamEvent::Snapshot { snapshot }) => Update::Snapshot { snapshot },
                        Ok(StreamEvent::Changed { change }) => Update::Changed { change },
                        Ok(StreamEvent::Focus(place)) => Update::Focus(place),
                        Ok(StreamEvent::Logged { .. }) if who == Listener::Palette => continue,
                        Ok(StreamEvent::Logged { entry }) => Update::Logged { entry },
                        Ok(StreamEvent::Palette) => {
                            tell_palette(shared, Some(Moment::Called));
                            continue;
                        }
                        Ok(StreamEvent::Bye) | Err(_) => break,
                    };
                    pause = FIRST_PAUSE;
                    lock(shared).tell(update);
                    let known = lock(shared).keeps_warm();
                    tell_palette(shared, known);
                }
                lock(shared).tell(Update::Lost);
                tell_palette(shared, Some(Moment::Lost));
            }
            Err(error) => lock(shared).tell(Update::Offline { error: error.into() }),
        }
        match woken.recv_timeout(pause) {
            Ok(()) => pause = FIRST_PAUSE,
            Err(RecvTimeoutError::Timeout) => pause = LONGEST_PAUSE.min(pause * 2),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Tells the palette, outside of the lock: it may answer with a word to the page.
fn tell_palette(shared: &Mutex<Shared>, moment: Option<Moment>) {
    let Some(moment) = moment else { return };
    let heard = {
        let mut shared = lock(shared);
        shared.front_wanted |= shared.heard.is_none() && moment == Moment::Called;
        shared.heard.clone()
    };
    if let Some(heard) = heard {
        heard(moment);
    }
}

impl Shared {
    /// What the settings say of the palette, where they are known.
    fn keeps_warm(&self) -> Option<Moment> {
        match &self.last {
            Some(Last::Snapshot(snapshot)) => Some(Moment::KeepWarm(snapshot.settings.settings.quick_copy.keep_warm)),
            Some(Last::Away(_)) | None => None,
        }
    }

    /// The present state as JSON, where anything is known.
    fn present(&self) -> Option<String> {
        match self.last.as_ref()? {
            Last::Snapshot(snapshot) => json(&Told::Snapshot { snapshot }),
            Last::Away(json) => Some(json.clone()),
        }
    }

    fn tell(&mut self, update: Update) {
        // Written once, and only where there is a page that reads it: there may be thousands of sessions in it.
        let text = self.page_channel.as_ref().and_then(|_| json(&update));
        match update {
            Update::Focus(place) => {
                match &self.front {
                    Some(front) => front(),
                    None => self.front_wanted = true,
                }
                if self.page_channel.is_none() {
                    self.place = place;
                }
            }
            // It is no state: a page that subscribes later asks for the history.
            Update::Logged { .. } => {}
            Update::Snapshot { snapshot } => self.last = Some(Last::Snapshot(Box::new(snapshot))),
            Update::Changed { change } => {
                if let Some(Last::Snapshot(snapshot)) = &mut self.last {
                    snapshot.apply(change);
                }
            }
            Update::Lost | Update::Offline { .. } => {
                let away = json(&update);
                let same = matches!((&self.last, &away), (Some(Last::Away(last)), Some(away)) if last == away);
                if same {
                    // "Still offline" is no news.
                    return;
                }
                self.last = away.map(Last::Away);
            }
        }
        if let (Some(channel), Some(text)) = (&self.page_channel, text) {
            send(channel, text);
        }
    }
}

/// A snapshot as [`Update::Snapshot`] tells it, without a copy of it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
enum Told<'a> {
    Snapshot { snapshot: &'a Snapshot },
}

/// No value here has a map with keys other than strings, so that this cannot fail.
fn json(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

/// A page that is gone takes no more messages; the window's end ends the process.
fn send(channel: &Channel, json: String) {
    let _ = channel.send(InvokeResponseBody::Json(json));
}

/// The state stays whole between two statements, so a panic elsewhere does not spoil it.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
