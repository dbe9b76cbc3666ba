//! The agent's socket on Unix.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use daypass_api::{ApiError, ErrorCode, Home, reason};
use tokio::net::{UnixListener, UnixStream};

use crate::folder;

/// The socket, bound.
pub(in crate::server) struct Listener(UnixListener);

impl Listener {
    /// Binds the socket, in the place of one that nobody answers on. Who calls holds the lock.
    ///
    /// # Errors
    /// `internal` where it cannot be bound, or another agent answers on it.
    pub(in crate::server) async fn bind(home: &Home, socket: &Path) -> Result<Self, ApiError> {
        use std::io::ErrorKind::{ConnectionRefused, NotFound};

        let failed = |error: std::io::Error| {
            let message = format!("The socket {} cannot be bound: {}.", socket.display(), reason(&error));
            ApiError::new(ErrorCode::Internal, message)
        };
        folder::private(home.run_dir())?;
        match UnixStream::connect(socket).await {
            Err(error) if error.kind() == NotFound => {}
            Err(error) if error.kind() == ConnectionRefused => std::fs::remove_file(socket).map_err(failed)?,
            // An agent of another vault, which has the same runtime folder; one that is too busy to answer included.
            _ => {
                let message = "Another agent answers on the socket already; end it with `daypass agent --stop` first.";
                return Err(ApiError::new(ErrorCode::Internal, message));
            }
        }
        let listener = UnixListener::bind(socket).map_err(failed)?;
        std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self(listener))
    }

    /// The next connection; `None` for one of another user. It may be dropped while it waits, and loses nothing.
    ///
    /// # Errors
    /// Those of the kernel.
    pub(in crate::server) async fn accept(&mut self) -> std::io::Result<Option<UnixStream>> {
        let (stream, _) = self.0.accept().await?;
        Ok(is_ours(&stream).then_some(stream))
    }
}

/// Whether the other end runs as our user.
fn is_ours(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}
