//! Notifications of the system, each on a thread of its own: it waits for what the user does with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use notify_rust::{Notification, NotificationResponse};

use super::bus::Bus;
use super::thread;
use crate::desktop::{DesktopEvent, Reply};
use crate::menu::Action;
use crate::note::{Note, Topic};

/// How many may be waited for. Those beyond that are shown, and what is done with them is not heard.
const WAITED_FOR: usize = 16;
/// By what the installer registers us with Windows: `identifier` in `tauri.conf.json`. What no installer has registered shows none.
#[cfg(windows)]
const WHO: &str = "app.daypass.window";

/// Shows notifications.
pub(super) struct Notifier {
    bus: Bus,
    waited_for: Arc<AtomicUsize>,
}

impl Notifier {
    pub(super) fn new(bus: Bus) -> Self {
        Self { bus, waited_for: Arc::default() }
    }

    /// Shows a notification.
    pub(super) fn show(&mut self, note: Note) {
        let (bus, waited_for) = (self.bus.clone(), self.waited_for.clone());
        // Without a thread there is nobody to tell.
        let _ = thread("notification", move || {
            let Ok(shown) = native(&note).show() else { return };
            if waited_for.fetch_add(1, Ordering::AcqRel) < WAITED_FOR {
                // Where it cannot be waited for, nothing is done with it.
                let _ = shown.wait_for_response(|response: &NotificationResponse| {
                    if let Some(action) = chosen(&note, response) {
                        bus.tell(DesktopEvent::Chosen(action));
                    }
                });
            }
            waited_for.fetch_sub(1, Ordering::AcqRel);
        });
    }

    /// The system takes notifications off the screen by itself.
    #[expect(clippy::unused_self, reason = "where it can be done, it is done with it")]
    pub(super) fn withdraw(&mut self, _topic: Topic) {}

    /// As [`withdraw`](Self::withdraw), of all.
    #[expect(clippy::unused_self, reason = "where it can be done, it is done with it")]
    pub(super) fn close(&mut self) -> Reply<()> {
        Box::pin(async { Ok(()) })
    }
}

fn native(note: &Note) -> Notification {
    let mut native = Notification::new();
    native.summary(&note.title).body(&note.body);
    #[cfg(windows)]
    native.app_id(WHO);
    for (number, offer) in note.offers.iter().enumerate() {
        native.action(&number.to_string(), &offer.label);
    }
    native
}

/// What the user chose.
fn chosen(note: &Note, response: &NotificationResponse) -> Option<Action> {
    match response {
        NotificationResponse::Default => Some(note.click.clone()),
        NotificationResponse::Action(number) => {
            note.offers.get(number.parse::<usize>().ok()?).map(|offer| offer.action.clone())
        }
        NotificationResponse::Reply(_) | NotificationResponse::Closed(_) => None,
    }
}
