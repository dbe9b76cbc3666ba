//! The palette: a second kind of window of this program, for a quick copy. It shows itself once its page is drawn, goes when
//! it was used or loses the focus, and gives the focus back to whoever had it. Then it ends, or waits hidden where the
//! settings keep it warm.
//!
//! The focus is looked at here and not where the shortcut is heard, so that it is the one of the very moment at which the
//! palette takes it, whatever opened it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tauri::{AppHandle, Manager, Monitor, PhysicalPosition, Runtime, WebviewWindow, WindowEvent};

use crate::feed::{Feed, Moment};
use crate::focus::Focus;

/// The label of its window; a capability of its own is for it alone.
pub const PALETTE: &str = "palette";

/// Makes the palette, and has it show itself once it is drawn; where it is `hidden`, only when it is asked for.
///
/// # Errors
/// Where the web view cannot be made.
pub fn open<R: Runtime>(app: &tauri::App<R>, hidden: bool) -> tauri::Result<WebviewWindow<R>> {
    let window = crate::build(app, PALETTE)?;
    // A window that is started to wait is kept warm until the settings say otherwise.
    let state = State { wanted: !hidden, keep_warm: hidden, ..State::default() };
    let palette = Arc::new(Palette { app: app.handle().clone(), window: window.clone(), state: state.into() });
    let own = Arc::clone(&palette);
    window.on_window_event(move |event| match event {
        WindowEvent::Focused(focused) => own.focused(*focused),
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            own.leave(true);
        }
        _ => {}
    });
    let desk = window.clone();
    app.state::<Feed>().on_moment(move |moment| {
        let palette = Arc::clone(&palette);
        // Only an app that has ended does not take it.
        let _ = desk.run_on_main_thread(move || palette.hear(moment));
    });
    Ok(window)
}

/// See the module. All of it happens on the thread that draws.
struct Palette<R: Runtime> {
    app: AppHandle<R>,
    window: WebviewWindow<R>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether the page is there.
    drawn: bool,
    /// Whether it is to be shown as soon as it is drawn.
    wanted: bool,
    shown: bool,
    /// What had the keyboard, as [`Focus::keyboard`] tells it, when it got the focus; `None` before that.
    ours: Option<u32>,
    /// Whether it stays, hidden, after it was used.
    keep_warm: bool,
    /// Who had the focus before.
    before: Option<Focus>,
}

impl<R: Runtime> Palette<R> {
    fn hear(&self, moment: Moment) {
        let mut state = self.state();
        let shown = state.shown;
        match moment {
            Moment::Drawn => state.drawn = true,
            Moment::Called if shown => {
                drop(state);
                return self.leave(true);
            }
            Moment::Called => state.wanted = true,
            Moment::KeepWarm(keep) => state.keep_warm = keep,
            // Nobody is left to call it: one that is shown ends when it was used. An agent that comes says so anew.
            Moment::Lost => state.keep_warm = false,
        }
        let (show, rest) = (state.wanted && state.drawn && !shown, !state.wanted && !shown);
        let end = rest && !state.keep_warm;
        drop(state);
        if show {
            self.show();
        } else if end {
            self.app.exit(0);
        }
    }

    /// Shows it on the screen where the pointer is.
    fn show(&self) {
        {
            let mut state = self.state();
            (state.wanted, state.shown, state.ours) = (false, true, None);
            state.before = Focus::now(&self.window);
        }
        self.app.state::<Feed>().tell_page("shown");
        // Where it cannot be placed, the desktop places it.
        if let Some(place) = self.place() {
            let _ = self.window.set_position(place);
        }
        crate::focus::present(&self.window, self.state().before.as_ref());
    }

    /// It got the focus, or lost it: then the user has turned to something else.
    fn focused(&self, focused: bool) {
        let mut state = self.state();
        let keyboard = state.before.as_ref().map_or(0, Focus::keyboard);
        if focused {
            state.ours = Some(keyboard);
            return;
        }
        // Keys that somebody has grabbed, such as a shortcut, are told as a loss of the focus too.
        let lost = state.ours.is_some_and(|ours| ours != keyboard || state.before.is_none());
        drop(state);
        if lost {
            self.leave(false);
        }
    }

    /// Takes it off the screen; `back` to give the focus back to whoever had it.
    fn leave(&self, back: bool) {
        let (before, keep_warm) = {
            let mut state = self.state();
            if !std::mem::take(&mut state.shown) {
                return;
            }
            (state.before.take(), state.keep_warm)
        };
        // Where it cannot be hidden it ends all the same, below or by its user.
        let _ = self.window.hide();
        if let Some(before) = before.filter(|_| back) {
            before.give_back();
        }
        if keep_warm {
            self.app.state::<Feed>().tell_page("hidden");
        } else {
            self.app.exit(0);
        }
    }

    /// In the middle of the upper part of the screen with the pointer.
    fn place(&self) -> Option<PhysicalPosition<i32>> {
        let pointer = self.window.cursor_position().ok()?;
        let monitors = self.window.available_monitors().ok()?;
        let with_pointer = |monitor: &&Monitor| {
            let (place, size) = (monitor.position(), monitor.size());
            let (x, y) = (pointer.x - f64::from(place.x), pointer.y - f64::from(place.y));
            (0.0..f64::from(size.width)).contains(&x) && (0.0..f64::from(size.height)).contains(&y)
        };
        let monitor = monitors.iter().find(with_pointer).or(monitors.first())?;
        // A window has no size of its own before it is shown.
        let config = self.app.config().app.windows.iter().find(|window| window.label == PALETTE)?;
        let free = |whole: u32, ours: f64| (f64::from(whole) - ours * monitor.scale_factor()).max(0.0);
        Some(PhysicalPosition {
            x: monitor.position().x + (free(monitor.size().width, config.width) / 2.0) as i32,
            y: monitor.position().y + (free(monitor.size().height, config.height) / 3.0) as i32,
        })
    }

    /// The state stays whole between two statements, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
