//! PocketPaw's real server: mint, use, regenerate, rate limit; by the engine first, then by the program itself.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use daypass_core::{Clock, Secret, Time, clock};
use daypass_providers::{Catalog, Definition, Engine, Limits, Minted, ProviderError, Target, Wish};
use daypass_test_support::program::{Installation, Running};
use daypass_test_support::wait;
use tempfile::TempDir;

use crate::clock::SystemClock;
use crate::http::status;
use crate::peers::installed;

/// The master token that the server is given.
const MASTER: &str = "9b2f4a54-3f0e-4f0b-8f5a-0b5d3c1e7a90";
/// How long the server may take to answer first; two seconds on a quiet machine.
const START_LIMIT: Duration = Duration::from_secs(90);
/// A route that wants a valid token (it lists chats), and is not an auth route, whose number of calls is limited.
const PROTECTED: &str = "/api/sessions";

/// A server with a home of its own.
struct Server {
    address: SocketAddr,
    process: Running,
    _home: TempDir,
}

impl Server {
    fn start() -> Self {
        let program = installed("pocketpaw", "bin/pocketpaw");
        let home = tempfile::tempdir().unwrap();
        let settings = home.path().join(".pocketpaw");
        std::fs::create_dir(&settings).unwrap();
        std::fs::write(settings.join("access_token"), MASTER).unwrap();
        // It cannot be told to pick a port: one that was just free is given to it.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(program);
        command
            .args(["--host", "127.0.0.1", "--port", &address.port().to_string()])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            // By default any caller on loopback is let in, whatever its token: then nothing here would prove anything.
            .env("POCKETPAW_LOCALHOST_AUTH_BYPASS", "false")
            .env("POCKETPAW_SESSION_TOKEN_TTL_HOURS", "1")
            .env("CI", "1")
            // It must reach nobody: the proxy is a port where nobody listens.
            .env("http_proxy", "http://127.0.0.1:9")
            .env("https_proxy", "http://127.0.0.1:9")
            .env("no_proxy", "127.0.0.1,localhost")
            .current_dir(home.path());
        let process = Running::start(&mut command);
        let server = Self { address, process, _home: home };
        wait::until("PocketPaw's server to answer", START_LIMIT, || server.accepts(MASTER));
        server
    }

    /// Whether the server accepts a token; `None` where it does not answer.
    fn accepts(&self, token: &str) -> Option<bool> {
        match status(self.address, PROTECTED, token)? {
            200 => Some(true),
            401 => Some(false),
            other => panic!("an unexpected status: {other}"),
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Our client, as the agent would use it.
struct Client {
    engine: Engine,
    definition: Arc<Definition>,
    target: Target,
}

impl Client {
    fn of(server: &Server) -> Self {
        let definition = Catalog::built_in().find("pocketpaw").expect("it is built in");
        let target = definition.target(Some(&server.url()), Default::default()).unwrap();
        Self { engine: Engine::new(Arc::new(SystemClock), Limits::default()).unwrap(), definition, target }
    }

    async fn mint(&self, master: &str) -> Result<Minted, ProviderError> {
        self.engine.mint(&self.definition, &self.target, &Secret::new(master), &Wish::default()).await
    }
}

/// Whether two instants are less than half a minute apart.
fn about(one: Time, other: Time) -> bool {
    clock::until(one, other).max(clock::until(other, one)) < Duration::from_secs(30)
}

#[tokio::test]
async fn a_minted_token_is_accepted_and_its_life_is_known() {
    let server = Server::start();
    let client = Client::of(&server);
    let before = SystemClock.now();
    let minted = client.mint(MASTER).await.unwrap();
    assert_eq!(server.accepts(minted.token.expose()), Some(true));
    assert_eq!(server.accepts("1767225600:00"), Some(false));
    // The server was told one hour, and writes it into the token.
    assert!(about(minted.life.expires_at, clock::later(before, Duration::from_secs(3600))), "{:?}", minted.life);
    assert_eq!(minted.credential, None);

    // What it wrote is what our own authority would have written: it is the same token format.
    let master = Secret::new(MASTER);
    let exp = daypass_core::token::stamped::verify(&master, &minted.token, SystemClock.now()).unwrap();
    assert_eq!(exp.timestamp(), daypass_core::token::expiry_inside(&minted.token).unwrap().timestamp());
}

#[tokio::test]
async fn a_wrong_master_and_a_session_token_cannot_mint() {
    let server = Server::start();
    let client = Client::of(&server);
    let wrong = client.mint("00000000-0000-4000-8000-000000000000").await;
    assert!(matches!(wrong, Err(ProviderError::Refused { .. })), "{wrong:?}");
    let minted = client.mint(MASTER).await.unwrap();
    let by_session = client.mint(minted.token.expose()).await;
    assert!(matches!(by_session, Err(ProviderError::Refused { .. })), "{by_session:?}");
}

#[tokio::test]
async fn regenerating_kills_the_master_and_all_its_sessions() {
    let server = Server::start();
    let client = Client::of(&server);
    let old = client.mint(MASTER).await.unwrap();
    let all = client.engine.revoke_all(&client.definition, &client.target, &Secret::new(MASTER)).await.unwrap();
    let successor = all.credential.expect("the answer has the new master");
    assert!(!all.tokens_live_on && !all.signed_out);

    assert_eq!(server.accepts(MASTER), Some(false));
    assert_eq!(server.accepts(old.token.expose()), Some(false));
    let new = client.mint(successor.expose()).await.unwrap();
    assert_eq!(server.accepts(new.token.expose()), Some(true));
}

#[tokio::test]
async fn too_many_mints_are_told_apart_from_a_refusal() {
    let server = Server::start();
    let client = Client::of(&server);
    // One a second after a burst of five: of forty in a row some come too soon, however slow this machine is.
    for _ in 0..40 {
        match client.mint(MASTER).await {
            Ok(_) => {}
            Err(ProviderError::RateLimited { .. }) => return,
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("forty mints in a row were not limited");
}

#[test]
fn the_program_connects_hands_out_and_regenerates() {
    let mut server = Server::start();
    let installation = Installation::new(env!("CARGO_BIN_EXE_daypass"));
    let _agent = installation.agent();
    let add = ["account", "add", "pocketpaw", "--name", "paw", "--base-url", &server.url(), "--credential-stdin"];
    installation.run_with(&add, "00000000-0000-4000-8000-000000000000\n").refused(3);
    installation.run_with(&add, &format!("{MASTER}\n")).ok();

    let token = installation.run(&["token", "paw"]).ok();
    assert_eq!(server.accepts(token.trim_end()), Some(true));
    // A second reader gets the same one: nothing is minted without need.
    assert_eq!(installation.run(&["token", "paw"]).ok(), token);

    let revoked = installation.run(&["session", "revoke", "paw", "--all"]);
    assert_eq!(revoked.code, 0, "{}", revoked.stderr);
    assert_eq!(server.accepts(token.trim_end()), Some(false));
    assert_eq!(server.accepts(MASTER), Some(false));
    let successor = installation.run(&["token", "paw"]).ok();
    assert_ne!(successor, token);
    assert_eq!(server.accepts(successor.trim_end()), Some(true));

    // Where nobody answers any more, the token that lives is still handed out.
    server.process.end_by(rustix::process::Signal::KILL);
    assert_eq!(installation.run(&["token", "paw"]).ok(), successor);
    assert_eq!(installation.run(&["token", "paw", "--fresh"]).code, 5);
}
