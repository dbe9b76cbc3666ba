//! The embedded authority beside an agent: what the settings switch on and off, and what the demo runs on.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use daypass_agent::{Authority, AuthorityFuture};
use daypass_api::home::private_folder;
use daypass_api::request::AddAccount;
use daypass_api::{ApiError, ErrorCode, Home, reason};
use daypass_authority::{Config, DemoUser, Log, Service, Store};
use daypass_core::{Secret, phrase};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

use crate::serve;

/// The systems that it stands in for.
const PROVIDERS: [&str; 4] = ["discovr", "pocketpaw", "antiraid", "discover"];
/// The life of the current session at AntiRaid, the one that lets it be chosen: as long as Discovr's credential lives.
const LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// An authority in this process. It ends with this value.
pub(crate) struct Local {
    store: Kept,
    /// The life of its sessions in seconds, where it is not each system's own.
    life: Option<u64>,
    running: Mutex<Option<Running>>,
}

/// Where its users and sessions are kept.
enum Kept {
    /// In the file of this home.
    In(Home),
    /// In memory.
    InMemory,
}

/// An authority that answers.
struct Running {
    service: Arc<Service>,
    port: u16,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Local {
    /// The one of `home`, which keeps what it issues.
    pub(crate) fn of(home: &Home) -> Self {
        Self { store: Kept::In(home.clone()), life: None, running: Mutex::default() }
    }

    /// One that forgets all with its end, and whose sessions live for `life` seconds.
    pub(crate) fn passing(life: u64) -> Self {
        Self { store: Kept::InMemory, life: Some(life), running: Mutex::default() }
    }

    /// The service of the one that runs, or another over the same store.
    async fn service(&self, running: Option<&Running>) -> Result<Arc<Service>, ApiError> {
        if let Some(running) = running {
            return Ok(running.service.clone());
        }
        let store = match &self.store {
            Kept::InMemory => Store::in_memory(),
            Kept::In(home) => {
                private_folder(home.data_dir())?;
                let file = home.authority_file();
                let opened = tokio::task::spawn_blocking(move || Store::sqlite(&file)).await;
                opened.map_err(|error| cannot_start(&error))?
            }
        };
        let store = store.map_err(|error| cannot_start(&error))?;
        let config = Config { session_ttl: self.life.map(Duration::from_secs), ..Config::default() };
        serve::service(store, config, Log::silent())
            .map_err(|failure| ApiError::new(ErrorCode::Internal, failure.message))
    }
}

impl Authority for Local {
    fn listen(&self, port: u16) -> AuthorityFuture<'_, Result<String, ApiError>> {
        Box::pin(async move {
            let mut running = self.running.lock().await;
            if let Some(running) = &*running
                && running.port == port
            {
                return Ok(url(port));
            }
            let before = running.take();
            let begun = async {
                let service = self.service(before.as_ref()).await?;
                let cannot = |error: std::io::Error| cannot_listen(port, &error);
                let listener =
                    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(cannot)?;
                let port = listener.local_addr().map_err(cannot)?.port();
                let (stop, stopped) = oneshot::channel();
                let ended = async { drop(stopped.await) };
                let serving = tokio::spawn(daypass_authority::run(listener, service.clone(), ended));
                Ok(Running { service, port, stop, serving })
            };
            let begun: Result<_, ApiError> = begun.await;
            if let Some(before) = before {
                before.end().await;
            }
            let begun = begun?;
            let url = url(begun.port);
            *running = Some(begun);
            Ok(url)
        })
    }

    fn close(&self) -> AuthorityFuture<'_, ()> {
        Box::pin(async {
            if let Some(running) = self.running.lock().await.take() {
                running.end().await;
            }
        })
    }

    fn providers(&self) -> &[&'static str] {
        &PROVIDERS
    }

    fn new_user(&self) -> AuthorityFuture<'_, Result<Vec<AddAccount>, ApiError>> {
        Box::pin(async {
            let service = self.running.lock().await.as_ref().map(|running| running.service.clone());
            let stopped = || {
                ApiError::of(
                    ErrorCode::Internal,
                    &phrase!("error-authority-stopped", "The local authority does not run."),
                )
            };
            let user = service.ok_or_else(stopped)?.create_demo_user().await.map_err(|error| cannot_start(&error))?;
            Ok(accounts(&user, self.life.unwrap_or(LIFE.as_secs())))
        })
    }
}

impl Running {
    /// Requests that are under way may finish; the store is closed once the last is answered.
    async fn end(self) {
        // It may have ended by itself.
        let _ = self.stop.send(());
        let _ = self.serving.await;
    }
}

/// What each of the four accounts of `user` is connected with; `life` in seconds.
fn accounts(user: &DemoUser, life: u64) -> Vec<AddAccount> {
    let account = |provider: &str, credential: &Secret| AddAccount {
        provider: provider.to_owned(),
        name: String::new(),
        base_url: None,
        params: Default::default(),
        credential: Some(credential.clone()),
        command: None,
        check: true,
        life: None,
        pinned: false,
    };
    let mut discovr = account("discovr", &user.discovr_refresh_token);
    discovr.params.insert("profile_id".to_owned(), user.discovr_profile_id.clone());
    // The one provider that lets an account choose the life of its current session.
    let antiraid = AddAccount { life: Some(life), ..account("antiraid", &user.antiraid_login_token) };
    vec![
        discovr,
        account("pocketpaw", &user.pocketpaw_master_token),
        antiraid,
        account("discover", &user.discover_api_key),
    ]
}

fn url(port: u16) -> String {
    format!("http://{}:{port}", Ipv4Addr::LOCALHOST)
}

fn cannot_listen(port: u16, error: &std::io::Error) -> ApiError {
    let phrase = if error.kind() == std::io::ErrorKind::AddrInUse {
        phrase!(
            "error-authority-port",
            "Port {port} is taken by another program; choose another one for the local authority.",
            port = port
        )
    } else {
        phrase!(
            "error-authority-listen",
            "The local authority cannot listen on port {port}: {reason}.",
            port = port,
            reason = reason(error)
        )
    };
    ApiError::of(ErrorCode::Internal, &phrase)
}

fn cannot_start(error: &impl std::fmt::Display) -> ApiError {
    let reason = reason(error);
    ApiError::of(
        ErrorCode::Internal,
        &phrase!("error-authority-store", "The local authority cannot start: {reason}.", reason = reason),
    )
}
