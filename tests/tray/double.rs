//! A desktop that remembers what it was told, and an agent that answers what the test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use daypass_agent::Notice;
use daypass_api::request::{LogQuery, TokenRequest};
use daypass_api::settings::ShortcutView;
use daypass_api::view::{LogEntry, LogView, Place, Snapshot, TokenView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::{Clock, Secret, Time};
use daypass_tray::{
    Binding, Cleared, Desktop, DesktopError, DesktopEvent, Door, Drawing, Note, Reply, Shortcut, Topic, Unbound,
};
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::time::Instant;

use crate::made::{after, now};

/// What the desktop has seen, and how it behaves.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) drawings: Vec<Drawing>,
    pub(crate) notes: Vec<Note>,
    pub(crate) withdrawn: Vec<Topic>,
    pub(crate) said: Vec<String>,
    pub(crate) opened: Vec<Place>,
    pub(crate) closed: bool,
    /// What a user would paste.
    pub(crate) clipboard: Option<String>,
    /// Whether there is somebody to show tray icons.
    pub(crate) host: bool,
    /// Whether the clipboard fails.
    pub(crate) broken_clipboard: bool,
    /// Whether the clipboard never answers.
    pub(crate) mute_clipboard: bool,
    /// The shortcuts that were bound, in turn; `None` where none was wanted any more.
    pub(crate) bound: Vec<Option<String>>,
    /// Why no shortcut can be bound.
    pub(crate) unbound: Option<Unbound>,
    /// The palettes that were started, and whether each was to stay hidden.
    pub(crate) palettes: Vec<bool>,
    /// Whether the window's program is missing.
    pub(crate) no_window: bool,
    /// What the clipboard waits for before it says that it has taken a token.
    pub(crate) slow_clipboard: Option<Arc<Notify>>,
}

/// The desktop's double. Its clones are the same desktop.
#[derive(Clone)]
pub(crate) struct DeskDouble {
    seen: Arc<Mutex<Seen>>,
    events: Arc<Mutex<Option<mpsc::UnboundedReceiver<DesktopEvent>>>>,
}

impl DeskDouble {
    pub(crate) fn new() -> (Self, mpsc::UnboundedSender<DesktopEvent>) {
        let (sender, events) = mpsc::unbounded_channel();
        let seen = Seen { host: true, ..Seen::default() };
        (Self { seen: Arc::new(Mutex::new(seen)), events: Arc::new(Mutex::new(Some(events))) }, sender)
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

fn at_once<T: Send + 'static>(result: Result<T, DesktopError>) -> Reply<T> {
    Box::pin(std::future::ready(result))
}

impl Desktop for DeskDouble {
    fn events(&mut self) -> mpsc::UnboundedReceiver<DesktopEvent> {
        self.events.lock().unwrap().take().expect("asked for once")
    }

    fn draw(&mut self, drawing: &Drawing) {
        self.seen().drawings.push(drawing.clone());
    }

    fn has_tray_host(&mut self) -> Reply<bool> {
        at_once(Ok(self.seen().host))
    }

    fn copy(&mut self, token: Secret) -> Reply<()> {
        let mut seen = self.seen();
        if seen.broken_clipboard {
            return at_once(Err(DesktopError::Clipboard("no display".to_owned())));
        }
        seen.clipboard = Some(token.expose().to_owned());
        match seen.slow_clipboard.clone() {
            Some(taken) => Box::pin(async move {
                taken.notified().await;
                Ok(())
            }),
            None => at_once(Ok(())),
        }
    }

    fn holds(&mut self, digest: String) -> Reply<bool> {
        let seen = self.seen();
        at_once(Ok(seen.clipboard.as_ref().is_some_and(|text| Secret::new(text.as_str()).digest() == digest)))
    }

    fn clear(&mut self, digest: String) -> Reply<Cleared> {
        let mut seen = self.seen();
        if seen.mute_clipboard {
            return Box::pin(std::future::pending());
        }
        if seen.broken_clipboard {
            return at_once(Err(DesktopError::Clipboard("no display".to_owned())));
        }
        if seen.clipboard.as_ref().is_some_and(|text| Secret::new(text.as_str()).digest() == digest) {
            seen.clipboard = None;
            return at_once(Ok(Cleared::Ours));
        }
        at_once(Ok(Cleared::NotOurs))
    }

    fn notify(&mut self, note: Note) {
        self.seen().notes.push(note);
    }

    fn withdraw(&mut self, topic: Topic) {
        self.seen().withdrawn.push(topic);
    }

    fn open_window(&mut self, place: &Place) -> Result<(), DesktopError> {
        let mut seen = self.seen();
        if seen.no_window {
            return Err(DesktopError::Window("daypass-window: not found".to_owned()));
        }
        seen.opened.push(place.clone());
        Ok(())
    }

    fn bind(&mut self, shortcut: Option<Shortcut>) -> Binding {
        let mut seen = self.seen();
        let keys = shortcut.map(|shortcut| shortcut.to_string());
        seen.bound.push(keys.clone());
        let result = seen.unbound.clone().map_or_else(|| Ok(keys.unwrap_or_default()), Err);
        Box::pin(std::future::ready(result))
    }

