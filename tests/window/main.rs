//! The window's Rust side: its commands under the real capabilities, its feed, and its program, against a small agent.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the answer")]

mod agent;
mod allowed;
mod asked;
mod data;
mod feed;
mod page;
mod program;
mod stage;
