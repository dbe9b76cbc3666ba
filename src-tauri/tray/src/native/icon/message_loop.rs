//! How the thread of the icon waits for what it is to do on Windows: the clicks on an icon come as messages to the thread that made
//! it, so it waits for both.

use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, TryRecvError};

use windows_sys::Win32::System::Threading::GetCurrentThreadId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, GetMessageW, MSG, PM_NOREMOVE, PeekMessageW, PostThreadMessageW, TranslateMessage, WM_APP,
};

/// Where commands come from.
pub(super) struct Sender<T> {
    /// Taken when it is dropped: the thread is to see the end.
    commands: Option<mpsc::Sender<T>>,
    /// The id of the thread that receives; 0 until it does.
    thread: Arc<AtomicU32>,
}

/// Where they go to.
pub(super) struct Receiver<T> {
    commands: mpsc::Receiver<T>,
    thread: Arc<AtomicU32>,
}

/// Both ends.
pub(super) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = mpsc::channel();
    let thread = Arc::<AtomicU32>::default();
    (Sender { commands: Some(sender), thread: thread.clone() }, Receiver { commands: receiver, thread })
}

impl<T> Sender<T> {
    /// Has the thread do `command`.
    ///
    /// # Errors
    /// Gives it back where the thread has ended.
    pub(super) fn send(&self, command: T) -> Result<(), mpsc::SendError<T>> {
        match &self.commands {
            Some(commands) => commands.send(command)?,
            None => return Err(mpsc::SendError(command)),
        }
        self.wake();
        Ok(())
    }

    /// The thread looks for commands after every message; one that is not there yet will look before its first.
    fn wake(&self) {
        let thread = self.thread.load(Ordering::SeqCst);
        if thread != 0 {
            #[expect(unsafe_code, reason = "there is no other way to a thread's messages")]
            // SAFETY: a message without a window or pointers; a thread that is gone refuses it.
            let _ = unsafe { PostThreadMessageW(thread, WM_APP, 0, 0) };
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.commands = None;
        self.wake();
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = Commands<T>;

    /// The commands on this thread, whose messages are dispatched in between. It ends with the sender.
    fn into_iter(self) -> Commands<T> {
        let mut message = MSG::default();
        #[expect(unsafe_code, reason = "there is no other way to a thread's messages")]
        // SAFETY: looking makes the thread's queue, without which nothing can be posted; `message` is ours to write.
        let thread = unsafe {
            PeekMessageW(&raw mut message, null_mut(), 0, 0, PM_NOREMOVE);
            GetCurrentThreadId()
        };
        // Before the first look for commands: who sends after that look sees it.
        self.thread.store(thread, Ordering::SeqCst);
        Commands(self.commands)
    }
}

/// See [`Receiver::into_iter`].
pub(super) struct Commands<T>(mpsc::Receiver<T>);

impl<T> Iterator for Commands<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        loop {
            match self.0.try_recv() {
                Ok(command) => return Some(command),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => dispatch_one(),
            }
        }
    }
}

/// Waits for a message to this thread, and gives it to the window that it is for.
fn dispatch_one() {
    let mut message = MSG::default();
    #[expect(unsafe_code, reason = "there is no other way to a thread's messages")]
    // SAFETY: `message` is ours to write, and what was written to it is passed on.
    unsafe {
        if GetMessageW(&raw mut message, null_mut(), 0, 0) > 0 {
            TranslateMessage(&raw const message);
            DispatchMessageW(&raw const message);
        }
    }
}
