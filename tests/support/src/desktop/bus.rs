//! The desktop's own session bus.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::blocking::fdo::DBusProxy;
use zbus::names::BusName;

use crate::wait;

/// The services that the bus may start on request; all others are there only where the test started them, so that an
/// absent keyring stays absent.
const ACTIVATABLE: [&str; 1] = ["org.xfce.Xfconf.service"];

/// Writes the configuration of the bus, and answers its file.
pub(super) fn write_config(root: &Path) -> PathBuf {
    for service in ACTIVATABLE {
        let installed = Path::new("/usr/share/dbus-1/services").join(service);
        if installed.exists() {
            fs::copy(installed, root.join("services").join(service)).unwrap();
        }
    }
    let root = root.display();
    let text = format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={root}/run/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{root}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#
    );
    let file = PathBuf::from(format!("{root}/bus.conf"));
    fs::write(&file, text).unwrap();
    file
}

/// A connection to the bus at `address`, on which no call waits longer than ten seconds.
pub(super) fn connect(address: &str) -> Connection {
    Builder::address(address).unwrap().method_timeout(Duration::from_secs(10)).build().unwrap()
}

/// Waits until somebody owns `name`.
pub(super) fn wait_for_name(bus: &Connection, name: &str, deadline: Duration) {
    wait::until(&format!("{name} on the bus"), deadline, || is_owned(bus, name).then_some(()));
}

/// Waits until nobody owns `name` any more.
pub(super) fn wait_without_name(bus: &Connection, name: &str, deadline: Duration) {
    wait::until(&format!("{name} to leave the bus"), deadline, || (!is_owned(bus, name)).then_some(()));
}

fn is_owned(bus: &Connection, name: &str) -> bool {
    DBusProxy::new(bus).unwrap().name_has_owner(BusName::try_from(name).unwrap()).unwrap()
}
