//! What the notification server of the desktop was asked to show, and took.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
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
    /// What its buttons say; a click on the notification itself is not among them.
    pub buttons: Vec<String>,
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
    let (app, _, _, summary, body, actions, ..): Notify = call.body().deserialize().ok()?;
    let pairs = actions.chunks_exact(2).filter(|pair| pair[0] != "default");
    let buttons = pairs.map(|pair| pair[1].clone()).collect();
    Some(Notification { id: answer.body().deserialize().ok()?, app, summary, body, buttons })
}

/// Has the server ask a script what its user presses, in place of a menu on the screen: the first entry that has the wanted
/// text. The rest is as it is installed: what stands beside a file of ours is only read with it.
pub(super) fn write_config(root: &Path) {
    let (folder, script) = (root.join("config/dunst/dunstrc.d"), root.join("press"));
    fs::create_dir_all(&folder).unwrap();
    let installed = fs::read_to_string("/etc/xdg/dunst/dunstrc").unwrap_or_else(|_| "[global]\n".to_owned());
    fs::write(root.join("config/dunst/dunstrc"), installed).unwrap();
    fs::write(folder.join("press.conf"), format!("[global]\ndmenu = {}\n", script.display())).unwrap();
    fs::write(&script, format!("#!/bin/sh\ngrep -m 1 -F -e \"$(cat '{}')\"\n", root.join("pressed").display()))
        .unwrap();
    fs::set_permissions(&script, Permissions::from_mode(0o700)).unwrap();
}

impl Desktop {
    /// Presses the button `label` of a notification that is on the screen.
    pub fn press_button(&self, label: &str) {
        // An entry of the server's menu begins with the label.
        fs::write(self.root().join("pressed"), format!("#{label} (")).unwrap();
        self.read(self.command("dunstctl").arg("context")).expect("dunst did not answer");
    }

    /// Clicks on the notification that came last.
    pub fn click_notification(&self) {
        self.read(self.command("dunstctl").arg("action")).expect("dunst did not answer");
    }

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
