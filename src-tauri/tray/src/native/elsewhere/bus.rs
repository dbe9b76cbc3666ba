//! Where there is no session bus: icon and notifications are the system's own, and what happens to them is passed on.

use tokio::sync::mpsc::UnboundedSender;

use crate::desktop::{DesktopError, DesktopEvent};

/// Where what happens goes. Cheap to clone.
#[derive(Clone)]
pub(super) struct Bus(UnboundedSender<DesktopEvent>);

impl Bus {
    /// What happens goes to `events`.
    pub(super) fn new(events: UnboundedSender<DesktopEvent>) -> Self {
        Self(events)
    }

    /// Passes on what happened.
    pub(super) fn tell(&self, event: DesktopEvent) {
        // Without a controller nobody wants to know.
        let _ = self.0.send(event);
    }

    /// Whether somebody shows icons: the system itself does.
    ///
    /// # Errors
    /// None; on Linux the bus may not answer.
    pub(super) fn has_tray_host(&self) -> Result<bool, DesktopError> {
        Ok(true)
    }
}
