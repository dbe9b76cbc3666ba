//! The server of the local API: HTTP/1 and JSON on the agent's socket.

use std::future::Future;
use std::sync::Arc;

use daypass_api::{ApiError, Home};

use crate::{Agent, Face};

/// Answers every request of [`daypass_api::request`] on the socket of `home`, until `shutdown` or `POST /v1/shutdown`.
///
/// The caller holds the [`AgentLock`](crate::AgentLock) of `home`. A socket that a dead agent left behind is replaced;
/// one that answers is not. On the end the streams get `bye`, requests under way may finish for a moment, and the
/// agent is stopped.
///
/// # Errors
/// `internal` where the lock is not held by this process, or the socket cannot be bound.
pub async fn serve(
    _agent: Agent,
    _home: &Home,
    _face: Option<Arc<dyn Face>>,
    _shutdown: impl Future<Output = ()>,
) -> Result<(), ApiError> {
    todo!()
}
