//! The embedded authority in this process, with the limits of the real services, behind a door that can be shut.

use std::collections::BTreeMap;
use std::sync::Arc;

use daypass_api::request::AddAccount;
use daypass_authority::{Config, DemoUser, Service, Store};
use daypass_core::{Chance, Clock, Time};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// The machine's clock.
pub(crate) struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "the authority's time is the machine's")]
    fn now(&self) -> Time {
        chrono::Utc::now()
    }
}

/// The machine's random generator.
pub(crate) struct Random;

impl Chance for Random {
    #[expect(clippy::disallowed_methods, reason = "as the program's own, which belongs to the command line")]
    #[expect(clippy::expect_used, reason = "every machine has it")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// The authority, for as long as this lives.
pub(crate) struct Embedded {
    user: DemoUser,
    door: std::net::SocketAddr,
    open: watch::Sender<bool>,
    _runtime: Runtime,
}

impl Embedded {
    /// Starts it with its door open.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub(crate) fn start(config: Config) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (open, is_open) = watch::channel(true);
        let (user, door) = runtime.block_on(async {
            let service = Service::open(Store::in_memory()?, Arc::new(Now), Arc::new(Random), config)?;
            let user = service.create_demo_user().await?;
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let behind = listener.local_addr()?;
            tokio::spawn(daypass_authority::run(listener, service, std::future::pending()));
            let door = TcpListener::bind("127.0.0.1:0").await?;
            let address = door.local_addr()?;
            tokio::spawn(stand_at(door, behind, is_open));
            anyhow::Ok((user, address))
        })?;
        Ok(Self { user, door, open, _runtime: runtime })
    }

    /// Opens or shuts the door. Whoever comes to a shut one is turned away, and whoever is inside is cut off.
    pub(crate) fn set_open(&self, open: bool) {
        self.open.send_replace(open);
    }

    /// An account of `provider` behind the door that is kept warm, with a life of `life` seconds where that is chosen by
    /// the account and not by the authority.
    pub(crate) fn account(&self, provider: &str, number: u32, life: u64) -> AddAccount {
        let user = &self.user;
        let credential = match provider {
            "discovr" => &user.discovr_refresh_token,
            "pocketpaw" => &user.pocketpaw_master_token,
            "antiraid" => &user.antiraid_login_token,
            _ => &user.discover_api_key,
        };
        let profile = (provider == "discovr").then(|| ("profile_id".to_owned(), user.discovr_profile_id.clone()));
        AddAccount {
            provider: provider.to_owned(),
            name: format!("{provider}-{number}"),
            base_url: Some(format!("http://{}", self.door)),
            params: profile.into_iter().collect::<BTreeMap<_, _>>(),
            credential: Some(credential.clone()),
            command: None,
            check: false,
            life: (provider == "antiraid").then_some(life),
            pinned: true,
        }
    }
}

/// Passes on whoever comes while it is open.
async fn stand_at(door: TcpListener, behind: std::net::SocketAddr, open: watch::Receiver<bool>) {
    while let Ok((mut client, _)) = door.accept().await {
        if !*open.borrow() {
            continue;
        }
        let mut open = open.clone();
        tokio::spawn(async move {
            let Ok(mut server) = TcpStream::connect(behind).await else { return };
            tokio::select! {
                // How a connection ends is the affair of its two ends.
                _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                _ = open.wait_for(|open| !open) => {}
            }
        });
    }
}