    fn open_palette(&mut self, hidden: bool) -> Result<(), DesktopError> {
        let mut seen = self.seen();
        if seen.no_window {
            return Err(DesktopError::Window("daypass-window: not found".to_owned()));
        }
        seen.palettes.push(hidden);
        Ok(())
    }

    fn say(&mut self, line: &str) {
        self.seen().said.push(line.to_owned());
    }

    fn close(&mut self) -> Reply<()> {
        self.seen().closed = true;
        at_once(Ok(()))
    }
}

/// What the agent was asked, and how it answers.
#[derive(Default)]
pub(crate) struct Asked {
    /// Requests in words.
    pub(crate) log: Vec<String>,
    /// The token of an account, and how long it takes to get it; any other account is unknown.
    pub(crate) tokens: HashMap<String, (Duration, &'static str)>,
    /// The history, newest first.
    pub(crate) history: Vec<LogEntry>,
    /// What every refresh, revocation and change fails with.
    pub(crate) failure: Option<ApiError>,
    /// Whether a window listens.
    pub(crate) listening: bool,
    /// Whether a palette listens.
    pub(crate) palette: bool,
    /// What was told of the shortcut last.
    pub(crate) shortcut: ShortcutView,
}

/// The agent's double. Its clones are the same agent.
#[derive(Clone)]
pub(crate) struct AgentDouble {
    pub(crate) snapshots: Arc<Mutex<Option<watch::Sender<Arc<Snapshot>>>>>,
    pub(crate) notices: broadcast::Sender<Notice>,
    asked: Arc<Mutex<Asked>>,
}

impl AgentDouble {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        let snapshots = Arc::new(Mutex::new(Some(watch::Sender::new(Arc::new(snapshot)))));
        Self { snapshots, notices: broadcast::Sender::new(4), asked: Arc::default() }
    }

    pub(crate) fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap()
    }

    fn note(&self, what: String) -> Result<(), ApiError> {
        let mut asked = self.asked();
        asked.log.push(what);
        asked.failure.clone().map_or(Ok(()), Err)
    }
}

impl Door for AgentDouble {
    fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.lock().unwrap().as_ref().expect("an agent that lives").subscribe()
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    async fn token(&self, account: &str, request: TokenRequest) -> Result<TokenView, ApiError> {
        let found = {
            let mut asked = self.asked();
            asked.log.push(format!("token {account} {:?}", request.session));
            asked.tokens.get(account).copied()
        };
        let unknown = || ApiError::new(ErrorCode::UnknownAccount, format!("There is no account {account}."));
        let (delay, token) = found.ok_or_else(unknown)?;
        tokio::time::sleep(delay).await;
        Ok(TokenView {
            account: account.to_owned(),
            provider: "discovr".to_owned(),
            token: Secret::new(token),
            header_name: "Authorization".to_owned(),
            header_prefix: "Bearer ".to_owned(),
            expires_at: Some(after(1500)),
            session_id: request.session.unwrap_or_else(|| "s1".to_owned()),
            remaining_seconds: 1500,
            short_because: None,
        })
    }

    async fn refresh(&self, account: &str) -> Result<(), ApiError> {
        self.note(format!("refresh {account}"))
    }

    async fn revoke(&self, account: &str, id: &str, forget: bool) -> Result<(), ApiError> {
        self.note(format!("revoke {account} {id} forget={forget}"))
    }

    async fn change_settings(&self, patch: serde_json::Value) -> Result<(), ApiError> {
        self.note(format!("settings {patch}"))
    }

    async fn log(&self, query: LogQuery) -> Result<LogView, ApiError> {
        self.note(format!("log {:?}", query.account))?;
        Ok(LogView { entries: self.asked().history.clone(), more: false })
    }

    async fn open_vault(&self) -> Result<(), ApiError> {
        self.note("open vault".to_owned())
    }

    fn copied(&self, account: &str, session: &str) {
        self.asked().log.push(format!("copied {account} {session}"));
    }

    fn has_window(&self) -> bool {
        self.asked().listening
    }

    fn focus_window(&self, place: Place) -> bool {
        let mut asked = self.asked();
        if asked.listening {
            asked.log.push(format!("focus {:?}", place.page));
        }
        asked.listening
    }

    fn toggle_palette(&self) -> bool {
        let mut asked = self.asked();
        if asked.palette {
            asked.log.push("palette".to_owned());
        }
        asked.palette
    }

    fn shortcut_is(&self, shortcut: ShortcutView) {
        self.asked().shortcut = shortcut;
    }
}

/// A wall clock that goes with tokio's paused time, from [`now`] on, and can jump ahead of it.
pub(crate) struct WallClock {
    began: Instant,
    ahead: Mutex<Duration>,
}

impl WallClock {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), ahead: Mutex::default() }
    }

    /// Time in which the machine slept: the wall clock counts it, timers do not.
    pub(crate) fn jump(&self, span: Duration) {
        *self.ahead.lock().unwrap() += span;
    }
}

impl Clock for WallClock {
    fn now(&self) -> Time {
        now() + self.began.elapsed() + *self.ahead.lock().unwrap()
    }
}
