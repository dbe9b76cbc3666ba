//! The command line, driven as a user drives it: the real program, in scratch homes, against its own authority.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod administering;
mod agents;
mod answers;
mod approving;
mod balanced;
mod chaos;
mod commands;
mod completion;
mod database;
mod demo;
mod deployed;
mod draining;
mod faults;
mod help;
mod links;
mod local;
mod log;
mod machine;
mod peer;
mod place;
mod secrets;
mod serving;
mod settings;
mod terminal;
mod transfer;

use daypass_test_support::program::{Authority, Installation};

/// A scratch home for the program that this suite was built with.
fn installation() -> Installation {
    Installation::new(env!("CARGO_BIN_EXE_daypass"))
}

/// A scratch home and an authority whose sessions live as long as they do by default.
fn with_authority() -> (Installation, Authority) {
    let installation = installation();
    let authority = Authority::start(&installation, None);
    (installation, authority)
}
