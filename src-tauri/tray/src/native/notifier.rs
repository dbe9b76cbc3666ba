//! Notifications, on a thread of their own: the server may be slow, mute or absent, and none of that is our business.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use notify_rust::{Hint, Notification, Urgency};

use super::thread;
use crate::note::{Note, Topic};

/// How many notifications may wait for a slow server; further ones are dropped.
const WAITING: usize = 16;

/// The notification server (Desktop Notifications Specification, "D-BUS Protocol").
const SERVER: &str = "org.freedesktop.Notifications";
const SERVER_PATH: &str = "/org/freedesktop/Notifications";

/// What the thread is asked.
enum Job {
    Show(Note),
    Withdraw(Topic),
}

/// The server's number for each notification that was shown, by its place.
type Shown = HashMap<(Topic, String), u32>;

/// Shows notifications. Its thread starts with the first one.
#[derive(Default)]
pub(super) struct Notifier(Option<SyncSender<Job>>);

impl Notifier {
    /// Shows a notification in the place of an earlier one that it replaces.
    pub(super) fn show(&mut self, note: Note) {
        if self.0.is_none() {
            let (sender, jobs) = sync_channel(WAITING);
            self.0 = thread("notifications", move || run(&jobs)).ok().map(|()| sender);
        }
        self.ask(Job::Show(note));
    }

    /// Takes the notifications of `topic` off the screen.
    pub(super) fn withdraw(&mut self, topic: Topic) {
        self.ask(Job::Withdraw(topic));
    }

    fn ask(&mut self, job: Job) {
        let Some(sender) = &self.0 else { return };
        match sender.try_send(job) {
            Ok(()) | Err(TrySendError::Full(_)) => {}
            Err(TrySendError::Disconnected(_)) => self.0 = None,
        }
    }
}

fn run(jobs: &Receiver<Job>) {
    let mut shown = Shown::new();
    let mut markup = None;
    for job in jobs {
        match job {
            // Servers that understand markup in the body take `<` and `&` for it (Desktop Notifications, "Markup").
            Job::Show(note) => show(&note, *markup.get_or_insert_with(has_markup), &mut shown),
            Job::Withdraw(topic) => {
                for (_, id) in shown.extract_if(|(of, _), _| *of == topic) {
                    // Where the user has closed it, or there is no server any more, it is gone all the same.
                    let _ = close(id);
                }
            }
        }
    }
}

fn show(note: &Note, markup: bool, shown: &mut Shown) {
    let (topic, account) = note.place();
    let place = (topic, account.to_owned());
    let mut notification = Notification::new();
    notification
        .appname("Daypass")
        .summary(&note.title)
        .body(&if markup { escape(&note.body) } else { note.body.clone() })
        .icon(icon(note.topic))
        .urgency(urgency(note.topic))
        .hint(Hint::DesktopEntry("daypass".to_owned()));
    if let Some(id) = shown.get(&place) {
        notification.id(*id);
    }
    // Without a server there is nobody to tell, and nothing to do about it.
    if let Ok(handle) = notification.show() {
        shown.insert(place, handle.id());
    }
}

/// Asks the server itself: a handle of the library would keep a connection for each notification.
fn close(id: u32) -> zbus::Result<()> {
    let bus = zbus::blocking::Connection::session()?;
    bus.call_method(Some(SERVER), SERVER_PATH, Some(SERVER), "CloseNotification", &(id,)).map(drop)
}

fn has_markup() -> bool {
    notify_rust::get_capabilities().is_ok_and(|all| all.iter().any(|one| one == "body-markup"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Names of the freedesktop icon naming specification, which every theme has.
fn icon(topic: Topic) -> &'static str {
    match topic {
        Topic::Copied | Topic::Recovered | Topic::Revoked | Topic::NoTray => "dialog-information",
        Topic::NeedsYou | Topic::Vault | Topic::Trouble => "dialog-warning",
        Topic::Failed => "dialog-error",
    }
}

/// Only what cannot go on without the user stays until it is seen.
fn urgency(topic: Topic) -> Urgency {
    match topic {
        Topic::NeedsYou | Topic::Vault => Urgency::Critical,
        Topic::Copied | Topic::Trouble | Topic::Recovered | Topic::Revoked | Topic::NoTray | Topic::Failed => {
            Urgency::Normal
        }
    }
}
