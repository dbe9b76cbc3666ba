//! The local API over the real socket: by the light client, and by clients that do not behave.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use daypass_agent::{Agent, AgentLock, Face, FaceFuture, serve};
use daypass_api::client::{CallError, Listener};
use daypass_api::request::{
    AddAccount, CopyRequest, CreateSession, LogQuery, Recognize, Shutdown, SignIn, TokenRequest,
};
use daypass_api::view::{
    AccountView, CopyView, LogEvent, LogView, Page, Place, ProviderView, RecognizedView, RemoveView, RevokeView,
    SessionView, SignInView, Snapshot, StatusView, StreamEvent, TokenView, VaultView,
};
use daypass_api::{ApiError, Client, ErrorCode, path};
use daypass_core::{Secret, Time};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::bed::{Bed, account};

/// An agent that is served, with one account `work`.
struct Served {
    bed: Bed,
    agent: Agent,
    end: Arc<Notify>,
    task: JoinHandle<Result<(), ApiError>>,
}

impl Served {
    async fn new(provider: &str, face: Option<Arc<dyn Face>>) -> Self {
        let bed = Bed::new();
        bed.script.plot().delay = Duration::ZERO;
        let agent = bed.connected(provider).await;
        let lock = AgentLock::acquire(&bed.home).unwrap().unwrap();
        let end = Arc::new(Notify::new());
        let task = {
            let (agent, home, end) = (agent.clone(), bed.home.clone(), end.clone());
            tokio::spawn(async move { serve(agent, lock, &home, face, end.notified()).await })
        };
        let socket = bed.home.socket().unwrap();
        let up = async {
            while UnixStream::connect(&socket).is_err() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), up).await.expect("the socket never came");
        Self { bed, agent, end, task }
    }

    /// Runs `call` with the light client, which blocks.
    async fn by_client<T: Send + 'static>(&self, call: impl FnOnce(Client) -> T + Send + 'static) -> T {
        let client = Client::new(&self.bed.home).unwrap();
        tokio::task::spawn_blocking(move || call(client)).await.unwrap()
    }

    /// Sends `bytes` as they are, and answers all that comes back.
    async fn raw(&self, bytes: impl Into<Vec<u8>>) -> String {
        let (socket, bytes) = (self.bed.home.socket().unwrap(), bytes.into());
        let talk = move || {
            let mut stream = UnixStream::connect(socket).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            // The server may close before it has read everything.
            let _ = stream.write_all(&bytes);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::task::spawn_blocking(talk).await.unwrap()
    }

    async fn request(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        status_and_body(&self.raw(request).await)
    }

    async fn stop(self) {
        self.end.notify_one();
        self.task.await.unwrap().unwrap();
    }
}

fn status_and_body(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no status: {answer:?}")), body.to_owned())
}

/// A face that remembers what it was asked.
#[derive(Default)]
struct Remembering(Mutex<Vec<String>>);

impl Face for Remembering {
    fn copy(&self, request: CopyRequest) -> FaceFuture<'_, CopyView> {
        Box::pin(async move {
            self.0.lock().unwrap().push(format!("copy {}", request.account));
            let cleared_at = Time::UNIX_EPOCH;
            Ok(CopyView { account: request.account, session_id: "s1".into(), expires_at: None, cleared_at })
        })
    }

    fn open_window(&self, place: Place) -> FaceFuture<'_, ()> {
        Box::pin(async move {
            self.0.lock().unwrap().push(format!("open {:?}", place.page));
            Ok(())
        })
    }

    fn toggle_palette(&self) -> FaceFuture<'_, ()> {
        Box::pin(async move {
            self.0.lock().unwrap().push("palette".to_owned());
            Ok(())
        })
    }
}

