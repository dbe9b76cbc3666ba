//! The least that `daypass token` could be: ask over a Unix socket, print the answer, end.
#![allow(clippy::print_stdout, reason = "printing the answer is what it is for")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

fn main() -> std::io::Result<()> {
    let path = std::env::args_os().nth(1).ok_or_else(|| std::io::Error::other("the socket's path is missing"))?;
    let mut stream = UnixStream::connect(path)?;
    stream.write_all(b"token\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    std::io::stdout().write_all(&answer)
}
