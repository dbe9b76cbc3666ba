//! `daypass tray`: the resident app. Where there is no desktop, the same agent runs and is shown in the terminal.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use daypass_agent::{Agent, AgentLock, Face, KeySource};
use daypass_api::Home;
use daypass_api::client::Client;
use daypass_api::request::Shutdown;
use daypass_tray::{NativeDesktop, NativeSetup, Requests, Surroundings, TrayFace};
use tokio::sync::oneshot;

use crate::args::TrayArgs;
use crate::autostart::Autostart;
use crate::demo::Demo;
use crate::failure::Failure;
use crate::host::{self, Signals};
use crate::launch::{self, Place, Starting};
use crate::system::SystemClock;
use crate::{display, door, live, output, process};

/// Where the accounts are shown.
enum Look {
    /// On the desktop.
    Tray(Box<NativeDesktop>),
    /// In the terminal.
    Terminal,
}

/// Runs until the user quits, a signal comes, or another door ends the agent.
pub(crate) fn run(args: &TrayArgs) -> Result<(), Failure> {
    host::keep_private();
    let demo = if args.demo { Some(Demo::prepare()?) } else { None };
    let (home, key) = match &demo {
        Some(demo) => (demo.home.clone(), demo.key.clone()),
        None => (door::home()?, host::key_source()?),
    };
    let starting = Starting::wait(&home)?;
    let Some(lock) = place(&home)? else {
        return output::line("Daypass is already running; its window opens.");
    };
    // The icon first: it does not wait for the vault.
    let look = look(demo.as_ref());
    crate::run_to_end(show(&home, key, lock, look, demo.as_ref(), starting))
}

/// The agent's place, taken over from a headless agent; `None` where a tray app has it, which was asked for its window.
fn place(home: &Home) -> Result<Option<AgentLock>, Failure> {
    let client = Client::new(home)?;
    match launch::place(home)? {
        Place::Ours(lock) => Ok(Some(lock)),
        Place::Taken(status) if status.tray => {
            client.post::<()>("/v1/window", &daypass_api::view::Place::default())?;
            Ok(None)
        }
        Place::Taken(_) => {
            let make_way = || client.post("/v1/shutdown", &Shutdown { take_over: true });
            launch::place_of_one_that_ends(home, make_way).map(|lock| Some(lock.signed(home)))
        }
    }
}

/// The desktop where there is one; otherwise the terminal, and a word on why.
fn look(demo: Option<&Demo>) -> Look {
    if !display::answers(|name| std::env::var_os(name)) {
        output::tell("There is no display here, so Daypass runs in this terminal; Ctrl-C ends it.");
        return Look::Terminal;
    }
    // The window finds its agent by the environment; a demo's scratch home stands in no environment but the window's.
    let window_home = demo.map(|demo| demo.root.clone());
    let setup = NativeSetup { window_home, variable, say: Box::new(output::tell) };
    match NativeDesktop::start(setup) {
        Ok(desktop) => {
            process::leave_own_console();
            Look::Tray(Box::new(desktop))
        }
        Err(error) => {
            output::tell(&format!("{error} So Daypass runs in this terminal; Ctrl-C ends it."));
            Look::Terminal
        }
    }
}

async fn show(
    home: &Home,
    key: KeySource,
    lock: AgentLock,
    look: Look,
    demo: Option<&Demo>,
    starting: Starting,
) -> Result<(), Failure> {
    let signals = Signals::catch()?;
    let agent = host::start_agent(home, key).await?;
    // Whichever of server and face ends first tells the other by dropping its end of a channel.
    let (server_lives, server_ended) = oneshot::channel::<Infallible>();
    let (face_lives, face_ended) = oneshot::channel::<Infallible>();
    let until = async move {
        tokio::select! {
            () = signals.end() => {}
            _ = server_ended => {}
        }
    };
    let (face, showing) = face(&agent, home, look, until);
    let server = async {
        let ended = async { drop(face_ended.await) };
        let served = host::serve_agent(agent.clone(), lock, home, face, ended, || drop(starting)).await;
        drop(server_lives);
        served
    };
    let showing = async {
        showing.await;
        drop(face_lives);
    };
    // A demo is not what a user wants at the next login.
    let autostart = if demo.is_none() { host::autostart(home) } else { None };
    tokio::select! {
        (served, ()) = async { tokio::join!(server, showing) } => served,
        never = furnished(demo, &agent) => match never {},
        never = started_at_login(autostart, &agent) => match never {},
    }
}

/// Keeps the desktop's entry for starting at login as the setting says.
async fn started_at_login(autostart: Option<Autostart>, agent: &Agent) -> Infallible {
    if let Some(autostart) = autostart {
        autostart.follow(agent).await;
    }
    std::future::pending().await
}

type Showing = Pin<Box<dyn Future<Output = ()>>>;

/// What the server asks, and what is to be run beside it until `until`.
fn face(
    agent: &Agent,
    home: &Home,
    look: Look,
    until: impl Future<Output = ()> + 'static,
) -> (Option<Arc<dyn Face>>, Showing) {
    let agent = agent.clone();
    match look {
        Look::Tray(desktop) => {
            let (face, requests): (TrayFace, Requests) = TrayFace::new();
            let around = Surroundings { clock: Arc::new(SystemClock), data: home.data_dir().to_owned(), variable };
            let showing = async move {
                daypass_tray::run(agent, *desktop, around, requests, until).await;
            };
            (Some(Arc::new(face)), Box::pin(showing))
        }
        Look::Terminal => {
            let showing = async move {
                tokio::select! {
                    () = until => {}
                    never = shown(&agent) => match never {},
                }
            };
            (None, Box::pin(showing))
        }
    }
}

/// A variable of the environment, where it is text.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Shows the accounts in the terminal; an agent whose terminal has gone goes on without.
async fn shown(agent: &Agent) -> Infallible {
    if let Err(failure) = live::show(agent).await {
        output::tell(&format!("daypass: {}", failure.message));
    }
    std::future::pending().await
}

/// Furnishes the demo, if there is one, while everything else runs already.
async fn furnished(demo: Option<&Demo>, agent: &Agent) -> Infallible {
    if let Some(demo) = demo
        && let Err(failure) = demo.furnish(agent).await
    {
        output::tell(&format!("daypass: the demo is not complete: {}", failure.message));
    }
    std::future::pending().await
}
