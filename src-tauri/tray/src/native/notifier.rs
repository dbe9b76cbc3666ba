//! Notifications, on a thread of their own: the server may be slow, mute or absent, and none of that is our business.
//!
//! The server is asked by its own calls (Desktop Notifications Specification 1.2), on the one connection on which we listen:
//! some servers tell what the user chose to nobody but the connection that showed the notification, and libraries hold a
//! connection and a thread for each one that offers something.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use zbus::blocking::Connection;
use zbus::zvariant::Value;

use super::bus::Bus;
use super::{reply, thread};
use crate::desktop::{DesktopError, Reply};
use crate::menu::Action;
use crate::note::{Note, Topic};

/// How many notifications may wait for a slow server; further ones are dropped.
const WAITING: usize = 16;
/// The name and the interface of the server.
pub(super) const SERVER: &str = "org.freedesktop.Notifications";
const SERVER_PATH: &str = "/org/freedesktop/Notifications";
/// The key of a click on the notification itself.
const CLICK: &str = "default";
/// "The server decides how long it is shown."
const ITS_TIME: i32 = -1;

/// What the thread is asked.
enum Job {
    Show(Note),
    Withdraw(Topic),
    /// Take all off the screen, and answer then.
    Close(oneshot::Sender<Result<(), DesktopError>>),
}

/// Shows notifications. Its thread starts with the first one.
pub(super) struct Notifier {
    bus: Bus,
    jobs: Option<SyncSender<Job>>,
}

/// The notifications that are on the screen, by the server's number. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub(super) struct Shown(Arc<Mutex<HashMap<u32, Standing>>>);

/// A notification on the screen.
struct Standing {
    topic: Topic,
    account: String,
    click: Action,
    offers: Vec<Action>,
}

/// What the server can do.
#[derive(Clone, Copy)]
struct Abilities {
    /// It shows buttons.
    actions: bool,
    /// It takes `<` and `&` in the body for markup (section "Markup").
    markup: bool,
}

impl Notifier {
    pub(super) fn new(bus: Bus) -> Self {
        Self { bus, jobs: None }
    }

    /// Shows a notification in the place of an earlier one that it replaces.
    pub(super) fn show(&mut self, note: Note) {
        if self.jobs.is_none() {
            let (sender, jobs) = sync_channel(WAITING);
            let bus = self.bus.clone();
            self.jobs = thread("notifications", move || run(&jobs, &bus)).ok().map(|()| sender);
        }
        self.ask(Job::Show(note));
    }

    /// Takes the notifications of `topic` off the screen.
    pub(super) fn withdraw(&mut self, topic: Topic) {
        self.ask(Job::Withdraw(topic));
    }

    /// Takes all notifications off the screen: once we are gone, nobody hears what is pressed.
    pub(super) fn close(&mut self) -> Reply<()> {
        if self.jobs.is_none() {
            return Box::pin(async { Ok(()) });
        }
        let (answer, answered) = oneshot::channel();
        // Where the server is so slow that no job is taken, the answer is dropped with it, which the receiver sees.
        self.ask(Job::Close(answer));
        reply(answered)
    }

    fn ask(&mut self, job: Job) {
        let Some(jobs) = &self.jobs else { return };
        match jobs.try_send(job) {
            Ok(()) | Err(TrySendError::Full(_)) => {}
            Err(TrySendError::Disconnected(_)) => self.jobs = None,
        }
    }
}

impl Shown {
    fn all(&self) -> MutexGuard<'_, HashMap<u32, Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the user chose by pressing `key` of the notification `id`; `None` where that is none of ours.
    pub(super) fn chosen(&self, id: u32, key: &str) -> Option<Action> {
        let all = self.all();
        let standing = all.get(&id)?;
        match key {
            CLICK => Some(standing.click.clone()),
            number => standing.offers.get(number.parse::<usize>().ok()?).cloned(),
        }
    }

    /// The notification `id` is not on the screen any more.
    pub(super) fn forget(&self, id: u32) {
        self.all().remove(&id);
    }

    /// None is on the screen any more.
    pub(super) fn forget_all(&self) {
        self.all().clear();
    }

    /// The notification that `note` replaces; 0 where there is none, as the server wants it.
    fn replaced_by(&self, note: &Note) -> u32 {
        let place = note.place();
        let all = self.all();
        let found = all.iter().find(|(_, standing)| (standing.topic, standing.account.as_str()) == place);
        found.map_or(0, |(id, _)| *id)
    }

    fn insert(&self, id: u32, note: Note) {
        let (topic, account) = note.place();
        let (account, offers) = (account.to_owned(), note.offers.into_iter().map(|offer| offer.action).collect());
        self.all().insert(id, Standing { topic, account, click: note.click, offers });
    }

    fn take(&self, topic: Topic) -> Vec<u32> {
        self.all().extract_if(|_, standing| standing.topic == topic).map(|(id, _)| id).collect()
    }

    fn take_all(&self) -> Vec<u32> {
        self.all().drain().map(|(id, _)| id).collect()
    }
}

