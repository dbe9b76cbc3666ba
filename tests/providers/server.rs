//! A server that follows a script and remembers what it was asked; and the engine that asks it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use daypass_core::{Clock, Secret, Time};
use daypass_providers::{Catalog, Definition, Engine, Limits, Target};
use serde_json::Value;

/// The moment at which every test takes place: 2026-01-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_767_225_600;
/// The same as `Date` is written.
pub(crate) const DATE: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

/// A clock that stands still.
pub(crate) struct Still(pub(crate) Time);

impl Clock for Still {
    fn now(&self) -> Time {
        self.0
    }
}

/// `seconds` after [`NOW`].
pub(crate) fn at(seconds: i64) -> Time {
    Time::from_timestamp(NOW + seconds, 0).unwrap()
}

pub(crate) fn engine() -> Engine {
    engine_with(Limits::default())
}

pub(crate) fn engine_with(limits: Limits) -> Engine {
    Engine::new(Arc::new(Still(at(0))), limits).unwrap()
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text)
}

pub(crate) fn built_in(name: &str) -> Arc<Definition> {
    Catalog::built_in().find(name).unwrap()
}

/// What the server was asked.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// Path and query, as they were sent.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Ask {
    /// Method and path: `POST /sessions`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What it answers.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self::text(status, body.to_string()).header("Content-Type", "application/json")
    }

    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A server on a free port of this machine, for as long as the test runs.
pub(crate) struct Server {
    pub(crate) url: String,
    asks: Arc<Mutex<Vec<Ask>>>,
}

impl Server {
    /// Answers every request by `script`.
    pub(crate) async fn start(script: impl Fn(&Ask) -> Answer + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asks = Arc::new(Mutex::new(Vec::new()));
        let (seen, script) = (asks.clone(), Arc::new(script));
        let app = axum::Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let ask = Ask {
                method,
                path: uri.path_and_query().unwrap().to_string(),
                headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            };
            let answer = script(&ask);
            seen.lock().unwrap().push(ask);
            let mut response = Response::builder().status(answer.status);
            if !answer.headers.iter().any(|(name, _)| *name == "Date") {
                response = response.header("Date", DATE);
            }
            for (name, value) in answer.headers {
                response = response.header(name, value);
            }
            let response = response.body(Body::from(answer.body)).unwrap();
            async move { response }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asks }
    }

    /// Gives the same answer to everything.
    pub(crate) async fn always(answer: Answer) -> Self {
        Self::start(move |_| answer.clone()).await
    }

    /// What it was asked so far.
    pub(crate) fn asks(&self) -> Vec<Ask> {
        self.asks.lock().unwrap().clone()
    }

    /// The one request that there was.
    pub(crate) fn only_ask(&self) -> Ask {
        let asks = self.asks();
        assert_eq!(asks.len(), 1, "{asks:?}");
        asks[0].clone()
    }

    /// The address of an account of `definition` on this server.
    pub(crate) fn target(&self, definition: &Definition, params: &[(&str, &str)]) -> Target {
        definition.target(Some(&self.url), map(params)).unwrap()
    }
}

pub(crate) fn map(params: &[(&str, &str)]) -> BTreeMap<String, String> {
    params.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
