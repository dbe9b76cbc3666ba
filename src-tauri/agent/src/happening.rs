//! What the host tells the agent of the machine, so that it need not wait for its next look at the clocks.

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
