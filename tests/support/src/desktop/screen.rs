//! The screen of the desktop: what can be seen on it, and windows closed as their own close button does it.

use std::time::Duration;

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, GrabMode,
    ImageFormat, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MapState, ModMask, PropMode, Window, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::{Desktop, STARTS};
use crate::wait;

/// A connection to the X server, for looking at the screen often.
#[derive(Debug)]
pub struct Screen {
    x: RustConnection,
    root: Window,
    width: u16,
    height: u16,
}

/// What the screen showed at one moment: a sample of its pixels, enough to tell two pictures apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pixels: Vec<[u8; 3]>,
}

impl Frame {
    /// The share of the pixels, from 0 to 1, in which two frames of one screen differ.
    pub fn difference(&self, other: &Self) -> f64 {
        let differing = self.pixels.iter().zip(&other.pixels).filter(|(a, b)| a != b).count();
        differing as f64 / self.pixels.len().max(1) as f64
    }

    /// The share of the pixels, from 0 to 1, that have the colour `0xRRGGBB`.
    pub fn share_of(&self, colour: u32) -> f64 {
        let [_, red, green, blue] = colour.to_be_bytes();
        let alike = self.pixels.iter().filter(|pixel| **pixel == [red, green, blue]).count();
        alike as f64 / self.pixels.len().max(1) as f64
    }

    /// How many colours there are.
    pub fn colours(&self) -> usize {
        self.pixels.iter().collect::<std::collections::HashSet<_>>().len()
    }
}

impl Screen {
    /// One pixel in so many is kept, in each direction.
    const STEP: usize = 2;

    /// Connects to the X server of `desktop`.
    pub fn of(desktop: &Desktop) -> Self {
        let (x, number) = x11rb::connect(Some(desktop.display())).unwrap();
        let screen = &x.setup().roots[number];
        let (root, width, height) = (screen.root, screen.width_in_pixels, screen.height_in_pixels);
        Self { x, root, width, height }
    }

    /// What the screen shows now.
    pub fn frame(&self) -> Frame {
        let request = self.x.get_image(ImageFormat::Z_PIXMAP, self.root, 0, 0, self.width, self.height, u32::MAX);
        let image = request.unwrap().reply().unwrap().data;
        // 24 bits deep, 32 bits a pixel: blue, green, red, nothing.
        let row = usize::from(self.width) * 4;
        let rows = image.chunks_exact(row).step_by(Self::STEP);
        let pixels = rows.flat_map(|row| row.chunks_exact(4).step_by(Self::STEP));
        Frame { pixels: pixels.map(|pixel| [pixel[2], pixel[1], pixel[0]]).collect() }
    }

    /// The windows that can be seen and that have a title, with it.
    pub fn windows(&self) -> Vec<(Window, String)> {
        let tree = self.x.query_tree(self.root).unwrap().reply().unwrap();
        let mut titled = Vec::new();
        for window in tree.children {
            // A window may end while we ask.
            let Ok(attributes) = self.x.get_window_attributes(window).unwrap().reply() else { continue };
            let title = self.title(window);
            if attributes.map_state == MapState::VIEWABLE && !title.is_empty() {
                titled.push((window, title));
            }
        }
        titled
    }

    /// Waits until a window whose title contains `title` can be seen.
    #[track_caller]
    pub fn wait_for_window(&self, title: &str, deadline: Duration) -> Window {
        wait::until(&format!("a window {title:?}"), deadline, || self.window(title))
    }

    /// The window whose title contains `title`, where it can be seen.
    pub fn window(&self, title: &str) -> Option<Window> {
        self.windows().into_iter().find(|(_, found)| found.contains(title)).map(|(window, _)| window)
    }

    /// Asks a window to close, as its close button does (`WM_DELETE_WINDOW`, ICCCM 4.2.8.1).
    pub fn close(&self, window: Window) {
        let atom = |name: &str| self.x.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let data = [atom("WM_DELETE_WINDOW"), x11rb::CURRENT_TIME, 0, 0, 0];
        let event = ClientMessageEvent::new(32, window, atom("WM_PROTOCOLS"), data);
        self.x.send_event(false, window, EventMask::NO_EVENT, event).unwrap().check().unwrap();
        self.x.flush().unwrap();
    }

