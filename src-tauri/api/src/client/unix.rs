//! The agent's socket, as a client comes to it on Unix.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};

use super::SIGN_OF_LIFE;

/// A connection to the agent.
pub(super) type Stream = UnixStream;

/// Why there is no connection.
pub(super) enum Unconnected {
    /// Nobody answers there.
    Nobody,
    /// Somebody is there, and takes no more.
    Full,
    /// It went wrong.
    Failed(std::io::Error),
}

/// Whether somebody takes connections on `socket`.
pub fn answers(socket: &Path) -> bool {
    connect(socket).is_ok()
}

/// A connection to `socket` on which nothing waits longer than [`SIGN_OF_LIFE`].
pub(super) fn connect(socket: &Path) -> Result<Stream, Unconnected> {
    connected(socket).map_err(|error| match error {
        Errno::NOENT | Errno::CONNREFUSED | Errno::NOTDIR => Unconnected::Nobody,
        Errno::AGAIN => Unconnected::Full,
        error => Unconnected::Failed(error.into()),
    })
}

fn connected(socket: &Path) -> rustix::io::Result<Stream> {
    let address = SocketAddrUnix::new(socket)?;
    let stream = unconnected()?;
    // Before it is connected: an agent that is stopped lets so many wait, and the next one for ever (unix(7)).
    set_socket_timeout(&stream, Timeout::Send, Some(SIGN_OF_LIFE))?;
    set_socket_timeout(&stream, Timeout::Recv, Some(SIGN_OF_LIFE))?;
    rustix::net::connect(&stream, &address)?;
    Ok(stream.into())
}

/// A socket that no child inherits.
#[cfg(not(target_os = "macos"))]
fn unconnected() -> rustix::io::Result<OwnedFd> {
    socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}

/// The same, where that takes a second call.
#[cfg(target_os = "macos")]
fn unconnected() -> rustix::io::Result<OwnedFd> {
    let stream = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::empty(), None)?;
    rustix::io::fcntl_setfd(&stream, rustix::io::FdFlags::CLOEXEC)?;
    Ok(stream)
}

/// The path that the lock file of an agent names; elsewhere not all bytes are one.
pub(super) fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    Some(PathBuf::from(OsStr::from_bytes(bytes)))
}
