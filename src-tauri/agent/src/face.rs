//! What the agent asks of the desktop app that it lives in, where it lives in one.

use std::future::Future;
use std::pin::Pin;

use daypass_api::ApiError;
use daypass_api::request::CopyRequest;
use daypass_api::view::{CopyView, Place};

/// A boxed future, so that [`Face`] can be a trait object.
pub type FaceFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ApiError>> + Send + 'a>>;

/// The desktop app around the agent: it owns the clipboard and starts the window.
pub trait Face: Send + Sync + 'static {
    /// Puts a token on the clipboard, refreshed first where it is nearly dead.
    ///
    /// # Errors
    /// Those of [`Agent::token`](crate::Agent::token), and `internal` where the clipboard cannot be reached.
    fn copy(&self, request: CopyRequest) -> FaceFuture<'_, CopyView>;

    /// Opens the window, or brings it to the front.
    ///
    /// # Errors
    /// `internal` where the window's program cannot be started.
    fn open_window(&self, place: Place) -> FaceFuture<'_, ()>;

    /// Opens the palette for quick copies, or closes it where it is open.
    ///
    /// # Errors
    /// `internal` where its program cannot be started.
    fn toggle_palette(&self) -> FaceFuture<'_, ()>;
}
