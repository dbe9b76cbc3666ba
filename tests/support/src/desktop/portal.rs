//! A double of the desktop's portal for global shortcuts (`org.freedesktop.portal.GlobalShortcuts`): a real one wants a
//! Wayland compositor. It answers by its requests' objects as the real one does, and gives what is asked for or declines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use zbus::blocking::Connection;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use super::{Desktop, bus};

const NAME: &str = "org.freedesktop.portal.Desktop";
const OBJECT: &str = "/org/freedesktop/portal/desktop";
const SESSION: &str = "/org/freedesktop/portal/desktop/session/test";

type Options = HashMap<String, OwnedValue>;

/// See the module. It is gone from the bus when this is dropped.
#[derive(Debug)]
pub struct Portal {
    connection: Connection,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Portal {
    /// What was asked for: the id and the trigger of each shortcut.
    pub fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().unwrap().clone()
    }

    /// The user presses the keys of the shortcut `id`.
    pub fn press(&self, id: &str) {
        let session = ObjectPath::try_from(SESSION).unwrap();
        let body = (session, id, 1_u64, HashMap::<&str, Value<'_>>::new());
        let interface = "org.freedesktop.portal.GlobalShortcuts";
        self.connection.emit_signal(None::<&str>, OBJECT, interface, "Activated", &body).unwrap();
    }
}

impl Desktop {
    /// Starts a portal whose user gives what programs ask for, or `declines`.
    pub fn start_portal(&self, declines: bool) -> Portal {
        let connection = bus::connect(self.bus_address());
        let asked = Arc::<Mutex<Vec<_>>>::default();
        connection.object_server().at(OBJECT, Shortcuts { declines, asked: asked.clone() }).unwrap();
        connection.request_name(NAME).unwrap();
        Portal { connection, asked }
    }
}

struct Shortcuts {
    declines: bool,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

#[zbus::interface(name = "org.freedesktop.portal.GlobalShortcuts")]
impl Shortcuts {
    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        1
    }

    async fn create_session(
        &self,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> OwnedObjectPath {
        let results = HashMap::from([("session_handle", Value::from(SESSION))]);
        answer(&emitter, &header, &options, 0, results).await
    }

    async fn bind_shortcuts(
        &self,
        _session: OwnedObjectPath,
        shortcuts: Vec<(String, Options)>,
        _parent: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> OwnedObjectPath {
        let text = |options: &Options, name: &str| <&str>::try_from(&options[name]).unwrap().to_owned();
        let mut given = Vec::new();
        for (id, wanted) in shortcuts {
            let trigger = text(&wanted, "preferred_trigger");
            given.push((id.clone(), HashMap::from([("trigger_description", Value::from(format!("Press {trigger}")))])));
            self.asked.lock().unwrap().push((id, trigger));
        }
        let (code, results) =
            if self.declines { (1, HashMap::new()) } else { (0, HashMap::from([("shortcuts", Value::from(given))])) };
        answer(&emitter, &header, &options, code, results).await
    }
}

/// Tells the caller by a signal of its request's object, whose path is made of the caller's name and token.
async fn answer(
    emitter: &SignalEmitter<'_>,
    header: &Header<'_>,
    options: &Options,
    code: u32,
    results: HashMap<&str, Value<'_>>,
) -> OwnedObjectPath {
    let caller = header.sender().unwrap();
    let token = <&str>::try_from(&options["handle_token"]).unwrap();
    let path = format!("{OBJECT}/request/{}/{token}", caller.trim_start_matches(':').replace('.', "_"));
    let interface = "org.freedesktop.portal.Request";
    let body = (code, results);
    emitter.connection().emit_signal(Some(caller.as_str()), path.as_str(), interface, "Response", &body).await.unwrap();
    OwnedObjectPath::try_from(path).unwrap()
}
