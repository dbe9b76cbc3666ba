//! What several test suites share: a real desktop, a real database, processes, and waiting with a deadline.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "support of tests: what cannot be set up ends the test, with a reason"
)]

pub mod desktop;
pub mod faulty;
pub mod http;
pub mod postgres;
pub mod process;
pub mod program;
pub mod rotor;
pub mod wait;
