//! The transport: takes connections, bounds what they may cost, and hands each request to its dialect.

mod account;
mod client;
mod connection;
mod host;
mod operate;
mod places;
mod tls;
mod uses;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};

use crate::log::Event;
use crate::rate::Client;
use crate::{Config, Service};
pub use tls::{Tls, TlsError};

use connection::Desk;
use operate::Draining;
use places::{Places, Welcome};

/// How long to wait after a failed accept (too many open files, say) before the next one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often expired rows are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(10);

/// Where an authority listens.
pub struct Listeners {
    /// For everyone.
    pub main: TcpListener,
    /// For the figures and the probes, in plain HTTP. Where there is none, the figures are on the main one, for this
    /// machine alone; the probes are there always.
    pub metrics: Option<TcpListener>,
    /// What the main one speaks TLS with; plain HTTP where there is none.
    pub tls: Option<Tls>,
}

/// Serves `service` on `listener` until `shutdown` ends, as [`run_at`] does.
///
/// # Errors
/// As [`run_at`].
pub async fn run(
    listener: TcpListener,
    service: Arc<Service>,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    run_at(Listeners { main: listener, metrics: None, tls: None }, service, shutdown).await
}

/// Serves `service` on `listeners` until `shutdown` ends; removes expired rows and writes when sessions were used meanwhile.
///
/// The end comes in three steps. First `/readyz` answers 503, each answer asks its client to close the connection, and
/// all is served as before for [`crate::Config::drain_delay`], so that balancers look elsewhere. Then no connection is
/// accepted any more, idle ones are closed, and requests that are under way may finish within [`crate::Config::grace`].
/// What is not done by then is cut off, and the last uses are written. Whoever drops this future cuts off at once.
///
/// What a client does never ends it, nor does a failing accept.
///
/// # Errors
/// What the operating system says if the listener has no address.
pub async fn run_at(
    listeners: Listeners,
    service: Arc<Service>,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let Listeners { main: listener, metrics, tls } = listeners;
    let address = listener.local_addr()?;
    let journal = service.journal();
    let config = service.config();
    let (stop, stopping) = watch::channel(false);
    let draining = Draining::default();
    let places = Places::new(config.max_connections, config.max_connections_each);
    let desk = Desk::new(&service, &draining, metrics.is_none(), tls.clone(), stopping);
    // Ends with this function.
    let mut beside = JoinSet::new();
    if let Some(metrics) = metrics {
        beside.spawn(operate::serve(metrics, Arc::clone(&service), draining.clone()));
    }
    let encrypted = tls.is_some();
    if let Some(tls) = tls {
        let service = Arc::clone(&service);
        beside.spawn(async move { tls.watch(service.journal()).await });
    }
    let uses = uses::Writing::start(&service);
    let mut connections = JoinSet::new();
    let sweeping = sweep(&service);
    let drained = sleep_until(Instant::now());
    tokio::pin!(shutdown, sweeping, drained);
    journal.tell(&Event::Serving { address, version: env!("CARGO_PKG_VERSION"), tls: encrypted });
    let mut waiting: Option<(TcpStream, SocketAddr)> = None;
    loop {
        tokio::select! {
            () = &mut shutdown, if !draining.has_begun() => {
                draining.begin();
                journal.tell(&Event::Draining { connections: connections.len() });
                drained.as_mut().reset(Instant::now() + config.drain_delay);
            }
            () = &mut drained, if draining.has_begun() => break,
            () = &mut sweeping => break,
            // Takes finished connections out, so that their number stays that of the living ones.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if waiting.is_none() => match accepted {
                Ok(accepted) => waiting = Some(accepted),
                Err(error) => {
                    journal.tell(&Event::AcceptFailed { error: error.to_string() });
                    // Where there are too many open files, one of them is that of a connection that waits.
                    places.shed();
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            welcome = welcome(&places, config, waiting.as_ref()), if waiting.is_some() => {
                if let (Some((stream, peer)), Welcome::Come { place, shed }) = (waiting.take(), welcome) {
                    journal.meters().shed.inc_by(u64::from(shed));
                    connections.spawn(connection::serve(stream, peer.ip(), place, desk.clone()));
                }
            }
        }
    }
    // What the system has accepted for us by now is served too.
    while let Ok(Ok(accepted)) = timeout(Duration::ZERO, listener.accept()).await {
        if let Ok(Welcome::Come { place, .. }) =
            timeout(Duration::ZERO, welcome(&places, config, Some(&accepted))).await
        {
            let (stream, peer) = accepted;
            connections.spawn(connection::serve(stream, peer.ip(), place, desk.clone()));
        }
    }
    drop(listener);
    // Fails only where no connection is left to hear it.
    let _ = stop.send(true);
    let _ = timeout(config.grace, async { while connections.join_next().await.is_some() {} }).await;
    uses.end().await;
    journal.tell(&Event::Stopped { cut: connections.len() });
    Ok(())
}

/// A place for the connection that was accepted.
async fn welcome(places: &Arc<Places>, config: &Config, accepted: Option<&(TcpStream, SocketAddr)>) -> Welcome {
    match accepted {
        Some((_, peer)) => {
            let one = !config.trusted_proxies.iter().any(|network| network.contains(peer.ip()));
            places.welcome(Client::of(peer.ip()), one).await
        }
        None => Welcome::Go,
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
