//! What a screen reader hears: the tree of a program's accessible objects over AT-SPI.

use std::collections::HashMap;
use std::time::Duration;

use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::{OwnedObjectPath, OwnedValue};

use super::{Desktop, bus};
use crate::wait;

/// Starts the accessibility bus, and names it on the session bus.
pub(super) const LAUNCHER: &str = "/usr/libexec/at-spi-bus-launcher";
pub(super) const BUS: &str = "org.a11y.Bus";
const REGISTRY: &str = "org.a11y.atspi.Registry";
const ROOT: &str = "/org/a11y/atspi/accessible/root";
const ACCESSIBLE: &str = "org.a11y.atspi.Accessible";
const TEXT: &str = "org.a11y.atspi.Text";
/// The roles that a test asks for (AT-SPI 2.46, atspi-constants.h).
pub const ROLES: [(u32, &str); 8] = [
    (23, "frame"),
    (43, "push button"),
    (55, "table"),
    (62, "toggle button"),
    (75, "application"),
    (83, "heading"),
    (90, "table row"),
    (11, "combo box"),
];
/// Deeper than any page.
const DEEPEST: usize = 80;
/// `ATSPI_STATE_FOCUSED` (AT-SPI 2.46, atspi-constants.h).
const FOCUSED: u32 = 12;

/// The accessibility bus of a desktop that has one.
#[derive(Debug)]
pub struct Accessibility {
    bus: Connection,
}

/// An object as a screen reader is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accessible {
    /// What it is, by the names of [`ROLES`], such as `push button`; `other` for what is not among them.
    pub role: String,
    /// What it is called.
    pub name: String,
    /// What is said of it beside its name.
    pub description: String,
    /// Its text, objects within it left out.
    pub text: String,
    /// What else is known of it, such as `live` → `polite`.
    pub attributes: HashMap<String, String>,
    /// Whether it has the keyboard's focus.
    pub focused: bool,
    /// What is in it.
    pub children: Vec<Accessible>,
}

impl Desktop {
    /// The accessibility bus; there is one where [`super::Options::accessible`] asked for it.
    pub fn accessibility(&self) -> Accessibility {
        let service = Proxy::new(self.bus(), BUS, "/org/a11y/bus", BUS).unwrap();
        let address: String = service.call("GetAddress", &()).unwrap();
        Accessibility { bus: bus::connect(&address) }
    }
}

impl Accessibility {
    /// The objects of the program that calls itself `program`, once it is there.
    pub fn tree(&self, program: &str) -> Option<Accessible> {
        let registry = (REGISTRY.to_owned(), OwnedObjectPath::try_from(ROOT).unwrap());
        let programs = self.children(&registry)?;
        let found = programs.iter().find(|program_at| self.property(program_at, "Name").as_deref() == Some(program))?;
        self.read(found, 0)
    }

    /// Waits until `wanted` finds something in the program's tree.
    #[track_caller]
    pub fn find<T>(
        &self,
        program: &str,
        what: &str,
        deadline: Duration,
        wanted: impl Fn(&Accessible) -> Option<T>,
    ) -> T {
        let found = wait::within(deadline, || wanted(&self.tree(program)?));
        found.unwrap_or_else(|| panic!("a screen reader does not find {what} in:\n{:#?}", self.tree(program)))
    }

    fn read(&self, object: &Object, depth: usize) -> Option<Accessible> {
        let proxy = self.proxy(object, ACCESSIBLE)?;
        // Not by `GetRoleName`: a screen reader names the number itself, and the web view's process (WebKitGTK 2.50) ends by it.
        let role: u32 = proxy.call("GetRole", &()).ok()?;
        let attributes = proxy.call("GetAttributes", &()).unwrap_or_default();
        let states: Vec<u32> = proxy.call("GetState", &()).unwrap_or_default();
        let interfaces: Vec<String> = proxy.call("GetInterfaces", &()).unwrap_or_default();
        let text = if interfaces.iter().any(|interface| interface == TEXT) { self.text(object) } else { None };
        let children = if depth < DEEPEST { self.children(object).unwrap_or_default() } else { Vec::new() };
        Some(Accessible {
            role: ROLES.iter().find(|(number, _)| *number == role).map_or("other", |(_, name)| name).to_owned(),
            name: self.property(object, "Name").unwrap_or_default(),
            description: self.property(object, "Description").unwrap_or_default(),
            text: text.unwrap_or_default(),
            attributes,
            focused: states.first().is_some_and(|states| states & (1 << FOCUSED) != 0),
            // What goes away while it is read is not in it.
            children: children.iter().filter_map(|child| self.read(child, depth + 1)).collect(),
        })
    }

    fn children(&self, object: &Object) -> Option<Vec<Object>> {
        let proxy = self.proxy(object, ACCESSIBLE)?;
        // Not by `GetChildren`: the place of a web view lists none, and yet has the page's own objects as one, of another process.
        let count: i32 = proxy.get_property("ChildCount").ok()?;
        Some((0..count).filter_map(|at| proxy.call("GetChildAtIndex", &(at,)).ok()).collect())
    }

    fn text(&self, object: &Object) -> Option<String> {
        self.proxy(object, TEXT)?.call("GetText", &(0, -1)).ok()
    }

    fn property(&self, object: &Object, name: &str) -> Option<String> {
        let value: OwnedValue = self.proxy(object, ACCESSIBLE)?.get_property(name).ok()?;
        value.try_into().ok()
    }

    fn proxy(&self, (service, path): &Object, interface: &'static str) -> Option<Proxy<'static>> {
        // Objects come and go, and their properties change without a word.
        zbus::blocking::proxy::Builder::new(&self.bus)
            .destination(service.clone())
            .ok()?
            .path(path.clone())
            .ok()?
            .interface(interface)
            .ok()?
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()
            .ok()
    }
}

/// A reference to an object: the program's name on the bus, and its path (`(so)`).
type Object = (String, OwnedObjectPath);

impl Accessible {
    /// Itself and everything in it, from top to bottom.
    pub fn all(&self) -> Vec<&Accessible> {
        let inner = self.children.iter().flat_map(Accessible::all);
        std::iter::once(self).chain(inner).collect()
    }

    /// The first object of this role for which `wanted` holds.
    pub fn first(&self, role: &str, wanted: impl Fn(&Accessible) -> bool) -> Option<&Accessible> {
        self.all().into_iter().find(|object| object.role == role && wanted(object))
    }

    /// All that is said in it: names, texts and descriptions, one a line.
    pub fn said(&self) -> String {
        let parts = self
            .all()
            .into_iter()
            .flat_map(|object| [object.name.as_str(), object.text.as_str(), object.description.as_str()]);
        let parts: Vec<&str> = parts.filter(|part| !part.trim().is_empty()).collect();
        parts.join("\n")
    }
}
