//! Daypass on a real desktop: X server, session bus, tray host, notification server, Secret Service and web view are the
//! real ones, and what is seen is seen by another program. Needs `target/…/daypass-window` beside `daypass`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what cannot be done ends the test, with a reason")]

mod first_run;
mod history;
mod keyboard;
mod keyring;
mod leaks;
mod looks;
mod menu;
mod mute;
mod page;
mod shots;
mod single;
mod stage;
mod window;
