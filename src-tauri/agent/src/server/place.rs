//! The agent's place, as other processes find it: the lock beside the vault, and the socket in the runtime folder.
//!
//! Either can be taken away while the agent runs: a logout removes the runtime folder, somebody tidies up. An agent that
//! nobody finds while it holds the vault would be in everybody's way, so it makes its place anew, or ends.

#[cfg_attr(unix, path = "place/unix.rs")]
#[cfg_attr(windows, path = "place/windows.rs")]
mod listener;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use daypass_api::{ApiError, ErrorCode, Home};
use tokio::time::{Instant, sleep_until};

pub(super) use self::listener::Listener;
use crate::watch::{Told, Watch};
use crate::{AgentLock, system};

/// How often the place is looked at where the kernel does not tell: after a folder further up was moved, say.
const LOOK: Duration = Duration::from_secs(30);
/// How long whoever removes things may go on until we look what is left.
const SETTLE: Duration = Duration::from_millis(200);

/// A place that is taken.
pub(super) struct Place {
    home: Home,
    lock: AgentLock,
    socket: PathBuf,
    /// Which file the socket is.
    bound: Option<Identity>,
    /// Which folder the vault was opened in.
    data: Option<Identity>,
    watch: Option<Watch>,
    next_look: Instant,
}

impl Place {
    /// Binds the socket of `home`, in the place of one that nobody answers on.
    ///
    /// # Errors
    /// `internal` where it cannot be bound, or another agent answers on it.
    pub(super) async fn take(home: &Home, lock: AgentLock) -> Result<(Self, Listener), ApiError> {
        let socket = home.socket()?;
        let listener = Listener::bind(home, &socket).await?;
        let data = there(home.data_dir());
        let next_look = Instant::now();
        let mut place = Self { home: home.clone(), lock, socket, bound: None, data, watch: None, next_look };
        place.remember();
        Ok((place, listener))
    }

    /// Waits until it is time to look whether the place is still ours, and makes anew what was taken away: the socket that
    /// is answered. It may be dropped while it waits, and loses nothing.
    ///
    /// # Errors
    /// `internal` where that cannot be done, or the vault's folder or the place is another's now: this agent has to end.
    pub(super) async fn lost_socket(&mut self) -> Result<Listener, ApiError> {
        loop {
            tokio::select! {
                () = stirred(self.watch.as_ref()) => self.next_look = self.next_look.min(Instant::now() + SETTLE),
                () = sleep_until(self.next_look) => {
                    let listener = self.look().await?;
                    self.next_look = Instant::now() + LOOK;
                    if let Some(listener) = listener {
                        return Ok(listener);
                    }
                }
            }
        }
    }

    async fn look(&mut self) -> Result<Option<Listener>, ApiError> {
        let ended = |why: String| ApiError::new(ErrorCode::Internal, format!("{why}; this agent has ended."));
        let data = self.home.data_dir();
        if there(data) != self.data {
            // What is at its place now, if anything, is not what we hold in memory.
            return Err(ended(format!("The folder {} was moved or removed", data.display())));
        }
        let (locked, bound) = (self.lock.holds(), self.is_bound());
        if !locked {
            let taken = || ended("The lock was removed, and another agent has taken its place".to_owned());
            self.lock = AgentLock::acquire(&self.home)?.ok_or_else(taken)?;
        }
        let listener = if bound { None } else { Some(Listener::bind(&self.home, &self.socket).await?) };
        if !(locked && bound) {
            self.remember();
        }
        Ok(listener)
    }

    /// Takes the socket away, so that a successor can bind its own; the lock is kept until what is under way is stored.
    pub(super) fn leave(self) -> AgentLock {
        if self.is_bound() {
            // Somebody may have removed it in this moment.
            let _ = std::fs::remove_file(&self.socket);
        }
        self.lock
    }

    /// Whether clients that look for the socket find ours.
    fn is_bound(&self) -> bool {
        self.bound.is_some() && self.bound == there(&self.socket)
    }

    fn remember(&mut self) {
        self.next_look = Instant::now() + LOOK;
        self.bound = there(&self.socket);
        let (lock, socket) = (self.home.agent_lock(), self.socket.as_path());
        self.watch = Watch::of(Told::Gone, [&lock, socket, self.home.data_dir(), self.home.run_dir()]).ok();
    }
}

/// What makes a file the same one.
type Identity = (system::Identity, Option<SystemTime>);

/// Which file is at `path`.
fn there(path: &Path) -> Option<Identity> {
    let file = std::fs::symlink_metadata(path).ok()?;
    Some((system::identity(&file), system::born(&file)))
}

/// Waits for the kernel's word, where there is one.
async fn stirred(watch: Option<&Watch>) {
    match watch {
        Some(watch) => watch.stirred().await,
        None => std::future::pending().await,
    }
}
