//! The token core, told as stories about a clock, and held against tokens that other implementations made.
//! The house rules are here too (`tidy`): this suite takes seconds, so they are looked at often.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod access;
mod clock;
mod drift;
mod expiry;
mod fresh;
mod gate;
mod golden;
mod jwt;
mod lineage;
mod opaque;
mod plan;
mod planner;
mod properties;
mod properties_gate;
mod ring;
mod rotation;
mod serve;
mod session;
mod stamped;
mod tidy;
