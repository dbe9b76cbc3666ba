//! A shortcut on X11: the keys are grabbed on the root window (`XGrabKey`), once for each state of the lock keys, and again
//! whenever the keyboard's layout changes. One thread sleeps until the server or we have something to say.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use x11rb::connection::Connection as _;
use x11rb::errors::{ConnectError, ConnectionError, ReplyError};
use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode, Keycode, ModMask, Timestamp, Window};
use x11rb::protocol::{ErrorKind, Event};
use x11rb::rust_connection::RustConnection;

use crate::desktop::{DesktopEvent, Unbound};
use crate::shortcut::Shortcut;

/// The symbols of the keys that hold a modifier or lock something, left and right (`keysymdef.h`).
const ALT: &[u32] = &[0xffe9, 0xffea];
const LOGO: &[u32] = &[0xffeb, 0xffec];
const NUM_LOCK: &[u32] = &[0xff7f];
const SCROLL_LOCK: &[u32] = &[0xff14];

pub(super) type Answer = oneshot::Sender<Result<String, Unbound>>;
/// A shortcut that is wanted, and where the answer goes.
pub(super) type Wish = (Shortcut, Answer);

/// The thread; it ends, and lets go of the keys, when this is dropped.
pub(super) struct Thread {
    wishes: mpsc::Sender<Wish>,
    waker: UnixStream,
}

impl Thread {
    /// Starts it; it connects by itself.
    ///
    /// # Errors
    /// Where there is no thread or no pair of sockets to be had.
    pub(super) fn start(events: UnboundedSender<DesktopEvent>) -> io::Result<Self> {
        let (waker, woken) = UnixStream::pair()?;
        let (wishes, wished) = mpsc::channel();
        std::thread::Builder::new().name("shortcut".to_owned()).spawn(move || run(&wished, woken, &events))?;
        Ok(Self { wishes, waker })
    }

    /// Has it take this shortcut in place of the one before; gives the wish back where the thread has ended.
    pub(super) fn bind(&mut self, wish: Wish) -> Result<(), Wish> {
        self.wishes.send(wish).map_err(|mpsc::SendError(wish)| wish)?;
        // A thread that ends just now drops the answer, and whoever waits for it is told.
        let _ = self.waker.write_all(&[0]);
        Ok(())
    }
}

/// The thread.
fn run(wished: &mpsc::Receiver<Wish>, woken: UnixStream, events: &UnboundedSender<DesktopEvent>) {
    let mut keys = match Keys::connect() {
        Ok(keys) => keys,
        Err(error) => {
            if let Ok((_, answer)) = wished.recv() {
                let _ = answer.send(Err(Unbound::Failed(error.to_string())));
            }
            return;
        }
    };
    if let Err(error) = keys.serve(wished, woken, events) {
        // Nobody may be left to hear it: without its X server a desktop is over.
        let _ = events.send(DesktopEvent::Rebound(Err(Unbound::Failed(error.to_string()))));
    }
}

/// The keys that are grabbed.
struct Keys {
    x: RustConnection,
    root: Window,
    shortcut: Option<Shortcut>,
    /// When the keys were let go last. A key that repeats by itself is let go and pressed at the same instant.
    released: Option<Timestamp>,
}

impl Keys {
    fn connect() -> Result<Self, ConnectError> {
        let (x, screen) = x11rb::connect(None)?;
        let root = x.setup().roots[screen].root;
        Ok(Self { x, root, shortcut: None, released: None })
    }