    /// Where a window is, as an X geometry such as `640x400+10+20`.
    pub fn geometry(&self, window: Window) -> String {
        let place = self.x.get_geometry(window).unwrap().reply().unwrap();
        format!("{}x{}+{}+{}", place.width, place.height, place.x, place.y)
    }

    /// Gives the screen's background a colour, `0xRRGGBB`.
    pub fn paint(&self, colour: u32) {
        let look = ChangeWindowAttributesAux::new().background_pixel(colour);
        self.x.change_window_attributes(self.root, &look).unwrap().check().unwrap();
        self.x.clear_area(false, self.root, 0, 0, 0, 0).unwrap().check().unwrap();
    }

    /// Puts a window of ours over the whole screen, for as long as this value lives.
    pub fn cover(&self) -> Window {
        let window = self.x.generate_id().unwrap();
        let look = CreateWindowAux::new().override_redirect(1);
        let (width, height) = (self.width, self.height);
        let class = WindowClass::INPUT_OUTPUT;
        self.x.create_window(0, window, self.root, 0, 0, width, height, 0, class, 0, &look).unwrap().check().unwrap();
        self.x.map_window(window).unwrap().check().unwrap();
        window
    }

    /// Whether there is a window manager.
    pub fn is_managed(&self) -> bool {
        self.window_of(self.root, "_NET_SUPPORTING_WM_CHECK").is_some()
    }

    /// The window whose title contains `title`, where it can be seen; also inside the frame of a window manager.
    pub fn titled(&self, title: &str) -> Option<Window> {
        let tree = self.x.query_tree(self.root).unwrap().reply().unwrap();
        // A window may end while we ask.
        let inside =
            |frame: &Window| self.x.query_tree(*frame).unwrap().reply().map(|tree| tree.children).unwrap_or_default();
        let mut windows = tree.children.iter().flat_map(|frame| [vec![*frame], inside(frame)].concat());
        windows.find(|window| {
            let seen = self.x.get_window_attributes(*window).unwrap().reply();
            seen.is_ok_and(|seen| seen.map_state == MapState::VIEWABLE) && self.title(*window).contains(title)
        })
    }

    /// Waits for that.
    #[track_caller]
    pub fn wait_for_titled(&self, title: &str, deadline: Duration) -> Window {
        wait::until(&format!("a window {title:?}"), deadline, || self.titled(title))
    }

    /// A window of ours as any program has one, with a title and the focus; for as long as this value lives.
    pub fn client(&self, title: &str) -> Window {
        let window = self.x.generate_id().unwrap();
        let look = CreateWindowAux::new().background_pixel(0x00dd_dddd);
        let class = WindowClass::INPUT_OUTPUT;
        self.x.create_window(0, window, self.root, 40, 40, 300, 120, 0, class, 0, &look).unwrap().check().unwrap();
        let (name, kind) = (AtomEnum::WM_NAME, AtomEnum::STRING);
        self.x.change_property8(PropMode::REPLACE, window, name, kind, title.as_bytes()).unwrap().check().unwrap();
        self.x.map_window(window).unwrap().check().unwrap();
        if !self.is_managed() {
            let by = InputFocus::POINTER_ROOT;
            self.x.set_input_focus(by, window, x11rb::CURRENT_TIME).unwrap().check().unwrap();
        }
        wait::until("the focus", STARTS, || (self.focused() == window).then_some(()));
        window
    }

    /// The window that has the keyboard's focus, by the window manager where there is one.
    pub fn focused(&self) -> Window {
        let by_the_server = || self.x.get_input_focus().unwrap().reply().unwrap().focus;
        if self.is_managed() { self.window_of(self.root, "_NET_ACTIVE_WINDOW").unwrap_or(0) } else { by_the_server() }
    }

