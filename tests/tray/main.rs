//! The tray: its menu and picture as values, and the controller's stories on a desktop that remembers what it was told.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the answer")]

mod double;
mod made;
mod menus;
mod menus_of_many;
mod notes;
mod pictures;
mod spoken;
mod stories_of_actions;
mod stories_of_copied_tokens;
mod stories_of_copying;
mod stories_of_crashes;
mod stories_of_the_icon;
mod stories_of_the_palette;
mod stories_of_the_window;
mod story;
