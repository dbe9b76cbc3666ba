//! A service that owns a name on the bus, takes every call, and never answers one: what a keyring is like that hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use zbus::blocking::{Connection, MessageIterator};
use zbus::message::Type;

use super::bus;

/// See the module. When it is dropped, the bus tells all callers that nobody will answer.
#[derive(Debug)]
pub(super) struct Mute {
    connection: Option<Connection>,
    calls: Arc<AtomicUsize>,
}

impl Mute {
    /// Takes `name` on the bus at `address`. Nobody may have it.
    pub(super) fn start(address: &str, name: &str) -> Self {
        // Without an object server the library answers nothing by itself.
        let connection = bus::connect(address);
        let calls = Arc::new(AtomicUsize::new(0));
        let (messages, count) = (MessageIterator::from(&connection), calls.clone());
        thread::spawn(move || {
            for message in messages.flatten() {
                if message.message_type() == Type::MethodCall {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        connection.request_name(name).unwrap();
        Self { connection: Some(connection), calls }
    }

    /// How many calls were left without an answer.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Where the bus has gone already, so has the connection.
            let _ = connection.close();
        }
    }
}
