//! The authority over real HTTP: its four dialects, its store, its limits, and what garbage does to it.

mod antiraid;
mod device;
mod discover;
mod discovr;
mod garbage;
mod limits;
mod pocketpaw;
mod store;
mod transport;
mod world;
