//! Daypass on a real desktop: X server, session bus, tray host, notification server, Secret Service and web view are the
//! real ones, and what is seen is seen by another program. Needs `target/…/daypass-window` beside `daypass`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what cannot be done ends the test, with a reason")]

mod accessible;
mod clipboard;
mod first_run;
mod history;
mod keyboard;
mod keyring;
mod language;
mod leaks;
mod looks;
mod menu;
mod mute;
mod no_tray;
mod notifications;
mod page;
mod palette;
mod sessions;
mod settings;
mod shots;
mod single;
mod stage;
mod timeline;
mod window;
