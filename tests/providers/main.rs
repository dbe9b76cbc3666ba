//! The providers: the four built-in definitions and a user's own, against servers that speak real HTTP.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod antiraid;
mod broken;
mod dialects;
mod discover;
mod discovr;
mod expiries;
mod faults;
mod odd;
mod own;
mod pauses;
mod pocketpaw;
mod server;
mod tls;
