//! The local API as bytes: what crosses the socket, the client that reads it, and where the socket is.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod bytes;
mod client;
mod home;
mod path;
mod silent;
