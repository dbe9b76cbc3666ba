//! Tray icons as the tray host sees them: the `StatusNotifierItem` and its menu over `com.canonical.dbusmenu`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Structure, Value};

use super::{Desktop, STARTS, bus};
use crate::wait;

/// The name of the tray host's registry on the bus.
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const WATCHER_PATH: &str = "/StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

/// How long a menu may go on changing its shape.
const LOOKS: Duration = Duration::from_secs(10);

/// An entry of `GetLayout`, `(ia{sv}av)`: its number, its properties, and entries of the same form as variants.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

/// A panel at the top of the screen with nothing on it but tray icons, so that no first-start question is asked.
const PANEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="30"/>
      <property name="icon-size" type="uint" value="22"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"#;

/// Gives the panel its configuration before its first start.
fn write_panel_config(config: &Path) {
    let folder = config.join("xfce4/xfconf/xfce-perchannel-xml");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("xfce4-panel.xml"), PANEL).unwrap();
}

/// One tray icon.
#[derive(Debug, Clone)]
pub struct TrayItem {
    bus: Connection,
    service: String,
    path: String,
}

/// One line of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuEntry {
    id: i32,
    /// What it says, without the marks of access keys; empty for a separator.
    pub label: String,
    /// Whether it can be chosen.
    pub enabled: bool,
    /// What it opens.
    pub entries: Vec<MenuEntry>,
}

impl Desktop {
    /// Starts the panel that shows tray icons, and waits until it takes them.
    pub fn start_panel(&mut self) {
        write_panel_config(&self.path("config"));
        self.start_service("xfce4-panel", &["--disable-wm-check"], WATCHER);
    }

    /// Ends the panel at once (SIGKILL), as a crash would.
    pub fn kill_panel(&self) {
        let parts = ["xfce4-panel", "wrapper-2.0"];
        for process in self.processes().iter().filter(|process| parts.contains(&process.program.as_str())) {
            super::kill("-KILL", process.pid);
        }
        bus::wait_without_name(self.bus(), WATCHER, STARTS);
    }

    /// The names under which tray icons are registered.
    pub fn tray_items(&self) -> Vec<String> {
        let watcher = Proxy::new(self.bus(), WATCHER, WATCHER_PATH, WATCHER).unwrap();
        watcher.get_property("RegisteredStatusNotifierItems").unwrap()
    }

    /// Waits for the icon of the process `pid`.
    #[track_caller]
    pub fn tray_item(&self, pid: u32, deadline: Duration) -> TrayItem {
        wait::until("the tray icon", deadline, || self.tray_items().iter().find_map(|name| self.item_of(name, pid)))
    }

    /// The icon registered under `name`, where the process `pid` owns it.
    fn item_of(&self, name: &str, pid: u32) -> Option<TrayItem> {
        let (service, path) = match name.find('/') {
            Some(at) => name.split_at(at),
            None => (name, "/StatusNotifierItem"),
        };
        let bus = zbus::blocking::fdo::DBusProxy::new(self.bus()).unwrap();
        let owner = bus.get_connection_unix_process_id(service.try_into().ok()?).ok()?;
        (owner == pid).then(|| TrayItem { bus: self.bus().clone(), service: service.to_owned(), path: path.to_owned() })
    }
}

impl TrayItem {
    /// A left click (`Activate`).
    pub fn activate(&self) {
        let () = self.item().call("Activate", &(0i32, 0i32)).unwrap();
    }

    /// A property of the icon that is text, such as `Title`, `Status` or `IconName`.
    pub fn text(&self, property: &str) -> String {
        self.item().get_property(property).unwrap()
    }

    /// The picture, as the host gets it: width, height, bytes (`IconPixmap`).
    pub fn picture(&self) -> Vec<(i32, i32, Vec<u8>)> {
        self.item().get_property("IconPixmap").unwrap()
    }

    /// The whole menu.
    pub fn menu(&self) -> Vec<MenuEntry> {
        let properties: [&str; 0] = [];
        let (_revision, (_id, _properties, entries)): (u32, Layout) =
            self.menu_object().call("GetLayout", &(0i32, -1i32, &properties[..])).unwrap();
        entries.iter().filter_map(|entry| read_entry(entry)).collect()
    }

    /// The menu as indented lines, for a message or a comparison.
    pub fn menu_text(&self) -> String {
        let mut text = String::new();
        write_entries(&self.menu(), 0, &mut text);
        text
    }

