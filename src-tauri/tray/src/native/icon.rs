//! The icon, on a thread of its own: `tray-icon` waits for D-Bus in each of its calls.

#[cfg(target_os = "linux")]
mod paced;
#[cfg_attr(not(windows), path = "icon/queue.rs")]
#[cfg_attr(windows, path = "icon/message_loop.rs")]
mod queue;

use tokio::sync::{mpsc::UnboundedSender, oneshot};
use tray_icon::menu::{IsMenuItem, MenuEvent, MenuItem, PredefinedMenuItem, Submenu};
use tray_icon::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};

use self::queue::{Receiver, Sender, channel};
use super::bus::Bus;
#[cfg(target_os = "macos")]
use super::main_thread::Held;
use super::{pictures, reply, thread};
use crate::desktop::{DesktopError, DesktopEvent, Drawing, Reply};
use crate::menu::{Action, Entry, Menu};

/// Whether a click with the left button is for the menu, as a user of that system expects, and not for the window.
const LEFT_IS_MENU: bool = cfg!(target_os = "macos");

type Answer<T> = oneshot::Sender<Result<T, DesktopError>>;

enum Command {
    Draw(Drawing),
    HasHost(Answer<bool>),
    Close(Answer<()>),
}

/// The thread that owns the icon. It ends with this value.
pub(super) struct IconThread(Sender<Command>);

impl IconThread {
    /// Starts the thread, which shows `first` as soon as it can.
    pub(super) fn start(first: Drawing, bus: Bus, events: UnboundedSender<DesktopEvent>) -> Result<Self, DesktopError> {
        listen(events);
        let (sender, commands) = channel();
        thread("tray", move || run(first, &bus, commands))?;
        Ok(Self(sender))
    }

    pub(super) fn draw(&self, drawing: Drawing) {
        // A thread that has ended has no icon to draw on.
        let _ = self.0.send(Command::Draw(drawing));
    }

    pub(super) fn has_host(&self) -> Reply<bool> {
        self.ask(Command::HasHost)
    }

    pub(super) fn close(&self) -> Reply<()> {
        self.ask(Command::Close)
    }

    fn ask<T: Send + 'static>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Reply<T> {
        let (answer, answered) = oneshot::channel();
        // The answer is dropped with a command that cannot be sent, which the receiver sees.
        let _ = self.0.send(command(answer));
        reply(answered)
    }
}

/// Clicks arrive on the D-Bus thread and are only passed on.
fn listen(events: UnboundedSender<DesktopEvent>) {
    let chosen = events.clone();
    MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
        if let Ok(action) = serde_json::from_str::<Action>(event.id().as_ref()) {
            let _ = chosen.send(DesktopEvent::Chosen(action));
        }
    }));
    TrayIconEvent::set_event_handler(Some(move |event| {
        // Some systems tell of both, of the button that goes down and of the one that comes up.
        if let TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. } = event
            && !LEFT_IS_MENU
        {
            let _ = events.send(DesktopEvent::Clicked);
        }
    }));
}

fn run(first: Drawing, bus: &Bus, commands: Receiver<Command>) {
    let mut held = Held::default();
    held.with(|shown| *shown = Shown::new(first));
    #[cfg(target_os = "linux")]
    let commands = paced::Paced::new(commands);
    for command in commands {
        match command {
            Command::Draw(drawing) => held.with(|shown| {
                if let Some(shown) = shown {
                    shown.draw(drawing);
                }
            }),
            Command::HasHost(answer) => held.with(|shown| {
                // Without a session bus there is no icon, and nobody to show one.
                let _ = answer.send(Ok(shown.is_some() && has_host(bus)));
            }),
            Command::Close(answer) => {
                held.with(|shown| drop(shown.take()));
                let _ = answer.send(Ok(()));
                return;
            }
        }
    }
}

/// Whether somebody shows icons: elsewhere the system itself does.
fn has_host(bus: &Bus) -> bool {
    !cfg!(target_os = "linux") || bus.has_tray_host().unwrap_or(false)
}

/// The icon, on the thread that holds it.
#[cfg(not(target_os = "macos"))]
#[derive(Default)]
struct Held(Option<Shown>);

#[cfg(not(target_os = "macos"))]
impl Held {
    fn with(&mut self, work: impl FnOnce(&mut Option<Shown>)) {
        work(&mut self.0);
    }
}

/// The icon and what it shows.
pub(super) struct Shown {
    icon: TrayIcon,
    drawing: Drawing,
}

impl Shown {
    /// `None` without a session bus. Without a tray host there is one, and it appears when a host comes.
    fn new(drawing: Drawing) -> Option<Self> {
        let builder = TrayIconBuilder::new()
            .with_id("daypass")
            .with_title("Daypass")
            .with_tooltip(&drawing.tooltip)
            .with_menu(Box::new(native_menu(&drawing.menu)))
            .with_menu_on_left_click(LEFT_IS_MENU);
        let builder = match pictures::icon(drawing.picture) {
            Some(icon) => builder.with_icon(icon),
            None => builder,
        };
        Some(Self { icon: builder.build().ok()?, drawing })
    }

    /// Changes what differs and no more: each change is a signal to the host. A menu of the same shape keeps its ids, and
    /// only its changed labels are sent.
    fn draw(&mut self, drawing: Drawing) {
        // A host that does not take a change is asked again with the next one.
        if drawing.picture != self.drawing.picture {
            let _ = self.icon.set_icon(pictures::icon(drawing.picture));
        }
        if drawing.tooltip != self.drawing.tooltip {
            let _ = self.icon.set_tooltip(Some(&drawing.tooltip));
        }
        if drawing.menu != self.drawing.menu {
            self.icon.set_menu(Some(Box::new(native_menu(&drawing.menu))));
        }
        self.drawing = drawing;
    }
}

fn native_menu(menu: &Menu) -> tray_icon::menu::Menu {
    let native = tray_icon::menu::Menu::new();
    for entry in &menu.0 {
        // Appending fails only where an entry has a parent already; these are new.
        let _ = native.append(native_entry(entry).as_ref());
    }
    native
}

fn native_entry(entry: &Entry) -> Box<dyn IsMenuItem> {
    match entry {
        Entry::Separator => Box::new(PredefinedMenuItem::separator()),
        Entry::Item { label, action: None } => Box::new(MenuItem::new(escape(label), false, None)),
        // The id is the action itself: a click that arrives after the menu has changed still means what the user saw.
        Entry::Item { label, action: Some(action) } => match serde_json::to_string(action) {
            Ok(id) => Box::new(MenuItem::with_id(id, escape(label), true, None)),
            Err(_) => Box::new(MenuItem::new(escape(label), false, None)),
        },
        Entry::Submenu { label, entries } => {
            let submenu = Submenu::new(escape(label), true);
            for entry in entries {
                let _ = submenu.append(native_entry(entry).as_ref());
            }
            Box::new(submenu)
        }
    }
}

/// In a label of `muda`, `&` marks the next letter as a shortcut.
fn escape(label: &str) -> String {
    label.replace('&', "&&")
}
