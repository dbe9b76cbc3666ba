//! The real engine against the real authority, over real HTTP, at a life of a few seconds: no reader ever gets a token
//! that the authority refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use daypass_agent::{Agent, Setup};
use daypass_api::ErrorCode;
use daypass_api::request::{AddAccount, CreateSession, TokenRequest};
use daypass_api::view::{Health, TokenView};
use daypass_authority::{Config, DemoUser, Service, Store};
use daypass_core::{Clock, Secret, Time};
use daypass_providers::{Engine, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::bed::{Bed, Seeded, pass};

/// The life of every session here.
const LIFE: u64 = 4;
/// How long readers hammer: several lives.
const HAMMERED_FOR: Duration = Duration::from_secs(14);
/// The four, with the path on which the authority takes their session tokens.
const SYSTEMS: [(&str, &str); 4] = [
    ("discovr", "/profile/me"),
    ("pocketpaw", "/api/sessions"),
    ("antiraid", "/sessions/@me"),
    ("discover", "/search-rec/1/3"),
];

/// The machine's own clock: the authority's `Date` headers are by it.
struct Real;

impl Clock for Real {
    #[expect(clippy::disallowed_methods, reason = "real servers on both sides: their time is the machine's")]
    fn now(&self) -> Time {
        SystemTime::now().into()
    }
}

/// An authority with a demo user, an agent with all four systems connected.
struct World {
    _bed: Bed,
    agent: Agent,
    address: SocketAddr,
    user: DemoUser,
}

async fn world() -> World {
    let config = Config { session_ttl: Some(Duration::from_secs(LIFE)), ..Config::default() };
    let service = Service::open(Store::in_memory().unwrap(), Arc::new(Real), Seeded::new(), config).unwrap();
    let user = service.create_demo_user().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(daypass_authority::run(listener, service, std::future::pending()));

    let bed = Bed::new();
    let engine = Arc::new(Engine::new(Arc::new(Real), Limits::default()).unwrap());
    let agent = Agent::start(Setup { clock: Arc::new(Real), ..bed.setup(engine) }).await.unwrap();
    let world = World { _bed: bed, agent, address, user };
    for (provider, _) in SYSTEMS {
        world.agent.add_account(world.account(provider)).await.unwrap();
    }
    world
}

impl World {
    fn account(&self, provider: &str) -> AddAccount {
        let (credential, params, life) = match provider {
            "discovr" => {
                let profile = self.user.discovr_profile_id.clone();
                (&self.user.discovr_refresh_token, BTreeMap::from([("profile_id".to_owned(), profile)]), None)
            }
            "pocketpaw" => (&self.user.pocketpaw_master_token, BTreeMap::new(), None),
            "antiraid" => (&self.user.antiraid_login_token, BTreeMap::new(), Some(LIFE)),
            _ => (&self.user.discover_api_key, BTreeMap::new(), None),
        };
        AddAccount {
            provider: provider.to_owned(),
            name: provider.to_owned(),
            base_url: Some(format!("http://{}", self.address)),
            params,
            credential: Some(credential.clone()),
            command: None,
            check: true,
            life,
            pinned: false,
        }
    }

    /// The status with which the authority meets this token.
    async fn used(&self, path: &str, token: &TokenView) -> u16 {
        used(self.address, path, token).await
    }
}

async fn used(address: SocketAddr, path: &str, token: &TokenView) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let TokenView { header_name, header_prefix, token, .. } = token;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\n{header_name}: {header_prefix}{}\r\nConnection: close\r\n\r\n",
        token.expose()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn no_reader_ever_gets_a_token_that_the_authority_refuses() {
    let world = Arc::new(world().await);
    let mut readers = Vec::new();
    for (provider, path) in SYSTEMS {
        // Some use the token at once, some within the life that they were promised (H is a sixth of 4 s).
        for delay in [0, 0, 100, 250, 500] {
            let world = world.clone();
            readers.push(tokio::spawn(async move {
                let (mut tokens, end) = (BTreeSet::new(), Instant::now() + HAMMERED_FOR);
                while Instant::now() < end {
                    let token = world.agent.token(provider, TokenRequest::default()).await.unwrap();
                    assert!(token.short_because.is_none(), "{provider}: {:?}", token.short_because);
                    pass(f64::from(delay) / 1000.0).await;
                    let status = world.used(path, &token).await;
                    assert_eq!(status, 200, "{provider} after {delay} ms, {:?}", token.expires_at);
                    tokens.insert(token.token.expose().to_owned());
                    pass(0.02).await;
                }
                (provider, tokens.len())
            }));
        }
    }
    for reader in readers {
        let (provider, tokens) = reader.await.unwrap();
        assert!((4..=9).contains(&tokens), "{provider}: {tokens} tokens in {HAMMERED_FOR:?}");
    }
    for account in &world.agent.snapshot().accounts {
        assert!(account.health <= Health::Refreshing, "{account:?}");
    }
    // AntiRaid's predecessors do not pile up.
    let sessions = world.agent.sessions("antiraid").await.unwrap();
    let ours = sessions
        .iter()
        .filter(|session| session.name.as_deref().is_some_and(|name| name.starts_with("testbed-")))
        .count();
    assert!(ours <= 2, "{sessions:?}");
}

#[tokio::test]
async fn what_is_revoked_is_refused_and_what_lives_on_is_said_to() {
    let world = world().await;
    let agent = &world.agent;
    let token = |name| agent.token(name, TokenRequest::default());

    // AntiRaid: one by one, at once.
    let created = CreateSession { name: Some("ci".to_owned()), life: Some(3600) };
    let created = agent.create_session("antiraid", created).await.unwrap();
    let of_ci = TokenRequest { session: Some(created.id.clone()), ..TokenRequest::default() };
    let ci = agent.token("antiraid", of_ci).await.unwrap();
    assert_eq!(world.used("/sessions/@me", &ci).await, 200);
    agent.revoke_session("antiraid", &created.id, false).await.unwrap();
    assert_eq!(world.used("/sessions/@me", &ci).await, 401);

    // PocketPaw: all at once, and the new master works.
    let before = token("pocketpaw").await.unwrap();
    let revoked = agent.revoke_all("pocketpaw").await.unwrap();
    assert_eq!(revoked.valid_until, None);
    assert_eq!(world.used("/api/sessions", &before).await, 401);
    let after = token("pocketpaw").await.unwrap();
    assert_eq!(world.used("/api/sessions", &after).await, 200);

    // Discovr: the refresh token dies, the session JWT lives on.
    let before = token("discovr").await.unwrap();
    let revoked = agent.revoke_all("discovr").await.unwrap();
    assert!(revoked.valid_until.is_some());
    assert_eq!(world.used("/profile/me", &before).await, 200);
    assert_eq!(token("discovr").await.unwrap_err().code, ErrorCode::NeedsSignIn);

    // AntiRaid: everything, the login's own session included.
    token("antiraid").await.unwrap();
    let revoked = agent.revoke_all("antiraid").await.unwrap();
    assert!(revoked.revoked >= 2);
    assert_eq!(token("antiraid").await.unwrap_err().code, ErrorCode::NeedsSignIn);
}

#[tokio::test]
async fn a_refused_credential_stores_nothing() {
    let world = world().await;
    for (provider, _) in SYSTEMS {
        let wrong = AddAccount {
            name: "wrong".to_owned(),
            credential: Some(Secret::new("nonsense")),
            ..world.account(provider)
        };
        assert_eq!(world.agent.add_account(wrong).await.unwrap_err().code, ErrorCode::NeedsSignIn, "{provider}");
    }
    assert_eq!(world.agent.snapshot().accounts.len(), SYSTEMS.len());
}
