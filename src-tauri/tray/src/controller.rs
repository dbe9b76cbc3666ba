//! The controller: the one task that owns the state of the desktop. Each reason to wake up has a name in [`Wake`].

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use daypass_agent::Notice;
use daypass_api::request::CopyRequest;
use daypass_api::view::{Place, Snapshot};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::Clock;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::clip::{Clip, Put};
use crate::desktop::{Cleared, Desktop, DesktopError, DesktopEvent, Drawing};
use crate::door::Door;
use crate::face::{Request, Requests};
use crate::menu::{Action, menu};
use crate::note::{NO_TRAY, Note};
use crate::picture::{picture, tooltip};
use crate::told::Told;
use crate::window::{Opening, Window};

/// How often the remaining lives in the menu are looked at. Well under the 30 s after which every timer must have
/// asked the wall clock again.
const TICK: Duration = Duration::from_secs(15);
/// How long a tray host may take to come: at login the panel and we start at the same time.
const HOST_GRACE: Duration = Duration::from_secs(2);
/// How long the end may take, for each of its two steps.
const END: Duration = Duration::from_secs(3);

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
    Token { number: u64, result: Result<daypass_api::view::TokenView, ApiError> },
    /// The clipboard took a token, or did not.
    Copied { put: Put, result: Result<(), DesktopError> },
    /// The clipboard was cleared where it was ours.
    Cleared(Result<Cleared, DesktopError>),
    /// A refresh, a revocation, or opening the vault; `what` completes "Could not …".
    Action { account: String, what: String, result: Result<(), ApiError> },
    /// Whether there is a tray host; `again` where it was asked for the second time.
    Host { present: bool, again: bool },
}

struct Controller<A, D> {
    agent: A,
    desktop: D,
    clock: Arc<dyn Clock>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    drawn: Option<Drawing>,
    clip: Clip,
    window: Window,
    told: Told,
    jobs: JoinSet<Done>,
    /// When the lives are looked at again.
    tick: Instant,
    /// When the tray host is asked for again.
    host_check: Option<Instant>,
}