    /// Until the other end of `woken` is closed, or the server is gone.
    fn serve(
        &mut self,
        wished: &mpsc::Receiver<Wish>,
        mut woken: UnixStream,
        events: &UnboundedSender<DesktopEvent>,
    ) -> Result<(), ConnectionError> {
        loop {
            let mut changed = false;
            while let Some(event) = self.x.poll_for_event()? {
                match event {
                    Event::KeyRelease(key) => self.released = Some(key.time),
                    Event::KeyPress(key) if self.released != Some(key.time) => {
                        // Where nobody listens any more, the program is ending.
                        let _ = events.send(DesktopEvent::Shortcut);
                    }
                    Event::MappingNotify(_) => changed = true,
                    _ => {}
                }
            }
            if let Some(shortcut) = self.shortcut.filter(|_| changed) {
                let _ = events.send(DesktopEvent::Rebound(self.grab(shortcut)?));
                continue;
            }
            let mut waiting = [PollFd::new(self.x.stream(), PollFlags::IN), PollFd::new(&woken, PollFlags::IN)];
            match poll(&mut waiting, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(ConnectionError::IoError(error.into())),
            }
            if !waiting[1].revents().is_empty() {
                if woken.read(&mut [0; 16])? == 0 {
                    return Ok(());
                }
                while let Ok((shortcut, answer)) = wished.try_recv() {
                    self.shortcut = Some(shortcut);
                    let _ = answer.send(self.grab(shortcut)?);
                }
            }
        }
    }

    /// Grabs these keys and no others.
    fn grab(&self, shortcut: Shortcut) -> Result<Result<String, Unbound>, ConnectionError> {
        self.let_go()?;
        match self.try_grab(shortcut) {
            Ok(true) => Ok(Ok(shortcut.to_string())),
            Ok(false) => Ok(Err(Unbound::NoKey(shortcut.to_string()))),
            Err(ReplyError::ConnectionError(error)) => Err(error),
            Err(ReplyError::X11Error(error)) => {
                self.let_go()?;
                let taken = error.error_kind == ErrorKind::Access;
                let other = || Unbound::Failed(format!("{:?}", error.error_kind));
                Ok(Err(if taken { Unbound::Taken(shortcut.to_string()) } else { other() }))
            }
        }
    }

    fn let_go(&self) -> Result<(), ConnectionError> {
        // "AnyKey" is 0 (X11 protocol, UngrabKey); it means ours.
        self.x.ungrab_key(0, self.root, ModMask::ANY)?;
        self.x.flush()
    }

    /// Answers whether the keyboard has the key.
    fn try_grab(&self, shortcut: Shortcut) -> Result<bool, ReplyError> {
        let layout = Layout::read(&self.x)?;
        let Some((codes, level_shift)) = layout.codes(shortcut.symbol()) else { return Ok(false) };
        let modifiers = [
            (shortcut.ctrl, u16::from(ModMask::CONTROL)),
            (shortcut.shift || level_shift, u16::from(ModMask::SHIFT)),
            (shortcut.alt, layout.modifier(ALT).unwrap_or(ModMask::M1.into())),
            (shortcut.logo, layout.modifier(LOGO).unwrap_or(ModMask::M4.into())),
        ];
        let held = modifiers.iter().filter(|(held, _)| *held).fold(0, |all, (_, mask)| all | mask);
        let locks = [Some(ModMask::LOCK.into()), layout.modifier(NUM_LOCK), layout.modifier(SCROLL_LOCK)];
        for code in codes {
            for locked in subsets(locks.into_iter().flatten()) {
                let mask = ModMask::from(held | locked);
                self.x.grab_key(false, self.root, mask, code, GrabMode::ASYNC, GrabMode::ASYNC)?.check()?;
            }
        }
        Ok(true)
    }
}

/// Which key stands for what.
struct Layout {
    first: Keycode,
    /// The symbols of each key: plain and with Shift, for each group in turn.
    symbols: Vec<Vec<u32>>,
    /// The keys of each of the eight modifiers.
    modifiers: Vec<Vec<Keycode>>,
}

