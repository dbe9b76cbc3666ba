//! The transport: takes connections, bounds what they may cost, and hands each request to its dialect.

mod account;
mod connection;
mod host;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::Service;
use crate::log::{Event, Log};

/// How long to wait after a failed accept (too many open files, say) before the next one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often expired rows are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(10);

/// Serves `service` on `listener` until `shutdown` ends; removes expired rows meanwhile.
///
/// After the end was asked for, no connection is accepted any more, idle ones are closed, and requests that are under
/// way may finish within [`crate::Config::grace`]; what is not done by then is cut off.
///
/// What a client does never ends it, nor does a failing accept.
///
/// # Errors
/// What the operating system says if the listener has no address.
pub async fn run(
    listener: TcpListener,
    service: Arc<Service>,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let log = service.log();
    log.tell(&Event::Serving { address, version: env!("CARGO_PKG_VERSION"), tls: false });
    let (stop, stopping) = watch::channel(false);
    let places = Arc::new(Semaphore::new(service.config().max_connections.max(1)));
    let mut connections = JoinSet::new();
    let sweeping = sweep(&service);
    tokio::pin!(shutdown, sweeping);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            () = &mut sweeping => break,
            // Takes finished connections out, so that their number stays that of the living ones.
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &places, log) => accepted,
        };
        if let Some((stream, peer, place)) = accepted {
            let serving = connection::serve(stream, peer.ip(), Arc::clone(&service), stopping.clone());
            connections.spawn(async move {
                serving.await;
                drop(place);
            });
        }
    }
    drop(listener);
    log.tell(&Event::Draining { connections: connections.len() });
    // Fails only where no connection is left to hear it.
    let _ = stop.send(true);
    let _ = timeout(service.config().grace, async { while connections.join_next().await.is_some() {} }).await;
    log.tell(&Event::Stopped { cut: connections.len() });
    Ok(())
}

type Accepted = (tokio::net::TcpStream, std::net::SocketAddr, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>, log: &Log) -> Option<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            log.tell(&Event::AcceptFailed { error: error.to_string() });
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Removes expired rows for ever: step after step while there are any, then again after a while. A store that does not
/// work at the moment is tried again like an empty one.
async fn sweep(service: &Service) {
    let mut ticks = interval(EXPIRE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        while service.expire().await.is_ok_and(|removed| removed > 0) {}
    }
}
