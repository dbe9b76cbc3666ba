//! How the thread of the icon waits for what it is to do: for nothing else.

pub(super) use std::sync::mpsc::{Receiver, Sender, channel};
