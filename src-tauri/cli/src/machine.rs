//! What the machine tells of itself: that it goes to sleep and wakes up, that its clock was set, that a network came up.
//!
//! Each of the three waits for the kernel or for logind, and costs nothing until one of them speaks. None is needed: the
//! agent looks at its clocks twice a minute anyway, and tries again by itself. With them it does so at once.

#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod sleep;

use std::convert::Infallible;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;

use daypass_agent::Agent;
#[cfg(target_os = "linux")]
use tokio::io::unix::AsyncFd;

/// Lets `agent` hear of the machine, until the future is dropped. What the system does not have is silently left out.
#[cfg(target_os = "linux")]
pub(crate) async fn tell(agent: &Agent) -> Infallible {
    tokio::join!(sleep::watch(agent), clock::watch(agent), network::watch(agent));
    std::future::pending().await
}

/// A descriptor of ours whose news can be waited for.
#[cfg(target_os = "linux")]
#[expect(deprecated, reason = "the new way is unsafe; what is given here is owned, so nobody closes it underneath")]
fn awaited(descriptor: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(descriptor)
}

/// Other systems tell nothing yet.
#[cfg(not(target_os = "linux"))]
pub(crate) async fn tell(_agent: &Agent) -> Infallible {
    std::future::pending().await
}
