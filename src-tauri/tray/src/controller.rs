//! The controller: the one task that owns the state of the desktop. Each reason to wake up has a name in [`Wake`].

mod acting;
mod copying;
mod host;
mod quick;

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use daypass_agent::Notice;
use daypass_api::ApiError;
use daypass_api::view::{LogView, Snapshot, TokenView};
use daypass_core::Clock;
use daypass_words::{Spoken, Words};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use self::host::Host;
use crate::clip::{Clip, Put};
use crate::copied::Copied;
use crate::desktop::{Cleared, Desktop, DesktopError, DesktopEvent, Drawing, Unbound};
use crate::door::Door;
use crate::face::{Request, Requests};
use crate::marks::Marks;
use crate::menu::{Action, menu};
use crate::note::{Attempt, Note};
use crate::palette::Palette;
use crate::picture::{picture, tooltip};
use crate::told::Told;
use crate::window::Window;

/// How often the remaining lives in the menu are looked at. Well under the 30 s after which every timer must have
/// asked the wall clock again.
const TICK: Duration = Duration::from_secs(15);
/// How long the end may take, for each of its two steps.
const END: Duration = Duration::from_secs(3);

/// What the tray app finds around it.
pub struct Surroundings {
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The folder of what must survive the process; it need not be there yet.
    pub data: PathBuf,
    /// Reads a variable of the environment, for the language of the desktop.
    pub variable: fn(&str) -> Option<String>,
}

/// Why the tray app ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The user chose *Quit*.
    Quit,
    /// The caller's `shutdown` was ready.
    Shutdown,
    /// The agent is gone.
    AgentGone,
}

/// Every reason for the controller to wake up.
enum Wake {
    /// There is a new snapshot.
    Changed,
    /// The agent has something to tell.
    Told(Notice),
    /// The agent has ended.
    AgentGone,
    /// The user did something with the icon, or the window ended.
    Desktop(DesktopEvent),
    /// Another door asks for something.
    Asked(Request),
    /// Something that was begun has ended.
    Done(Done),
    /// It is time to look at the clocks.
    Tick,
    /// The caller wants the end.
    Shutdown,
}

/// What was begun and has ended.
pub(crate) enum Done {
    /// The agent answered the token that is to be copied, or did not.
    Token { number: u64, result: Result<TokenView, ApiError> },
    /// The clipboard took a token, or did not.
    Copied { put: Box<Put>, copied: Copied, result: Result<(), DesktopError> },
    /// Whether the clipboard still holds the token with this digest.
    Holds { digest: String, result: Result<bool, DesktopError> },
    /// The clipboard was cleared where it was ours, of the token that the clip knows by `number`; `user` where a user waits
    /// for it.
    Cleared { number: Option<u64>, user: bool, result: Result<Cleared, DesktopError> },
    /// What the history knows of the token that was copied last.
    Fate { copied: Copied, result: Result<LogView, ApiError> },
    /// What the user asked of the agent.
    Action { account: String, attempt: Attempt, result: Result<(), ApiError> },
    /// The desktop took the shortcut that is written as `text`, or did not.
    Bound { text: String, result: Result<String, Unbound> },
    /// Whether there is a tray host.
    Host { present: bool },
}

struct Controller<A, D> {
    agent: A,
    desktop: D,
    around: Surroundings,
    words: Words,
    marks: Marks,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    drawn: Option<Drawing>,
    clip: Clip,
    /// The token that was copied last, while anything may have to be told of it.
    copied: Option<Copied>,
    window: Window,
    palette: Palette,
    host: Host,
    told: Told,
    jobs: JoinSet<Done>,
    /// When the lives are looked at again.
    tick: Instant,
}

/// Runs the tray app until the user quits, `shutdown` is ready, or the agent ends. Then the clipboard is cleared where it
/// is still ours, and the icon and the notifications are taken away.
pub async fn run<A: Door, D: Desktop>(
    agent: A,
    mut desktop: D,
    around: Surroundings,
    requests: Requests,
    shutdown: impl Future<Output = ()>,
) -> Ended {
    let events = desktop.events();
    let notices = agent.notices();
    let snapshots = agent.watch();
    let language = snapshots.borrow().settings.settings.appearance.language;
    let controller = Controller {
        agent,
        desktop,
        words: Words::new(Spoken::of(language, around.variable)),
        marks: Marks::of(&around.data),
        around,
        snapshots,
        drawn: None,
        clip: Clip::default(),
        copied: None,
        window: Window::default(),
        palette: Palette::default(),
        host: Host::default(),
        told: Told::default(),
        jobs: JoinSet::new(),
        tick: Instant::now() + TICK,
    };
    controller.run(events, notices, requests, shutdown).await
}

