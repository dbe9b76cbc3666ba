//! What the notification server of the desktop was asked to show, and took.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use zbus::MatchRule;
use zbus::blocking::MessageIterator;
use zbus::blocking::fdo::MonitoringProxy;
use zbus::message::{Message, Type};
use zbus::zvariant::OwnedValue;

use super::{Desktop, bus};
use crate::wait;

/// The name of the notification server on the bus.
pub(super) const SERVICE: &str = "org.freedesktop.Notifications";

/// The arguments of `Notify` (Desktop Notifications 1.2): app, replaced id, icon, summary, body, actions, hints, time-out.
type Notify = (String, u32, String, String, String, Vec<String>, HashMap<String, OwnedValue>, i32);

/// A notification that the server has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The server's number for it.
    pub id: u32,
    /// The app that sent it.
    pub app: String,
    /// Its first line.
    pub summary: String,
    /// Its text.
    pub body: String,
}

/// A listener on the bus, from the desktop's start to the bus's end.
#[derive(Debug)]
pub(super) struct Monitor {
    seen: Arc<Mutex<Vec<Notification>>>,
}

impl Monitor {
    /// Becomes a monitor of the bus at `address` (`org.freedesktop.DBus.Monitoring`).
    pub(super) fn start(address: &str) -> Self {
        let connection = bus::connect(address);
        let calls = MatchRule::builder()
            .msg_type(Type::MethodCall)
            .interface(SERVICE)
            .unwrap()
            .member("Notify")
            .unwrap()
            .build();
        let answers = MatchRule::builder().msg_type(Type::MethodReturn).build();
        let messages = MessageIterator::from(&connection);
        let proxy = MonitoringProxy::new(&connection).unwrap();
        proxy.become_monitor(&[calls, answers], 0).unwrap();

        let seen = Arc::new(Mutex::new(Vec::new()));
        let list = seen.clone();
        thread::spawn(move || collect(messages, &list));
        Self { seen }
    }
}

/// Pairs each call with its answer, which carries the server's number; ends with the bus.
fn collect(messages: MessageIterator, seen: &Mutex<Vec<Notification>>) {
    let mut asked = HashMap::new();
    for message in messages.map_while(Result::ok) {
        let header = message.header();
        match header.message_type() {
            Type::MethodCall => {
                let caller = header.sender().map(ToString::to_string);
                asked.insert((caller, message.primary_header().serial_num().get()), message.clone());
            }
            Type::MethodReturn => {
                let caller = header.destination().map(ToString::to_string);
                let call = header.reply_serial().and_then(|serial| asked.remove(&(caller, serial.get())));
                seen.lock().unwrap().extend(call.and_then(|call| read(&call, &message)));
            }
            _ => {}
        }
    }
}

fn read(call: &Message, answer: &Message) -> Option<Notification> {
    let (app, _, _, summary, body, ..): Notify = call.body().deserialize().ok()?;
    Some(Notification { id: answer.body().deserialize().ok()?, app, summary, body })
}

impl Desktop {
    /// All notifications so far, oldest first.
    pub fn notifications(&self) -> Vec<Notification> {
        self.notifications.seen.lock().unwrap().clone()
    }

    /// Waits for a notification that `wanted` accepts.
    #[track_caller]
    pub fn wait_for_notification(&self, deadline: Duration, wanted: impl Fn(&Notification) -> bool) -> Notification {
        let found = wait::within(deadline, || self.notifications().into_iter().find(&wanted));
        found.unwrap_or_else(|| panic!("no such notification came; there were {:?}", self.notifications()))
    }

    /// How many notifications are on the screen.
    pub fn notifications_shown(&self) -> u32 {
        let shown = self.read(self.command("dunstctl").args(["count", "displayed"])).expect("dunst did not answer");
        shown.trim().parse().unwrap()
    }

    /// Takes all notifications off the screen, as a user does.
    pub fn close_notifications(&self) {
        self.read(self.command("dunstctl").arg("close-all")).expect("dunst did not answer");
    }
}
