//! Sleep, as logind tells of it (org.freedesktop.login1(5)).
//!
//! `PrepareForSleep(true)` comes before the machine sleeps, `PrepareForSleep(false)` after it woke. A *delay inhibitor* lets
//! the machine wait for a moment in between, so that what a provider has just answered is stored before the light goes out.

use std::convert::Infallible;
use std::os::fd::OwnedFd as Fd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::Duration;

use daypass_agent::{Agent, Happening};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_stream::StreamExt;
use zbus::address::Transport;
use zbus::address::transport::UnixSocket;
use zbus::proxy::{self, CacheProperties, MethodFlags, Proxy};
use zbus::zvariant::OwnedFd;
use zbus::{Address, Connection, connection};

const LOGIND: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const INTERFACE: &str = "org.freedesktop.login1.Manager";

/// How long the system bus and logind may take over an answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long sleep is held back at most. logind itself waits for 5 s (`InhibitDelayMaxSec` of logind.conf(5)).
const HOLD: Duration = Duration::from_secs(4);
/// After a bus was lost it is looked for after this, and after twice as long each time that there is none.
const SHORTEST_REST: Duration = Duration::from_secs(1);
/// A bus that was not there for long is looked for this often.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Tells `agent` of sleep and waking, wherever there is a logind; one that comes later is found.
pub(super) async fn watch(agent: &Agent) {
    let mut rest = SHORTEST_REST;
    loop {
        if let Some(bus) = connect().await {
            rest = SHORTEST_REST;
            tokio::select! {
                // However it ended, there may be another bus.
                _ = listen(&bus, agent) => {}
                never = drive(&bus) => match never {},
            }
        }
        sleep(rest).await;
        rest = (rest * 2).min(LONGEST_REST);
    }
}

/// The system bus, where there is one that answers.
async fn connect() -> Option<Connection> {
    // Not left to zbus: it would connect on a thread that then wakes up twice a second for ever.
    let stream = timeout(ANSWER, spawn_blocking(|| UnixStream::connect_addr(&address()?).ok()));
    // Without a thread of its own: `drive` does its work on ours.
    let bus = connection::Builder::async_io_unix_stream(stream.await.ok()?.ok()??).internal_executor(false);
    timeout(ANSWER, bus.method_timeout(ANSWER).build()).await.ok()?.ok()
}

/// The address of the system bus, which is a socket of this machine.
fn address() -> Option<SocketAddr> {
    let address = Address::system().ok()?;
    let Transport::Unix(socket) = address.transport() else { return None };
    match socket.path() {
        UnixSocket::File(path) => SocketAddr::from_pathname(path).ok(),
        UnixSocket::Abstract(name) => SocketAddr::from_abstract_name(name.as_encoded_bytes()).ok(),
        _ => None,
    }
}

/// Does what the connection has to do, for as long as it is used.
async fn drive(bus: &Connection) -> Infallible {
    loop {
        bus.executor().tick().await;
    }
}

/// Listens until the bus is gone.
async fn listen(bus: &Connection, agent: &Agent) -> zbus::Result<()> {
    let builder: proxy::Builder<'_, Proxy<'_>> = proxy::Builder::new(bus);
    let builder = builder.destination(LOGIND)?.path(PATH)?.interface(INTERFACE)?;
    let manager = builder.cache_properties(CacheProperties::No).build().await?;
    let mut owners = manager.receive_owner_changed().await?;
    let mut signals = manager.receive_signal("PrepareForSleep").await?;
    let mut held = inhibit(&manager).await;
    loop {
        tokio::select! {
            owner = owners.next() => match owner {
                // A logind that starts anew has forgotten who holds it up.
                Some(owner) => held = if owner.is_some() { inhibit(&manager).await } else { None },
                None => return Ok(()),
            },
            signal = signals.next() => match signal.map(|signal| signal.body().deserialize::<bool>()) {
                Some(Ok(true)) => {
                    agent.hear(Happening::GoesToSleep);
                    // What is under way gets its moment; what takes longer is settled after waking.
                    let _ = timeout(HOLD, agent.idle()).await;
                    drop(held.take());
                }
                Some(Ok(false)) => {
                    agent.hear(Happening::Woke);
                    held = inhibit(&manager).await;
                }
                // Not what logind says.
                Some(Err(_)) => {}
                None => return Ok(()),
            },
        }
    }
}

/// Holds sleep back until the descriptor is closed; `None` where logind is not there or does not let us.
async fn inhibit(manager: &Proxy<'_>) -> Option<Fd> {
    let why = ("sleep", "Daypass", "Storing what a provider has just answered", "delay");
    // Where there is no logind, none is started for this.
    let answer = manager.call_with_flags("Inhibit", MethodFlags::NoAutoStart.into(), &why).await;
    answer.ok().flatten().map(|held: OwnedFd| held.into())
}