#[tokio::test]
async fn the_light_client_speaks_every_word() {
    let served = Served::new("antiraid", None).await;
    let done = served.by_client(|client| -> Result<(), CallError> {
        let status: StatusView = client.get("/v1/status")?;
        assert_eq!((status.accounts, status.tray, status.vault), (1, false, VaultView::Open));
        assert_eq!(status.version, "0.0.0-test");
        let providers: Vec<ProviderView> = client.get("/v1/providers")?;
        assert_eq!(providers.len(), 4);
        let token: TokenView = client.post("/v1/accounts/work/token", &TokenRequest::default())?;
        assert_eq!(token.token.expose(), "token-1");
        let again: AccountView = client.post("/v1/accounts/work/refresh", &())?;
        assert_eq!(again.current.as_deref(), Some("s2"));
        let request = CreateSession { name: Some("ci/cd ü".into()), life: Some(60) };
        let created: SessionView = client.post("/v1/accounts/work/sessions", &request)?;
        let sessions: Vec<SessionView> = client.get("/v1/accounts/work/sessions")?;
        assert_eq!(sessions.len(), 3);
        let revoked: RevokeView = client.delete(&format!("/v1/accounts/work/sessions/{}", created.id))?;
        assert_eq!(revoked.revoked, 1);
        let revoked: RevokeView = client.delete("/v1/accounts/work/sessions/s1?forget=true")?;
        assert!(revoked.message.contains("forgotten"));
        let all: RevokeView = client.delete("/v1/accounts/work/sessions")?;
        assert_eq!(all.revoked, 2);
        let added: AccountView = client.post("/v1/accounts", &account("discovr", "other@home"))?;
        assert_eq!(added.name, "other@home");
        let one: AccountView = client.get("/v1/accounts/other%40home")?;
        assert_eq!(one.name, "other@home");
        let begun: SignInView = client.post(
            "/v1/sign-ins",
            &SignIn { provider: "discovr".into(), name: "third".into(), base_url: None, params: Default::default() },
        )?;
        let stands: SignInView = client.get(&format!("/v1/sign-ins/{}", begun.id))?;
        assert_eq!(stands.user_code, "ABCD-EFGH");
        let () = client.delete(&format!("/v1/sign-ins/{}", begun.id))?;
        let removed: RemoveView = client.delete("/v1/accounts/other%40home")?;
        assert!(removed.undo.is_some());
        let command = Secret::new("curl https://api.discovr.media/profiles -H 'Authorization: Bearer rt_1a2b'");
        let found: RecognizedView = client.post("/v1/recognize", &Recognize { command })?;
        assert!(found.credential);
        let snapshot: Snapshot = client.get("/v1/snapshot")?;
        assert_eq!(snapshot.accounts.len(), 1);
        let query = LogQuery { account: Some("other@home".into()), since: Some(snapshot.at), ..LogQuery::default() };
        let log: LogView = client.get(&path::log(&query))?;
        assert_eq!(log.entries.len(), 0, "it was removed before");
        let log: LogView = client.get(&path::log(&LogQuery { since: None, limit: Some(1), ..query }))?;
        assert_eq!((log.entries[0].event, log.more), (LogEvent::Removed, true));
        let error = client.get::<AccountView>("/v1/accounts/nobody").unwrap_err();
        assert!(matches!(error, CallError::Api(ApiError { code: ErrorCode::UnknownAccount, .. })), "{error:?}");
        for path in ["/v1/copy", "/v1/window"] {
            let error = client.post::<()>(path, &CopyRequest { account: "work".into(), session: None }).unwrap_err();
            let CallError::Api(error) = error else { panic!("{error:?}") };
            assert_eq!(error.code, ErrorCode::NotSupported, "there is no tray app");
        }
        let error = client.post::<()>("/v1/window", &Place::default()).unwrap_err();
        assert!(matches!(error, CallError::Api(ApiError { code: ErrorCode::NotSupported, .. })));
        client.post("/v1/shutdown", &Shutdown { take_over: true })
    });
    done.await.unwrap();
    served.task.await.unwrap().unwrap();
    assert!(!served.bed.home.socket().unwrap().exists());
    let client = Client::new(&served.bed.home).unwrap();
    assert_eq!(client.get::<StatusView>("/v1/status").unwrap_err(), CallError::NotRunning);
}

