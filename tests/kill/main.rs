//! The real program, killed (SIGKILL) at every durable step of every rotation: nothing is lost that the protocol allows to
//! keep, and whoever was cut off is told.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod answers;
mod antiraid;
mod connecting;
mod pocketpaw;
mod revoking;
mod rotating;
mod vault;
mod world;
