//! The agent's pipe on Windows, and the file that names it. `daypass_api::client` tells why its clients can trust that file.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{Seek, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

use daypass_api::{ApiError, ErrorCode, Home, reason};
use interprocess::os::windows::named_pipe::pipe_mode::Bytes;
use interprocess::os::windows::named_pipe::tokio::{PipeListener, PipeStream};
use interprocess::os::windows::named_pipe::{PipeListenerOptions, PipeMode};
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use widestring::u16cstr;

use crate::folder;

/// `GENERIC_WRITE | DELETE`.
const WRITE_AND_REMOVE: u32 = 0x4000_0000 | 0x0001_0000;
/// `FILE_SHARE_READ`: others may read it, and neither write nor remove it.
const READ_BY_ALL: u32 = 1;
/// `FILE_FLAG_DELETE_ON_CLOSE`: it goes with this process, however that ends.
const GOES_WITH_US: u32 = 0x0400_0000;
/// `ERROR_SHARING_VIOLATION`.
const SHARED_NOT: i32 = 32;

/// The pipe and the file that names it.
pub(in crate::server) struct Listener {
    pipe: PipeListener<Bytes, Bytes>,
    file: File,
}

impl Listener {
    /// Makes a pipe, and names it in the file `socket`. Who calls holds the lock.
    ///
    /// # Errors
    /// `internal` where that cannot be done, or another agent has the file.
    pub(in crate::server) async fn bind(home: &Home, socket: &Path) -> Result<Self, ApiError> {
        let failed = |error: std::io::Error| {
            let message = format!("The pipe of {} cannot be made: {}.", socket.display(), reason(&error));
            ApiError::new(ErrorCode::Internal, message)
        };
        folder::private(home.run_dir())?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).access_mode(WRITE_AND_REMOVE);
        let file = options.share_mode(READ_BY_ALL).custom_flags(GOES_WITH_US).open(socket);
        let mut file = file.map_err(|error| match error.raw_os_error() {
            // An agent of another vault, which has the same runtime folder.
            Some(SHARED_NOT) => {
                let message = "Another agent answers on the pipe already; end it with `daypass agent --stop` first.";
                ApiError::new(ErrorCode::Internal, message)
            }
            _ => failed(error),
        })?;
        let pipe = named(&mut file).map_err(failed)?;
        Ok(Self { pipe, file })
    }

    /// The next connection. It may be dropped while it waits, and loses nothing.
    ///
    /// # Errors
    /// Those of the system.
    pub(in crate::server) async fn accept(&mut self) -> std::io::Result<Option<PipeStream<Bytes, Bytes>>> {
        match self.pipe.accept().await {
            Ok(stream) => Ok(Some(stream)),
            Err(_) => {
                // A client that went before it was taken leaves an instance that can take no other.
                self.pipe = named(&mut self.file)?;
                Ok(None)
            }
        }
    }
}

/// A pipe of our user alone, and of this machine alone, whose new name is written into `file`.
fn named(file: &mut File) -> std::io::Result<PipeListener<Bytes, Bytes>> {
    // Another for each pipe: that nobody guesses it is not relied upon.
    let name = format!(r"\\.\pipe\daypass-{}-{:016x}", std::process::id(), RandomState::new().hash_one(()));
    // Protected, and everything for its owner (Security Descriptor String Format).
    let rights = SecurityDescriptor::deserialize(u16cstr!("D:P(A;;GA;;;OW)"))?;
    let options = PipeListenerOptions::new().path(name.as_str()).mode(PipeMode::Bytes).accept_remote(false);
    let pipe = options.security_descriptor(Some(rights)).create_tokio_duplex::<Bytes>()?;
    // All names are of one length, so none is ever half written over another.
    file.rewind().and_then(|()| file.write_all(name.as_bytes()))?;
    Ok(pipe)
}
