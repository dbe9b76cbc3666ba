//! A shortcut of the whole desktop, where none can be had yet: keys can be bound to `daypass palette` by other means.

use tokio::sync::mpsc::UnboundedSender;

use crate::desktop::{Binding, DesktopEvent, Unbound};
use crate::shortcut::Shortcut;

/// Holds none.
#[derive(Default)]
pub(super) struct Holder {}

impl Holder {
    /// Says of any shortcut that there is no way to it.
    #[expect(clippy::unused_self, reason = "where it can be held, it is held in it")]
    pub(super) fn bind(&mut self, shortcut: Option<Shortcut>, _events: UnboundedSender<DesktopEvent>) -> Binding {
        let answer = shortcut.map_or_else(|| Ok(String::new()), |_| Err(Unbound::NoWay));
        Box::pin(std::future::ready(answer))
    }
}
