//! A system bus of a test's own, and a stand-in for logind on it.
//!
//! The real logind cannot run here: it wants to be root, to own the machine's seats, and to put it to sleep. What stands in
//! speaks the part of its contract that Daypass uses (org.freedesktop.login1(5)): `Inhibit` answers a descriptor that is
//! the inhibitor for as long as it is open, and `PrepareForSleep` is a signal of the manager.

use std::io::{BufRead, BufReader, PipeReader};
use std::os::fd::OwnedFd as Fd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use daypass_test_support::wait;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use tempfile::TempDir;
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::zvariant::OwnedFd;

const NAME: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const INTERFACE: &str = "org.freedesktop.login1.Manager";

/// A bus that only a test knows.
pub(super) struct Bus {
    scratch: TempDir,
    daemon: Option<Child>,
}

impl Bus {
    /// One that runs.
    pub(super) fn start() -> Self {
        let mut bus = Self::absent();
        bus.begin();
        bus
    }

    /// The address of one that does not run yet.
    pub(super) fn absent() -> Self {
        Self { scratch: tempfile::tempdir().unwrap(), daemon: None }
    }

    pub(super) fn address(&self) -> String {
        format!("unix:path={}/bus", self.scratch.path().display())
    }

    pub(super) fn begin(&mut self) {
        let config = self.scratch.path().join("bus.conf");
        let text = format!(
            r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>{}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
            self.address()
        );
        std::fs::write(&config, text).unwrap();
        // It would not listen where a socket was left behind.
        let _ = std::fs::remove_file(self.scratch.path().join("bus"));
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says its address once it listens.
        let mut line = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with(&self.address()), "{line:?}");
        self.daemon = Some(daemon);
    }

    pub(super) fn end(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }

    /// Tells everybody on the bus that the machine goes to sleep, with the words of logind and in its own name.
    pub(super) fn say_sleep_as_a_stranger(&self) {
        let stranger = self.connect().build().unwrap();
        let names = zbus::blocking::fdo::DBusProxy::new(&stranger).unwrap().list_names().unwrap();
        for name in names.iter().filter(|name| name.starts_with(':')) {
            let to = Some(zbus::names::BusName::try_from(name.as_str()).unwrap());
            stranger.emit_signal(to, PATH, INTERFACE, "PrepareForSleep", &(true,)).unwrap();
        }
    }

    fn connect(&self) -> Builder<'_> {
        Builder::address(self.address().as_str()).unwrap().method_timeout(Duration::from_secs(10))
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.end();
    }
}

/// The inhibitors that were asked for.
#[derive(Default)]
struct Inhibitors {
    asked: Vec<[String; 4]>,
    /// How many were held when the last one was asked for.
    held_before: usize,
    /// The other ends of the descriptors that were given; each is at its end once the descriptor is closed.
    given: Vec<PipeReader>,
}

impl Inhibitors {
    fn held(&self) -> usize {
        let held = |reader: &&PipeReader| rustix::io::read(*reader, &mut [0; 1]) == Err(Errno::AGAIN);
        self.given.iter().filter(held).count()
    }
}

#[derive(Clone, Default)]
struct Served(Arc<Mutex<Inhibitors>>);

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Served {
    fn inhibit(&self, what: String, who: String, why: String, mode: String) -> OwnedFd {
        let (reader, writer) = std::io::pipe().unwrap();
        fcntl_setfl(&reader, fcntl_getfl(&reader).unwrap() | OFlags::NONBLOCK).unwrap();
        let mut inhibitors = self.0.lock().unwrap();
        inhibitors.asked.push([what, who, why, mode]);
        inhibitors.held_before = inhibitors.held();
        inhibitors.given.push(reader);
        OwnedFd::from(Fd::from(writer))
    }
}

/// The stand-in; it leaves the bus when it is dropped.
pub(super) struct Logind {
    bus: Connection,
    served: Served,
}

impl Logind {
    pub(super) fn start(bus: &Bus) -> Self {
        let served = Served::default();
        let bus = bus.connect().serve_at(PATH, served.clone()).unwrap().name(NAME).unwrap().build().unwrap();
        Self { bus, served }
    }

    /// Says that the machine is about to sleep, or that it woke up.
    pub(super) fn prepare_for_sleep(&self, sleeps: bool) {
        self.bus.emit_signal(None::<&str>, PATH, INTERFACE, "PrepareForSleep", &(sleeps,)).unwrap();
    }

    /// What each inhibitor was asked for with: what, who, why, how.
    pub(super) fn asked(&self) -> Vec<[String; 4]> {
        self.served.0.lock().unwrap().asked.clone()
    }

    /// How many inhibitors were held when the last one was asked for.
    pub(super) fn held_before(&self) -> usize {
        self.served.0.lock().unwrap().held_before
    }

    pub(super) fn wait_for_inhibitors(&self, count: usize, deadline: Duration) {
        let held = || (self.served.0.lock().unwrap().held() == count).then_some(());
        wait::until(&format!("{count} inhibitors to be held"), deadline, held);
    }
}

impl Drop for Logind {
    fn drop(&mut self) {
        let _ = self.bus.clone().close();
    }
}