/// Runs the tray app until the user quits, `shutdown` is ready, or the agent ends. Then the clipboard is cleared where it
/// is still ours, and the icon is taken away.
pub async fn run<A: Door, D: Desktop>(
    agent: A,
    mut desktop: D,
    clock: Arc<dyn Clock>,
    requests: Requests,
    shutdown: impl Future<Output = ()>,
) -> Ended {
    let events = desktop.events();
    let notices = agent.notices();
    let snapshots = agent.watch();
    let controller = Controller {
        agent,
        desktop,
        clock,
        snapshots,
        drawn: None,
        clip: Clip::default(),
        window: Window::default(),
        told: Told::default(),
        jobs: JoinSet::new(),
        tick: Instant::now() + TICK,
        host_check: None,
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
        self.draw();
        self.ask_for_host(false);
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
        let now = self.clock.now();
        let snapshot = self.snapshots.borrow_and_update().clone();
        let drawing = Drawing { picture: picture(&snapshot), tooltip: tooltip(&snapshot), menu: menu(&snapshot, now) };
        if self.drawn.as_ref() != Some(&drawing) {
            self.desktop.draw(&drawing);
            self.drawn = Some(drawing);
        }
        for topic in self.told.over(&snapshot) {
            self.desktop.withdraw(topic);
        }
    }

    fn on_notice(&mut self, notice: &Notice) {
        let note = Note::of(notice, self.clock.now());
        self.told.note(note.topic);
        self.desktop.notify(note);
        // The snapshot that says why may be the present one.
        self.draw();
    }

    fn next_wake(&self) -> Instant {
        [self.host_check, self.clip.next_due(), self.window.next_check()]
            .into_iter()
            .flatten()
            .fold(self.tick, Instant::min)
    }

    fn on_tick(&mut self) {
        let now = Instant::now();
        if now >= self.tick {
            self.tick = now + TICK;
            self.draw();
        }
        for digest in self.clip.take_due(now, self.clock.now()) {
            let reply = self.desktop.clear(digest);
            self.jobs.spawn(async { Done::Cleared(reply.await) });
        }
        if self.host_check.take_if(|at| now >= *at).is_some() {
            self.ask_for_host(true);
        }
        if let Some(place) = self.window.place_to_focus(now) {
            if self.agent.focus_window(place) {
                self.window.focused();
            } else if let Some(place) = self.window.place_to_start(now) {
                self.open_for_user(place);
            }
        }
    }

    fn on_event(&mut self, event: DesktopEvent) {
        match event {
            DesktopEvent::Clicked => self.open_for_user(Place::default()),
            DesktopEvent::Chosen(action) => self.on_action(action),
            DesktopEvent::WindowEnded { success } => {
                if !success {
                    let message =
                        "Its program ended with an error; what it said stands where `daypass tray` was started.";
                    self.fail("", "show the window", &ApiError::new(ErrorCode::Internal, message));
                }
                if let Some(place) = self.window.ended(Instant::now()) {
                    self.open_for_user(place);
                }
            }
        }
    }

    fn on_action(&mut self, action: Action) {
        match action {
            Action::Copy { account, session } => {
                let number = self.clip.begin(&account, None);
                self.ask_for_token(number, CopyRequest { account, session });
            }
            Action::Refresh { account } => {
                let agent = self.agent.clone();
                self.jobs.spawn(async move {
                    let result = agent.refresh(&account).await;
                    let what = format!("refresh {account}");
                    Done::Action { account, what, result }
                });
            }
            Action::Revoke { account, session, forget } => {
                let agent = self.agent.clone();
                self.jobs.spawn(async move {
                    let result = agent.revoke(&account, &session, forget).await;
                    let what = format!("{} a session of {account}", if forget { "forget" } else { "revoke" });
                    Done::Action { account, what, result }
                });
            }
            Action::OpenVault => {
                let agent = self.agent.clone();
                self.jobs.spawn(async move {
                    let result = agent.open_vault().await;
                    Done::Action { account: String::new(), what: "open the vault".to_owned(), result }
                });
            }
            Action::Open { place } => self.open_for_user(place),
            // The loop ends before it comes here.
            Action::Quit => {}
        }
    }

    fn on_request(&mut self, request: Request) {
        match request {
            Request::Copy(request, answer) => {
                let number = self.clip.begin(&request.account, Some(answer));
                self.ask_for_token(number, request);
            }
            Request::Open(place, answer) => {
                // Whoever asked may have gone away; the window opens all the same.
                let _ = answer.send(self.open(place, false).map_err(|error| internal(&error)));
            }
        }
    }

    fn on_done(&mut self, done: Done) {
        match done {
            Done::Token { number, result } => {
                let Some(wish) = self.clip.answered(number) else { return };
                match result {
                    Ok(token) => {
                        let put = self.clip.put(wish, &token, Instant::now(), self.clock.now());
                        let reply = self.desktop.copy(token.token);
                        self.jobs.spawn(async { Done::Copied { put, result: reply.await } });
                    }
                    Err(error) => self.copy_failed(&wish.account, wish.answer, error),
                }
            }
            Done::Copied { put, result: Ok(()) } => {
                self.agent.copied(&put.view.account, &put.view.session_id);
                let note = Note::copied(&put.view, put.short_because.as_ref(), self.clock.now());
                self.desktop.notify(note);
                if let Some(answer) = put.answer {
                    let _ = answer.send(Ok(put.view));
                }
            }
            Done::Copied { put, result: Err(error) } => {
                self.copy_failed(&put.view.account, put.answer, internal(&error));
            }
            Done::Cleared(Ok(Cleared::Ours | Cleared::NotOurs)) => {}
            Done::Cleared(Err(error)) => self.desktop.say(&format!("The clipboard was not cleared. {error}")),
            Done::Action { account, what, result } => {
                if let Err(error) = result {
                    self.fail(&account, &what, &error);
                }
            }
            Done::Host { present: true, .. } => {}
            Done::Host { present: false, again: false } => self.host_check = Some(Instant::now() + HOST_GRACE),
            Done::Host { present: false, again: true } => {
                self.desktop.say(NO_TRAY);
                self.desktop.notify(Note::no_tray());
                self.open_for_user(Place::default());
            }
        }
    }

    fn ask_for_token(&mut self, number: u64, request: CopyRequest) {
        let agent = self.agent.clone();
        self.jobs.spawn(async move {
            let wish = daypass_api::request::TokenRequest { session: request.session, ..Default::default() };
            Done::Token { number, result: agent.token(&request.account, wish).await }
        });
    }

    fn ask_for_host(&mut self, again: bool) {
        let reply = self.desktop.has_tray_host();
        self.jobs.spawn(async move { Done::Host { present: reply.await.unwrap_or(false), again } });
    }

    /// Tells whoever asked for a copy that there is none: the door that asked, or the user who pressed the menu.
    fn copy_failed(
        &mut self,
        account: &str,
        answer: Option<crate::face::Answer<daypass_api::view::CopyView>>,
        error: ApiError,
    ) {
        match answer {
            Some(answer) => drop(answer.send(Err(error))),
            None => self.fail(account, &format!("copy the token of {account}"), &error),
        }
    }

    fn fail(&mut self, account: &str, what: &str, error: &ApiError) {
        self.desktop.notify(Note::failed(account, what, error));
    }

    fn open_for_user(&mut self, place: Place) {
        if let Err(error) = self.open(place, true) {
            self.desktop.say(&error.to_string());
            self.fail("", "open the window", &internal(&error));
        }
    }

    /// Brings the window to the front, or starts it. `user` tells a user's own wish from that of a window's program.
    fn open(&mut self, place: Place, user: bool) -> Result<(), DesktopError> {
        if self.agent.focus_window(place.clone()) {
            self.window.focused();
            return Ok(());
        }
        match self.window.wanted(place.clone(), user, Instant::now()) {
            Opening::Start => {
                self.desktop.open_window(&place)?;
                self.window.started(Instant::now());
                Ok(())
            }
            Opening::Wait => Ok(()),
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
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.desktop.say(&format!("The clipboard was not cleared. {error}")),
            Err(_) => self.desktop.say("The clipboard was not cleared: it does not answer."),
        }
        // Without an answer the icon goes with the process.
        let _ = timeout(END, self.desktop.close()).await;
    }
}

fn internal(error: &DesktopError) -> ApiError {
    ApiError::new(ErrorCode::Internal, error.to_string())
}
