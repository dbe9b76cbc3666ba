//! What the host tells the agent of the machine, so that it need not wait for its next look at the clocks.

use std::sync::Arc;

use crate::inner::Inner;

/// Something that happened to the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// It is about to sleep (logind's `PrepareForSleep(true)`).
    GoesToSleep,
    /// It woke up (logind's `PrepareForSleep(false)`).
    Woke,
    /// Its wall clock may have been set: look at the clocks again.
    ClockSet,
    /// A network came up: what failed for want of one is worth another attempt now.
    NetworkUp,
}

impl Inner {
    /// Takes in what happened to the machine; what follows from it goes on behind this.
    pub(crate) fn hear(self: &Arc<Self>, happening: Happening) {
        {
            // It is looked at the clocks whenever the state is asked for.
            let mut state = self.state();
            let now = self.now();
            match happening {
                Happening::GoesToSleep => state.clocks.goes_to_sleep(),
                Happening::Woke => state.clocks.woke(),
                Happening::ClockSet => {}
                Happening::NetworkUp => state.network_up(now, &*self.setup.chance),
            }
        }
        if happening == Happening::GoesToSleep {
            let inner = self.clone();
            self.spawn(async move {
                inner.note_uses().await;
                // What cannot be written now waits in memory, as it would without a sleep.
                let _ = inner.write_history().await;
            });
        }
        self.touched();
    }
}
