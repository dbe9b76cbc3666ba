//! The Secret Service of the desktop: a real gnome-keyring, opened, locked and searched.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::process::Stdio;

use zbus::blocking::Proxy;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use super::mute::Mute;
use super::{Desktop, STARTS, bus};

const SERVICE: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const PASSWORD: &str = "the password of the test's keyring";

/// One secret of the Secret Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// What people see.
    pub label: String,
    /// What programs look it up by.
    pub attributes: HashMap<String, String>,
    /// The secret itself.
    pub value: Vec<u8>,
}

/// A secret as it crosses the bus: session, parameters, value, content type (Secret Service 0.2, "Secret").
type WireSecret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

impl Desktop {
    /// Starts the keyring daemon; its only collection is open, and holds what it held before.
    pub fn start_keyring(&mut self) {
        let log = File::create(self.path("log").join("gnome-keyring-daemon")).unwrap();
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--unlock", "--components=secrets", "--foreground"]);
        command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("the keyring cannot be started: {error}"));
        child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        self.keyring = Some(child);
        bus::wait_for_name(self.bus(), SERVICE, STARTS);
    }

    /// Ends the keyring daemon at once (SIGKILL), as a crash would.
    pub fn kill_keyring(&mut self) {
        let mut child = self.keyring.take().expect("there is no keyring to kill");
        child.kill().unwrap();
        child.wait().unwrap();
        bus::wait_without_name(self.bus(), SERVICE, STARTS);
    }

    /// Puts somebody in the keyring's place who takes every call and never answers. There must be no keyring.
    pub fn start_mute_keyring(&mut self) {
        self.mute = Some(Mute::start(self.bus_address(), SERVICE));
    }

    /// How many calls the mute keyring has left without an answer.
    pub fn unanswered_calls(&self) -> usize {
        self.mute.as_ref().map_or(0, Mute::calls)
    }

    /// Ends the mute keyring: whoever waits for it is told by the bus that there will be no answer.
    pub fn end_mute_keyring(&mut self) {
        drop(self.mute.take().expect("there is no mute keyring to end"));
        bus::wait_without_name(self.bus(), SERVICE, STARTS);
    }

    /// Locks the collection, as a user or a time-out would.
    pub fn lock_keyring(&self) {
        let paths = [OwnedObjectPath::try_from(COLLECTION).unwrap()];
        let _: (Vec<OwnedObjectPath>, OwnedObjectPath) = self.secret_service().call("Lock", &(&paths[..],)).unwrap();
    }

    /// Opens the collection with its password, as the login does.
    pub fn unlock_keyring(&self) {
        const INTERNAL: &str = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
        let service = Proxy::new(self.bus(), SERVICE, SERVICE_PATH, INTERNAL).unwrap();
        let secret: WireSecret =
            (self.open_session(), Vec::new(), PASSWORD.as_bytes().to_vec(), "text/plain".to_owned());
        let collection = OwnedObjectPath::try_from(COLLECTION).unwrap();
        let () = service.call("UnlockWithMasterPassword", &(collection, secret)).unwrap();
    }

    /// All secrets that are stored and readable.
    pub fn secrets(&self) -> Vec<StoredSecret> {
        let everything: HashMap<String, String> = HashMap::new();
        let (open, _locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
            self.secret_service().call("SearchItems", &(everything,)).unwrap();
        let session = self.open_session();
        open.iter().map(|path| self.read_secret(path, &session)).collect()
    }

    fn read_secret(&self, path: &OwnedObjectPath, session: &OwnedObjectPath) -> StoredSecret {
        let item = Proxy::new(self.bus(), SERVICE, path, "org.freedesktop.Secret.Item").unwrap();
        let (secret,): (WireSecret,) = item.call("GetSecret", &(session,)).unwrap();
        StoredSecret {
            label: item.get_property("Label").unwrap(),
            attributes: item.get_property("Attributes").unwrap(),
            value: secret.2,
        }
    }

    fn open_session(&self) -> OwnedObjectPath {
        let input = Value::from("");
        let (_output, session): (OwnedValue, OwnedObjectPath) =
            self.secret_service().call("OpenSession", &("plain", input)).unwrap();
        session
    }

    fn secret_service(&self) -> Proxy<'_> {
        Proxy::new(self.bus(), SERVICE, SERVICE_PATH, "org.freedesktop.Secret.Service").unwrap()
    }
}
