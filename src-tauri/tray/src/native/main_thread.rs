//! The main thread of macOS: an icon can be made and changed there alone, and it must run the loop of the application. So it does
//! nothing else, and all the rest of the program is beside it.

use std::cell::RefCell;

use dispatch2::DispatchQueue;
use objc2::MainThreadMarker;
use objc2_app_kit::{NSApplication, NSApplicationActivationPolicy};

use super::icon::Shown;

thread_local! {
    /// The icon; on the main thread.
    static SHOWN: RefCell<Option<Shown>> = const { RefCell::new(None) };
}

/// Does `work` on a thread of its own while this one, which must be the main thread, runs the loop of the application; what it
/// answers is the code that the process ends with.
pub fn beside(work: impl FnOnce() -> u8 + Send + 'static) -> ! {
    if let Some(main) = MainThreadMarker::new() {
        let app = NSApplication::sharedApplication(main);
        // An icon, and no place in the Dock.
        app.setActivationPolicy(NSApplicationActivationPolicy::Accessory);
        std::thread::spawn(move || std::process::exit(work().into()));
        app.run();
        std::process::exit(0);
    }
    std::process::exit(work().into());
}

/// The icon, from any other thread.
#[derive(Default)]
pub(super) struct Held;

impl Held {
    /// Does `work` with it, and waits for that.
    #[expect(clippy::unused_self, reason = "elsewhere the icon is in it")]
    pub(super) fn with(&mut self, work: impl FnOnce(&mut Option<Shown>) + Send) {
        DispatchQueue::main().exec_sync(|| SHOWN.with_borrow_mut(work));
    }
}
