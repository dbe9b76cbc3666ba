//! A shortcut by the desktop's portal, `org.freedesktop.portal.GlobalShortcuts`: on Wayland no program sees another's keys,
//! so the desktop itself asks its user, and tells us when the keys are pressed.
//!
//! A session lives as long as our connection to the bus, so ending the task lets go of the keys.

use std::collections::HashMap;

use tokio::sync::mpsc::UnboundedSender;
use zbus::export::ordered_stream::OrderedStreamExt as _;
use zbus::proxy::{OwnerChangedStream, SignalStream};
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Proxy};

use super::x11::Answer;
use crate::desktop::{DesktopEvent, Unbound};
use crate::shortcut::Shortcut;

const SERVICE: &str = "org.freedesktop.portal.Desktop";
const OBJECT: &str = "/org/freedesktop/portal/desktop";
const SHORTCUTS: &str = "org.freedesktop.portal.GlobalShortcuts";
/// Where a program outside of a sandbox says who it is; portals before 1.20 have no such thing.
const REGISTRY: &str = "org.freedesktop.host.portal.Registry";
/// The name of our desktop entry, without its ending.
const APP: &str = "daypass";
/// Our one shortcut, to the portal.
const ID: &str = "palette";
/// What its user reads of it.
const DESCRIPTION: &str = "Copy a session token";

type Dict<'a> = HashMap<&'a str, Value<'a>>;
type OwnedDict = HashMap<String, OwnedValue>;

/// Asks for the shortcut, answers how that went, and tells of each press until the task is ended.
pub(super) async fn hold(shortcut: Shortcut, answer: Answer, events: UnboundedSender<DesktopEvent>) {
    let mut held = match Held::ask(shortcut).await {
        Ok(held) => held,
        Err(error) => return drop(answer.send(Err(error))),
    };
    let _ = answer.send(Ok(held.keys.clone()));
    let error = match held.tell(&events).await {
        Ok(()) => "the portal ended the session".to_owned(),
        Err(error) => error.to_string(),
    };
    let _ = events.send(DesktopEvent::Rebound(Err(Unbound::Failed(error))));
}

/// A session with our shortcut.
struct Held {
    session: OwnedObjectPath,
    /// Each press; listened to before anybody knows that the keys are ours, so that none is missed.
    pressed: SignalStream<'static>,
    /// The portal's coming and going.
    owners: OwnerChangedStream<'static>,
    /// The keys as the desktop calls them.
    keys: String,
}

impl Held {
    async fn ask(shortcut: Shortcut) -> Result<Self, Unbound> {
        let bus = Connection::session().await.map_err(|_| Unbound::NoWay)?;
        let shortcuts = Proxy::new(&bus, SERVICE, OBJECT, SHORTCUTS).await.map_err(failed)?;
        // Whether there is a portal, and whether it gives shortcuts.
        shortcuts.get_property::<u32>("version").await.map_err(|_| Unbound::NoWay)?;
        // A portal that does not know the call finds out who we are by other means.
        let registry = Proxy::new(&bus, SERVICE, OBJECT, REGISTRY).await.map_err(failed)?;
        let _ = registry.call::<_, _, ()>("Register", &(APP, Dict::new())).await;

        let pressed = shortcuts.receive_signal("Activated").await.map_err(failed)?;
        let owners = shortcuts.receive_owner_changed().await.map_err(failed)?;

        let options = Dict::from([("handle_token", "daypass_session".into()), ("session_handle_token", APP.into())]);
        let arguments = (options,);
        let made = request(&bus, "daypass_session", || shortcuts.call("CreateSession", &arguments)).await?;
        let session = made.get("session_handle").and_then(|handle| <&str>::try_from(handle).ok());
        let session = session.and_then(|handle| OwnedObjectPath::try_from(handle).ok());
        let session = session.ok_or_else(|| Unbound::Failed("its portal names no session".to_owned()))?;

        let trigger = shortcut.trigger();
        let wanted = Dict::from([("description", DESCRIPTION.into()), ("preferred_trigger", trigger.as_str().into())]);
        let options = Dict::from([("handle_token", "daypass_bind".into())]);
        let arguments = (&session, vec![(ID, wanted)], "", options);
        let bound = request(&bus, "daypass_bind", || shortcuts.call("BindShortcuts", &arguments)).await?;
        let keys = trigger_of(&bound).ok_or(Unbound::Declined)?;
        let keys = if keys.is_empty() { shortcut.to_string() } else { keys };
        Ok(Self { session, pressed, owners, keys })
    }

    /// Tells of each press, until the portal goes away, and the session with it.
    async fn tell(&mut self, events: &UnboundedSender<DesktopEvent>) -> zbus::Result<()> {
        loop {
            let signal = tokio::select! {
                signal = self.pressed.next() => signal,
                _ = self.owners.next() => None,
            };
            let Some(signal) = signal else { break };
            let body = signal.body();
            let (session, id, _, _): (OwnedObjectPath, String, u64, OwnedDict) = body.deserialize()?;
            if session == self.session && id == ID && events.send(DesktopEvent::Shortcut).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Makes a call that is answered by a signal of a request object (the portal's `Request`), and waits for that: perhaps for
/// the desktop's user. `token` names the object, so that the answer can be listened for before the call is made.
async fn request<F>(bus: &Connection, token: &str, call: impl FnOnce() -> F) -> Result<OwnedDict, Unbound>
where
    F: Future<Output = zbus::Result<OwnedObjectPath>>,
{
    let sender = bus.unique_name().map(|name| name.trim_start_matches(':').replace('.', "_")).unwrap_or_default();
    let path = format!("{OBJECT}/request/{sender}/{token}");
    let answers = Proxy::new(bus, SERVICE, path, "org.freedesktop.portal.Request").await.map_err(failed)?;
    let mut answers = answers.receive_signal("Response").await.map_err(failed)?;
    call().await.map_err(failed)?;
    let answer = answers.next().await.ok_or_else(|| Unbound::Failed("its portal does not answer".to_owned()))?;
    let (code, results): (u32, OwnedDict) = answer.body().deserialize().map_err(failed)?;
    // 0 is done, 1 the user's no, 2 any other end.
    if code == 0 { Ok(results) } else { Err(Unbound::Declined) }
}

/// The keys that the desktop gave; `None` where it gave none.
fn trigger_of(bound: &OwnedDict) -> Option<String> {
    let given: Vec<(String, OwnedDict)> = bound.get("shortcuts")?.try_clone().ok()?.try_into().ok()?;
    let (_, ours) = given.into_iter().find(|(id, _)| id == ID)?;
    let keys = ours.get("trigger_description").and_then(|keys| <&str>::try_from(keys).ok());
    Some(keys.unwrap_or_default().to_owned())
}

fn failed(error: impl std::fmt::Display) -> Unbound {
    Unbound::Failed(error.to_string())
}