impl<A: Door, D: Desktop> Controller<A, D> {
    async fn run(
        mut self,
        mut events: mpsc::UnboundedReceiver<DesktopEvent>,
        mut notices: broadcast::Receiver<Notice>,
        Requests(mut requests): Requests,
        shutdown: impl Future<Output = ()>,
    ) -> Ended {
        let mut shutdown = pin!(shutdown);
        self.clear_what_was_left();
        self.draw();
        self.ask_for_host();
        let ended = loop {
            let next = self.next_wake();
            let wake = tokio::select! {
                () = &mut shutdown => Wake::Shutdown,
                Some(event) = events.recv() => Wake::Desktop(event),
                Some(request) = requests.recv() => Wake::Asked(request),
                Some(Ok(done)) = self.jobs.join_next() => Wake::Done(done),
                changed = self.snapshots.changed() => changed.map_or(Wake::AgentGone, |()| Wake::Changed),
                told = notices.recv() => match told {
                    Ok(notice) => Wake::Told(notice),
                    // Notices that were missed are in the snapshot all the same.
                    Err(RecvError::Lagged(_)) => Wake::Changed,
                    Err(RecvError::Closed) => Wake::AgentGone,
                },
                () = sleep_until(next) => Wake::Tick,
            };
            match wake {
                Wake::Changed => self.draw(),
                Wake::Told(notice) => self.on_notice(&notice),
                Wake::Desktop(DesktopEvent::Chosen(Action::Quit)) => break Ended::Quit,
                Wake::Desktop(event) => self.on_event(event),
                Wake::Asked(request) => self.on_request(request),
                Wake::Done(done) => self.on_done(done),
                Wake::Tick => self.on_tick(),
                Wake::AgentGone => break Ended::AgentGone,
                Wake::Shutdown => break Ended::Shutdown,
            }
        };
        self.end().await;
        ended
    }

    /// Shows the snapshot as it is now, where that looks different from what is shown.
    fn draw(&mut self) {
        let now = self.around.clock.now();
        let snapshot = self.snapshots.borrow_and_update().clone();
        let language = Spoken::of(snapshot.settings.settings.appearance.language, self.around.variable);
        if language != self.words.language() {
            self.words = Words::new(language);
        }
        let words = &self.words;
        let drawing = Drawing {
            picture: picture(&snapshot),
            tooltip: tooltip(&snapshot, words),
            menu: menu(&snapshot, self.clip.shown().as_ref(), now, words),
        };
        if self.drawn.as_ref() != Some(&drawing) {
            self.desktop.draw(&drawing);
            self.drawn = Some(drawing);
        }
        self.apply_quick_copy(&snapshot.settings.settings.quick_copy);
        self.look_at_copied(&snapshot, now);
        for topic in self.told.over(&snapshot) {
            self.desktop.withdraw(topic);
        }
    }

    fn on_notice(&mut self, notice: &Notice) {
        let snapshot = self.snapshots.borrow().clone();
        self.notify(Note::of(notice, &snapshot.vault, self.around.clock.now(), &self.words));
        // The snapshot that says why may be the present one.
        self.draw();
    }

    /// Shows a notification, where the user wants to be told of such.
    fn notify(&mut self, note: Note) {
        if note.topic.is_wanted(&self.snapshots.borrow().settings.settings.notifications) {
            self.told.note(note.topic);
            self.desktop.notify(note);
        }
    }

    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        [self.host.next_check(), self.clip.next_look(now), self.window.next_check(), self.palette.next_check()]
            .into_iter()
            .flatten()
            .fold(self.tick, Instant::min)
    }

    fn on_tick(&mut self) {
        let now = Instant::now();
        if now >= self.tick {
            self.tick = now + TICK;
        }
        self.look_at_clipboard(now);
        self.draw();
        self.look_at_host(now);
        self.check_palette(now);
        if let Some(place) = self.window.place_to_focus(now) {
            if self.agent.focus_window(place) {
                self.window.focused();
            } else if let Some(place) = self.window.place_to_start(now) {
                self.open_for_user(place);
            }
        }
    }

    fn on_done(&mut self, done: Done) {
        match done {
            Done::Token { number, result } => self.on_token(number, result),
            Done::Copied { put, copied, result } => self.on_copied(*put, copied, result),
            Done::Holds { digest, result } => self.on_holds(&digest, &result),
            Done::Cleared { number, user, result } => self.on_cleared(number, user, result),
            Done::Fate { copied, result } => self.on_fate(copied, result),
            Done::Action { account, attempt, result } => {
                if let Err(error) = result {
                    self.fail(&account, attempt, &error);
                }
            }
            Done::Bound { text, result } => self.shortcut_bound(&text, result),
            Done::Host { present } => self.on_host(present),
        }
    }

    async fn end(mut self) {
        let replies: Vec<_> = self.clip.take_all().into_iter().map(|digest| self.desktop.clear(digest)).collect();
        let cleared = timeout(END, async {
            for reply in replies {
                reply.await?;
            }
            Ok::<(), DesktopError>(())
        });
        match cleared.await {
            Ok(Ok(())) => self.keep_marks(),
            // What could not be done now is done at the next start.
            Ok(Err(error)) => self.desktop.say(&format!("The clipboard was not cleared. {error}")),
            Err(_) => self.desktop.say("The clipboard was not cleared: it does not answer."),
        }
        // Without an answer the icon goes with the process.
        let _ = timeout(END, self.desktop.close()).await;
    }
}