    /// Chooses the entry at `path`: at each level the first entry whose label contains the part. An icon is registered a
    /// moment before it has its menu, so one waits for the entry as for anything else.
    ///
    /// # Panics
    /// Where there has been no such entry that can be chosen.
    #[track_caller]
    pub fn choose(&self, path: &[&str]) {
        let mut seen = Vec::new();
        let chosen = wait::within(LOOKS, || {
            seen = self.menu();
            // The menu may have got another shape since: then the click meets nothing, and one looks again.
            let id = find(&seen, path).filter(|entry| entry.enabled)?.id;
            self.click(id).then_some(())
        });
        let mut text = String::new();
        write_entries(&seen, 0, &mut text);
        assert!(chosen.is_some(), "waited {LOOKS:?} in vain for {path:?} to choose in the menu:\n{text}");
    }

    /// Clicks on the entry with this number; `false` where there is none of that number any more.
    fn click(&self, id: i32) -> bool {
        match self.menu_object().call::<_, _, ()>("Event", &(id, "clicked", Value::from(""), 0u32)) {
            Err(zbus::Error::MethodError(name, ..)) if name == "org.freedesktop.DBus.Error.InvalidArgs" => false,
            // *Quit* may end the app before it can answer.
            Ok(()) | Err(zbus::Error::MethodError(..)) => true,
            Err(error) => panic!("the menu does not answer: {error}"),
        }
    }

    /// Whether the menu has an entry at `path`, found as [`TrayItem::choose`] does.
    pub fn offers(&self, path: &[&str]) -> bool {
        find(&self.menu(), path).is_some_and(|entry| entry.enabled)
    }

    fn item(&self) -> Proxy<'_> {
        // What is cached can be stale by the time that a test looks again.
        zbus::blocking::proxy::Builder::new(&self.bus)
            .destination(self.service.as_str())
            .unwrap()
            .path(self.path.as_str())
            .unwrap()
            .interface(ITEM)
            .unwrap()
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()
            .unwrap()
    }

    fn menu_object(&self) -> Proxy<'static> {
        let path: OwnedObjectPath = self.item().get_property("Menu").unwrap();
        Proxy::new_owned(self.bus.clone(), self.service.clone(), path, MENU).unwrap()
    }
}

fn find<'a>(entries: &'a [MenuEntry], path: &[&str]) -> Option<&'a MenuEntry> {
    let (first, rest) = path.split_first()?;
    let matching = entries.iter().filter(|entry| entry.label.contains(first));
    if rest.is_empty() {
        matching.into_iter().next()
    } else {
        matching.into_iter().find_map(|entry| find(&entry.entries, rest))
    }
}

/// An entry of `GetLayout`: a variant around `(ia{sv}av)`. `None` for one that is hidden.
fn read_entry(value: &Value<'_>) -> Option<MenuEntry> {
    let fields = <&Structure<'_>>::try_from(inside(value)).ok()?.fields();
    let [Value::I32(id), Value::Dict(properties), Value::Array(entries)] = fields else { return None };
    let (mut label, mut enabled) = (String::new(), true);
    for (key, value) in properties.iter() {
        match (inside(key), inside(value)) {
            (Value::Str(key), Value::Bool(false)) if key == "visible" => return None,
            (Value::Str(key), Value::Bool(flag)) if key == "enabled" => enabled = *flag,
            (Value::Str(key), Value::Str(text)) if key == "label" => label = text.to_string(),
            _ => {}
        }
    }
    // A single underscore marks the access key, two stand for one (com.canonical.dbusmenu, "label").
    let label = label.replace("__", "\0").replace('_', "").replace('\0', "_");
    let entries = entries.inner().iter().filter_map(|entry| read_entry(entry)).collect();
    Some(MenuEntry { id: *id, label, enabled, entries })
}

/// What a variant holds.
fn inside<'a, 'v>(value: &'a Value<'v>) -> &'a Value<'v> {
    match value {
        Value::Value(inner) => inner,
        other => other,
    }
}

fn write_entries(entries: &[MenuEntry], depth: usize, text: &mut String) {
    for entry in entries {
        let label = if entry.label.is_empty() { "---" } else { &entry.label };
        text.push_str(&format!(
            "{:indent$}{label}{}\n",
            "",
            if entry.enabled { "" } else { " (off)" },
            indent = depth * 2
        ));
        write_entries(&entry.entries, depth + 1, text);
    }
}
