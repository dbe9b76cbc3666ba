//! The agent: its vault, its keeper, its journal and its server.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends here")]

mod accounts;
mod bed;
mod chores;
mod claims;
mod clocks;
mod eagerness;
mod faulty;
mod first_run;
mod freshness;
mod history;
mod incidents;
mod journal;
mod keyring;
mod keyring_faults;
mod migration;
mod real;
mod revoking;
mod rotation;
mod script;
mod server;
mod sessions;
mod settings;
mod sign_in;
mod states;
mod transfer;
mod undoing;
mod vault;
