//! The session bus: one connection for all that we ask and hear there, and one thread that listens on it. It tells when a
//! tray host comes or goes, and what the user does with our notifications.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use zbus::MatchRule;
use zbus::blocking::connection::Builder;
use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, MessageIterator};
use zbus::message::{Message, Type};

use super::notifier::{self, Shown};
use super::thread;
use crate::desktop::DesktopEvent;

/// The name that a tray host owns (StatusNotifierItem specification, "StatusNotifierWatcher").
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
/// How long a call may take: who does not answer by then is given up, and nobody but a thread of its own waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bus, connected to when it is first asked for. Cheap to clone.
#[derive(Clone)]
pub(super) struct Bus {
    open: Arc<Mutex<Option<Connection>>>,
    shown: Shown,
    events: UnboundedSender<DesktopEvent>,
}

impl Bus {
    /// A bus whose events go to `events`.
    pub(super) fn new(events: UnboundedSender<DesktopEvent>) -> Self {
        Self { open: Arc::default(), shown: Shown::default(), events }
    }

    /// What is shown of our notifications.
    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }

    /// The connection; the first call makes it and starts to listen.
    ///
    /// # Errors
    /// Where there is no session bus.
    pub(super) fn connection(&self) -> zbus::Result<Connection> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*open {
            return Ok(connection.clone());
        }
        let connection = Builder::session()?.method_timeout(PATIENCE).build()?;
        let messages = MessageIterator::from(&connection);
        let heard = [owner_of(WATCHER)?, owner_of(notifier::SERVER)?, signals_of(notifier::SERVER)?];
        for rule in heard {
            DBusProxy::new(&connection)?.add_match_rule(rule)?;
        }
        let bus = self.clone();
        // Without the thread nothing is heard, and all that is asked is answered all the same.
        let _ = thread("bus", move || bus.listen(messages));
        Ok(open.insert(connection).clone())
    }

    /// Whether somebody owns the watcher's name. Its property `IsStatusNotifierHostRegistered` says nothing more: the
    /// watchers of KDE and GNOME always answer yes.
    ///
    /// # Errors
    /// Where the bus does not answer.
    pub(super) fn has_tray_host(&self) -> zbus::Result<bool> {
        Ok(DBusProxy::new(&self.connection()?)?.name_has_owner(WATCHER.try_into()?)?)
    }

    /// Passes on what is heard, until the bus ends.
    fn listen(&self, messages: MessageIterator) {
        for message in messages.map_while(Result::ok) {
            if message.message_type() == Type::Signal
                && let Some(event) = self.heard(&message)
            {
                let _ = self.events.send(event);
            }
        }
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn heard(&self, message: &Message) -> Option<DesktopEvent> {
        let header = message.header();
        match (header.interface()?.as_str(), header.member()?.as_str()) {
            ("org.freedesktop.DBus", "NameOwnerChanged") => {
                let (name, _, owner): (String, String, String) = message.body().deserialize().ok()?;
                if name == notifier::SERVER {
                    // The numbers of one server mean nothing to the next.
                    self.shown.forget_all();
                }
                (name == WATCHER).then_some(DesktopEvent::TrayHost { present: !owner.is_empty() })
            }
            (notifier::SERVER, "ActionInvoked") => {
                let (id, key): (u32, String) = message.body().deserialize().ok()?;
                self.shown.chosen(id, &key).map(DesktopEvent::Chosen)
            }
            (notifier::SERVER, "NotificationClosed") => {
                let (id, _reason): (u32, u32) = message.body().deserialize().ok()?;
                self.shown.forget(id);
                None
            }
            _ => None,
        }
    }
}

/// The signal that tells when the owner of `name` changes.
fn owner_of(name: &'static str) -> zbus::Result<MatchRule<'static>> {
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender("org.freedesktop.DBus")?
        .interface("org.freedesktop.DBus")?
        .member("NameOwnerChanged")?
        .arg(0, name)?;
    Ok(rule.build())
}

/// All signals of an interface.
fn signals_of(interface: &'static str) -> zbus::Result<MatchRule<'static>> {
    Ok(MatchRule::builder().msg_type(Type::Signal).interface(interface)?.build())
}