    /// Has the key of a letter for itself, as another program with a shortcut; for as long as this value lives.
    pub fn take_key(&self, letter: char) {
        let (first, last) = (self.x.setup().min_keycode, self.x.setup().max_keycode);
        let layout = self.x.get_keyboard_mapping(first, last - first + 1).unwrap().reply().unwrap();
        let width = usize::from(layout.keysyms_per_keycode);
        let key = layout.keysyms.chunks(width).position(|symbols| symbols[0] == u32::from(letter)).unwrap();
        let (key, how) = (first + u8::try_from(key).unwrap(), GrabMode::ASYNC);
        self.x.grab_key(false, self.root, ModMask::ANY, key, how, how).unwrap().check().unwrap();
    }

    /// Presses the keys with these symbols (`keysymdef.h`) and lets them go, as a keyboard does it, without another program
    /// that would take its time.
    pub fn press(&self, symbols: &[u32]) {
        let (first, last) = (self.x.setup().min_keycode, self.x.setup().max_keycode);
        let layout = self.x.get_keyboard_mapping(first, last - first + 1).unwrap().reply().unwrap();
        let width = usize::from(layout.keysyms_per_keycode);
        let key = |symbol: &u32| {
            let at = layout.keysyms.chunks(width).position(|symbols| symbols[0] == *symbol).unwrap();
            first + u8::try_from(at).unwrap()
        };
        let keys: Vec<u8> = symbols.iter().map(key).collect();
        let (presses, releases) = (keys.iter().map(|key| (KEY_PRESS_EVENT, *key)), keys.iter().rev());
        for (kind, key) in presses.chain(releases.map(|key| (KEY_RELEASE_EVENT, *key))) {
            self.x.xtest_fake_input(kind, key, 0, x11rb::NONE, 0, 0, 0).unwrap().check().unwrap();
        }
    }

    /// A property that names a window.
    fn window_of(&self, window: Window, name: &str) -> Option<Window> {
        let name = self.x.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let value = self.x.get_property(false, window, name, AtomEnum::WINDOW, 0, 1).unwrap().reply().unwrap();
        value.value32()?.next().filter(|window| *window != 0)
    }

    /// Whether `window` lies above the window whose title contains `title`.
    pub fn is_above(&self, window: Window, title: &str) -> bool {
        let tree = self.x.query_tree(self.root).unwrap().reply().unwrap();
        let height = |wanted: Window| tree.children.iter().position(|child| *child == wanted);
        height(window) > self.window(title).and_then(height)
    }

    fn title(&self, window: Window) -> String {
        let name = self.x.intern_atom(false, b"_NET_WM_NAME").unwrap().reply().unwrap().atom;
        let read = |atom: u32| {
            let answer = self.x.get_property(false, window, atom, AtomEnum::ANY, 0, 1024).unwrap().reply();
            answer.map(|property| String::from_utf8_lossy(&property.value).into_owned()).unwrap_or_default()
        };
        let title = read(name);
        if title.is_empty() { read(AtomEnum::WM_NAME.into()) } else { title }
    }
}

impl Desktop {
    /// Presses a button of the mouse (1 left, 3 right) at a point of the screen.
    pub fn click(&self, x: u32, y: u32, button: u32) {
        let (x, y, button) = (x.to_string(), y.to_string(), button.to_string());
        self.read(self.command("xdotool").args(["mousemove", &x, &y, "click", &button])).expect("xdotool failed");
    }

    /// Moves the mouse to a point of the screen.
    pub fn point(&self, x: u32, y: u32) {
        self.read(self.command("xdotool").args(["mousemove", &x.to_string(), &y.to_string()])).expect("xdotool failed");
    }

    /// Gives a window the keyboard.
    pub fn focus(&self, window: Window) {
        self.read(self.command("xdotool").args(["windowfocus", "--sync", &window.to_string()]))
            .expect("xdotool failed");
    }

    /// Types a text, key by key.
    pub fn type_text(&self, text: &str) {
        self.read(self.command("xdotool").args(["type", text])).expect("xdotool failed");
    }

    /// Presses a key by its X name, such as `Down`, or several at once, such as `ctrl+c`.
    pub fn press(&self, key: &str) {
        self.read(self.command("xdotool").args(["key", key])).expect("xdotool failed");
    }
}