#[tokio::test]
async fn every_route_is_documented_and_every_documented_route_answers() {
    let served = Served::new("antiraid", Some(Arc::new(Remembering::default()))).await;
    let (status, document) = served.request("GET", "/v1/openapi.json", "").await;
    assert_eq!(status, 200);
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let documented: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| ["get", "post", "patch", "delete"].contains(&key.as_str()));
            methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let promised = "GET /v1/status, GET /v1/snapshot, GET /v1/events, GET /v1/openapi.json, GET /v1/providers, \
        POST /v1/accounts, GET /v1/accounts/{name}, DELETE /v1/accounts/{name}, POST /v1/sign-ins, \
        GET /v1/sign-ins/{id}, DELETE /v1/sign-ins/{id}, POST /v1/accounts/{name}/token, \
        POST /v1/accounts/{name}/refresh, GET /v1/accounts/{name}/sessions, POST /v1/accounts/{name}/sessions, \
        DELETE /v1/accounts/{name}/sessions/{id}, DELETE /v1/accounts/{name}/sessions, POST /v1/copy, \
        POST /v1/window, GET /v1/log, GET /v1/vault, POST /v1/vault/open, POST /v1/vault/export, POST /v1/vault/import, POST /v1/shutdown, \
        GET /v1/accounts/{name}/sessions/{id}/claims, POST /v1/undo/{id}, POST /v1/recognize, POST /v1/try, \
        GET /v1/settings, PATCH /v1/settings, POST /v1/palette";
    let promised: BTreeSet<(String, String)> = promised
        .split(", ")
        .map(|line| line.trim().split_once(' ').unwrap())
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(documented, promised);

    // Every schema that is referred to is there.
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is not described");
    }
    assert!(schemas.contains_key("TokenView") && schemas.contains_key("ApiError"));

    // The stream has no end, and the end comes last.
    let last = [("GET".to_owned(), "/v1/events".to_owned()), ("POST".to_owned(), "/v1/shutdown".to_owned())];
    for (method, path) in documented.iter().filter(|route| !last.contains(route)) {
        let path = path.replace("{name}", "nobody").replace("{id}", "nothing");
        let (status, body) = served.request(method, &path, "{}").await;
        assert!(
            // There is no such account, and this agent has no authority.
            ![404, 405].contains(&status) || body.contains("\"unknown_account\"") || path == "/v1/try",
            "{method} {path}: {status} {body}"
        );
    }
    served.stop().await;
}

