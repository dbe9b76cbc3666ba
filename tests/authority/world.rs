//! What every test here stands in: an authority on a port of its own, with a clock that is turned by hand.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use daypass_authority::{Config, DemoUser, Log, Service, Store};
use daypass_core::{Chance, Clock, Secret, Time, clock};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::document::Document;
pub(crate) use crate::document::request::RequestBuilder;
use crate::document::request::document;
use crate::place::Place;

/// When every test begins: a whole second, so that lives come out exact.
pub(crate) const START: i64 = 1_900_000_000;

/// Shows the time that it was set to.
pub(crate) struct HandClock(Mutex<Time>);

impl Clock for HandClock {
    fn now(&self) -> Time {
        *self.0.lock().unwrap()
    }
}

impl HandClock {
    pub(crate) fn at_start() -> Self {
        Self(Mutex::new(Time::from_timestamp(START, 0).unwrap()))
    }
}

/// Numbers that differ from each other and from those of every other instance (SplitMix64).
pub(crate) struct Dice(AtomicU64);

impl Dice {
    pub(crate) fn new() -> Self {
        static SEEDS: AtomicU64 = AtomicU64::new(1);
        Self(AtomicU64::new(SEEDS.fetch_add(1, Ordering::Relaxed) << 40))
    }
}

impl Chance for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) struct World {
    pub(crate) clock: Arc<HandClock>,
    pub(crate) service: Arc<Service>,
    pub(crate) demo: DemoUser,
    pub(crate) address: SocketAddr,
    http: Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
    /// Last, as it goes after all that use it.
    #[expect(dead_code, reason = "it is kept, and nothing else")]
    place: Option<Place>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(Config::default()).await
    }

    /// Over a store of this suite that nobody else looks at.
    pub(crate) async fn of(config: Config) -> Self {
        Self::of_logged(config, Log::silent()).await
    }

    /// The same, with what happens told to `log`.
    pub(crate) async fn of_logged(config: Config, log: Log) -> Self {
        let (store, place) = Place::fleeting();
        Self { place, ..Self::logged(config, store, log).await }
    }

    /// Over the store at `place`.
    pub(crate) async fn at(place: &Place) -> Self {
        Self::with(Config::default(), place.store()).await
    }

    pub(crate) async fn with(config: Config, store: Store) -> Self {
        Self::logged(config, store, Log::silent()).await
    }

    pub(crate) async fn logged(config: Config, store: Store, log: Log) -> Self {
        static TLS: Once = Once::new();
        TLS.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
        let clock = Arc::new(HandClock::at_start());
        let dice = Arc::new(Dice::new());
        let service = Service::open_logged(store, Arc::<HandClock>::clone(&clock), dice, config, log).unwrap();
        let demo = service.create_demo_user().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(daypass_authority::run(listener, Arc::clone(&service), async {
            let _ = stopped.await;
        }));
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { clock, service, demo, address, http, stop, running, place: None }
    }

    /// Turns the clock forward.
    pub(crate) fn pass(&self, span: Duration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = clock::later(*now, span);
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        RequestBuilder::new(self.http.request(method, format!("http://{}{path}", self.address)))
    }

    /// A request with `Authorization: Bearer …`, without a body.
    pub(crate) fn bearing(&self, method: &str, path: &str, token: &Secret) -> RequestBuilder {
        self.request(method, path).bearer_auth(token.expose())
    }

    /// What the authority says of itself.
    pub(crate) async fn document(&self) -> &'static Document {
        document(&self.http, &format!("http://{}", self.address).parse().unwrap()).await
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Asks the server to end, and waits until it has.
    pub(crate) async fn end(self) {
        self.stop.send(()).unwrap();
        drop(self.http);
        self.running.await.unwrap().unwrap();
    }
}

/// The status of the answer, and its body as JSON.
pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}, and not JSON: {text:?}")))
}

/// The body of an answer with status 200.
pub(crate) async fn good(request: RequestBuilder) -> Value {
    let (status, body) = answer(request).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// The text at `name` of an answer, as a secret.
pub(crate) fn secret(body: &Value, name: &str) -> Secret {
    Secret::new(body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")))
}
