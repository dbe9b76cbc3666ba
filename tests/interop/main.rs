//! Real peers: PocketPaw's own server, Sitecore's own client, and libraries and a fuzzer that know the standards. `make setup-interop`
//! installs them under `target/`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the answer")]

mod clock;
mod foreign;
mod http;
mod peers;
mod pocketpaw;
mod sitecore;