#[tokio::test]
async fn whatever_is_wrong_is_answered_in_json() {
    let served = Served::new("discovr", None).await;
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(40_000));
    let wrong: [(Vec<u8>, u16); 14] = [
        (b"nonsense\r\n\r\n".into(), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".into(), 400),
        (b"GET / HTTP/9.9\r\n\r\n".into(), 400),
        (b"GET /v1/status HTTP/1.1\r\nbad header\r\n\r\n".into(), 400),
        (long.into(), 431),
        (b"GET /nothing HTTP/1.0\r\n\r\n".into(), 404),
        (b"GET /v1/accounts/%ff HTTP/1.0\r\n\r\n".into(), 400),
        (b"PUT /v1/status HTTP/1.0\r\nContent-Length: 0\r\n\r\n".into(), 405),
        (b"GET /v1/events?window=perhaps HTTP/1.0\r\n\r\n".into(), 400),
        (b"GET /v1/events?other=1 HTTP/1.0\r\n\r\n".into(), 400),
        (b"POST /v1/accounts HTTP/1.0\r\nContent-Length: 1\r\n\r\n{".into(), 400),
        (b"POST /v1/accounts HTTP/1.0\r\nContent-Length: 2\r\n\r\n[]".into(), 400),
        (b"POST /v1/accounts/work/token HTTP/1.0\r\nContent-Length: 14\r\n\r\n{\"min_ttl\":-1}".into(), 400),
        (b"POST /v1/accounts/work/token HTTP/1.0\r\nContent-Length: 9\r\n\r\n{\"new\":1}".into(), 400),
    ];
    for (bytes, expected) in wrong {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        let answer = served.raw(bytes).await;
        let (status, body) = status_and_body(&answer);
        let error: ApiError = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{shown:?}: {answer:?}"));
        assert_eq!((status, error.code), (expected, ErrorCode::BadRequest), "{shown:?}");
        assert!(answer.contains("content-type: application/json"), "{shown:?}: {answer}");
    }
    let (status, body) =
        served.request("POST", "/v1/accounts", &format!("{{\"name\":\"{}\"}}", "x".repeat(70_000))).await;
    assert_eq!((status, body.contains("bad_request")), (413, true));
    // A value in the wrong place may be a secret, and is not repeated.
    let (_, body) = served.request("POST", "/v1/accounts", r#"{"check":"rt_secret"}"#).await;
    assert!(body.contains("bad_request") && !body.contains("rt_secret"), "{body}");
    // A body that never comes in full, and a client that just goes away.
    let socket = served.bed.home.socket().unwrap();
    let mut cut = UnixStream::connect(&socket).unwrap();
    cut.write_all(b"POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{").unwrap();
    drop(cut);
    drop(UnixStream::connect(&socket).unwrap());
    assert_eq!(served.request("GET", "/v1/status", "").await.0, 200);
    served.stop().await;
}

#[tokio::test]
async fn a_busy_agent_does_not_look_dead_and_answers_everybody() {
    let served = Served::new("discovr", None).await;
    served.bed.script.plot().delay = Duration::from_secs(5);
    let socket = served.bed.home.socket().unwrap();
    let ask = |_| {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(b"POST /v1/accounts/work/token HTTP/1.0\r\n\r\n").unwrap();
        stream
    };
    let waiting: Vec<UnixStream> = (0..300).map(ask).collect();
    assert_eq!(served.request("GET", "/v1/providers", "").await.0, 200);
    assert!(served.agent.account("work").unwrap().refreshing, "it was answered before the others");
    let answers = tokio::task::spawn_blocking(move || {
        let answer = |mut stream: UnixStream| {
            let mut answer = String::new();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            stream.read_to_string(&mut answer).unwrap();
            status_and_body(&answer).0
        };
        waiting.into_iter().map(answer).filter(|status| *status == 200).count()
    });
    assert_eq!(answers.await.unwrap(), 300);
    served.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let served = Served::new("discovr", None).await;
    let mut stream = tokio::net::UnixStream::connect(served.bed.home.socket().unwrap()).await.unwrap();
    stream.write_all(b"POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{").await.unwrap();
    let begun = tokio::time::Instant::now();
    let mut answer = vec![0; 4096];
    let count = stream.read(&mut answer).await.unwrap();
    let (status, body) = status_and_body(std::str::from_utf8(&answer[..count]).unwrap());
    assert_eq!((status, body.contains("did not come in time")), (408, true), "{body}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    drop(stream);
    served.stop().await;
}

#[tokio::test]
async fn errors_have_the_status_of_their_code() {
    let served = Served::new("pocketpaw", None).await;
    let limited = daypass_providers::ProviderError::RateLimited { retry_after: Some(Duration::from_secs(30)) };
    served.bed.script.fail(&limited, 1);
    let answer = served.raw("POST /v1/accounts/work/token HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 429"), "{answer}");
    assert!(answer.contains("retry-after: 30") && answer.contains("\"retry_after\":30"), "{answer}");
    assert_eq!(served.request("POST", "/v1/accounts/nobody/token", "").await.0, 404);
    assert_eq!(served.request("POST", "/v1/copy", r#"{"account":"work"}"#).await.0, 405);
    served.stop().await;
}

#[tokio::test]
async fn both_versions_of_http_are_answered_in_their_own_way() {
    let served = Served::new("discovr", None).await;
    let old = served.raw("GET /v1/status HTTP/1.0\r\n\r\n").await;
    let (head, body) = old.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.0 200") && head.contains(&format!("content-length: {}", body.len())), "{old}");
    // HTTP/1.1 keeps the connection, and takes one request after the other.
    let both =
        "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(served.raw(both).await.matches("HTTP/1.1 200").count(), 2);
    served.stop().await;
}

#[tokio::test]
async fn the_stream_tells_of_changes_and_of_the_end() {
    let served = Served::new("discovr", None).await;
    let mut events = served.by_client(|client| client.events(Listener::Window).unwrap()).await;
    let next = |mut events: daypass_api::client::Events| async {
        tokio::task::spawn_blocking(move || (events.next(), events)).await.unwrap()
    };
    let (first, rest) = next(events).await;
    events = rest;
    let Some(Ok(StreamEvent::Snapshot { snapshot })) = first else { panic!("{first:?}") };
    assert_eq!(snapshot.accounts[0].current, None);
    assert_eq!(served.agent.windows(), 1);
    served.agent.token("work", TokenRequest::default()).await.unwrap();
    let mut snapshot = snapshot;
    loop {
        let (event, rest) = next(events).await;
        events = rest;
        let revision = snapshot.revision;
        match event {
            // A window is told what has changed, and no more.
            Some(Ok(StreamEvent::Changed { change })) => snapshot.apply(change),
            Some(Ok(StreamEvent::Logged { .. })) => continue,
            other => panic!("{other:?}"),
        }
        assert!(snapshot.revision > revision);
        if snapshot.accounts[0].current.is_some() && !snapshot.accounts[0].refreshing {
            break;
        }
    }
    assert!(served.agent.focus_window(Page::Connect.into()));
    // POST /v1/window goes the same way where there is no tray.
    assert_eq!(served.request("POST", "/v1/window", r#"{"page":"new_session"}"#).await.0, 204);
    let mut pages = Vec::new();
    while pages.len() < 2 {
        let (event, rest) = next(events).await;
        events = rest;
        match event {
            Some(Ok(StreamEvent::Focus(place))) => pages.push(place.page),
            Some(Ok(StreamEvent::Changed { .. } | StreamEvent::Logged { .. })) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pages, [Page::Connect, Page::NewSession]);

    // A window that closes is not counted any more, though the stream is silent.
    let second = served.by_client(|client| client.events(Listener::Window).unwrap()).await;
    let is = async |count: usize| {
        let wait = async {
            while served.agent.windows() != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap();
    };
    is(2).await;
    drop(second);
    is(1).await;

    let agent = served.agent.clone();
    served.stop().await;
    let mut last = None;
    loop {
        let (event, rest) = next(events).await;
        events = rest;
        match event {
            Some(Ok(event)) => last = Some(event),
            Some(Err(error)) => panic!("{error:?}"),
            None => break,
        }
    }
    assert_eq!(last, Some(StreamEvent::Bye));
    assert_eq!(agent.windows(), 0);
    assert!(!agent.focus_window(Place::default()));
}

#[tokio::test]
async fn a_face_is_asked_for_what_only_a_desktop_can() {
    let face = Arc::new(Remembering::default());
    let served = Served::new("discovr", Some(face.clone())).await;
    assert_eq!(served.request("POST", "/v1/copy", r#"{"account":"work"}"#).await.0, 200);
    assert_eq!(served.request("POST", "/v1/window", "").await.0, 204);
    assert_eq!(*face.0.lock().unwrap(), ["copy work", "open Sessions"]);
    let (_, status) = served.request("GET", "/v1/status", "").await;
    assert!(status.contains("\"tray\":true"));
    // A tray app does not make way for another, and ends when it is told to.
    assert_eq!(served.request("POST", "/v1/shutdown", r#"{"take_over":true}"#).await.0, 422);
    assert_eq!(served.request("POST", "/v1/shutdown", "").await.0, 204);
    served.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn there_is_one_agent_and_a_dead_ones_socket_is_replaced() {
    let served = Served::new("discovr", None).await;
    let home = served.bed.home.clone();
    let socket = home.socket().unwrap();
    assert!(AgentLock::acquire(&home).unwrap().is_none());
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(home.run_dir()), mode(&socket)), (0o700, 0o600));
    let bed = Bed { home: home.clone(), ..Bed::new() };
    let Served { bed: first_bed, end, task, .. } = served;
    end.notify_one();
    task.await.unwrap().unwrap();

    // An agent that was killed leaves its socket behind.
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    let agent = Agent::start(first_bed.setup(bed.script.clone())).await.unwrap();
    let lock = AgentLock::acquire(&home).unwrap().unwrap();
    let end = Arc::new(Notify::new());
    let task = {
        let (agent, home, end) = (agent.clone(), home.clone(), end.clone());
        tokio::spawn(async move { serve(agent, lock, &home, None, end.notified()).await })
    };
    let up = async {
        while UnixStream::connect(&socket).is_err() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), up).await.unwrap();
    end.notify_one();
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_cut_off_what_it_began() {
    let served = Served::new("antiraid", None).await;
    served.bed.script.plot().delay = Duration::from_millis(300);
    let body = serde_json::to_string(&AddAccount { check: true, ..account("discovr", "new") }).unwrap();
    let socket = served.bed.home.socket().unwrap();
    let mut stream = UnixStream::connect(&socket).unwrap();
    let request = format!("POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).unwrap();
    while served.bed.script.count("mint") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(stream);
    let stored = async {
        while served.agent.account("new").is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), stored).await.expect("what was minted was not stored");
    served.stop().await;
}
