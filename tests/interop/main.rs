//! Real peers: PocketPaw's own server, and Sitecore's own client. `make setup-interop` installs both under `target/`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the answer")]

mod clock;
mod http;
mod peers;
mod pocketpaw;
mod sitecore;
