//! The authority over real HTTP: its five dialects, its store, its limits, and what garbage does to it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the answer")]

mod admin;
mod antiraid;
mod attacks;
mod attacks_guessing;
mod attacks_matrix;
mod attacks_timing;
mod attacks_tokens;
mod device;
mod device_admin;
mod discover;
mod discovr;
mod document;
mod elsewhere;
mod encrypted;
mod garbage;
mod keys;
mod last_use;
mod limits;
mod logged;
mod native;
mod native_device;
mod native_rotation;
mod native_sessions;
mod operation;
mod place;
mod pocketpaw;
mod proxied;
mod restore;
mod sqlite;
mod store;
mod transport;
mod world;