impl Layout {
    fn read(x: &RustConnection) -> Result<Self, ReplyError> {
        let (first, last) = (x.setup().min_keycode, x.setup().max_keycode);
        let symbols = x.get_keyboard_mapping(first, last - first + 1)?;
        let modifiers = x.get_modifier_mapping()?;
        let (symbols, modifiers) = (symbols.reply()?, modifiers.reply()?);
        let width = usize::from(symbols.keysyms_per_keycode).max(1);
        let held_by = (modifiers.keycodes.len() / 8).max(1);
        Ok(Self {
            first,
            symbols: symbols.keysyms.chunks(width).map(<[u32]>::to_vec).collect(),
            modifiers: modifiers.keycodes.chunks(held_by).map(<[Keycode]>::to_vec).collect(),
        })
    }

    /// The keys with this symbol, and whether Shift is needed for it. Plain symbols go first, in the order of the groups.
    fn codes(&self, symbol: u32) -> Option<(Vec<Keycode>, bool)> {
        let columns = self.symbols.iter().map(Vec::len).max().unwrap_or(0);
        let order = (0..columns).step_by(2).chain((1..columns).step_by(2));
        order.into_iter().find_map(|column| {
            let with = |(_, symbols): &(Keycode, &Vec<u32>)| symbols.get(column) == Some(&symbol);
            let codes: Vec<_> =
                (self.first..=Keycode::MAX).zip(&self.symbols).filter(with).map(|(code, _)| code).collect();
            (!codes.is_empty()).then_some((codes, column % 2 == 1))
        })
    }

    /// The modifier that one of the keys with these symbols holds, beyond Shift, Lock and Control, which are fixed.
    fn modifier(&self, symbols: &[u32]) -> Option<u16> {
        let has = |code: &Keycode| {
            let of_key = self.symbols.get(usize::from(code.checked_sub(self.first)?))?;
            of_key.iter().find(|symbol| symbols.contains(symbol))
        };
        (3..8)
            .find(|at| self.modifiers.get(*at).is_some_and(|codes| codes.iter().any(|code| has(code).is_some())))
            .map(|at| 1 << at)
    }
}

/// Every combination of these masks, none included.
fn subsets(masks: impl Iterator<Item = u16>) -> Vec<u16> {
    masks.fold(vec![0], |all, mask| all.iter().flat_map(|one| [*one, one | mask]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three keys: `a`, `ß` with `?` above it, and in the second group `c`; the fourth is NumLock on the fifth modifier.
    fn layout() -> Layout {
        let symbols =
            vec![vec![0x61, 0x41, 0x63, 0x43], vec![0xdf, 0x3f, 0, 0], vec![0x61, 0, 0, 0], vec![0xff7f, 0, 0, 0]];
        let mut modifiers = vec![vec![0, 0]; 8];
        modifiers[4] = vec![11, 0];
        Layout { first: 8, symbols, modifiers }
    }

    #[test]
    fn a_key_is_found_in_every_group_and_above_shift() {
        assert_eq!(layout().codes(0x61), Some((vec![8, 10], false)));
        assert_eq!(layout().codes(0x63), Some((vec![8], false)));
        assert_eq!(layout().codes(0x3f), Some((vec![9], true)));
        assert_eq!(layout().codes(0x7a), None);
    }

    #[test]
    fn a_keyboard_may_have_keys_up_to_the_last_number() {
        let symbols = (8..=255).map(|code| vec![0x1000 + code]).collect();
        let layout = Layout { first: 8, symbols, modifiers: vec![Vec::new(); 8] };
        assert_eq!(layout.codes(0x1000 + 255), Some((vec![255], false)));
        assert_eq!(layout.codes(0x61), None);
    }

    #[test]
    fn a_lock_is_found_by_its_key() {
        assert_eq!(layout().modifier(NUM_LOCK), Some(1 << 4));
        assert_eq!(layout().modifier(ALT), None);
    }

    #[test]
    fn every_state_of_the_locks_is_meant() {
        assert_eq!(subsets([2, 16].into_iter()), [0, 16, 2, 18]);
    }
}
