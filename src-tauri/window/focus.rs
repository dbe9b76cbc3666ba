//! Who has the keyboard's focus on X11, how the palette takes it, and how it is given back. Elsewhere the desktop does all
//! this by itself: it asks nobody, and gives the focus back to the window that had it before.

use tauri::{Runtime, WebviewWindow};

/// Who had the focus at one moment.
#[cfg(target_os = "linux")]
pub(crate) type Focus = x11::Focus;

/// Nobody can be asked here.
#[cfg(not(target_os = "linux"))]
pub(crate) enum Focus {}

#[cfg(not(target_os = "linux"))]
impl Focus {
    pub(crate) fn now<R: Runtime>(_: &WebviewWindow<R>) -> Option<Self> {
        None
    }

    pub(crate) fn keyboard(&self) -> u32 {
        match *self {}
    }

    pub(crate) fn give_back(self) {
        match self {}
    }
}

/// Shows `window` and gives it the focus. A window that cannot be is still there to be clicked, so a failure is no error.
pub(crate) fn present<R: Runtime>(window: &WebviewWindow<R>, before: Option<&Focus>) {
    #[cfg(target_os = "linux")]
    if let (Some(before), Ok(window)) = (before, window.gtk_window()) {
        before.present(&window);
    }
    let _ = before;
    let _ = window.show();
    let _ = window.set_focus();
}

#[cfg(target_os = "linux")]
mod x11 {
    use gtk::prelude::*;
    use tauri::{Runtime, WebviewWindow};
    use x11rb::connection::Connection as _;
    use x11rb::errors::ReplyOrIdError;
    use x11rb::protocol::Event;
    use x11rb::protocol::xproto::{
        Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, InputFocus, PropMode,
        Timestamp, Window, WindowClass,
    };
    use x11rb::rust_connection::RustConnection;
    use x11rb::wrapper::ConnectionExt as _;

    /// Who says that a request comes from a user's own action (EWMH, "Source indication in requests").
    const BY_THE_USER: u32 = 2;

    /// See [`super::Focus`].
    pub(crate) struct Focus {
        x: RustConnection,
        root: Window,
        /// The window; also `None` (0) and `PointerRoot` (1), where there is no window manager.
        had: Window,
        /// Whether a window manager gives the focus.
        managed: bool,
        /// The server's time of that moment.
        at: Timestamp,
    }

    impl Focus {
        /// Who has it now; `None` where the desktop is not of X11.
        pub(crate) fn now<R: Runtime>(_: &WebviewWindow<R>) -> Option<Self> {
            let on_x11 =
                gtk::is_initialized_main_thread() && gtk::gdk::Display::default()?.type_().name() == "GdkX11Display";
            on_x11.then(Self::ask)?.ok()
        }

        fn ask() -> Result<Self, ReplyOrIdError> {
            let (x, screen) = x11rb::connect(None).map_err(|_| x11rb::errors::ConnectionError::UnknownError)?;
            let root = x.setup().roots[screen].root;
            let at = server_time(&x, root)?;
            let manager = window_of(&x, root, b"_NET_SUPPORTING_WM_CHECK")?;
            // One that has gone left its name on the root window; a living one has it on its own window too.
            let managed = match manager {
                0 => false,
                manager => window_of(&x, manager, b"_NET_SUPPORTING_WM_CHECK").is_ok_and(|own| own == manager),
            };
            let had =
                if managed { window_of(&x, root, b"_NET_ACTIVE_WINDOW")? } else { x.get_input_focus()?.reply()?.focus };
            Ok(Self { x, root, had, managed, at })
        }

        /// Shows `window` as one that the user asked for at that moment: a window manager gives the focus to nothing older.
        pub(crate) fn present(&self, window: &gtk::ApplicationWindow) {
            // A tiling window manager leaves a dialog its size and place.
            window.set_type_hint(gtk::gdk::WindowTypeHint::Dialog);
            window.show_all();
            window.present_with_time(self.at);
            window.display().sync();
        }

        /// Whose window the server sends the keys to now, as the head of all its windows' ids; 0 where it does not say. A
        /// program has several windows, and the toolkit passes the focus among them.
        pub(crate) fn keyboard(&self) -> Window {
            let asked = self.x.get_input_focus().ok().and_then(|answer| answer.reply().ok());
            asked.map_or(0, |answer| answer.focus & !self.x.setup().resource_id_mask)
        }

        /// Gives it back. The window may have gone; then the desktop decides.
        pub(crate) fn give_back(self) {
            if let Some(display) = gtk::gdk::Display::default() {
                display.sync();
            }
            let _ = self.try_give_back();
        }

        fn try_give_back(&self) -> Result<(), ReplyOrIdError> {
            if !self.managed {
                self.x.set_input_focus(InputFocus::POINTER_ROOT, self.had, x11rb::CURRENT_TIME)?.check()?;
            } else if self.had != 0 {
                let activate = atom(&self.x, b"_NET_ACTIVE_WINDOW")?;
                let event = ClientMessageEvent::new(32, self.had, activate, [BY_THE_USER, self.at, 0, 0, 0]);
                let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
                self.x.send_event(false, self.root, to, event)?.check()?;
            }
            Ok(())
        }
    }

    /// The server's clock: it tells the time of a change that changes nothing (ICCCM 2.1).
    fn server_time(x: &RustConnection, root: Window) -> Result<Timestamp, ReplyOrIdError> {
        let window = x.generate_id()?;
        let look = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        x.create_window(0, window, root, -1, -1, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &look)?.check()?;
        x.change_property8(PropMode::APPEND, window, AtomEnum::WM_NAME, AtomEnum::STRING, b"")?.check()?;
        loop {
            if let Event::PropertyNotify(change) = x.wait_for_event()? {
                x.destroy_window(window)?;
                return Ok(change.time);
            }
        }
    }

    /// A property that names one window; 0 where there is none.
    fn window_of(x: &RustConnection, window: Window, name: &[u8]) -> Result<Window, ReplyOrIdError> {
        let name = atom(x, name)?;
        let value = x.get_property(false, window, name, AtomEnum::WINDOW, 0, 1)?.reply()?;
        Ok(value.value32().and_then(|mut windows| windows.next()).unwrap_or(0))
    }

    fn atom(x: &RustConnection, name: &[u8]) -> Result<Atom, ReplyOrIdError> {
        Ok(x.intern_atom(false, name)?.reply()?.atom)
    }
}
