//! The bare HTTP server as a process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use crate::bare;
use crate::programs::Programs;

/// The bare HTTP server, in a process of its own as the authority is; killed when dropped.
pub(super) struct BareServer {
    child: Child,
    /// `HOST:PORT`.
    pub(super) address: String,
}

impl BareServer {
    /// Starts one that answers with `size` bytes.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub(super) fn start(programs: &Programs, size: usize) -> anyhow::Result<Self> {
        let mut command = Command::new(&programs.bench);
        let mut child = command.args([bare::HTTP, &size.to_string()]).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }
}

impl Drop for BareServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
