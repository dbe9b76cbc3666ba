//! The authority's figures, in the text form that Prometheus reads (OpenMetrics 1.0).
//!
//! What is told to the log is counted here too ([`Journal::tell`]), so the two cannot disagree. Labels are words of ours:
//! their number is bounded by the program, not by what clients send.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::log::{Event, Log};

/// How [`Meters::text`] is called on the wire.
pub(crate) const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Labels of a family: names and words.
type Words<const N: usize> = [(&'static str, &'static str); N];

/// The upper bounds of times, in seconds: from a tenth of a millisecond to five seconds.
const SECONDS: [f64; 14] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Where the authority tells what happens: it is written and counted.
pub(crate) struct Journal {
    log: Log,
    meters: Meters,
}

/// The figures.
pub(crate) struct Meters {
    registry: Registry,
    requests: Family<Words<3>, Counter>,
    request_seconds: Family<Words<1>, Histogram>,
    sessions: Family<Words<2>, Counter>,
    refusals: Family<Words<2>, Counter>,
    step_seconds: Family<Words<1>, Histogram>,
    step_failures: Family<Words<1>, Counter>,
    swept: Counter,
    /// Connections that are open.
    pub(crate) connections: Gauge,
    /// Connections that were shed, to make place for others.
    pub(crate) shed: Counter,
}

impl Journal {
    pub(crate) fn new(log: Log) -> Self {
        Self { log, meters: Meters::new() }
    }

    /// Writes `event`, and counts it.
    pub(crate) fn tell(&self, event: &Event<'_>) {
        self.meters.count(event);
        // Probes ask every few seconds: what they are told well is a figure, and no news.
        if !matches!(event, Event::Request { dialect: "operation", status: ..400, .. }) {
            self.log.tell(event);
        }
    }

    /// The figures.
    pub(crate) fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The same, for a store to add its own.
    pub(crate) fn registry(&mut self) -> &mut Registry {
        &mut self.meters.registry
    }
}

impl Meters {
    fn new() -> Self {
        let mut meters = Self {
            registry: Registry::with_prefix("daypass_authority"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(times),
            sessions: Family::default(),
            refusals: Family::default(),
            step_seconds: Family::new_with_constructor(times),
            step_failures: Family::default(),
            swept: Counter::default(),
            connections: Gauge::default(),
            shed: Counter::default(),
        };
        let registry = &mut meters.registry;
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that runs", version);
        let requests = meters.requests.clone();
        registry.register("requests", "Requests by dialect, route and class of status", requests);
        let seconds = meters.request_seconds.clone();
        registry.register("request_seconds", "Time from a request's head to its answer, by dialect", seconds);
        let sessions = meters.sessions.clone();
        registry.register("sessions", "Sessions opened, refreshed and ended, by kind", sessions);
        let refusals = meters.refusals.clone();
        registry.register("refusals", "Refused credentials and refreshes, by dialect and reason", refusals);
        registry.register("store_step_seconds", "Time of a step of the store", meters.step_seconds.clone());
        registry.register("store_failures", "Steps that the store did not do", meters.step_failures.clone());
        registry.register("swept_rows", "Expired rows that were removed", meters.swept.clone());
        registry.register("connections", "Connections that are open", meters.connections.clone());
        registry.register("shed_connections", "Idle connections closed to make place", meters.shed.clone());
        meters
    }

    /// What a step of the store took.
    pub(crate) fn took(&self, step: &'static str, time: Duration) {
        self.step_seconds.get_or_create(&[("step", step)]).observe(time.as_secs_f64());
    }

    /// All figures as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // A string takes all that is written to it.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn count(&self, event: &Event<'_>) {
        match event {
            Event::Request { dialect, route, status, micros, .. } => {
                let labels = [("dialect", *dialect), ("route", *route), ("status", class(*status))];
                self.requests.get_or_create(&labels).inc();
                let seconds = Duration::from_micros(*micros).as_secs_f64();
                self.request_seconds.get_or_create(&[("dialect", dialect)]).observe(seconds);
            }
            Event::CredentialRefused { dialect, reason, .. } => {
                self.refusals.get_or_create(&[("dialect", dialect), ("reason", reason)]).inc();
            }
            Event::RefreshRefused { reason, .. } => {
                self.refusals.get_or_create(&[("dialect", "native"), ("reason", reason)]).inc();
            }
            Event::SessionOpened { kind, .. } => {
                self.changed(kind, "opened", 1);
            }
            Event::SessionRefreshed { .. } => {
                self.changed("native", "refreshed", 1);
            }
            Event::SessionsEnded { kind, count, .. } => {
                self.changed(kind, "ended", *count);
            }
            Event::StoreFailed { step, .. } => {
                self.step_failures.get_or_create(&[("step", step)]).inc();
            }
            Event::Swept { rows } => {
                self.swept.inc_by(*rows as u64);
            }
            _ => {}
        }
    }

    fn changed(&self, kind: &'static str, change: &'static str, count: usize) {
        self.sessions.get_or_create(&[("kind", kind), ("change", change)]).inc_by(count as u64);
    }
}

/// A histogram of times.
pub(crate) fn times() -> Histogram {
    Histogram::new(SECONDS)
}

/// The class of a status.
fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
