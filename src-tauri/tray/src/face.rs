//! The door by which the agent's server asks the tray: [`TrayFace`] sends, [`Requests`] is what [`run`](crate::run) receives.

use daypass_agent::{Face, FaceFuture};
use daypass_api::request::CopyRequest;
use daypass_api::view::{CopyView, Place};
use daypass_api::{ApiError, ErrorCode};
use tokio::sync::{mpsc, oneshot};

/// Where the answer to a request goes.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, ApiError>>;

/// What another door asks of the tray.
pub(crate) enum Request {
    /// Put a token on the clipboard.
    Copy(CopyRequest, Answer<CopyView>),
    /// Open the window.
    Open(Place, Answer<()>),
    /// Open the palette, or close it.
    Palette(Answer<()>),
}

/// The tray as the agent's server knows it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TrayFace(mpsc::UnboundedSender<Request>);

/// The receiving end, for [`run`](crate::run).
#[derive(Debug)]
pub struct Requests(pub(crate) mpsc::UnboundedReceiver<Request>);

impl TrayFace {
    /// A face and its receiving end. Requests wait until [`run`](crate::run) has begun.
    pub fn new() -> (Self, Requests) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), Requests(receiver))
    }

    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, ApiError> {
        let (answer, answered) = oneshot::channel();
        // Where the tray has ended, the request is dropped with its answer, and the wait below ends.
        let _ = self.0.send(request(answer));
        answered.await.unwrap_or_else(|_| Err(ApiError::new(ErrorCode::Offline, "The tray app is ending.")))
    }
}

impl Face for TrayFace {
    fn copy(&self, request: CopyRequest) -> FaceFuture<'_, CopyView> {
        Box::pin(self.ask(|answer| Request::Copy(request, answer)))
    }

    fn open_window(&self, place: Place) -> FaceFuture<'_, ()> {
        Box::pin(self.ask(move |answer| Request::Open(place, answer)))
    }

    fn toggle_palette(&self) -> FaceFuture<'_, ()> {
        Box::pin(self.ask(Request::Palette))
    }
}
