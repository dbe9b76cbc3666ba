//! The agent's pipe, as a client comes to it on Windows.
//!
//! What [`Home::socket`](crate::Home::socket) names is a file there, in a folder that is its user's alone: it holds the name of the
//! pipe. The agent keeps that file open for as long as it lives, lets nobody else write it, and it goes with the process. So a
//! file that is held names a pipe of the agent's own, whatever pipes other users make.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use zeroize::Zeroizing;

use super::SIGN_OF_LIFE;

/// What every name of a pipe begins with.
const PIPES: &str = r"\\.\pipe\";
/// The longest file that is read: the name of a pipe (256 characters at most).
const LONGEST: u64 = 1 << 10;
/// `ERROR_SHARING_VIOLATION`: another process has the file open, and does not share it.
const SHARED_NOT: i32 = 32;
/// `ERROR_PIPE_BUSY`: every instance of the pipe has its client, and the next one is not made yet.
const BUSY: i32 = 231;
/// How long to wait until a busy pipe is tried again; `WaitNamedPipe` waits in the same steps.
const MOMENT: Duration = Duration::from_millis(5);
/// `SECURITY_IDENTIFICATION`: the other end may see who we are, and not act in our name.
const KNOWN_ONLY: u32 = 1 << 16;
/// How much is read at once.
const PIECE: usize = 16 << 10;

/// A connection to the agent. A pipe has no time limits, so what comes from it is read on a thread of its own, which begins with
/// the first read: until then the pipe is for writing.
#[derive(Debug)]
pub(super) struct Stream {
    pipe: Arc<File>,
    limit: Cell<Option<Duration>>,
    pieces: Option<Receiver<std::io::Result<Zeroizing<Vec<u8>>>>>,
    piece: Zeroizing<Vec<u8>>,
    taken: usize,
}

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

/// A connection to the pipe that `socket` names, on which no read waits longer than [`SIGN_OF_LIFE`].
pub(super) fn connect(socket: &Path) -> Result<Stream, Unconnected> {
    let name = name(socket)?;
    let mut waited = Duration::ZERO;
    let pipe = loop {
        let opened = OpenOptions::new().read(true).write(true).security_qos_flags(KNOWN_ONLY).open(&name);
        match opened {
            Ok(pipe) => break pipe,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Unconnected::Nobody),
            Err(error) if error.raw_os_error() == Some(BUSY) && waited < SIGN_OF_LIFE => {
                std::thread::park_timeout(MOMENT);
                waited += MOMENT;
            }
            Err(error) if error.raw_os_error() == Some(BUSY) => return Err(Unconnected::Full),
            Err(error) => return Err(Unconnected::Failed(error)),
        }
    };
    // Only now: an agent that lives after we have connected lived when we did.
    if !is_held(socket) {
        return Err(Unconnected::Nobody);
    }
    Ok(Stream {
        pipe: Arc::new(pipe),
        limit: Cell::new(Some(SIGN_OF_LIFE)),
        pieces: None,
        piece: Zeroizing::default(),
        taken: 0,
    })
}

/// The name of the pipe.
fn name(socket: &Path) -> Result<String, Unconnected> {
    let mut name = String::new();
    let read = File::open(socket).and_then(|file| file.take(LONGEST).read_to_string(&mut name));
    match read {
        Ok(_) if name.starts_with(PIPES) => Ok(name),
        // An agent that has just begun has not written it yet.
        Ok(_) => Err(Unconnected::Nobody),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(Unconnected::Nobody)
        }
        Err(error) => Err(Unconnected::Failed(error)),
    }
}

/// Whether an agent holds the file: then nobody else may write it.
fn is_held(socket: &Path) -> bool {
    let opened = OpenOptions::new().append(true).open(socket);
    opened.is_err_and(|error| error.raw_os_error() == Some(SHARED_NOT))
}

/// The path that the lock file of an agent names.
pub(super) fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

impl Stream {
    /// Has no read wait for longer than `limit`.
    ///
    /// # Errors
    /// None: elsewhere the kernel is told, and may refuse.
    pub(super) fn set_read_timeout(&self, limit: Option<Duration>) -> std::io::Result<()> {
        self.limit.set(limit);
        Ok(())
    }

    /// The next piece, from the thread that reads.
    fn next(&mut self) -> std::io::Result<Zeroizing<Vec<u8>>> {
        let pieces = match &self.pieces {
            Some(pieces) => pieces,
            None => self.pieces.insert(reading(self.pipe.clone())?),
        };
        let next = match self.limit.get() {
            Some(limit) => pieces.recv_timeout(limit),
            None => pieces.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match next {
            Ok(piece) => piece,
            Err(RecvTimeoutError::Timeout) => Err(ErrorKind::TimedOut.into()),
            // The thread has told of the end already.
            Err(RecvTimeoutError::Disconnected) => Ok(Zeroizing::default()),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.taken == self.piece.len() {
            self.piece = self.next()?;
            self.taken = 0;
        }
        let left = self.piece.get(self.taken..).unwrap_or_default();
        let length = left.len().min(buffer.len());
        buffer[..length].copy_from_slice(&left[..length]);
        self.taken += length;
        Ok(length)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        (&*self.pipe).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reads `pipe` on a thread of its own, one piece ahead, until its end or until nobody listens any more.
fn reading(pipe: Arc<File>) -> std::io::Result<Receiver<std::io::Result<Zeroizing<Vec<u8>>>>> {
    let (sender, pieces) = sync_channel(1);
    std::thread::Builder::new().name("pipe".to_owned()).spawn(move || {
        loop {
            let mut piece = Zeroizing::new(vec![0; PIECE]);
            let read = (&*pipe).read(&mut piece).map(|length| {
                piece.truncate(length);
                piece
            });
            let last = !matches!(&read, Ok(piece) if !piece.is_empty());
            if sender.send(read).is_err() || last {
                return;
            }
        }
    })?;
    Ok(pieces)
}