fn run(jobs: &Receiver<Job>, bus: &Bus) {
    for job in jobs {
        // Without a bus or a server there is nobody to tell, and nothing to do about it.
        let Ok(connection) = bus.connection() else { continue };
        match job {
            Job::Show(note) => {
                if let Ok(id) = show(&connection, &note, bus.shown().replaced_by(&note)) {
                    bus.shown().insert(id, note);
                }
            }
            Job::Withdraw(topic) => take_off(&connection, bus.shown().take(topic)),
            Job::Close(answer) => {
                take_off(&connection, bus.shown().take_all());
                let _ = answer.send(Ok(()));
            }
        }
    }
}

/// Takes these notifications off the screen. Where the user has closed one, or there is no server any more, it is gone all
/// the same.
fn take_off(connection: &Connection, ids: Vec<u32>) {
    for id in ids {
        let _ = connection.call_method(Some(SERVER), SERVER_PATH, Some(SERVER), "CloseNotification", &(id,));
    }
}

/// Shows a notification in the place of `replaces`, or of none for 0, and answers the server's number for it.
fn show(connection: &Connection, note: &Note, replaces: u32) -> zbus::Result<u32> {
    // It is asked each time: another server may have taken the place of the last one.
    let server = abilities(connection)?;
    let body = if server.markup { escape(&note.body) } else { note.body.clone() };
    let actions = if server.actions { actions(note) } else { Vec::new() };
    let hints = HashMap::from([("urgency", Value::U8(urgency(note.topic))), ("desktop-entry", Value::from("daypass"))]);
    let arguments =
        ("Daypass", replaces, icon(note.topic), note.title.as_str(), body.as_str(), actions, hints, ITS_TIME);
    connection.call_method(Some(SERVER), SERVER_PATH, Some(SERVER), "Notify", &arguments)?.body().deserialize()
}

fn abilities(connection: &Connection) -> zbus::Result<Abilities> {
    let answer = connection.call_method(Some(SERVER), SERVER_PATH, Some(SERVER), "GetCapabilities", &())?;
    let all: Vec<String> = answer.body().deserialize()?;
    let has = |name: &str| all.iter().any(|one| one == name);
    Ok(Abilities { actions: has("actions"), markup: has("body-markup") })
}

/// The keys and the labels of what can be chosen, one after the other. The click has no button, and so no label.
fn actions(note: &Note) -> Vec<String> {
    let offers = note.offers.iter().enumerate().map(|(number, offer)| [number.to_string(), offer.label.clone()]);
    [[CLICK.to_owned(), String::new()]].into_iter().chain(offers).flatten().collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Names of the freedesktop icon naming specification, which every theme has.
fn icon(topic: Topic) -> &'static str {
    match topic {
        Topic::Copied | Topic::Recovered | Topic::Revoked | Topic::NoTray => "dialog-information",
        Topic::CopiedIsOver | Topic::NeedsYou | Topic::Vault | Topic::Trouble => "dialog-warning",
        Topic::Failed => "dialog-error",
    }
}

/// 1 is normal, 2 critical (section "Urgency Levels"). Only what cannot go on without the user stays until it is seen.
fn urgency(topic: Topic) -> u8 {
    match topic {
        Topic::NeedsYou | Topic::Vault => 2,
        Topic::Copied
        | Topic::CopiedIsOver
        | Topic::Trouble
        | Topic::Recovered
        | Topic::Revoked
        | Topic::NoTray
        | Topic::Failed => 1,
    }
}

#[cfg(test)]
mod tests {
    use daypass_api::view::Place;

    use super::*;
    use crate::note::Offer;

    fn note(topic: Topic, account: &str) -> Note {
        let offer = Offer { label: "Clear now".to_owned(), action: Action::ClearClipboard };
        let click = Action::Open { place: Place::default() };
        let (account, title, body) = (account.to_owned(), String::new(), String::new());
        Note { topic, account, title, body, offers: vec![offer], click }
    }

    #[test]
    fn what_is_chosen_is_what_was_shown() {
        let shown = Shown::default();
        shown.insert(7, note(Topic::Copied, "work"));
        assert_eq!(shown.chosen(7, "0"), Some(Action::ClearClipboard));
        assert_eq!(shown.chosen(7, "default"), Some(Action::Open { place: Place::default() }));
        // Neither another's notification, nor what nobody offered.
        assert_eq!(shown.chosen(8, "0"), None);
        assert_eq!(shown.chosen(7, "1"), None);
        assert_eq!(shown.chosen(7, "+0x"), None);
        shown.forget(7);
        assert_eq!(shown.chosen(7, "0"), None);
    }

    #[test]
    fn a_notification_takes_the_place_of_its_like() {
        let shown = Shown::default();
        shown.insert(7, note(Topic::Copied, "work"));
        shown.insert(8, note(Topic::Failed, "work"));
        assert_eq!(shown.replaced_by(&note(Topic::CopiedIsOver, "home")), 7);
        assert_eq!(shown.replaced_by(&note(Topic::Failed, "work")), 8);
        assert_eq!(shown.replaced_by(&note(Topic::Failed, "home")), 0);
        assert_eq!(shown.take(Topic::Copied), [7]);
        assert_eq!(shown.replaced_by(&note(Topic::Copied, "work")), 0);
    }

    #[test]
    fn the_click_has_a_key_and_no_button() {
        assert_eq!(actions(&note(Topic::Copied, "work")), ["default", "", "0", "Clear now"]);
        assert_eq!(escape("<b>R&D</b>"), "&lt;b&gt;R&amp;D&lt;/b&gt;");
    }
}
