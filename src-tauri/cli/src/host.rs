//! What every long-lived process of Daypass needs: its privacy, the signals that end it, and the agent put together.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use daypass_agent::{Agent, AgentLock, Face, KeySource, Setup};
use daypass_api::Home;
use daypass_api::client::answers;
use daypass_providers::{Catalog, Engine, Limits};

use crate::authority::Local;
use crate::autostart::Autostart;
use crate::failure::Failure;
pub(crate) use crate::process::{Signalled, Signals, keep_private, open_many_files};
use crate::system::{SystemChance, SystemClock};
use crate::{launch, machine, output, process};

/// The variable that names the file which opens the vault.
pub(crate) const KEY_FILE: &str = "DAYPASS_VAULT_KEY_FILE";
/// The variable that names the file with the passphrase which opens the vault.
pub(crate) const PASSPHRASE_FILE: &str = "DAYPASS_PASSPHRASE_FILE";

/// Where the vault's key comes from, as the environment chooses: a key file, a passphrase file, or the keyring. The path of
/// a file is absolute, so that it holds wherever this process goes.
///
/// # Errors
/// Where it chooses two, or a relative path while the present folder is gone.
pub(crate) fn key_source() -> Result<KeySource, Failure> {
    let file = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let absolute =
        |file: PathBuf| std::path::absolute(&file).map_err(|error| launch::cannot("be found", &file, &error));
    match (file(KEY_FILE), file(PASSPHRASE_FILE)) {
        (None, None) => Ok(KeySource::Keyring),
        (Some(file), None) => Ok(KeySource::KeyFile(absolute(file)?)),
        (None, Some(file)) => Ok(KeySource::PassphraseFile(absolute(file)?)),
        (Some(_), Some(_)) => {
            Err(Failure::usage(format!("{KEY_FILE} and {PASSPHRASE_FILE} are both set; set only one.")))
        }
    }
}

/// Starts an agent of `home` on the current runtime, with an authority that runs as the settings say. Definitions of the user's own that are broken are told and left out.
///
/// # Errors
/// Where it cannot start.
pub(crate) async fn start_agent(home: &Home, key: KeySource) -> Result<Agent, Failure> {
    let (catalog, broken) = Catalog::load(&home.providers_dir());
    for error in broken {
        output::tell(&format!("daypass: {error}"));
    }
    let clock = Arc::new(SystemClock);
    let upstream = Engine::new(clock.clone(), Limits::default());
    let upstream = upstream.map_err(|error| Failure::other(format!("The HTTP client cannot be made: {error}.")))?;
    let setup = Setup {
        home: home.clone(),
        clock,
        chance: Arc::new(SystemChance),
        key,
        catalog,
        upstream: Arc::new(upstream),
        machine: process::machine(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let agent = Agent::start(setup).await?;
    agent.take_authority(Arc::new(Local::of(home)));
    Ok(agent)
}

/// The entry by which the desktop starts this program at login; `None` where there is no place for it.
pub(crate) fn autostart(home: &Home) -> Option<Autostart> {
    let program = std::env::current_exe().ok()?;
    Autostart::of(home, program, |name| std::env::var_os(name))
}

/// Serves the local API until `shutdown`, and calls `ready` once the socket answers. All the while the agent hears of the
/// machine: its sleep, its clock, its network.
///
/// # Errors
/// Where the socket cannot be bound; `ready` is not called then, nor where the agent is told to end at once.
pub(crate) async fn serve_agent(
    agent: Agent,
    lock: AgentLock,
    home: &Home,
    face: Option<Arc<dyn Face>>,
    shutdown: impl Future<Output = ()>,
    ready: impl FnOnce(),
) -> Result<(), Failure> {
    let mut serving = pin!(daypass_agent::serve(agent.clone(), lock, home, face, shutdown));
    // The server binds its socket before it first waits; a connection shows that it has.
    tokio::select! {
        biased;
        ended = &mut serving => return Ok(ended?),
        () = std::future::ready(()) => {}
    }
    if answers(&home.socket()?) {
        ready();
    }
    tokio::select! {
        ended = serving => Ok(ended?),
        never = machine::tell(&agent) => match never {},
    }
}
