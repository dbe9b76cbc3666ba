//! Notifications, on a thread of their own: the server may be slow, mute or absent, and none of that is our business.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use notify_rust::{Hint, Notification, Urgency};

use super::thread;
use crate::note::{Note, Topic};

/// How many notifications may wait for a slow server; further ones are dropped.
const WAITING: usize = 16;

/// Shows notifications. Its thread starts with the first one.
#[derive(Default)]
pub(super) struct Notifier(Option<SyncSender<Note>>);

impl Notifier {
    /// Shows a notification in the place of an earlier one that it replaces.
    pub(super) fn show(&mut self, note: Note) {
        if self.0.is_none() {
            let (sender, notes) = sync_channel(WAITING);
            self.0 = thread("notifications", move || run(&notes)).ok().map(|()| sender);
        }
        let Some(sender) = &self.0 else { return };
        match sender.try_send(note) {
            Ok(()) | Err(TrySendError::Full(_)) => {}
            Err(TrySendError::Disconnected(_)) => self.0 = None,
        }
    }
}

fn run(notes: &Receiver<Note>) {
    let mut ids = HashMap::new();
    let mut markup = None;
    for note in notes {
        // Servers that understand markup in the body take `<` and `&` for it (Desktop Notifications, "Markup").
        let markup = *markup.get_or_insert_with(has_markup);
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
        if let Some(id) = ids.get(&place) {
            notification.id(*id);
        }
        // Without a server there is nobody to tell, and nothing to do about it.
        if let Ok(shown) = notification.show() {
            ids.insert(place, shown.id());
        }
    }
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
