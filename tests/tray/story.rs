//! A running tray on doubles, in paused time: minutes pass in no time, and nothing is left to chance.

use std::sync::Arc;
use std::time::Duration;

use daypass_agent::Face;
use daypass_api::ApiError;
use daypass_api::request::CopyRequest;
use daypass_api::view::{CopyView, Page, Snapshot};
use daypass_tray::{Action, DesktopEvent, Ended, Note, Surroundings, TrayFace, run};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::double::{AgentDouble, DeskDouble, WallClock};
use crate::made::{account, snapshot};

pub(crate) struct Story {
    pub(crate) agent: AgentDouble,
    pub(crate) desk: DeskDouble,
    pub(crate) clock: Arc<WallClock>,
    pub(crate) face: TrayFace,
    /// The data folder.
    pub(crate) data: Arc<TempDir>,
    events: mpsc::UnboundedSender<DesktopEvent>,
    shutdown: Option<oneshot::Sender<()>>,
    task: JoinHandle<Ended>,
}

impl Story {
    /// A tray with one account, `work`, whose token is `token-of-work` and comes at once.
    pub(crate) async fn begin() -> Self {
        Self::begin_with(snapshot(vec![account("work")]), |_| {}).await
    }

    /// A tray on a desktop that is prepared before it starts.
    pub(crate) async fn begin_with(snapshot: Snapshot, prepare: impl FnOnce(&DeskDouble)) -> Self {
        Self::begin_in(Arc::new(tempfile::tempdir().unwrap()), snapshot, prepare).await
    }

    /// The same in a data folder that an earlier tray has left.
    pub(crate) async fn begin_in(data: Arc<TempDir>, snapshot: Snapshot, prepare: impl FnOnce(&DeskDouble)) -> Self {
        let (desk, events) = DeskDouble::new();
        prepare(&desk);
        let agent = AgentDouble::new(snapshot);
        agent.asked().tokens.insert("work".to_owned(), (Duration::ZERO, "token-of-work"));
        let clock = Arc::new(WallClock::new());
        let (face, requests) = TrayFace::new();
        let (shutdown, stopped) = oneshot::channel();
        let around = Surroundings { clock: clock.clone(), data: data.path().to_owned(), variable: |_| None };
        let task = tokio::spawn(run(agent.clone(), desk.clone(), around, requests, async {
            // A story that is dropped without an end does not end its tray.
            if stopped.await.is_err() {
                std::future::pending().await
            }
        }));
        let story = Self { agent, desk, clock, face, data, events, shutdown: Some(shutdown), task };
        story.pass(Duration::ZERO).await;
        story
    }

    /// Lets time pass, and the tray do all that is due by then.
    pub(crate) async fn pass(&self, span: Duration) {
        // Paused time moves only when every task waits, so after this millisecond nothing is left to do.
        tokio::time::sleep(span + Duration::from_millis(1)).await;
    }

    pub(crate) async fn seconds(&self, seconds: u64) {
        self.pass(Duration::from_secs(seconds)).await;
    }

    pub(crate) async fn choose(&self, action: Action) {
        self.happen(DesktopEvent::Chosen(action)).await;
    }

    /// Chooses *Copy token* of an account.
    pub(crate) async fn choose_copy(&self, account: &str) {
        self.choose(Action::Copy { account: account.to_owned(), session: None }).await;
    }

    pub(crate) async fn happen(&self, event: DesktopEvent) {
        self.events.send(event).unwrap();
        self.pass(Duration::ZERO).await;
    }

    /// Asks for a copy as the command line does.
    pub(crate) async fn ask_copy(&self, account: &str) -> Result<CopyView, ApiError> {
        self.face.copy(CopyRequest { account: account.to_owned(), session: None }).await
    }

    /// Asks for the window as another program does.
    pub(crate) async fn ask_window(&self, page: Page) -> Result<(), ApiError> {
        let answer = self.face.open_window(page.into()).await;
        self.pass(Duration::ZERO).await;
        answer
    }

    /// The agent shows something else.
    pub(crate) async fn show(&self, snapshot: Snapshot) {
        self.agent.snapshots.lock().unwrap().as_ref().unwrap().send_replace(Arc::new(snapshot));
        self.pass(Duration::ZERO).await;
    }

    /// The notification that was shown last.
    pub(crate) fn last_note(&self) -> Note {
        self.desk.seen().notes.last().expect("a notification").clone()
    }

    /// Ends the tray as a crash does: nothing is cleared or told any more.
    pub(crate) fn crash(self) -> (DeskDouble, Arc<TempDir>) {
        self.task.abort();
        (self.desk.clone(), self.data.clone())
    }

    pub(crate) fn stop(&mut self) {
        self.shutdown.take().unwrap().send(()).unwrap();
    }

    pub(crate) async fn ended(&mut self) -> Ended {
        (&mut self.task).await.unwrap()
    }

    pub(crate) fn clipboard(&self) -> Option<String> {
        self.desk.seen().clipboard.clone()
    }
}

impl Drop for Story {
    /// No story may show or tell a token.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let seen = self.desk.seen();
            let told = format!("{:?} {:?} {:?}", seen.drawings, seen.notes, seen.said);
            assert!(!told.contains("token-of-"), "a token was shown: {told}");
        }
    }
}
